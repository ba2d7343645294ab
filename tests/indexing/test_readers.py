"""A reader that has got better is given what an older one read: by `cass index`, once, and nothing is lost by it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cass.connectors import claude_code, table
from cass.connectors.base import Message, Source
from cass.indexing.refresh import refresh
from cass.indexing.rules import Rules
from cass.indexing.run import IndexReport, IndexRequest, Run, plan
from cass.records import replace
from cass.store.connect import open_reader
from cass.store.look import Look, look
from cass.store.readers import count_outdated
from cass.store.schema import MIGRATIONS
from tests.archive import DAY_MS, FIRST_MS, Home, make_home, upgrade
from tests.connectors.crush_files import SCHEMA, message, prompt, session
from tests.connectors.databases_made import database
from tests.indexing.invariants import check_invariants, gone, one, present
from tests.indexing.test_forget import forgotten, sid

DAY_NS = 86_400 * 10**9


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return make_home(tmp_path)


def index_as_before(home: Home, change: Callable[[Message], Message | None], **wishes: Any) -> None:
    """Index with a reader of Claude Code that makes a mistake: it gives `change` of each message."""
    read = claude_code.read

    def older(source: Source) -> Iterator[Any]:
        for item in read(source):
            told = change(item) if type(item) is Message else item
            if told is not None:
                yield told

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(claude_code, "read", older)
        home.index(**wishes)


def shouted(message: Message) -> Message:
    return replace(message, blocks=tuple(replace(block, text=block.text.upper()) for block in message.blocks))


def said(home: Home) -> dict[str, list[str]]:
    return {name: [turn[3][0] for turn in turns] for name, turns in present(home.data).items()}


def bytes_read(home: Home, **wishes: Any) -> int:
    return sum(tally.bytes_read for tally in home.index(**wishes).agents.values())


def planned(home: Home) -> tuple[int, int, int]:
    return plan(home.places, str(home.home), home.env)


def waiting(home: Home) -> int:
    connection = open_reader(home.places.database)
    assert connection is not None
    count = count_outdated(connection, table.readers())
    connection.close()
    return count


def test_what_an_older_reader_read_is_read_anew_once(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing has changed on disk; the mistake is gone with the next run, and the one after that reads nothing."""
    path = home.claude("one", "where is the quokka", "in the zoo")
    index_as_before(home, shouted)
    assert said(home) == {"one": ["WHERE IS THE QUOKKA", "IN THE ZOO"]}

    upgrade(monkeypatch, "claude_code")

    assert (planned(home), waiting(home)) == ((1, path.stat().st_size, 0), 1)
    assert bytes_read(home) == path.stat().st_size
    assert said(home) == {"one": ["where is the quokka", "in the zoo"]}
    assert (planned(home), waiting(home), bytes_read(home)) == ((0, 0, 0), 0, 0)
    check_invariants(home.data)


