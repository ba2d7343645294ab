"""The outer edge: run one verb, and turn whatever goes wrong into words and an exit code."""

from __future__ import annotations

import io
import os
import sys

from cass import INTERRUPTED
from cass.cli.lane import Invocation, parse
from cass.paths import places
from cass.settings.hot import plain_values

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import NoReturn

    from cass.paths import Places

# They show where every setting comes from, and list themselves what is wrong among them.
SHOW_SETTINGS = ("config", "status")
# As backfill/activity.py names it; a test compares.
ACTIVITY = "activity"
# As indexing/forget.py names it; a test compares.
FORGETTING = "forgetting"


class Aside(io.TextIOWrapper):
    """Stderr.  What cannot be said there, on a full disk or to nobody, changes neither the answer nor the exit code."""

    def write(self, text: str) -> int:
        try:
            return super().write(text)
        except OSError:
            return len(text)

    def flush(self) -> None:
        try:
            super().flush()
        except OSError:
            pass


def run(argv: list[str], begin: Callable[[], None] = lambda: None) -> int:
    """Do what `argv` (without the program's name) asks for; the exit code.  Never raises, save SystemExit.

    `begin` is called once all is read, and the verb is loaded.
    """
    _use_utf8()
    try:
        code = _verb(argv if sys.getfilesystemencoding() == "utf-8" else [_utf8(word) for word in argv], begin)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        from cass.cli.failing import let_go_of_stdout

        let_go_of_stdout()
        return 0
    except SystemExit:
        raise
    except BaseException as lost:  # a panic inside an extension is no Exception
        from cass.cli.failing import fail

        return fail(lost, argv)
    return code


def end(code: int) -> NoReturn:
    """End the process now: tearing the interpreter down costs a millisecond and frees what the system frees anyway."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):
            pass  # nobody is listening any more
    os._exit(code)


def _verb(argv: list[str], begin: Callable[[], None]) -> int:
    found = parse(argv) or _explain(argv)
    where = places(os.environ, data_dir=found.options["data_dir"])  # type: ignore[arg-type]
    _settle(found, where)
    found.options["given"] = found.given  # said here, whatever a setting says
    if found.stamps:
        _stamp(where.data)
    module = __import__("cass.cli.verbs." + found.command.replace("-", "_"), fromlist=["run"])
    begin()
    if os.path.exists(os.path.join(where.data, FORGETTING)):
        code: int = _forgetting(where, found, module.run)
    else:
        code = module.run(found.options)
    sys.stdout.flush()
    if found.wakes and sys.stdout.isatty():
        _wake(found, where)
    return code


def _forgetting(where: Places, found: Invocation, run: Callable[[dict[str, object]], int]) -> int:
    """Around the command, what an earlier one could not finish."""
    from cass.cli import forgetting  # an interrupted `cass forget` only

    quiet = bool(found.options["quiet"])
    forgetting.begin(where, quiet)
    try:
        code = run(found.options)
    except Exception:
        forgetting.end(where, quiet)
        raise
    forgetting.end(where, quiet)
    return code


def _stamp(data: str) -> None:
    """Say that somebody is here, as backfill/activity.py does; loading that takes 1 % of a cold search."""
    try:
        os.utime(os.path.join(data, ACTIVITY))
    except OSError:
        from cass.backfill.activity import stamp

        stamp(data)


def _wake(found: Invocation, where: Places) -> None:
    """A person has their answer; a worker may prepare the next ones.  Mostly one look at the disk says no."""
    from cass.clock import now_ms
    from cass.daemon.autostart import after_command  # only at a terminal

    settings: dict[str, object] = found.options["settings"]  # type: ignore[assignment]
    named_folder = found.options["data_dir"] is not None
    said = after_command(where, os.environ, settings, now_ms(), named_folder, on_terminal=True)
    if said and not found.options["quiet"]:
        from cass.render.notices import notify

        notify(said, sys.stderr)


def _settle(found: Invocation, where: Places) -> None:
    """Take from the settings what the command line does not say; mostly nothing is set, and this is two looks."""
    values = settled_values(found, where, os.environ)
    if values == {}:
        found.options["settings"] = values
        return
    from cass.cli.settled import settle

    settle(found, where, values)


def settled_values(found: Invocation, where: Places, env: Mapping[str, str]) -> dict[str, object] | None:
    """What is set, as `plain_values`; None also where the command line says something of it, or shows its layers."""
    asked = found.command in SHOW_SETTINGS or any([key[:9] == "semantic_" for key in found.given])
    asked = asked or ("mode" in found.given and found.command != "search")
    return None if asked else plain_values(where, env)


def _explain(argv: list[str]) -> Invocation:
    from cass.cli.app import parse as parse_slowly  # a hundred milliseconds

    return parse_slowly(argv)


def _utf8(word: str) -> str:
    """As it was typed: terminals are UTF-8, also where the locale is the old C."""
    return os.fsencode(word).decode("utf-8", "surrogateescape")


def _use_utf8() -> None:
    """Whatever the code page; what is no character (a torn file name) is written as an escape."""
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: SIM115 - closed by the caller: write to nowhere
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: SIM115
    if sys.__stderr__ is not None and sys.stderr is sys.__stderr__:
        sys.stderr = Aside(sys.__stderr__.buffer, line_buffering=True)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
