"""How every command that is read behaves: streams, colour, plainness, links, pager, hostile text, closed pipes, Ctrl-C.

The machine is one that means ill: wherever an agent or a repository can put a text, it is one that would rule the
terminal.  A command in the table that is neither read here nor named as not being read fails.
"""

from __future__ import annotations

import importlib
import io
import os
import re
import shutil
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from cass.cli import edge
from cass.cli.table import HOME, NAMES
from tests.archive import REPO, Home, answers, calls, make_home, says
from tests.cli.test_edge import cass
from tests.cli.test_terminal import HOSTILE, on_terminal

Words = tuple[str, ...]
EVIL = "".join(HOSTILE[:7])
WIDE = "x" * 200
# What a person reads of each command: {sid} is a session, {mine} an environment in which nothing hides.
READ: dict[str, list[Words]] = {
    HOME: [()],
    "search": [("walrus",), ("walrus", "-C1"), ("nothing" + EVIL,), ("-l", "walrus"), ("-c", "walrus")],
    "show": [("{sid}",), ("{sid}:1",), ("{sid}", "--tools")],
    "sessions": [()],
    "like": [("{sid}",)],
    "resume": [("{sid}",)],
    "export": [("{sid}", "--format", "markdown")],
    "pack": [("walrus",)],
    "stats": [(), ("--by", "workspace"), ("--by", "model")],
    "index": [("--dry-run",)],
    "status": [(), ("-v",), ("--brief",)],
    "doctor": [()],
    "sources": [(), ("-v",)],
    "forget": [("{sid}", "--dry-run")],
    "secrets": [()],
    "config": [(), ("get", "sources.exclude"), ("path",)],
    "models": [()],
    "worker": [(), ("log",)],
    "uninstall": [("--dry-run",)],
    "agent-context": [()],
    "schema": [(), ("search",)],
    "completion": [("bash",)],
    "init": [("bash",)],
    "man": [("show",)],
    "help": [(), ("search",)],
    "version": [()],
}
# They work, or start something else, and are tested where they do.
NOT_READ = {"open", "import", "restore", "backfill", "mcp", "serve", "demo"}
# In a pipe, what a shell is to run, byte for byte: an id of another spelling would be another session.
VERBATIM = {"resume"}
CASES = [(name, words) for name, several in READ.items() for words in several]
IDS = [ascii(" ".join((name, *words)))[:40] for name, words in CASES]
each_command = pytest.mark.parametrize("name, words", CASES, ids=IDS)
SGR = re.compile(r"\x1b\[[0-9;]*m")
LINK = re.compile(r"\x1b\]8;;([^\x1b\x07]*)\x1b\\")


class Screen(io.StringIO):
    """A stream that says that somebody looks at it."""

    def isatty(self) -> bool:
        return True


