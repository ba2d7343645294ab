"""What stands in the database: texts once, names once, one change number, and who a document belongs to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cass.errors import CorruptDatabase
from cass.store import writable
from cass.store.documents import documents_since, removals_since
from cass.store.ids import hash64, session_id
from cass.store.schema import COPY
from cass.store.sessions import add_session, count_session, find_session, message_at, title_session
from cass.store.writer import Writer

NOWHERE = (None, None, None)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Writer]:
    path = str(tmp_path / "cass.db")
    connection = writable.open_writer(path)
    store = Writer(connection, path)
    store.begin()
    yield store
    connection.close()


@pytest.fixture
def session(store: Writer) -> int:
    return add_session(store, "5e55", "agent", "e", None).id


def say(store: Writer, session: int, ordinal: int, text: str, doc: int) -> int:
    """A message with one text; gives its row id."""
    message, _ = store.add_message(session, ordinal, 0, 1_000 + ordinal, 0, doc, NOWHERE)
    store.add_parts(message, [(0, None, None, 0, hash64(text.encode()), text)])
    return message


def put(store: Writer, text: str) -> int:
    """The id of a text."""
    return store.text(text, hash64(text.encode()))


def values(store: Writer, sql: str) -> list[Any]:
    store.flush()
    return [row[0] for row in store.run(sql)]


def test_a_text_is_stored_once(store: Writer, session: int) -> None:
    """In one transaction, in the next one, and after a new start."""
    first = put(store, "quokka")
    assert put(store, "quokka") == first
    store.commit()

    again = Writer(store.connection, store.path)

    assert put(again, "quokka") == first
    assert values(store, "SELECT text FROM texts") == ["quokka"]


def test_a_document_that_a_message_left_is_no_longer_there(store: Writer, session: int) -> None:
    """Also in a database that was empty, whose documents are remembered and not looked up."""
    say(store, session, 0, "a", doc=7)
    moved = message_at(store, session, 0)
    assert moved is not None and store.has_document(7)

    store.set_document(moved, 8)

    assert (store.has_document(7), store.has_document(8)) == (False, True)


def test_a_transaction_that_was_undone_leaves_nothing_remembered(store: Writer, session: int) -> None:
    """Neither texts nor documents: what comes again is stored again."""
    say(store, session, 0, "quokka", doc=7)
    store.flush()
    store.rollback()
    store.begin()

    assert not store.has_document(7)
    put(store, "quokka")
    assert values(store, "SELECT text FROM texts") == ["quokka"]


def test_names_are_interned(store: Writer) -> None:
    """Workspaces, agents, models, tools: a number each; nothing is None."""
    assert store.intern("zoo") == store.intern("zoo") != store.intern("Zoo")
    assert store.intern(None) is None
    assert values(store, "SELECT text FROM strings ORDER BY id") == ["zoo", "Zoo"]


def test_the_second_message_of_a_document_is_a_copy(store: Writer, session: int) -> None:
    """Whether the first one is still gathered or already stored."""
    say(store, session, 0, "a", doc=7)
    say(store, session, 1, "a", doc=7)
    store.flush()
    say(store, session, 2, "a", doc=7)

    assert values(store, "SELECT flags FROM messages ORDER BY ordinal") == [0, COPY, COPY]
    assert [document.doc for document in documents_since(store.connection, 0)] == [7]


def test_a_document_passes_to_a_copy_when_its_message_changes(store: Writer, session: int) -> None:
    """The index drops it and takes it up again under the heir."""
    say(store, session, 0, "a", doc=7)
    say(store, session, 1, "a", doc=7)
    original = message_at(store, session, 0)
    assert original is not None
    before = store.change

    store.set_document(original, 8)

    assert values(store, "SELECT doc FROM messages ORDER BY ordinal") == [8, 7]
    assert values(store, "SELECT flags FROM messages") == [0, 0]
    assert removals_since(store.connection, before) == [7]
    assert [document.doc for document in documents_since(store.connection, before)] == [8, 7]


def test_a_copy_that_changes_leaves_the_original_alone(store: Writer, session: int) -> None:
    """Nothing is dropped from the index."""
    say(store, session, 0, "a", doc=7)
    say(store, session, 1, "a", doc=7)
    copy = message_at(store, session, 1)
    assert copy is not None
    before = store.change

    store.set_document(copy, 8)

    assert removals_since(store.connection, before) == []
    assert values(store, "SELECT flags FROM messages ORDER BY ordinal") == [0, 0]


def test_becoming_like_another_message_makes_a_copy(store: Writer, session: int) -> None:
    """Two messages now say the same: one document."""
    say(store, session, 0, "a", doc=7)
    say(store, session, 1, "b", doc=8)
    other = message_at(store, session, 1)
    assert other is not None
    before = store.change

    store.set_document(other, 7)

    assert values(store, "SELECT flags FROM messages ORDER BY ordinal") == [0, COPY]
    assert removals_since(store.connection, before) == [8]


def test_a_rollback_forgets_what_was_gathered(store: Writer) -> None:
    """Also what was only remembered: ids given in the transaction are given again."""
    store.commit()
    store.begin()
    store.intern("zoo")
    say(store, 1, 0, "quokka", doc=7)
    store.rollback()
    store.begin()
    store.intern("aviary")
    session = add_session(store, "5e55", "agent", "e", None).id
    message = say(store, session, 0, "quokka", doc=7)
    store.commit()

    assert values(store, "SELECT text FROM strings ORDER BY id") == ["aviary", "agent"]
    assert values(store, "SELECT t.text FROM texts t JOIN blocks b ON b.text=t.id") == ["quokka"]
    assert values(store, "SELECT value FROM meta WHERE key='messages'") == [1]
    assert (message, store.messages, store.pending_bytes, store.transaction_bytes) == (1, 1, 0, 0)


def test_rolling_back_outside_a_transaction_is_no_error(store: Writer) -> None:
    """Twice is the same as once."""
    store.rollback()
    store.rollback()


def test_a_transaction_knows_how_much_text_it_holds(store: Writer) -> None:
    """New texts count, once, however often rows are handed to SQLite in between."""
    put(store, "quokka")
    store.flush()
    put(store, "quokka")
    put(store, "wombat!")

    assert (store.pending_bytes, store.transaction_bytes) == (7, 13)


def test_a_title_replaces_a_weaker_or_equal_one(store: Writer, session: int) -> None:
    """The best one stays."""
    for title, rank in (("prompt", 1), ("custom", 5), ("generated", 4), ("custom again", 5)):
        title_session(store, session, title, rank)

    assert values(store, "SELECT title FROM sessions") == ["custom again"]


def test_counting_a_session_leaves_out_what_is_gone(store: Writer, session: int) -> None:
    """Its messages and its times are those the agent's file has."""
    say(store, session, 0, "a", doc=7)
    last = say(store, session, 1, "b", doc=8)
    store.flush()
    store.mark_gone(last, -1)

    count_session(store, session, -2)

    assert store.run("SELECT messages, started_ms, ended_ms, next_gone FROM sessions").fetchone() == (1, 1000, 1000, -2)
    assert find_session(store, "5e55") is not None


def test_ids_are_hashes_of_what_the_agents_wrote() -> None:
    """They survive every rebuild, and a child is not its parent."""
    assert session_id("agent", None, "one") == session_id("agent", None, "one")
    assert len(session_id("agent", None, "one")) == 16
    different = [session_id(*ids) for ids in (("a", None, "x"), ("a", "x", "x"), ("b", None, "x"), ("a", None, "y"))]
    assert len(set(different)) == 4


def test_a_damaged_page_is_a_word_to_the_person(store: Writer) -> None:
    """Whatever SQLite raises, where it is met."""
    with pytest.raises(CorruptDatabase, match="cannot be read"):
        store.run("SELECT * FROM no_such_table")
