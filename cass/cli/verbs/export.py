"""`cass export`: a session as Markdown, JSON or one HTML page, to be kept or handed on."""

from __future__ import annotations

import os
import sys

from cass.cli.one_session import read_session
from cass.disk import write_whole
from cass.errors import NotFound, UsageError
from cass.render.json_text import dumps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from cass.cli.one_session import OneSession

SCHEMA_VERSION = 1
ENDINGS = {"markdown": "md", "json": "json", "html": "html"}
FORMATS = {".md": "markdown", ".markdown": "markdown", ".json": "json", ".html": "html", ".htm": "html"}


def run(options: dict[str, Any]) -> int:
    """Write the session to the file that -o names, or to stdout."""
    wanted = _format(options)
    one = read_session(options)
    text = _text(one, wanted)
    if options["output"] in (None, "-"):
        sys.stdout.write(text)
        return 0
    path = _path(options["output"], f"{one.session.sid}.{ENDINGS[wanted]}")
    data = text.encode("utf-8", "backslashreplace")
    _write(path, data)
    _tell(one, path, wanted, len(data), options)
    return 0


def _format(options: dict[str, Any]) -> str:
    """What was asked for, else what the file's ending says, else JSON with --json and Markdown without."""
    said, output = options["format"], options["output"]
    to_stdout = output in (None, "-")
    if to_stdout and options["json"] and said not in (None, "json"):
        raise UsageError(f"--json and --format {said} contradict each other", "cass export", "name a file with -o")
    if said is not None:
        return str(said)
    if to_stdout:
        return "json" if options["json"] else "markdown"
    return _by_ending(output)


def _by_ending(output: str) -> str:
    ending = os.path.splitext(output)[1].lower()
    if ending[1:].isalpha() and ending not in (*FORMATS, ".txt") and not os.path.isdir(os.path.expanduser(output)):
        raise UsageError(f"'{ending}' is no form of a session", "-o", "end it in .md, .json or .html, or add --format")
    return FORMATS.get(ending, "markdown")


def _text(one: OneSession, wanted: str) -> str:
    if wanted == "json":
        from cass.render.show_json import answer

        return answer(one.session, one.messages, one.blocks) + "\n"
    if wanted == "html":
        from cass.render.export_html import page

        return "".join(page(one.session, one.short, one.messages, one.blocks))
    from cass.render.export_markdown import parts

    return "\n".join(text for _, text in parts(one.session, one.short, one.messages, one.blocks))


def _path(output: str, name: str) -> str:
    """In a folder, the file is named after the session."""
    path = os.path.abspath(os.path.expanduser(output))
    return os.path.join(path, name) if os.path.isdir(path) or output.endswith(("/", os.sep)) else path


def _write(path: str, data: bytes) -> None:
    """Whole or not at all, readable by this user alone; what is no ordinary file (a pipe) is written to."""
    real = os.path.realpath(path)
    if not os.path.isdir(os.path.dirname(real)):
        raise NotFound("there is no such folder", os.path.dirname(real), "make it first, or name another")
    if os.path.exists(real) and not os.path.isfile(real):
        with open(real, "wb") as file:
            file.write(data)
        return
    write_whole(real, data)


def _tell(one: OneSession, path: str, wanted: str, size_bytes: int, options: dict[str, Any]) -> None:
    if options["json"]:
        said = {
            "schema_version": SCHEMA_VERSION,
            "session_id": one.session.sid,
            "path": path,
            "format": wanted,
            "bytes": size_bytes,
            "messages": len(one.messages),
        }
        sys.stdout.write(dumps(said) + "\n")
    elif not options["quiet"]:
        from cass.render.layout import counted, size
        from cass.render.terminal import visible

        sys.stderr.write(f"wrote {counted(len(one.messages), 'message')} to {visible(path)} ({size(size_bytes)})\n")
