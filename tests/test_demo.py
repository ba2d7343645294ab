"""The samples that come along, and the tour over them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from cass import demo


def test_the_samples_get_their_hidden_names_back(tmp_path: Path) -> None:
    """Agents keep their sessions in folders that begin with a dot."""
    home = demo.restore_samples(tmp_path)

    found = {path.relative_to(home).parts[0] for path in home.rglob("*") if path.is_file()}
    assert found == {".claude", ".codex", ".gemini", "projects"}
    assert (home / "projects" / "mossgarden" / ".aider.chat.history.md").is_file()


def test_the_samples_have_the_agents_own_forms(tmp_path: Path) -> None:
    """Three Claude Code sessions, one of them with a sub-agent, two of Codex, one of Gemini."""
    home = demo.restore_samples(tmp_path)

    claude = sorted(path.relative_to(home / ".claude" / "projects") for path in (home / ".claude").rglob("*.jsonl"))
    assert [len(path.parts) for path in claude].count(2) == 3
    assert [path.parts[2:] for path in claude if len(path.parts) > 2] == [("subagents", "agent-5c1e9a27.jsonl")]
    assert len(list((home / ".codex" / "sessions").glob("2026/*/*/rollout-*.jsonl"))) == 2
    assert len(list((home / ".gemini" / "tmp").glob("*/chats/session-*.json"))) == 1


@pytest.mark.parametrize("path", sorted(demo.SAMPLES.rglob("*.json*")), ids=lambda path: path.name)
def test_every_sample_is_whole(path: Path) -> None:
    """A sample with a bad line would teach the wrong thing."""
    text = path.read_text("utf-8")

    values = [json.loads(line) for line in text.splitlines()] if path.suffix == ".jsonl" else [json.loads(text)]

    assert values and all(isinstance(value, dict) for value in values)


def test_nothing_in_the_tour_leads_to_the_users_own_files(tmp_path: Path) -> None:
    """Variables that name other folders are not handed on."""
    given = {"PATH": "/bin", "HOME": "/me", "CODEX_HOME": "/me/codex", "CASS_DATA_DIR": "/me/data", "LANG": "C"}

    env = demo.surroundings(given, tmp_path / "home", tmp_path)

    assert {name: value for name, value in env.items() if name != "PYTHONPATH"} == {
        "PATH": "/bin",
        "LANG": "C",
        "HOME": str(tmp_path / "home"),
        "USERPROFILE": str(tmp_path / "home"),
        "CASS_DATA_DIR": str(tmp_path / "data"),
        "CASS_CONFIG_DIR": str(tmp_path / "config"),
        "CASS_CACHE_DIR": str(tmp_path / "cache"),
        "CASS_RUNTIME_DIR": str(tmp_path / "runtime"),
    }


def test_the_tour_runs_and_cleans_up(tmp_path: Path) -> None:
    """Each command stands before its answer; in the end nothing is left behind."""
    env = demo.surroundings({"TMPDIR": str(tmp_path), "PATH": "/usr/bin:/bin"}, tmp_path / "me", tmp_path / "me")

    done = subprocess.run([sys.executable, "-m", "cass", "demo"], env=env, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert [line for line in done.stdout.splitlines() if line.startswith("$ ")] == [
        "$ cass index",
        "$ cass search -n 2 pool timeout",
        "$ cass search -n 2 deadlock --agent codex",
    ]
    assert "PoolTimeout" in done.stdout
    assert "the deadlock we saw on Friday" in done.stdout
    assert list(tmp_path.iterdir()) == []
