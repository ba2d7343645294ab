"""How a value is read: one check a kind, for what a file, a variable or a flag holds.

A check takes text or a plain value and gives the typed value, or raises ValueError.  What the value should look like
is `accepted`'s to say.
"""

from __future__ import annotations

import os

from cass.addresses import MOST_PORT, parse
from cass.settings.table import (
    ADDRESS,
    AGENTS,
    CHOICE,
    COMMAND,
    CONSTANT,
    FRACTION,
    HOST,
    HOURS,
    LINK,
    MILLISECONDS,
    MODE,
    NAME,
    NUMBER,
    PATTERNS,
    POLICY,
    PORT,
    ROOTS,
    SECONDS,
    SHARE_OR_OFF,
    SOCKET,
    SOME_SECONDS,
    SWITCH,
    VARIABLE,
    WEIGHTS,
    WHOLE,
    Setting,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

# Long enough for every count, short enough for SQLite's integers.
MOST_DIGITS = 18
UNITS_MS = (("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000), ("w", 604_800_000))
YES, NO = ("true", "yes", "on", "1"), ("false", "no", "off", "0")
OFF, HALF = "off", 0.5
LINKS = {
    "none": "none",
    "off": "none",
    "file": "file",
    "default": "file",
    "vscode": "vscode://file{path}:{line}",
    "vscodium": "vscodium://file{path}:{line}",
    "cursor": "cursor://file{path}:{line}",
}
# The hash tier compares spelling: a weak tier never counts as much as the words.
MOST_WEIGHT, MOST_FAST_WEIGHT = 10, 0.3
NAME_SIGNS = "-_./:"


def check(row: Setting, raw: object) -> object:
    """The typed value.  Raises ValueError if `raw` is none, and for a constant."""
    return CHECKS[row.kind](row, raw)


def unit_behind(unit: str | None, value: object) -> str:
    """A unit as it stands behind its value: one is one core."""
    if not unit:
        return ""
    return f" {unit[:-1]}" if value == 1 and len(unit) > 2 and unit.endswith("s") else f" {unit}"


def accepted(row: Setting) -> str:
    """What the value of a row may look like: `a whole number, 1 or more`."""
    if row.kind == CHOICE:
        return _or(row.values)
    if row.kind == WHOLE:
        return f"a whole number, {row.least} or more"
    return ACCEPTED[row.kind]


def _or(words: tuple[str, ...]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}" if len(words) > 1 else f"{words[0]}, and nothing else"


def _text(raw: object) -> str:
    if not isinstance(raw, str):
        raise ValueError
    return raw.strip()


def _whole(row: Setting, raw: object) -> int:
    value = _digits(raw.strip()) if isinstance(raw, str) else raw
    if isinstance(value, bool) or not isinstance(value, int) or not row.least <= value < 10**MOST_DIGITS:
        raise ValueError
    return value


def _host(row: Setting, raw: object) -> str:
    """An IPv4 or IPv6 address, or a name that a machine may have."""
    text = _text(raw)
    host = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    if ":" in host or host.replace(".", "").isdigit():
        from ipaddress import ip_address  # five milliseconds, for a setting that few have

        ip_address(host)
    elif not all(_is_label(part) for part in host.removesuffix(".").split(".")) or len(host) > 253:
        raise ValueError
    return host


def _is_label(part: str) -> bool:
    """One of the words between the dots of a name."""
    plain = part.replace("-", "a").replace("_", "a")
    return plain.isascii() and plain.isalnum() and len(part) <= 63 and "-" not in (part[0], part[-1])


def _port(row: Setting, raw: object) -> int:
    value = _whole(row, raw)
    if value > MOST_PORT:
        raise ValueError
    return value


def _digits(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS):
        raise ValueError
    return int(text)


def _number(raw: object) -> int | float:
    """A number from 0 on, an int where it is whole; no infinity, no NaN."""
    if isinstance(raw, str):
        text = raw.strip()
        if len(text) > MOST_DIGITS or not (text.isascii() and text.replace(".", "", 1).isdigit()):
            raise ValueError
        raw = float(text)
    if isinstance(raw, bool) or not isinstance(raw, (int, float)) or not 0 <= raw < 10**MOST_DIGITS:
        raise ValueError
    return int(raw) if raw == int(raw) else raw


def _fraction(row: Setting, raw: object) -> float:
    value = float(_number(raw))
    if value > 1:
        raise ValueError
    return value


def _share_or_off(row: Setting, raw: object) -> float | str:
    """A number is a number here, 0 and 1 too; on is half."""
    word = str(raw).strip().lower()
    if word in NO and word != "0":
        return OFF
    return HALF if word in YES and word != "1" else _fraction(row, raw)


def _any_number(row: Setting, raw: object) -> int | float:
    return _number(raw)


def _hours(row: Setting, raw: object) -> str:
    """From and to on the local clock, over midnight too: `22:00-07:00`."""
    text = _text(raw).replace(" ", "")
    if text:
        start, _, end = text.partition("-")
        text = "-".join([f"{hour:02}:{minute:02}" for hour, minute in (time_of_day(start), time_of_day(end))])
    return text


def time_of_day(text: str) -> tuple[int, int]:
    """The hour and the minute of `07:00`.  Raises ValueError; a number alone may be anything."""
    hour, _, minute = text.partition(":")
    if len(hour) > 2 or len(minute) != 2 or _digits(hour) > 23 or _digits(minute) > 59:
        raise ValueError
    return _digits(hour), _digits(minute)


def _duration(raw: object, bare_ms: int) -> int | float:
    """Milliseconds of `500ms`, `2s`, `1.5h`; a number alone counts `bare_ms` each."""
    if isinstance(raw, str):
        text = raw.strip().lower()
        for unit, unit_ms in UNITS_MS:
            if text.endswith(unit) and text[: -len(unit)].strip()[-1:].isdigit():
                return _number(text[: -len(unit)]) * unit_ms
    return _number(raw) * bare_ms


def _seconds(row: Setting, raw: object) -> int | float:
    return _number(_duration(raw, 1000) / 1000)


def _some_seconds(row: Setting, raw: object) -> int | float:
    value = _seconds(row, raw)
    if value == 0:
        raise ValueError
    return value


def _milliseconds(row: Setting, raw: object) -> int:
    value = _number(_duration(raw, 1))
    if isinstance(value, float):
        raise ValueError
    return value


def _switch(row: Setting, raw: object) -> bool:
    if isinstance(raw, bool):
        return raw
    word = _text(raw).lower()
    if word not in (*YES, *NO):
        raise ValueError
    return word in YES


def _choice(row: Setting, raw: object) -> str:
    word = _text(raw).lower()
    if word not in row.values:
        raise ValueError
    return word


def _name(row: Setting, raw: object) -> str:
    name = _text(raw)
    if not name[:1].isalnum() or not all(sign.isalnum() or sign in NAME_SIGNS for sign in name):
        raise ValueError
    return name


def _command(row: Setting, raw: object) -> str:
    line = _text(raw)
    if line and not line.isprintable():
        raise ValueError
    return line


def _agents(row: Setting, raw: object) -> tuple[str, ...]:
    """Names as the connectors spell them, each once, in their order; empty text is none."""
    parts = raw.replace(",", " ").split() if isinstance(raw, str) else raw
    if not isinstance(parts, (list, tuple)):
        raise ValueError
    names = [_text(part).lower().replace("-", "_") for part in parts]
    if not all(name.replace("_", "a").isalnum() for name in names):
        raise ValueError
    return tuple(dict.fromkeys(names))


def _texts(row: Setting, raw: object) -> tuple[str, ...]:
    """Each once, in their order; in one text they stand apart by commas, or as folders do in PATH."""
    parts = raw.replace(os.pathsep, ",").split(",") if isinstance(raw, str) else raw
    if not isinstance(parts, list | tuple):
        raise ValueError
    texts = [_text(part) for part in parts]
    if not all(text.isprintable() for text in texts):
        raise ValueError
    return tuple(dict.fromkeys(filter(None, texts)))


def _link(row: Setting, raw: object) -> str:
    text = _text(raw)
    if text.lower() in LINKS:
        return LINKS[text.lower()]
    if "{path}" not in text or ":" not in text or " " in text or not text.isprintable():
        raise ValueError
    return text


def _address(row: Setting, raw: object) -> str:
    """Of the web, without a name and a password: they would stand wherever settings are shown.  Empty for none."""
    text = _text(raw)
    scheme, has_scheme, rest = text.partition("://")
    host = rest.partition("/")[0]
    is_plain = text.isprintable() and not any(sign in text for sign in " @?#")
    if text and not (scheme.lower() in ("http", "https") and has_scheme and host and is_plain):
        raise ValueError
    return text


def _socket(row: Setting, raw: object) -> str:
    text = _text(raw)
    if not text.isprintable():
        raise ValueError
    return str(parse(text)) if text else ""


def _weights(row: Setting, raw: object) -> str:
    """All lists with their weights; those that are left out have the usual one.  The words are never left out."""
    found = {name: float(weight) for name, weight in _pairs(str(row.default))}
    for name, weight in _pairs(_text(raw).lower()):
        if name not in found:
            raise ValueError
        found[name] = float(_number(weight))
    if not 0 < found["lexical"] <= MOST_WEIGHT or found["quality"] > MOST_WEIGHT or found["fast"] > MOST_FAST_WEIGHT:
        raise ValueError
    return ",".join([f"{name}={weight:g}" for name, weight in found.items()])


def _pairs(text: str) -> list[tuple[str, str]]:
    """`lexical=1, fast=0.3` → (name, number).  Raises ValueError."""
    parts = [part.partition("=") for part in text.replace(" ", "").split(",")]
    if not all(has_sign for _, has_sign, _ in parts) or len({name for name, _, _ in parts}) < len(parts):
        raise ValueError
    return [(name, weight) for name, _, weight in parts]


def _variable(row: Setting, raw: object) -> str:
    """Its name: whoever puts the secret itself here, which mostly is no name, is told so."""
    name = _text(raw)
    if name and not (name.isascii() and name.isidentifier()):
        raise ValueError
    return name


def _mode(row: Setting, raw: object) -> object:
    from cass.policy import SemanticMode

    return _meant(SemanticMode.parse(_text(raw)))


def _policy(row: Setting, raw: object) -> object:
    from cass.policy import ModelDownloadPolicy

    return _meant(ModelDownloadPolicy.parse(_text(raw)))


def _meant(word: object) -> object:
    if word is None:
        raise ValueError
    return word


def _constant(row: Setting, raw: object) -> object:
    raise ValueError


CHECKS: dict[str, Callable[[Setting, object], object]] = {
    MODE: _mode,
    POLICY: _policy,
    NAME: _name,
    CHOICE: _choice,
    WHOLE: _whole,
    HOST: _host,
    PORT: _port,
    FRACTION: _fraction,
    NUMBER: _any_number,
    HOURS: _hours,
    SECONDS: _seconds,
    SOME_SECONDS: _some_seconds,
    MILLISECONDS: _milliseconds,
    SWITCH: _switch,
    COMMAND: _command,
    AGENTS: _agents,
    ROOTS: _texts,
    PATTERNS: _texts,
    LINK: _link,
    ADDRESS: _address,
    SOCKET: _socket,
    VARIABLE: _variable,
    WEIGHTS: _weights,
    SHARE_OR_OFF: _share_or_off,
    CONSTANT: _constant,
}
ACCEPTED = {
    MODE: "hybrid_preferred, lexical_only or strict_semantic",
    POLICY: "opt_in, budget_gated or automatic",
    NAME: "a name such as minilm: letters, digits and -_./:",
    HOST: "an address such as 127.0.0.1 or ::1, or the name of a machine",
    PORT: "a port, a whole number from 0 to 65535",
    FRACTION: "a number from 0.0 to 1.0",
    NUMBER: "a number, 0 or more",
    HOURS: "two times of the day such as 22:00-07:00, or nothing",
    SECONDS: "a number of seconds, 0 or more, or a duration such as 500ms, 2s or 5m",
    SOME_SECONDS: "a number of seconds above 0, or a duration such as 500ms, 2s or 5m",
    MILLISECONDS: "a whole number of milliseconds, or a duration such as 250ms or 1s",
    SWITCH: "true or false",
    COMMAND: "a command line, auto, or nothing for none",
    AGENTS: "a list of agents such as codex, aider",
    ROOTS: "a list such as ~/old-home, claude_code=/mnt/claude",
    PATTERNS: "a list such as ~/private, secret-*, /w/**/clients",
    LINK: "none, file, vscode, vscodium, cursor or an address with {path} and perhaps {line}",
    ADDRESS: "an address such as http://localhost:8080/v1, or nothing; a key belongs in a variable",
    SOCKET: "unix:///folder/name or tcp://127.0.0.1:PORT, or nothing",
    VARIABLE: "the name of an environment variable, not the secret itself, or nothing",
    WEIGHTS: "such as lexical=1,fast=0.3,quality=1: lexical above 0, fast at most 0.3, none above 10",
    SHARE_OR_OFF: "off, on (as 0.5) or a number from 0.0 to 1.0",
    CONSTANT: "nothing, it cannot be set",
}
