"""Let vectors join a lexical answer: what stands near in meaning, and which of the hits do.

In:  the lexical answer, which is already one.  Out: the same answer, in a better order and with more in it; or as it
was, with a note that says why.  Nothing here fails a search, save in strict mode, which asks for both tiers.
"""

from __future__ import annotations

import os

from cass.errors import SemanticUnavailable
from cass.lexical.reader import Candidate
from cass.policy import ModelDownloadPolicy, SemanticMode, SemanticPolicy
from cass.query.blend import fuse, refine
from cass.query.syntax import Bare, Field, Prefix, Word
from cass.records import record, replace
from cass.search.tail import passes
from cass.semantic.embedders.base import EmbedderError
from cass.semantic.vectors import FAST, QUALITY, Tier
from cass.store.documents import documents_of
from cass.store.nearest import messages_with_texts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from cass.document import Document
    from cass.paths import Places
    from cass.policy import InvalidationAction, SemanticAssetManifest
    from cass.search.engine import Search
    from cass.search.request import Found
    from cass.semantic.embedders.base import BaseEmbedder, Vector

# So many texts are asked of a tier: enough for a page after filters, folding and grouping.
NEAREST = 200
# What is less alike than this is not worth showing where the words say nothing.  The hash tier compares spelling:
# texts that share nothing but a few common words reach 0.3 there.
LEAST_ALIKE = {FAST: 0.45, QUALITY: 0.35}
# How much a list counts beside the lexical one.  At equal weight the hash tier makes answers worse.
WEIGHTS = {FAST: 0.3, QUALITY: 1.0}
# Of a query nobody has timed yet: opening an int8 MiniLM and embedding one text.
USUAL_QUALITY_MS = 150
BELIEVED_MS = 600_000


@record
class Asked:
    """A tier that could be asked, the question's vector in it, and what is near: text id → cosine, best first."""

    tier: Tier
    vector: Vector
    near: Mapping[int, float]

    def cosines(self, texts: Collection[int]) -> dict[int, float]:
        """Of these texts, as far as the tier has them."""
        return self.tier.cosines(self.vector, texts)


@record
class Meaning:
    """What the tiers found: text ids, best first; and which took part, the best last."""

    nearest: tuple[int, ...] = ()
    tiers: tuple[str, ...] = ()


def policy_of(values: Mapping[str, object]) -> SemanticPolicy:
    """The semantic policy with these settings, given as plain values."""
    known = {key: value for key, value in values.items() if key in SemanticPolicy.__match_args__}
    words = {"mode": SemanticMode, "download_policy": ModelDownloadPolicy}
    return replace(SemanticPolicy(), **known | {key: words[key](str(known[key])) for key in words if key in known})


def question(search: Search) -> str | None:
    """The words of a query that asks for nothing but words; None where it has conditions that a vector cannot judge."""
    root = search.query.root
    parts = root.parts if isinstance(root, Bare) else (root,)
    if search.literal is not None or not all(isinstance(part, Word | Prefix | Field) for part in parts):
        return None
    return " ".join(part.text for part in parts if isinstance(part, Word | Prefix)) or None


def join(search: Search, found: Found, places: Places) -> Found:
    """The answer with what the vectors know.  Raises SemanticUnavailable in strict mode."""
    text = question(search)
    if text is None:
        return found
    strict = search.request.mode == "strict_semantic"
    policy = policy_of(dict(search.request.semantic))
    asking = _Asking(policy, places, search.now_ms, search.monotonic_s, search.notes)
    meaning = asking.both(text) if strict else asking.what_there_is(text)
    if not meaning.tiers:
        return found
    return _blended(found, _documents(search, meaning.nearest), meaning)