def test_another_agents_files_are_left_alone(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what the better reader reads is read."""
    home.claude("one", "where is the quokka")
    home.index()

    upgrade(monkeypatch, "codex")

    assert (planned(home), waiting(home), bytes_read(home)) == ((0, 0, 0), 0, 0)


def test_what_the_better_reader_no_longer_gives_is_gone_and_found(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """As with `--full`: nobody can tell a mistake of the old one from one of the new one."""
    home.claude("one", "where is the quokka", "in the zoo")
    index_as_before(home, lambda each: replace(each, role="user"))
    upgrade(monkeypatch, "claude_code")

    home.index()

    assert [turn[1] for turn in present(home.data)["one"]] == ["user", "assistant"]
    assert [turn[3] for turn in gone(home.data)["one"]] == [("in the zoo",)]
    check_invariants(home.data)


def test_a_database_is_read_anew(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also the sessions whose stamps are the same."""
    put = [session("s1", "Quokkas"), message(1, "s1", "user", prompt("one"))]
    database(home.home / "projects" / "zoo" / ".crush" / "crush.db", SCHEMA, put)
    home.index(), home.index()
    upgrade(monkeypatch, "crush")

    assert bytes_read(home) > 0
    assert bytes_read(home) == 0


def test_newest_files_first_and_a_stop_in_between_is_caught_up(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was read before the stop is not read again."""
    for day, name in enumerate(("old", "new")):
        path = home.claude(name, f"said in the {name} one")
        os.utime(path, ns=(day * DAY_NS, day * DAY_NS))
    index_as_before(home, shouted)
    upgrade(monkeypatch, "claude_code")
    stops = iter([False])  # before the first file; from then on it is to stop

    assert not stopped_by(home, lambda: next(stops, True)).complete
    assert said(home) == {"new": ["said in the new one"], "old": ["SAID IN THE OLD ONE"]}
    assert waiting(home) == 1
    assert bytes_read(home) == home.path("old").stat().st_size
    assert waiting(home) == 0
    check_invariants(home.data)


def stopped_by(home: Home, stop: Callable[[], bool]) -> IndexReport:
    request = IndexRequest()
    return Run(home.places, str(home.home), home.env, request, lambda: home.now_ms, lambda: 0.0, stop=stop).run()


def test_a_search_reads_on_and_leaves_the_rest_to_the_index(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its look finds nothing changed; of a file that grew it reads the new lines, and the old ones still wait."""
    home.claude("one", "where is the quokka")
    index_as_before(home, shouted)
    upgrade(monkeypatch, "claude_code")
    assert looked(home) == Look((), (), complete=True)
    home.append("one", "in the zoo")

    found = looked(home)
    done = refresh(home.places, str(home.home), home.env, found, lambda: home.now_ms, lambda: 0.0)

    assert (done.messages, waiting(home)) == (1, 1)
    assert said(home) == {"one": ["WHERE IS THE QUOKKA", "in the zoo"]}
    home.index()
    assert (said(home), waiting(home)) == ({"one": ["where is the quokka", "in the zoo"]}, 0)
    check_invariants(home.data)


def looked(home: Home) -> Look:
    connection = open_reader(home.places.database)
    assert connection is not None
    found = look(connection, lambda: 0.0)
    connection.close()
    return found


def test_a_run_before_a_search_reads_only_what_is_new(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--refresh wait` waits for what has changed, not for a whole history."""
    home.claude("one", "where is the quokka")
    home.index()
    upgrade(monkeypatch, "claude_code")

    assert bytes_read(home, alone=True) == 0
    assert waiting(home) == 1


def test_what_cannot_be_read_keeps_its_messages_and_waits(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk refuses the file today: what was read of it stays, and the next run tries again."""
    home.claude("one", "where is the quokka")
    home.index()
    upgrade(monkeypatch, "claude_code")

    def refused(path: str, flags: int) -> int:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr("cass.indexing.ingest.at_once", refused)
        home.index()

    assert (said(home), waiting(home)) == ({"one": ["where is the quokka"]}, 1)
    assert (bytes_read(home) > 0, waiting(home)) == (True, 0)


def test_a_deleted_file_keeps_its_messages_and_waits_for_nothing(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is nothing left that a better reader could read."""
    home.claude("one", "where is the quokka").unlink()
    home.claude("two", "in the zoo")
    home.index()
    home.path("two").unlink()
    home.index()
    upgrade(monkeypatch, "claude_code")

    assert (planned(home), waiting(home), bytes_read(home)) == ((0, 0, 0), 0, 0)
    assert len(present(home.data)["two"]) == 1


def test_what_was_forgotten_does_not_come_back_in_another_form(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """The better reader gives it another role, time and text: by none of them it would be known again."""
    home.claude("one", "my key is xylophonequartz", "never mind")
    home.claude("two", "where is the wombat", start_ms=FIRST_MS + DAY_MS)
    index_as_before(home, lambda each: replace(shouted(each), role="system", created_ms=FIRST_MS))
    forgotten(home, messages=((sid(home, "one"), 0),))
    upgrade(monkeypatch, "claude_code")

    home.index()

    assert said(home) == {"one": ["NEVER MIND"], "two": ["where is the wombat"]}
    assert (planned(home), waiting(home), bytes_read(home)) == ((0, 0, 0), 0, 0)
    assert home.search("xylophonequartz").total == 0


def test_where_nobody_looks_now_nothing_waits_and_it_is_read_when_somebody_does(
    home: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """An agent that is switched off, or a folder that a variable named: `cass index` would not end the waiting."""
    home.claude("one", "where is the quokka")
    index_as_before(home, shouted)
    upgrade(monkeypatch, "claude_code")

    assert bytes_read(home, rules=Rules(agents=("codex",))) == 0
    assert waiting(home) == 0
    assert bytes_read(home) > 0
    assert said(home) == {"one": ["where is the quokka"]}


def test_a_run_over_some_agents_ends_no_waiting_of_the_others(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """`cass index --agent codex` says nothing about Claude Code's files."""
    home.claude("one", "where is the quokka")
    home.index()
    upgrade(monkeypatch, "claude_code", "codex")

    home.index(rules=Rules(agents=("codex",)), some=True)

    assert waiting(home) == 1


def test_an_archive_of_before_has_nothing_to_read_anew(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has ten gigabytes does not pay for the column; a reader that is better by now is given them."""
    path = home.claude("one", "where is the quokka")
    home.index()
    with sqlite3.connect(home.places.database) as connection:
        connection.execute("ALTER TABLE files DROP COLUMN reader")
        connection.execute("DELETE FROM meta WHERE key='readers'")
        connection.execute("PRAGMA user_version=3")
    connection.close()

    assert (planned(home), waiting(home)) == ((0, 0, 0), 0)
    upgrade(monkeypatch, "claude_code")
    assert (planned(home), waiting(home)) == ((1, path.stat().st_size, 0), 1)
    assert bytes_read(home) == path.stat().st_size
    assert one(home.data, "SELECT reader FROM files") == 2
    assert len(MIGRATIONS) >= 4
