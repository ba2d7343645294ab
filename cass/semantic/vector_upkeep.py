"""What a tier needs now and then: damaged files found and dropped, unwanted ones discarded, thin ones poured together.

Everything that goes here is owed again and made anew by the next backfill.  The caller holds the worker's lock.
"""

from __future__ import annotations

import os

from cass.policy import SemanticArtifactKind
from cass.records import record, replace
from cass.semantic.blocks import NEW_FILES_BYTES, Text, add, new_segment
from cass.semantic.graph_files import check_graph
from cass.semantic.graph_growth import remove_graph
from cass.semantic.manifest import Damage, Manifest, read_manifest
from cass.semantic.segment_files import KEY_BYTES, file_names, row_bytes
from cass.semantic.segments import OpenSegment, open_segment
from cass.semantic.standing import KIND_OF
from cass.semantic.usage import GRAPH

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from cass.policy import InvalidationAction
    from cass.semantic.artifacts import Shelf
    from cass.semantic.budget import Budget
    from cass.semantic.manifest import Segment
    from cass.semantic.standing import Judge

# Past this share of rows that do not count, a segment is written anew without them.
MOST_DEAD = 0.25
# Segments below this share of a full one are poured together.
THIN = 0.25


@record
class Dropped:
    """Vectors, or their graph, that cannot be used or are not wanted any more: an event for the record."""

    name: str
    size_bytes: int
    reason: str

    @property
    def kind(self) -> SemanticArtifactKind:
        tier, _, what = self.name.partition("/")
        return SemanticArtifactKind.HNSW_ACCELERATOR if what == GRAPH else KIND_OF[tier]


def verify(shelf: Shelf, tier: str, full: bool = True) -> tuple[Dropped, ...]:
    """What `mend` would drop; nothing is changed."""
    damage = shelf.damage(tier)
    if damage is not None:
        return (Dropped(tier, 0, damage.reason),)
    graph = check_graph(shelf.folder(tier), full)
    found = (Dropped(f"{tier}/{GRAPH}", 0, graph.reason),) if graph else ()
    return found + tuple(
        [_dropped(tier, segment, one) for segment, one in _looked_at(shelf, tier, full) if _is_bad(one)]
    )


def mend(shelf: Shelf, tier: str, full: bool = False) -> tuple[Dropped, ...]:
    """Drop what is damaged and sweep up what no list names.

    Files whose time is not the one written down are read and compared with their checksums, with `full` all are.
    """
    damage = shelf.damage(tier)
    if damage is not None:
        graph = drop_graph(shelf, tier, damage.reason)
        return (*graph, Dropped(tier, shelf.remove_all(tier), damage.reason))
    bad = check_graph(shelf.folder(tier), full)
    graph = drop_graph(shelf, tier, bad.reason) if bad is not None else ()
    vectors = _mended(shelf, tier, full)
    shelf.sweep(tier)
    return (*graph, *vectors)


def drop_graph(shelf: Shelf, tier: str, reason: str) -> tuple[Dropped, ...]:
    """Take the tier's graph away, if it has one."""
    name = f"{tier}/{GRAPH}"
    found = [Dropped(name, one.size_bytes, reason) for one in shelf.artifacts() if one.name == name]
    if found:
        remove_graph(shelf, tier)
    return tuple(found)


def _looked_at(shelf: Shelf, tier: str, full: bool) -> list[tuple[Segment, OpenSegment | Damage]]:
    manifest = read_manifest(shelf.folder(tier))
    segments = manifest.segments if isinstance(manifest, Manifest) else ()
    return [(segment, open_segment(shelf.folder(tier), segment, full)) for segment in segments]


def _mended(shelf: Shelf, tier: str, full: bool) -> tuple[Dropped, ...]:
    found = _looked_at(shelf, tier, full)
    good = tuple([_stamped(shelf.folder(tier), segment) for segment, one in found if isinstance(one, OpenSegment)])
    manifest = read_manifest(shelf.folder(tier))
    if isinstance(manifest, Manifest) and good != manifest.segments:
        shelf.publish(tier, replace(manifest, segments=good))
    return tuple([_dropped(tier, segment, one) for segment, one in found if _is_bad(one)])


def _dropped(tier: str, segment: Segment, one: OpenSegment | Damage) -> Dropped:
    return Dropped(f"{tier}/{segment.number}", _size(segment), getattr(one, "reason", ""))


def _stamped(folder: str, segment: Segment) -> Segment:
    """The segment with its files' present times: a copied folder is read whole only once."""
    rows, keys = [os.stat(os.path.join(folder, name)).st_mtime_ns for name in file_names(segment)[:2]]
    return replace(segment, rows_stamp=rows, keys_stamp=keys)


