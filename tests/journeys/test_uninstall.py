"""`cass uninstall`: what cass has written goes, what anybody else has written stays."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cass.asking import socket_path
from cass.cli.completion import script
from cass.cli.man import page
from cass.daemon import traces as inventory
from cass.daemon.service import WANTS, service
from cass.daemon.uninstall import program_command
from cass.disk import try_lock
from cass.store.worker_state import holder_of
from tests.archive import REPO, Home, make_home
from tests.schemas.checking import faults
from tests.trees import tree

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="permissions and terminals of POSIX")
SYSTEMCTL = """#!/bin/sh
wants="$HOME/.config/systemd/user/%s"
case "$*" in
  *enable*) mkdir -p "$wants"; ln -s ../cass-worker.timer "$wants/cass-worker.timer" ;;
  *disable*) %s ;;
esac
"""
SESSION = "the session"
ARCHIVE = ("cass.db", "cass.db-wal", "cass.db-shm")
OFF = 'rm "$wants/cass-worker.timer"; rmdir "$wants"'


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """A HOME with sessions, where cass keeps its things where it does for anybody; no worker is left behind."""
    home = make_home(tmp_path)
    home.claude("s1", "where is the walrus", "on the ice")
    del home.env["CASS_DATA_DIR"]
    yield home
    holder = holder_of(home.places.data)
    if holder is not None:
        os.kill(holder.pid, signal.SIGKILL)


def systemctl(home: Home, off: str = OFF) -> dict[str, str]:
    """The environment with one that does what it is asked to, as far as files go."""
    program = home.folder / "bin" / "systemctl"
    program.parent.mkdir(exist_ok=True)
    program.write_text(SYSTEMCTL % (WANTS, off))
    program.chmod(0o755)
    return {"PATH": f"{program.parent}:/usr/bin:/bin"}


def lived_in(home: Home) -> None:
    """Whatever leaves files was done once."""
    env = systemctl(home)
    for words in (
        ("index",),
        ("backfill", "--tier", "fast"),
        ("config", "set", "search.limit", "12"),
        ("config", "set", "semantic_budget_mb", "77"),
        ("search", "walrus"),
        ("open", SESSION),
        ("worker", "pause", "2h"),
        ("worker", "start"),
        ("worker", "install"),
    ):
        words = tuple([sid(home) if word is SESSION else word for word in words])
        done = home.cass(*words, env={**env, "EDITOR": "true"})
        assert done.returncode == 0, done.stderr


def sid(home: Home) -> str:
    name: str = json.loads(home.cass("sessions", "--json").stdout)["sessions"][0]["session_id"]
    return name


def ids_of(home: Home, query: str) -> list[str]:
    return [hit["id"] for hit in json.loads(home.cass("search", query, "--json").stdout)["hits"]]


def said(home: Home, *words: str) -> Any:
    return json.loads(home.cass("uninstall", *words, "--json", env=systemctl(home)).stdout)


@POSIX
def test_everything_that_was_written_is_gone(home: Home) -> None:
    """The HOME is as it was before the first command, file by file; a running worker was stopped for that."""
    before = tree(home.home)
    lived_in(home)
    worker = holder_of(home.places.data)

    gone = said(home, "--data", "--yes")

    assert tree(home.home) == before
    assert worker is not None and gone["stopped"] == worker.pid
    assert {each["kind"] for each in gone["removed"]} == {*inventory.KINDS} - {"completion"}
    assert (gone["done"], gone["kept"]) == (True, [])
    assert faults("uninstall", gone) == []


@POSIX
def test_archive_and_settings_stay_unless_they_are_asked_for(home: Home) -> None:
    """And all that is found again after it is what was found before."""
    lived_in(home)
    found = ids_of(home, "walrus")

    gone = said(home)

    assert {each["kind"] for each in gone["kept"]} == {"archive", "settings"}
    # A worker that has just left may be the last to close the archive, which then keeps its log.
    assert {"README.txt", "cass.db"} <= {*os.listdir(home.places.data)} <= {"README.txt", *ARCHIVE}
    assert home.cass("config", "get", "search.limit").stdout == "12\n"
    home.cass("index")
    assert ids_of(home, "walrus") == found


@POSIX
def test_a_dry_run_lists_and_changes_nothing(home: Home) -> None:
    lived_in(home)
    home.cass("worker", "stop")
    # What was written just now may still change, so it is read anew each time; older settings any command keeps ready.
    for path in Path(home.places.config).iterdir():
        os.utime(path, (1, 1))
    home.cass("status")
    before = tree(home.home)

    listed = said(home, "--data", "--dry-run")

    assert tree(home.home) == before
    assert listed["done"] is False
    assert faults("uninstall", listed) == []
    text = home.cass("uninstall", "--dry-run", env=systemctl(home)).stdout
    assert text.startswith("Would remove:\n  the worker's service, ")
    assert "; --data removes that, too):\n  the archive, " in text
    assert text.splitlines()[-1].startswith("The program itself goes with: ")


def test_nothing_of_anybody_else_is_touched(tmp_path: Path) -> None:
    """Also where a variable leads into a folder that holds other things."""
    home = make_home(tmp_path)
    home.claude("s1", "where is the walrus", "on the ice")
    theirs = ["notes.md", "archive.txt", "derived/report.csv", "derived/lexical/words.txt", "cass.toml.orig"]
    for name in theirs:
        (home.data / name).parent.mkdir(parents=True, exist_ok=True)
        (home.data / name).write_text(name)
    home.env |= {f"CASS_{each}_DIR": str(home.data) for each in ("CONFIG", "CACHE", "RUNTIME")}
    before = tree(home.folder)
    home.cass("index")
    home.cass("open", sid(home), env={"EDITOR": "true"})

    home.cass("uninstall", "--data", "--yes")

    assert tree(home.folder) == before


def test_a_folder_in_which_cass_never_wrote_is_left_alone(tmp_path: Path) -> None:
    """Whatever the names of the files in it."""
    home = make_home(tmp_path)
    for name in ("README.txt", "activity", "archive.db", "cass.db", "derived/models/large.bin"):
        (home.data / name).parent.mkdir(parents=True, exist_ok=True)
        (home.data / name).write_text("mine")
    before = tree(home.folder)

    done = home.cass("uninstall", "--data", "--yes")

    assert (tree(home.folder), done.returncode) == (before, 0)
    assert done.stdout.startswith("There is nothing to remove.\n")


def test_somebody_else_at_work_is_not_disturbed(tmp_path: Path) -> None:
    """Exit 7; nothing is gone."""
    home = make_home(tmp_path)
    home.claude("s1", "where is the walrus", "on the ice")
    home.index()
    before = tree(home.folder)
    lock = try_lock(home.places.index_lock)
    assert lock is not None
    with lock:
        done = home.cass("uninstall", "--data", "--yes", "--json")

    assert done.returncode == 7
    assert json.loads(done.stdout)["error"]["kind"] == "busy"
    assert tree(home.folder).keys() == before.keys()


def test_without_a_yes_the_archive_stays(tmp_path: Path) -> None:
    """Where nobody can be asked that is a usage error."""
    home = make_home(tmp_path)
    home.claude("s1", "where is the walrus", "on the ice")
    home.index()
    before = tree(home.folder)

    done = home.cass("uninstall", "--data")

    assert (done.returncode, done.stdout, tree(home.folder)) == (2, "", before)
    assert done.stderr.endswith("See what would go with --dry-run, then add --yes.\n")


@POSIX
@pytest.mark.parametrize("answer, stays", [(b"\n", True), (b"y\n", False)])
def test_at_a_terminal_it_asks(tmp_path: Path, answer: bytes, stays: bool) -> None:
    """Anything but a yes is a no."""
    home = make_home(tmp_path)
    home.claude("s1", "where is the walrus", "on the ice")
    home.index()
    person, terminal = os.openpty()
    env = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(REPO), **home.env}
    command = [sys.executable, "-m", "cass", "uninstall", "--data"]
    os.write(person, answer)

    done = subprocess.run(command, env=env, stdin=terminal, capture_output=True, text=True, check=False)

    assert done.stderr.startswith("This removes:\n")
    assert done.stderr.endswith("It cannot be undone. Remove it? [y/N] ")
    assert (done.returncode, os.path.exists(home.places.database)) == (0, stays)
    for descriptor in (person, terminal):
        os.close(descriptor)


def test_completions_that_were_kept_go_and_lines_of_the_user_are_told(home: Home) -> None:
    """A file that cass printed is known by how it begins; what a person wrote is theirs."""
    fish = home.home / ".config" / "fish" / "completions"
    man = home.home / ".local" / "share" / "man" / "man1"
    for folder, name, text in (
        (fish, "cass.fish", script("fish")),
        (man, "cass.1", page()),
        (man, "cassandra.1", "a page of another program"),
    ):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    (home.home / ".bashrc").write_text("# cass completion\nls\nsource <(cass completion bash)\n")

    gone = said(home)

    assert [Path(each["path"]).name for each in gone["removed"]] == ["cass.fish", "cass.1"]
    assert [(each["line"], each["text"]) for each in gone["mentions"]] == [(3, "source <(cass completion bash)")]
    assert (os.listdir(fish), os.listdir(man)) == ([], ["cassandra.1"])


def test_the_compiled_code_goes_where_cass_is_installed(home: Home, tmp_path: Path) -> None:
    """Installers do not know that file; where somebody works on the sources it stays with the others."""
    pack = tmp_path / "site-packages" / "cass" / "__pycache__" / "cass.pack"
    pack.parent.mkdir(parents=True)
    pack.write_bytes(b"code")

    installed = inventory.traces(home.places, (), (), str(pack))
    (tmp_path / "site-packages" / "pyproject.toml").touch()
    worked_on = inventory.traces(home.places, (), (), str(pack))

    assert [(each.path, each.kind) for each in installed] == [(str(pack), "cache")]
    assert worked_on == []


@POSIX
def test_a_socket_goes_when_nobody_listens(home: Home) -> None:
    """One whose lock is held belongs to a process that is there."""
    runtime = Path(home.places.runtime)
    runtime.mkdir(parents=True)
    for name in ("embedder.sock", "embedder.sock.lock", "other.sock.lock", "notes.txt"):
        (runtime / name).touch()
    held = try_lock(str(runtime / "other.sock.lock"))
    assert held is not None

    with held:
        found = [Path(each.path).name for each in inventory.traces(home.places, (), ())]

    assert found == ["embedder.sock", "embedder.sock.lock"]


@POSIX
def test_what_a_killed_worker_listened_at_goes(home: Home) -> None:
    """And the note of a search that it did not answer in time; another data folder's stay."""
    path = Path(socket_path(home.places))
    path.parent.mkdir(parents=True)
    for name in (path.name, f"{path.name}.slow", "worker-0123456789abcdef"):
        (path.parent / name).touch()

    found = [Path(each.path).name for each in inventory.traces(home.places, (), ())]
    assert found == [path.name, f"{path.name}.slow"]


