"""The outer edge: words and exit codes for whatever goes wrong."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cass import __version__
from cass.cli import edge, failing
from cass.cli.verbs import version
from cass.errors import Busy, CassError, NotFound, SystemRefused, UsageError

ROOT = Path(__file__).resolve().parents[2]


def cass(*argv: str, **more: object) -> subprocess.CompletedProcess[str]:
    """The real program in a process of its own."""
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    more = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "env": env} | more
    return subprocess.run([sys.executable, "-m", "cass", *argv], text=True, check=False, **more)  # type: ignore[call-overload,no-any-return]


@pytest.fixture
def verb(monkeypatch: pytest.MonkeyPatch):
    """`cass version` replaced by a function that raises what it is given."""

    def raising(lost: BaseException) -> None:
        def run(options: dict[str, object]) -> int:
            raise lost

        monkeypatch.setattr(version, "run", run)

    return raising


def test_a_verb_prints_and_its_code_ends_the_process():
    done = cass("version")

    assert (done.stdout, done.stderr, done.returncode) == (f"cass {__version__}\n", "", 0)


def test_an_error_is_one_line_on_stderr(verb, capsys: pytest.CaptureFixture[str]):
    verb(NotFound("no session begins with 3fa9c2", "cass show", "see `cass sessions`"))

    assert edge.run(["version"]) == 1
    assert capsys.readouterr() == ("", "cass: no session begins with 3fa9c2 (cass show). See `cass sessions`.\n")


@pytest.mark.parametrize("flag", ["--json", "--robot", "--robot-format=json"])
def test_an_error_in_json_is_an_object_on_stdout(flag: str, verb, capsys: pytest.CaptureFixture[str]):
    verb(Busy("another process is indexing", "index.lock", "try again"))

    assert edge.run(["version", flag]) == 7
    out, err = capsys.readouterr()
    assert err == ""
    assert json.loads(out) == {
        "error": {
            "kind": "busy",
            "message": "another process is indexing",
            "where": "index.lock",
            "hint": "try again",
            "retryable": True,
        }
    }


@pytest.mark.parametrize("flags", [["--jsonl"], ["--robot-format", "jsonl"], ["--robot-format=jsonl"]])
def test_an_error_in_json_lines_has_a_type(flags: list[str], capsys: pytest.CaptureFixture[str]):
    assert edge.run(["search", *flags, "-n", "x"]) == 2
    said = json.loads(capsys.readouterr().out)
    assert (said["type"], said["error"]["kind"]) == ("error", "usage")


def test_json_after_two_dashes_is_a_word(capsys: pytest.CaptureFixture[str]):
    assert edge.run(["search", "-n", "x", "--", "--json"]) == 2
    assert capsys.readouterr().out == ""


def test_a_bug_is_named_with_its_place_and_without_a_traceback(verb, capsys: pytest.CaptureFixture[str]):
    verb(ZeroDivisionError("division by zero"))

    assert edge.run(["version"]) == 9
    line = capsys.readouterr().err
    assert line.startswith("cass: this is a bug: ZeroDivisionError: division by zero (cass")
    assert line.count("\n") == 1 and "-v" in line


def test_verbose_shows_the_traceback_of_a_bug(verb, capsys: pytest.CaptureFixture[str]):
    verb(ZeroDivisionError("division by zero"))

    assert edge.run(["version", "-qv"]) == 9
    assert "Traceback" in capsys.readouterr().err


def test_a_panic_that_is_no_exception_is_a_bug_too(verb, capsys: pytest.CaptureFixture[str]):
    """What a Rust extension raises derives from BaseException."""

    class PanicException(BaseException):
        pass

    verb(PanicException("index out of bounds\nmore"))

    assert edge.run(["version"]) == 9
    assert "PanicException: index out of bounds (cass" in capsys.readouterr().err


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES, errno.EROFS])
def test_what_the_system_refuses_is_no_bug(number: int, verb, capsys: pytest.CaptureFixture[str]):
    verb(OSError(number, "No Room", "archive/cass.db"))

    assert edge.run(["version", "--json"]) == 10
    assert json.loads(capsys.readouterr().out)["error"] == {
        "kind": "system-refused",
        "message": "the system refused: no room",
        "where": "archive/cass.db",
        "hint": "make room or allow it, then run this again",
        "retryable": False,
    }


OUT_OF_FILES = [
    OSError(errno.EMFILE, os.strerror(errno.EMFILE), "archive/cass.db"),
    ImportError(f"lib/math.so: cannot open shared object file: {os.strerror(errno.EMFILE)}"),
    ValueError('IoError { io_error: Os { code: 24, kind: TooManyOpenFiles, message: "Too many open files" } }'),
]


@pytest.mark.parametrize("lost", OUT_OF_FILES, ids=lambda lost: type(lost).__name__)
def test_too_many_open_files_are_no_bug_and_want_no_room(lost: Exception):
    """Whoever says so, and in whatever words it was told on."""
    told = SystemRefused("the index cannot be written", "derived/lexical", "run: cass index --rebuild")
    told.__cause__ = lost

    for error in (failing.as_error(lost), failing.as_error(told)):
        assert (error.exit_code, error.what) == (10, "too many files are open")
        assert error.todo is not None and "ulimit -n" in error.todo


def test_words_about_open_files_are_only_words():
    """What was typed is in many an error."""
    error = failing.as_error(UsageError("there is no agent 'Too many open files'"))

    assert (error.kind, error.exit_code) == ("usage", 2)


@pytest.mark.parametrize("number", [errno.EEXIST, errno.EISDIR, errno.ENOTDIR])
def test_what_stands_in_the_place_of_a_file_is_no_bug(number: int):
    """Somebody put it there, and is told where; without a place nobody could be told anything."""
    error = failing.as_error(OSError(number, "Is Something", "archive/worker.lock"))

    assert (error.exit_code, error.what, error.where) == (10, "the system refused: is something", "archive/worker.lock")
    assert error.todo == "something else stands there: move it away, then run this again"
    assert failing.as_error(OSError(number, "Is Something")).kind == "bug"


def test_what_was_printed_before_an_error_comes_out_first():
    """Both streams into one file, as with `2>&1`."""
    code = "from cass.cli.verbs import version; from cass import main; import sys\n"
    code += "sys.argv = ['cass', 'version']\n"
    code += "version.run = lambda options: print('half an answer') or open('no/such/file')\nmain()"
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)

    assert done.stdout.splitlines()[0] == "half an answer"
    assert done.returncode == 9


def test_another_system_error_is_a_bug():
    assert failing.as_error(OSError(errno.EINVAL, "Invalid argument")).kind == "bug"


def test_an_interrupt_ends_quietly(verb, capsys: pytest.CaptureFixture[str]):
    verb(KeyboardInterrupt())

    assert edge.run(["version"]) == 130
    assert capsys.readouterr() == ("", "")


def test_hostile_words_in_an_error_are_made_visible(capsys: pytest.CaptureFixture[str]):
    assert edge.run(["search\x1b]0;owned\x07"]) == 2
    assert "\x1b" not in capsys.readouterr().err


def test_an_error_keeps_its_line_when_nobody_reads_stdout():
    with Path(os.devnull).open("w") as nowhere:
        done = cass("tui", stdout=nowhere)

    assert (done.returncode, done.stderr) == (
        2,
        "cass: there is no command 'tui'. The nearest is `cass search QUERY`.\n",
    )


@pytest.mark.skipif(sys.platform == "win32", reason="no closed pipes of this kind on Windows")
def test_a_closed_pipe_ends_quietly():
    reading, writing = os.pipe()
    os.close(reading)
    done = cass("man", stdout=writing)
    os.close(writing)

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize(
    "words, code, said",
    [
        (["version"], 10, "the system refused: no space left on device."),
        (["version", "--json"], 10, "the system refused: no space left on device."),
        (["tui", "--json"], 2, "there is no command 'tui'."),
    ],
)
def test_a_full_disk_under_stdout_is_said(words: list[str], code: int, said: str):
    """On stderr, also where JSON was asked for: the object has no place to stand in."""
    with Path("/dev/full").open("w") as full:
        done = cass(*words, stdout=full)

    assert done.returncode == code
    assert done.stderr.startswith(f"cass: {said}")


@pytest.mark.skipif(sys.platform == "win32", reason="file descriptors are not closed like this on Windows")
def test_a_process_without_stdout_still_ends_well():
    done = subprocess.run(
        ["sh", "-c", f'"{sys.executable}" -m cass version >&-'], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")


def test_output_is_utf8_whatever_the_code_page():
    """A torn file name, a lone surrogate, is written as an escape."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii:strict", "LC_ALL": "C", "PYTHONUTF8": "0"}
    done = subprocess.run(
        [sys.executable, "-c", "from cass.cli.edge import _use_utf8; _use_utf8(); print('caf\\xe9 \\udcff')"],
        env=env,
        capture_output=True,
        check=True,
    )

    assert done.stdout.decode().split() == ["café", "\\udcff"]


