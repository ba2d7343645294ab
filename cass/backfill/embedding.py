"""Texts to vectors, and whose fault it is when that fails: one text's, or the embedder's."""

from __future__ import annotations

from array import array

from cass.records import record
from cass.semantic.chunks import pieces
from cass.semantic.embedders.base import EmbedderError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from cass.backfill.pace import Pace
    from cass.backfill.report import Stop
    from cass.semantic.embedders.base import BaseEmbedder, Vector
    from cass.store.owed import OwedText

    Row = tuple[int, int, int, Vector]

# An embedder that works can do this; if it cannot, the texts are not to blame.
PROBE = "cass"
# So many texts, all failing alone, are more likely one fault of the embedder's than as many faults of theirs.
TOO_MANY = 8
# 16 MB: with 384 floats ten thousand pieces, which are ten megabytes of text.
MOST_KEPT_FLOATS = 4_000_000


class EmbedderAway(Exception):
    """The embedder itself is at fault.  `retry_after_s` is its own advice."""

    def __init__(self, reason: str, retry_after_s: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after_s = retry_after_s


@record
class Cut:
    """A text and its pieces; without any it says nothing and is done."""

    id: int
    newest_ms: int
    pieces: tuple[str, ...]


class Begun:
    """What was embedded of a long text when something ended the work, for when it is that text's turn again.

    most_floats: 0 where its turn does not come again, in this process.
    """

    def __init__(self, most_floats: int = MOST_KEPT_FLOATS) -> None:
        self._most_floats = most_floats
        self._whose: object = None
        self._vectors: list[Vector] = []

    def has_room_for(self, embedder: BaseEmbedder, vectors: int) -> bool:
        """Would so many be kept, all of them?"""
        return vectors * max(embedder.dim, 1) <= self._most_floats

    def keep(self, embedder: BaseEmbedder, cut: Cut, vectors: list[Vector]) -> int:
        """As much as may lie about until then; how many vectors that are."""
        most = self._most_floats // max(embedder.dim, 1)
        self._whose, self._vectors = _whose(embedder, cut), vectors[:most]
        return len(self._vectors)

    def take(self, embedder: BaseEmbedder, cut: Cut) -> list[Vector]:
        """The vectors of its first pieces; they are not kept any more."""
        if self._whose != _whose(embedder, cut):
            return []
        found, self._whose, self._vectors = self._vectors, None, []
        return found


def _whose(embedder: BaseEmbedder, cut: Cut) -> object:
    return embedder.embedder_id, embedder.model_version, cut.id, hash(cut.pieces)


class Embedded:
    """What came of some texts: rows for the tier's writer, texts that failed alone, the embedder's own fault if any.

    `stopped`: why not all of them were tried · `begun`: new vectors that were kept of the one that is not done yet.
    """

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.texts = self.begun = 0
        self.failed: dict[int, str] = {}
        self.away: EmbedderAway | None = None
        self.stopped: Stop | None = None

    @property
    def has_begun(self) -> bool:
        return self.texts > 0 or bool(self.failed)

    def add(self, cuts: Iterable[Cut], vectors: Iterable[Vector]) -> None:
        """Take the vectors of these texts, in their order."""
        following = iter(vectors)
        for cut in cuts:
            self.texts += 1
            found = [next(following) for _ in cut.pieces] or [array("f")]
            self.rows += [(cut.id, number, cut.newest_ms, vector) for number, vector in enumerate(found)]

    def judge(self, tried: Collection[int]) -> None:
        """So many that failed, and not one that did not: none of them is to blame, the embedder is.

        Those that were `tried` say nothing about it: they failed while it could do others, and are what is left.
        """
        if len(self.failed.keys() - tried) >= TOO_MANY and not self.texts:
            why = next(iter(self.failed.values()))
            self.away, self.failed = EmbedderAway(f"it failed with every text: {why}"), {}


def cut(texts: Iterable[OwedText]) -> list[Cut]:
    """The pieces of each text."""
    return [Cut(one.id, one.newest_ms, tuple(pieces(one.kind, one.text))) for one in texts]


def embed(
    embedder: BaseEmbedder,
    cuts: Sequence[Cut],
    most_pieces: int,
    pace: Pace,
    begun: Begun | None = None,
    tried: Collection[int] = frozenset(),
) -> Embedded:
    """Embed some texts at a time, as many as the pace lets pass; between them it may end the work.

    What was embedded before that, or before the embedder failed, is kept; of a text in the middle of which it was, in
    `begun`.  Without that nobody comes back to it.  `tried`: the texts that have failed alone before.
    """
    done = Embedded()
    begun = begun or Begun(0)
    try:
        for some in _slices(cuts, lambda: _at_once(embedder, most_pieces, pace)):
            if done.has_begun:
                done.stopped = pace.is_over()
            if done.stopped is None:
                _embed(embedder, some, most_pieces, pace, done, begun)
            if done.stopped is not None:
                break
    except EmbedderAway as away:
        done.away, done.failed = away, {}
    done.judge(tried)
    return done


def _at_once(embedder: BaseEmbedder, most_pieces: int, pace: Pace) -> int:
    """So many pieces before anybody looks up again."""
    return min(most_pieces, max(pace.pieces(most_pieces), getattr(embedder, "fewest_texts", 1)))


def _slices(cuts: Sequence[Cut], most_pieces: Callable[[], int]) -> Iterator[list[Cut]]:
    some: list[Cut] = []
    count, most = 0, most_pieces()
    for cut in cuts:
        if some and count + len(cut.pieces) > most:
            yield some
            some, count, most = [], 0, most_pieces()
        some.append(cut)
        count += len(cut.pieces)
    if some:
        yield some


def _embed(
    embedder: BaseEmbedder, cuts: Sequence[Cut], most_pieces: int, pace: Pace, done: Embedded, begun: Begun
) -> None:
    """Embed these texts; where that fails, each half of them, until what is poison stands alone."""
    given = [piece for cut in cuts for piece in cut.pieces]
    vectors = begun.take(embedder, cuts[0])
    known = len(vectors)
    try:
        done.stopped = _add_vectors(vectors, embedder, given, most_pieces, pace, begun)
    except Exception as lost:  # an embedder is foreign code: whatever it raises must not end the run
        _blame(embedder, lost)
        if len(cuts) == 1:
            done.failed[cuts[0].id] = str(lost) or type(lost).__name__
            return
        done.stopped = pace.interrupted()
        for half in (cuts[: len(cuts) // 2], cuts[len(cuts) // 2 :]):
            if done.stopped is None:
                _embed(embedder, half, most_pieces, pace, done, begun)
        return
    if done.stopped is None:
        done.add(cuts, vectors)
    else:  # only of a long text, which stands alone
        done.begun += begun.keep(embedder, cuts[0], vectors[: len(cuts[0].pieces)]) - known


def _add_vectors(
    vectors: list[Vector], embedder: BaseEmbedder, given: list[str], most_pieces: int, pace: Pace, begun: Begun
) -> Stop | None:
    """Add those that are missing, some at least; why that ended before all were there: a text is written whole.

    The time of the chunk ends it only where the next one can go on with what there is: it would never be done.
    """
    began = len(vectors)
    while len(vectors) < len(given):
        if len(vectors) > began:
            waits = begun.has_room_for(embedder, len(vectors))
            stop = pace.is_over() if waits else pace.interrupted()
            if stop is not None:
                return stop
        some = given[len(vectors) : len(vectors) + _at_once(embedder, most_pieces, pace)]
        started_s = pace.monotonic_s()
        vectors += embedder.embed(some)
        pace.took(len(some), pace.monotonic_s() - started_s)
    return None


def _blame(embedder: BaseEmbedder, lost: Exception) -> None:
    """Raises EmbedderAway unless the embedder still works."""
    after_s = lost.retry_after_s if isinstance(lost, EmbedderError) else None
    if embedder.status != "ok":
        raise EmbedderAway(embedder.reason or str(lost), after_s) from lost
    try:
        embedder.embed([PROBE])
    except Exception as also:
        raise EmbedderAway(str(lost) or type(lost).__name__, after_s) from also
