"""An empty database, for the tests of one table."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from sqlite3 import Connection

import pytest

from cass.store.writable import open_writer


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "cass.db")


@pytest.fixture
def connection(path: str) -> Iterator[Connection]:
    opened = open_writer(path)
    yield opened
    opened.close()
