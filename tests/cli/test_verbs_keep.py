"""`cass index`, `cass status`, `cass doctor` and `cass` alone, as processes and as pages."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from cass.connectors.base import SourceProblem
from cass.disk import try_lock
from cass.indexing.run import AgentTally, IndexReport, plan
from cass.lexical.schema import VERSION
from cass.records import replace
from cass.render import home_text, index_text, status_text
from cass.render.terminal import Style
from cass.status.facts import Advice, Database, Lexical, Problem, Status
from cass.store.counts import AgentCount
from tests.archive import Home, make_home

PIPE = Style(False, False, False, False, 80)
NOW_MS = 1_767_323_045_000


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = make_home(tmp_path)
    home.claude("s1", "the pool timed out", "raise the pool size")
    return home


def test_index_reads_then_has_nothing_to_do(home: Home):
    """The JSON has the figures of the run, and those of the archive now."""
    first = home.cass("index", "--json")
    second = json.loads(home.cass("index", "--json").stdout)

    assert (first.returncode, first.stderr) == (0, "")
    said = json.loads(first.stdout)
    size = home.path("s1").stat().st_size
    assert said["agents"]["claude_code"] == {
        "files": {"seen": 1, "read": 1, "unchanged": 0, "failed": 0},
        "sessions": 1,
        "messages": 2,
        "bytes_read": size,
    }
    assert {key: said[key] for key in ("schema_version", "sessions", "messages", "problems")} == {
        "schema_version": 1,
        "sessions": 1,
        "messages": 2,
        "problems": [],
    }
    assert said["lexical"] == {"documents": 2, "rebuilt": False}
    assert second["agents"]["claude_code"]["files"] == {"seen": 1, "read": 0, "unchanged": 1, "failed": 0}
    assert (second["agents"]["claude_code"]["bytes_read"], second["messages"]) == (0, 2)


def test_index_goes_on_past_bad_lines_and_counts_them(home: Home):
    with home.path("s1").open("ab") as file:
        file.write(b"{torn\n")

    done = home.cass("index", "-v")

    assert done.returncode == 0
    assert "2 messages in 1 session" in done.stdout
    assert f"{home.path('s1')}:3: " in done.stderr


def test_a_dry_run_reads_nothing(home: Home):
    done = home.cass("index", "--dry-run")

    assert done.stdout.startswith("To read: 1 file, ")
    assert not home.data.exists()
    assert json.loads(home.cass("index", "--dry-run", "--json").stdout)["files"] == 1


def test_an_unknown_agent_is_refused_with_the_nearest(home: Home):
    done = home.cass("index", "--agent", "cluade")

    assert (done.returncode, done.stdout) == (2, "")
    assert "did you mean claude_code" in done.stderr.lower()


def report(*problems: SourceProblem, **more: object) -> IndexReport:
    tally = AgentTally(seen=3, read=2, unchanged=1, failed=0, bytes_read=1_500_000)
    values = {"documents": 9, "rebuilt": False, "complete": True, "took_ms": 120.0} | more
    return IndexReport({"claude_code": tally, "codex": AgentTally()}, problems, **values)  # type: ignore[arg-type]


def test_a_run_is_summed_up_by_agent():
    assert index_text.summary(report(), {"claude_code": AgentCount(3, 4, 1234)}, PIPE) == (
        "agent        files  read  unchanged  failed  sessions  messages\n"
        "claude_code      3     2          1       0         4     1,234\n"
        "\n"
        "1,234 messages in 4 sessions (read 1.4 MB in 0.1 s)\n"
    )


def test_problems_are_counted_and_listed_when_asked():
    bad = [SourceProblem(f"/h/{at}", at, "not JSON") for at in range(1, 26)]

    assert index_text.problems(report(), 1) == ""
    assert index_text.problems(report(*bad), 0).startswith("25 problems in the agents' files")
    assert index_text.problems(report(*bad), 1).splitlines()[20:] == [
        "  /h/20:20: not JSON",
        "  and 5 more problems: -vv lists them all",
    ]
    assert len(index_text.problems(report(*bad), 2).splitlines()) == 26


def test_an_estimate_names_files_size_time_and_room():
    said = "To read: 812 files, 1.1 GB; about 80 s"
    assert index_text.estimate(812, 1_200_000_000, 1_200_000_000) == f"{said} and 515 MB on disk.\n"
    assert index_text.estimate(812, 1_200_000_000, 0) == f"{said}.\n"
    assert index_text.estimate(0, 0, 0).startswith("Nothing is new")


def test_what_is_read_again_needs_no_room(home: Home):
    """It is stored already; of a file that grew only what is new is not."""
    home.index()
    before = home.path("s1").stat().st_size
    grown = home.append("s1", "and again").stat().st_size

    files, size, new = plan(home.places, str(home.home), home.env, full=True)

    assert (files, size, new) == (1, grown, grown - before)


def test_status_as_json_has_the_promised_fields(home: Home):
    home.index()

    said = json.loads(home.cass("status", "--json").stdout)

    assert said["database"] | {"bytes": 0} == {"path": f"{home.data}/cass.db", "bytes": 0, "sessions": 1, "messages": 2}
    assert said["lexical"] | {"bytes": 0} == {"documents": 2, "bytes": 0, "behind_messages": 0, "schema": VERSION}
    assert said["sources"]["claude_code"] == {"files": 1, "sessions": 1, "messages": 2, "problems": 0}
    assert (said["state"], said["healthy"], said["problems"], said["recommended"]) == ("ok", True, [], [])


def test_status_never_fails_but_check_does(home: Home):
    home.index()
    (home.data / "cass.db").write_bytes(b"x" * 9000)
    for name in ("cass.db-wal", "cass.db-shm"):
        (home.data / name).unlink(missing_ok=True)

    plain, check = home.cass("status"), home.cass("status", "--check", "--brief")

    assert (plain.returncode, check.returncode) == (0, 1)
    assert "broken" in plain.stdout and "&& cass index" in plain.stdout
    assert check.stdout.startswith("broken: ") and check.stdout.count("\n") == 1


STATUS = Status(
    version="1.0",
    state="degraded",
    data_dir="/d",
    database=Database("/d/cass.db", 2_000_000, 4, 1234),
    lexical=Lexical(None, 0, 1234, None),
    sources={"claude_code": AgentCount(3, 4, 1234, 1), "codex": AgentCount()},
    problems=(Problem("the lexical index is missing", "/d/derived/lexical"),),
    recommended=(Advice("cass index", "brings it in step"),),
    indexed_ms=NOW_MS - 300_000,
    behind_files=2,
)


def test_the_status_page():
    assert status_text.page(STATUS, PIPE, NOW_MS) == (
        "cass 1.0: degraded, it works, but not as well as it should\n"
        "\n"
        "archive  1,234 messages in 4 sessions, 1.9 MB\n"
        "index    none\n"
        "fresh    indexed 5m ago; 2 files or folders changed since\n"
        "data     /d\n"
        "\n"
        "agent        files  sessions  messages  problems\n"
        "claude_code      3         4     1,234         1\n"
        "\n"
        "problem: the lexical index is missing (/d/derived/lexical)\n"
        "\n"
        "next: cass index  (brings it in step)\n"
    )


def test_status_says_when_it_had_no_time_for_all_files():
    hasty = [replace(STATUS, saw_all_files=False, behind_files=behind) for behind in (0, 2)]

    assert [status_text.fresh(status, NOW_MS) for status in hasty] == [
        "indexed 5m ago; the newest files have not changed since",
        "indexed 5m ago; at least 2 files or folders changed since",
    ]


def test_status_says_what_an_older_version_read():
    told = [replace(STATUS, outdated_files=count, behind_files=behind) for count, behind in ((1, 0), (4200, 2))]

    assert [status_text.fresh(status, NOW_MS) for status in told] == [
        "indexed 5m ago; 1 file read by an older version",
        "indexed 5m ago; 2 files or folders changed since; 4,200 files read by an older version",
    ]


def test_status_in_a_line():
    assert status_text.brief(STATUS, NOW_MS) == "degraded: the lexical index is missing, indexed 5m ago; cass index\n"


def test_cass_alone_says_what_there_is_and_what_to_type():
    pages = [home_text.filled(STATUS, PIPE, NOW_MS), home_text.empty(12, 3_000_000, PIPE), home_text.empty(0, 0, PIPE)]

    assert all(3 <= page.count("\n") <= 6 for page in pages)
    assert "next: cass index" in pages[0] and "next: cass index" in pages[1] and "next: cass demo" in pages[2]
    assert all(page.count("next") == 1 for page in pages)


def test_cass_alone_keeps_to_a_narrow_screen():
    """Sentences fold at their spaces; only a command stays whole."""
    counts = {f"agent_{number}": STATUS.sources["claude_code"] for number in range(12)}
    ok = replace(STATUS, state="ok", sources=counts, database=replace(STATUS.database, messages=1_040_137))
    narrow = Style(False, False, "", True, 40)
    pages = [home_text.filled(ok, narrow, NOW_MS), home_text.empty(312, 112_000_000, narrow)]

    assert [line for page in pages for line in page.splitlines() if len(line) > 40] == []


def test_cass_alone_on_an_empty_machine_makes_nothing(home: Home):
    done = home.cass()

    assert "To read: 1 file" in done.stdout
    assert not home.data.exists()


def test_the_doctor_mends_what_loses_nothing(home: Home):
    home.index()
    shutil.rmtree(home.data / "derived" / "lexical")

    sick, mended = home.cass("doctor", "--json"), home.cass("doctor", "--fix", "--json")

    assert (sick.returncode, json.loads(sick.stdout)["healthy"]) == (1, False)
    assert mended.returncode == 0, mended.stdout
    assert json.loads(mended.stdout)["fixed"] == ["made the search index again: 2 documents"]
    assert "mend it" not in home.cass("doctor").stdout.replace("disk", "")


def test_a_page_with_many_problems_keeps_its_size():
    """It does not say that everything works, and each mending command stands there once."""
    problems = tuple(Problem(f"{at} is no value for mode", "CASS_SEMANTIC_MODE") for at in range(40))
    status = Status("0.1.0", "ok", "/data", Database("/data/cass.db", 1, 1, 1), Lexical(1), {}, problems, ())

    lines = status_text.page(status, PIPE, NOW_MS).splitlines()

    assert lines[0] == "cass 0.1.0: ok, search works; 40 things to mend"
    assert len(lines) < 24
    assert lines[-1].startswith("and ") and lines[-1].endswith(" more: cass status --verbose")


def test_variables_are_mended_by_one_command(home: Home):
    """Four bad variables are four problems and one line to type."""
    home.env |= {f"CASS_SEMANTIC_{name}": "x" for name in ("MODE", "FAST_DIMENSION", "BUDGET_MB", "WAIT_MS")}

    said = json.loads(home.cass("status", "--json").stdout)

    assert len(said["problems"]) == 4
    commands = [each["command"] for each in said["recommended"] if each["command"].startswith("unset")]
    assert [sorted(command.split()[1:]) for command in commands] == [
        ["CASS_SEMANTIC_BUDGET_MB", "CASS_SEMANTIC_FAST_DIMENSION", "CASS_SEMANTIC_MODE", "CASS_SEMANTIC_WAIT_MS"]
    ]


def test_settings_of_one_file_are_mended_by_one_command(home: Home):
    config = home.folder / "config"
    config.mkdir()
    (config / "semantic.toml").write_text('mode = "x"\nquality_weight = 2\n')
    home.env["CASS_CONFIG_DIR"] = str(config)

    said = json.loads(home.cass("status", "--json").stdout)

    assert len(said["problems"]) == 2
    assert [each["command"] for each in said["recommended"]].count("cass config edit semantic.toml") == 1


def test_the_page_says_what_would_be_accepted(home: Home):
    """Whoever mends a setting by hand need not look it up."""
    folder = home.home / ".config" / "cass"
    folder.mkdir(parents=True)
    (folder / "semantic.toml").write_text("quality_weight = 1.7\nmod = 'off'\n")

    said = " ".join(home.cass("status").stdout.split())

    assert "1.7 is no value for quality_weight" in said
    assert "; accepted: a number from 0.0 to 1.0" in said
    assert "there is no setting mod" in said
    assert "; accepted: mode" in said


def test_a_repair_that_cannot_be_done_hides_no_other(home: Home):
    """Somebody is indexing, so that the index cannot be made again: the rest is mended and told."""
    home.index()
    home.data.chmod(0o755)
    (home.data / "derived" / "lexical" / "current").unlink()

    with try_lock(home.places.index_lock) or pytest.fail("the lock is taken"):
        done = home.cass("doctor", "--fix")

    said = " ".join(done.stdout.split())
    assert (done.returncode, done.stderr) == (1, "")
    assert f"made private: {home.data}" in said
    assert "could not mend: " in said
