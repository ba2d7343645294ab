"""May a command leave a worker behind?"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cass.daemon.autostart import EVERY_MS, STAMP, TOLD, after_command, is_due, is_homeless, wants
from cass.daemon.control import pause
from cass.daemon.reading import NewMessages, note_done
from cass.daemon.starting import is_of_use
from cass.disk import try_lock
from cass.paths import Places
from cass.store.attempts import note_failures
from cass.store.ledger import Ledger
from cass.store.worker_state import LOCK
from tests.archive import Home, make_home

NOW_MS = 1_767_323_045_000


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An archive without vectors."""
    home = make_home(tmp_path)
    home.claude("one", "where is the walrus", "on the ice")
    home.index()
    return home


def env_of(home: Home) -> dict[str, str]:
    """A person's surroundings: the data folder is where it always is."""
    return {"HOME": str(home.home), "XDG_DATA_HOME": str(home.folder), "XDG_CONFIG_HOME": str(home.folder / "config")}


def of_use(home: Home, **env: str) -> bool:
    return is_of_use(home.places, env_of(home) | env, NOW_MS)


@pytest.mark.parametrize(
    ("env", "background", "named_folder", "on_terminal", "wanted"),
    [
        ({}, None, False, True, True),
        ({}, "auto", False, True, True),
        ({}, "off", False, True, False),
        ({}, "auto", False, False, False),
        ({}, "auto", True, True, False),
        ({"CI": "true"}, "auto", False, True, False),
        ({"CASS_DATA_DIR": "/x"}, "auto", False, True, False),
        ({"CI": "", "CASS_DATA_DIR": ""}, "auto", False, True, True),
    ],
)
def test_who_wants_one(
    env: dict[str, str], background: str | None, named_folder: bool, on_terminal: bool, wanted: bool
) -> None:
    """A person at a terminal, with their own data folder, who has not switched it off."""
    assert wants(env, background, named_folder, on_terminal) is wanted


@pytest.mark.parametrize(
    ("age_ms", "due"), [(0, False), (EVERY_MS - 1, False), (EVERY_MS, True), (-1, True), (-(10**12), True)]
)
def test_once_in_ten_minutes(age_ms: int, due: bool) -> None:
    """A stamp of the future comes from a clock that was set back, and holds nobody up."""
    assert is_due(NOW_MS - age_ms, NOW_MS) is due
    assert is_due(None, NOW_MS)


def test_a_container_without_a_home() -> None:
    """What is prepared there goes with it."""
    assert is_homeless("", True)
    assert is_homeless("/", True)
    assert is_homeless("/nonexistent", True)
    assert not is_homeless(os.path.expanduser("~"), True)
    assert not is_homeless("/nonexistent", False)


def test_vectors_that_are_owed_are_of_use(home: Home) -> None:
    """Until the mode says that there are to be none, or no thread may make them."""
    assert of_use(home)
    assert not of_use(home, CASS_SEMANTIC_MODE="lexical_only")
    assert not of_use(home, CASS_SEMANTIC_MAX_BACKFILL_THREADS="0")


def test_new_messages_are_of_use(home: Home) -> None:
    """Also without vectors: whoever reads them first does it for the next search."""
    home.append("one", "and the seal?")

    assert of_use(home, CASS_SEMANTIC_MODE="lexical_only")


def test_when_all_is_done(home: Home) -> None:
    """Nothing is owed after a backfill."""
    home.cass("backfill", "--tier", "fast")

    assert not of_use(home)


def test_what_was_given_up_is_owed_by_nobody(home: Home) -> None:
    """A text that failed twice, where `worker.max_attempts` is two."""
    home.cass("backfill", "--tier", "fast")
    home.claude("two", "and the penguin?")
    home.index()
    ledger = Ledger(home.places.database)
    for _ in range(2):
        ledger.note(lambda connection: note_failures(connection, "fast", "hash-256-v2", {3: "odd"}, NOW_MS))
    ledger.close()

    assert of_use(home)
    assert not of_use(home, CASS_WORKER_MAX_ATTEMPTS="2")


