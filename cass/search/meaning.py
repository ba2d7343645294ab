"""Let vectors join a lexical answer: what stands near in meaning, and which of the hits do.

In:  the lexical answer, which is already one.  Out: the same answer, in a better order and with more in it; or as it
was, with a note that says why.  Nothing here fails a search, save in strict mode, which asks for both tiers.
"""

from __future__ import annotations

import os

from cass.errors import SemanticUnavailable
from cass.lexical.had import had
from cass.lexical.opening import Damage
from cass.lexical.reader import Candidate
from cass.policy import (
    DEFAULT_QUALITY_TIER_EMBEDDER,
    ModelDownloadPolicy,
    SemanticCapability,
    SemanticMode,
    SemanticPolicy,
)
from cass.query.blend import RRF_K, WEIGHTS, fuse, refine, weights_of
from cass.records import record, replace
from cass.search.coverage import glance, inside, percent
from cass.search.near import GIVEN_UP, Asked, Inside, Until, by_graph, candidates_with, nearest
from cass.search.quality import (
    AHEAD,
    HASH,
    NOT_BESIDE,
    WAIT_LONGER,
    WARM,
    Cost,
    Missing,
    by_the_worker,
    cost_of,
    kind_of,
    longer,
    quality_embedder,
)
from cass.search.request import Lent
from cass.search.weighing import (
    ADDS_ONLY,
    how_joined,
    lacking,
    needless,
    rung_had,
    share_beside_words,
    weight_beside_words,
)
from cass.semantic.embedders.base import EmbedderError
from cass.semantic.embedders.table import beside, remote_options
from cass.semantic.known_models import EMBEDDER
from cass.semantic.manifest import FAST, QUALITY
from cass.semantic.vectors import ScanStopped, Tier

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cass.paths import Places
    from cass.policy import InvalidationAction, SemanticAssetManifest
    from cass.search.coverage import Coverage
    from cass.search.engine import Search
    from cass.search.request import Found
    from cass.semantic.embedders.base import BaseEmbedder
    from cass.semantic.embedders.table import Beside, RemoteOptions

# So many texts are asked of a tier, where no setting says otherwise: enough for a page after folding and grouping.
NEAREST = 100
# What is less alike than this is not worth showing where the words say nothing.  The hash tier compares spelling:
# texts that share nothing but a few common words reach 0.3 there.
LEAST_ALIKE = {FAST: 0.45, QUALITY: 0.35}
CONDITIONS = "skipped: the query has conditions, which vectors cannot judge"


@record
class Meaning:
    """What the tiers found: text ids, best first; and which took part, the best last.

    `alike`: the quality tier's best cosine, None where it did not take part.
    """

    nearest: tuple[int, ...] = ()
    tiers: tuple[str, ...] = ()
    alike: float | None = None


def policy_of(values: Mapping[str, object]) -> SemanticPolicy:
    """The semantic policy with these settings, given as plain values."""
    known = {key: value for key, value in values.items() if key in SemanticPolicy.__match_args__}
    words = {"mode": SemanticMode, "download_policy": ModelDownloadPolicy}
    return replace(SemanticPolicy(), **known | {key: words[key](str(known[key])) for key in words if key in known})


def join(search: Search, found: Found, places: Places, text: str | None, spare: int | None) -> Found:
    """The answer with what the vectors know of a question.  Raises SemanticUnavailable in strict mode.

    text: None where vectors cannot judge it.  spare: as `hits_to_spare` has it, 0 or None.
    """
    values = dict(search.request.semantic)
    policy = policy_of(values)
    weights = weights_of(str(values.get("search.weights", WEIGHTS)))
    asking = _Asking(
        policy,
        remote_options(values),
        places,
        search.now_ms,
        search.monotonic_s,
        search.notes,
        nearest=int(str(values.get("search.fetch_k", NEAREST))),
        weights=weights,
        beside=beside(values),
    )
    asking.lent, asking.inside = search, Inside(search, asking.until.is_over)
    asking.has_messages = search.state.messages > 0
    if text is not None and share_beside_words(text, rung_had(search, found), QUALITY) > ADDS_ONLY:
        asking.toward = lambda: _texts_of_leads(search, found)
    if search.request.mode == "strict_semantic":
        # Whatever is asked: strict promises that meaning can be had.
        meaning = asking.both(search.query.text if text is None else text)
        told = replace(found, coverage=_enough(search, asking))
    else:
        meaning = asking.what_there_is(text, spare is None) if text is not None else Meaning()
        coverage = glance(search, places, asking.opened)
        told = replace(found, coverage=coverage, asides=asking.left_out(dict(coverage)) if spare == 0 else ())
    if asking.inside.gave_up:
        search.notes.append(GIVEN_UP)
    search.near, search.meant = asking.near, asking.did if text is not None else CONDITIONS
    k = int(str(values.get("search.rrf_k", RRF_K)))
    if text is None or search.request.about_words or not meaning.tiers:
        return told
    counts = weight_beside_words(text, rung_had(search, found), meaning.tiers[-1], weights)
    search.meant += how_joined(weights["lexical"], counts, k)
    return _blended(search, told, meaning, (weights["lexical"], counts), k)


