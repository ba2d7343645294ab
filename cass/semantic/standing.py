"""What of a tier's vectors can be used, and what its list says of them: for those who tell how things stand.

Whatever is wrong with a file becomes a reason, never an error.  Nothing is mapped: a search opens `vectors.Tier`.
"""

from __future__ import annotations

import os

from cass.policy import SemanticArtifactKind
from cass.semantic.manifest import FAST, QUALITY, Damage, Manifest, Segment, parse, read_current
from cass.semantic.segment_files import check, row_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TypeVar

    from cass.policy import InvalidationAction, SemanticAssetManifest

    Judge = Callable[[SemanticAssetManifest], InvalidationAction]
    S = TypeVar("S")
    T = TypeVar("T")

KIND_OF = {FAST: SemanticArtifactKind.FAST_VECTOR_INDEX, QUALITY: SemanticArtifactKind.QUALITY_VECTOR_INDEX}
# A writer may publish and remove between our reading the list and our opening its files; then the list is read again.
TRIES = 5


class Standing:
    """The vectors of one tier that can be used, as they stood at one moment."""

    def __init__(self, manifest: Manifest, usable: Sequence[Segment], skipped: Sequence[str]) -> None:
        self.manifest = manifest
        self.usable = tuple(usable)
        self.skipped = tuple(skipped)  # why segments are left out, in words

    @property
    def count(self) -> int:
        """Vectors that count."""
        return sum([one.live_count for one in self.usable])

    @property
    def documents(self) -> int:
        """Texts that count."""
        return sum([one.live_texts for one in self.usable])

    @property
    def size_bytes(self) -> int:
        """What the usable vectors take on disk."""
        return sum([one.count * row_bytes(one.recipe.dim) for one in self.usable])

    @property
    def newest_ms(self) -> int | None:
        return max([one.newest_ms for one in self.usable], default=None)

    @property
    def coverage_since_ms(self) -> int | None:
        """From here on nothing was left out for lack of room; None without vectors.

        Texts that are still owed are not known here: newer ones among them move the bound up.
        """
        if not self.usable:
            return None
        oldest_ms = min([one.oldest_ms for one in self.usable])
        return max(oldest_ms, self.manifest.evicted_until_ms + 1 if self.manifest.evicted_bytes else oldest_ms)


def standing(root: str, tier: str, judge: Judge | None = None) -> Standing | Damage | None:
    """The tier in `root`/`tier`; None where nothing was ever written, `Damage` where nothing can be used.

    `judge` is asked about every segment's manifest; what may not serve is left out.
    """
    return read_tier(root, tier, judge, check, Standing)


def read_tier(
    root: str,
    tier: str,
    judge: Judge | None,
    use: Callable[[str, Segment], T | Damage],
    make: Callable[[Manifest, list[T], list[str]], S],
) -> S | Damage | None:
    """The same of what `use` gives for a folder and each of its segments, made by `make` into one."""
    folder = os.path.join(root, tier)
    manifest = Manifest()
    usable: list[T] = []
    skipped: list[str] = []
    for _ in range(TRIES):
        before = read_current(folder)
        if not isinstance(before, bytes):
            return before
        found = parse(before)
        if isinstance(found, Damage):
            return found
        manifest = found
        usable, skipped = _sorted([_used(folder, segment, judge, use) for segment in manifest.segments])
        if not skipped or read_current(folder) == before:
            break
    return Damage("; ".join(skipped)) if skipped and not usable else make(manifest, usable, skipped)


def _used(folder: str, segment: Segment, judge: Judge | None, use: Callable[[str, Segment], T | Damage]) -> T | Damage:
    refused = _refused(segment, judge)
    return Damage(refused) if refused else use(folder, segment)


def _sorted(found: Sequence[T | Damage]) -> tuple[list[T], list[str]]:
    """What can be used, and each reason why something cannot."""
    reasons = [one.reason for one in found if isinstance(one, Damage)]
    return [one for one in found if not isinstance(one, Damage)], list(dict.fromkeys(reasons))


def _refused(segment: Segment, judge: Judge | None) -> str | None:
    """Why this segment may not serve; None if it may."""
    if judge is None:
        return None
    action = judge(segment.asset)
    return None if action.is_usable else getattr(action, "reason", "not wanted")