def test_every_error_has_words_and_a_code():
    for kind in CassError.__subclasses__():
        assert kind("what").exit_code in range(1, 16)


@pytest.mark.skipif(not hasattr(signal, "SIGINT") or sys.platform == "win32", reason="signals of Unix")
def test_a_real_interrupt_exits_130():
    """Ctrl-C while the program waits for its standard input."""
    code = "import os, signal; from cass.cli.verbs import version; from cass import main\n"
    code += "import sys; sys.argv = ['cass', 'version']\n"
    code += "version.run = lambda options: os.kill(os.getpid(), signal.SIGINT)\nmain()"
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


# An audit hook is told of every import, file and piece of code: at the given one of them somebody presses Ctrl-C.
INTERRUPTED_AT = """
import os, sys, signal
left, started = int(os.environ["INTERRUPT_AT"]), False
def hook(event, what):
    global left, started
    started = started or (event == "import" and what[0] == "gc")
    left -= started
    if started and left == 0:
        signal.raise_signal(signal.SIGINT)
sys.addaudithook(hook)
"""


@pytest.mark.parametrize("words", [("search", "walrus"), ("status", "--json"), ("shwo", "x"), ("--help",)])
@pytest.mark.parametrize("at", [1, 2, 3, 5, 8, 13, 21, 34, 55, 89])
def test_an_interrupt_while_the_program_is_loaded_exits_130_and_says_nothing(
    tmp_path: Path, words: tuple[str, ...], at: int
):
    """Wherever the start is just then."""
    (tmp_path / "sitecustomize.py").write_text(INTERRUPTED_AT)
    env = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}", "HOME": str(tmp_path)}
    env |= {"CASS_DATA_DIR": str(tmp_path / "data"), "INTERRUPT_AT": str(at)}

    done = cass(*words, env=env)

    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")
