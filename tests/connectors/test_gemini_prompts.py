"""What was typed to Gemini is found also where no chat was kept of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cass.connectors import gemini, qwen
from cass.connectors.base import Resume, Session
from tests.connectors.reading import messages, problems, read, resume, session, texts

TIME = "2026-01-02T03:04:05.678Z"
FIRST, SECOND = "aaaaaaaa-1111-4111-8111-111111111111", "bbbbbbbb-2222-4222-8222-222222222222"


def typed(key: str, text: Any, **more: Any) -> dict[str, Any]:
    return {"sessionId": key, "messageId": 0, "type": "user", "message": text, "timestamp": TIME, **more}


def log(folder: Path, *entries: Any, resume: Resume | None = None) -> list[Any]:
    return read(gemini, json.dumps(entries).encode(), str(folder / "logs.json"), resume)


def chat(folder: Path, key: str) -> Path:
    """A chat of this session, as Gemini calls it."""
    path = folder / "chats" / f"session-2026-01-02T03-04-{key[:8]}.json"
    path.parent.mkdir(exist_ok=True)
    path.touch()
    return path


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "tmp" / "abc"
    folder.mkdir(parents=True)
    folder.joinpath(".project_root").write_text("/w/app")
    return folder


def test_prompts_without_a_chat_are_sessions(project: Path):
    """A command is no prompt, and names no session."""
    items = log(project, typed(FIRST, "/help"), typed(FIRST, "mend it"), typed(SECOND, "/usr/bin is gone"))

    assert session(items, f"{FIRST}.prompts") == Session(f"{FIRST}.prompts", None, "mend it", 1, "/w/app")
    assert texts(items) == [
        ("user", [("notice", "/help")]), ("user", [("text", "mend it")]), ("user", [("text", "/usr/bin is gone")])
    ]  # fmt: skip
    assert {m.created_ms for m in messages(items)} == {1767323045678}


def test_what_a_chat_repeats_is_not_told(project: Path):
    """Nor is the last session, whose chat may be about to be written."""
    chat(project, FIRST)
    entries = [typed(FIRST, "a"), typed("cccccccc", "b"), typed(SECOND, "c")]

    assert texts(log(project, *entries)) == [("user", [("text", "b")])]


def test_a_chat_that_comes_later_takes_its_prompts(project: Path):
    before = log(project, typed(FIRST, "a"))
    chat(project, FIRST)
    after = log(project, typed(FIRST, "a"), resume=resume(before))

    assert after[:-1] == [Session(f"{FIRST}.prompts", whole=True)]


def test_a_chat_that_was_deleted_is_not_told_once_more(project: Path):
    """Its session is stored, with what was answered."""
    path = chat(project, FIRST)
    before = log(project, typed(FIRST, "a"), typed(SECOND, "b"))
    path.unlink()

    assert texts(log(project, typed(FIRST, "a"), typed(SECOND, "b"), resume=resume(before))) == []


def test_only_sessions_with_new_prompts_are_told_again(project: Path):
    entries = [typed(FIRST, "a"), typed(SECOND, "b")]
    items = log(project, *entries, typed(SECOND, "c"), resume=resume(log(project, *entries)))

    assert texts(items) == [("user", [("text", "b")]), ("user", [("text", "c")])]
    assert {item.whole for item in items if isinstance(item, Session)} == {True, False}


def test_a_torn_list_takes_nothing_away(project: Path):
    """It is being written."""
    before = log(project, typed(FIRST, "a"))
    items = read(gemini, b'[{"sessionId"', str(project / "logs.json"), resume(before))

    assert (len(problems(items)), texts(items), items[-1].state["told"]) == (1, [], before[-1].state["told"])


@pytest.mark.parametrize("bad", [7, None, {}, {"sessionId": []}, typed(FIRST, None), typed(FIRST, {"a": 1})])
def test_a_bad_entry_costs_only_itself(project: Path, bad: object):
    assert texts(log(project, bad, typed(FIRST, "after"))) == [("user", [("text", "after")])]


def test_the_lists_of_both_agents_are_claimed():
    """Qwen Code kept its own in the same form."""
    assert gemini.claims("/h/.gemini/tmp/abc/logs.json") and qwen.claims("/h/.qwen/tmp/abc/logs.json")
    assert not gemini.claims("/h/.gemini/logs.json")