def _enough(search: Search, asking: _Asking) -> Coverage:
    """What the tiers cover inside the filters.  Raises SemanticUnavailable where that is too little."""
    coverage = inside(search, asking.opened)
    share = dict(coverage)[QUALITY]
    if SemanticMode.STRICT_SEMANTIC.is_satisfied_by(SemanticCapability.FULL_QUALITY, share):
        return coverage
    where = " inside these filters" if search.request.is_filtered or search.query.filters else ""
    asked = f"strict mode asks for {SemanticMode.STRICT_MIN_COVERAGE:.0%} of what is older than 10 minutes"
    known = ", ".join([f"the {name} tier covers {percent(part)}" for name, part in coverage])
    raise SemanticUnavailable(f"{known}{where}; {asked}", None, f"run: {asking.way_to_more()}")


def _texts_of_leads(search: Search, found: Found) -> Sequence[Sequence[int]]:
    from cass.search.feedback import texts_of_leads

    return texts_of_leads(search, found)


class _Asking:
    """Puts one question to the tiers.  Why one did not take part is a note."""

    def __init__(
        self,
        policy: SemanticPolicy,
        remote: RemoteOptions,
        places: Places,
        now_ms: int,
        monotonic_s: Callable[[], float],
        notes: list[str],
        nearest: int = NEAREST,
        weights: Mapping[str, float] | None = None,
        beside: Beside = NOT_BESIDE,
    ) -> None:
        self._nearest = nearest
        self._weights = weights_of(WEIGHTS) if weights is None else weights
        self._policy = policy
        self._remote = remote
        self._beside = beside
        self._now_ms = now_ms
        self._places = places
        self._monotonic_s = monotonic_s
        self._notes = notes
        self._lost: list[tuple[str, str]] = []
        self.opened: dict[str, Tier] = {}
        self.near: dict[str, Mapping[int, float]] = {}
        self.lent = Lent()
        self.has_messages = True
        self.why: dict[str, str] = {}  # a tier did not take part
        self.inside: Inside | None = None
        self.toward: Callable[[], Sequence[Sequence[int]]] = tuple  # texts that the quality tier's question leans to
        self.leads = 0
        self.until = Until(monotonic_s)

    @property
    def did(self) -> str:
        """What each tier did, or why it did nothing."""
        leant = [f"leaned towards {self.leads} of the words' best"] if self.leads else []
        return "; ".join([self._did(name) for name in (FAST, QUALITY)] + leant)

    def _did(self, name: str) -> str:
        if name in self.near:
            count = len(self.near[name])
            return f"{count} text{'' if count == 1 else 's'} near by the {name} tier"
        is_wanted = self._policy.wants_quality_tier
        known = self.why.get(name) if name == FAST or is_wanted else None
        return known or lacking(name, self._weights, is_wanted)

    @property
    def has_quality(self) -> bool:
        """Is the quality tier wanted, and does it have files?"""
        return self._policy.wants_quality_tier and self._has_files(QUALITY)

    def _has_files(self, tier: str) -> bool:
        return os.path.exists(os.path.join(self._places.vectors, tier))

    @property
    def may_join(self) -> bool:
        """Does the quality tier count beside the words, and is it there?"""
        return self._weights[QUALITY] > 0 and self.has_quality

    def left_out(self, coverage: Mapping[str, float]) -> tuple[str, ...]:
        """What is said of the quality tier that the words made needless; nothing of one without vectors."""
        said = needless([QUALITY]) if coverage[QUALITY] and self.may_join else {}
        self.why |= said
        return tuple(said.values())

    def what_there_is(self, text: str, is_quality_wanted: bool) -> Meaning:
        """The fast tier, and the quality tier where that is wanted and can be had in time."""
        until_s = self.until.end_s = self._monotonic_s() + self._policy.semantic_wait_ms / 1000
        is_quality_wanted = is_quality_wanted and self.may_join
        if is_quality_wanted:
            self.lent.read_ahead(self._policy.quality_tier_embedder, text)
        fast = self._fast(text, self._policy.semantic_wait_ms) if self._weights[FAST] else None
        if not is_quality_wanted:
            return self._refined(fast, None)
        quality = self._quality(text, max(0.0, (until_s - self._monotonic_s()) * 1000))
        return self._refined(fast, quality)

    def both(self, text: str) -> Meaning:
        """Raises SemanticUnavailable where one of them cannot be had."""
        fast, quality = self._fast(text, None), self._quality(text, None)
        if fast is None or quality is None:
            why, todo = self._lost[-1] if self._lost else self._never_had(FAST if fast is None else QUALITY)
            raise SemanticUnavailable(why, None, f"run: {todo}")
        return self._refined(fast, quality)

    def _never_had(self, name: str) -> tuple[str, str]:
        """Why a tier is not there, and the command that makes it."""
        if not self._policy.wants_quality_tier:
            what = "the quality tier is switched off: its embedder is hash"
            return what, f"cass config set quality_tier_embedder {DEFAULT_QUALITY_TIER_EMBEDDER}"
        if not self.has_messages:
            return "nothing is indexed yet", "cass index"
        from cass.semantic.models import installed

        needs_model = kind_of(self._policy.quality_tier_embedder, self._places.data) == DEFAULT_QUALITY_TIER_EMBEDDER
        has_model = any([model.kind == EMBEDDER for model in installed(self._places.data)])
        todo = "cass models install" if needs_model and not has_model else "cass backfill"
        return f"no vectors of the {name} tier are built yet", todo

    def way_to_more(self) -> str:
        """The command by which the quality tier covers more."""
        if self.opened[QUALITY].manifest.evicted_bytes:
            return f"cass config set semantic_budget_mb {2 * self._policy.semantic_budget_mb}"
        return "cass backfill"

    def _refined(self, fast: Asked | None, quality: Asked | None) -> Meaning:
        """The candidates of both tiers in the order of both scores; those of one where there is only one."""
        if quality is None:
            return Meaning(tuple(fast.near), (FAST,)) if fast is not None else Meaning()
        alike, toward = max(quality.near.values(), default=0.0), self.toward()
        self.leads = len(toward)
        if fast is None:
            near = quality.cosines(quality.near, toward) if toward else quality.near
            return Meaning(tuple(near), (QUALITY,), alike)
        lists = [(list(quality.near), self._weights[QUALITY]), (list(fast.near), self._weights[FAST])]
        both, most = list(fuse(lists)), self._policy.max_refinement_docs
        first = both[:most]
        scores = refine(fast.cosines(first), quality.cosines(first, toward), self._policy.quality_weight)
        return Meaning((*scores, *both[most:]), (FAST, QUALITY), alike)

    def _fast(self, text: str, left_ms: float | None) -> Asked | None:
        """`left_ms` None: whatever it takes."""
        if not self._has_files(FAST):
            return None
        from cass.semantic.embedders.hash import HashEmbedder

        embedder = HashEmbedder(self._policy.fast_dimension)
        cost = Cost(self._places.cache, HASH, self._now_ms)
        return self._within(FAST, left_ms, cost, lambda until_s: self._ask(FAST, embedder, text))

    def _quality(self, text: str, left_ms: float | None) -> Asked | None:
        """`left_ms` None: whatever it takes."""
        if not self.has_quality:
            return None
        started_s, name = self._monotonic_s(), self._policy.quality_tier_embedder
        if self.lent.model is None and self.lent.begun is None:
            worker = by_the_worker(name, self._places, text, left_ms, self._beside)
            if worker is not None:
                return self._ask(QUALITY, worker, text)
        if left_ms is not None:
            left_ms -= (self._monotonic_s() - started_s) * 1000
        kind = WARM if self.lent.model else AHEAD if self.lent.begun else kind_of(name, self._places.data, self._beside)
        cost = cost_of(self._places.cache, kind, self._now_ms)
        return self._within(QUALITY, left_ms, cost, lambda until_s: self._asked(text, until_s))

    def _within(
        self, name: str, left_ms: float | None, cost: Cost, ask: Callable[[float | None], Asked | None]
    ) -> Asked | None:
        """What `ask` gives by the moment it is handed; None, with a note, where it took longer than that last time."""
        wait_ms = self._policy.semantic_wait_ms
        if left_ms is not None and (cost.expected_ms > left_ms or not wait_ms):
            took = f"it took {cost.expected_ms} ms last time" if cost.was_measured else "the time was too short"
            self.why[name] = f"the {name} tier did not take part: {took}, a search waits {wait_ms} (--semantic-wait)"
            self._notes.append(self.why[name])
            return None
        started_s = self._monotonic_s()
        asked = ask(None if left_ms is None else started_s + left_ms / 1000)
        spent_ms = (self._monotonic_s() - started_s) * 1000
        # What was given up is not waited for by the next search either.
        too_long = left_ms is not None and spent_ms >= left_ms
        if asked is not None or too_long:
            cost.note(max(spent_ms, wait_ms) if too_long else spent_ms, too_long)
        return asked

    def _asked(self, text: str, until_s: float | None) -> Asked | None:
        """What the quality tier knows; None with a note.  `until_s` None: whatever it takes."""

        def left_s() -> float | None:
            return None if until_s is None else until_s - self._monotonic_s()

        name = self._policy.quality_tier_embedder
        open_one = self.lent.model(name, left_s) if self.lent.model is not None else None
        embedder = open_one or quality_embedder(
            name, self._places.data, self._remote, left_s, beside=self._beside, begun=self.lent.begun
        )
        if isinstance(embedder, Missing):
            self._lose(QUALITY, f"the quality tier did not take part: {embedder.why}", embedder.todo)
            return None
        asked = self._ask(QUALITY, embedder, text)
        self._notes += getattr(embedder, "warnings", ())
        return asked

    def _ask(self, name: str, embedder: BaseEmbedder, text: str) -> Asked | None:
        def judge(manifest: SemanticAssetManifest) -> InvalidationAction:
            return manifest.invalidation(self._policy, embedder.embedder_id, embedder.model_version)

        tier = (self.lent.open_tier or Tier.open)(self._places.vectors, name, judge)
        if not isinstance(tier, Tier):
            if tier is not None:
                self._lose(name, f"the {name} tier cannot be used: {tier.reason}", "cass backfill")
            return None
        self.opened[name] = tier
        try:
            vector = embedder.embed([text])[0]
        except EmbedderError as lost:
            self._lose(name, f"the {name} tier did not take part: {lost}", lost.todo or "cass doctor")
            return None
        graphs = self.lent.graphs if tier.count >= self._policy.hnsw_min_vectors else None
        scan = by_graph(graphs, name) if graphs is not None else Tier.scan
        try:
            near = nearest(tier, vector, self._nearest, LEAST_ALIKE[name], self.inside, scan, self.until.is_over)
        except ScanStopped:
            late = f"its vectors were not gone through within {self._policy.semantic_wait_ms} ms"
            self._lose(name, f"the {name} tier did not take part: {late}", WAIT_LONGER)
            return None
        self.near[name] = near
        return Asked(tier, vector, near)

    def _lose(self, name: str, what: str, todo: str) -> None:
        """Note why a tier does not take part, and the command that may help."""
        todo = longer(todo, self._policy.semantic_wait_ms)
        self.why[name] = what
        self._lost.append((what, todo))
        self._notes.append(f"{what}; {todo}")


