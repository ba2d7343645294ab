"""Real files of Gemini CLI agree with a count of what stands in them."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

from cass.connectors import bigjson, gemini
from cass.connectors.base import Session
from tests.connectors.reading import messages, problems, read, texts
from tests.corpus import corpus_home


def chats() -> list[Path]:
    return sorted((corpus_home() / ".gemini").rglob("session-*.json"))


def expected_roles(path: Path) -> list[str]:
    """Roles counted straight from the file, another way.

    Rule: of the lines of the indented document, one that is a message's type is a turn (`gemini` and `user` only), and
    one that begins a call's `functionResponse` with an output or error that is not empty is a tool's turn.
    """
    roles, wanted = [], {'"type": "user",': "user", '"type": "gemini",': "assistant"}
    for row in path.read_text(encoding="utf-8").splitlines():
        indent, row = len(row) - len(row.lstrip()), row.strip()
        if indent == 6 and row in wanted:
            roles.append(wanted[row])
        if indent == 18 and row.startswith(('"output": ', '"error": ')) and '": ""' not in row:
            roles.append("tool")
    return roles


def times(path: Path) -> set[int]:
    """Those of prompts and answers, and of what tools answered."""
    sent = [each for each in json.loads(path.read_bytes())["messages"] if each["type"] in ("user", "gemini")]
    calls = [call for each in sent for call in each.get("toolCalls", ())]
    said = [datetime.strptime(each["timestamp"], "%Y-%m-%dT%H:%M:%S.%f%z") for each in (*sent, *calls)]
    return {round(when.timestamp() * 1000) for when in said}


def test_real_files_give_the_turns_that_stand_in_them():
    """One session a file, and its turns and their times as counted by hand."""
    ids = set()
    for path in chats():
        items = read(gemini, path.read_bytes(), str(path))
        assert [m.role for m in messages(items)] == expected_roles(path), path
        assert {m.created_ms for m in messages(items)} == times(path), path
        assert problems(items) == []
        ids |= {i.external_id for i in items if isinstance(i, Session)}

    assert len(ids) == len(chats()) > 0


def test_large_files_are_read_element_by_element(monkeypatch):
    """With the same result."""
    for path in chats():
        whole = read(gemini, path.read_bytes(), str(path))
        with monkeypatch.context() as patch:
            patch.setattr(bigjson.parts, "__defaults__", (0,))
            assert messages(read(gemini, path.read_bytes(), str(path))) == messages(whole)


def test_real_files_read_the_same_as_a_log():
    """The same messages, one a line."""
    for path in chats():
        document = json.loads(path.read_bytes())
        sent = document.pop("messages")
        data = b"".join(json.dumps(row).encode() + b"\n" for row in (document, *sent))
        as_log = read(gemini, data, str(path.with_suffix(".jsonl")))
        assert texts(as_log) == texts(read(gemini, path.read_bytes(), str(path)))
