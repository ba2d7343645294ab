"""Places that cass may not write, and things of another kind in them: told, and the command that is named mends it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cass.policy import SemanticPolicy
from cass.semantic.standing import KIND_OF
from cass.status.checks import examine
from cass.status.facts import TIERS, Status, collect
from cass.status.findings import FREE, Finding
from tests.archive import REPO, Home, make_home
from tests.permissions import bound

pytestmark = pytest.mark.skipif(os.name == "nt", reason="permissions and commands of Unix")

DERIVED = "derived/lexical/1", "derived/lexical", "derived"
VECTORS = "derived/vectors/fast", "derived/vectors"


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive with the vectors of the fast tier."""
    home = make_home(tmp_path_factory.mktemp("good"))
    home.claude("s", "the walrus pool timed out", "raise its size")
    home.index()
    assert home.cass("backfill", "--force").returncode == 0
    return home.folder


@pytest.fixture
def home(good: Path, tmp_path: Path) -> Home:
    """Its data folder copied, beside the same sessions; `cass` is a command there."""
    shutil.copytree(good / "data", tmp_path / "data")
    (tmp_path / "data").chmod(0o700)
    (tmp_path / "bin").mkdir()
    command = tmp_path / "bin" / "cass"
    command.write_text(f'#!/bin/sh\nPYTHONPATH={REPO} exec {sys.executable} -m cass "$@"\n')
    command.chmod(0o755)
    home = Home(tmp_path)
    home.env |= {"HOME": str(good / "home"), "USERPROFILE": str(good / "home")}
    return home


def look(home: Home) -> Status:
    return collect(home.places, lambda: 0.0, SemanticPolicy.compiled_defaults())


def found(home: Home) -> dict[str, Finding]:
    return {one.name: one for one in examine(home.places, home.env["HOME"], home.env) if one.name != "disk"}


def do(home: Home, command: str, before: list[str] | None = None) -> None:
    path = f"{home.folder / 'bin'}:/usr/bin:/bin"
    # What the machine is short of while tests run is not what they are about.
    command = command.replace("cass backfill", "cass backfill --force")
    subprocess.run(
        [*(before or []), "sh", "-c", command],
        env=home.env | {"PATH": path},
        check=True,
        capture_output=True,
        stdin=subprocess.DEVNULL,
    )


def asked(home: Home, *words: str, before: list[str]) -> dict[str, object]:
    answer: dict[str, object] = json.loads(home.cass(*words, "--json", before=before).stdout)
    return answer


@pytest.mark.parametrize(
    ("name", "state"),
    [
        *[(name, "degraded") for name in ("", "index.lock", *DERIVED)],
        *[(name, "ok") for name in ("worker.lock", *VECTORS)],
    ],
)
def test_what_may_not_be_written_is_told_with_the_command_that_mends_it(home: Home, name: str, state: str):
    """Without it no new message is read, or no vector made; a place that is not there is nobody's fault."""
    words, path = bound(), home.data / name
    path.chmod(0o500 if path.is_dir() else 0o400)

    said = asked(home, "status", before=words)

    assert (said["state"], [one["where"] for one in said["problems"]]) == (state, [str(path).rstrip("/")])
    assert "may not be written" in said["problems"][0]["what"]
    assert "chmod" not in said["semantic"]["summary"]
    command = f"chmod -R u+rwX {str(path).rstrip('/')}"
    assert [one["command"] for one in said["recommended"]] == [command]
    do(home, command, words)
    assert asked(home, "status", before=words)["problems"] == []


@pytest.mark.parametrize(("name", "mode"), [("cass.db", 0o400), ("cass.db-shm", 0), ("cass.db-wal", 0)])
def test_a_database_that_may_not_be_written_is_told_with_what_lies_beside_it(home: Home, name: str, mode: int):
    """SQLite gives the files beside a database its permissions; what stands in them is not seen without."""
    words, path = bound(), home.data / name
    path.touch()
    path.chmod(mode)

    said = asked(home, "status", before=words)

    assert (said["state"], said["problems"][0]["where"]) == ("degraded", str(path))
    for advice in said["recommended"]:
        do(home, advice["command"], words)
    assert home.cass("index", before=words).returncode == 0
    assert asked(home, "status", before=words)["problems"] == []


@pytest.mark.parametrize("name", ["derived", "derived/lexical", "derived/vectors", "index.lock"])
def test_the_doctor_names_for_what_may_not_be_entered_what_opens_it(home: Home, name: str):
    """Every row that suffers from it names the same command, and none that fails again."""
    words, path = bound(), home.data / name
    path.chmod(0)

    checks = [one for one in asked(home, "doctor", before=words)["checks"] if one["level"] != "ok"]

    assert {one["command"] for one in checks if one["name"] != "disk"} == {f"chmod -R u+rwX {path}"}
    do(home, f"chmod -R u+rwX {path}", words)
    assert {one["name"] for one in asked(home, "doctor", before=words)["checks"] if one["level"] != "ok"} <= {"disk"}


def test_doctor_fix_opens_what_is_closed(home: Home):
    words, path = bound(), home.data / "derived"
    path.chmod(0)

    done = home.cass("doctor", "--fix", before=words)

    assert f"mended: opened: {path}" in " ".join(done.stdout.split())
    assert "made the search index again" not in done.stdout
    assert look(home).problems == ()