def test_whatever_a_killed_write_left_is_known(home: Home) -> None:
    home.cass("index")
    for name in ("worker.state.new", "cass.db.4711.new", "worker.stop.4711.new"):
        Path(home.places.data, name).touch()

    found = {Path(each.path).name for each in inventory.traces(home.places, (), ())}

    assert {"worker.state.new", "worker.stop.4711.new"} <= found


@POSIX
@pytest.mark.parametrize("off", [OFF, "exit 1"], ids=["on", "out of reach"])
def test_taking_back_the_service_leaves_nothing(home: Home, off: str) -> None:
    """`cass worker uninstall`: the HOME is as before, also where systemd cannot be reached any more."""
    home.cass("index")
    before = tree(home.home)
    installed = home.cass("worker", "install", env=systemctl(home))
    there = tree(home.home)

    home.cass("worker", "uninstall", env=systemctl(home, off))

    assert installed.returncode == 0, installed.stderr
    assert f".config/systemd/user/{WANTS}/cass-worker.timer" in there
    assert tree(home.home) == before


@POSIX
def test_folders_that_were_there_before_stay(home: Home) -> None:
    """Also empty ones."""
    user = home.home / ".config" / "systemd" / "user"
    user.mkdir(parents=True)
    home.cass("index")
    before = tree(home.home)
    home.cass("worker", "install", env=systemctl(home))

    home.cass("worker", "uninstall", env=systemctl(home))

    assert tree(home.home) == before


@pytest.mark.parametrize(
    "prefix, command",
    [
        ("/home/you/.local/pipx/venvs/cass-search", "pipx uninstall cass-search"),
        ("C:\\Users\\you\\pipx\\venvs\\cass-search", "pipx uninstall cass-search"),
        ("/home/you/.local/share/uv/tools/cass-search", "uv tool uninstall cass-search"),
        ("/usr", "python3 -m pip uninstall cass-search"),
    ],
)
def test_the_program_goes_the_way_it_came(prefix: str, command: str) -> None:
    assert " ".join(program_command(prefix, "python3")) == command


def test_names_that_others_give_are_known_here() -> None:
    assert service("linux", ("cass",), {}, "/h", "/c", "/l").links[0].endswith(f"{WANTS}/cass-worker.timer")


@pytest.mark.parametrize("text", [page(), *[script(shell) for shell in ("bash", "zsh", "fish", "powershell")]])
def test_what_cass_prints_to_be_kept_is_marked(text: str) -> None:
    """Else it would stay behind."""
    assert any(mark in text[: inventory.MARK_BYTES] for mark in inventory.MARKS)
