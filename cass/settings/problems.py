"""What is wrong with the settings: values, in the words of the person who can mend it."""

from __future__ import annotations

import os

from cass.errors import UsageError
from cass.records import record
from cass.settings.kinds import MOST_DIGITS, accepted
from cass.settings.near import is_ours, nearest, nearest_variable
from cass.settings.table import (
    ADDRESS,
    BY_KEY,
    CONSTANT,
    MILLISECONDS,
    NUMBER,
    SECONDS,
    SOME_SECONDS,
    VARIABLE,
    WHOLE,
    Setting,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

HIDDEN = "***"
HALVES = dict.fromkeys(range(0xD800, 0xE000), 0xFFFD)
# Numbers whose accepted form names no largest one.
UNBOUNDED = (WHOLE, NUMBER, SECONDS, SOME_SECONDS, MILLISECONDS)
# Of a value that cannot be meant; the longest that can, a list of patterns, is seldom wrong as a whole.
LONGEST = 200
# Of a name that nobody has: its beginning and its end tell which one it is.
LONGEST_NAME = 80
# Of a file these are told one by one; whatever has more is no file of settings.
MOST_STRAY = 20
# A whole number of more is told by its length.
MOST_BITS, DIGITS_A_BIT = 200, 0.30103
# What nobody sets here, and some try to: `remote.api_key`.
SECRET_ENDS = ("key", "token", "secret", "password")


@record
class SettingProblem:
    """`text` was read at `origin` for `key` and does not count; `accepted` is what it should look like.

    `what` and `todo` say it in words.  `key` is empty where a whole file cannot be read, `text` where there is none.
    """

    key: str
    origin: str
    text: str
    accepted: str
    what: str
    todo: str

    def __str__(self) -> str:
        return f"{self.what} ({self.origin}). {self.todo[:1].upper()}{self.todo[1:]}."


def bad_value(row: Setting, raw: object, origin: str) -> SettingProblem:
    form = accepted(row)
    if row.kind == CONSTANT:
        return SettingProblem(
            row.key, origin, shown(raw), form, f"{row.key} is a constant of the program", "take it out"
        )
    text = HIDDEN if _may_be_secret(row, raw) else shown(raw)
    return SettingProblem(row.key, origin, text, form, _no_value(row, raw), _todo(row, raw))


def bad_flag(row: Setting, raw: object, origin: str | None) -> UsageError:
    """For a value on the command line."""
    return UsageError(_no_value(row, raw), origin, _todo(row, raw))


def _todo(row: Setting, raw: object) -> str:
    short = f", of at most {MOST_DIGITS} digits" if row.kind in UNBOUNDED and _is_long(raw) else ""
    return f"use {accepted(row)}{short}"


def _is_long(raw: object) -> bool:
    """Is it a number like those that are accepted, but for its length?"""
    if isinstance(raw, str):
        text = raw.strip()
        return len(text) > MOST_DIGITS and text.isascii() and text.replace(".", "", 1).isdigit()
    return isinstance(raw, int | float) and raw >= 10**MOST_DIGITS


def _no_value(row: Setting, raw: object) -> str:
    return f"{HIDDEN if _may_be_secret(row, raw) else _quoted(raw)} is no value for {row.key}"


def _may_be_secret(row: Setting, raw: object) -> bool:
    """A key where only its variable's name belongs, or an address with a password in it."""
    return row.kind == VARIABLE or (row.kind == ADDRESS and any(sign in _written(raw) for sign in "@?"))


def contradiction(row: Setting, weaker: tuple[object, str], stronger: tuple[object, str]) -> SettingProblem:
    """Two places of one layer, each (value, origin)."""
    what = f"{weaker[1]} and {stronger[1]} set {row.key} differently and the second one counts"
    return SettingProblem(row.key, weaker[1], shown(weaker[0]), shown(stronger[0]), what, "keep one of them")


def bad_file(path: str, what: str, line: int) -> SettingProblem:
    """`line` 0: not of a line."""
    folder = _nearest_standing(os.path.dirname(path))
    if not os.path.isdir(folder):
        todo = "move it away, or have CASS_CONFIG_DIR name a folder: until then no file of settings counts"
        return SettingProblem("", folder, "", "a folder", "the config folder is not a folder", todo)
    origin = f"{path}:{line}" if line else path
    return SettingProblem("", origin, "", "TOML in UTF-8", what, "mend it: until then nothing in it counts")


def _nearest_standing(folder: str) -> str:
    while not os.path.lexists(folder) and os.path.dirname(folder) != folder:
        folder = os.path.dirname(folder)
    return folder


def stray_key(key: str, raw: object, origin: str) -> list[SettingProblem]:
    """A key that this file cannot set: another file's, or nobody's."""
    row = BY_KEY.get(key)
    if row is not None:
        what = f"{key} does not belong in this file"
        return [SettingProblem(key, origin, shown(raw), row.file, what, f"move it to {row.file}")]
    if raw == {} and any(known.startswith(f"{key}.") for known in BY_KEY):
        return []  # the heading of a table that is still empty
    near = nearest(key)
    text = HIDDEN if key.lower().endswith(SECRET_ENDS) else shown(raw)
    key = brief(key)
    return [SettingProblem(key, origin, text, near or "", f"there is no setting {key}", _did_you_mean(near))]


def stray_keys(found: Sequence[tuple[str, object, str]]) -> list[SettingProblem]:
    """The same for all such keys of a file, each (key, value, origin); of a file of another kind only the first."""
    problems = [problem for one in found[:MOST_STRAY] for problem in stray_key(*one)]
    left = len(found) - MOST_STRAY
    if left > 0:
        key, _, origin = found[MOST_STRAY]
        what = f"and {left} more keys from here on that this file cannot set"
        problems.append(SettingProblem(brief(key), origin, "", "", what, "take them out"))
    return problems


def unknown_variable(name: str) -> SettingProblem | None:
    """A CASS_ variable that sets nothing, where it was surely meant to.  Its value may be a secret of somebody's."""
    near = nearest_variable(name)
    if near is None and not is_ours(name):
        return None
    name = brief(name)
    return SettingProblem(name, name, "", near or "", f"the variable {name} sets nothing", _did_you_mean(near))


def unknown_key(key: str) -> UsageError:
    """For a key on the command line."""
    return UsageError(f"there is no setting {brief(key)!r}", todo=_did_you_mean(nearest(key)))


def _did_you_mean(near: str | None) -> str:
    return f"the nearest is {near}" if near else "`cass config show` lists them all"


def brief(name: str) -> str:
    """A name that fits a line."""
    half, name = LONGEST_NAME // 2, name.translate(HALVES)
    return name if len(name) <= LONGEST_NAME else f"{name[:half]}…{name[-half:]}"


def _quoted(raw: object) -> str:
    return shown(repr(raw)) if isinstance(raw, str) else shown(raw)


def shown(raw: object) -> str:
    """A plain value as TOML would have it, more or less, and no longer than can be read."""
    text = _written(raw)
    text = text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
    # A variable may be no text in UTF-8; halves of characters would make JSON that many refuse.
    return text.translate(HALVES)


def _written(raw: object) -> str:
    if isinstance(raw, int) and raw.bit_length() > MOST_BITS:
        # Python refuses to write thousands of decimal digits, and nobody would read them.
        return f"{'-' * (raw < 0)}(a number of some {round(raw.bit_length() * DIGITS_A_BIT)} digits)"
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, (list, tuple)):
        return f"[{', '.join(map(_quoted, raw))}]"
    if isinstance(raw, dict):
        return "{" + ", ".join(f"{key} = {_quoted(value)}" for key, value in raw.items()) + "}"
    return raw.decode() if isinstance(raw, bytes) else str(raw)
