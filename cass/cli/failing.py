"""What goes wrong becomes words, and an exit code; loaded when something does."""

from __future__ import annotations

import os
import sys

from cass import INTERRUPTED
from cass.cli.elsewhere import before_words, folder_in, named_there
from cass.errors import CassError, CorruptDatabase, SystemRefused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

REFUSED = ("EACCES", "EDQUOT", "EFBIG", "EIO", "ENOMEM", "ENOSPC", "EPERM", "EROFS")
# A file where a folder belongs, or a folder where a file does: somebody put it there.
TAKEN = ("EEXIST", "EISDIR", "ENOTDIR")


def let_go_of_stdout() -> None:
    """The reader went away: what is still buffered must not fail once more."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, sys.stdout.fileno())
    except (OSError, ValueError):
        pass  # stdout is no file
    finally:
        os.close(nowhere)


def fail(lost: BaseException, argv: list[str]) -> int:
    """Say what went wrong; the exit code.  Where even that cannot be written, the code alone has to do."""
    error = as_error(lost)
    if error.todo is not None and (folder := folder_in(argv)) is not None:
        error.todo = named_there(error.todo, folder)
    try:
        if not (_drain() and _told_in_json(error, argv)):
            _tell(error)
        if error.kind == "bug" and _wants_traceback(argv):
            import traceback

            traceback.print_exception(lost, file=sys.stderr)
    except (OSError, ValueError):
        pass
    except KeyboardInterrupt:
        return INTERRUPTED
    return error.exit_code


def _drain() -> bool:
    """What was printed before the error comes out before its words, unless stdout itself is what failed: False."""
    try:
        sys.stdout.flush()
    except OSError:
        let_go_of_stdout()
        return False
    return True


def as_error(lost: BaseException) -> CassError:
    if _lacks_files(lost):
        where = getattr(lost, "filename", None) or getattr(lost, "where", None)
        return SystemRefused("too many files are open", where, "allow more, then run this again: ulimit -n 1024")
    if isinstance(lost, CassError):
        return lost
    if isinstance(lost, MemoryError):
        return SystemRefused("there is not enough memory")
    if isinstance(lost, OSError) and (todo := _mends(lost)) is not None:
        where = lost.filename if isinstance(lost.filename, str) else None
        return SystemRefused(f"the system refused: {(lost.strerror or str(lost)).lower()}", where, todo)
    if type(lost).__module__ == "sqlite3" and type(lost).__name__ in ("DatabaseError", "OperationalError"):
        what = f"the database cannot be read: {_first_line(lost)}"
        return CorruptDatabase(what, None, "see what is wrong and what mends it: cass doctor")
    what = f"this is a bug: {type(lost).__name__}: {_first_line(lost)}"
    return CassError(what, _place(lost), "run it again with -v to see the traceback, and please report it")


def _lacks_files(lost: BaseException | None) -> bool:
    """May this process open no more files?  Python's loader and tantivy say so in words alone."""
    import errno

    while lost is not None:
        if isinstance(lost, OSError) and lost.errno in (errno.EMFILE, errno.ENFILE):
            return True
        if isinstance(lost, ImportError) and os.strerror(errno.EMFILE) in str(lost):
            return True
        if isinstance(lost, ValueError) and "kind: TooManyOpenFiles" in str(lost):
            return True
        lost = lost.__cause__
    return False


def _mends(lost: OSError) -> str | None:
    """What helps against what the system refused; None where it is our own fault."""
    import errno

    name = errno.errorcode.get(lost.errno or 0)
    if name in TAKEN and isinstance(lost.filename, str):
        return "something else stands there: move it away, then run this again"
    return "make room or allow it, then run this again" if name in REFUSED else None


def _first_line(lost: BaseException) -> str:
    lines = str(lost).splitlines()
    return lines[0].strip().rstrip(".") if lines else "no message"


def _place(lost: BaseException) -> str | None:
    """Our file and line nearest to where it happened."""
    ours = __file__.removesuffix(os.path.join("cli", "failing.py"))
    found = None
    trace = lost.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if found is None or file.startswith(ours):
            found = f"{'cass' + os.sep + file.removeprefix(ours) if file.startswith(ours) else file}:{trace.tb_lineno}"
        trace = trace.tb_next
    return found


def _told_in_json(error: CassError, argv: list[str]) -> bool:
    """The error object on stdout, where JSON was asked for; False where it was not, or stdout takes nothing."""
    asked = before_words(argv)
    lines = "--jsonl" in asked or "--robot-format=jsonl" in asked or _follows(asked, "--robot-format", "jsonl")
    if not lines and not any(arg in ("--json", "--robot") or arg.startswith("--robot-format") for arg in asked):
        return False
    try:
        _write_json(error, {"type": "error"} if lines else {})
    except BrokenPipeError:
        let_go_of_stdout()  # who asked has gone
    except OSError:
        let_go_of_stdout()
        return False
    return True


def _write_json(error: CassError, more: dict[str, object]) -> None:
    import json

    sys.stdout.write(json.dumps({"error": error_object(error)} | more, sort_keys=True) + "\n")
    sys.stdout.flush()


def _tell(error: CassError) -> None:
    """One line on stderr."""
    from cass.render.notices import notify
    from cass.render.terminal import visible

    notify(f"cass: {visible(str(error))}\n", sys.stderr)


def error_object(error: CassError) -> dict[str, object]:
    """What programs read of an error."""
    return {
        "kind": error.kind,
        "message": error.what,
        "where": error.where,
        "hint": error.todo,
        "retryable": error.retryable,
    }


def _follows(args: Sequence[str], first: str, second: str) -> bool:
    return first in args and list(args[args.index(first) + 1 :][:1]) == [second]


def _wants_traceback(argv: list[str]) -> bool:
    """-v, also among other short flags; the command line may be one that could not be read."""
    return any(arg == "--verbose" or (arg[:1] == "-" and arg[1:2] != "-" and "v" in arg) for arg in before_words(argv))
