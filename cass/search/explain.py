"""How an answer came about, for those who ask: what each stage did and how long it took, and why a hit stands where it
stands.

Loaded only with --explain.  The search is the same one, looked at from outside.
"""

from __future__ import annotations

from cass.lexical.opening import Damage
from cass.records import replace
from cass.search.engine import Search, search
from cass.search.request import RERANK_SWITCH as SWITCH
from cass.search.request import fold
from cass.store.nearest import messages_with_texts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cass.lexical.reader import Candidate
    from cass.paths import Places
    from cass.search.request import Found, Freshness, Request, Results

    Folded = tuple[Candidate, int]
    Explained = dict[str, object]


class Watched(Search):
    """A search that remembers its steps.  `stages` are (name, what it did, milliseconds)."""

    stages: list[tuple[str, str, float]]
    by_words: dict[int, tuple[int, float]]
    at_last: dict[int, tuple[int, float]]
    since_s: float

    def run(self) -> Found:
        """The lexical answer, its order kept."""
        self.stages, self.at_last = [], {}
        self.since_s = self.monotonic_s()
        found = super().run()
        self.by_words = _places(found)
        rung = f"{_counted(found.total, 'message')} on the rung {found.rung!r}" if found.rung else "nothing"
        self.note("words", f"{rung}, {_counted(len(found.candidates), 'candidate')}; answered by {found.by[0]}")
        return found

    def ordered(self, found: Found) -> Found:
        """What vectors and a reranker made of it."""
        self.at_last = _places(found)
        if self.reranked is not None:
            self.since_s += self.reranked.ms / 1000  # which is a stage by itself
        self.note("meaning", self.meant or f"skipped: {_why_no_meaning(self)}")
        if self.reranked is not None:
            self.stages.append(("rerank", self.reranked.did, round(self.reranked.ms, 2)))
        else:
            self.note("rerank", f"skipped: {_why_not_reranked(self)}")
        return found

    def note(self, stage: str, what: str) -> None:
        """A stage is over."""
        now_s = self.monotonic_s()
        self.stages.append((stage, what, round((now_s - self.since_s) * 1000, 2)))
        self.since_s = now_s


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _page(hits: int, also: int) -> str:
    if hits == 1:
        return f"1 hit with its text, {also} more of its session or copies in it"
    return f"{hits} hits with their texts, {also} more of their sessions or copies in them"


def _moved(before: Sequence[Folded], after: Sequence[Folded]) -> tuple[int, int]:
    """How many hits stand elsewhere now, and of how many."""
    return sum([one.doc != other.doc for (one, _), (other, _) in zip(before, after, strict=True)]), len(before)


def _places(found: Found) -> dict[int, tuple[int, float]]:
    """Document → (rank, score)."""
    return {hit.doc: (rank, hit.score) for rank, hit in enumerate(found.candidates, 1)}


def _why_no_meaning(looking: Watched) -> str:
    request = looking.request
    if request.mode == "lexical_only":
        return "the mode is lexical"
    if request.about_words:
        return "the answer is about words alone"
    if not request.text:
        return "there is no question"
    return "there are no vectors; cass backfill makes them"


def _why_not_reranked(looking: Watched) -> str:
    request = looking.request
    if not dict(request.semantic).get(SWITCH):
        return f"{SWITCH} is off"
    if request.mode == "lexical_only":
        return "the mode is lexical"
    return "the answer is about words alone" if request.about_words else "there is no question"


def explained_search(
    places: Places,
    request: Request,
    now_ms: int,
    monotonic_s: Callable[[], float],
    cwd: str,
    freshness: Freshness,
    keep: Callable[[object], None] = lambda opened: None,
    after: Callable[[Search, Found], Found] | None = None,
) -> Results:
    """The same answer as `search` gives, each hit with `explain` and the answer with its `stages`."""
    kept: list[Watched] = []

    def watch(*opened: object) -> Search:
        kept.append(Watched(*opened))  # type: ignore[arg-type]
        return kept[0]

    def order(looking: Search, found: Found) -> Found:
        watched = kept[0]
        found = watched.ordered(found)
        if after is None:
            watched.note("order", "skipped: diversity was not asked for")
            return found
        before, found = found, after(looking, found)
        moved, hits = _moved(*[fold(each.candidates, request.grouped) for each in (before, found)])
        watched.note("order", f"diversity moved {moved} of {_counted(hits, 'hit')}")
        return found

    results = search(places, request, now_ms, monotonic_s, cwd, freshness, keep, order, watch)
    watched = kept[0]
    also = sum([hit.also for hit in results.hits])
    watched.note("page", _page(len(results.hits), also))
    explained = _explain(watched, [hit.doc for hit in results.hits])
    watched.note("explain", "looked up for these lines")
    hits = [replace(hit, explain={"rung": hit.match_type, **explained.get(hit.doc, {})}) for hit in results.hits]
    stages = [{"stage": name, "did": did, "ms": ms} for name, did, ms in watched.stages]
    return replace(results, hits=tuple(hits), stages=tuple(stages))


def _explain(looking: Watched, docs: Sequence[int]) -> dict[int, Explained]:
    tiers = {name: _tier_places(looking, near) for name, near in (looking.near or {}).items()}
    if looking.reranked is not None:
        scores = looking.reranked.scores
        tiers["reranker"] = {doc: (rank, score) for rank, (doc, score) in enumerate(scores.items(), 1)}
    said: dict[int, Explained] = {doc: {"lists": _lists(looking, tiers, doc)} for doc in docs}
    for doc, parts in _word_parts(looking, docs).items():
        said[doc]["words"] = parts
    for doc in docs:
        if doc in looking.at_last:
            said[doc]["rank"], said[doc]["score"] = looking.at_last[doc][0], round(looking.at_last[doc][1], 6)
    return said


def _lists(looking: Watched, tiers: Mapping[str, Mapping[int, tuple[int, float]]], doc: int) -> Explained:
    """In which lists it stands: the words' with its BM25, each tier's with its cosine, the reranker's with its own."""
    everywhere = {"lexical": looking.by_words, **tiers}
    return {
        name: {"rank": places[doc][0], "score": round(places[doc][1], 4)}
        for name, places in everywhere.items()
        if doc in places
    }


def _tier_places(looking: Watched, near: Mapping[int, float]) -> dict[int, tuple[int, float]]:
    """Document → (rank, cosine) in a tier's list, which is one of texts."""
    ranks = {text: rank for rank, text in enumerate(near, 1)}
    said = messages_with_texts(looking.connection, list(near))
    return {doc: (ranks[text], near[text]) for text, _, doc in said if text in ranks}


def _word_parts(looking: Watched, docs: Sequence[int]) -> dict[int, Explained]:
    """Field → word → what it gave to the BM25 score, bonuses included."""
    reader = looking.reader
    if isinstance(reader, Damage) or looking.literal is not None or not looking.wants_words:
        return {}
    from cass.lexical.explained import word_parts

    compiled = reader.compile(looking.query.root, looking.filters, looking.resolve)
    return {doc: {**parts} for doc, parts in word_parts(reader, compiled, docs).items()}
