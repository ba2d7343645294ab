"""`cass serve`: answer programs over HTTP."""

from __future__ import annotations

import gc
import os
import signal
import sys
from functools import partial

from cass import clock
from cass.addresses import MOST_PORT, Address, parse
from cass.cli.extras import missing
from cass.errors import UsageError
from cass.paths import places
from cass.settings.kinds import check
from cass.settings.problems import bad_flag
from cass.settings.table import BY_KEY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from cass.daemon.served import Presence
    from cass.daemon.waiting import Signals
    from cass.paths import Places

    Options = dict[str, Any]
    Say = Callable[[str], None]

SCHEMA_VERSION = 1
LEAST_TOKEN = 16
# As for commands at a terminal: whether a worker is of use is looked at now and then.
LOOK_S = 60.0
LEVELS = BY_KEY["log.level"].values


def run(options: Options) -> int:
    """Serve until a signal ends it; with --json only describe it.  Raises MissingExtra, UsageError and Busy."""
    if options["workers"] is not None:
        what = "there is one process: it holds the archive open once, and one person does not keep more of them busy"
        raise UsageError(what, "--workers", "leave it out")
    address, token = _address(options), _token(options["token_file"])
    if not address.is_private and not token:
        raise UsageError(
            "off this machine it answers only to those who know a token", str(address), "add --token-file FILE"
        )
    _checked("embedder.url", options["embedder"])
    if options["json"]:
        sys.stdout.write(_described())
        return 0
    try:
        from cass.cli.serving.server import Server
    except ImportError as lost:
        raise missing("serve", "cass serve") from lost
    from cass.cli.serving.around import Serving
    from cass.daemon.listening import listen
    from cass.daemon.served import Presence
    from cass.daemon.waiting import Signals
    from cass.semantic.silence import silence

    gc.enable()  # main() switched it off for those who live for milliseconds
    silence()
    where, say_at = places(os.environ, data_dir=options["data_dir"]), partial(_say_at, options["log_level"])
    say = say_at("info")
    presence = Presence(where)
    with Signals() as signals:
        listener = listen(address)
        presence.show()
        serving = Serving(where, options, token, listener.address, say_at)
        try:
            serving.start()
            server = Server(serving.app, listener)
            server.start()
            # A port that the system chose is known by nobody else.
            is_known = bool(address.path or address.port)
            say_at("info" if is_known else "error")(f"answers at {url_of(listener.address)}")
            _wait(signals, where, options, say, presence)
            server.drain()
            server.close()
        finally:
            listener.close()
            serving.close()
            presence.close()
    if signals.number == signal.SIGINT:
        raise KeyboardInterrupt
    return 0


def _wait(signals: Signals, where: Places, options: Options, say: Say, presence: Presence) -> None:
    """Until it is to end.  Meanwhile, as commands at a terminal do: leave a worker behind where one is of use."""
    from cass.daemon.autostart import after_command

    named_folder = options["data_dir"] is not None
    while not signals.is_ended:
        presence.show()
        said = after_command(where, os.environ, options["settings"], clock.now_ms(), named_folder, on_terminal=True)
        if said:
            say(said.strip().removeprefix("cass: "))
        signals.wait(LOOK_S)


def _address(options: Options) -> Address:
    if options["unix"] is not None:
        beside = [f"--{name}" for name in ("host", "port") if name in options["given"]]
        if beside:
            raise UsageError(f"--unix and {beside[0]} contradict each other", "cass serve", "keep one of them")
        try:
            return parse(f"unix://{os.path.abspath(os.path.expanduser(options['unix']))}")
        except ValueError as bad:
            raise UsageError(str(bad), f"--unix {options['unix']}", "name another place") from bad
    if options["port"] > MOST_PORT:
        raise UsageError(f"{options['port']} is no port", "--port", "write a number from 0 to 65535")
    return Address(host=_checked("serve.host", options["host"]), port=options["port"])


def _checked(key: str, given: str | None) -> str:
    """A flag's value, "" where there is none.  Raises UsageError."""
    row = BY_KEY[key]
    try:
        return str(check(row, given or ""))
    except ValueError:
        raise bad_flag(row, given, row.flag or key) from None


def url_of(address: Address) -> str:
    return f"http+{address}" if address.path else f"http://{str(address).removeprefix('tcp://')}"


def _token(path: str | None) -> str:
    if path is None:
        return ""
    try:
        with open(path, encoding="utf-8") as file:
            token = file.readline().strip()
    except (OSError, ValueError) as bad:
        raise UsageError("the token cannot be read", path, "put it into the file's first line") from bad
    if len(token) < LEAST_TOKEN:
        todo = "make one: python3 -c 'import secrets; print(secrets.token_hex(32))'"
        raise UsageError(f"the token has less than {LEAST_TOKEN} characters", path, todo)
    return token


def _say_at(asked: str, level: str) -> Say:
    """What is said of that level, where so much is asked for."""
    if LEVELS.index(level) < LEVELS.index(asked):
        return lambda what: None
    return _say


def _say(what: str) -> None:
    try:
        sys.stderr.write(f"cass serve: {what}\n")
        sys.stderr.flush()
    except (OSError, ValueError):
        return  # nobody reads it any more


def _described() -> str:
    from cass.cli.serving.document import document
    from cass.render.json_text import dumps

    return dumps({"schema_version": SCHEMA_VERSION, "document": document()}) + "\n"
