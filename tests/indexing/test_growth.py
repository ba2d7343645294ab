"""Real session files as they grew: what is read on is what a reader of the last state would have read."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.archive import Home, make_home
from tests.corpus import corpus_folder, corpus_home
from tests.indexing.invariants import check_invariants, gone, one, present


def test_snapshots_of_real_files_are_read_on(tmp_path: Path) -> None:
    """Snapshot after snapshot over the same path: only the new bytes are read, and the end is as if read at once."""
    series = [sorted(folder.iterdir()) for folder in sorted(corpus_folder("corpus/growth").iterdir())]
    grown = make_home(tmp_path / "grown")
    last: dict[Path, bytes] = {}
    for step in range(max(map(len, series))):
        due = {_place(grown, files[0].parent.name): files[step] for files in series if step < len(files)}
        allowed = 0
        for path, snapshot in due.items():
            new = snapshot.read_bytes()
            allowed += len(new) - _kept(last.get(path, b""), new)
            last[path] = new
            path.write_bytes(new)
        assert grown.index().agents["claude_code"].bytes_read <= allowed
        check_invariants(grown.data)

    at_once = _read_at_once(tmp_path / "at-once", grown)

    assert present(grown.data) == at_once
    for session, turns in gone(grown.data).items():
        assert one(grown.data, "SELECT messages FROM sessions WHERE external_id=?", session) == len(at_once[session])
        assert all(turn[0] < 0 for turn in turns)


def test_reading_real_files_again_changes_nothing(tmp_path: Path) -> None:
    """`cass index --full` over real sessions of all agents: no row is added, altered or dropped."""
    home = make_home(tmp_path)
    home.env["HOME"] = str(corpus_home())
    home.home = corpus_home()
    home.index()
    before, change = present(home.data), one(home.data, "SELECT value FROM meta WHERE key='change'")
    check_invariants(home.data)

    second = home.index()
    home.index(full=True)

    assert {tally.bytes_read for tally in second.agents.values()} == {0}
    assert (present(home.data), gone(home.data)) == (before, {})
    assert one(home.data, "SELECT value FROM meta WHERE key='change'") == change
    check_invariants(home.data)


@pytest.fixture(autouse=True)
def corpus_is_here() -> None:
    corpus_home()


def _place(home: Home, series: str) -> Path:
    path = home.home / ".claude" / "projects" / "x" / f"{series}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _kept(old: bytes, new: bytes) -> int:
    """How much of the file need not be read again: its old lines, if it was only appended to."""
    if not new.startswith(old):
        return 0
    return old.rfind(b"\n") + 1


def _read_at_once(folder: Path, grown: Home) -> dict[str, list[tuple[int, str, int | None, tuple[str, ...]]]]:
    fresh = make_home(folder)
    shutil.copytree(grown.home / ".claude", fresh.home / ".claude")
    fresh.index()
    check_invariants(fresh.data)
    return present(fresh.data)
