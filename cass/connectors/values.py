"""Take parsed JSON apart, whatever types its values have: nothing here raises."""

from __future__ import annotations

import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def member(value: object, *keys: str) -> Any:
    """What stands at the end of these keys; None where the way is missing."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def fields(value: object) -> dict[str, Any]:
    """The object itself; an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def listed(value: object) -> list[Any]:
    """The list itself; an empty one for anything else."""
    return value if isinstance(value, list) else []


def dicts(value: object) -> list[dict[str, Any]]:
    """The objects in a list."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def from_json(value: object) -> object:
    """What a text of JSON says; the value itself where it is none."""
    try:
        return json.loads(value) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        return value


def parsed_input(given: object) -> object:
    """A tool's input: the object or list that a text holds; the value itself where it holds none."""
    if isinstance(given, str) and given.lstrip()[:1] in ("{", "["):
        return from_json(given)
    return given


def between(text: str, begin: str, end: str) -> list[str]:
    """What stands between each two of these signs, without the space around it.

    A pattern of both goes over the rest again from each one that is not closed, and over a run of blanks from each.
    """
    found, at = [], text.find(begin)
    while at >= 0 and (behind := text.find(end, at + len(begin))) >= 0:
        found.append(text[at + len(begin) : behind].strip())
        at = text.find(begin, behind + len(end))
    return found
