"""The fast tier's embedder: words, parts of names and groups of letters, hashed into one vector.

It needs no files and no model, and gives the same bytes on every machine and Python version: all sums are of whole
numbers, what decides about letters does not change with Unicode, and the only floats come from one correctly rounded
root and one division.  Whatever changes a vector needs another `hash_version.FEATURES`.

Words of a text that come again count by the logarithm of how often.  Common words and groups of letters count less, as
`hash_words.py` says.  It finds typos, other forms of a word and near copies; it knows nothing of synonyms.
"""

from __future__ import annotations

from array import array
from math import sqrt

from cass.policy import DEFAULT_FAST_DIMENSION
from cass.semantic.embedders.base import EmbedderNotLoaded
from cass.semantic.embedders.hash_features import features
from cass.semantic.embedders.hash_version import identity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

    from numpy.typing import NDArray

    from cass.semantic.embedders.base import Status, Vector

# A text of so many characters cannot make a sum of squares past 2**63, which a whole number of numpy's holds.
MOST_CHARS = 8_000

# Below this numpy is no faster, and its import takes longer than a query.
BATCH_TEXTS = 24
# About 300,000 features at a time: 12 MB.
BATCH_CHARS = 100_000
# Remembered words; a large archive has millions that come once.
MOST_REMEMBERED_BYTES = 16_000_000
WORD_BYTES = 120  # of an entry, without its letters and its features
FEATURE_BYTES = 6

_SPACE = ord(" ")
_TO_WORDS = bytes([code if code >= 128 or chr(code).isalnum() else _SPACE for code in range(256)])
# Eighths of 1 + log2(count), rounded down; a count past the last stays there.
_TIMES = (0, *(7 + (count**8).bit_length() for count in range(1, 256)))
_MIX = 0x9E3779B1  # crc32 alone is linear: words that differ in the same way would meet in the same way


class HashEmbedder:
    """Ready at once, in any dimension."""

    max_input_chars = MOST_CHARS
    reason = None

    def __init__(self, dim: int = DEFAULT_FAST_DIMENSION) -> None:
        self.embedder_id, self.model_version = identity(dim)
        self.dim = dim
        self.status: Status = "ok"
        self._known = _Known(dim)

    @property
    def is_loaded(self) -> bool:
        return self.status == "ok"

    def load(self) -> None:
        """There is nothing to load."""
        self.status = "ok"

    def embed(self, texts: Sequence[str]) -> list[Vector]:
        """A unit vector a text, in their order; an empty one for a text without any word.

        Raises EmbedderNotLoaded once it is closed.
        """
        if not self.is_loaded and texts:
            raise EmbedderNotLoaded(f"{self.embedder_id} is closed")
        if len(texts) < BATCH_TEXTS or not _has_numpy():
            return [_one(_counted(text), self._known) for text in texts]
        return [vector for some in _batches(texts) for vector in _many([_counted(text) for text in some], self._known)]

    def close(self) -> None:
        """Forget all words."""
        self._known = _Known(self.dim)
        self.status = "closed"


class _Known:
    """Words met before, with their features: word number n has those from starts[n] to starts[n + 1]."""

    def __init__(self, dim: int) -> None:
        self.dim = dim
        self.forget()

    def forget(self) -> None:
        self.numbers: dict[bytes, int] = {}
        self.starts = array("q", [0])
        self.places = array("I")
        self.weights = array("h")
        self.bytes = 0

    def learn(self, words: Iterable[bytes]) -> None:
        codes, weights = self._features([word for word in words if word not in self.numbers])
        mixed = [code * _MIX for code in codes]
        self.places.extend([(each >> 16 & 0xFFFF) * self.dim >> 16 for each in mixed])
        self.weights.extend([weight if each & 0x8000 else -weight for weight, each in zip(weights, mixed, strict=True)])

    def learn_many(self, texts: Sequence[dict[bytes, int]]) -> None:
        """The same for the words of many texts, by numpy."""
        import numpy as np

        codes, weights = self._features(set[bytes]().union(*texts).difference(self.numbers))
        mixed = np.array(codes, np.uint64) * np.uint64(_MIX)
        places = (mixed >> np.uint64(16) & np.uint64(0xFFFF)) * np.uint64(self.dim) >> np.uint64(16)
        signed = np.array(weights, np.int16) * np.where(mixed & np.uint64(0x8000), np.int16(1), np.int16(-1))
        self.places.frombytes(places.astype(np.uint32).tobytes())
        self.weights.frombytes(signed.tobytes())

    def _features(self, new: Iterable[bytes]) -> tuple[list[int], list[int]]:
        """The features' codes and weights of words that get their numbers here, one word's behind the other's."""
        codes: list[int] = []
        weights: list[int] = []
        before = len(self.places)
        for word in new:
            self.numbers[word] = len(self.starts) - 1
            some, their_weights = features(word)
            codes += some
            weights += their_weights
            self.starts.append(before + len(codes))
            self.bytes += WORD_BYTES + len(word) + FEATURE_BYTES * len(some)
        return codes, weights

    def make_room(self) -> None:
        if self.bytes > MOST_REMEMBERED_BYTES:
            self.forget()


