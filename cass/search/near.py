"""What is near to a question's vector in a tier, inside the filters of a search.

The nearest of all texts are looked at first, which is mostly enough.  Only where filters leave too few of them are the
texts inside looked up, which takes the longer the more those are: it ends with the time that a search may wait.
"""

from __future__ import annotations

from cass.lexical.filter import Filter
from cass.lexical.opening import Damage
from cass.lexical.reader import Candidate
from cass.records import record
from cass.search.tail import passes
from cass.semantic.vectors import Tier
from cass.store.coverage import texts_among, texts_inside
from cass.store.documents import documents_of
from cass.store.nearest import messages_with_texts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from cass.search.engine import Search
    from cass.semantic.embedders.base import Vector
    from cass.semantic.held_graphs import HeldGraphs
    from cass.semantic.vectors import Near

    Scan = Callable[..., list[Near]]  # as `Tier.scan`
    Wanted = tuple[str, Sequence[int | str | None], Sequence[int], bool]  # as store/coverage.py has it

# A filter that leaves a quarter of what is near costs no second look.
WIDER = 4
# Of the messages that name a path so many count, the newest.
MOST_DOCS = 20_000
# Filters that look at what a message says.
READING = "path", "entity"
EVER_MS = 1 << 62
GIVEN_UP = "looked only at what is nearest in meaning: all that the filters leave takes longer (--semantic-wait)"


@record
class Asked:
    """A tier that could be asked, the question's vector in it, and what is near: text id → cosine, best first."""

    tier: Tier
    vector: Vector
    near: Mapping[int, float]

    def cosines(self, texts: Collection[int], toward: Sequence[Sequence[int]] = ()) -> dict[int, float]:
        """Of these texts, as far as the tier has them; to the question, or leaned `toward` the texts of the leads."""
        if not toward:
            return self.tier.cosines(self.vector, texts)
        from cass.search.feedback import leant_cosines

        return leant_cosines(self.tier, self.vector, texts, toward)


class Until:
    """When a search has waited for as long as it may; `end_s` None: never.

    It knows nothing of the search: open tiers in a ring of objects would stay mapped long after the answer.
    """

    def __init__(self, monotonic_s: Callable[[], float]) -> None:
        self.end_s: float | None = None
        self._monotonic_s = monotonic_s

    def is_over(self) -> bool:
        return self.end_s is not None and self._monotonic_s() > self.end_s


class Inside:
    """The texts inside a search's filters.  `is_over` says when to stop looking them up; `gave_up`: it did."""

    def __init__(self, search: Search, is_over: Callable[[], bool] = lambda: False) -> None:
        self._search = search
        self._is_over = is_over
        # What cass itself said or printed has no vectors anyway.
        self._filters = [each for each in search.filters if each.field != "own"]
        self._wanted: Sequence[Wanted] | None = None
        self._all: frozenset[int] | None = None
        self.gave_up = False

    @property
    def limits(self) -> bool:
        """Is there a filter at all?"""
        return bool(self._filters)

    def among(self, texts: Sequence[int]) -> set[int]:
        """Which of these were said inside the filters."""
        return texts_among(self._search.connection, self._conditions(), texts)

    def all(self) -> frozenset[int] | None:
        """Every one; None where that takes too long."""
        if self._all is None and not self.gave_up:
            rows = texts_inside(self._search.connection, self._conditions(), EVER_MS, self._is_over)
            self.gave_up = rows is None
            self._all = None if rows is None else frozenset([text for text, _ in rows])
        return self._all

    def _conditions(self) -> Sequence[Wanted]:
        """The filters as SQLite understands them."""
        if self._wanted is None:
            plain = [self._by_document(each) for each in self._filters]
            self._wanted = [(each.field, each.values, each.docs, each.exclude) for each in plain]
        return self._wanted

    def _by_document(self, wanted: Filter) -> Filter:
        """What only a message's words can tell as the documents that the index has of it."""
        if wanted.field == "entity":
            return Filter("doc", wanted.docs, exclude=wanted.exclude)
        if wanted.field != "path":
            return wanted
        search = self._search
        if isinstance(search.reader, Damage):
            return Filter("doc", (), exclude=True)  # all of them: whoever prints looks at each anyway
        compiled = search.reader.compile(None, [Filter("path", wanted.values)], search.resolve, False)
        answer = search.reader.search(compiled, MOST_DOCS, "all", "newest")
        return Filter("doc", tuple([each.doc for each in answer.candidates]), exclude=wanted.exclude)


def nearest(
    tier: Tier,
    vector: Vector,
    most: int,
    least: float,
    inside: Inside | None = None,
    anywhere: Scan = Tier.scan,
    must_stop: Callable[[], bool] = lambda: False,
) -> dict[int, float]:
    """Text id → cosine of its best piece, best first: those of the `most` nearest vectors with `least` or more.

    With `inside` they are the nearest of the texts inside its filters.  `anywhere` finds the nearest of all.
    Raises ScanStopped where `must_stop` says so.
    """
    if inside is None or not inside.limits:
        return _texts(anywhere(tier, vector, most, must_stop=must_stop), least)
    found = tier.scan(vector, most * WIDER, must_stop=must_stop)
    near = _texts(found, least)
    passing = inside.among(list(near))
    has_seen_all = len(found) < most * WIDER or found[-1][2] < least
    allowed = None if has_seen_all or len(passing) >= most else inside.all()
    if allowed is None:
        return dict([(text, near[text]) for text in near if text in passing][:most])
    return _texts(tier.scan(vector, most, allowed, must_stop=must_stop), least)


def _texts(found: Sequence[Near], least: float) -> dict[int, float]:
    best: dict[int, float] = {}
    for text, _, cosine in found:
        if cosine >= least:
            best.setdefault(text, cosine)
    return best


def candidates_with(search: Search, nearest: Collection[int], known: Mapping[int, Candidate]) -> list[Candidate]:
    """The messages with these texts that pass the filters, in their order; those of one text newest first.

    What is `known` by its document is taken as it is, and not read again.
    """
    said = messages_with_texts(search.connection, list(nearest))
    unknown = [message for _, message, doc in said if doc not in known]
    reads = any(wanted.field in READING for wanted in search.filters)
    found = {
        each.doc: Candidate(each.doc, 0.0, each.session, each.time_ms, each.text)
        for each in documents_of(search.connection, unknown, reads)
        if all(passes(wanted, each) for wanted in search.filters)
    }
    text_of = {doc: text for text, _, doc in said}
    place = {text: at for at, text in enumerate(nearest)}
    passing = [each for doc in text_of if (each := known.get(doc) or found.get(doc)) is not None]
    return sorted(passing, key=lambda each: (place[text_of[each.doc]], -(each.time_ms or 0), each.doc))


def by_graph(graphs: HeldGraphs, name: str) -> Scan:
    """Finds the nearest of a tier through its graph where that is open; the scan does until it is."""

    def anywhere(tier: Tier, vector: Vector, most: int, must_stop: Callable[[], bool]) -> list[Near]:
        graph = graphs.over(name, tier)
        if graph is not None:
            return graph.search(vector, most)
        found = tier.scan(vector, most, must_stop=must_stop)
        graphs.open_beside(name)
        return found

    return anywhere
