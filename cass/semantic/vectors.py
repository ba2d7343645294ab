"""The vectors of a tier, as a search reads them: whatever is wrong with a file becomes a reason, never an error.

In:  a folder with segments and their list.  Out: text ids with cosines.
Who has opened a tier sees it whole, whatever is written, evicted or compacted meanwhile.
"""

from __future__ import annotations

from cass.semantic.scan import NO_COSINE, best_engine, to_i8
from cass.semantic.segments import NO_VECTOR, OpenSegment, open_segment
from cass.semantic.standing import Standing, read_tier

TYPE_CHECKING = False
if TYPE_CHECKING:
    from array import array
    from collections.abc import Callable, Collection, Sequence

    from cass.semantic.manifest import Damage, Manifest, Recipe
    from cass.semantic.scan import Engine
    from cass.semantic.standing import Judge

    Near = tuple[int, int, float]  # text id, piece, cosine
    TierOpener = Callable[[str, str, Judge | None], "Tier | Damage | None"]  # as `Tier.open`

# So many rows take one core more than 5 ms.
WORTH_TWO = 65_536


class ScanStopped(Exception):
    """Whoever waits for a scan waits no longer: it has not seen every segment."""


class Tier(Standing):
    """The vectors of one tier that can be used, opened as they stood at one moment."""

    def __init__(self, manifest: Manifest, segments: Sequence[OpenSegment], skipped: Sequence[str]) -> None:
        super().__init__(manifest, [one.segment for one in segments], skipped)
        self.segments = tuple(segments)

    @staticmethod
    def open(root: str, tier: str, judge: Judge | None = None) -> Tier | Damage | None:
        """The tier in `root`/`tier`; None where nothing was ever written, `Damage` where nothing can be used.

        `judge` is asked about every segment's manifest; what may not serve is left out.
        """
        return read_tier(root, tier, judge, open_segment, Tier)

    def scan(
        self,
        query: Sequence[float],
        k: int,
        allowed: Collection[int] | None = None,
        engine: Engine | None = None,
        must_stop: Callable[[], bool] = lambda: False,
    ) -> list[tuple[int, int, float]]:
        """The `k` vectors nearest to `query`: (text id, piece, cosine), best first; equals by text id and piece.

        With `allowed`, vectors of these texts only.  Vectors of another length than `query` are not looked at.
        Raises ScanStopped where `must_stop`, asked between two segments, says so.
        """
        if not query or k <= 0:
            return []
        signed = to_i8(query)
        fitting = [one for one in self.segments if one.segment.recipe.dim == len(signed)]

        def nearest(segments: Sequence[OpenSegment]) -> list[Near]:
            found: list[Near] = []
            for one in segments:
                if one is not segments[0] and must_stop():
                    raise ScanStopped
                found += one.nearest(signed, k, allowed, engine, least=_kth_best(found, k))
            return found

        is_long = allowed is None and sum([one.segment.count for one in fitting]) >= WORTH_TWO
        found = _by_two(nearest, fitting) if is_long else nearest(fitting)
        found.sort(key=_rank)
        return found[:k]

    def cosines(self, query: Sequence[float], texts: Collection[int]) -> dict[int, float]:
        """For each of these texts that is here the cosine of its best piece."""
        best: dict[int, float] = {}
        for text, _, cosine in self.scan(query, self.count, frozenset(texts)):
            best.setdefault(text, cosine)
        return best

    def pieces(self, texts: Collection[int], dim: int) -> dict[int, list[bytes]]:
        """For each of these texts that is here with `dim` parts a vector: those of its pieces, as signed bytes."""
        found: dict[int, list[bytes]] = {}
        for one in [each for each in self.segments if each.segment.recipe.dim == dim]:
            for row in one.places(texts):
                text, piece = one.key(row)
                if piece != NO_VECTOR:
                    found.setdefault(text, []).append(one.row(row))
        return found

    def ids(self, recipe: Recipe | None = None) -> array[int]:
        """The ids of the texts that are here, ascending, each once; only those made by `recipe`, if given."""
        from array import array

        found: set[int] = set()
        for one in self.segments:
            if recipe is None or one.segment.recipe == recipe:
                found.update(one.all_ids() if not one.dead else [one.key(row)[0] for row in one.live_rows()])
        return array("q", sorted(found))


def _kth_best(found: Sequence[Near], k: int) -> float:
    """What is not as near cannot be one of the `k` any more."""
    return sorted([cosine for _, _, cosine in found])[-k] if len(found) >= k else NO_COSINE


def _by_two(nearest: Callable[[Sequence[OpenSegment]], list[Near]], segments: Sequence[OpenSegment]) -> list[Near]:
    """What `nearest` finds, one half of the segments in a thread: the scan itself lets go of Python's lock."""
    from threading import Thread

    best_engine()  # loading it is for one thread
    half = len(segments) // 2
    found: list[list[Near]] = []

    def beside() -> None:
        try:
            found.append(nearest(segments[:half]))
        except ScanStopped:
            pass  # so will be whoever asks again

    other = Thread(target=beside)
    other.start()
    mine = nearest(segments[half:])
    other.join()
    return (found[0] if found else nearest(segments[:half])) + mine


def _rank(found: tuple[int, int, float]) -> tuple[float, int, int]:
    return -found[2], found[0], found[1]
