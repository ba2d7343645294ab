"""A small archive for tests: invented Claude Code sessions in a folder that plays HOME, indexed for real.

`make_home(tmp_path)` gives a `Home`; `.claude(name, lines…)` writes a session, `.index()` reads it, `.search(text)`
asks it, `.cass(words…)` runs the program as a process of its own.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any

import pytest

from cass.connectors import table
from cass.indexing.run import IndexReport, IndexRequest, Run
from cass.paths import Places, places
from cass.search.engine import search
from cass.search.request import Freshness, Request, Results

REPO = Path(__file__).resolve().parents[1]
# 2026-01-02 03:04:05 UTC; a session's messages are a minute apart.
FIRST_MS = 1_767_323_045_000
MINUTE_MS = 60_000
DAY_MS = 86_400_000
NOW_MS = FIRST_MS + DAY_MS
# A busy machine takes longer to open a model than a search usually waits.
PATIENT = (("semantic_wait_ms", 60_000),)


class Home:
    """A HOME with sessions, and the archive made of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / "home"
        self.data = folder / "data"
        self.home.mkdir(parents=True, exist_ok=True)
        self.now_ms = NOW_MS
        home = str(self.home)
        self.env: dict[str, str] = {"HOME": home, "USERPROFILE": home, "CASS_DATA_DIR": str(self.data)}

    @property
    def places(self) -> Places:
        return places(self.env)

    def path(self, name: str) -> Path:
        """Where the session `name` lies."""
        return self.home / ".claude" / "projects" / "-w-app" / f"{name}.jsonl"

    def claude(
        self,
        name: str,
        *lines: str | dict[str, Any],
        workspace: str = "/w/app",
        start_ms: int = FIRST_MS,
        title: str | None = None,
    ) -> Path:
        """Write the session `name`: each line a text (you and the agent take turns) or a whole record."""
        records = [self._record(name, line, at, workspace, start_ms) for at, line in enumerate(lines)]
        if title is not None:
            records.insert(0, {"type": "summary", "summary": title, "leafUuid": f"{name}-{len(lines) - 1}"})
        path = self.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(as_bytes(records))
        return path

    def append(self, name: str, *lines: str | dict[str, Any], workspace: str = "/w/app") -> Path:
        """Write more lines to the session `name`, as the agent does while it runs."""
        path = self.path(name)
        before = path.read_bytes().count(b"\n")
        with path.open("ab") as file:
            for at, line in enumerate(lines, before):
                file.write(as_bytes([self._record(name, line, at, workspace, FIRST_MS)]))
        return path

    def _record(self, name: str, line: str | dict[str, Any], at: int, workspace: str, start_ms: int) -> dict[str, Any]:
        common = {
            "parentUuid": f"{name}-{at - 1}" if at else None,
            "isSidechain": False,
            "cwd": workspace,
            "sessionId": name,
            "gitBranch": "main",
            "uuid": f"{name}-{at}",
            "timestamp": iso_time(start_ms + at * MINUTE_MS),
        }
        if isinstance(line, str):
            line = says("user" if at % 2 == 0 else "assistant", line)
        return common | line

    def index(self, **wishes: Any) -> IndexReport:
        """Read what is new, in this process."""
        request = IndexRequest(**wishes)
        return Run(self.places, str(self.home), self.env, request, lambda: self.now_ms, lambda: 0.0).run()

    def search(self, text: str, **fields: Any) -> Results:
        """Search what is indexed, without looking at the disk first; for meaning it waits as long as it must."""
        request = Request(text=text, **{"semantic": PATIENT, **fields})
        return search(self.places, request, self.now_ms, lambda: 0.0, str(self.home), Freshness())

    def cass(
        self, *argv: str, env: Mapping[str, str] | None = None, stdin: str = "", before: Sequence[str] = ()
    ) -> subprocess.CompletedProcess[str]:
        """Run the program with this HOME and this data folder; nothing else of the caller's surroundings.

        before: words that start it.
        """
        python = [*before, sys.executable, "-m", "cass"]
        whole = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(REPO), "TZ": "UTC", **self.env, **(env or {})}
        return subprocess.run(
            [*python, *argv], env=whole, cwd=self.home, input=stdin, capture_output=True, text=True, check=False
        )


def make_home(folder: Path) -> Home:
    """An empty HOME and data folder below `folder`."""
    return Home(folder)


def upgrade(patch: pytest.MonkeyPatch, *agents: str) -> None:
    """From now on the readers of these agents are newer by a version."""
    patch.setattr(table, "_ROWS", tuple((*row[:-1], row[-1] + (row[0] in agents)) for row in table._ROWS))


def says(role: str, *blocks: str | dict[str, Any]) -> dict[str, Any]:
    """A record in which the user or the assistant says something: texts, or blocks such as `calls` and `answers`."""
    parts = [{"type": "text", "text": block} if isinstance(block, str) else block for block in blocks]
    if role == "user":
        content: Any = blocks[0] if len(blocks) == 1 and isinstance(blocks[0], str) else parts
        return {"type": "user", "message": {"role": "user", "content": content}}
    message = {"id": f"m-{hash_of(parts)}", "role": "assistant", "model": "large-1", "content": parts}
    return {"type": "assistant", "message": message | {"usage": {"output_tokens": 1}}}


def calls(tool: str, call_id: str, **given: Any) -> dict[str, Any]:
    """A block in which the assistant calls a tool."""
    return {"type": "tool_use", "id": call_id, "name": tool, "input": given}


def answers(call_id: str, text: str, is_error: bool = False) -> dict[str, Any]:
    """A block in which a tool answers; it stands in a record of the user's."""
    return {"type": "tool_result", "tool_use_id": call_id, "content": text, "is_error": is_error}


def hash_of(parts: Sequence[Any]) -> str:
    """A name that is the same for the same parts."""
    return blake2b(json.dumps(parts, sort_keys=True).encode(), digest_size=6).hexdigest()


def iso_time(ms: int) -> str:
    """UTC milliseconds as the agents write them."""
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def as_bytes(records: Sequence[Any]) -> bytes:
    return b"".join(
        json.dumps(record, separators=(",", ":"), ensure_ascii=False).encode() + b"\n" for record in records
    )