def put(path: Path) -> None:
    """Something else than what belongs there."""
    if path.is_dir():
        shutil.rmtree(path)
        path.write_text("a file")
    else:
        path.unlink(missing_ok=True)
        path.mkdir()
        (path / "a file").touch()


LOCKS = "index.lock", "worker.lock", "archive.db"


@pytest.mark.parametrize(
    "name", [*LOCKS, *DERIVED, *VECTORS, "derived/lexical/current", "derived/vectors/fast/current"]
)
def test_what_stands_where_something_else_belongs_is_mended_by_the_command(home: Home, name: str):
    """A file for a folder, a folder for a file; a folder that is not there is none of these."""
    put(home.data / name)

    before, status = found(home), look(home)

    wrong = [one for one in before.values() if one.level != "ok" and one.name != "privacy"]
    assert len({one.command for one in wrong}) == 1
    advised = [one.command for one in status.recommended] or [status.semantic and status.semantic.next_step]
    assert advised == [wrong[0].command]
    do(home, str(wrong[0].command))
    do(home, f"chmod go= {home.data}/*")
    assert {one.name for one in found(home).values() if one.level != "ok"} == set()
    assert look(home).problems == ()


@pytest.mark.parametrize("name", ["derived", "derived/lexical", "index.lock", "derived/vectors"])
def test_doctor_fix_puts_aside_what_stands_there(home: Home, name: str):
    """Nothing is lost by that."""
    path = home.data / name
    put(path)

    done = home.cass("doctor", "--fix")

    assert f"put aside: {path}" in done.stdout.replace("\n", " ")
    assert path.with_name(path.name + ".aside").exists()
    assert look(home).problems == ()


def test_the_glance_looks_at_every_tier():
    """It loads nothing that would name them."""
    assert set(TIERS) == set(KIND_OF)


def test_a_damaged_database_of_kept_files_is_put_aside_by_the_command(home: Home):
    path = home.data / "archive.db"
    path.write_bytes(b"noise" * 5000)
    path.chmod(0o600)

    finding = found(home)["kept for good"]
    do(home, str(finding.command))

    assert finding.level == "fail"
    assert found(home)["kept for good"].level == "ok"
    assert (home.data / "broken" / "archive.db").exists()


def test_what_belongs_to_somebody_else_is_made_ones_own(home: Home):
    """Mostly root's, from a command that was once run as root; its permissions are not this user's to change."""
    words, path = bound(), home.data / "index.lock"
    if os.geteuid() != 0:
        pytest.skip("only root may give a file away")
    os.chown(path, 65534, 65534)

    said = asked(home, "status", before=words)

    assert [one["command"] for one in said["recommended"]] == [f'sudo chown -R "$(id -un)" {path}']


def test_a_data_folder_that_is_somebody_elses_is_made_ones_own(home: Home):
    """A first index as root leaves one that nobody else may enter."""
    words = bound()
    if os.geteuid() != 0:
        pytest.skip("only root may give a folder away")
    os.chown(home.data, 65534, 65534)

    said, checks = asked(home, "status", before=words), asked(home, "doctor", before=words)["checks"]

    command = f'sudo chown -R "$(id -un)" {home.data}'
    assert (said["state"], [one["command"] for one in said["recommended"]]) == ("broken", [command])
    assert {one["command"] for one in checks if one["name"] in ("writing", "database")} == {command}


def test_a_closed_folder_above_the_archive_is_opened_and_nothing_below_it(home: Home):
    """Whether there is an archive nobody can tell then, and a `cass index` would fail."""
    words, above = bound(), home.folder / "above"
    above.mkdir()
    home.data.rename(above / "data")
    home.env["CASS_DATA_DIR"] = str(above / "data")
    above.chmod(0)

    said, checks = asked(home, "status", before=words), asked(home, "doctor", before=words)["checks"]

    command = f"chmod u+rwx {above}"
    assert (said["state"], [one["command"] for one in said["recommended"]]) == ("broken", [command])
    assert {one["command"] for one in checks if one["level"] != "ok" and one["name"] != "disk"} == {command, None}
    do(home, command, words)
    assert asked(home, "status", before=words)["problems"] == []


@pytest.mark.parametrize("goal", ["nowhere", "data"])
def test_a_link_that_leads_nowhere_in_place_of_the_data_folder_is_put_aside(home: Home, goal: str):
    """To a disk that is not there, say, or to itself; that is left to the person: --fix does nothing about it."""
    home.data.rename(home.folder / "elsewhere")
    home.data.symlink_to(home.folder / goal)

    (advice,), checks = look(home).recommended, found(home)

    assert advice.command == f"mv {home.data} {home.data}.aside && cass index"
    assert (checks["database"].command, checks["database"].fix) == (advice.command, None)
    assert FREE not in {one.fix for one in checks.values()}
    do(home, advice.command)
    assert look(home).problems == ()


@pytest.mark.parametrize("goal", ["nowhere", "cass.db"])
def test_a_link_that_leads_nowhere_in_place_of_the_database_is_put_aside(home: Home, goal: str):
    """To nothing, or to itself: each row of the doctor names what mends it, and none who may enter the folder."""
    path = home.data / "cass.db"
    path.unlink()
    path.symlink_to(goal)

    (advice,), checks = look(home).recommended, found(home)

    assert advice.command == f"mv {path} {path}.aside && cass index"
    assert {checks[name].command for name in ("writing", "database")} == {advice.command}
    do(home, advice.command)
    assert look(home).problems == ()
