"""The outer edge: run one verb, and turn whatever goes wrong into words and an exit code."""

from __future__ import annotations

import os
import sys

from cass.cli.lane import Invocation, parse
from cass.errors import CassError, CorruptDatabase, SystemRefused
from cass.paths import places
from cass.settings.hot import plain_values

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

    from cass.paths import Places

INTERRUPTED = 130
# They show where every setting comes from, and list themselves what is wrong among them.
SHOW_SETTINGS = ("config", "status")
# As backfill/activity.py names it; a test compares.
ACTIVITY = "activity"
REFUSED = ("EACCES", "EDQUOT", "EMFILE", "ENFILE", "ENOMEM", "ENOSPC", "EPERM", "EROFS")


def run(argv: list[str]) -> int:
    """Do what `argv` (without the program's name) asks for; the exit code.  Never raises, save SystemExit."""
    _use_utf8()
    try:
        code = _verb(argv)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        _let_go_of_stdout()
        return 0
    except SystemExit:
        raise
    except BaseException as lost:  # a panic inside an extension is no Exception
        return _fail(lost, argv)
    return code


def end(code: int) -> NoReturn:
    """End the process now: tearing the interpreter down costs a millisecond and frees what the system frees anyway."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):
            pass  # nobody is listening any more
    os._exit(code)


def _verb(argv: list[str]) -> int:
    found = parse(argv) or _explain(argv)
    where = places(os.environ, data_dir=found.options["data_dir"])  # type: ignore[arg-type]
    _settle(found, where)
    if found.stamps:
        _stamp(where.data)
    module = __import__("cass.cli.verbs." + found.command, fromlist=["run"])
    code: int = module.run(found.options)
    sys.stdout.flush()
    if found.wakes and sys.stdout.isatty():
        _wake(found, where)
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
        sys.stderr.write(said)


def _settle(found: Invocation, where: Places) -> None:
    """Take from the settings what the command line does not say; mostly nothing is set, and this is two looks."""
    asked = found.command in SHOW_SETTINGS or any([key[:9] == "semantic_" for key in found.given])
    asked = asked or ("mode" in found.given and found.command != "search")
    values = None if asked else plain_values(where, os.environ)
    if values == {}:
        found.options["settings"] = values
        return
    from cass.cli.settled import settle

    settle(found, where, values)


def _explain(argv: list[str]) -> Invocation:
    from cass.cli.app import parse as parse_slowly  # a hundred milliseconds

    return parse_slowly(argv)


def _use_utf8() -> None:
    """Whatever the code page; what is no character (a torn file name) is written as an escape."""
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: SIM115 - closed by the caller: write to nowhere
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def _let_go_of_stdout() -> None:
    """The reader went away: what is still buffered must not fail once more."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, sys.stdout.fileno())
    except (OSError, ValueError):
        pass  # stdout is no file
    finally:
        os.close(nowhere)


def _fail(lost: BaseException, argv: list[str]) -> int:
    """Say what went wrong; the exit code.  Where even that cannot be written, the code alone has to do."""
    error = _as_error(lost)
    try:
        _drain()
        _tell(error, argv)
        if error.kind == "bug" and _wants_traceback(argv):
            import traceback

            traceback.print_exception(lost, file=sys.stderr)
    except (OSError, ValueError):
        pass
    except KeyboardInterrupt:
        return INTERRUPTED
    return error.exit_code


def _drain() -> None:
    """What was printed before the error comes out before its words, unless stdout itself is what failed."""
    try:
        sys.stdout.flush()
    except OSError:
        _let_go_of_stdout()


def _as_error(lost: BaseException) -> CassError:
    if isinstance(lost, CassError):
        return lost
    if isinstance(lost, MemoryError):
        return SystemRefused("there is not enough memory")
    if isinstance(lost, OSError) and _is_refusal(lost):
        where = lost.filename if isinstance(lost.filename, str) else None
        what = f"the system refused: {(lost.strerror or str(lost)).lower()}"
        return SystemRefused(what, where, "make room or allow it, then run this again")
    if type(lost).__module__ == "sqlite3" and type(lost).__name__ in ("DatabaseError", "OperationalError"):
        what = f"the database cannot be read: {_first_line(lost)}"
        return CorruptDatabase(what, None, "see what is wrong and what mends it: cass doctor")
    what = f"this is a bug: {type(lost).__name__}: {_first_line(lost)}"
    return CassError(what, _place(lost), "run it again with -v to see the traceback, and please report it")


def _is_refusal(lost: OSError) -> bool:
    import errno

    return errno.errorcode.get(lost.errno or 0) in REFUSED


def _first_line(lost: BaseException) -> str:
    lines = str(lost).splitlines()
    return lines[0].strip().rstrip(".") if lines else "no message"


def _place(lost: BaseException) -> str | None:
    """Our file and line nearest to where it happened."""
    ours = __file__.removesuffix(os.path.join("cli", "edge.py"))
    found = None
    trace = lost.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if found is None or file.startswith(ours):
            found = f"{'cass' + os.sep + file.removeprefix(ours) if file.startswith(ours) else file}:{trace.tb_lineno}"
        trace = trace.tb_next
    return found


def _tell(error: CassError, argv: list[str]) -> None:
    """One line on stderr, or the error object on stdout where JSON was asked for."""
    asked = _before_words(argv)
    if "--jsonl" in asked or "--robot-format=jsonl" in asked or _follows(asked, "--robot-format", "jsonl"):
        _write_json(error, {"type": "error"})
    elif any(arg in ("--json", "--robot") or arg.startswith("--robot-format") for arg in asked):
        _write_json(error, {})
    else:
        from cass.render.terminal import visible

        sys.stderr.write(f"cass: {visible(str(error))}\n")


def _write_json(error: CassError, more: dict[str, object]) -> None:
    import json

    said = {
        "kind": error.kind,
        "message": error.what,
        "where": error.where,
        "hint": error.todo,
        "retryable": error.retryable,
    }
    sys.stdout.write(json.dumps({"error": said} | more, sort_keys=True) + "\n")
    sys.stdout.flush()


def _before_words(argv: list[str]) -> list[str]:
    """The part of `argv` that may hold options."""
    return argv[: argv.index("--")] if "--" in argv else argv


def _follows(args: list[str], first: str, second: str) -> bool:
    return first in args and args[args.index(first) + 1 :][:1] == [second]


def _wants_traceback(argv: list[str]) -> bool:
    """-v, also among other short flags; the command line may be one that could not be read."""
    return any(arg == "--verbose" or (arg[:1] == "-" and arg[1:2] != "-" and "v" in arg) for arg in _before_words(argv))
