"""What is there, how fresh it is, whether it works."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
from pathlib import Path

import pytest

from cass.errors import SystemRefused
from cass.policy import SemanticCapabilityReport, SemanticPolicy
from cass.status.facts import Status, collect
from cass.status.mending import mending
from cass.store.counts import AgentCount
from tests.archive import Home, make_home, upgrade


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = make_home(tmp_path)
    home.claude("s1", "the pool timed out", "raise the pool size")
    home.claude("s2", "a deadlock here")
    home.index()
    return home


def look(home: Home) -> Status:
    return collect(home.places, lambda: 0.0)


def test_an_empty_machine_is_healthy_and_told_to_index(tmp_path: Path):
    """Looking makes no folder."""
    home = make_home(tmp_path)

    status = look(home)

    assert (status.state, status.healthy) == ("empty", True)
    assert [advice.command for advice in status.recommended] == ["cass index"]
    assert not home.data.exists()


def test_a_machine_without_sessions_is_not_told_to_index_again(tmp_path: Path):
    """Somebody who has just done it is told where cass looked."""
    home = make_home(tmp_path)
    home.index()

    status = look(home)

    assert (status.state, status.healthy) == ("empty", True)
    assert [advice.command for advice in status.recommended] == ["cass sources"]
    assert home.cass("status").stdout.splitlines()[0].endswith(": empty, no sessions were found")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everything")
def test_a_home_that_may_not_be_written_is_told_before_anything_fails(tmp_path: Path):
    """What is recommended would not end in the same refusal."""
    home = make_home(tmp_path)
    home.env["CASS_DATA_DIR"] = str(tmp_path / "locked" / "a" / "b")
    (tmp_path / "locked").mkdir(mode=0o500)

    status = look(home)

    assert (status.state, status.healthy) == ("degraded", False)
    assert [(problem.what, problem.where) for problem in status.problems] == [
        ("the data folder cannot be made here", str(tmp_path / "locked"))
    ]
    assert [advice.command for advice in status.recommended] == ["cass index --data-dir FOLDER"]


def test_a_whole_archive_is_ok(home: Home):
    status = look(home)

    assert (status.state, status.healthy, status.problems, status.recommended) == ("ok", True, (), ())
    assert (status.database.sessions, status.database.messages) == (2, 3)
    assert (status.lexical.documents, status.lexical.behind_messages) == (3, 0)
    assert status.sources["claude_code"] == AgentCount(files=2, sessions=2, messages=3)
    assert status.sources["codex"] == AgentCount()
    assert status.indexed_ms == home.now_ms


def test_a_look_that_runs_out_of_time_says_so(home: Home):
    """What it had no time for is not said to be unchanged."""
    home.append("s1", "one more")
    seconds = iter(range(100))

    hasty = collect(home.places, lambda: float(next(seconds)))

    assert (hasty.behind_files, hasty.saw_all_files) == (0, False)
    assert (look(home).behind_files, look(home).saw_all_files) == (1, True)


def test_messages_that_the_agent_has_deleted_still_count(home: Home):
    home.claude("s1", "the pool timed out")
    home.path("s2").unlink()
    home.index()

    status = look(home)

    assert (status.database.sessions, status.database.messages) == (2, 3)
    assert status.sources["claude_code"].files == 1


def test_files_that_changed_since_are_told(home: Home):
    home.append("s1", "and again")

    status = look(home)

    assert (status.state, status.behind_files) == ("ok", 1)
    assert [advice.command for advice in status.recommended] == ["cass index"]


def test_files_that_a_better_reader_has_not_read_are_told_until_it_has(home: Home, monkeypatch: pytest.MonkeyPatch):
    """Nothing in them has changed, so nothing else would say so."""
    assert look(home).outdated_files == 0
    upgrade(monkeypatch, "claude_code")

    status = look(home)

    assert (status.state, status.behind_files, status.outdated_files) == ("ok", 0, 2)
    assert [advice.command for advice in status.recommended] == ["cass index"]
    home.index()
    assert (look(home).outdated_files, look(home).recommended) == (0, ())


def test_a_missing_index_is_degraded_and_cass_index_mends_it(home: Home):
    shutil.rmtree(home.data / "derived")

    status = look(home)

    assert (status.state, status.healthy) == ("degraded", False)
    assert status.problems[0].what == "the lexical index is missing"
    assert [advice.command for advice in status.recommended] == ["cass index"]

    home.index()
    assert look(home).state == "ok"


def test_an_index_of_other_messages_does_not_pass_for_this_one(home: Home, tmp_path: Path):
    """A search for words of a stored message really runs."""
    other = make_home(tmp_path / "other")
    other.claude("s1", "something else", "entirely")
    other.claude("s2", "and more")
    other.index()
    shutil.rmtree(home.data / "derived")
    shutil.copytree(other.data / "derived", home.data / "derived")

    status = look(home)

    assert status.state == "degraded"
    assert status.problems[0].what == "the search index does not find a message that it should contain"


def test_a_damaged_index_is_degraded(home: Home):
    for path in (home.data / "derived" / "lexical").glob("*/*.store"):
        path.write_bytes(b"noise")
    for path in (home.data / "derived" / "lexical").glob("*/*.term"):
        path.unlink()

    assert look(home).state == "degraded"


def test_a_damaged_database_is_broken_with_the_command_that_mends_it(home: Home):
    for name in ("cass.db-wal", "cass.db-shm"):
        (home.data / name).unlink(missing_ok=True)
    (home.data / "cass.db").write_bytes(b"not a database, but long enough to look at" * 100)

    status = look(home)

    assert (status.state, status.healthy) == ("broken", False)
    assert f"mv {home.data}/cass.db* {home.data}/broken && cass index" in status.recommended[0].command


def test_a_file_in_place_of_the_data_folder_is_broken(tmp_path: Path):
    """Indexing would be refused: that is not an empty machine.  What is named puts the file aside."""
    home = make_home(tmp_path)
    home.data.write_text("something else")

    status = look(home)

    assert (status.state, status.healthy) == ("broken", False)
    assert [(advice.command, advice.why) for advice in status.recommended] == [
        (f"mv {home.data} {home.data}.aside && cass index", "puts it aside; or set CASS_DATA_DIR to a folder")
    ]


def test_a_folder_in_place_of_the_database_is_broken(tmp_path: Path):
    home = make_home(tmp_path)
    database = home.data / "cass.db"
    database.mkdir(parents=True)

    assert [advice.command for advice in look(home).recommended] == [f"mv {database} {database}.aside && cass index"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read_is_not_an_empty_machine(home: Home):
    home.data.chmod(0)

    status = look(home)
    home.data.chmod(0o700)

    assert (status.state, [problem.what for problem in status.problems]) == (
        "broken",
        ["the data folder may not be read"],
    )


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
@pytest.mark.parametrize(("name", "mode"), [("", 0), ("", 0o600), ("cass.db", 0)])
def test_what_may_not_be_read_is_what_the_command_mends(home: Home, name: str, mode: int):
    """The folder or the file; afterwards all is well."""
    (home.data / name).chmod(mode)
    (advice,) = look(home).recommended

    subprocess.run(advice.command, shell=True, check=True)

    assert advice.command.endswith(str(home.data / name).rstrip("/"))
    assert look(home).state == "ok"


def test_somebody_else_s_file_is_shown(home: Home):
    """Its owner and mode are all that a stranger can be told."""
    refused = SystemRefused("the database may not be read", home.places.database, "check who may read this file")

    assert mending(home.places, refused).command == f"ls -ld {home.places.database}"


@pytest.mark.parametrize("words", [("index",), ("search", "pool"), ("search", "pool", "--refresh", "off")])
def test_a_database_without_its_counters_is_damaged_and_no_bug(home: Home, words: tuple[str, ...]):
    """Each command ends in exit 5, and status names what mends it."""
    change(home, "DELETE FROM meta")

    done = home.cass(*words)

    assert (done.returncode, look(home).state) == (5, "broken")
    assert "its table meta has no change" in done.stderr


@pytest.mark.parametrize("table", ["sessions", "strings", "blocks", "files", "removals", "tombstones"])
def test_a_database_without_one_of_its_tables_is_broken(home: Home, table: str):
    """Though what a page of status shows was counted before."""
    change(home, f"DROP TABLE {table}")

    status = look(home)

    assert (status.state, [problem.what for problem in status.problems]) == (
        "broken",
        [f"the database cannot be read: no such table: {table}"],
    )
    assert f"no such table: {table}" in home.cass("doctor").stdout


def change(home: Home, sql: str) -> None:
    with sqlite3.connect(home.places.database, isolation_level=None) as connection:
        connection.execute(sql)
    connection.close()


def test_pages_of_noise_inside_the_database_are_broken_too(home: Home):
    for name in ("cass.db-wal", "cass.db-shm"):
        (home.data / name).unlink(missing_ok=True)
    path = home.data / "cass.db"
    path.write_bytes(path.read_bytes()[:8192] + b"\xff" * 200_000)

    assert look(home).state == "broken"


def test_what_was_put_aside_before_stays_when_the_database_is_damaged_again(home: Home):
    """Sessions that only an earlier one has can still be got out of it."""
    for damage in (b"first", b"second"):
        Path(home.places.database).write_bytes(damage * 20_000)
        command = look(home).recommended[0].command.removesuffix(" && cass index")
        subprocess.run(command, shell=True, check=True)
        home.index()
        assert look(home).database.sessions == 2

    assert (home.data / "broken" / "cass.db").read_bytes()[:5] == b"first"
    assert (home.data / "broken-2" / "cass.db").read_bytes()[:6] == b"second"


def test_a_data_folder_on_a_disk_that_is_not_there_is_no_empty_machine(tmp_path: Path):
    home = make_home(tmp_path)
    home.data.parent.mkdir(parents=True, exist_ok=True)
    home.data.symlink_to(tmp_path / "unplugged")

    status = look(home)

    assert (status.state, [problem.where for problem in status.problems]) == ("broken", [str(home.data)])


def test_whoever_wants_both_tiers_or_nothing_is_told_that_there_is_nothing(home: Home):
    """Every search ends in an error then; by words it would not."""
    done = home.cass("status", "--json", "--semantic-mode", "strict")

    said = json.loads(done.stdout)
    assert (said["state"], said["healthy"]) == ("degraded", False)
    assert "mode is strict_semantic" in said["problems"][0]["what"]
    assert said["recommended"][0]["command"] == said["semantic"]["next_step"]
    assert json.loads(home.cass("status", "--json").stdout)["healthy"]


def meaning(home: Home) -> SemanticCapabilityReport:
    found = collect(home.places, lambda: 0.0, SemanticPolicy.compiled_defaults()).semantic
    assert found is not None
    return found


def test_without_the_database_nothing_is_said_to_be_searched_by_meaning(home: Home):
    """What the vectors are of stands in it."""
    home.cass("backfill", "--force")
    assert meaning(home).capability == "fast_tier_only"
    for path in home.data.glob("cass.db*"):
        path.unlink()

    gone = meaning(home)
    (home.data / "cass.db").write_bytes(b"noise" * 9000)
    broken = meaning(home)

    assert (gone.capability, gone.reason, gone.next_step) == ("degraded", "nothing is indexed yet", "cass index")
    assert (broken.capability, broken.fast_tier.covers_since_ms) == ("degraded", None)
    assert broken.reason == "the database cannot be read: file is not a database"
    assert broken.next_step == look(home).recommended[0].command


def test_of_a_worker_beside_a_broken_database_nothing_is_said_of_before(home: Home):
    """That nothing is indexed yet is not known."""
    (home.data / "cass.db").write_bytes(b"noise" * 9000)

    worker = collect(home.places, lambda: 0.0, SemanticPolicy.compiled_defaults()).worker

    assert worker is not None
    assert worker.reason == "its log cannot be read; cass doctor tells more"


def test_nobody_is_told_that_everything_works_above_damaged_vectors(home: Home):
    """Nor above vectors that take more than they may; who has none yet is well."""
    assert title(home) == "ok, everything works"
    home.cass("backfill", "--force")
    assert title(home) == "ok, everything works"
    assert title(home, "--semantic-budget-mb", "0") == (
        "ok, search works by words; its vectors and models are over their budget"
    )

    (home.data / "derived" / "vectors" / "fast" / "current").write_bytes(b"noise")

    assert title(home) == "ok, search works by words; by meaning something is to mend"


def title(home: Home, *words: str) -> str:
    return home.cass("status", *words).stdout.splitlines()[0].partition(": ")[2]
