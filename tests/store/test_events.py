"""What is on record, how long, and in which words."""

from __future__ import annotations

from pathlib import Path
from sqlite3 import Connection

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cass.errors import CassError
from cass.records import replace
from cass.store.events import (
    CHUNK,
    KEPT,
    KEPT_ANYWAY,
    KEPT_MS,
    TEXT_CHARS,
    ChunkDone,
    Event,
    chunk_of,
    chunk_text,
    last_events,
    note_events,
)
from cass.store.ledger import Ledger

DONE = ChunkDone("fast", 2000, 2310, 1, 1.25, 1.125, 90_000_000, "you were away 412 s (terminal), mains", "budget")


def test_what_is_too_old_goes(connection: Connection) -> None:
    """With the next event, whenever that is; the last thousand stay."""
    old = [Event(1000, "rest", "old"), Event(1001, "rest", "older than most")]
    note_events(connection, [*old, *[Event(1000, "rest", "late")] * (KEPT_ANYWAY - 1)])
    note_events(connection, [Event(1001 + KEPT_MS, "rest", "new")])

    found = [event.what for event in last_events(connection, KEPT)]
    assert found == ["new", *["late"] * (KEPT_ANYWAY - 1), "older than most"]


@pytest.mark.parametrize("jump_ms", [KEPT_MS + 1, -KEPT_MS - 1])
def test_a_clock_that_jumps_empties_no_log(connection: Connection, jump_ms: int) -> None:
    """Forward or back, and back again: what was noted meanwhile stays."""
    for at_ms in (0, jump_ms, 0, jump_ms):
        note_events(connection, [Event(KEPT_MS * 3 + at_ms, "rest", "")])

    assert len(last_events(connection, 9)) == 4


def test_events_of_a_clock_that_was_set_back(connection: Connection) -> None:
    """Stay in the order in which they happened."""
    note_events(connection, [Event(KEPT_MS * 3, "rest", "first")])
    note_events(connection, [Event(KEPT_MS, "rest", "second")])

    assert [event.what for event in last_events(connection, 9)] == ["second", "first"]


def test_a_chunk_is_read_as_it_was_written() -> None:
    event = Event(1, CHUNK, chunk_text(DONE))

    assert chunk_of(event) == DONE
    assert DONE.texts_per_s == 1600


@given(st.text(), st.text())
def test_no_words_tear_it(because: str, stopped: str) -> None:
    """An embedder's error may hold anything."""
    read = chunk_of(Event(1, CHUNK, chunk_text(replace(DONE, because=because, stopped=stopped))))

    assert read is not None
    assert read.because == " ".join(because.split())[:TEXT_CHARS]
    assert (read.tier, read.rss_bytes) == (DONE.tier, DONE.rss_bytes)


@pytest.mark.parametrize("event", [Event(1, "rest", chunk_text(DONE)), Event(1, CHUNK, "x"), Event(1, CHUNK, "\t" * 8)])
def test_what_is_no_chunk(event: Event) -> None:
    assert chunk_of(event) is None


def test_a_log_that_cannot_be_written_harms_nothing(connection: Connection, path: str) -> None:
    """What is only mentioned is lost; what is noted is written all the same."""
    connection.execute("DROP TABLE events")
    ledger = Ledger(path)
    mentioned = ledger.mention(lambda other: note_events(other, [Event(1, "rest", "")]))
    noted = ledger.note(lambda other: other.execute("INSERT INTO meta VALUES('walrus', 1)"))  # type: ignore[arg-type]
    ledger.close()

    assert (mentioned, noted) == (False, True)
    assert connection.execute("SELECT value FROM meta WHERE key='walrus'").fetchone() == (1,)


def test_an_archive_that_is_gone_is_not_made_by_a_note(tmp_path: Path) -> None:
    """An empty database would be taken for one."""
    ledger = Ledger(str(tmp_path / "cass.db"))

    assert not ledger.mention(lambda _: None)
    with pytest.raises(CassError, match="gone"):
        ledger.note(lambda _: None)
    assert list(tmp_path.iterdir()) == []