def settle(shelf: Shelf, tier: str, judge: Judge) -> tuple[Dropped, ...]:
    """Remove the segments that the policy wants discarded or evicted; what may serve meanwhile stays.

    `judge` is the policy's invalidation for the embedder that is wanted, as the configuration has it: flags of one
    command must never come here.
    """
    manifest = read_manifest(shelf.folder(tier))
    if not isinstance(manifest, Manifest):
        return ()
    judged = [(segment, judge(segment.asset)) for segment in manifest.segments]
    unwanted = [(segment, action) for segment, action in judged if not action.is_usable]
    if not unwanted:
        return ()
    # Without any vectors their graph goes with them.
    graph = drop_graph(shelf, tier, _why(unwanted[0][1])) if len(unwanted) == len(judged) else ()
    shelf.remove_segments(tier, [segment.number for segment, _ in unwanted])
    gone = [Dropped(f"{tier}/{segment.number}", _size(segment), _why(action)) for segment, action in unwanted]
    return (*graph, *gone)


def _why(action: InvalidationAction) -> str:
    return getattr(action, "reason", "not wanted any more")


def compact(budget: Budget, tier: str, now_ms: Callable[[], int]) -> int:
    """Write segments anew that are a quarter dead, and pour thin ones together; how many went.

    Evicts nothing: what has no room for its copy stays as it is.  Raises OSError, nothing being lost.
    """
    shelf = budget.shelf
    manifest = read_manifest(shelf.folder(tier))
    if not isinstance(manifest, Manifest):
        return 0
    return sum([_pour(budget, tier, group, now_ms) for group in _groups(manifest, budget.segment_bytes)])


def _groups(manifest: Manifest, full_bytes: int) -> list[list[Segment]]:
    """Neighbours of one side and recipe that fit into one segment, where pouring them together wins something."""
    groups: list[list[Segment]] = []
    last: dict[tuple[object, str], list[Segment]] = {}
    for segment in manifest.segments:
        if not (_is_worn(segment) or _size(segment) < full_bytes * THIN):
            continue
        group = last.get((segment.recipe, segment.side))
        if group is None or sum([_live_bytes(one) for one in [*group, segment]]) > full_bytes:
            group = last[segment.recipe, segment.side] = []
            groups.append(group)
        group.append(segment)
    return [group for group in groups if len(group) > 1 or _is_worn(group[0])]


def _pour(budget: Budget, tier: str, group: list[Segment], now_ms: Callable[[], int]) -> int:
    """The live rows of these segments in a new one, in the place of the first; 0 if there is no room for it."""
    shelf, kind = budget.shelf, KIND_OF[tier]
    write_bytes = NEW_FILES_BYTES + sum([_live_bytes(segment) for segment in group])
    opened = [one for one in [open_segment(shelf.folder(tier), segment) for segment in group] if not _is_bad(one)]
    texts = [text for one in opened if isinstance(one, OpenSegment) for text in live_texts(one)]
    if len(opened) < len(group) or write_bytes > budget.left_bytes(kind) or not budget.decision(write_bytes).has_room:
        return 0
    manifest = read_manifest(shelf.folder(tier))
    assert isinstance(manifest, Manifest)
    empty = new_segment(manifest.next_number, group[0].recipe, group[0].side)
    try:
        poured = add(shelf.volume, shelf.folder(tier), empty, texts, now_ms())
        shelf.publish(tier, _replaced(manifest, group, poured))
    finally:
        shelf.sweep(tier)
    return len(group)


def _replaced(manifest: Manifest, group: list[Segment], poured: Segment) -> Manifest:
    numbers = [segment.number for segment in group]
    segments = []
    for segment in manifest.segments:
        if segment.number == numbers[0]:
            segments.append(poured)
        elif segment.number not in numbers:
            segments.append(segment)
    return replace(manifest, segments=tuple(segments), next_number=poured.number + 1)


def live_texts(opened: OpenSegment) -> list[Text]:
    """The texts of a segment that count, as they are to be written again."""
    found: list[Text] = []
    for row in opened.live_rows():
        id, rows, keys = opened.key(row)[0], opened.row(row), opened.packed(row)
        if found and found[-1].id == id:
            before = found.pop()
            rows, keys = before.rows + rows, before.keys + keys
        found.append(Text(id, opened.time_ms(row), len(keys) // KEY_BYTES, rows, keys))
    return found


def _is_worn(segment: Segment) -> bool:
    return segment.dead.count > MOST_DEAD * segment.count


def _is_bad(one: OpenSegment | Damage) -> bool:
    return isinstance(one, Damage)


def _size(segment: Segment) -> int:
    return segment.count * row_bytes(segment.recipe.dim)


def _live_bytes(segment: Segment) -> int:
    return segment.live_count * row_bytes(segment.recipe.dim)
