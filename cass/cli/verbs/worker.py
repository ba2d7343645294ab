"""`cass worker`: start, stop and ask the one resident process of a data folder."""

from __future__ import annotations

import os
import sys

from cass import clock
from cass.cli.elsewhere import named_there
from cass.cli.lane import duration_s
from cass.cli.reading import wanted_rules
from cass.cli.rows_worker import ACTIONS
from cass.cli.settled import settings_of
from cass.daemon import control
from cass.errors import Busy, CassError, MissingIndex, SystemRefused, UsageError
from cass.paths import places
from cass.render import worker_json, worker_text
from cass.render.notices import notify
from cass.render.terminal import page, style
from cass.status.worker import without_log, worker_facts
from cass.store.connect import open_reader, require_database
from cass.store.refusals import SqliteErrors
from cass.store.worker_state import WORKER, holder_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from cass.daemon.heard import Heard
    from cass.indexing.rules import Rules
    from cass.paths import Places
    from cass.status.worker import WorkerFacts
    from cass.store.events import Event

    Options = dict[str, Any]

# A batch may be long on a slow machine; whoever waits longer is told that it goes on.
STOP_S = 10.0
AWAKE_S = 1.0
TAKES_A_WORD = ("pause",)
NOT_OURS = "see who may write to it, or set CASS_DATA_DIR to another folder"


def run(options: Options) -> int:
    """Do what the first word says; with none, say what it does."""
    action, *rest = options["words"] or ["status"]
    if action not in ACTIONS:
        raise UsageError(f"{action!r} is not one of its values", "ACTION", f"use {', '.join(ACTIONS)}")
    if len(rest) > (action in TAKES_A_WORD):
        raise UsageError(f"{rest[-1]!r} is one word too many", f"cass worker {action}", "see `cass worker -h`")
    where = places(os.environ, data_dir=options["data_dir"])
    return DO[action](where, options)


def say(where: Places, options: Options, said: str, **more: object) -> int:
    """Print what was done, and what the worker does now."""
    action = (options["words"] or ["status"])[0]
    worker = facts_of(where)
    if options["json"]:
        sys.stdout.write(worker_json.answer(action, worker, {"did": said, **more}))
    elif not options["quiet"]:
        look = style(sys.stdout, options, os.environ)
        sys.stdout.write(named_there(worker_text.done(said, worker, clock.now_ms(), look), options["data_dir"]))
    return 0


def facts_of(where: Places) -> WorkerFacts:
    """What it does; without its log where the archive cannot be read, as what was asked for is done by now."""
    try:
        return _facts_with_log(where)
    except CassError:
        return without_log(where.data)


def _facts_with_log(where: Places) -> WorkerFacts:
    with SqliteErrors(where.database):
        connection = open_reader(where.database)
        try:
            return worker_facts(where.data, connection)
        finally:
            if connection is not None:
                connection.close()


def _status(where: Places, options: Options) -> int:
    from cass.semantic.embedders.table import embedder_options
    from cass.status.facts import collect

    settings = settings_of(where, options)
    remote = embedder_options(settings).remote
    most = settings.whole("worker.max_attempts")
    status = collect(
        where, clock.monotonic_s, settings.policy(), now_ms=clock.now_ms(), remote=remote, max_attempts=most
    )
    assert status.worker is not None
    if options["json"]:
        more = {
            "paused": _pause_json(where),
            "socket": worker_json.socket(_heard(where)),
            **worker_json.owed(status.semantic),
        }
        sys.stdout.write(worker_json.answer("status", status.worker, more))
    else:
        look = style(sys.stdout, options, os.environ)
        about = status.worker, status.semantic, _pause(where), look, clock.now_ms()
        text = worker_text.page(*about, worker_text.answering(_heard(where)))
        sys.stdout.write(named_there(text, options["data_dir"]))
    return 0


def _heard(where: Places) -> Heard | None:
    """What the worker says of itself; None where none is at work."""
    from cass.daemon.heard import heard

    holder = holder_of(where.data)
    return heard(where) if holder is not None and holder.what == WORKER else None


def _pause(where: Places) -> str | None:
    """What holds, for people; None without a pause."""
    wish = control.paused(where.data, clock.now_ms())
    return None if wish is None else worker_text.pause(wish.until_ms, clock.now_ms())


def _pause_json(where: Places) -> dict[str, object] | None:
    wish = control.paused(where.data, clock.now_ms())
    return None if wish is None else {"until": wish.until_ms}


def _start(where: Places, options: Options) -> int:
    from cass.daemon.starting import start_and_wait

    require_database(where.database, where.data)
    holder = holder_of(where.data)
    if holder is not None:
        return say(where, options, f"Process {holder.pid} is at work already.", changed=False)
    if not os.access(where.data, os.W_OK):
        raise SystemRefused("the worker cannot work here: the data folder may not be written", where.data, NOT_OURS)
    started = start_and_wait(where, os.environ, options["data_dir"], more=flag_words(options))
    return say(where, options, f"Started, as process {started.pid}.", changed=True)


def flag_words(options: Options) -> list[str]:
    """The semantic options of this command line, for the worker's own."""
    from cass.settings.table import BY_KEY

    flags = {BY_KEY[key].flag: value for key, value in options.get("flags", {}).items() if value is not None}
    return [f"{flag}={value}" for flag, value in flags.items() if flag and flag.startswith("--semantic")]


