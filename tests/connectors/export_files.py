"""Invented exports of ChatGPT and Claude.ai, and an invented archive of the Rust program of the same name."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

SECOND = 1_767_323_045.678
TIME = "2026-01-02T03:04:05.678000Z"
TIME_MS = 1_767_323_045_678


def node(role: str, said: Any, above: str | None = None, at: float = 0, **message: Any) -> dict[str, Any]:
    """A message of ChatGPT: `said` is a text, or a whole content."""
    content = {"content_type": "text", "parts": [said]} if isinstance(said, str) else said
    author = {"role": role, **message.pop("author", {})}
    told = {"author": author, "content": content, "create_time": SECOND + at, "recipient": "all", **message}
    return {"parent": above, "message": told}


def chat(name: str, nodes: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A conversation of ChatGPT; the last node is the current one."""
    mapping = {"root": {"id": "root", "message": None, "parent": None}, **nodes}
    return {"id": name, "title": f"About {name}", "mapping": mapping, "current_node": list(mapping)[-1], **more}


def zoo(name: str = "c1", answer: str = "It is in the zoo.") -> dict[str, Any]:
    """A question and an answer."""
    nodes = {"q": node("user", "where is the quokka?", "root"), "a": node("assistant", answer, "q", 60)}
    return chat(name, nodes)


def talk(name: str, *said: tuple[str, str], **more: Any) -> dict[str, Any]:
    """A conversation of Claude.ai."""
    messages = [
        {"uuid": f"{name}-{at}", "sender": sender, "text": text, "created_at": TIME, "attachments": [], "files": []}
        for at, (sender, text) in enumerate(said)
    ]
    return {"uuid": name, "name": f"About {name}", "created_at": TIME, "chat_messages": messages, **more}


def write_json(path: Path, value: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value), "utf-8")
    return path


ARCHIVE = """
    CREATE TABLE agents(id INTEGER PRIMARY KEY, slug TEXT NOT NULL, name TEXT);
    CREATE TABLE workspaces(id INTEGER PRIMARY KEY, path TEXT NOT NULL);
    CREATE TABLE conversations(id INTEGER PRIMARY KEY, agent_id INTEGER, workspace_id INTEGER, source_id TEXT,
        external_id TEXT, title TEXT, source_path TEXT, started_at INTEGER, ended_at INTEGER, primary_model TEXT);
    CREATE TABLE messages(id INTEGER PRIMARY KEY, conversation_id INTEGER, idx INTEGER, role TEXT, author TEXT,
        created_at INTEGER, content TEXT, extra_json TEXT);
    INSERT INTO agents VALUES(1, 'claude_code', 'Claude Code'), (2, 'codex', 'Codex'), (3, 'kiro', 'Kiro');
    INSERT INTO workspaces VALUES(1, '/w/app'), (2, '/w/hidden');
"""


def old_archive(path: Path, *conversations: dict[str, Any]) -> Path:
    """An `agent_search.db`; each conversation has `said`, a list of (role, text)."""
    database = sqlite3.connect(path)
    database.executescript(ARCHIVE)
    for number, one in enumerate(conversations, 1):
        said = one.pop("said")
        row = {"id": number, "agent_id": 1, "workspace_id": 1, "source_id": "local", "title": f"About {number}", **one}
        marks = ",".join("?" * len(row))
        database.execute(f"INSERT INTO conversations({','.join(row)}) VALUES({marks})", tuple(row.values()))
        for idx, (role, text) in enumerate(said):
            values = (number, idx, role, TIME_MS + idx, text)
            database.execute(
                "INSERT INTO messages(conversation_id, idx, role, created_at, content) VALUES(?,?,?,?,?)", values
            )
    database.commit()
    database.close()
    return path
