"""Hold what the program really printed against a schema, both ways.

`faults(name, value)`: the schema accepts the value, and describes every key that is in it.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

import cass

FOLDER = Path(cass.__file__).parent / "schemas"
TOGETHER = ("allOf", "anyOf", "oneOf")

Schema = dict[str, Any]


def names() -> list[str]:
    """The schemas that are checked in."""
    return sorted(path.stem for path in FOLDER.glob("*.json"))


@functools.cache
def schema(name: str) -> Schema:
    """A schema as it is checked in."""
    read: Schema = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    return read


def faults(name: str, value: Any) -> list[str]:
    """What is wrong with `value`: rules that it breaks, and keys that the schema does not describe."""
    whole = schema(name)
    broken = [f"{error.json_path}: {error.message}" for error in Draft202012Validator(whole).iter_errors(value)]
    return broken + [f"{key}: not described" for key in undescribed([whole], value, whole)]


def undescribed(schemas: list[Schema], value: Any, whole: Schema, at: str = "$") -> list[str]:
    """The places of keys in `value` that none of `schemas`, which hold for it together, describes."""
    parts = [part for each in schemas for part in _parts(each, value, whole)]
    found: list[str] = []
    for key, inner in value.items() if isinstance(value, dict) else ():
        inside = [below for part in parts for below in _of_key(part, key)]
        found += undescribed(inside, inner, whole, f"{at}.{key}") if inside else [f"{at}.{key}"]
    for number, item in enumerate(value if isinstance(value, list) else ()):
        items = [part["items"] for part in parts if isinstance(part.get("items"), dict)]
        found += undescribed(items, item, whole, f"{at}[{number}]")
    return found


def _of_key(part: Schema, key: str) -> list[Schema]:
    if key in part.get("properties", {}):
        return [part["properties"][key]]
    others = part.get("additionalProperties")
    return [others] if isinstance(others, dict) else []


def _parts(part: Schema, value: Any, whole: Schema) -> Iterator[Schema]:
    """The schema itself, what it refers to, and those of its alternatives that `value` is one of."""
    yield part
    if "$ref" in part:
        yield from _parts(whole["$defs"][part["$ref"].removeprefix("#/$defs/")], value, whole)
    for each in (each for key in TOGETHER for each in part.get(key, ())):
        if Draft202012Validator(each | {"$defs": whole.get("$defs", {})}).is_valid(value):
            yield from _parts(each, value, whole)