def _stop(where: Places, options: Options) -> int:
    holder = control.ask_stop(where.data)
    if holder is None:
        return say(where, options, "There was nothing to stop.", changed=False)
    if not control.wait_until_gone(where.data, holder.pid, STOP_S, clock.monotonic_s, clock.sleep):
        what = f"process {holder.pid} is still in the middle of a batch; it was asked to stop and does so after it"
        raise Busy(what, where.data, "nothing more is to be done; see: cass worker")
    return say(where, options, f"Process {holder.pid} has stopped.", changed=True)


def _pause_it(where: Places, options: Options) -> int:
    words = options["words"][1:]
    length_s = duration_s(words[0], "TIME") if words else None
    if length_s is not None and length_s < 1:
        raise UsageError(f"{words[0]!r} is no pause", "TIME", "write 30m or 2h; without it there is no end")
    _needs_folder(where)
    wish = control.pause(where.data, clock.now_ms(), length_s)
    # It stops within a batch; what it does now is said below, and would seem to be in spite of the pause.
    control.wait_until_paused(where.data, AWAKE_S, clock.monotonic_s, clock.sleep)
    return say(where, options, worker_text.pause(wish.until_ms, clock.now_ms()), changed=True)


def _needs_folder(where: Places) -> None:
    if not os.path.isdir(where.data):
        raise MissingIndex("nothing is indexed yet", where.data, "run: cass index")


def _unpause(where: Places, options: Options) -> int:
    changed = control.unpause(where.data)
    # What it does now is said below; it looks at once, and a batch is not waited for.
    control.wait_until_awake(where.data, AWAKE_S, clock.monotonic_s, clock.sleep)
    return say(where, options, "The pause is over." if changed else "There was no pause.", changed=changed)


def _log(where: Places, options: Options) -> int:
    from cass.store.events import chunk_of

    found = [(event, chunk_of(event)) for event in _events(where, options["limit"])]
    if options["json"]:
        sys.stdout.write(worker_json.log(found))
    elif options["limit"]:
        page(worker_text.log(found, style(sys.stdout, options, os.environ)), options)
    return 0


def _events(where: Places, count: int) -> list[Event]:
    """The last ones, oldest first."""
    from cass.store.catalog import BROKEN
    from cass.store.events import last_events

    with SqliteErrors(where.database):
        connection = open_reader(where.database)
        if connection is None:
            return []
        try:
            return last_events(connection, count)[::-1]
        except BROKEN as bad:
            raise SystemRefused(f"the worker's log cannot be read: {bad}", where.database, "see: cass doctor") from bad
        finally:
            connection.close()


def _retry_dead(where: Places, options: Options) -> int:
    from cass.store.attempts import retry_dead
    from cass.store.ledger import Ledger

    require_database(where.database, where.data)
    tier, most = options["tier"], settings_of(where, options).whole("worker.max_attempts")
    counts: list[int] = []
    ledger = Ledger(where.database)
    try:
        written = ledger.note(lambda connection: counts.append(retry_dead(connection, tier, most)))
    finally:
        ledger.close()
    if not written:
        raise Busy("another process is writing to the archive", where.database, "try again in a moment")
    control.nudge(holder_of(where.data))
    return say(where, options, worker_text.retried(counts[-1]), changed=counts[-1] > 0, retried=counts[-1])


def _run(where: Places, options: Options) -> int:
    from cass.cli.answering import Searches
    from cass.cli.pack import write_pack
    from cass.daemon.embedding import EmbeddingService
    from cass.daemon.fetching import Fetching
    from cass.daemon.run import run_worker
    from cass.daemon.spawn import worker_command
    from cass.daemon.ticking import Ticks, wishes
    from cass.daemon.warm import WarmModel

    if sys.stderr.isatty() and not options["quiet"]:
        said = "cass: working here until nothing is owed; Ctrl-C ends it, `cass worker` says what it does\n"
        notify(named_there(said, options["data_dir"]), sys.stderr)
    settings = settings_of(where, options)
    flags = {key: value for key, value in options.get("flags", {}).items() if value is not None}
    command = [*worker_command(options["data_dir"]), *flag_words(options), *(["--json"] if options["json"] else [])]
    write_pack()  # after an upgrade nobody may index for days, and every command is slower without it
    model = WarmModel(where.data, batch=settings.whole("worker.batch"))
    ticks, searches = Ticks(where, os.environ, flags, build=model.build), Searches(where, os.environ, model)
    code = run_worker(
        where,
        os.environ,
        ticks,
        wishes(settings),
        lambda: _rules(where),
        command,
        ticks.is_quiet,
        searches,
        model,
        EmbeddingService(lambda: model.for_others(searches.model_name())),
        Fetching(where, os.environ, flags, flag_words(options)),
    )
    if options["json"] and code == 0:
        return say(where, options, "It has left.", changed=True)
    return code


def _rules(where: Places) -> Rules:
    """What may be read now: settings may have changed since the worker began."""
    from cass.settings.quick import load

    return wanted_rules({key: given[-1][1] for key, given in load(where, os.environ).given.items()})


def _install(where: Places, options: Options) -> int:
    from cass.cli.verbs.worker_service import install

    files, said = install(where, options["data_dir"])
    return say(where, options, said, changed=True, files=files)


def _uninstall(where: Places, options: Options) -> int:
    from cass.cli.verbs.worker_service import uninstall

    files, said = uninstall(where, options["data_dir"])
    return say(where, options, said, changed=bool(files), files=files)


DO: dict[str, Callable[[Places, Options], int]] = {
    "status": _status,
    "start": _start,
    "stop": _stop,
    "pause": _pause_it,
    "unpause": _unpause,
    "log": _log,
    "retry-dead": _retry_dead,
    "install": _install,
    "uninstall": _uninstall,
    "run": _run,
}
