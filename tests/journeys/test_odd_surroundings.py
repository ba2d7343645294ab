"""Commands given where something usual is missing: the folder, standard input, a locale, an editor's quotes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.archive import REPO, Home, make_home

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="closed descriptors and deleted folders")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = make_home(tmp_path)
    home.claude("zoo", "the walrus sleeps", "a café for walruses", workspace=str(tmp_path / "gone"))
    home.index()
    return home


def run(home: Home, *argv: str, env: dict[str, str] | None = None, **how: Any) -> subprocess.CompletedProcess[bytes]:
    whole = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(REPO), "TZ": "UTC", **home.env, **(env or {})}
    command = [sys.executable, "-m", "cass", *argv]
    return subprocess.run(command, check=False, env=whole, capture_output=True, **how)


def from_gone(home: Home, *argv: str) -> subprocess.CompletedProcess[bytes]:
    """In a folder that is deleted before the command begins, as the shell's PWD still names it."""
    gone = home.folder / "gone"
    gone.mkdir()
    code = "import os, sys; os.rmdir(os.getcwd()); sys.argv[0] = 'cass'; import cass; cass.main()"
    env = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(REPO), "TZ": "UTC", **home.env, "PWD": str(gone)}
    command = [sys.executable, "-c", code, *argv]
    return subprocess.run(command, check=False, env=env, cwd=gone, capture_output=True)


ABOUT = [
    ["search", "walrus"],
    ["search", "walrus", "--workspace", "."],
    ["search", "walrus", "--explain", "--json"],
    ["pack", "walrus"],
    ["sessions", "--workspace", "."],
    ["stats"],
    ["show", "zoo"],
    ["like", "zoo", "--json"],
    ["resume", "zoo", "--json"],
    ["export", "zoo"],
    ["forget", "zoo", "--dry-run"],
    ["status"],
]


@pytest.mark.parametrize("argv", ABOUT, ids=" ".join)
def test_a_folder_that_is_gone(home: Home, argv: list[str]) -> None:
    """A removed worktree: commands work, and its name still stands for what was said there."""
    done = from_gone(home, *argv)

    assert done.returncode == 0, done.stderr
    assert b"walrus" in done.stdout or argv[0] not in ("search", "pack", "sessions", "show")


READ_STDIN = [["search", "-"], ["like", "-"], ["pack", "-"]]


@pytest.mark.parametrize("argv", READ_STDIN, ids=" ".join)
@pytest.mark.parametrize("encoding", ["utf-8:strict", "ascii"])
def test_text_that_is_not_utf8(home: Home, argv: list[str], encoding: str) -> None:
    """A diff has a line from an old file: the words beside it count."""
    done = run(home, *argv, "--json", env={"PYTHONIOENCODING": encoding}, input=b"walrus caf\xe9 sleeps\n")

    assert done.returncode == 0, done.stdout
    assert json.loads(done.stdout).get("count")


@pytest.mark.parametrize("argv", [*READ_STDIN, ["search", "--stdio"]], ids=" ".join)
def test_standard_input_that_is_closed(home: Home, argv: list[str]) -> None:
    done = run(home, *argv, "--json", preexec_fn=lambda: os.close(0))

    assert done.returncode == 2
    assert json.loads(done.stdout)["error"]["message"] == "standard input is closed"


@pytest.mark.parametrize("argv", [["forget", "zoo"], ["uninstall", "--data"]], ids=" ".join)
def test_nobody_is_there_to_be_asked(home: Home, argv: list[str]) -> None:
    """What needs a yes asks for --yes."""
    done = run(home, *argv, preexec_fn=lambda: os.close(0))

    assert done.returncode == 2
    assert b"--yes" in done.stderr


ASIDE = [
    (["search", "walrus"], 0),
    (["search", "penguin"], 1),
    (["pack", "walrus"], 0),
    (["index"], 0),
    (["stats"], 0),
    (["resume", "zoo"], 0),
    (["sessions", "--since", "1d"], 1),
    (["like", "zoo"], 1),
]


@pytest.mark.parametrize(("argv", "code"), ASIDE, ids=str)
@pytest.mark.parametrize("streams", ["2>&-", "2>/dev/full", "<&- 2>&-", "<&- >&- 2>&-"])
def test_what_cannot_be_said_aside_changes_nothing(home: Home, argv: list[str], code: int, streams: str) -> None:
    """A hook or a cron job closes stderr, or it leads to a full disk: the same results, and the same exit code."""
    if "full" in streams and not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    usual = run(home, *argv)
    env = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(REPO), "TZ": "UTC", **home.env}
    command = ["sh", "-c", f'exec "$@" {streams}', "sh", sys.executable, "-m", "cass", *argv]

    done = subprocess.run(command, check=False, env=env, capture_output=True)

    assert (usual.returncode, done.returncode) == (code, code)
    assert argv == ["index"] or done.stdout == (b"" if ">&- 2" in streams else usual.stdout)


def test_words_in_the_old_c_locale(home: Home) -> None:
    """The terminal sends UTF-8 all the same."""
    env = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    done = run(home, "search", "--json", "café", env=env)

    answer = json.loads(done.stdout)
    assert (answer["query"], answer["count"]) == ("café", 1)


def test_an_editor_with_half_a_quote(home: Home) -> None:
    done = run(home, "config", "edit", env={"EDITOR": 'vi "'})

    assert done.returncode == 2
    assert b"EDITOR is no command line" in done.stderr