class Machine:
    """The home, and what a command shows of it."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.sid = home.search("walrus").hits[0].sid
        self.env = {"PATH": "/usr/bin:/bin", "TZ": "UTC", "TERM": "xterm", "PAGER": "cat", "COLUMNS": "80", **home.env}
        self.env["CASS_SEARCH_REFRESH"] = "off"  # how far a look gets depends on the machine

    def argv(self, name: str, words: Words) -> list[str]:
        return [*([] if name == HOME else [name]), *(word.replace("{sid}", self.sid) for word in words)]

    def run(
        self, name: str, words: Words, *more: str, env: Mapping[str, str] | None = None, looks: bool = True
    ) -> tuple[int, str, str]:
        """(code, stdout, stderr), on a terminal or not."""
        out, err, kept = (Screen() if looks else io.StringIO()), Screen() if looks else io.StringIO(), dict(os.environ)
        os.environ.clear()
        os.environ.update(self.env | dict(env or {}))
        try:
            with redirect_stdout(out), redirect_stderr(err):
                code = edge.run([*self.argv(name, words), *more])
        finally:
            os.environ.clear()
            os.environ.update(kept)
        return code, out.getvalue(), err.getvalue()


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """Sessions whose every text is hostile: title, folder, branch, model, tool, name of the file."""
    home = make_home(tmp_path_factory.mktemp("manners"))
    evil = {"gitBranch": f"main{EVIL}", "cwd": f"/w/{EVIL}"}
    bad = says("assistant", f"a walrus {EVIL}", calls(f"Bash{EVIL}", "c1", command=f"ls {EVIL}"))
    bad["message"]["model"] = f"model{EVIL}"
    home.claude(
        "s1",
        says("user", f"the walrus {EVIL} sleeps\n{EVIL}") | evil,
        bad | evil,
        says("user", answers("c1", f"{EVIL}\n{WIDE}", is_error=True)) | evil,
        says("assistant", f"its key is AKIA{'ZQ3XW7RT5VB2NM4K'} {EVIL}") | evil,
        title=f"Walrus {EVIL}",
    )
    home.claude("s2", "another walrus", "sleeps", title=f"Other {EVIL}")
    torn = home.path(f"torn{EVIL[:5]}") if sys.platform != "win32" else home.path("torn")
    torn.write_bytes(home.path("s2").read_bytes().replace(b'"s2', b'"s3') + b'{"torn \x1b]0;owned\x07\n')
    home.index()
    before = Path.cwd()
    os.chdir(home.home)
    yield Machine(home)
    os.chdir(before)


def test_every_command_is_read_here_or_said_not_to_be() -> None:
    assert {*READ} | NOT_READ == {*NAMES, HOME}
    assert not {*READ} & NOT_READ


@each_command
def test_hostile_text_never_rules_the_terminal(machine: Machine, name: str, words: Words) -> None:
    """What is left without our own colours and links is printable."""
    code, out, err = machine.run(name, words)

    assert code in (0, 1)
    for text in (out, err):
        rest = LINK.sub("", SGR.sub("", text)).replace("\n", "").replace("\t", "")
        assert [sign for sign in rest if not sign.isprintable() and sign != "\xa0"] == []
    assert all(address.isprintable() for address in LINK.findall(out))


@each_command
def test_colour_says_nothing_that_is_not_said_without(machine: Machine, name: str, words: Words) -> None:
    """The same characters, coloured or not."""
    bare = machine.run(name, words, env={"NO_COLOR": "1"})
    painted = machine.run(name, words)

    assert steady(LINK.sub("", SGR.sub("", painted[1]))) == steady(bare[1])


@each_command
def test_no_colour_and_no_link_where_none_is_wanted(machine: Machine, name: str, words: Words) -> None:
    """By the environment, or by the option."""
    for env, more in (({"NO_COLOR": "1"}, ()), ({"TERM": "dumb"}, ()), ({}, ("--color", "never")), ({}, ("--plain",))):
        _, out, err = machine.run(name, words, *more, env=env)

        assert "\x1b" not in SGR.sub("", out + err) if more == ("--plain",) else "\x1b" not in out + err


@each_command
def test_a_dumb_terminal_is_plain(machine: Machine, name: str, words: Words) -> None:
    """No more is drawn there than with --plain."""
    dumb = machine.run(name, words, env={"TERM": "dumb"})
    plain = machine.run(name, words, "--plain", "--color", "never")

    assert steady(dumb[1]) == steady(plain[1])
    assert not set("\r\b█▓▒░▁▂▃▄▅▆▇─│┌┐└┘") & set(dumb[1] + dumb[2])


@each_command
def test_what_is_piped_has_neither_colour_nor_links(machine: Machine, name: str, words: Words) -> None:
    """With FORCE_COLOR colour alone."""
    _, out, err = machine.run(name, words, looks=False)
    assert "\x1b" not in out + err or name in VERBATIM

    _, out, _ = machine.run(name, words, env={"FORCE_COLOR": "1"}, looks=False)
    assert "\x1b" not in SGR.sub("", out) or name in VERBATIM


@each_command
def test_a_quiet_command_says_what_it_found_and_nothing_else(machine: Machine, name: str, words: Words) -> None:
    """Results on stdout, the same with -q; notices are on stderr, and gone with it."""
    said = machine.run(name, words, looks=False)
    quiet = machine.run(name, words, "-q", looks=False)

    assert quiet[2] == ""
    assert (quiet[0], steady(quiet[1])) == (said[0], steady(said[1]))


@each_command
def test_the_template_of_links_holds_everywhere(machine: Machine, name: str, words: Words) -> None:
    """One setting: none at all, or an editor's."""
    for form, wanted in (("none", r"$^"), ("editor://{path}?{line}", r"(editor://.*)?$")):
        _, out, _ = machine.run(name, words, env={"CASS_HYPERLINK_FORMAT": form})
        assert [address for address in LINK.findall(out) if not re.match(wanted, address)] == []


