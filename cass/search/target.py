"""What a person points at: the beginning of an id, an id with a message, an agent's file, a line of that file."""

from __future__ import annotations

import os

from cass.errors import NotFound, UsageError
from cass.records import record
from cass.search.filters import find_session
from cass.store import catalog
from cass.store.in_session import message_at

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sqlite3 import Connection

SOURCE_ENDINGS = (".jsonl", ".json", ".md")
FORMS = "give a session (ID), a message (ID:N), a file or FILE:LINE"


@record
class Target:
    """A session's row id, and the ordinal of one of its messages or None for all of them."""

    session: int
    ordinal: int | None


def find_target(connection: Connection, text: str, line: int | None, cwd: str) -> Target:
    """What `text` (ID, ID:N, PATH, PATH:LINE) names; `line` is that of a PATH, not of an ID.

    Raises NotFound, AmbiguousId or UsageError.
    """
    if not text.strip():
        raise UsageError("the ID is empty", None, FORMS)
    head, number = split_number(text)
    if line is not None:
        if _is_id(head) and not _is_path(text, cwd, True):
            raise UsageError("-n is the line of a file", text, f"a message goes by its number: {head}:{line}")
        return _in_file(connection, text, line, cwd)
    if not _is_id(head) and (_is_path(text, cwd) or _is_path(head, cwd)):
        return _in_file(connection, *((text, None) if _is_path(text, cwd, True) else (head, number)), cwd)
    if (split_number(head)[1] is not None or head.endswith(":")) and _is_id(head.partition(":")[0]):
        what = "it has more than one colon" if text.count(":") > 1 else "there is no number behind the colon"
        raise UsageError(what, text, FORMS)
    return Target(find_session(connection, head)[0], number)


def require_message(connection: Connection, session: int, ordinal: int, named: str) -> None:
    """Is this message in the session, which was named so?  Raises NotFound."""
    if message_at(connection, session, ordinal) is None:
        raise NotFound(f"the session has no message {ordinal}", None, f"see them all: cass show {named}")


def split_number(text: str) -> tuple[str, int | None]:
    """`3fa9c2e1:42` → ("3fa9c2e1", 42); without a number at its end → (text, None)."""
    head, colon, tail = text.rpartition(":")
    digits = tail.removeprefix("-")
    if colon and head and digits.isascii() and digits.isdigit() and len(digits) < 10:
        return head, int(tail)
    return text, None


def _is_id(word: str) -> bool:
    return 6 <= len(word) <= 16 and all(digit in "0123456789abcdef" for digit in word.lower())


def _is_path(text: str, cwd: str, exists: bool = False) -> bool:
    if os.path.exists(os.path.join(cwd, os.path.expanduser(text))):
        return True
    return not exists and ("/" in text or "\\" in text or text.endswith(SOURCE_ENDINGS))


def _in_file(connection: Connection, path: str, line: int | None, cwd: str) -> Target:
    whole = os.path.abspath(os.path.join(cwd, os.path.expanduser(path)))
    for name in dict.fromkeys((whole, os.path.realpath(whole))):
        sessions = catalog.sessions_of_file(connection, name)
        if sessions:
            found = catalog.message_on_line(connection, sessions, line) if line is not None else None
            return Target(*found) if found else Target(sessions[0], None)
    raise NotFound("no session was read from this file", whole, "if an agent wrote it, read it with: cass index")
