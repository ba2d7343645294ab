"""What is a text by its nature (help, manual, completion, the tour), for those who ask for JSON."""

from __future__ import annotations

from cass.render.json_text import dumps

SCHEMA_VERSION = 1


def as_object(text: str) -> str:
    """One object on a line."""
    return dumps({"schema_version": SCHEMA_VERSION, "text": text}) + "\n"