def _counted(text: str) -> dict[bytes, int]:
    """The words as they are written, each with how often.  Everything beyond ASCII is still part of a word here."""
    counts: dict[bytes, int] = {}
    seen = counts.get
    for word in text[:MOST_CHARS].encode("utf-8", "surrogatepass").translate(_TO_WORDS).split():
        counts[word] = seen(word, 0) + 1
    return counts


def _one(counts: dict[bytes, int], known: _Known) -> Vector:
    known.make_room()
    known.learn(counts)
    sums = [0] * known.dim
    for word, count in counts.items():
        number = known.numbers[word]
        part = slice(known.starts[number], known.starts[number + 1])
        times = _TIMES[min(count, 255)]
        for place, weight in zip(known.places[part], known.weights[part], strict=True):
            sums[place] += weight * times
    square = sum([each * each for each in sums])
    # A whole number, its root and a quotient: IEEE 754 says to the last bit how each is rounded.
    length = sqrt(square)
    return array("f", [each / length for each in sums] if square else ())


def _many(texts: list[dict[bytes, int]], known: _Known) -> Iterator[Vector]:
    """What `_one` gives, to the last bit."""
    import numpy as np

    sums = _summed(texts, known)
    lengths = np.sqrt((sums * sums).sum(axis=1).astype(np.float64))
    rows = np.divide(sums, lengths[:, None], where=lengths[:, None] > 0, out=np.zeros(sums.shape)).astype(np.float32)
    for row, length in zip(rows, lengths, strict=True):
        yield array("f", row.tobytes() if length else b"")


def _summed(texts: list[dict[bytes, int]], known: _Known) -> NDArray[Any]:
    """A row of whole numbers a text.  Features lie one after another, and each is added where its text's row has it."""
    import numpy as np

    known.make_room()
    known.learn_many(texts)
    number = known.numbers.__getitem__
    numbers = np.array([each for counts in texts for each in map(number, counts)], np.int64)
    # Its kind is said: a list of nothing would be one of floats.
    often = np.array([count for counts in texts for count in counts.values()], np.int64)
    times = np.array(_TIMES)[np.minimum(often, 255)]
    rows = np.repeat(np.arange(len(texts)) * known.dim, [len(counts) for counts in texts])
    starts = np.frombuffer(known.starts, np.int64)
    first, how_many = starts[numbers], starts[numbers + 1] - starts[numbers]
    ends = np.cumsum(how_many)
    total = int(ends[-1]) if len(ends) else 0
    picked = np.arange(total) + np.repeat(first - (ends - how_many), how_many)
    places = np.frombuffer(known.places, np.uint32)[picked] + np.repeat(rows, how_many)
    weights = np.frombuffer(known.weights, np.int16)[picked] * np.repeat(times, how_many)
    # Its sums are floats, and exact: they stay far below 2**53.
    sums = np.bincount(places, weights, len(texts) * known.dim)
    return sums.astype(np.int64).reshape(len(texts), known.dim)


def _batches(texts: Sequence[str]) -> Iterator[list[str]]:
    some: list[str] = []
    chars = 0
    for text in texts:
        some.append(text)
        chars += min(len(text), MOST_CHARS)
        if chars >= BATCH_CHARS:
            yield some
            some, chars = [], 0
    if some:
        yield some


def _has_numpy() -> bool:
    try:
        import numpy  # noqa: F401
    except ImportError:
        return False
    return True
