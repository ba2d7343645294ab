"""Chats that were saved under a name in Gemini are sessions of their own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cass.connectors import gemini
from cass.connectors.base import TITLE_CUSTOM, Session
from tests.connectors.reading import problems, read, session, texts

SET_UP = "This is the Gemini CLI. We are setting up the context.\nI'm currently working in the directory: /w/app\n"
CALL = {"functionCall": {"name": "run_shell_command", "args": {"command": "make"}}}
ANSWER = {"functionResponse": {"name": "run_shell_command", "response": {"output": "no rule"}}}
HISTORY: list[dict[str, Any]] = [
    {"role": "user", "parts": [{"text": SET_UP}]},
    {"role": "model", "parts": [{"text": "Got it. Thanks for the context!"}]},
    {"role": "user", "parts": [{"text": "where is the walrus"}]},
    {"role": "model", "parts": [{"text": "Looking.", "thought": True}, {"text": "I look."}, CALL]},
    {"role": "user", "parts": [ANSWER]},
]
TOLD = [
    ("user", [("text", "where is the walrus")]),
    ("assistant", [("thinking", "Looking."), ("text", "I look."), ("tool_call", "make")]),
    ("tool", [("tool_result", "no rule")]),
]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "tmp" / "0123456789abcdef"
    folder.mkdir(parents=True)
    return folder


@pytest.mark.parametrize("saved", [HISTORY, {"history": HISTORY, "authType": "oauth"}], ids=["list", "object"])
def test_a_saved_chat_is_a_session(project: Path, saved: Any):
    """It is called as it was saved; what every chat begins with is left out, but for its folder."""
    items = read(gemini, json.dumps(saved).encode(), str(project / "checkpoint-the%20plan.json"))

    key = "checkpoint-the%20plan.01234567"
    assert session(items, key) == Session(key, None, "the plan", TITLE_CUSTOM, "/w/app")
    assert texts(items) == TOLD
    assert problems(items) == []


def test_one_that_was_saved_without_a_name(project: Path):
    """The first versions knew only one."""
    items = read(gemini, json.dumps(HISTORY).encode(), str(project / "checkpoint.json"))

    assert session(items, "checkpoint.01234567").title == "where is the walrus"


@pytest.mark.parametrize(
    "data", [b"", b"[", b"{}", b"7", b'[7, {"role": []}, {"role": "user", "parts": 3}]', b'{"history": 7}']
)
def test_what_is_no_chat_tells_nothing(project: Path, data: bytes):
    """And ends nothing."""
    assert texts(read(gemini, data, str(project / "checkpoint-x.json"))) == []
