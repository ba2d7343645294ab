"""Sessions of which some are about to be deleted by their agent, and one round of keeping them."""

from __future__ import annotations

import json
import os
from pathlib import Path

from cass.indexing import keep
from cass.indexing.keep import Room, TakenIn, take_in
from cass.indexing.restore import RestoredFile, restore
from cass.store.connect import open_reader
from cass.store.safety import Safety, safety
from tests.archive import DAY_MS, NOW_MS, Home, make_home
from tests.indexing.invariants import one

MB = 1 << 20
PLENTY = Room(100 * MB, 0, lambda: 1 << 40)


def home_with_old(folder: Path) -> Home:
    """Sessions of Claude Code: one that goes in two days, one that is new."""
    home = make_home(folder)
    aged(home.claude("old", "where is the wombat", "in its burrow"), days=28)
    aged(home.claude("new", "where is the quokka", "on its island"), days=1)
    home.index()
    return home


def aged(path: Path, days: float) -> Path:
    """So long ago it was last written to."""
    at_ns = (NOW_MS - int(days * DAY_MS)) * 1_000_000
    os.utime(path, ns=(at_ns, at_ns))
    return path


def codex(home: Home, name: str, days: float, said: str = "where is the numbat") -> Path:
    path = home.home / ".codex" / "sessions" / "2026" / "01" / "01" / f"rollout-2026-01-01T00-00-00-{name}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    meta = {"timestamp": "2026-01-01T00:00:00Z", "type": "session_meta", "payload": {"id": name, "cwd": "/w/app"}}
    content = [{"type": "input_text", "text": said}]
    item = {"type": "message", "role": "user", "content": content}
    line = {"timestamp": "2026-01-01T00:00:01Z", "type": "response_item", "payload": item}
    path.write_text(json.dumps(meta) + "\n" + json.dumps(line) + "\n")
    return aged(path, days)


def take(home: Home, room: Room = PLENTY, stops: tuple[bool, ...] = (), now_ms: int = NOW_MS) -> TakenIn:
    """One round of the worker's; `stops` are the answers to whether it has to stop."""
    asked = iter(stops)
    return take_in(home.places, home.env, str(home.home), room, now_ms, lambda: next(asked, False))


def kept(home: Home) -> list[str]:
    return sorted(Path(path).stem for path in keep.kept_paths(str(home.data)))


def facts(home: Home, now_ms: int = NOW_MS) -> Safety:
    connection = open_reader(home.places.database)
    assert connection is not None
    return safety(connection, now_ms)


def put_back(home: Home, name: str) -> list[RestoredFile]:
    connection = open_reader(home.places.database)
    assert connection is not None
    session = one(home.data, "SELECT id FROM sessions WHERE external_id=?", name)
    return restore(connection, session, str(home.data))
