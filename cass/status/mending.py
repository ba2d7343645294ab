"""The commands that mend what keeps the archive from being read or written: loaded only where something does."""

from __future__ import annotations

import os

from cass import errors
from cass.status.facts import Advice

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from cass.paths import Places


def mending(places: Places, bad: errors.CassError) -> Advice:
    """The command that gets the archive going again after `bad`."""
    if os.path.isdir(places.database):
        return Advice(f"{aside(places.database)} && cass index", "puts the folder aside")
    if os.path.exists(places.data) and not os.path.isdir(places.data):
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
    """The owner lets himself read it again; anybody else sees who may."""
    wanted = os.R_OK | os.X_OK if os.path.isdir(path) else os.R_OK
    if is_mine(path) and not os.access(path, wanted):
        return Advice(opening([path]), "lets you read it again")
    return Advice(f"ls -ld {quoted(path)}", todo or "shows who may read it")


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
