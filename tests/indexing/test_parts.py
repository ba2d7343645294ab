"""Small files share a transaction; each of them is stored whole or not at all."""

from __future__ import annotations

from pathlib import Path

from cass.store.schema import COPY
from cass.store.writable import open_writer
from cass.store.writer import Writer


def _writer(tmp_path: Path) -> Writer:
    path = str(tmp_path / "cass.db")
    return Writer(open_writer(path), path)


def _texts(writer: Writer) -> list[str]:
    return [text for (text,) in writer.run("SELECT text FROM texts ORDER BY id")]


def _say(writer: Writer, text: str, digest: int) -> None:
    message, _ = writer.add_message(1, digest, 0, None, 0, digest, (None, None, None))
    writer.add_parts(message, [(0, None, None, 0, digest, text)])


def test_an_undone_part_leaves_the_others(tmp_path: Path) -> None:
    """What was kept before is committed; ids and change numbers go on from there."""
    writer = _writer(tmp_path)
    writer.begin_part()
    _say(writer, "kept", 1)
    writer.keep_part()
    writer.begin_part()
    _say(writer, "undone", 2)
    writer.flush()
    writer.undo_part()
    writer.begin_part()
    _say(writer, "after", 3)
    writer.keep_part()

    writer.commit()

    assert _texts(writer) == ["kept", "after"]
    assert (writer.change, writer.messages) == (2, 2)
    assert writer.run("SELECT id, change FROM messages").fetchall() == [(1, 1), (2, 2)]


def test_a_text_of_an_undone_part_is_stored_by_the_next(tmp_path: Path) -> None:
    """What was looked up or gathered in an undone part is forgotten."""
    writer = _writer(tmp_path)
    writer.begin_part()
    writer.expect([5], [5])
    _say(writer, "same", 5)
    writer.undo_part()
    writer.begin_part()
    _say(writer, "same", 5)
    writer.keep_part()
    writer.commit()

    assert _texts(writer) == ["same"]
    assert not writer.is_open


def test_undoing_without_a_transaction_is_no_error(tmp_path: Path) -> None:
    """SQLite ends the transaction itself when the disk is full."""
    writer = _writer(tmp_path)
    writer.begin_part()
    _say(writer, "lost", 7)
    writer.connection.rollback()

    writer.undo_part()

    assert (_texts(writer), writer.change) == ([], 0)


def test_an_undone_part_leaves_what_it_had_to_write_for_others(tmp_path: Path) -> None:
    """Rows gathered before it, which it handed to SQLite on the way, are gathered again: once, copies known."""
    writer = _writer(tmp_path)
    writer.begin_part()
    _say(writer, "kept", 1)
    writer.keep_part()
    writer.begin_part()
    _say(writer, "undone", 2)
    writer.flush()
    writer.flush()
    writer.undo_part()

    assert writer.has_document(1) and not writer.has_document(2)
    writer.begin_part()
    _say(writer, "kept", 1)
    writer.keep_part()
    writer.commit()

    assert _texts(writer) == ["kept"]
    assert writer.run("SELECT m.id, m.flags, b.text FROM messages m JOIN blocks b ON b.message=m.id").fetchall() == [
        (1, 0, 1),
        (2, COPY, 1),
    ]


def test_without_a_part_all_is_undone(tmp_path: Path) -> None:
    """What fails while the transaction is written takes all of it along."""
    writer = _writer(tmp_path)
    writer.begin_part()
    _say(writer, "kept", 1)
    writer.keep_part()

    assert not writer.undo_part()
    assert (_texts(writer), writer.messages, writer.is_open) == ([], 0, False)
