"""The Neovim plugin, in a real Neovim without a screen: keys go in, and its windows are looked at."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.archive import REPO, Home, make_home

pytestmark = pytest.mark.skipif(not shutil.which("nvim"), reason="nvim is not installed")

PLUGIN = REPO / "editors" / "nvim"
PATIENCE_S = 20
LINES = "getbufline(luaeval('require(\"cass.picker\").current.buffers.{}'), 1, '$')"
AGENT = '#!/bin/sh\necho "goes on with $*" in "$PWD"\nread -r line\n'


class Editor:
    """A running Neovim with nothing but the plugin."""

    def __init__(self, home: Home) -> None:
        self._socket = str(home.folder / "nvim")
        self._env = {**os.environ, **home.env, "TERM": "xterm", "XDG_CONFIG_HOME": "", "XDG_DATA_HOME": ""}
        plugin = ["--cmd", f"set rtp+={PLUGIN}", "-c", "runtime plugin/cass.lua", "-c", "set columns=120 lines=40"]
        command = ["nvim", "--headless", "-u", "NONE", "-i", "NONE", "-n", "--listen", self._socket, *plugin]
        nowhere = subprocess.DEVNULL
        self._running = subprocess.Popen(
            command, env=self._env, cwd=home.home, stdin=nowhere, stdout=nowhere, stderr=nowhere
        )
        self._until(lambda: os.path.exists(self._socket))

    def close(self) -> None:
        self._running.kill()
        self._running.wait()

    def press(self, keys: str) -> None:
        self._ask("--remote-send", keys)

    def value(self, expression: str) -> Any:
        """What a Vim expression gives; None where it fails at this moment."""
        try:
            return json.loads(self._ask("--remote-expr", f"json_encode({expression})"))
        except ValueError:
            return None

    def shown(self, window: str, text: str) -> list[str]:
        """The lines of one of the picker's windows, as soon as `text` is in them."""
        return self.until(LINES.format(window), lambda lines: text in "\n".join(lines or ()))

    def until(self, expression: str, is_so: Callable[[Any], bool]) -> Any:
        values: list[Any] = []

        def look() -> bool:
            values[:] = [self.value(expression)]
            return is_so(values[0])

        self._until(look, lambda: f"{expression}: {values}")
        return values[0]

    def _until(self, is_so: Callable[[], bool], what: Callable[[], str] = lambda: "it did not start") -> None:
        until_s = time.monotonic() + PATIENCE_S
        while not is_so():
            assert time.monotonic() < until_s, what()

    def _ask(self, *words: str) -> str:
        command = ["nvim", "--server", self._socket, *words]
        done = subprocess.run(command, env=self._env, capture_output=True, text=True, check=False)
        return done.stdout or done.stderr  # where the answer is depends on the version


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = make_home(tmp_path)
    (tmp_path / "app").mkdir()
    around = ("hello", "hello you", "how is the pool", "it is full")
    home.claude(
        "s-pool", *around, "the connection pool timed out", workspace=str(tmp_path / "app"), title="It's a pool"
    )
    home.claude("s-walrus", "a walrus sleeps in the 池 pool", title="Walrus", start_ms=home.now_ms - 1000)
    home.index()
    program(home, "cass", f'#!/bin/sh\nPYTHONPATH={REPO} exec {sys.executable} -P -m cass "$@"\n')
    home.env["PATH"] = f"{tmp_path / 'bin'}:{os.environ['PATH']}"
    return home


def program(home: Home, name: str, text: str) -> None:
    path = home.folder / "bin" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


@pytest.fixture
def editor(home: Home) -> Iterator[Editor]:
    editor = Editor(home)
    yield editor
    editor.close()


def find(editor: Editor, text: str, wanted: str) -> list[str]:
    """Type a search; the list, once `wanted` is in it."""
    editor.press(f":Cass<CR>{text}")
    return editor.shown("list", wanted)


def test_what_is_typed_is_found_and_shown(editor: Editor) -> None:
    """The last word may go on; below the list stands the message with its neighbours."""
    found = find(editor, "connec", "timed out")

    assert found == [f"2026-01-02  claude_code  {'It' + chr(39) + 's a pool':30}  the connection pool timed out"]
    assert "it is full" in editor.shown("preview", "the connection pool timed out")
    assert editor.value("luaeval('require(\"cass.picker\").current.about')") == "1 message"


def test_the_preview_begins_with_the_message(editor: Editor) -> None:
    """And not with the session's head."""
    find(editor, "connec", "timed out")
    lines = editor.shown("preview", "the connection pool timed out")
    top = editor.until(
        'luaeval(\'vim.fn.line("w0", require("cass.picker").current.windows.preview)\')', lambda at: (at or 0) > 1
    )

    assert ":4 " in lines[top - 1]


