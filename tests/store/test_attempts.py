"""What was tried in vain, in a real database; and notes that others than the archive's writer leave there."""

from __future__ import annotations

from sqlite3 import Connection

import pytest

from cass.settings.table import BY_KEY
from cass.store import ledger as ledger_module
from cass.store.attempts import (
    BACK_OFF_MS,
    ERROR_CHARS,
    LONGEST_REST_MS,
    MAX_ATTEMPTS,
    Attempts,
    Rest,
    attempts_of,
    count_dead,
    end_rest,
    forget_failures,
    last_dead,
    note_failures,
    note_rest,
    rest_of,
    retry_dead,
)
from cass.store.events import KEPT, Event, last_events, note_events
from cass.store.ledger import Ledger

HASH = ("fast", "hash-64-v2")


def test_a_text_is_given_up_after_three_failures(connection: Connection) -> None:
    """Then it is never due again; `worker.max_attempts` says another number."""
    assert BY_KEY["worker.max_attempts"].default == MAX_ATTEMPTS == 3
    for _ in range(MAX_ATTEMPTS - 1):
        note_failures(connection, *HASH, {7: "bad"}, 0)
    before = count_dead(connection, *HASH)
    note_failures(connection, *HASH, {7: "bad"}, 0)

    assert attempts_of(connection, *HASH, BACK_OFF_MS[1] * 9) == Attempts(dead=(7,))
    assert (before, count_dead(connection, *HASH), count_dead(connection, "quality", None)) == (0, 1, 0)


def test_what_one_embedder_gave_up_another_may_do(connection: Connection) -> None:
    """So it counts for that one alone; where nobody knows which one is asked for, for all of them."""
    for _ in range(MAX_ATTEMPTS):
        note_failures(connection, *HASH, {7: "bad"}, 0)

    assert [count_dead(connection, "fast", made) for made in (HASH[1], "hash-256-v2", None)] == [1, 0, 1]
    assert last_dead(connection, "fast", "hash-256-v2") is None


def test_how_often_is_said_by_who_asks(connection: Connection) -> None:
    """A text that failed twice is given up for one who gives up after two, and due for another."""
    for _ in range(2):
        note_failures(connection, *HASH, {7: "bad"}, 0)
    later_ms = BACK_OFF_MS[1] * 9

    assert attempts_of(connection, *HASH, later_ms, 2) == Attempts(dead=(7,))
    assert attempts_of(connection, *HASH, later_ms, 3) == Attempts(again=(7,))
    assert (count_dead(connection, *HASH, 2), last_dead(connection, *HASH, 2)) == (1, (BACK_OFF_MS[1], "bad"))
    assert (count_dead(connection, *HASH), last_dead(connection, *HASH), retry_dead(connection)) == (0, None, 0)
    assert retry_dead(connection, "fast", 2) == 1


def test_when_a_text_is_due(connection: Connection) -> None:
    """Not a millisecond before."""
    note_failures(connection, *HASH, {7: "bad"}, now_ms=1000)
    due_ms = 1000 + BACK_OFF_MS[0]

    assert attempts_of(connection, *HASH, due_ms - 1).waiting == (7,)
    assert attempts_of(connection, *HASH, due_ms).again == (7,)
    note_failures(connection, *HASH, {7: "bad"}, due_ms)
    assert attempts_of(connection, *HASH, due_ms + BACK_OFF_MS[1] - 1).waiting == (7,)


def test_attempts_belong_to_one_embedder_of_one_tier(connection: Connection) -> None:
    """Another model may well read what this one cannot."""
    note_failures(connection, *HASH, {7: "bad"}, 0)

    assert attempts_of(connection, "fast", "another", 0) == attempts_of(connection, "quality", HASH[1], 0) == Attempts()


def test_success_forgets(connection: Connection) -> None:
    note_failures(connection, *HASH, {7: "bad", 8: "bad"}, 0)
    forget_failures(connection, *HASH, [7])

    assert attempts_of(connection, *HASH, 0).waiting == (8,)