def steady(text: str) -> str:
    """Without what a clock or a meter puts there, what the settings are that we play with, and ends of lines."""
    text = re.sub(r"\d+(\.\d+)? ?(ms|s|MB|GB|kB|bytes|seconds?|minutes?)\b|; the newest files have.*", "N", text)
    lines = (line.rstrip("N ") for line in text.splitlines())
    return "\n".join(line for line in lines if not re.match(r"(color|plain)\b", line))


# In processes of their own


@pytest.mark.skipif(sys.platform == "win32", reason="no closed pipes of this kind on Windows")
@pytest.mark.parametrize("name", READ)
def test_a_closed_pipe_ends_it_quietly(machine: Machine, name: str) -> None:
    """As with `| head`."""
    reading, writing = os.pipe()
    os.close(reading)
    done = cass(*machine.argv(name, READ[name][0]), "-q", stdout=writing, env={**machine.env, "PYTHONPATH": str(REPO)})
    os.close(writing)

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(sys.platform == "win32", reason="signals of Unix")
@pytest.mark.parametrize("name", READ)
def test_an_interrupt_ends_it_with_130(machine: Machine, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the middle of its work, without a word."""
    verb = importlib.import_module("cass.cli.verbs." + name.replace("-", "_"))

    def interrupted(options: dict[str, object]) -> int:
        os.kill(os.getpid(), signal.SIGINT)
        return 0

    monkeypatch.setattr(verb, "run", interrupted)

    assert machine.run(name, READ[name][0]) == (130, "", "")


# What a person reads, and may be longer than a screen; man brings a pager of its own (below).
LONG = [
    *("search", "show", "sessions", "like", "pack", "stats", "status", "doctor", "sources", "config", "schema", "help"),
    "agent-context",
]


@pytest.mark.skipif(sys.platform == "win32", reason="this system has no pseudo-terminals")
@pytest.mark.parametrize(("name", "more"), [*[(name, ()) for name in LONG], ("show", ("--raw",))])
def test_what_does_not_fit_the_screen_goes_through_the_pager(machine: Machine, name: str, more: Words) -> None:
    """And nothing does where none is wanted."""
    code = f"import os; os.chdir({str(machine.home.home)!r}); from cass.cli.edge import run; run({{}})"
    argv = [*machine.argv(name, READ[name][0]), *more, "-q"]
    env = {**machine.env, "PAGER": "sed s/^/paged:/"}

    shown = on_terminal(code.format(argv), env, rows=3)
    assert all(line.startswith("paged:") for line in shown.splitlines()), shown
    assert "paged:" not in on_terminal(code.format([*argv, "--no-pager"]), env, rows=3)


@pytest.mark.skipif(sys.platform == "win32", reason="this system has no pseudo-terminals")
@pytest.mark.skipif(not shutil.which("man"), reason="man is not installed")
@pytest.mark.parametrize("more", ["--no-pager", "--plain"])
def test_a_manual_page_without_a_pager_is_text(machine: Machine, more: str) -> None:
    """Not the source of the page; and no letter is struck over another."""
    shown = on_terminal(f"from cass.cli.edge import run; run(['man', 'version', {more!r}])", machine.env)

    assert shown.splitlines()[2:4] == ["NAME", "       cass-version - print the version"]


@pytest.mark.skipif(sys.platform == "win32", reason="this system has no pseudo-terminals")
@pytest.mark.skipif(not shutil.which("man"), reason="man is not installed")
def test_a_manual_page_goes_through_the_pager_that_is_set(machine: Machine) -> None:
    env = {**machine.env, "CASS_PAGER": "sed s/^/paged:/"}
    shown = on_terminal("from cass.cli.edge import run; run(['man', 'version'])", env)

    assert all(line.startswith("paged:") for line in shown.splitlines()), shown
