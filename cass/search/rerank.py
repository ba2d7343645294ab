"""Let a cross-encoder read the best hits beside the question, and order them by what it says.  Loaded only for that.

In:  an answer.  Out: the same hits, the first of them in another order; or the answer as it was, and why.
How many are read, at once and in all, by how many threads and for how long are settings; what fails keeps the order.
"""

from __future__ import annotations

from cass.query.blend import IDENTIFIER, query_kind
from cass.query.snippet import snippet, terms_of
from cass.records import record, replace
from cass.search.engine import SNIPPET_CHARS
from cass.search.meaning import policy_of
from cass.search.quality import WAIT_LONGER, Cost, in_time, longer
from cass.search.request import fold
from cass.search.weighing import question
from cass.semantic.cross_encoder import open_reranker
from cass.semantic.embedders.base import EmbedderError, EmbedderNotLoaded
from cass.store import hits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cass.lexical.reader import Candidate
    from cass.paths import Places
    from cass.search.engine import Search
    from cass.search.request import Found
    from cass.semantic.cross_encoder import CrossEncoder

BATCH = 16
FEWEST = 2
# The name under which `Cost` remembers what opening the model and reading the first batch took.
COST = "reranker"
# A model sees 256 tokens, the question's among them: so much of a message, around the place that answers best.
PASSAGE_CHARS = 900


@record
class Reranked:
    """What the reranker did, in words, and how long it took; `scores` by document, best first, of the hits it read."""

    did: str
    scores: Mapping[int, float] = {}
    ms: float = 0.0


def reranked(search: Search, found: Found, places: Places, started_s: float) -> Found:
    """The answer in the model's order; `search.reranked` tells what was done.

    `started_s`: when the answer began to wait for more than words, which it does for `semantic_wait_ms` in all.
    """
    began_s = search.monotonic_s()
    leads = [lead for lead, _ in fold(found.candidates, search.request.grouped)[: search.request.rerank_depth]]
    text = question(search)
    why = _why_not(text, leads)
    if why is not None or text is None:
        search.reranked = Reranked(f"skipped: {why}")
        return found
    reading = _Reading(search, places, started_s)
    lost = reading.read(text, leads)
    scored = list(zip(leads, reading.scores, strict=False))
    if lost is not None:
        search.notes.append(f"the reranker {reading.name} did not {'finish' if scored else 'take part'}: {lost}")
    found, told = _ordered(found, scored, reading.name)
    search.reranked = replace(told or Reranked(f"skipped: {lost}"), ms=(search.monotonic_s() - began_s) * 1000)
    return found


def _why_not(text: str | None, leads: Sequence[Candidate]) -> str | None:
    """Why there is nothing for a model to judge."""
    if text is None:
        return "the query has conditions, which a model cannot judge"
    if query_kind(text) == IDENTIFIER:
        return "a name was asked for, which the words know best"
    return "there are no two hits to order" if len(leads) < FEWEST else None


def _ordered(found: Found, scored: Sequence[tuple[Candidate, float]], name: str) -> tuple[Found, Reranked | None]:
    """The hits that were scored in their new order, each with the score of its place; the others behind."""
    if len(scored) < FEWEST:
        return found, None
    ranked = sorted(scored, key=lambda pair: -pair[1])
    moved = sum([after.doc != before.doc for (after, _), (before, _) in zip(ranked, scored, strict=True)])
    told = Reranked(f"{name} read {len(scored)} hits and moved {moved}", {lead.doc: score for lead, score in ranked})
    first = [replace(lead, score=place.score) for (lead, _), (place, _) in zip(ranked, scored, strict=True)]
    rest = [hit for hit in found.candidates if hit.doc not in told.scores]
    return replace(found, candidates=(*first, *rest)), told


class _Reading:
    """One model reads one answer.  `scores` are those of the first hits, in their order, as far as it came."""

    def __init__(self, search: Search, places: Places, started_s: float) -> None:
        values = dict(search.request.semantic)
        policy = policy_of(values)
        self._search = search
        self._places = places
        self._policy = policy
        self.name = policy.reranker
        self.scores: list[float] = []
        self._batch = int(str(values.get("search.rerank_batch", BATCH)))
        # 0: as many as background work may use.
        self._threads = int(str(values.get("search.rerank_threads", 0))) or policy.max_backfill_threads
        is_strict = search.request.mode == "strict_semantic"
        self._until_s = None if is_strict else started_s + policy.semantic_wait_ms / 1000
        self._first_s: float | None = None

    def read(self, text: str, leads: Sequence[Candidate]) -> str | None:
        """Score as many as there is time for; why it ended before the last one."""
        judge = open_reranker(self._places.data, self.name, self._threads, once=True)
        if judge is None:
            return f"its model is not installed; cass models install {self.name} --from FOLDER"
        cost, left_s = Cost(self._places.cache, COST, self._search.now_ms), self._left_s()
        if left_s is not None and cost.expected_ms > left_s * 1000:
            took = f"it took {cost.expected_ms} ms last time" if cost.was_measured else "the time is too short"
            return f"{took}, a search waits {self._policy.semantic_wait_ms}; {self._longer(WAIT_LONGER)}"
        started_s = self._search.monotonic_s()
        try:
            passages = _passages(self._search, leads)
            in_time(lambda: self._score(judge, text, passages), self._left_s(), "its model")
        except EmbedderError as late:
            if not self._is_over():
                self.scores = []  # a model that fails is not believed in what it said before
            elif not self.scores:
                cost.note(max((self._search.monotonic_s() - started_s) * 1000, self._policy.semantic_wait_ms), True)
            return f"{late}; {self._longer(late.todo or 'cass models verify')}"
        finally:
            if self._first_s is not None:
                cost.note((self._first_s - started_s) * 1000, False)
        return None if len(self.scores) == len(leads) else f"the time was over; {self._longer(WAIT_LONGER)}"

    def _longer(self, todo: str) -> str:
        return longer(todo, self._policy.semantic_wait_ms)

    def _score(self, judge: CrossEncoder, text: str, passages: Sequence[str]) -> None:
        """Batch after batch, the best hits first, while there is time."""
        judge.load()
        if not judge.is_loaded:
            raise EmbedderNotLoaded(str(judge.reason), todo=judge.todo)
        for at in range(0, len(passages), self._batch):
            if at and self._is_over():
                return
            self.scores += judge.scores(text, passages[at : at + self._batch])
            self._first_s = self._first_s or self._search.monotonic_s()

    def _left_s(self) -> float | None:
        return None if self._until_s is None else self._until_s - self._search.monotonic_s()

    def _is_over(self) -> bool:
        return self._until_s is not None and self._search.monotonic_s() >= self._until_s


def _passages(search: Search, leads: Sequence[Candidate]) -> list[str]:
    """Of each hit's message the part that the words stand in, or its beginning."""
    terms = terms_of(search.query)
    messages = hits.messages_with(search.connection, [hit.doc for hit in leads])
    stored = {doc: copies[0].id for doc, copies in messages.items()}
    texts = hits.texts_of(search.connection, list(stored.values()), SNIPPET_CHARS)
    said = ["\n".join([text for text, _ in texts.get(stored.get(hit.doc, -1), ())]) for hit in leads]
    # Nothing is printed of it, so secrets need not be looked for.
    return [snippet(text, terms, PASSAGE_CHARS, masked=False)[0] for text in said]
