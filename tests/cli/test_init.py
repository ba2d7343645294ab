"""`cass init`: the key, in the shells that are here, on a real terminal."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.archive import REPO, Home, make_home
from tests.cli.test_edge import cass

STARTS = {"bash": "bash --norc --noprofile", "zsh": "zsh -f", "fish": "fish -N"}
LOADS = {"bash": 'eval "$(cass init bash)"', "zsh": 'eval "$(cass init zsh)"', "fish": "cass init fish | source"}
# What the key's code calls, beside the shells and fzf.
TOOLS = ("sh", "sed", "cut", "awk", "stty", "uname", "env")
each_shell = pytest.mark.parametrize(
    "shell",
    [
        pytest.param(one, marks=pytest.mark.skipif(not shutil.which(one), reason=f"{one} is not installed"))
        for one in STARTS
    ],
)
needs_terminal = pytest.mark.skipif(not shutil.which("tmux"), reason="tmux is not installed")
needs_fzf = pytest.mark.skipif(not shutil.which("fzf"), reason="fzf is not installed")
PATIENCE_S = 60


class Screen:
    """A shell in a terminal of its own."""

    def __init__(self, home: Home, shell: str, env: dict[str, str], rows: int = 40) -> None:
        self._tmux = ["tmux", "-f", "/dev/null", "-S", str(home.folder / "tmux")]
        self._env = env
        self._run("new-session", "-d", "-x", "120", "-y", str(rows), STARTS[shell])
        self.type("PS1='ready> '; echo lo''aded" if shell != "fish" else "echo lo''aded")
        self.wait("loaded")

    def _run(self, *words: str) -> str:
        done = subprocess.run([*self._tmux, *words], env=self._env, capture_output=True, text=True, check=True)
        return done.stdout

    def type(self, text: str) -> None:
        self._run("send-keys", "-l", text)
        self.press("Enter")

    def press(self, *keys: str) -> None:
        self._run("send-keys", *keys)

    def wait(self, text: str) -> str:
        """What is shown, as soon as `text` is on a line of it."""
        until_s = time.monotonic() + PATIENCE_S
        while text not in (shown := self._run("capture-pane", "-p", "-J")):
            assert time.monotonic() < until_s, f"no {text!r} in:\n{shown}"
        return shown

    def close(self) -> None:
        subprocess.run([*self._tmux, "kill-server"], env=self._env, capture_output=True, check=False)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Three sessions; a PATH on which `cass` is."""
    home = make_home(tmp_path)
    home.claude("s-pool", "the connection pool timed out", title="It's a pool", workspace=str(tmp_path))
    home.claude("s-long", "the first asks", "the second answers", "the third says lantern", "the fourth answers")
    home.claude("s-other", "a walrus sleeps", title="Walrus")
    home.index()
    program = tmp_path / "bin" / "cass"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nPYTHONPATH={REPO} exec {sys.executable} -P -m cass "$@"\n')
    program.chmod(0o755)
    for tool in (*TOOLS, *STARTS):
        if (found := shutil.which(tool)) is not None:
            (program.parent / tool).symlink_to(found)
    return home


@pytest.fixture
def screen(home: Home, shell: str, request: pytest.FixtureRequest) -> Iterator[Screen]:
    """`fzf` is there for the tests that need it."""
    fzf = shutil.which("fzf")
    if needs_fzf.mark in request.node.own_markers and fzf is not None:
        (home.folder / "bin" / "fzf").symlink_to(fzf)
    path = str(home.folder / "bin")
    (home.folder / "bin" / "tmux").symlink_to(shutil.which("tmux") or "")
    rows = request.node.callspec.params.get("rows", 40)
    screen = Screen(home, shell, home.env | {"PATH": path, "TERM": "screen", "LANG": "C.UTF-8"}, rows)
    screen.type(f"{LOADS[shell]}; echo key''ed")
    screen.wait("keyed")
    yield screen
    screen.close()


@needs_terminal
@needs_fzf
@each_shell
def test_the_key_puts_what_goes_on_with_a_session_on_the_line(screen: Screen) -> None:
    """Found while it is typed; nothing is run."""
    screen.press("M-s")
    screen.wait("Enter: go on")
    screen.press("-l", "conn")
    screen.wait("1/1")
    screen.press("Enter")

    assert "claude --resume s-pool" in screen.wait("claude --resume")


@needs_terminal
@needs_fzf
@each_shell
def test_another_key_puts_the_file_on_the_line(home: Home, screen: Screen) -> None:
    """In quotes, whatever is in its name."""
    screen.press("M-s")
    screen.wait("Enter: go on")
    screen.press("-l", "walr")
    screen.wait("1/1")
    screen.press("C-o")

    assert "s-other.jsonl'" in screen.wait(".jsonl'").replace("\n", "")


@needs_terminal
@needs_fzf
@each_shell
@pytest.mark.parametrize("rows", [12, 40])
def test_the_message_is_in_sight_however_low_the_screen_is(screen: Screen, rows: int) -> None:
    """Under its heading; the head of its session and its neighbours only where there is room for them."""
    screen.press("M-s")
    screen.wait("Enter: go on")
    screen.press("-l", "lantern")
    shown = screen.wait(":2  user")

    assert "the third says lantern" in shown.partition(":2  user")[2]
    assert ("the second answers" in shown) is (rows == 40)


@needs_terminal
@each_shell
def test_without_fzf_it_asks_and_lists(screen: Screen) -> None:
    screen.press("M-s")
    screen.wait("cass search:")
    screen.type("pool")
    screen.wait("which one")
    screen.type("1")

    assert "claude --resume s-pool" in screen.wait("claude --resume")


@each_shell
def test_the_code_is_read_without_a_word(shell: str) -> None:
    """Also where no terminal is, as in a script that reads the same file of settings."""
    code = cass("init", shell, "--key", "^Xs").stdout
    done = subprocess.run([*STARTS[shell].split(), "-c", code], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (0, "")
    assert "^Xs" in code
