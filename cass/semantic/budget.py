"""Keep semantic artifacts inside the disk budget: measure, decide before each write, make room, say what went and why.

In:  the policy, the real files, free space as a function.  Out: leave to write or the reason against it, and events.
The decisions are the policy's; here they are carried out.  Neither the database nor the lexical index can be named.
"""

from __future__ import annotations

from cass.policy import EVICTION_ORDER, MB, SemanticArtifactKind
from cass.records import record, replace
from cass.semantic.artifacts import Shelf
from cass.semantic.manifest import Manifest, read_manifest
from cass.semantic.segment_files import row_bytes
from cass.semantic.segments import MAX_SEGMENT_BYTES
from cass.semantic.standing import KIND_OF
from cass.semantic.usage import REST, Artifact, usage_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from cass.policy import BudgetDecision, SemanticPolicy

FAST, QUALITY = SemanticArtifactKind.FAST_VECTOR_INDEX, SemanticArtifactKind.QUALITY_VECTOR_INDEX
# Lists of segments are written anew beside the old ones, also to evict when the budget is used up: they fit in here.
SLACK_BYTES = 16 * 1024
# A budget holds so many segments, so that evicting one never takes much of what can be found.
SEGMENTS_IN_BUDGET = 16
MIN_SEGMENT_BYTES = 128 * 1024
TRIES = 4  # what was evicted may still be held by a reader: then the sizes are not what they were meant to be


@record
class Evicted:
    """Something that went: an event for the record."""

    kind: SemanticArtifactKind
    name: str
    size_bytes: int
    why: str
    newest_ms: int | None = None


@record
class Leave:
    """What came of asking for room.  With `refused` nothing was evicted for it and nothing may be written."""

    evicted: tuple[Evicted, ...] = ()
    refused: BudgetDecision | None = None


