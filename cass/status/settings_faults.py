"""The commands that mend what is wrong among the settings."""

from __future__ import annotations

import os

from cass.settings.hot import FILES
from cass.status.facts import Advice
from cass.status.mending import aside, closed_above, entering, is_mine, opening, quoted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from cass.settings.problems import SettingProblem

UNSET, SET = "unset ", "cass config set "


def advice(wrong: Sequence[SettingProblem]) -> list[Advice]:
    """One command for each file, and one for all variables."""
    todos: dict[str, list[str]] = {}
    for one in wrong:
        todos.setdefault(_mending(one.origin), []).append(one.todo)
    variables = [command.removeprefix(UNSET) for command in todos if command.startswith(UNSET)]
    if len(variables) > 1:
        said = [todo for name in variables for todo in todos.pop(UNSET + name)]
        todos[UNSET + " ".join(variables)] = said
    return [Advice(command, _why(said)) for command, said in todos.items()]


def in_its_place(command: str, wrong: Sequence[SettingProblem]) -> str:
    """The command that changes a setting; where a variable is what is wrong with it, one that no file can outdo."""
    variable = next((one.origin for one in reversed(wrong) if command.startswith(f"{SET}{one.key} ")), "")
    return UNSET + variable if variable.startswith("CASS_") else command


def _why(todos: list[str]) -> str:
    return todos[0] if len(todos) == 1 else f"mends {len(todos)} settings"


def _mending(origin: str) -> str:
    """The command that mends a setting at its place: a file with its line, a whole file, its folder, a variable."""
    name = os.path.basename(origin).partition(":")[0]
    if name not in FILES:
        return aside(origin) if os.path.isabs(origin) else UNSET + origin
    folder = os.path.dirname(origin)
    closed = closed_above(folder)
    if closed is not None and is_mine(closed) and (command := entering(closed)):
        return command
    if os.path.isdir(folder) and not os.access(folder, os.R_OK | os.X_OK):
        return opening([folder])
    path = os.path.join(folder, name)
    if os.access(path, os.R_OK) and os.path.isfile(path):
        return f"cass config edit {name}"
    if os.path.isfile(path):
        # Also one that is root's, which `sudo cass config set` leaves behind.
        return f"chmod u+rw {quoted(path)}" if is_mine(path) else opening([path])
    # What no editor can open is moved away: it says nothing anyway.
    return aside(path)