class _Asking:
    """Puts one question to the tiers.  Why one did not take part is a note."""

    def __init__(
        self,
        policy: SemanticPolicy,
        places: Places,
        now_ms: int,
        monotonic_s: Callable[[], float],
        notes: list[str],
    ) -> None:
        self._policy = policy
        self._now_ms = now_ms
        self._places = places
        self._monotonic_s = monotonic_s
        self._notes = notes

    def what_there_is(self, text: str) -> Meaning:
        """The fast tier, and the quality tier where it can be had in time."""
        until_s = self._monotonic_s() + self._policy.semantic_wait_ms / 1000
        fast = self._fast(text)
        quality = self._quality(text, max(0.0, (until_s - self._monotonic_s()) * 1000))
        return self._refined(fast, quality)

    def both(self, text: str) -> Meaning:
        """Raises SemanticUnavailable where one of them cannot be had."""
        fast, quality = self._fast(text), self._quality(text, None)
        if fast is None or quality is None:
            why = self._notes[-1] if self._notes else "no vectors are built yet"
            raise SemanticUnavailable(why, None, f"run: {self._next_step()}")
        return self._refined(fast, quality)

    def _refined(self, fast: Asked | None, quality: Asked | None) -> Meaning:
        """The candidates of both tiers in the order of both scores; those of one where there is only one."""
        if quality is None:
            return Meaning(tuple(fast.near), (FAST,)) if fast is not None else Meaning()
        if fast is None:
            return Meaning(tuple(quality.near), (QUALITY,))
        both = list(fuse([(list(quality.near), 1.0), (list(fast.near), 1.0)]))[: self._policy.max_refinement_docs]
        scores = refine(fast.cosines(both), quality.cosines(both), self._policy.quality_weight)
        return Meaning(tuple(scores), (FAST, QUALITY))

    def _fast(self, text: str) -> Asked | None:
        from cass.semantic.embedders.hash import HashEmbedder

        return self._ask(FAST, HashEmbedder(self._policy.fast_dimension), text)

    def _quality(self, text: str, left_ms: float | None) -> Asked | None:
        """`left_ms` None: whatever it takes."""
        policy = self._policy
        if not policy.wants_quality_tier or not os.path.exists(os.path.join(self._places.vectors, QUALITY)):
            return None
        cost = _Cost(self._places, self._now_ms)
        if left_ms is not None and cost.expected_ms > left_ms:
            took = f"it took {cost.expected_ms} ms last time" if cost.was_measured else "the time was too short"
            wait = f"a search waits {policy.semantic_wait_ms} (--semantic-wait)"
            self._notes.append(f"the quality tier did not take part: {took}, {wait}")
            return None
        started_s = self._monotonic_s()
        embedder = self._model()
        asked = self._ask(QUALITY, embedder, text) if embedder is not None else None
        if asked is not None:
            cost.note((self._monotonic_s() - started_s) * 1000)
        return asked

    def _model(self) -> BaseEmbedder | None:
        from cass.semantic.embedders.onnx import open_model

        embedder = open_model(self._places.data, self._policy.quality_tier_embedder)
        if embedder is None:
            self._notes.append("the quality tier did not take part: its model is not installed; cass models install")
            return None
        embedder.load()
        if not embedder.is_loaded:
            self._notes.append(f"the quality tier did not take part: {embedder.reason}; cass models verify")
            return None
        return embedder

    def _ask(self, name: str, embedder: BaseEmbedder, text: str) -> Asked | None:
        def judge(manifest: SemanticAssetManifest) -> InvalidationAction:
            return manifest.invalidation(self._policy, embedder.embedder_id, embedder.model_version)

        tier = Tier.open(self._places.vectors, name, judge)
        if not isinstance(tier, Tier):
            if tier is not None:
                self._notes.append(f"the {name} tier cannot be used: {tier.reason}; cass backfill mends it")
            return None
        try:
            vector = embedder.embed([text])[0]
        except EmbedderError as lost:
            self._notes.append(f"the {name} tier did not take part: {lost}")
            return None
        near: dict[int, float] = {}
        for number, _, cosine in tier.scan(vector, NEAREST):
            if cosine >= LEAST_ALIKE[name]:
                near.setdefault(number, cosine)
        return Asked(tier, vector, near)

    def _next_step(self) -> str:
        from cass.semantic.models import installed

        return "cass backfill" if installed(self._places.data) else "cass models install"


class _Cost:
    """What a question to the quality tier took last time, in a file of the cache: a cold process decides by it.

    What was measured long ago, perhaps on a busy machine, is not believed for ever.
    """

    def __init__(self, places: Places, now_ms: int) -> None:
        self._path = os.path.join(places.cache, "quality_ms")
        self.was_measured, self.expected_ms = False, USUAL_QUALITY_MS
        try:
            if now_ms - os.stat(self._path).st_mtime * 1000 < BELIEVED_MS:
                with open(self._path, "rb", 0) as file:
                    self.was_measured, self.expected_ms = True, int(file.read(12))
        except (OSError, ValueError):
            pass

    def note(self, spent_ms: float) -> None:
        """Remember it, if it changed by more than a fifth."""
        if self.was_measured and abs(spent_ms - self.expected_ms) * 5 <= self.expected_ms:
            return
        from cass.disk import make_private_folder, write_whole

        try:
            make_private_folder(os.path.dirname(self._path))
            write_whole(self._path, b"%d" % spent_ms)
        except OSError:
            pass  # the next process guesses as this one did


def _documents(search: Search, nearest: Sequence[int]) -> list[Document]:
    """The documents with these texts that pass the filters, in their order; those of one text newest first."""
    said = messages_with_texts(search.connection, list(nearest))
    text_of = {doc: text for text, _, doc in said}
    place = {text: at for at, text in enumerate(nearest)}
    documents = documents_of(search.connection, [message for _, message, _ in said])
    passing = [each for each in documents if all(passes(wanted, each) for wanted in search.filters)]
    return sorted(passing, key=lambda each: (place[text_of[each.doc]], -(each.time_ms or 0)))


def _blended(found: Found, documents: Sequence[Document], meaning: Meaning) -> Found:
    """Both orders as one.  A document that only the vectors know is a semantic hit."""
    lexical = {candidate.doc: candidate for candidate in found.candidates}
    near = {
        document.doc: Candidate(document.doc, 0.0, document.session, document.time_ms, document.text)
        for document in documents
    }
    scores = fuse([(list(lexical), 1.0), (list(near), WEIGHTS[meaning.tiers[-1]])])
    candidates = tuple(replace(lexical.get(doc) or near[doc], score=score) for doc, score in scores.items())
    types = {doc: "semantic" for doc in near if doc not in lexical} | dict(found.match_types)
    told = replace(found, candidates=candidates, match_types=types, by=(*found.by, *meaning.tiers))
    if found.total or not candidates:
        return told
    return replace(told, rung="semantic", total=len(candidates), exact_total=False)