def test_errors_are_kept_short(connection: Connection) -> None:
    """A server may answer with a page."""
    note_failures(connection, *HASH, {7: "x" * 10_000}, 0)

    assert connection.execute("SELECT length(error) FROM attempts").fetchone() == (ERROR_CHARS,)


def test_a_rest_is_no_text(connection: Connection) -> None:
    """It is noted beside the texts, replaced by the next one, and over when it is ended."""
    note_rest(connection, *HASH, Rest(5, "first"))
    note_rest(connection, *HASH, Rest(9, "second"))

    assert rest_of(connection, *HASH) == Rest(9, "second")
    assert attempts_of(connection, *HASH, 0) == Attempts()
    end_rest(connection, *HASH)
    assert rest_of(connection, *HASH) is None


def test_a_rest_knows_how_often(connection: Connection) -> None:
    """So the next one can be longer, also after a restart."""
    note_rest(connection, *HASH, Rest(5, "first", 3))

    assert rest_of(connection, *HASH) == Rest(5, "first", 3)
    assert count_dead(connection, *HASH) == 0


@pytest.mark.parametrize(("now_ms", "lasts"), [(999, True), (1000, False), (1000 - LONGEST_REST_MS - 1, False)])
def test_how_long_a_rest_lasts(now_ms: int, lasts: bool) -> None:
    """Up to its end; one that would be longer than any belongs to a clock that was set back."""
    assert Rest(1000, "down").lasts(now_ms) == lasts


def test_a_clock_that_was_set_back_holds_no_text(connection: Connection) -> None:
    """It is due at once, instead of when the clock has caught up."""
    note_failures(connection, *HASH, {7: "bad"}, now_ms=10**12)

    assert attempts_of(connection, *HASH, 10**11).again == (7,)


def test_the_dead_get_another_chance(connection: Connection) -> None:
    """Those of one tier or all of them; what only waits, and a rest, stay as they are."""
    for _ in range(MAX_ATTEMPTS):
        note_failures(connection, *HASH, {7: "bad"}, 0)
    note_failures(connection, *HASH, {8: "bad"}, 0)
    note_rest(connection, *HASH, Rest(5, "down", 9))

    assert retry_dead(connection, "quality") == 0
    assert retry_dead(connection) == 1
    assert attempts_of(connection, *HASH, 0) == Attempts(waiting=(8,), next_ms=BACK_OFF_MS[0])
    assert rest_of(connection, *HASH) == Rest(5, "down", 9)


def test_events_are_kept_for_a_while(connection: Connection) -> None:
    """The newest first; the oldest go."""
    note_events(connection, [Event(number, "evicted", f"number {number}") for number in range(KEPT + 5)])
    note_events(connection, [Event(9999, "dropped", "last")])

    assert last_events(connection, 1) == [Event(9999, "dropped", "last")]
    assert last_events(connection, 1, "evicted") == [Event(KEPT + 4, "evicted", f"number {KEPT + 4}")]
    assert len(last_events(connection, 2 * KEPT)) == KEPT


def test_a_note_that_finds_the_archive_locked_is_written_with_the_next(
    connection: Connection, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the order of the notes."""
    monkeypatch.setattr(ledger_module, "WAIT_S", 0.0)
    ledger = Ledger(path)
    connection.execute("BEGIN IMMEDIATE")
    first = ledger.note(lambda other: note_events(other, [Event(1, "a", "")]))
    connection.execute("COMMIT")

    second = ledger.note(lambda other: note_events(other, [Event(2, "b", "")]))
    ledger.close()

    assert (first, second) == (False, True)
    assert [event.kind for event in last_events(connection, 9)] == ["b", "a"]


def test_notes_are_written_whole_or_not_at_all(connection: Connection, path: str) -> None:
    """A note that fails takes nothing with it that was noted before, and leaves nothing."""
    ledger = Ledger(path)

    def half(other: Connection) -> None:
        note_events(other, [Event(1, "half", "")])
        raise RuntimeError

    with pytest.raises(RuntimeError):
        ledger.note(half)
    ledger.close()

    assert last_events(connection, 9) == []
