"""Is the worker there, to answer a search?  Nothing ever needs it; one that is not there costs one look at the disk."""

from __future__ import annotations

import os
from _imp import source_hash  # no module to load for it

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cass.paths import Places

NAME_KEY = 0x0CA55


def socket_path(where: Places) -> str:
    """Where the worker of a data folder listens."""
    return os.path.join(where.runtime, f"worker-{source_hash(NAME_KEY, where.data.encode('utf-8', 'replace')).hex()}")


def ask(argv: list[str], where: Places) -> int | None:
    """The exit code of the worker's answer, which is printed; None where this process has to find one."""
    path = socket_path(where)
    if not is_ours(path):
        return None
    from cass.calling import answered  # only where somebody may answer

    return answered(argv, where, path)


def is_ours(path: str) -> bool:
    """Is there something of this user's?  What is asked, and the environment with it, is nobody else's business."""
    try:
        return os.stat(path).st_uid == os.getuid()
    except (OSError, AttributeError):  # Windows has no such sockets, and no such owners
        return False