def test_each_key_asks_anew(editor: Editor) -> None:
    """Only the answer to the last one is shown; without words the newest come first."""
    assert "walrus sleeps" in find(editor, "", "walrus")[0]

    editor.press("connec<BS><BS><BS><BS><BS><BS>walr")
    assert len(editor.until(LINES.format("list"), lambda lines: len(lines or ()) == 1 and "walrus" in lines[0])) == 1


def test_another_hit_can_be_chosen(editor: Editor) -> None:
    find(editor, "pool", "walrus")
    first = editor.shown("preview", "pool")
    editor.press("<C-n>")

    assert editor.until(LINES.format("preview"), lambda lines: lines not in (None, first))


def test_enter_opens_the_session_at_the_message(editor: Editor) -> None:
    """As Markdown that cannot be changed by mistake."""
    find(editor, "connec", "timed out")
    editor.press("<CR>")
    editor.until("expand('%:e')", lambda ending: ending == "md")

    assert editor.until("[&modifiable, &filetype]", lambda set_: set_ == [0, "markdown"])
    assert editor.value("getline('.', line('.') + 2)")[-1] == "the connection pool timed out"
    assert editor.value("winnr('$')") == 1


def test_the_agents_own_file_is_opened_at_the_line(home: Home, editor: Editor) -> None:
    find(editor, "connec", "timed out")
    editor.press("<C-o>")
    editor.until("expand('%:p')", lambda path: path == str(home.path("s-pool")))

    assert "the connection pool timed out" in editor.value("getline('.')")


def test_a_session_is_gone_on_with_in_its_folder(home: Home, editor: Editor) -> None:
    """In a terminal inside the editor."""
    program(home, "claude", AGENT)
    find(editor, "connec", "timed out")
    editor.press("<C-r>")

    shown = editor.until("join(getline(1, '$'), '')", lambda text: "goes on" in (text or ""))
    assert f"goes on with --resume s-pool in {home.folder / 'app'}" in shown


def test_what_cannot_be_gone_on_with_is_told(home: Home, editor: Editor) -> None:
    find(editor, "connec", "timed out")
    home.path("s-pool").unlink()
    editor.press("<C-r>")

    assert editor.until("execute('messages')", lambda said: "the agent has deleted" in (said or ""))


def test_escape_closes_everything(editor: Editor) -> None:
    """No window and no process stay behind."""
    find(editor, "connec", "timed out")
    job = editor.value("luaeval('require(\"cass.picker\").current.asking.job')")
    editor.press("<Esc>")

    assert editor.until("winnr('$')", lambda count: count == 1)
    assert editor.until(f"jobwait([{job}], 0)[0]", lambda code: code not in (None, -1)) is not None
    assert editor.value("mode()") == "n"


def test_an_older_cass_is_started_for_each_key(home: Home, editor: Editor) -> None:
    """One that knows no --stdio: the same hits, by --live --jsonl."""
    old = (
        f'#!/bin/sh\ncase "$*" in *--stdio*) exit 2 ;; esac\nPYTHONPATH={REPO} exec {sys.executable} -P -m cass "$@"\n'
    )
    program(home, "cass", old)

    assert "timed out" in find(editor, "connec", "timed out")[0]
    assert editor.value("luaeval('require(\"cass.picker\").current.asking.mode')") == "jsonl"


def test_what_is_wrong_is_said(home: Home, editor: Editor) -> None:
    """Where the hits would be."""
    shutil.rmtree(home.data)

    assert find(editor, "connec", "nothing is indexed") == ["nothing is indexed yet: run: cass index"]


def test_without_the_program_it_says_so(home: Home, editor: Editor) -> None:
    editor.press(':lua require("cass").setup({ cmd = { "no-such-cass" } })<CR>')

    assert find(editor, "", "not installed") == ["no-such-cass is not installed, or not on your PATH"]


@pytest.mark.parametrize("columns, lines", [(40, 12), (80, 24), (160, 60), (20, 8)])
def test_the_windows_stand_below_each_other(columns: int, lines: int, editor: Editor) -> None:
    """Frames and all; on a screen of some size they are also on it."""
    places = editor.value(f"luaeval('require(\"cass.picker\").places({columns}, {lines})')")
    spans = [
        (places[name]["row"], places[name]["row"] + places[name]["height"] + 2)
        for name in ("prompt", "list", "preview")
    ]

    assert all(above[1] <= below[0] for above, below in pairwise(spans))
    assert min(places[name]["height"] for name in places) >= 1
    assert lines < 24 or spans[-1][1] <= lines


def test_its_help_is_found(home: Home, editor: Editor) -> None:
    shutil.copytree(PLUGIN / "doc", home.folder / "help" / "doc")
    editor.press(f":set rtp+={home.folder / 'help'}<CR>:helptags {home.folder / 'help' / 'doc'}<CR>:help :Cass<CR>")

    assert editor.until("getline('.')", lambda line: (line or "").endswith("*:Cass*"))