def test_what_was_tried_in_vain(home: Home) -> None:
    """A worker that left because it could do no more is not started again before something has changed."""
    new = NewMessages(home.places, home.env, None, lambda: NOW_MS, lambda: 0.0)
    new.has_new()
    note_done(str(home.data), new.signs())
    there = NewMessages(home.places, env_of(home), None, lambda: NOW_MS, lambda: 0.0)
    there.has_new()
    assert there.signs() == new.signs()

    assert not of_use(home)
    home.claude("two", "and the penguin?")
    home.index()
    assert of_use(home)


def test_nobody_is_started_beside_another(home: Home) -> None:
    """A worker, or a backfill, that works already."""
    with try_lock(str(home.data / LOCK)) or pytest.fail("it is free"):
        assert not of_use(home)


def test_nobody_is_started_in_a_pause(home: Home) -> None:
    """Peace was asked for."""
    pause(str(home.data), NOW_MS, 60.0)

    assert not of_use(home)


def test_nothing_to_do_without_an_archive(tmp_path: Path) -> None:
    """The first reading is a person's wish."""
    assert not of_use(make_home(tmp_path))


class Starts:
    """Workers that would have been started, and what was said."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.started: list[Places] = []

    def start(self, where: Places, env: object) -> None:
        self.started.append(where)

    def said(self, now_ms: int = NOW_MS, **settings: object) -> str:
        return after_command(
            self.home.places,
            env_of(self.home),
            {key.replace("__", "."): value for key, value in settings.items()},
            now_ms,
            named_folder=False,
            on_terminal=True,
            start=self.start,
        )


def test_a_look_is_noted_before_it_is_taken(tmp_path: Path) -> None:
    """Where nothing is to be done nothing is said, and the next command does not look again."""
    home = make_home(tmp_path)
    home.data.mkdir()

    assert Starts(home).said() == ""

    stamp = home.data / STAMP
    assert (stamp.stat().st_mtime_ns, stamp.stat().st_size) == (NOW_MS * 10**6, 0)


def test_without_a_data_folder(tmp_path: Path) -> None:
    """None is made, and nothing is raised."""
    home = make_home(tmp_path)

    assert Starts(home).said() == ""
    assert not home.data.exists()


def test_a_folder_that_cannot_be_stamped(home: Home) -> None:
    """Whoever cannot note that they looked does not look: every command would start one."""
    (home.data / STAMP).mkdir()
    os.utime(home.data / STAMP, (0, 0))

    assert Starts(home).said() == ""


def test_the_setting_is_obeyed(home: Home) -> None:
    """Off is off: not even a stamp is made."""
    starts = Starts(home)

    assert starts.said(worker__background="off") == ""
    assert starts.started == []
    assert not (home.data / STAMP).exists()


def test_told_once(home: Home) -> None:
    """The first worker that was started is told of, with the switch; those after it are not."""
    starts, stamp = Starts(home), home.data / STAMP

    first = starts.said()
    again = [starts.said(NOW_MS + later) for later in (1, EVERY_MS - 1, EVERY_MS, EVERY_MS + 1)]

    assert first == TOLD
    assert "cass config set worker.background off" in first
    assert again == [""] * 4
    assert starts.started == [home.places] * 2
    assert (stamp.read_text(), stamp.stat().st_mtime_ns) == ("told\n", (NOW_MS + EVERY_MS) * 10**6)


def test_one_that_cannot_be_started(home: Home) -> None:
    """The answer was printed already: nothing is said and nothing raised."""

    def fail(where: Places, env: object) -> None:
        raise OSError("no more processes")

    where, env = home.places, env_of(home)
    assert after_command(where, env, {}, NOW_MS, named_folder=False, on_terminal=True, start=fail) == ""


def test_a_server_makes_vectors_too(home: Home) -> None:
    """With the fast tier complete and no model, what is owed is what the settings name an embedder for."""
    assert home.cass("backfill", "--tier", "fast").returncode == 0

    assert not of_use(home)
    assert of_use(home, CASS_SEMANTIC_EMBEDDER="openai", CASS_REMOTE_BASE_URL="http://127.0.0.1:9")
