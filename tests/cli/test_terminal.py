"""What a terminal may be shown."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import pytest

from cass.render.terminal import BOLD, Style, page, style, visible
from cass.status.misfits import EMBEDDERS

ROOT = Path(__file__).resolve().parents[2]
HOSTILE = (
    "\x1b[31mred\x1b[0m",  # CSI
    "\x1b]0;owned\x07",  # OSC: the window's title
    "\x1b]8;;http://a\x1b\\link\x1b]8;;\x1b\\",
    "\x1b]52;c;ZXZpbA==\x07",  # OSC 52: the clipboard
    "\x9b31mC1 CSI\x9d0;x\x9c",
    "\x1bP+q544e\x1b\\",  # DCS: asks the terminal to answer
    "a\rb\x08c\x0bd\x0ce\x7ff\x00g",
    "user\u202egnp.exe\u2066x\u2069",  # turns the writing direction
)


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_control_characters_become_signs(text: str):
    """Nothing that a terminal would act on is left, and every offset still fits."""
    shown = visible(text)

    assert shown.isprintable()
    assert len(shown) == len(text)


def test_what_was_printable_stays_as_it_was():
    assert visible("naïve 日本語 🎉 עברית") == "naïve 日本語 🎉 עברית"


def test_an_escape_is_shown_as_a_picture():
    assert visible("\x1b[31m") == "␛[31m"


def test_lines_and_tabs_stay_on_request():
    assert visible("a\tb\r\nc\n\x1b", lines=True) == "a\tb\nc\n␛"
    assert visible("a\tb\nc") == "a␉b␊c"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    "options, env, terminal, color",
    [
        ({}, {}, True, True),
        ({}, {}, False, False),
        ({}, {"NO_COLOR": "1"}, True, False),
        ({}, {"NO_COLOR": ""}, True, True),
        ({}, {"FORCE_COLOR": "1"}, False, True),
        ({}, {"FORCE_COLOR": "0"}, False, False),
        ({}, {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, False),
        ({}, {"TERM": "dumb"}, True, False),
        ({"color": "always"}, {"NO_COLOR": "1", "TERM": "dumb"}, False, True),
        ({"color": "never"}, {"FORCE_COLOR": "1"}, True, False),
    ],
)
def test_colour_is_for_terminals_and_for_those_who_ask(
    options: dict[str, object], env: dict[str, str], terminal: bool, color: bool
):
    stream = Terminal() if terminal else io.StringIO()

    assert style(stream, options, env).color is color


def test_a_dumb_terminal_is_plain():
    assert style(Terminal(), {}, {"TERM": "dumb"}).plain
    assert style(Terminal(), {"plain": True}, {}).plain
    assert not style(Terminal(), {}, {}).plain


@pytest.mark.parametrize("columns, width", [("100", 100), ("", 80), ("0", 80), ("wide", 80), ("-3", 80)])
def test_the_width_comes_from_columns(columns: str, width: int):
    assert style(io.StringIO(), {}, {"COLUMNS": columns}).width == width


def test_links_only_on_a_terminal_with_colour():
    assert style(Terminal(), {}, {}).links
    assert not style(io.StringIO(), {"color": "always"}, {}).links
    assert not style(Terminal(), {"plain": True}, {}).links


def test_paint_and_link_leave_text_alone_without_colour():
    look = Style(color=False, plain=False, links="", terminal=False, width=80)

    assert look.paint("x", BOLD) + look.link("y", "file:///y") == "xy"


def test_a_hostile_address_is_never_a_link():
    look = Style(color=True, plain=False, links="file", terminal=True, width=80)

    assert look.link("text", "file:///a\x1b\\b") == "text"
    assert look.link("text", "file:///a") == "\x1b]8;;file:///a\x1b\\text\x1b]8;;\x1b\\"


def test_what_is_no_terminal_gets_no_pager(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CASS_PAGER", "false")
    page("line\n" * 500, {})

    assert capsys.readouterr().out == "line\n" * 500


def on_terminal(code: str, env: dict[str, str], rows: int = 24) -> str:
    """What `code` writes to a real pseudo-terminal of 80 columns."""
    pty = pytest.importorskip("pty", reason="this system has no pseudo-terminals")
    import fcntl
    import struct
    import termios

    child, screen = pty.fork()
    if child == 0:
        fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", rows, 80, 0, 0))
        plain = {key: value for key, value in os.environ.items() if key not in ("COLUMNS", "NO_COLOR", "FORCE_COLOR")}
        os.execve(
            sys.executable, [sys.executable, "-c", code], plain | {"PYTHONPATH": str(ROOT), "TERM": "xterm"} | env
        )
    shown = b""
    while True:
        try:
            more = os.read(screen, 65536)
        except OSError:  # Linux says so when the last writer is gone
            break
        if not more:
            break
        shown += more
    os.waitpid(child, 0)
    os.close(screen)
    return shown.decode()


def test_hostile_text_reaches_a_terminal_only_as_signs():
    code = f"import sys; from cass.render.terminal import visible\nfor t in {HOSTILE!r}: print(visible(t))"
    shown = on_terminal(code, {})

    assert len(shown.splitlines()) == len(HOSTILE)
    assert shown.replace("\r\n", "").isprintable()


COUNTED: dict[str, object] = {"settings": {"pager": "wc -l"}}
LONG = "from cass.render.terminal import page; page('line\\n' * {lines}, {options})"


def test_a_long_text_goes_through_the_pager_on_a_terminal():
    assert on_terminal(LONG.format(lines=50, options=COUNTED), {}).strip() == "50"


@pytest.mark.parametrize(
    "lines, options, env",
    [
        (10, COUNTED, {}),
        (50, {"no_pager": True, **COUNTED}, {}),
        (50, {"plain": True, **COUNTED}, {}),
        (50, COUNTED, {"TERM": "dumb"}),
        (50, {"settings": {"pager": ""}}, {"PAGER": "wc -l"}),
        (50, {"settings": {"pager": "cat"}}, {}),
        (50, {"settings": {"pager": "no-such-pager-anywhere"}}, {}),
        (50, {}, {"PAGER": ""}),
    ],
    ids=["fits", "no-pager", "plain", "dumb", "empty", "cat", "missing", "none"],
)
def test_no_pager_where_none_is_wanted(lines: int, options: dict[str, object], env: dict[str, str]):
    assert on_terminal(LONG.format(lines=lines, options=options), env).split() == ["line"] * lines


def test_the_pager_may_be_pager():
    assert on_terminal(LONG.format(lines=50, options={}), {"PAGER": "wc -l"}).strip() == "50"


PARTS = "from cass.render.terminal import page_parts; page_parts({parts}, {options})"
ENDLESS = "(f'part {number}\\n' * 20 for number in __import__('itertools').count())"


def test_a_long_text_is_shown_while_it_is_made():
    """The pager has the first part before there is a last one, and whoever leaves it is done."""
    shown = on_terminal(PARTS.format(parts=ENDLESS, options={"settings": {"pager": "head -n 1"}}), {})

    assert shown.split("\r\n") == ["part 0", ""]


@pytest.mark.parametrize("pager, parts", [("wc -l", 3), ("no-such-pager-anywhere", 3), ("no-such-pager-anywhere", 50)])
def test_a_text_in_parts_is_whole_without_its_pager(pager: str, parts: int):
    """Because it fits, or because there is none."""
    options = {"settings": {"pager": pager}}

    assert on_terminal(PARTS.format(parts=f"iter(['a\\n'] * {parts})", options=options), {}).split() == ["a"] * parts


def test_an_error_is_folded_at_its_spaces(tmp_path: Path):
    """A terminal would break it inside a word; what is no terminal gets one line."""
    code = "from cass.cli.edge import run; run(['config', 'set', 'quality_tier_embedder', 'nosuch'])"
    folders = {"CASS_DATA_DIR": str(tmp_path), "CASS_CONFIG_DIR": str(tmp_path), "CASS_CACHE_DIR": str(tmp_path)}

    lines = on_terminal(code, folders).splitlines()

    assert (len(lines), max(map(len, lines)) <= 80) == (2, True)
    assert " ".join(lines) == f"cass: 'nosuch' is not an embedder. Use {EMBEDDERS}."


def test_a_notice_is_folded_and_a_path_stays_whole():
    code = "import sys; from cass.render.notices import notify; notify('ab ' * 30 + 'p' * 90 + '\\n', sys.stderr)"

    assert on_terminal(code, {}).splitlines()[-1] == 90 * "p"
