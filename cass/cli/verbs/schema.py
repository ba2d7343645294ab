"""`cass schema`: the JSON Schemas of what the commands print with --json."""

from __future__ import annotations

import os
import sys

import cass
from cass.cli.rows_learn import SCHEMAS
from cass.errors import UsageError
from cass.render.terminal import page, style

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from cass.render.terminal import Style

FOLDER = os.path.join(os.path.dirname(cass.__file__), "schemas")
SCHEMA_VERSION = 1


def run(options: dict[str, Any]) -> int:
    """Print the schemas that were named, or say which there are."""
    names = options["names"]
    for name in names:
        _check(name)
    if names:
        page("".join(text_of(name) for name in names), options)
    elif options["json"]:
        sys.stdout.write(_as_json())
    else:
        page(_listing(style(sys.stdout, options, os.environ)), options)
    return 0


def text_of(name: str) -> str:
    """A schema as it is checked in."""
    with open(os.path.join(FOLDER, f"{name}.json"), encoding="utf-8") as file:
        return file.read()


def _check(name: str) -> None:
    """Raises UsageError with the nearest name for one that is not there."""
    known = [each for each, _ in SCHEMAS]
    if name in known:
        return
    from cass.cli.suggest import nearest

    near = nearest(name.lower().replace("_", "-"), known)
    todo = f"the nearest is `cass schema {near}`" if near else "see them all: cass schema"
    raise UsageError(f"there is no schema {name!r}", "cass schema", todo)


def _as_json() -> str:
    from cass.render.json_text import dumps

    listed = [{"name": name, "what": what} for name, what in SCHEMAS]
    return dumps({"schema_version": SCHEMA_VERSION, "schemas": listed}) + "\n"


def _listing(look: Style) -> str:
    """A line a schema; plainly without columns."""
    from cass.render.narrow import table

    lines = [f"{name}: {what}" for name, what in SCHEMAS] if look.plain else table((), SCHEMAS, look)
    return "".join(line + "\n" for line in lines)
