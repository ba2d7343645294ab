"""The person's editor: which one it is, and how it is told a line."""

from __future__ import annotations

import os

from cass.cli.standard_input import can_ask
from cass.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import TextIO

USUAL = ("sensible-editor", "nano", "vim", "vi", "notepad")
ON_TERMINAL = (
    *("vi", "vim", "nvim", "view", "nano", "pico", "kak", "joe", "ne", "mg", "jed", "vis", "micro", "less"),
    *("hx", "helix", "sensible-editor"),
)

# Editors by the way they are told a line, as their manuals say, and what makes those with a window wait until it is
# closed.  Of others neither is known.
_PLUS, _COLON, _GOTO = ("+{line}", "{path}"), ("{path}:{line}",), ("--goto", "{path}:{line}")
_FLAG, _LETTER = ("--line", "{line}", "{path}"), ("-l", "{line}", "{path}")
_VSCODE = ("code", "code-insiders", "codium", "vscodium", "cursor", "windsurf", "positron", "kiro", "trae")
_JETBRAINS = (
    *("idea", "pycharm", "webstorm", "goland", "clion", "rubymine", "phpstorm", "rustrover", "rider", "studio"),
)
_KNOWN: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    **dict.fromkeys((*ON_TERMINAL, "emacs", "emacsclient"), (_PLUS, ())),
    **dict.fromkeys(("hx", "helix"), (_COLON, ())),
    **dict.fromkeys(("gvim", "mvim"), (_PLUS, ("-f",))),
    **dict.fromkeys(_VSCODE, (_GOTO, ("--wait",))),
    **dict.fromkeys(("subl", "sublime_text", "zed", "zeditor"), (_COLON, ("--wait",))),
    **dict.fromkeys(_JETBRAINS, (_FLAG, ("--wait",))),
    **dict.fromkeys(("gedit", "xed", "bbedit"), (_PLUS, ("--wait",))),
    "mate": (_LETTER, ("-w",)),
    "kate": (_LETTER, ("--block",)),
}


def chosen_editor(env: Mapping[str, str]) -> list[str]:
    """The command line that VISUAL or EDITOR holds; [] for none.  Raises UsageError for half a one."""
    import shlex

    said = env.get("VISUAL") or env.get("EDITOR") or ""
    try:
        return shlex.split(said, posix=os.name != "nt")
    except ValueError as bad:
        name = "VISUAL" if env.get("VISUAL") else "EDITOR"
        raise UsageError(f"{name} is no command line: {str(bad).lower()}", said, "close its quotes") from bad


def find_editor(env: Mapping[str, str]) -> list[str]:
    """The person's own, or one that is here.  Raises UsageError where there is none."""
    import shutil

    found = chosen_editor(env) or [name for name in USUAL if shutil.which(name)][:1]
    if not found:
        raise UsageError("there is no editor", "VISUAL, EDITOR", "set EDITOR to the editor that you use")
    return found


def require_terminal(command: Sequence[str], screen: TextIO, verb: str, todo: str) -> None:
    """An editor that draws on `screen` and reads keys cannot do so elsewhere.  Raises UsageError."""
    if name_of(command) in ON_TERMINAL and not (can_ask() and screen.isatty()):
        raise UsageError(f"{name_of(command)} needs a terminal", verb, todo)


def at_line(command: Sequence[str], path: str, line: int | None, wait: bool) -> list[str]:
    """The command line that opens `path` there; an editor that is not known opens it at its beginning.

    wait: it should not end before the person is done
    """
    form, waiting = _KNOWN.get(name_of(command), (("{path}",), ()))
    more = [flag for flag in waiting if wait and flag not in command]
    if line is None:
        return [*command, *more, path]
    return [*command, *more, *(part.replace("{line}", str(line)).replace("{path}", path) for part in form)]


def waits(command: Sequence[str]) -> bool:
    """Is it known to run until the person is done, if it is asked to?"""
    return name_of(command) in _KNOWN


def name_of(command: Sequence[str]) -> str:
    """`/usr/bin/nvim` → nvim, `Code.exe` → code."""
    name = command[0].replace("\\", "/").rpartition("/")[2].lower()
    return name.removesuffix(".exe").removesuffix(".cmd")
