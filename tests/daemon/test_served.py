"""Which processes answer programs from a data folder."""

from __future__ import annotations

import os
from pathlib import Path

from cass.daemon.served import Presence, locks, servers
from cass.disk import try_lock
from cass.paths import Places, places


def archive(folder: Path) -> Places:
    where = places({}, data_dir=str(folder))
    Path(where.database).touch()
    return where


def test_one_is_seen_while_it_is_there(tmp_path: Path) -> None:
    where = archive(tmp_path)
    presence = Presence(where)
    presence.show()
    presence.show()
    seen = servers(where.data)
    presence.close()

    assert seen == [os.getpid()]
    assert (servers(where.data), locks(where.data)) == ([], [])


def test_one_that_was_killed_is_not_there(tmp_path: Path) -> None:
    """What it has left is found, to be removed."""
    where = archive(tmp_path)
    (tmp_path / "serve-4711.lock").touch()
    (tmp_path / "serve-notes.lock").touch()

    assert (servers(where.data), locks(where.data)) == ([], ["serve-4711.lock"])


def test_the_next_one_tidies_up(tmp_path: Path) -> None:
    where = archive(tmp_path)
    (tmp_path / "serve-4711.lock").touch()
    presence = Presence(where)
    presence.show()

    assert locks(where.data) == [f"serve-{os.getpid()}.lock"]
    presence.close()


def test_nothing_is_written_before_there_is_an_archive(tmp_path: Path) -> None:
    """It comes later, and is seen then; so is one that stands where another stood."""
    presence = Presence(places({}, data_dir=str(tmp_path)))
    presence.show()
    before = os.listdir(tmp_path)
    where = archive(tmp_path)
    presence.show()
    os.unlink(tmp_path / f"serve-{os.getpid()}.lock")
    presence.show()

    assert before == []
    assert servers(where.data) == [os.getpid()]
    presence.close()


def test_another_process_is_named(tmp_path: Path) -> None:
    where = archive(tmp_path)
    lock = try_lock(str(tmp_path / "serve-4711.lock"))
    assert lock is not None
    found = servers(where.data)
    lock.release()

    assert found == [4711]