def _blended(search: Search, found: Found, meaning: Meaning, weights: tuple[float, float], k: int) -> Found:
    """Both orders as one, by the weights of words and vectors."""
    known = {candidate.doc: candidate for candidate in found.candidates}
    near = {each.doc: each for each in candidates_with(search, meaning.nearest, known)}
    scores = fuse([(list(known), weights[0]), (list(near), weights[1])], k)
    each = near | known
    candidates = tuple([_scored(each[doc], score) for doc, score in scores.items()])
    types = _types(search, found, [doc for doc in near if doc not in known]) | dict(found.match_types)
    told = replace(found, candidates=candidates, match_types=types, by=(*found.by, *meaning.tiers))
    if meaning.alike is not None:
        told = replace(told, alike=meaning.alike)
    if found.total or not candidates:
        return told
    return replace(told, rung="semantic", total=len(candidates), exact_total=False)


def _types(search: Search, found: Found, beyond: list[int]) -> dict[int, str]:
    """Of what stands beyond the words' candidates: semantic is what has none of the words, not what has few."""
    whole, some = frozenset[int](), frozenset[int]()
    if search.compiled is not None and not isinstance(search.reader, Damage):
        whole, some = had(search.reader, search.compiled, beyond)
    best = "corrected" if found.corrected else "exact"
    return {doc: best if doc in whole else "relaxed" if doc in some else "semantic" for doc in beyond}


def _scored(candidate: Candidate, score: float) -> Candidate:
    return Candidate(candidate.doc, score, candidate.session, candidate.time_ms, candidate.text)
