"""`cass forget` as a person uses it: shown, asked, done; and done to its end, whatever comes between."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from cass.cli import edge
from cass.disk import try_lock
from cass.indexing import forget
from cass.indexing.places import SEARCHING
from cass.lexical.schema import current_generation
from cass.store.forgetting import Selection
from cass.store.worker_state import LOCK, holder_of
from cass.store.writable import open_writer
from cass.store.writer import Writer
from tests.archive import REPO, Home, make_home
from tests.indexing.invariants import check_invariants, one, present
from tests.journeys.processes import start, stop_when
from tests.remains import remains
from tests.schemas.checking import faults

SECRET = "xylophonequartz"
SESSIONS = 40


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Sessions with vectors, one of them with a secret."""
    home = make_home(tmp_path)
    home.claude("told", f"my key is {SECRET}", f"I shall remember {SECRET}")
    for number in range(SESSIONS):
        home.claude(f"s{number}", f"where is quokka {number}", "and so on " * 40 + str(number))
    home.index()
    assert home.cass("backfill", "-q", "--tier", "fast").returncode == 0
    return home


def sid(home: Home) -> str:
    found: str = one(home.data, "SELECT sid FROM sessions WHERE external_id='told'")
    return found


def vectors(home: Home) -> int:
    """How many texts have one, also of those that are not on the list any more."""
    sizes = [path.stat().st_size - 512 for path in (home.data / "derived" / "vectors" / "fast").glob("*.keys")]
    return sum(sizes) // 16


def check_forgotten(home: Home) -> None:
    assert not forget.is_pending(str(home.data))
    assert remains(home, SECRET) == []
    assert vectors(home) == 2 * SESSIONS
    assert len(present(home.data)) == SESSIONS
    check_invariants(home.data)


def test_nothing_happens_without_a_yes(home: Home):
    """Where nobody can be asked it is refused; a dry run says what would go."""
    before = remains(home, SECRET)

    refused, dry = home.cass("forget", sid(home)), home.cass("forget", sid(home), "--dry-run")

    assert (refused.returncode, refused.stdout) == (2, "")
    assert "--yes" in refused.stderr
    assert dry.stdout.startswith(f"Would forget 2 messages, 1 whole session ({sid(home)[:8]}): ")
    assert str(home.path("told")) in dry.stdout
    assert remains(home, SECRET) == before


def test_it_is_gone_from_everything(home: Home):
    """The database, the index, the vectors; and the JSON says so."""
    assert vectors(home) == 2 * SESSIONS + 2

    done = home.cass("forget", sid(home), "--yes", "--json")

    said = json.loads(done.stdout)
    assert faults("forget", said) == []
    assert (said["forgotten"], said["finished"], said["messages"], said["sessions"]) == (True, True, 2, [sid_of()])
    check_forgotten(home)


def sid_of() -> str:
    from cass.store.ids import session_id

    return session_id("claude_code", None, "told")


def test_filters_of_the_command_line(home: Home):
    """They hold together; what nothing can pass is said."""
    none = home.cass("forget", "--workspace", "/w/nowhere", "--yes")
    some = home.cass("forget", "--agent", "claude", "--before", "2026-01-02T03:04:30Z", "--role", "user", "--dry-run")

    assert (none.returncode, none.stdout) == (0, "Nothing to forget.\n")
    assert "no session was in a workspace like /w/nowhere" in none.stderr
    assert some.stdout.startswith(f"Would forget {SESSIONS + 1} messages, ")


@pytest.mark.parametrize("words", [("--agent", "claude", "--before", ""), ("--workspace", ""), ("--before", "")])
def test_an_empty_value_is_not_everything(home: Home, words: tuple[str, ...]):
    """A variable that a script left empty does not forget what nobody named."""
    done = home.cass("forget", *words, "--yes")

    assert (done.returncode, done.stdout) == (2, "")


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="there are no pseudo terminals here")
@pytest.mark.parametrize(("answer", "is_left"), [(b"n\n", True), (b"\n", True), (b"y\n", False)])
def test_a_person_is_asked(home: Home, answer: bytes, is_left: bool):
    """What would go stands above the question; only a yes is one."""
    person, terminal = os.openpty()
    os.write(person, answer)
    env = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(REPO), "TZ": "UTC", **home.env}
    argv = [sys.executable, "-m", "cass", "forget", sid(home)]
    done = subprocess.run(argv, env=env, cwd=home.home, stdin=terminal, capture_output=True, text=True, check=False)
    os.close(person)
    os.close(terminal)

    assert done.returncode == 0
    assert "This forgets 2 messages, 1 whole session" in done.stderr
    assert (remains(home, SECRET) != []) is is_left


def test_it_wants_to_know_what(home: Home):
    assert home.cass("forget", "--yes").returncode == 2
    assert home.cass("forget", "ffffffff", "--yes").returncode == 1


@pytest.mark.parametrize("how", ["--yes", "--dry-run"])
def test_a_message_that_is_not_there_is_not_found(home: Home, how: str):
    """Nor is anything forgotten that was named beside it."""
    done = home.cass("forget", f"{sid(home)}:1", f"{sid(home)}:42", how)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"cass: the session has no message 42. See them all: cass show {sid(home)}.\n"
    assert remains(home, SECRET) != []


def test_the_name_of_the_wish() -> None:
    """The edge looks for the file without loading what writes it."""
    assert edge.FORGETTING == forget.MARK


def wished(home: Home) -> None:
    forget.write_wish(home.places, Selection(sessions=(sid(home),)), home.now_ms)


def out_of_the_database(home: Home) -> None:
    wished(home)
    forget.take_from_database(home.places, lambda: 0.0)


