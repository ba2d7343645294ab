"""Invented sessions of OpenCode, as rows of its database and as the files it had before."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

SCHEMA = """
CREATE TABLE project(id TEXT PRIMARY KEY, worktree TEXT NOT NULL);
CREATE TABLE session(id TEXT PRIMARY KEY, project_id TEXT NOT NULL, parent_id TEXT, slug TEXT NOT NULL DEFAULT '',
    directory TEXT NOT NULL, title TEXT NOT NULL, version TEXT NOT NULL DEFAULT '1', revert TEXT,
    time_created INTEGER NOT NULL, time_updated INTEGER NOT NULL);
CREATE TABLE message(id TEXT PRIMARY KEY, session_id TEXT NOT NULL, time_created INTEGER NOT NULL,
    time_updated INTEGER NOT NULL, data TEXT NOT NULL);
CREATE TABLE part(id TEXT PRIMARY KEY, message_id TEXT NOT NULL, session_id TEXT NOT NULL,
    time_created INTEGER NOT NULL, time_updated INTEGER NOT NULL, data TEXT NOT NULL);
CREATE TABLE account(id TEXT PRIMARY KEY, access_token TEXT);
"""
START_MS = 1_767_323_045_678

Row = tuple[str, dict[str, Any]]


def session(key: str, title: str, parent: str | None = None, **more: Any) -> Row:
    """A session that began at START_MS."""
    row = {"id": key, "project_id": "global", "parent_id": parent, "directory": "/w/zoo", "title": title,
           "time_created": START_MS, "time_updated": START_MS}  # fmt: skip
    return "session", {**row, **more}


def message(number: int, session: str, role: str, *parts: dict[str, Any], **more: Any) -> list[Row]:
    """A message `number` seconds after the start, and its parts; `open` true: it has not ended."""
    at, key = START_MS + number * 1000, f"msg_{number:03}"
    ended = {} if role == "user" or more.pop("open", False) else {"completed": at + 900}
    data = {"role": role, "time": {"created": at, **ended}, **more}
    if role == "assistant":
        data["modelID"] = "sonnet"
    rows: list[Row] = [("message", {"id": key, "session_id": session, "time_created": at, "time_updated": at,
                                    "data": json.dumps(data)})]  # fmt: skip
    for at_part, part in enumerate(parts):
        rows.append(("part", {"id": f"prt_{number:03}{at_part}", "message_id": key, "session_id": session,
                              "time_created": at, "time_updated": at, "data": json.dumps(part)}))  # fmt: skip
    return rows


def text(words: str, **more: Any) -> dict[str, Any]:
    return {"type": "text", "text": words, **more}


def thought(words: str) -> dict[str, Any]:
    return {"type": "reasoning", "text": words}


def tool(key: str, name: str, output: str | None, error: str | None = None, **given: Any) -> dict[str, Any]:
    """A call that was answered, that failed, or (with neither) that still runs."""
    status = "error" if error else "running" if output is None else "completed"
    state = {"status": status, "input": given, "output": output, "error": error, "metadata": {}}
    return {"type": "tool", "callID": key, "tool": name, "state": {**state, "time": {"start": 1, "end": None}}}


def write_files(storage: Path, rows: list[Row], old: bool = False) -> None:
    """The same rows as files; `old`: as the first versions had them."""
    for table, row in rows:
        if table == "session":
            value: dict[str, Any] = {"id": row["id"], "directory": row["directory"], "title": row["title"]}
            value |= {"parentID": row["parent_id"]} if row["parent_id"] else {}
            value["time"] = {"created": row["time_created"], "updated": row["time_updated"]}
            path = storage / "session" / ("info" if old else "global") / f"{row['id']}.json"
        else:
            value = {"id": row["id"], "sessionID": row["session_id"], **json.loads(row["data"])}
            inner = row["session_id"] if table == "message" else row["message_id"]
            inner = f"{row['session_id']}/{inner}" if old and table == "part" else inner
            path = storage / ("session" if old else "") / table / inner / f"{row['id']}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(value, indent=2))
