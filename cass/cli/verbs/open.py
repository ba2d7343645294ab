"""`cass open`: a session in the person's editor, at the message that was asked for."""

from __future__ import annotations

import os
import sys

from cass import clock
from cass.cli.editor import at_line, chosen_editor, find_editor, require_terminal, waits
from cass.cli.one_session import read_session
from cass.disk import make_private_folder, write_whole
from cass.errors import NotFound, SystemRefused, UsageError
from cass.paths import places
from cass.render.json_text import dumps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from cass.cli.one_session import OneSession

SCHEMA_VERSION = 1
# An editor that returns at once still shows its file: it is removed by a later call.
KEPT_MS = 86_400_000
DATABASE = b"SQLite format 3\0"
OPENERS = ("xdg-open", "open")


def run(options: dict[str, Any]) -> int:
    """Write the rendering (or take the agent's file), then start the editor; with --json say what it would open."""
    one = read_session(options)
    if options["source"]:
        path, line = _source(one)
    else:
        path, line = _rendered(one, options)
    if options["json"]:
        sys.stdout.write(_answer(one, path, line))
        return 0
    template = str(options["settings"].get("hyperlink_format", ""))
    if "{path}" in template and not chosen_editor(os.environ):
        _follow(template, path, line)
        return 0
    _edit(path, line, is_ours=not options["source"])
    return 0


def _source(one: OneSession) -> tuple[str, int | None]:
    """The agent's own file, and the line of the message.  Raises NotFound where there is nothing to read."""
    path, sid = one.session.path, one.session.sid
    if path is None or not os.path.isfile(path):
        todo = f"run: cass restore {sid}" if one.session.file_gone == 2 else "the text is kept: leave --source away"
        raise NotFound("this session's file is not there", path, todo)
    with open(path, "rb") as file:
        if file.read(len(DATABASE)) == DATABASE:
            raise NotFound("the agent keeps this session in a database", path, "leave --source away")
    asked = [message.line for message in one.messages if message.ordinal == one.ordinal]
    return path, asked[0] if asked else None


def _rendered(one: OneSession, options: dict[str, Any]) -> tuple[str, int]:
    """A Markdown file of the session, and the line at which the message begins."""
    from cass.render.export_markdown import parts

    line, at, texts = 1, {}, []
    for ordinal, text in parts(one.session, one.short, one.messages, one.blocks):
        at[ordinal] = line
        line += text.count("\n") + 1
        texts.append(text)
    folder = places(os.environ, data_dir=options["data_dir"]).renderings
    make_private_folder(folder)
    _tidy(folder)
    path = os.path.join(folder, f"{one.session.sid}.md")
    write_whole(path, "\n".join(texts).encode("utf-8", "backslashreplace"))
    if os.name != "nt":
        os.chmod(path, 0o400)  # what is written into a rendering is lost
    return path, at[one.ordinal]


def _tidy(folder: str) -> None:
    """Remove renderings whose editors have long been closed."""
    for entry in list(os.scandir(folder)):
        try:
            if entry.stat().st_mtime * 1000 < clock.now_ms() - KEPT_MS:
                os.unlink(entry.path)
        except OSError:
            pass  # another call was faster


def _answer(one: OneSession, path: str, line: int | None) -> str:
    editor = chosen_editor(os.environ)
    said = {
        "schema_version": SCHEMA_VERSION,
        "session_id": one.session.sid,
        "message_index": one.ordinal,
        "path": path,
        "line_number": line,
        "editor": at_line(editor, path, line, wait=False) if editor else [],
    }
    return dumps(said) + "\n"


def _follow(template: str, path: str, line: int | None) -> None:
    """Open an editor's own link, such as vscode://file/{path}:{line}."""
    import shutil
    import subprocess

    from cass.render.search_text import address_of

    address = address_of(template, path, line)
    if sys.platform == "win32":
        os.startfile(address)
        return
    opener = next(filter(shutil.which, OPENERS), None)
    if opener is None:
        raise UsageError("there is no program that opens links", "xdg-open", "set EDITOR to the editor that you use")
    _succeed([opener, address], subprocess.run([opener, address], check=False).returncode)


def _edit(path: str, line: int | None, is_ours: bool) -> None:
    """Wait for the editor; `is_ours`: the file is a rendering, which goes when the editor is known to be done."""
    import subprocess

    editor = find_editor(os.environ)
    require_terminal(editor, sys.stdout, "cass open", "use cass show, or cass open --json")
    command = at_line(editor, path, line, wait=is_ours)
    sys.stdout.flush()
    try:
        code = subprocess.run(command, check=False).returncode
    except OSError as lost:
        todo = "set EDITOR to the editor that you use"
        raise UsageError(f"the editor {editor[0]!r} cannot be started", None, todo) from lost
    if is_ours and waits(editor):
        os.unlink(path)
    _succeed(command, code)


def _succeed(command: list[str], code: int) -> None:
    if code:
        raise SystemRefused(f"{command[0]} ended with exit status {code}", None, "see what it says above")
