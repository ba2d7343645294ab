"""Take back what cass has written on this machine: the worker stopped first, its service off, then file by file.

Nothing that another program wrote is touched; what cannot be removed is told, and stops nothing else.
"""

from __future__ import annotations

import os
import sys

from cass import clock
from cass.daemon import service as services
from cass.daemon.control import ask_stop, wait_until_gone
from cass.daemon.empty_folders import remove_empty_folders
from cass.daemon.served import servers
from cass.daemon.traces import KEPT, LOCKS, SERVICE, Trace, folders
from cass.disk import lock_holder, try_lock
from cass.errors import Busy
from cass.records import record
from cass.store.worker_state import LOCK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cass.daemon.service import Service
    from cass.disk import Lock
    from cass.paths import Places

# A batch of the worker's may be long on a slow machine.
STOP_S = 20.0
PIPX, UV = "/pipx/venvs/", "/uv/tools/"


@record
class Refused:
    """What could not be removed, and why."""

    path: str
    why: str


@record
class Removal:
    """What was removed, what refused, and the process that was stopped for it."""

    removed: tuple[Trace, ...]
    refused: tuple[Refused, ...]
    stopped: int | None


def chosen(found: Sequence[Trace], everything: bool) -> tuple[list[Trace], list[Trace]]:
    """What goes, and what stays: the archive and the settings, unless everything is to go."""
    goes = [trace for trace in found if everything or trace.kind not in KEPT]
    return goes, [trace for trace in found if trace not in goes]


def remove(
    where: Places,
    find: Callable[[], Sequence[Trace]],
    service: Service,
    run: Callable[[Sequence[str]], int],
    home: str,
) -> Removal:
    """Remove what `find` gives, asked when nobody works there any more.

    Raises Busy where somebody answers programs from the data folder, and where another process works in it: the service
    is off by then.
    """
    refuse_under_servers(where)
    off = [trace for trace in find() if trace.kind == SERVICE]
    services.uninstall(service, run, home)
    stopped, locks = _alone(where)
    refused: list[Refused] = []
    goes = find()
    # Windows removes no file that is open, so the locks go last, when they are given back.
    last = [trace for trace in goes if os.path.basename(trace.path) in LOCKS]
    try:
        for trace in goes:
            if trace not in last:
                _remove(trace.path, refused)
    finally:
        for lock in locks:
            lock.release()
    for trace in last:
        _remove(trace.path, refused)
    for folder in folders(where):
        remove_empty_folders(folder, home)
    left = {each.path for each in refused}
    return Removal(tuple([trace for trace in (*off, *goes) if trace.path not in left]), tuple(refused), stopped)


def who_answers(where: Places) -> str | None:
    """Those whose callers would be answered from nothing; None for nobody."""
    pids = [str(pid) for pid in servers(where.data)]
    return f"cass serve answers programs from here (process {', '.join(pids)})" if pids else None


def refuse_under_servers(where: Places) -> None:
    """Raises Busy where somebody answers programs from the data folder."""
    answering = who_answers(where)
    if answering is not None:
        raise Busy(answering, where.data, "end that first, then run this again; nothing was removed")


def _alone(where: Places) -> tuple[int | None, list[Lock]]:
    """Whoever works in the data folder is asked to leave; its locks, held.  Raises Busy."""
    if not os.path.isdir(where.data):
        return None, []
    holder = ask_stop(where.data)
    if holder is not None:
        wait_until_gone(where.data, holder.pid, STOP_S, clock.monotonic_s, clock.sleep)
    locks: list[Lock] = []
    try:
        for path in (os.path.join(where.data, LOCK), where.index_lock):
            locks += _taken(path)
    except BaseException:
        for lock in locks:
            lock.release()
        raise
    return holder.pid if holder is not None else None, locks


def _taken(path: str) -> list[Lock]:
    """The lock; none where there is no such file, since to take it would make one."""
    if not os.path.exists(path):
        return []
    lock = try_lock(path)
    if lock is None:
        who = f"process {lock_holder(path)}"
        raise Busy(f"{who} is at work here", path, "wait for it, or end it, then run this again; nothing was removed")
    return [lock]


def _remove(path: str, refused: list[Refused]) -> None:
    """A folder goes with all in it; of a link only the link."""
    try:
        if os.path.isdir(path) and not os.path.islink(path):
            import shutil  # loads the readers of five archive formats

            shutil.rmtree(path)
        else:
            os.unlink(path)
    except FileNotFoundError:
        return  # a search that ended meanwhile took its own files away
    except OSError as bad:
        refused.append(Refused(path, bad.strerror or str(bad)))


def program_command(prefix: str, python: str = sys.executable) -> list[str]:
    """What removes the program itself, by where it was installed."""
    place = prefix.replace("\\", "/") + "/"
    if PIPX in place:
        return ["pipx", "uninstall", "cass-search"]
    if UV in place:
        return ["uv", "tool", "uninstall", "cass-search"]
    return [python, "-m", "pip", "uninstall", "cass-search"]
