"""Take the vectors of forgotten texts out of the files themselves, not only off the list.

The caller holds the worker's lock.  What cannot be written anew goes as a whole and is owed again.
"""

from __future__ import annotations

import os

from cass.records import replace
from cass.semantic.blocks import add, new_segment
from cass.semantic.graph_growth import remove_graph
from cass.semantic.manifest import Damage, Manifest, read_manifest
from cass.semantic.segment_files import HEADER_BYTES, KEY_BYTES, KEYS, ROWS, file_name
from cass.semantic.segments import open_segment
from cass.semantic.vector_upkeep import live_texts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from cass.semantic.artifacts import Shelf
    from cass.semantic.blocks import Text
    from cass.semantic.manifest import Segment

    IsKept = Callable[[int], bool]


def scrub(shelf: Shelf, tier: str, is_kept: IsKept, now_ms: Callable[[], int]) -> int:
    """Write anew every segment that holds another text than those that are kept; how many there were."""
    folder = shelf.folder(tier)
    manifest = read_manifest(folder)
    if not isinstance(manifest, Manifest):
        shelf.remove_all(tier)
        remove_graph(shelf, tier)
        return 0
    worn = [segment for segment in manifest.segments if _remembers(folder, segment, is_kept)]
    for segment in worn:
        _rewrite(shelf, tier, segment, is_kept, now_ms)
    if worn:
        remove_graph(shelf, tier)
    shelf.sweep(tier)
    return len(worn)


def _remembers(folder: str, segment: Segment, is_kept: IsKept) -> bool:
    """Does a file of it hold rows that do not count, or of a text that is gone?"""
    opened = open_segment(folder, segment)
    if isinstance(opened, Damage) or opened.dead or not all(map(is_kept, opened.all_ids())):
        return True
    sizes = (ROWS, segment.recipe.dim), (KEYS, KEY_BYTES)
    return any([_size(folder, segment, part) > HEADER_BYTES + segment.count * row for part, row in sizes])


def _size(folder: str, segment: Segment, part: str) -> int:
    return os.path.getsize(os.path.join(folder, file_name(segment.number, part)))


def _rewrite(shelf: Shelf, tier: str, segment: Segment, is_kept: IsKept, now_ms: Callable[[], int]) -> None:
    """The rows that are kept in a segment of its own, in the place of this one."""
    opened = open_segment(shelf.folder(tier), segment)
    texts = [] if isinstance(opened, Damage) else [text for text in live_texts(opened) if is_kept(text.id)]
    try:
        if texts:
            _put(shelf, tier, segment, texts, now_ms)
            return
    except OSError:
        pass  # no room: the whole segment goes
    shelf.remove_segments(tier, [segment.number])


def _put(shelf: Shelf, tier: str, segment: Segment, texts: list[Text], now_ms: Callable[[], int]) -> None:
    manifest = read_manifest(shelf.folder(tier))
    assert isinstance(manifest, Manifest)
    empty = new_segment(manifest.next_number, segment.recipe, segment.side)
    poured = add(shelf.volume, shelf.folder(tier), empty, texts, now_ms())
    segments = tuple([poured if one.number == segment.number else one for one in manifest.segments])
    shelf.publish(tier, replace(manifest, segments=segments, next_number=poured.number + 1))
    shelf.sweep(tier)
