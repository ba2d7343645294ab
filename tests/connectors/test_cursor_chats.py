"""The sessions of Cursor's agent on the command line: messages by their hashes, in the order of their root."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cass.connectors import cursor
from cass.connectors.base import TITLE_GENERATED, TITLE_PROMPT, Block, Message, Session, Surroundings
from cass.indexing.discover import Survey
from tests.connectors.cursor_chats_made import SCHEMA, START_MS, STORY, blob, field, rows
from tests.connectors.databases_made import change, database, read_file, resumed
from tests.connectors.reading import messages
from tests.connectors.reading import session as known

LATER_MS = 9_000_000_000_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A session with the story."""
    return database(tmp_path / ".cursor" / "chats" / "0cc175b9" / "s1" / "store.db", SCHEMA, rows(STORY))


def test_messages_come_in_the_order_of_the_root(path: Path) -> None:
    """What the program says to the model in the user's name is only counted."""
    items = read_file(cursor, path)

    assert messages(items) == [
        Message("s1", 2, "user", START_MS, (Block("text", "find it"),)),
        Message("s1", 3, "assistant", START_MS, (
            Block("thinking", "Look."), Block("text", "I look."), Block("tool_call", "ls", "Shell", "c1"))),
        Message("s1", 4, "tool", START_MS, (Block("tool_result", "q.txt", "Shell", "c1"),)),
    ]  # fmt: skip
    assert known(items) == Session("s1", None, "Where quokkas live", TITLE_GENERATED, "/w/zoo",
                                   model="sonnet", whole=True)  # fmt: skip


def test_another_root_is_another_state(path: Path) -> None:
    """Nothing is told again until there is one."""
    first = read_file(cursor, path, later_ms=LATER_MS)
    assert len(read_file(cursor, path, resumed(first), later_ms=LATER_MS)) == 1

    change(path, *rows([*STORY, {"role": "assistant", "content": "It is there."}]))

    again = messages(read_file(cursor, path, resumed(first), later_ms=LATER_MS))
    assert [message.blocks[0].text for message in again] == ["find it", "Look.", "q.txt", "It is there."]


def test_where_it_ran(path: Path) -> None:
    """The file beside it says so, or the root."""
    change(path, *rows(STORY[2:], "/w/root", name="New Agent"))
    assert known(read_file(cursor, path)).workspace == "/w/root"
    assert known(read_file(cursor, path)).title_rank == TITLE_PROMPT

    path.with_name("meta.json").write_text(json.dumps({"cwd": "/w/beside", "title": "Quokkas"}))

    assert (known(read_file(cursor, path)).workspace, known(read_file(cursor, path)).title) == ("/w/beside", "Quokkas")


def test_a_root_may_name_others(path: Path) -> None:
    """Turns that stand together; one that names itself is told once."""
    inner = [blob(json.dumps(message).encode()) for message in STORY[2:3]]
    turn = blob(field(1, bytes.fromhex(inner[0][1]["id"])))
    root = blob(field(1, bytes.fromhex(turn[1]["id"])) * 2 + b"\x0a")
    meta = json.dumps({"latestRootBlobId": root[1]["id"]}).encode().hex()
    change(path, *inner, turn, root, ("meta", {"key": "0", "value": meta}))

    assert [message.blocks[0].text for message in messages(read_file(cursor, path))] == ["find it"]


def test_chats_are_found(path: Path, tmp_path: Path) -> None:
    """Those, and no other databases of that name."""
    database(tmp_path / ".cursor" / "other" / "x" / "y" / "store.db", SCHEMA)

    assert [found.path for found in Survey(cursor, Surroundings(str(tmp_path), {})).files()] == [str(path)]
