"""Looking for secrets beside those who write."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from sqlite3 import Connection

import pytest

from cass.store.secrets import FETCHED, secrets_of, texts_by_number
from cass.store.writable import open_writer
from tests.archive import make_home

KEY = f"ghp_{'aB3dE6gH9jK2mN5pQ8sT' * 2}"[:40]


@pytest.fixture
def reader(connection: Connection, path: str) -> Iterator[Connection]:
    """Beside the writer of so many texts that they are fetched in three goes."""
    connection.executemany(
        "INSERT INTO texts VALUES(?, ?, ?)", [(at, at, f"text {at}") for at in range(1, 2 * FETCHED + 2)]
    )
    opened = sqlite3.connect(path, isolation_level=None)
    yield opened
    opened.close()


def test_every_text_is_read_once(reader: Connection) -> None:
    """In the order of their numbers."""
    assert list(texts_by_number(reader)) == [(at, f"text {at}") for at in range(1, 2 * FETCHED + 2)]


def test_nothing_stays_locked_between_two_texts(connection: Connection, reader: Connection) -> None:
    """Or `cass forget` is not finished as long as somebody looks for secrets."""
    reading = texts_by_number(reader)
    next(reading)
    connection.execute("DELETE FROM texts WHERE id=7")

    busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()

    assert not busy


def test_a_secret_that_is_forgotten_meanwhile_is_not_told(tmp_path: Path) -> None:
    """Nor is that an error."""
    home = make_home(tmp_path)
    home.claude("one", f"the token is {KEY}")
    home.index()
    writer, reader = open_writer(home.places.database), sqlite3.connect(home.places.database)
    assert [each.messages for each in secrets_of(reader)] == [1]

    reader.set_trace_callback(lambda sql: writer.execute("DELETE FROM messages") if "m.created_ms" in sql else None)

    assert secrets_of(reader) == []
    reader.close()
    writer.close()
