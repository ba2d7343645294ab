"""The current generation of the index opened, or why it cannot be used; never raises for what stands on disk."""

from __future__ import annotations

import os

from cass.lexical.schema import VERSION, current_generation, first_line, is_damage, open_index
from cass.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from tantivy import Index

    T = TypeVar("T")


@record
class Damage:
    """The index cannot be used: what is wrong with it, and what would mend it, to be put behind."""

    reason: str
    mended_by: str = "; cass index mends it"


def opened(root: str, make: Callable[[Index, str], T], may_move: bool = True) -> T | Damage:
    """What `make` makes of the current generation's index and its name; `Damage` where it cannot be opened."""
    current = current_generation(root)
    if current is None:
        return Damage("the lexical index is missing")
    folder, version = current
    if version != VERSION:
        return Damage(f"the lexical index has version {version}, this cass reads {VERSION}")
    try:
        return make(open_index(folder), os.path.basename(folder))
    except BaseException as bad:
        if not is_damage(bad):
            raise
        if may_move and current_generation(root) != current:
            # A new generation was published, and this one dropped, between two lines of ours.
            return opened(root, make, may_move=False)
        if (os.path.isdir(folder) and not os.access(folder, os.W_OK)) or "ReadOnly" in str(bad):
            # tantivy takes a lock to open an index, and cannot where it may not write.
            return Damage("the lexical index lies in a folder that may not be written", "")
        return Damage(f"the lexical index is damaged: {first_line(bad)}")
