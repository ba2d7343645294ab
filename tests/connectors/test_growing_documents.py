"""Documents that are rewritten with every word: what is stored follows them, and nothing of it is lost or doubled."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cass.indexing.run import IndexRequest, Run
from cass.paths import places
from tests.indexing.invariants import check_invariants, gone, present

MS = 1767323045678


def copilot(home: Path) -> Iterator[Path]:
    """An answer comes word by word; then a tool answers, and another prompt follows."""
    path = home / ".config/Code/User/workspaceStorage/abc/chatSessions/s1.json"
    call = {"kind": "toolInvocationSerialized", "toolId": "x", "toolCallId": "c", "invocationMessage": "Running"}
    done = call | {"resultDetails": {"input": "{}", "output": [{"isText": True, "value": "found"}]}}
    for parts in (
        [],
        ["I lo"],
        ["I look."],
        ["I look.", call],
        ["I look.", done, "So"],
        ["I look.", done, "So it is."],
    ):
        response = [{"value": part} if isinstance(part, str) else part for part in parts]
        requests = [{"requestId": "1", "timestamp": MS, "message": {"text": "find it"}, "response": response}]
        if parts[-1:] == ["So it is."]:
            requests.append({"requestId": "2", "timestamp": MS + 9, "message": {"text": "thanks"}, "response": []})
        yield write(path, {"version": 3, "requests": requests})


def cline(home: Path) -> Iterator[Path]:
    """A command prints, a last entry is still being written."""
    path = home / ".cline/data/tasks/1767323045000/ui_messages.json"
    entries: list[dict[str, Any]] = [{"ts": MS, "type": "say", "say": "task", "text": "find it"}]
    for number, (kind, text) in enumerate((("text", "I look."), ("command", "ls"), ("command_output", "a"),
                                           ("command_output", "b"), ("text", "Done."))):  # fmt: skip
        entry = {"ts": MS + number, "type": "say", "say": kind, "text": text}
        yield write(path, [*entries, entry | {"partial": True, "text": text[:1]}])
        entries.append(entry)
        yield write(path, entries)


def continued(home: Path) -> Iterator[Path]:
    """An answer grows, then a tool's call has its result."""
    path = home / ".continue/sessions/s1.json"
    made = {"id": "c1", "function": {"name": "ls", "arguments": "{}"}}
    state = {"toolCall": made, "status": "done", "output": [{"content": "a.py"}]}
    user, last = {"message": {"role": "user", "content": "find it"}}, {"message": {"role": "user", "content": "thanks"}}
    steps: list[tuple[str, list[Any], list[Any], list[Any]]] = [
        ("I", [], [], []), ("I look.", [], [], []), ("I look.", [made], [], []), ("I look.", [made], [state], []),
        ("I look.", [made], [state], [last]),
    ]  # fmt: skip
    for text, calls, states, behind in steps:
        answer = {"message": {"role": "assistant", "content": text, "toolCalls": calls}, "toolCallStates": states}
        yield write(path, {"sessionId": "s1", "history": [user, answer, *behind]})


def write(path: Path, value: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value))
    return path


def index(folder: Path) -> dict[str, Any]:
    """All that is stored after a run."""
    env = {"HOME": str(folder / "home"), "CASS_DATA_DIR": str(folder / "data")}
    Run(places(env), env["HOME"], env, IndexRequest(alone=True), lambda: 0, lambda: 0.0).run()
    check_invariants(folder / "data")
    return present(folder / "data")


@pytest.mark.parametrize("growing", [copilot, cline, continued])
def test_a_growing_document_is_stored_as_it_stands(tmp_path, growing):
    """At every step as if it had been read then for the first time."""
    for step, path in enumerate(growing(tmp_path / "a/home")):
        kept = index(tmp_path / "a")
        fresh = tmp_path / f"fresh{step}/home" / path.relative_to(tmp_path / "a/home")
        fresh.parent.mkdir(parents=True)
        fresh.write_bytes(path.read_bytes())

        assert kept == index(tmp_path / f"fresh{step}"), step
        assert gone(tmp_path / "a/data") == {}
