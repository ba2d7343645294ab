"""Texts to vectors, and whose fault it is when that fails: one text's, or the embedder's."""

from __future__ import annotations

from array import array

from cass.records import record
from cass.semantic.chunks import pieces
from cass.semantic.embedders.base import EmbedderError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from cass.semantic.embedders.base import BaseEmbedder, Vector
    from cass.store.owed import OwedText

    Row = tuple[int, int, int, Vector]

# An embedder that works can do this; if it cannot, the texts are not to blame.
PROBE = "cass"
# So many texts, all failing alone, are more likely one fault of the embedder's than as many faults of theirs.
TOO_MANY = 8


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


class Embedded:
    """What came of some texts: rows for the tier's writer, texts that failed alone, the embedder's own fault if any."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.texts = 0
        self.failed: dict[int, str] = {}
        self.away: EmbedderAway | None = None

    def add(self, cuts: Iterable[Cut], vectors: Iterable[Vector]) -> None:
        """Take the vectors of these texts, in their order."""
        following = iter(vectors)
        for cut in cuts:
            self.texts += 1
            found = [next(following) for _ in cut.pieces] or [array("f")]
            self.rows += [(cut.id, number, cut.newest_ms, vector) for number, vector in enumerate(found)]


def cut(texts: Iterable[OwedText]) -> list[Cut]:
    """The pieces of each text."""
    return [Cut(one.id, one.newest_ms, tuple(pieces(one.kind, one.text))) for one in texts]


def embed(embedder: BaseEmbedder, cuts: Sequence[Cut], most_pieces: int, is_over: Callable[[], bool]) -> Embedded:
    """Embed some texts at a time, as many as have so many pieces; between them `is_over` may end it.

    What was embedded before the embedder failed is kept.
    """
    done = Embedded()
    failed: dict[int, str] = {}
    some: list[Cut] = []
    try:
        for some in _slices(cuts, most_pieces):
            if done.texts and is_over():
                break
            _embed(embedder, some, done, failed)
    except EmbedderAway as away:
        done.away = away
        return done
    if len(failed) >= TOO_MANY and not done.texts:
        done.away = EmbedderAway(f"it failed with every text: {next(iter(failed.values()))}")
        return done
    done.failed = failed
    return done


def _slices(cuts: Sequence[Cut], most_pieces: int) -> Iterator[list[Cut]]:
    some: list[Cut] = []
    count = 0
    for cut in cuts:
        if some and count + len(cut.pieces) > most_pieces:
            yield some
            some, count = [], 0
        some.append(cut)
        count += len(cut.pieces)
    if some:
        yield some


def _embed(embedder: BaseEmbedder, cuts: Sequence[Cut], done: Embedded, failed: dict[int, str]) -> None:
    """Embed these texts; where that fails, each half of them, until what is poison stands alone."""
    try:
        vectors = embedder.embed([piece for cut in cuts for piece in cut.pieces])
    except Exception as lost:  # an embedder is foreign code: whatever it raises must not end the run
        _blame(embedder, lost)
        if len(cuts) == 1:
            failed[cuts[0].id] = str(lost) or type(lost).__name__
            return
        half = len(cuts) // 2
        _embed(embedder, cuts[:half], done, failed)
        _embed(embedder, cuts[half:], done, failed)
        return
    done.add(cuts, vectors)


def _blame(embedder: BaseEmbedder, lost: Exception) -> None:
    """Raises EmbedderAway unless the embedder still works."""
    after_s = lost.retry_after_s if isinstance(lost, EmbedderError) else None
    if embedder.status != "ok":
        raise EmbedderAway(embedder.reason or str(lost), after_s) from lost
    try:
        embedder.embed([PROBE])
    except Exception as also:
        raise EmbedderAway(str(lost) or type(lost).__name__, after_s) from also
