"""Leave no byte of deleted documents in the index: the segments that remember them are made again.

A deleted document's words stay in its segment until that is merged, which nobody can ask for.  But a segment of which
every document is deleted goes with the next commit, files and all.  So the others in it are deleted, too, and added
again.
"""

from __future__ import annotations

import json
import os

from cass.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tantivy import Searcher

# Of more than this part of the index all of it is made again: that costs as much, and leaves fewer segments.
MOST_PART = 0.5
TOGETHER = 10_000


@record
class Held:
    """Segments to be made again: the names of their files, their documents, and the changes of their commits' marks."""

    segments: tuple[str, ...]
    docs: frozenset[int]
    marks: frozenset[int]


def with_remains(searcher: Searcher, folder: str) -> Held | None:
    """What stands in the segments with deleted documents; None where that is so much that all should be made again.

    Raises ValueError, KeyError, TypeError or OSError where the index does not look as it should.
    """
    listed = _listed(folder)
    if len(listed) != searcher.num_segments:
        raise ValueError("the searcher has another list of segments")
    found = [number for number, (_, _, deleted) in enumerate(listed) if deleted]
    if sum(listed[number][1] for number in found) > MOST_PART * sum(size for _, size, _ in listed):
        return None
    docs: set[int] = set()
    marks: set[int] = set()
    for number in found:
        for doc, change in _rows(searcher, number, listed[number][1]):
            if change is not None:
                marks.add(change)
            elif doc is not None:
                docs.add(doc)
    return Held(tuple([listed[number][0] for number in found]), frozenset(docs), frozenset(marks))


def _listed(folder: str) -> list[tuple[str, int, int]]:
    """(name of its files, documents with the deleted ones, deleted ones) of each segment, in the searcher's order."""
    with open(os.path.join(folder, "meta.json"), "rb") as file:
        listed = json.load(file)["segments"]
    return [
        (each["segment_id"].replace("-", ""), each["max_doc"], (each.get("deletes") or {}).get("num_deleted_docs", 0))
        for each in listed
    ]


def _rows(searcher: Searcher, segment: int, size: int) -> Iterator[tuple[int | None, int | None]]:
    """(doc, change) of every document of a segment: a message has no change, and a mark no doc."""
    from tantivy import DocAddress

    for start in range(0, size, TOGETHER):
        places = [DocAddress(segment, number) for number in range(start, min(size, start + TOGETHER))]
        docs, changes = (searcher.fast_field_values(name, places) for name in ("doc", "change"))
        for doc, change in zip(docs, changes, strict=True):
            yield None if doc is None else int(doc), None if change is None else int(change)


def are_gone(folder: str, segments: Iterable[str]) -> bool:
    """Does no file of these segments stand in the folder any more?"""
    names = os.listdir(folder)
    return not any([name.startswith(segment) for segment in segments for name in names])
