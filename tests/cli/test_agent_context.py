"""What `cass agent-context` tells agents is true."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from cass.cli.agent_context import SECTIONS, page
from cass.cli.table import NAMES, command, options_of
from cass.clock import now_ms
from tests.archive import DAY_MS, REPO, Home, iso_time, make_home

LINES = [line for _, lines in SECTIONS for line, _ in lines]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A month ago somebody had trouble with a pool here, and asked Codex as well."""
    home = make_home(tmp_path_factory.mktemp("context"))
    start = now_ms() - 30 * DAY_MS
    (home.home / ".git").mkdir()
    said = ("connection pool timeout", "pool.acquire( never returns", "thanks")
    home.claude("s1", *said, workspace=str(home.home), start_ms=start)
    sessions = home.home / ".codex" / "sessions" / "2026" / "01" / "02"
    sessions.mkdir(parents=True)
    lines = (
        '{"timestamp":"WHEN","type":"session_meta","payload":{"id":"c1","cwd":"/w"}}\n'
        '{"timestamp":"WHEN","type":"response_item","payload":{"type":"message","role":"user","content":'
        '[{"type":"input_text","text":"connection refused by the pool"}]}}\n'
    )
    (sessions / "rollout-2026-01-02T03-04-05-c1.jsonl").write_text(lines.replace("WHEN", iso_time(start)))
    (home.home / "error.log").write_text("timeout: connection pool is empty\n")
    program = home.home / "bin" / "cass"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m cass "$@"\n')
    program.chmod(0o755)
    home.index()
    return home


@pytest.mark.skipif(sys.platform == "win32", reason="its lines are for a Unix shell")
@pytest.mark.parametrize("line", LINES)
def test_every_command_of_the_page_does_what_it_says(home: Home, line: str) -> None:
    """Typed into a shell, with a real id: it finds something."""
    hit = home.search("pool.acquire", literal=True).hits[0]
    typed = line.replace("ID:N", f"{hit.sid[:8]}:{hit.ordinal}").replace("ID", hit.sid[:8])
    env = {"PATH": f"{home.home}/bin{os.pathsep}/usr/bin:/bin", "PYTHONPATH": str(REPO), "TZ": "UTC", **home.env}
    done = subprocess.run(["sh", "-c", typed], env=env, cwd=home.home, capture_output=True, text=True, check=False)

    assert (done.returncode, bool(done.stdout.strip())) == (0, True), done.stderr


def test_the_page_shows_these_commands() -> None:
    """And is short enough to be read at every start."""
    shown = [line.partition(" #")[0].strip() for line in page().splitlines() if line.startswith("    ")]

    assert shown == LINES
    assert len(page().splitlines()) <= 60
    assert max(map(len, page().splitlines())) <= 120


def test_what_the_page_names_in_passing_exists() -> None:
    """Commands and options."""
    rest = page().replace("COMMAND", "search").replace("NAME", "search")
    known = {name for one in NAMES for option in options_of(command(one)) for name in option.names}

    assert set(re.findall(r"`cass ([a-z-]+)", rest)) <= set(NAMES)
    assert set(re.findall(r"(?<![\w-])--[a-z-]+", rest)) <= known


def test_the_command_prints_the_page(home: Home) -> None:
    assert home.cass("agent-context").stdout == page()
