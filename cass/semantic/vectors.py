"""The vectors of a tier, as a search reads them: whatever is wrong with a file becomes a reason, never an error.

In:  a folder with segments and their list.  Out: text ids with cosines.
Who has opened a tier sees it whole, whatever is written, evicted or compacted meanwhile.
"""

from __future__ import annotations

import os

from cass.policy import SemanticArtifactKind
from cass.semantic.manifest import Damage, Manifest, Recipe, parse, read_current
from cass.semantic.scan import best_engine, to_i8
from cass.semantic.segments import NO_VECTOR, OpenSegment, open_segment, row_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from array import array
    from collections.abc import Callable, Collection, Sequence

    from cass.policy import InvalidationAction, SemanticAssetManifest
    from cass.semantic.manifest import Segment
    from cass.semantic.scan import Engine

    Near = tuple[int, int, float]  # text id, piece, cosine
    Judge = Callable[[SemanticAssetManifest], InvalidationAction]

FAST, QUALITY = "fast", "quality"
KIND_OF = {FAST: SemanticArtifactKind.FAST_VECTOR_INDEX, QUALITY: SemanticArtifactKind.QUALITY_VECTOR_INDEX}
# So many rows take one core more than 5 ms.
WORTH_TWO = 65_536
# A writer may publish and remove between our reading the list and our opening its files; then the list is read again.
TRIES = 5


class Tier:
    """The vectors of one tier that can be used, opened as they stood at one moment."""

    def __init__(self, manifest: Manifest, segments: Sequence[OpenSegment], skipped: Sequence[str]) -> None:
        self.manifest = manifest
        self.segments = tuple(segments)
        self.skipped = tuple(skipped)  # why segments are left out, in words

    @staticmethod
    def open(root: str, tier: str, judge: Judge | None = None) -> Tier | Damage | None:
        """The tier in `root`/`tier`; None where nothing was ever written, `Damage` where nothing can be used.

        `judge` is asked about every segment's manifest; what may not serve is left out.
        """
        folder = os.path.join(root, tier)
        for _ in range(TRIES):
            before = read_current(folder)
            if not isinstance(before, bytes):
                return before
            manifest = parse(before)
            if isinstance(manifest, Damage):
                return manifest
            opened = _opened(folder, manifest, judge)
            if not opened.skipped or read_current(folder) == before:
                break
        return Damage("; ".join(opened.skipped)) if opened.skipped and not opened.segments else opened

    def scan(
        self, query: Sequence[float], k: int, allowed: Collection[int] | None = None, engine: Engine | None = None
    ) -> list[tuple[int, int, float]]:
        """The `k` vectors nearest to `query`: (text id, piece, cosine), best first; equals by text id and piece.

        With `allowed`, vectors of these texts only.  Vectors of another length than `query` are not looked at.
        """
        if not query or k <= 0:
            return []
        signed = to_i8(query)
        fitting = [one for one in self.segments if one.segment.recipe.dim == len(signed)]

        def nearest(segments: Sequence[OpenSegment]) -> list[Near]:
            return [near for one in segments for near in one.nearest(signed, k, allowed, engine)]

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

    @property
    def count(self) -> int:
        """Vectors that count."""
        return sum([one.segment.live_count for one in self.segments])

    @property
    def documents(self) -> int:
        """Texts that count."""
        return sum([one.segment.live_texts for one in self.segments])

    @property
    def size_bytes(self) -> int:
        """What the usable vectors take on disk."""
        return sum([one.segment.count * row_bytes(one.segment.recipe.dim) for one in self.segments])

    @property
    def newest_ms(self) -> int | None:
        return max([one.segment.newest_ms for one in self.segments], default=None)

    @property
    def coverage_since_ms(self) -> int | None:
        """From here on nothing was left out for lack of room; None without vectors.

        Texts that are still owed are not known here: newer ones among them move the bound up.
        """
        if not self.segments:
            return None
        oldest_ms = min([one.segment.oldest_ms for one in self.segments])
        return max(oldest_ms, self.manifest.evicted_until_ms + 1 if self.manifest.evicted_bytes else oldest_ms)


def _by_two(nearest: Callable[[Sequence[OpenSegment]], list[Near]], segments: Sequence[OpenSegment]) -> list[Near]:
    """What `nearest` finds, one half of the segments in a thread: the scan itself lets go of Python's lock."""
    from threading import Thread

    best_engine()  # loading it is for one thread
    half, found = len(segments) // 2, []
    other = Thread(target=lambda: found.append(nearest(segments[:half])))
    other.start()
    mine = nearest(segments[half:])
    other.join()
    return (found[0] if found else nearest(segments[:half])) + mine


def _opened(folder: str, manifest: Manifest, judge: Judge | None) -> Tier:
    usable, skipped = [], []
    for segment in manifest.segments:
        refused = _refused(segment, judge)
        one = Damage(refused) if refused else open_segment(folder, segment)
        if isinstance(one, OpenSegment):
            usable.append(one)
        else:
            skipped.append(one.reason)
    return Tier(manifest, usable, list(dict.fromkeys(skipped)))


def _refused(segment: Segment, judge: Judge | None) -> str | None:
    """Why this segment may not serve; None if it may."""
    if judge is None:
        return None
    action = judge(segment.asset)
    return None if action.is_usable else getattr(action, "reason", "not wanted")


def _rank(found: tuple[int, int, float]) -> tuple[float, int, int]:
    return -found[2], found[0], found[1]
