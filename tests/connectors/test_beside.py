"""What a file beside a session says of it: noticed when it changes alone, as when a finished session is renamed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.archive import Home, as_bytes, make_home
from tests.indexing.invariants import check_invariants, opened, rows

TIME = "2026-01-02T03:04:05Z"
SAID = "where does the walrus sleep"

KIMI = ".kimi/sessions/0123456789abcdef0123456789abcdef/k1"
KIMI_CODE = ".kimi-code/sessions/w/k2"
FACTORY = ".factory/sessions/-w-app"
VIBE = ".vibe/logs/session/session_20260102_030405_abcd1234"
GROK = ".grok/sessions/%2Fw%2Fapp/g1"
COPILOT = ".copilot/session-state/c1"
CONTINUE = ".continue/sessions"

# connector → the session's file with its records (a document where it is one), the file beside it, what that says.
CASES: dict[str, tuple[str, Any, str, Any, tuple[str, Any]]] = {
    "kimi": (
        f"{KIMI}/wire.jsonl",
        [{"timestamp": 1_767_323_045, "message": {"type": "TurnBegin", "payload": {"user_input": SAID}}}],
        f"{KIMI}/state.json",
        {"custom_title": "Walrus"},
        ("title", "Walrus"),
    ),
    "kimi_code": (
        f"{KIMI_CODE}/agents/main/wire.jsonl",
        [{"type": "turn.prompt", "time": 1_767_323_045_000, "input": [{"type": "text", "text": SAID}]}],
        f"{KIMI_CODE}/state.json",
        {"title": "Walrus", "isCustomTitle": True},
        ("title", "Walrus"),
    ),
    "factory": (
        f"{FACTORY}/f1.jsonl",
        [
            {"type": "session_start", "id": "f1", "cwd": "/w/app"},
            {"type": "message", "timestamp": TIME, "message": {"role": "user", "content": SAID}},
        ],
        f"{FACTORY}/f1.settings.json",
        {"model": "large-1"},
        ("model", "large-1"),
    ),
    "mistral_vibe": (
        f"{VIBE}/messages.jsonl",
        [{"role": "user", "content": SAID}],
        f"{VIBE}/meta.json",
        {"title": "Walrus", "title_source": "manual", "start_time": TIME},
        ("title", "Walrus"),
    ),
    "grok": (
        f"{GROK}/chat_history.jsonl",
        [{"type": "user", "content": SAID}],
        f"{GROK}/summary.json",
        {"generated_title": "Walrus"},
        ("title", "Walrus"),
    ),
    "copilot_cli": (
        f"{COPILOT}/events.jsonl",
        [{"type": "user.message", "timestamp": TIME, "data": {"content": SAID}}],
        f"{COPILOT}/workspace.yaml",
        "id: c1\nbranch: floes\n",
        ("branch", "floes"),
    ),
    "continue": (
        f"{CONTINUE}/n1.json",
        {"sessionId": "n1", "title": "Walrus", "history": [{"message": {"role": "user", "content": SAID}}]},
        f"{CONTINUE}/sessions.json",
        [{"sessionId": "n1", "dateCreated": "1767323045000"}],
        ("started_ms", 1_767_323_045_000),
    ),
}


def put(home: Home, name: str, said: Any) -> None:
    path = home.home / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if name.endswith(".jsonl"):
        path.write_bytes(as_bytes(said))
    else:
        path.write_text(said if isinstance(said, str) else json.dumps(said))


def facts(home: Home) -> list[dict[str, Any]]:
    """What is known of each session."""
    sql = (
        "SELECT s.title, m.text, b.text, s.started_ms FROM sessions s"
        " LEFT JOIN strings m ON m.id=s.model LEFT JOIN strings b ON b.id=s.branch"
    )
    with opened(home.data) as database:
        found = rows(database, sql)
    return [dict(zip(("title", "model", "branch", "started_ms"), row, strict=True)) for row in found]


@pytest.mark.parametrize("agent", CASES)
def test_it_is_noticed_when_it_changes_alone(tmp_path: Path, agent: str) -> None:
    """Then the session is read again, and ends as if both had been there from the start; and not once more."""
    name, records, beside, says, (field, expected) = CASES[agent]
    home, fresh = make_home(tmp_path / "step"), make_home(tmp_path / "once")
    put(home, name, records)
    home.index()
    before = facts(home)

    put(home, beside, says)
    home.index()
    again = home.index()

    assert [one[field] for one in before] != [expected]
    assert [one[field] for one in facts(home)] == [expected]
    assert sum(one.bytes_read for one in again.agents.values()) == 0
    put(fresh, name, records)
    put(fresh, beside, says)
    fresh.index()
    assert facts(home) == facts(fresh)
    check_invariants(home.data)
