"""The commands that mend what keeps the archive from being read or written: loaded only where something does."""

from __future__ import annotations

import os

from cass import errors
from cass.status.facts import Advice

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from cass.paths import Places

# Where no permission helps.
ELSEWHERE = "cass index --data-dir FOLDER"


def mending(places: Places, bad: errors.CassError) -> Advice:
    """The command that gets the archive going again after `bad`."""
    if os.path.lexists(places.database) and not os.path.isfile(places.database):
        return Advice(f"{aside(places.database)} && cass index", "puts it aside")
    if os.path.lexists(places.data) and not os.path.isdir(places.data):
        return Advice(f"{aside(places.data)} && cass index", "puts it aside; or set CASS_DATA_DIR to a folder")
    if isinstance(bad, errors.SystemRefused):
        return allowing(bad.where or places.data, bad.todo)
    if isinstance(bad, errors.CorruptDatabase):
        why = "puts the damaged database aside and reads the agents' files again"
        return Advice(f"{with_its_logs_aside(places.database)} && cass index", why)
    if isinstance(bad, errors.NewerDatabase):
        return Advice("pipx upgrade cass-search", "a newer cass wrote this archive")
    return Advice("cass status", bad.todo or "try again")


def with_its_logs_aside(database: str) -> str:
    """The command that moves a database with its -wal and -shm into a folder of their own."""
    broken = quoted(unused(os.path.join(os.path.dirname(database), "broken")))
    return f"mkdir -p {broken} && mv {quoted(database)}* {broken}"


def aside(path: str) -> str:
    """The command that puts away what stands there."""
    return f"mv {quoted(path)} {quoted(unused(f'{path}.aside'))}"


def unused(path: str) -> str:
    """The path, or with a number behind it the first where nothing stands: what was put aside before stays."""
    number, found = 1, path
    while os.path.lexists(found):
        number += 1
        found = f"{path}-{number}"
    return found


def allowing(path: str, todo: str | None) -> Advice:
    """What lets this user read it again; where the system refused for another reason, what shows who may."""
    closed = closed_above(path)
    if closed is not None:
        return reaching(closed)
    wanted = os.R_OK | os.X_OK if os.path.isdir(path) else os.R_OK
    if not os.access(path, wanted):
        return Advice(opening([path]), "lets you read it again")
    return Advice(f"ls -ld {quoted(path)}", todo or "shows who may read it")


def closed_above(path: str) -> str | None:
    """The outermost folder above `path` that this user may not enter: what stands below it, nobody can tell."""
    above = os.path.dirname(path)
    if above == path:
        return None
    return closed_above(above) or (above if os.path.isdir(above) and not os.access(above, os.X_OK) else None)


def reaching(folder: str) -> Advice:
    """For a data folder that cannot be reached, because `folder` above it is closed."""
    if is_mine(folder) and (command := entering(folder)):
        return Advice(command, "lets you in")
    return Advice(ELSEWHERE, "name one that can be used")


def entering(folder: str) -> str:
    """The command that opens one's own folder; what is below stays as it is.  "" where no permission is missing."""
    return f"chmod u+rwx {quoted(folder)}" if os.stat(folder).st_mode & 0o700 != 0o700 else ""


def opening(paths: Sequence[str]) -> str:
    """The command that lets this user read and write there: the owner's own, or root's where others own it."""
    ours = [path for path in paths if is_mine(path)]
    theirs = [path for path in paths if path not in ours]
    parts = [f"chmod -R u+rwX {' '.join(map(quoted, ours))}"] if ours else []
    parts += [f'sudo chown -R "$(id -un)" {" ".join(map(quoted, theirs))}'] if theirs else []
    return " && ".join(parts)


def is_mine(path: str) -> bool:
    """May this user change who reads `path`?"""
    try:
        return os.name != "nt" and os.stat(path).st_uid == os.geteuid()
    except OSError:
        return False


def quoted(text: str) -> str:
    """A shell word."""
    safe = all(char.isalnum() or char in "/._-:\\~+@%," for char in text)
    return text if safe and text else "'" + text.replace("'", "'\\''") + "'"
