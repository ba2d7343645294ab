"""`cass forget`: remove messages for good, after showing what that comes to."""

from __future__ import annotations

import os
import shutil
import sys

from cass import clock
from cass.cli.rows_archive import ROLES
from cass.cli.standard_input import can_ask
from cass.daemon.aside import go_on, step_aside
from cass.disk import try_lock
from cass.errors import Busy, MissingIndex, SystemRefused, UsageError
from cass.indexing import forget
from cass.paths import current_folder, places
from cass.query.times import parse_time
from cass.render import forget_json, forget_text
from cass.render.notices import notify
from cass.render.progress import Progress, chosen
from cass.render.terminal import style, visible
from cass.search.filters import Resolver, find_session
from cass.search.request import Request
from cass.search.target import require_message, split_number
from cass.store import connect
from cass.store.forgetting import Selection
from cass.store.refusals import SqliteErrors
from cass.store.worker_state import LOCK, holder_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sqlite3 import Connection
    from typing import Any

    from cass.disk import Lock
    from cass.indexing.forget import Unfinished
    from cass.paths import Places
    from cass.store.forgetting import Leaving

NOTHING_SAID = "name a session (ID), a message (ID:N), --workspace, --agent, --before or --role"


def run(options: dict[str, Any]) -> int:
    """Show, ask, forget."""
    where = places(os.environ, data_dir=options["data_dir"])
    selection, notes = _selection(where, options)
    if not options["quiet"]:
        notify("".join(f"cass: {visible(note)}\n" for note in notes), sys.stderr)
    leaving = forget.preview(where, selection)
    if options["dry_run"] or not (leaving.messages or leaving.sessions):
        _print(leaving, options, None)
        return 0
    if not options["yes"] and not _agreed(leaving):
        return 0
    lock, had_worker = _lock(where)
    try:
        with lock:
            gone, left = _do(where, selection, options)
        _print(gone or leaving, options, None if left is None else left.reason, done=True)
    finally:
        if had_worker:
            go_on(where, options["data_dir"])
    return 0


def _selection(where: Places, options: dict[str, Any]) -> tuple[Selection, list[str]]:
    """What the words say, and what nothing can pass."""
    connection = connect.open_reader(where.database)
    if connection is None:
        raise MissingIndex("nothing is indexed yet", where.data, "there is nothing to forget")
    with SqliteErrors(where.database):
        try:
            return _read(connection, options)
        finally:
            connection.close()


def _read(connection: Connection, options: dict[str, Any]) -> tuple[Selection, list[str]]:
    resolver = Resolver(connection, clock.now_ms(), current_folder())
    request = Request(text="", agents=tuple(options["agent"]), workspaces=tuple(options["workspace"]))
    filters: dict[str, tuple[Any, ...]] = {each.field: each.values for each in resolver.of_request(request)}
    named = [_named(connection, word) for word in options["ids"]]
    before = options["before"]
    selection = Selection(
        sessions=tuple([sid for sid, ordinal in named if ordinal is None]),
        messages=tuple([(sid, ordinal) for sid, ordinal in named if ordinal is not None]),
        agents=filters.get("agent"),
        workspaces=filters.get("workspace"),
        before_ms=parse_time(before, clock.now_ms(), False, "--before") if before is not None else None,
        roles=tuple([ROLES.index(role) for role in options["role"]]) or None,
    )
    if selection.is_everything:
        raise UsageError("nothing says what to forget", "cass forget", NOTHING_SAID)
    return selection, resolver.notes


def _named(connection: Connection, word: str) -> tuple[str, int | None]:
    """A session's id, and the number of one of its messages.  Raises NotFound and AmbiguousId."""
    (session, sid), ordinal = find_session(connection, word), split_number(word)[1]
    if ordinal is not None:
        require_message(connection, session, ordinal, sid)
    return sid, ordinal


def _agreed(leaving: Leaving) -> bool:
    """Ask a person; raises UsageError where nobody can be asked."""
    if not can_ask():
        raise UsageError("forgetting needs a yes", "cass forget", "see what would go with --dry-run, then add --yes")
    sys.stderr.write(forget_text.question(leaving))
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _do(where: Places, selection: Selection, options: dict[str, Any]) -> tuple[Leaving | None, Unfinished | None]:
    """What went, None where another command did the wish first; and what is left to the next one."""
    look = style(sys.stderr, options, os.environ)
    kind = chosen("auto", options["quiet"] or options["json"], look)
    bar = Progress(sys.stderr, kind, shutil.get_terminal_size().columns, clock.monotonic_s)
    try:
        if forget.is_pending(where.data):
            forget.take_from_database(where, clock.monotonic_s)
        forget.write_wish(where, selection, clock.now_ms())
        return _fulfil(where, bar)
    finally:
        bar.close()


def _fulfil(where: Places, bar: Progress) -> tuple[Leaving | None, Unfinished | None]:
    """Do the wish that is written down.  It stands also where something is in the way, which its error says."""
    try:
        gone = forget.take_from_database(where, clock.monotonic_s)
        return gone, forget.finish(where, clock.now_ms, clock.monotonic_s, bar, has_lock=True)
    except (Busy, SystemRefused) as bad:
        first = "" if isinstance(bad, Busy) or bad.todo is None else f"{bad.todo}; "
        todo = f"{first}what is left of it is forgotten by the next command, since the wish is written down"
        raise type(bad)(bad.what, bad.where, todo) from bad


def _lock(where: Places) -> tuple[Lock, bool]:
    """The worker's lock, since the vectors are written anew; and whether a worker had to leave for it.  Raises Busy."""
    path = os.path.join(where.data, LOCK)
    had_worker = step_aside(where.data) is not None
    lock = try_lock(path)
    if lock is None:
        holder = holder_of(where.data)
        who = f"process {holder.pid}" if holder is not None else "another process"
        raise Busy(f"{who} is at work here", path, "wait for it, or stop it: cass worker stop; nothing was forgotten")
    return lock, had_worker


def _print(leaving: Leaving, options: dict[str, Any], left: str | None, done: bool = False) -> None:
    if options["json"]:
        sys.stdout.write(forget_json.answer(leaving, done, left))
    elif not options["quiet"] or not done:
        sys.stdout.write(forget_text.summary(leaving, done, left))
