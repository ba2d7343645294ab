"""Plain values → JSON text, without the json module: importing it costs a cold search 5 ms."""

from __future__ import annotations

from _json import encode_basestring_ascii as quoted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


def dumps(value: object) -> str:
    """One line of ASCII JSON; mappings in their own order, tuples and lists as arrays.  Raises TypeError otherwise."""
    if isinstance(value, str):
        return quoted(value)
    if value is None:
        return "null"
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, int):
        return int.__repr__(value)
    if isinstance(value, float):
        return float.__repr__(value) if value - value == 0 else "null"
    if isinstance(value, list | tuple):
        return f"[{', '.join([dumps(item) for item in value])}]"
    return _mapping(value)  # type: ignore[arg-type]


def _mapping(value: Mapping[str, object]) -> str:
    return f"{{{', '.join([f'{quoted(key)}: {dumps(item)}' for key, item in value.items()])}}}"
