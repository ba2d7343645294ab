"""What is wrong with the settings: values, in the words of the person who can mend it."""

from __future__ import annotations

from cass.errors import UsageError
from cass.records import record
from cass.settings.hot import OTHER_VARIABLES
from cass.settings.kinds import accepted
from cass.settings.table import ADDRESS, BY_KEY, CONSTANT, ROWS, VARIABLE, Setting

# Names that are nobody else's: whatever stands there is meant for us.
OUR_VARIABLES = ("CASS_SEMANTIC_", "CASS_TWO_TIER_", "CASS_SEARCH_", "CASS_SOURCES_")
# Of the other CASS_ variables only those that are nearly ours are reported.
LIKENESS = 0.85
HIDDEN = "***"
# Of a value that cannot be meant; the longest that can, a list of patterns, is seldom wrong as a whole.
LONGEST = 200
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
    return SettingProblem(row.key, origin, text, form, _no_value(row, raw), f"use {form}")


def bad_flag(row: Setting, raw: object, origin: str | None) -> UsageError:
    """For a value on the command line."""
    return UsageError(_no_value(row, raw), origin, f"use {accepted(row)}")


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
    origin = f"{path}:{line}" if line else path
    return SettingProblem("", origin, "", "TOML in UTF-8", what, "mend it: until then nothing in it counts")


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
    return [SettingProblem(key, origin, text, near or "", f"there is no setting {key}", _did_you_mean(near))]


def unknown_variable(name: str) -> SettingProblem | None:
    """A CASS_ variable that sets nothing, where it was surely meant to.  Its value may be a secret of somebody's."""
    known = [variable for row in ROWS for variable in row.variables if row.kind != CONSTANT] + list(OTHER_VARIABLES)
    near = _alike(name, known, 0.6 if name.startswith(OUR_VARIABLES) else LIKENESS)
    if near is None and not name.startswith(OUR_VARIABLES):
        return None
    return SettingProblem(name, name, "", near or "", f"the variable {name} sets nothing", _did_you_mean(near))


def unknown_key(key: str) -> UsageError:
    """For a key on the command line."""
    return UsageError(f"there is no setting {key!r}", todo=_did_you_mean(nearest(key)))


def _did_you_mean(near: str | None) -> str:
    return f"the nearest is {near}" if near else "`cass config show` lists them all"


def nearest(key: str) -> str | None:
    """The known key that was meant, by its last word (`limit`, `search.limit.x`, `semantic.mode`) or by likeness."""
    plain = key.strip().lower().replace("-", "_")
    for known in BY_KEY:
        if f".{known}".endswith(f".{plain}") or plain.endswith(f".{known}") or plain.startswith(f"{known}."):
            return known
    return _alike(plain, list(BY_KEY), 0.6)


def _alike(word: str, known: list[str], likeness: float) -> str | None:
    from difflib import get_close_matches  # three milliseconds, only where something is wrong

    return next(iter(get_close_matches(word, known, 1, likeness)), None)


def _quoted(raw: object) -> str:
    return shown(repr(raw)) if isinstance(raw, str) else shown(raw)


def shown(raw: object) -> str:
    """A plain value as TOML would have it, more or less, and no longer than can be read."""
    text = _written(raw)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _written(raw: object) -> str:
    if isinstance(raw, int) and raw.bit_length() > 64:
        return hex(raw)  # Python refuses to write thousands of decimal digits
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, (list, tuple)):
        return f"[{', '.join(map(_quoted, raw))}]"
    if isinstance(raw, dict):
        return "{" + ", ".join(f"{key} = {_quoted(value)}" for key, value in raw.items()) + "}"
    return raw.decode() if isinstance(raw, bytes) else str(raw)
