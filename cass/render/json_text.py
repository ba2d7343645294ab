"""Plain values → JSON text, without the json module or its C half: they cost a cold search 5 ms and half a one."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


_SHORT = {"\t": "\\t", "\n": "\\n", "\r": "\\r"}


def quoted(text: str) -> str:
    """A JSON string in UTF-8; lone surrogates are escaped."""
    if '"' in text or "\\" in text:
        text = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text if text.isprintable() else _escaped(text)}"'


def _escaped(text: str) -> str:
    """What stands in a JSON string, or in a whole line of JSON, with nothing raw in it that may not be."""
    for char in set(text):
        if _is_unsafe(ord(char)):
            text = text.replace(char, _SHORT.get(char) or f"\\u{ord(char):04x}")
    try:
        text.encode()
    except UnicodeEncodeError:
        text = text.encode("utf-8", "backslashreplace").decode()
    return text


def _is_unsafe(code: int) -> bool:
    """JSON does not allow it raw, or it must not reach a terminal raw, or it would end a line for some readers."""
    return code < 0x20 or 0x7F <= code < 0xA0 or 0x2028 <= code < 0x202F or 0x2066 <= code < 0x206A


def dumps(value: object) -> str:
    """One line of JSON; mappings in their own order, tuples and lists as arrays.  Raises TypeError otherwise."""
    text = _by_library(value) if "json" in sys.modules else None
    return _dumps(value) if text is None else text


def _by_library(value: object) -> str | None:
    """The same from the json module, where a process has it anyway, in a fifth of the time; None for what it may write
    differently.
    """
    json = sys.modules["json"]
    try:
        text: str = json.dumps(value, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError, AttributeError, RecursionError):
        return None
    if "\\b" in text or "\\f" in text:
        alone = text.replace("\\\\", "")  # else it is a backslash, and a letter behind it
        if "\\b" in alone or "\\f" in alone:
            return None
    return text if text.isprintable() else _escaped(text)


def _dumps(value: object) -> str:
    kind = value.__class__
    if kind is str:
        return quoted(value)  # type: ignore[arg-type]
    if kind is int:
        return repr(value)
    if value is None:
        return "null"
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, float):
        return float.__repr__(value) if value - value == 0 else "null"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join([repr(item) if item.__class__ is int else _dumps(item) for item in value])}]"
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, int):
        return int.__repr__(value)
    return _mapping(value)  # type: ignore[arg-type]


def _mapping(value: Mapping[str, object]) -> str:
    # Most values are texts, then whole numbers: one call less for each.
    said = [
        (_keys.get(key) or _key(key))
        + ": "
        + (quoted(item) if item.__class__ is str else repr(item) if item.__class__ is int else _dumps(item))
        for key, item in value.items()
    ]
    return f"{{{', '.join(said)}}}"


# The same few names stand in every hit.
_keys: dict[str, str] = {}


def _key(key: str) -> str:
    _keys[key] = quoted(key)
    return _keys[key]
