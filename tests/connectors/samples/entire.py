"""A repository with Entire's branch: one checkpoint of a session of Claude Code."""

from __future__ import annotations

import json
from pathlib import Path

from cass.connectors.base import Surroundings
from tests.connectors.git_made import Repository

_TIME = "2026-01-02T03:04:05.678Z"


def sample(home: Path) -> Surroundings:
    """Write it."""
    folder = home / "projects" / "zoo"
    known = {"sessionId": "s1", "cwd": "/elsewhere", "timestamp": _TIME, "isSidechain": False}
    lines = [
        {**known, "type": "user", "uuid": "1", "parentUuid": None, "message": {"role": "user", "content": "find it"}},
        {**known, "type": "assistant", "uuid": "2", "parentUuid": "1",
         "message": {"id": "m", "role": "assistant", "model": "m", "content": [{"type": "text", "text": "I look."}]}},
    ]  # fmt: skip
    about = {"checkpoint_id": "abcdef", "session_id": "s1", "agent": "Claude Code", "created_at": _TIME}
    Repository(folder).commit(
        {
            "ab/cdef/0/full.jsonl": "".join(json.dumps(line) + "\n" for line in lines).encode(),
            "ab/cdef/0/metadata.json": json.dumps(about).encode(),
            "ab/cdef/metadata.json": b"{}",
        },
        "refs/heads/entire/checkpoints/v1",
    )
    return Surroundings(str(home), {})