@pytest.mark.parametrize("how_far", [wished, out_of_the_database])
@pytest.mark.parametrize("command", [("search", "quokka"), ("status",), ("index",), ("forget", "00000000", "--yes")])
def test_the_next_command_finishes_it(home: Home, how_far: object, command: tuple[str, ...]):
    """Whatever command that is."""
    how_far(home)  # type: ignore[operator]

    home.cass(*command)

    check_forgotten(home)


def test_a_search_that_finishes_it_does_not_find_it(home: Home):
    """The database comes first; the rest is done behind the answer."""
    wished(home)

    done = home.cass("search", SECRET, "--json")

    assert json.loads(done.stdout)["hits"] == []
    assert "finished what was to be forgotten" in done.stderr


def test_a_command_beside_it_does_not_wait(home: Home):
    """Whoever forgets at this moment finishes it."""
    wished(home)
    with try_lock(home.places.index_lock), try_lock(str(home.data / LOCK)):  # type: ignore[union-attr]
        beside = home.cass("search", "quokka")

    assert (beside.returncode, beside.stderr.count("forgotten")) == (0, 0)
    assert forget.is_pending(str(home.data))


def test_a_command_that_is_faster(home: Home):
    """Whatever runs beside `cass forget` may do its wish first: it is told as done all the same."""
    lock = try_lock(home.places.index_lock, doing=SEARCHING)
    running = start(home, "forget", sid(home), "--yes")
    while not forget.is_pending(str(home.data)):
        assert running.poll() is None
    faster(home)
    lock.release()  # type: ignore[union-attr]
    said, _ = running.communicate()

    assert (running.returncode, said.partition(" (")[0]) == (0, "Forgot 2 messages, 1 whole session")
    check_forgotten(home)


def faster(home: Home) -> None:
    """What `take_from_database` does once it has the lock."""
    store = Writer(open_writer(home.places.database), home.places.database)
    forget._take_out(store, Selection(sessions=(sid(home),)), wished_ms(home))
    store.connection.close()


def wished_ms(home: Home) -> int:
    at_ms: int = json.loads((home.data / forget.MARK).read_text())["at_ms"]
    return at_ms


def test_somebody_who_indexes(home: Home):
    """Nobody waits for long; that the wish stands is said, since the next command does it."""
    with try_lock(home.places.index_lock):  # type: ignore[union-attr]
        done = home.cass("forget", sid(home), "--yes")
    assert (done.returncode, done.stdout) == (7, "")
    assert "is indexing" in done.stderr
    assert "forgotten by the next command, since the wish is written down." in " ".join(done.stderr.split())

    home.cass("sessions")

    check_forgotten(home)


def generation(home: Home) -> str:
    current = current_generation(home.places.lexical)
    return "" if current is None else Path(current[0]).name


POINTS = {
    "wished": lambda home: forget.is_pending(str(home.data)),
    "a new index begun": lambda home: (home.data / "derived/lexical/2").exists(),
    "a new index in place": lambda home: generation(home) == "2",
    "the database written anew": lambda home: (home.data / "cass.db").stat().st_size < home.size,  # type: ignore[attr-defined]
}


@pytest.mark.parametrize("point", POINTS)
def test_kill(home: Home, point: str):
    """Killed anywhere behind the wish: the next command leaves nothing."""
    home.size = (home.data / "cass.db").stat().st_size  # type: ignore[attr-defined]
    running = start(home, "forget", sid(home), "--yes")
    stop_when(running, lambda: POINTS[point](home), signal.SIGKILL)

    assert home.cass("status", "--brief").returncode == 0

    check_forgotten(home)


def test_somebody_who_reads_is_waited_for(home: Home):
    """What another process still has open is gone with the next command after it has let go."""
    reader = sqlite3.connect(home.data / "cass.db", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM texts").fetchone()

    done = home.cass("forget", sid(home), "--yes")
    left = json.loads(home.cass("forget", "00000000", "--json").stdout), remains(home, SECRET)
    reader.close()
    home.cass("status")

    assert "Not quite finished: another process still reads the database" in done.stdout
    assert left[0]["error"]["kind"] == "not-found"
    assert left[1] == ["data/cass.db"]
    check_forgotten(home)


def test_what_was_written_out_for_an_editor_goes_too(home: Home):
    """`cass open` keeps a rendering for a day."""
    path = Path(json.loads(home.cass("open", sid(home), "--json").stdout)["path"])
    assert SECRET in path.read_text()

    home.cass("forget", sid(home), "--yes")

    assert not path.exists()


def test_a_worker_lets_go_and_comes_back(home: Home):
    """The vectors are its to write: it leaves for a moment."""
    started = home.cass("worker", "start", "--json")
    pid = json.loads(started.stdout)["worker"]["pid"]
    try:
        done = home.cass("forget", sid(home), "--yes")
        assert done.returncode == 0, done.stderr
        assert remains(home, SECRET) == []
        while (back := holder_of(str(home.data))) is None or back.pid == pid:
            pass
    finally:
        home.cass("worker", "stop")
    assert pid is not None


def test_a_worker_comes_back_also_where_nothing_could_be_done(home: Home):
    """It had left for a command that then found somebody indexing."""
    pid = json.loads(home.cass("worker", "start", "--json").stdout)["worker"]["pid"]
    try:
        with try_lock(home.places.index_lock):  # type: ignore[union-attr]
            assert home.cass("forget", sid(home), "--yes").returncode == 7
        while (back := holder_of(str(home.data))) is None or back.pid == pid:
            pass
    finally:
        home.cass("worker", "stop")