class Budget:
    """The one who is asked before a semantic artifact is written.  The caller holds the worker's lock.

    `free_bytes` says what is free on the volume now.  With `shares`, each tier keeps to its part: a write of quality
    vectors may not evict fast ones, so where a history is larger than the budget it would get nothing.
    `quality_dim`: floats in a vector of the quality tier's embedder; None: as many as the policy says.
    """

    def __init__(
        self,
        policy: SemanticPolicy,
        shelf: Shelf,
        free_bytes: Callable[[], int],
        shares: bool = False,
        quality_dim: int | None = None,
    ) -> None:
        self.policy = policy
        self.shelf = shelf
        self._free_bytes = free_bytes
        self._shares = shares
        self._quality_dim = quality_dim or policy.quality_dimension

    @property
    def total_bytes(self) -> int:
        return self.policy.semantic_budget_mb * MB

    @property
    def segment_bytes(self) -> int:
        """How large a segment may grow."""
        return max(MIN_SEGMENT_BYTES, min(MAX_SEGMENT_BYTES, self.total_bytes // SEGMENTS_IN_BUDGET))

    def usage(self) -> dict[SemanticArtifactKind, int]:
        """Bytes of the real files of each kind."""
        return usage_bytes(self.shelf.artifacts())

    def used_bytes(self) -> int:
        return sum(self.usage().values())

    def decision(self, write_bytes: int = 0) -> BudgetDecision:
        """What the policy says to a write of so many bytes, as things stand."""
        return self.policy.check_budget_bytes(write_bytes, self.used_bytes(), self._free_bytes())

    def make_room(
        self,
        kind: SemanticArtifactKind,
        write_bytes: int,
        newest_ms: int | None = None,
        replaced: Collection[str] = (),
    ) -> Leave:
        """Evict what a write of this size may evict, if that lets it in.

        `replaced`: names of segments whose texts are all to have other vectors.  They may go whatever their time, since
        what they hold is made behind what is written; and nothing is to wait for the room that they took: more of it
        comes free with every text that has its new ones.
        """
        evicted: tuple[Evicted, ...] = ()
        refused = None
        for _ in range(TRIES):
            room = self._room(kind, write_bytes + SLACK_BYTES, newest_ms, replaced)
            refused = room.refused
            if refused is not None or not room.evict:
                break
            why = f"room for {kind.replace('_', ' ')}"
            evicted += self._evict([one for one in room.evict if one.name in replaced], why, waits=False)
            evicted += self._evict([one for one in room.evict if one.name not in replaced], why)
        else:
            refused = self.decision(write_bytes + SLACK_BYTES)
        return Leave(evicted, refused)

    def _room(
        self, kind: SemanticArtifactKind, write_bytes: int, newest_ms: int | None, replaced: Collection[str]
    ) -> SemanticPolicy.Room:
        stands = [_as_older(one, newest_ms or 0) if one.name in replaced else one for one in self._stands()]
        free_bytes = self._free_bytes()
        own = self._within_share(kind, write_bytes, stands)
        first = self.policy.make_room(kind, write_bytes, own, free_bytes, newest_ms)
        if first.refused is not None:
            return first
        left = [artifact for artifact in stands if artifact not in first.evict]
        second = self.policy.make_room(kind, write_bytes, left, free_bytes, newest_ms)
        return second if second.refused is not None else replace(second, evict=first.evict + second.evict)

    def _stands(self) -> list[Artifact]:
        """All artifacts; what is no piece of its own counts, but nothing is won by evicting it."""
        model = SemanticArtifactKind.MODEL_FILES
        return [
            replace(artifact, kind=model) if artifact.name.endswith(f"/{REST}") else artifact
            for artifact in self.shelf.artifacts()
        ]

    def _within_share(self, kind: SemanticArtifactKind, write_bytes: int, stands: list[Artifact]) -> list[Artifact]:
        """What counts against this kind's own share; nothing where it stays inside it or has none."""
        share_bytes = self._share_bytes(kind, stands)
        own = [artifact for artifact in stands if artifact.kind == kind]
        if share_bytes is None or sum([one.size_bytes for one in own]) + write_bytes <= share_bytes:
            return []
        others = Artifact(SemanticArtifactKind.MODEL_FILES, "the others' share", self.total_bytes - share_bytes)
        return [*own, others]

    def _share_bytes(self, kind: SemanticArtifactKind, stands: list[Artifact]) -> int | None:
        """This tier's part of what models leave: so large that both tiers hold equally many vectors.

        Neither uses what the other left free: that would be evicted again as soon as the other one needs it.
        """
        if not self._shares or kind not in (FAST, QUALITY):
            return None
        models = [one.size_bytes for one in stands if one.kind == SemanticArtifactKind.MODEL_FILES]
        fast, quality = row_bytes(self.policy.fast_dimension), row_bytes(self._quality_dim)
        part = fast if kind == FAST else quality
        return max(self.total_bytes - sum(models), 0) * part // (fast + quality)

    def left_bytes(self, kind: SemanticArtifactKind) -> int:
        """What this kind can write without evicting anything."""
        stands = self._stands()
        left = self.total_bytes - sum([one.size_bytes for one in stands])
        share_bytes = self._share_bytes(kind, stands)
        if share_bytes is not None:
            left = min(left, share_bytes - sum([one.size_bytes for one in stands if one.kind == kind]))
        return max(left - SLACK_BYTES, 0)

    def reach_bytes(self, kind: SemanticArtifactKind, newest_ms: int) -> int:
        """What a write of that time could take, with all evicted for it that it may evict."""
        stands, share_bytes = self._stands(), self._share_bytes(kind, self._stands())
        stays = [one for one in stands if not kind.may_evict(one.kind, (one.newest_ms or 0) < newest_ms)]
        left = self.total_bytes - sum([one.size_bytes for one in stays])
        if share_bytes is not None:
            left = min(left, share_bytes - sum([one.size_bytes for one in stays if one.kind == kind]))
        return max(left - SLACK_BYTES, 0)

    def is_large(self, size_bytes: int) -> bool:
        """Would so much more than a segment's share of the budget have to be free that others had better not wait?

        Into a budget of nothing the smallest does not fit either: none is large there.
        """
        return size_bytes > self.total_bytes // SEGMENTS_IN_BUDGET > 0

    def waits(self, tier: str) -> int | None:
        """Texts up to this time (ms) went for lack of room, and there is none yet; None when nothing waits.

        When all that went would fit again it is forgotten that it went.
        """
        manifest = read_manifest(self.shelf.folder(tier))
        if not isinstance(manifest, Manifest) or not manifest.evicted_bytes:
            return None
        if manifest.evicted_bytes > self.left_bytes(KIND_OF[tier]) or not self.policy.has_room_again(
            manifest.evicted_bytes, self.shelf.artifacts(), self._free_bytes()
        ):
            return manifest.evicted_until_ms
        self.shelf.publish(tier, replace(manifest, evicted_bytes=0, evicted_until_ms=0))
        return None

    def enforce(self) -> tuple[Evicted, ...]:
        """Evict until all fits into a budget that became smaller, and the disk has its floor free again."""
        evicted: tuple[Evicted, ...] = ()
        for _ in range(TRIES):
            artifacts, free_bytes = self.shelf.artifacts(), self._free_bytes()
            too_much = self.policy.shrink(artifacts, free_bytes)
            if not too_much:
                break
            if sum([one.size_bytes for one in artifacts]) > self.total_bytes:
                # The newest part is made again as far as it fits: the budget stays as it is, so it will not go again.
                evicted += self._evict(too_much, "the budget is smaller", waits=False)
            else:
                evicted += self._evict(too_much, "the disk is nearly full")
        return evicted

    def _evict(self, artifacts: Sequence[Artifact], why: str, waits: bool = True) -> tuple[Evicted, ...]:
        """Remove these, the weakest kind first; events for those that are gone."""
        gone: list[Artifact] = []
        for kind in EVICTION_ORDER:
            of_kind = [one for one in artifacts if one.kind == kind]
            gone += self._evict_segments([one for one in of_kind if _is_segment(one)], waits)
            gone += [one for one in of_kind if not _is_segment(one) and self.shelf.remove(one)]
        return tuple([Evicted(one.kind, one.name, one.size_bytes, why, one.newest_ms) for one in gone])

    def _evict_segments(self, segments: list[Artifact], waits: bool) -> list[Artifact]:
        """Remove segments of one tier."""
        if not segments:
            return []
        tier = segments[0].name.partition("/")[0]
        numbers = [int(one.name.partition("/")[2]) for one in segments]
        size_bytes = sum([one.size_bytes for one in segments])
        # A write asks for more than its rows, and the list is shorter now: with what that leaves over, what went would
        # seem to fit again at once.
        waiting_bytes = size_bytes + SLACK_BYTES if waits else 0
        return segments if self.shelf.remove_segments(tier, numbers, waiting_bytes) else []


def _as_older(artifact: Artifact, newest_ms: int) -> Artifact:
    return replace(artifact, newest_ms=min(artifact.newest_ms or 0, newest_ms - 1))


def _is_segment(artifact: Artifact) -> bool:
    return artifact.kind in (FAST, QUALITY) and not artifact.name.endswith(f"/{REST}")
