"""Whatever is asked of cass, it writes in its own folders, and `restore` where somebody says."""

from __future__ import annotations

import json
import sqlite3
from hashlib import sha256
from pathlib import Path

import pytest

from tests.archive import Home, make_home
from tests.connectors.crush_files import SCHEMA, message, prompt, session
from tests.connectors.databases_made import database
from tests.connectors.export_files import write_json, zoo
from tests.journeys.processes import start

OWN = ("data", "config", "cache", "runtime")
TEMPORARY = "tmp"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Files, and a database that its agent has open, with its last words only in the log."""
    home = make_home(tmp_path)
    home.env |= {f"CASS_{name.upper()}_DIR": str(tmp_path / name) for name in OWN}
    home.env["TMPDIR"] = str(tmp_path / TEMPORARY)
    (tmp_path / TEMPORARY).mkdir()
    for name in ("s1", "s2", "s3"):
        home.claude(name, f"where is the quokka {name}", "in the zoo")
    rows = [session("c1", "Wombats"), message(1, "c1", "user", prompt("feed the wombat"))]
    database(home.home / "projects" / "app" / ".crush" / "crush.db", SCHEMA, rows)
    write_json(home.home / "export" / "conversations.json", [zoo()])
    (home.home / "projects" / "app" / ".git").mkdir()
    return home


def tree(folder: Path) -> dict[str, tuple[int, int, str]]:
    """Every name that is not below our own folders, with mode, time and content; temporary files may come and go."""
    found = [path for path in folder.rglob("*") if path.relative_to(folder).parts[0] not in OWN]
    found.remove(folder / TEMPORARY)
    return {
        str(path.relative_to(folder)): (
            path.lstat().st_mode,
            path.lstat().st_mtime_ns,
            sha256(path.read_bytes()).hexdigest() if path.is_file() else "",
        )
        for path in found
    }


def test_nothing_is_written_outside_of_our_own_folders(home: Home) -> None:
    """Not beside an agent's files, not in the current folder, and nothing is left where temporary files go."""
    agent = sqlite3.connect(home.home / "projects" / "app" / ".crush" / "crush.db", isolation_level=None)
    agent.execute("UPDATE sessions SET title='Wombats at night'")
    before = tree(home.folder)

    assert home.cass("index").returncode == 0
    listed = json.loads(home.cass("sessions", "--json").stdout)["sessions"]
    one, other = [each["session_id"] for each in listed if each["agent"] == "claude_code"][:2]
    for argv in commands(one, other):
        done = home.cass(*argv)
        assert done.returncode in (0, 1), (argv, done.stderr)
        assert tree(home.folder) == before, argv
    agent.close()


def commands(one: str, other: str) -> list[tuple[str, ...]]:
    """Those that read, those that keep and remove, those that mend; with ids of two sessions."""
    return [
        ("search", "quokka"),
        ("search", "wombat zoo", "--refresh", "wait", "--json"),
        *[(verb, one) for verb in ("show", "export", "resume", "like")],
        *[(verb,) for verb in ("status", "doctor", "sources", "sessions", "stats", "secrets", "demo", "version")],
        ("pack", "quokka"),
        ("import", "export/conversations.json"),
        ("backfill", "--tier", "fast"),
        ("forget", other, "--yes"),
        ("config", "set", "redact", "index"),
        ("sources", "exclude", "**/secret"),
        ("index", "--full"),
        ("index", "--rebuild"),
        ("doctor", "--fix"),
        ("worker", "status"),
    ]


def test_following_writes_nothing_either(home: Home) -> None:
    """While agents write, and while nothing happens."""
    before = tree(home.folder)
    watching = start(home, "index", "--watch", "--json")
    assert watching.stdout is not None
    watching.stdout.readline()
    home.append("s1", "a numbat came")
    watching.stdout.readline()
    watching.terminate()
    watching.communicate()

    after = tree(home.folder)
    written = str(home.path("s1").relative_to(home.folder))
    assert {name for name in after.keys() | before.keys() if after.get(name) != before.get(name)} == {written}
