"""What a terminal may be shown: colour, width, links, a pager, and text without control characters.

Text that an agent or a web page wrote may hold escape sequences; `visible` makes them harmless signs.
"""

from __future__ import annotations

import os
import sys

from cass.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from subprocess import Popen
    from typing import TextIO

WIDTH = 80  # where nothing says how wide the screen is
BOLD, DIM, RED, GREEN, YELLOW, CYAN = "1", "2", "31", "32", "33", "36"

# One sign for one character, so that offsets into the text stay true: a picture for C0 and DEL, the replacement
# sign for C1, for what turns the writing direction, and for the line ends that only some programs see.
_PICTURES = {code: 0x2400 + code for code in range(0x20)} | {0x7F: 0x2421}
_SIGNS = dict.fromkeys((*range(0x80, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x2028, 0x2029), 0xFFFD)
_ONE_LINE = _PICTURES | _SIGNS
_LINES = {code: sign for code, sign in _ONE_LINE.items() if code not in (0x09, 0x0A)}


@record
class Style:
    """How to write on one stream.  `width` is in columns; `plain` is one fact a line.

    `links` is where OSC-8 links lead: `file`, a template with {path} and {line}, or empty for none.
    """

    color: bool
    plain: bool
    links: str
    terminal: bool
    width: int

    def paint(self, text: str, codes: str) -> str:
        """`text` in a colour such as BOLD or "1;36", or as it is where there is none."""
        return f"\x1b[{codes}m{text}\x1b[0m" if self.color and text else text

    def link(self, text: str, address: str) -> str:
        """`text` leading to `address`, or as it is where links cannot be followed."""
        if not self.links or not address.isprintable():
            return text
        return f"\x1b]8;;{address}\x1b\\{text}\x1b]8;;\x1b\\"


def style(stream: TextIO, options: Mapping[str, object], env: Mapping[str, str]) -> Style:
    """How to write on `stream`, by --color and --plain, the environment and what the stream is."""
    terminal = _is_terminal(stream)
    dumb = env.get("TERM") == "dumb"
    plain = bool(options.get("plain")) or dumb
    color = _color(str(options.get("color") or "auto"), env, terminal and not dumb)
    links = setting(options, "hyperlink_format", "file") if terminal and not plain and color else ""
    return Style(color, plain, "" if links == "none" else links, terminal, _width(stream, env, terminal))


def setting(options: Mapping[str, object], key: str, default: str) -> str:
    """A setting that no option stands for."""
    values = options.get("settings")
    return str(values.get(key, default)) if isinstance(values, dict) else default


def _is_terminal(stream: TextIO) -> bool:
    try:
        return stream.isatty()
    except (AttributeError, ValueError):  # no stream at all, or a closed one
        return False


def _color(wish: str, env: Mapping[str, str], able: bool) -> bool:
    """The option is stronger than NO_COLOR, which is stronger than FORCE_COLOR (both count when not empty)."""
    if wish != "auto":
        return wish == "always"
    if env.get("NO_COLOR"):
        return False
    if env.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    return able


def _width(stream: TextIO, env: Mapping[str, str], terminal: bool) -> int:
    columns = env.get("COLUMNS", "")
    if columns.isascii() and columns.isdigit() and int(columns[:6]) > 0:
        return int(columns[:6])
    if not terminal:
        return WIDTH
    try:
        return os.get_terminal_size(stream.fileno()).columns or WIDTH
    except (OSError, ValueError):
        return WIDTH


def visible(text: str, lines: bool = False) -> str:
    """`text` with every control character as a sign that a terminal only shows.

    As long as the text was, character by character.  With `lines`, newlines and tabs stay, and a carriage return
    before a newline is dropped (the one case that makes it shorter).
    """
    if text.isprintable():
        return text
    if lines:
        return text.replace("\r\n", "\n").translate(_LINES)
    return text.translate(_ONE_LINE)


def page(text: str, options: Mapping[str, object]) -> None:
    """Write `text` to stdout, through a pager if a person is looking and it does not fit the screen."""
    command = pager_of(options, os.environ) if _is_terminal(sys.stdout) and not _fits(text) else []
    if not (command and _paged((text,), command)):
        sys.stdout.write(text)


def page_parts(parts: Iterable[str], options: Mapping[str, object]) -> None:
    """As `page`, for a text of which one part after the other is made: written as soon as there is something to see."""
    if not (_is_terminal(sys.stdout) and (command := pager_of(options, os.environ))):
        for part in parts:
            sys.stdout.write(part)
        return
    rest, text = iter(parts), ""
    for part in rest:
        text += part
        if not _fits(text):
            break
    else:
        sys.stdout.write(text)
        return
    if not _paged(_behind(text, rest), command):
        for part in _behind(text, rest):
            sys.stdout.write(part)


def _behind(text: str, rest: Iterator[str]) -> Iterator[str]:
    yield text
    yield from rest


def _fits(text: str) -> bool:
    try:
        size = os.get_terminal_size(sys.stdout.fileno())
    except (OSError, ValueError):
        return True
    rows = sum(1 + max(0, len(line) - 1) // max(1, size.columns) for line in text.split("\n"))
    return rows <= size.lines


def pager_of(options: Mapping[str, object], env: Mapping[str, str]) -> list[str]:
    """The pager's command line; [] for none (--no-pager, --plain, a dumb terminal, `cat`, or an empty variable)."""
    if options.get("no_pager") or options.get("plain") or env.get("TERM") == "dumb":
        return []
    import shlex  # these two only where a person is about to read a long text
    import shutil

    wish = setting(options, "pager", "auto")
    if wish == "auto":
        wish = env.get("PAGER", "auto")
    if wish == "auto":
        wish = next((name for name in ("less", "more") if shutil.which(name)), "")
    words = shlex.split(wish, posix=os.name != "nt")
    return [] if words in ([], ["cat"]) else words


def _paged(parts: Iterable[str], command: list[str]) -> bool:
    """Whether the pager could be started.  LESS=FRX keeps colours and a short text on the screen."""
    import subprocess

    sys.stdout.flush()
    try:
        pager = subprocess.Popen(command, stdin=subprocess.PIPE, env={"LESS": "FRX", "LV": "-c"} | os.environ)
    except OSError:
        return False
    assert pager.stdin is not None
    try:
        for part in parts:
            pager.stdin.write(part.encode("utf-8", "backslashreplace"))
            pager.stdin.flush()
    except (BrokenPipeError, KeyboardInterrupt):
        pass  # the person has seen enough
    finally:
        _wait(pager)
    return True


def _wait(pager: Popen[bytes]) -> None:
    """Until the person leaves it, which Ctrl-C does not mean to less."""
    assert pager.stdin is not None
    try:
        pager.stdin.close()
    except (BrokenPipeError, KeyboardInterrupt):
        pass
    try:
        pager.wait()
    except KeyboardInterrupt:
        pager.wait()
