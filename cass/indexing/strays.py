"""Vectors of texts that the database does not have: another database's, or those that a power cut took from it.

A text's number is the next one that is free.  Given anew, it would put the vectors of one text under another.
"""

from __future__ import annotations

from cass.clock import now_ms
from cass.semantic.artifacts import Shelf
from cass.semantic.manifest import Manifest, read_manifest
from cass.semantic.scrub import scrub
from cass.semantic.standing import KIND_OF
from cass.store.forgetting import existing_texts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sqlite3 import Connection

    from cass.paths import Places


def outnumber(places: Places, connection: Connection) -> bool:
    """Is the last number that vectors stand under none of the database's texts?  Mostly it has lost its end, then."""
    is_kept, shelf = existing_texts(connection), Shelf.below(places.data)
    found = [read_manifest(shelf.folder(tier)) for tier in KIND_OF]
    segments = [segment for manifest in found if isinstance(manifest, Manifest) for segment in manifest.segments]
    return any([not is_kept(segment.highest_id) for segment in segments])


def let_go(places: Places, connection: Connection) -> None:
    """Take them out of the files, before the database gives a number.

    Without the worker's lock: the worker itself may be who indexes, and what another one writes meanwhile is, at the
    worst, damage that it mends.
    """
    is_kept, shelf = existing_texts(connection), Shelf.below(places.data)
    for tier in KIND_OF:
        try:
            scrub(shelf, tier, is_kept, now_ms)
        except OSError:  # none are better than those of other texts
            shelf.remove_all(tier)
