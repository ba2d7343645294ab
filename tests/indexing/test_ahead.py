"""A second process reads new files ahead: nobody can tell, whatever becomes of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cass.disk import widen
from cass.indexing import ahead, run
from cass.store.schema import OFF_PATH
from tests.archive import Home, answers, calls, make_home, says
from tests.indexing.invariants import check_invariants, opened, present, rows

FILES = 30


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Sessions with everything that is worked out ahead: own calls, names, torn lines, an answer in several lines."""
    home = make_home(tmp_path)
    for number in range(FILES):
        home.claude(f"s{number}", f"where is parseQuery{number} in C++", "said 令牌", says("assistant", "and .env"))
    home.claude("own", says("assistant", calls("Bash", "c1", command="cass search quokka")), answers("c1", "a quokka"))
    home.claude("left", "a lion", "it roars", says("user", "a lamb") | {"parentUuid": None})
    home.append("s3", "{ torn")
    return home


@pytest.fixture
def worthwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any file is worth a second process."""
    monkeypatch.setattr(run, "WORTH_BYTES", 0)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)


def _everything(home: Home) -> object:
    check_invariants(home.data)
    with opened(home.data) as database:
        left = rows(database, "SELECT id FROM messages WHERE flags & ?", OFF_PATH)
    assert len(left) == 2
    totals = [home.search(text).total for text in ("query", "cplusplus", "牌", "dotenv", "quokka")]
    return present(home.data), left, totals


def test_read_ahead_or_not_is_the_same(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same messages, problems and words to be found."""
    one = home.index()
    alone = _everything(home)
    (home.data).rename(tmp_path / "first")
    monkeypatch.setattr(run, "WORTH_BYTES", 0)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)

    other = home.index()

    assert _everything(home) == alone
    assert (other.agents, other.problems) == (one.agents, one.problems)


def test_a_reader_that_dies_costs_nothing(home: Home, worthwhile: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed on the way: what is missing is read here, in the same run."""
    items = ahead.ReadAhead.items
    killed = []

    def kill_first(self, found):  # type: ignore[no-untyped-def]
        if not killed:
            killed.append(self._process.kill())
            self._process.wait()
        yield from items(self, found)

    monkeypatch.setattr(ahead.ReadAhead, "items", kill_first)

    report = home.index()

    assert killed and report.complete
    assert len(present(home.data)) == FILES + 2
    check_invariants(home.data)


def test_what_vanished_meanwhile_is_a_problem(home: Home, worthwhile: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is gone when its turn comes is named; the others are read."""
    init = ahead.ReadAhead.__init__

    def unlink_first(self, work, around):  # type: ignore[no-untyped-def]
        os.unlink(home.path("s7"))
        init(self, work, around)

    monkeypatch.setattr(ahead.ReadAhead, "__init__", unlink_first)

    report = home.index()

    assert [os.path.basename(problem.path) for problem in report.problems if problem.line is None] == ["s7.jsonl"]
    assert len(present(home.data)) == FILES + 1
    check_invariants(home.data)


def test_files_that_are_left_out_are_passed_over(home: Home, worthwhile: None) -> None:
    """A second run has files of both kinds, known and new, and asks only for the new ones."""
    home.index()
    home.claude("late", "the axolotl is late")
    home.append("s5", "and one more line")

    home.index()

    assert home.search("axolotl").total == 1
    check_invariants(home.data)


def test_nothing_in_the_present_folder_is_run(
    home: Home, worthwhile: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever indexes while standing in a strange repository runs none of its code."""
    strange = tmp_path / "strange" / "cass" / "indexing"
    strange.mkdir(parents=True)
    (strange.parent / "__init__.py").touch()
    (strange / "__init__.py").write_text("open('was_run', 'w')")
    monkeypatch.chdir(tmp_path / "strange")

    report = home.index()

    assert report.agents["claude_code"].read == FILES + 2
    assert not Path("was_run").exists()


def test_a_pipe_is_given_room_where_there_is_some_to_give() -> None:
    fcntl = pytest.importorskip("fcntl")
    if not hasattr(fcntl, "F_SETPIPE_SZ"):
        pytest.skip("pipes have one size here")
    reads, writes = os.pipe()
    with os.fdopen(reads, "rb") as pipe, os.fdopen(writes, "wb"):
        usual = fcntl.fcntl(pipe, fcntl.F_GETPIPE_SZ)
        widen(pipe, 2 * usual)
        assert fcntl.fcntl(pipe, fcntl.F_GETPIPE_SZ) == 2 * usual


def test_what_is_no_pipe_cannot_be_given_room(tmp_path: Path) -> None:
    with (tmp_path / "file").open("wb") as file:
        widen(file, 1 << 20)
        widen(None, 1 << 20)
        assert file.write(b"x") == 1
