"""Cursor's database of all windows, a workspace's of older versions, a chat of the agent and a transcript of it."""

from __future__ import annotations

import json
from pathlib import Path

from cass.connectors.base import Surroundings
from tests.connectors import cursor_chats_made as chats
from tests.connectors.cursor_made import SCHEMA, START_MS, answer, composer, item, prompt, tool
from tests.connectors.databases_made import database
from tests.connectors.samples import write

ASKED = {"role": "user", "message": {"content": [{"type": "text", "text": "<user_query>\nfind it\n</user_query>"}]}}
CALLED = {"type": "tool_use", "name": "Read", "input": {"path": "/w/zoo/quokka.txt"}}
ANSWERED = {"role": "assistant", "message": {"content": [{"type": "text", "text": "I look."}, CALLED]}}
TRANSCRIPT = "".join(json.dumps(each) + "\n" for each in (ASKED, ANSWERED))


def sample(home: Path) -> Surroundings:
    """Write them."""
    user = home / ".config" / "Cursor" / "User"
    thought = answer("b2", "", thinking={"text": "Look."}, createdAt="2026-01-02T03:04:06Z")
    asked = prompt("b1", "find the quokka", createdAt="2026-01-02T03:04:05Z")
    rows = composer(
        "c1", "Where quokkas live", asked, thought, tool("b3", "run_terminal_cmd", {"output": "q"}, command="ls")
    )
    database(user / "globalStorage" / "state.vscdb", SCHEMA, rows, wal=False)
    inline = {
        "composerId": "c2",
        "createdAt": START_MS,
        "conversation": [prompt("b1", "find it"), answer("b2", "There.")],
    }
    tab = {"tabId": "t1", "chatTitle": "Wombats", "lastSendTime": START_MS,
           "bubbles": [{"type": "user", "text": "find the wombat"}, {"type": "ai", "text": "It sleeps."}]}  # fmt: skip
    older = [item("composer.composerData", {"allComposers": [inline]})]
    older += [item("workbench.panel.aichat.view.aichat.chatdata", {"tabs": [tab]})]
    workspace = user / "workspaceStorage" / "abc"
    database(workspace / "state.vscdb", SCHEMA, older, wal=False)
    write(workspace / "workspace.json", json.dumps({"folder": "file:///w/zoo"}))
    chat = home / ".cursor" / "chats" / "0cc175b9" / "s1" / "store.db"
    database(chat, chats.SCHEMA, chats.rows(chats.STORY))
    write(home / ".cursor" / "projects" / "w-zoo" / "agent-transcripts" / "a1" / "a1.jsonl", TRANSCRIPT)
    return Surroundings(str(home), {})
