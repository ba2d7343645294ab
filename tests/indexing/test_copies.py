"""One session in two files: copied, moved, restored.  Nothing lost, nothing doubled, always the same outcome."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from cass.indexing.run import plan
from tests.archive import Home, as_bytes, make_home, says
from tests.indexing.invariants import check_invariants, gone, one, present

SECOND_NS = 10**9
SAID = ("where is the quokka", "in the zoo", "and the wombat?")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = make_home(tmp_path)
    _set_time(home.claude("one", *SAID), 2)
    return home


def _set_time(path: Path, at_s: int) -> Path:
    os.utime(path, ns=(at_s * SECOND_NS, at_s * SECOND_NS))
    return path


def _other(home: Home, folder: str = "-w-copy") -> Path:
    path = home.home / ".claude" / "projects" / folder / "one.jsonl"
    path.parent.mkdir(exist_ok=True)
    return path


def _texts(home: Home) -> dict[str, list[str]]:
    return {session: [turn[3][0] for turn in turns] for session, turns in present(home.data).items()}


def test_a_copy_is_a_session_of_its_own_and_one_hit(home: Home) -> None:
    """Both files' sessions have all messages; a search finds each message once."""
    _set_time(Path(shutil.copy(home.path("one"), _other(home))), 1)

    home.index()

    assert sorted(_texts(home).values()) == [list(SAID), list(SAID)]
    assert home.search("wombat", grouped=False).total == 1
    assert len(home.search("wombat", grouped=False).hits) == 1
    check_invariants(home.data)


def test_of_two_copies_the_newest_has_the_id(home: Home, tmp_path: Path) -> None:
    """Which file is read under the session's own id does not hang on the order in which a disk lists them."""
    _set_time(Path(shutil.copy(home.path("one"), _other(home))), 1)
    home.index()
    again = make_home(tmp_path / "again")
    again.env["HOME"] = str(home.home)
    again.home = home.home

    again.index()

    owner = "SELECT path FROM files JOIN sessions s ON s.file=files.id WHERE s.external_id='one'"
    assert one(home.data, owner) == one(again.data, owner) == str(home.path("one"))
    assert present(home.data) == present(again.data)


def test_a_copy_that_comes_later_takes_nothing(home: Home) -> None:
    """The first file keeps its session although the copy is newer."""
    home.index()
    _set_time(Path(shutil.copy(home.path("one"), _other(home))), 3)

    home.index()

    assert one(home.data, "SELECT f.path FROM files f JOIN sessions s ON s.file=f.id WHERE s.external_id='one'") == str(
        home.path("one")
    )
    assert sorted(_texts(home).values()) == [list(SAID), list(SAID)]
    check_invariants(home.data)


def test_a_moved_file_takes_its_session_along(home: Home) -> None:
    """The project folder was renamed: the same session, the same messages, another path."""
    home.index()
    before = present(home.data)
    home.path("one").rename(_other(home))

    home.index()

    assert (present(home.data), gone(home.data)) == (before, {})
    assert [hit.path for hit in home.search("wombat").hits] == [str(_other(home))]
    assert [hit.state for hit in home.search("wombat").hits] == ["present"]
    check_invariants(home.data)


def test_a_file_moved_and_continued(home: Home) -> None:
    """Both at once: the session goes on in its new place."""
    home.index()
    home.append("one", "next to it")
    home.path("one").rename(_other(home))

    home.index()

    assert _texts(home) == {"one": [*SAID, "next to it"]}
    check_invariants(home.data)


def test_a_moved_file_that_is_restored_is_a_copy(home: Home) -> None:
    """The old place is back while the new one stands: two sessions, each with everything."""
    home.index()
    shutil.copy2(home.path("one"), home.folder / "away")
    home.path("one").rename(_other(home))
    home.index()

    shutil.copy2(home.folder / "away", home.path("one"))
    home.index()

    assert sorted(_texts(home).values()) == [list(SAID), list(SAID)]
    assert home.search("wombat", grouped=False).total == 1
    check_invariants(home.data)


def test_a_file_that_goes_on_after_its_session_moved_away_and_vanished(home: Home) -> None:
    """The end of a file alone never makes its beginning gone."""
    home.index()
    shutil.copy2(home.path("one"), home.folder / "away")
    home.path("one").rename(_other(home))
    home.index()
    _other(home).unlink()
    shutil.copy2(home.folder / "away", home.path("one"))
    home.append("one", "next to it")

    home.index()

    assert (_texts(home), gone(home.data)) == ({"one": [*SAID, "next to it"]}, {})
    check_invariants(home.data)


def test_the_original_goes_and_the_copy_stays(home: Home) -> None:
    """A document outlives the message it was indexed for."""
    _set_time(Path(shutil.copy(home.path("one"), _other(home))), 1)
    home.index()
    home.claude("one", *SAID[:1])

    home.index()

    assert sorted(_texts(home).values()) == [list(SAID[:1]), list(SAID)]
    assert [hit.state for hit in home.search("wombat").hits] == ["present"]
    check_invariants(home.data)


def test_a_changed_original_hands_its_document_to_the_copy(home: Home) -> None:
    """The answer of one file grew, that of its copy did not: both are found."""
    _set_time(Path(shutil.copy(home.path("one"), _other(home))), 1)
    home.index()
    home.claude("one", *SAID[:2], "and the wombat? and the numbat?")

    home.index()

    assert home.search("numbat", match="all").total == 1
    assert home.search("wombat", match="all", grouped=False).total == 2
    check_invariants(home.data)


def test_a_link_to_a_session_is_read_once_a_name(home: Home) -> None:
    """A link is a file like others: another name, another session, the same documents."""
    (home.path("one").parent / "two.jsonl").symlink_to(home.path("one"))

    home.index()

    assert sorted(_texts(home)) == ["one", "two"]
    assert home.search("wombat", grouped=False).total == 1
    check_invariants(home.data)


def _by(home: Home, folder: Path) -> None:
    home.home = folder
    home.env |= {"HOME": str(folder), "USERPROFILE": str(folder)}


def test_a_home_that_is_a_link_has_its_sessions_once(home: Home) -> None:
    """HOME is called one thing today and another tomorrow: what was read goes on, what is new is read once."""
    real, link = home.home, home.folder / "link"
    link.symlink_to(real)
    home.index()
    _by(home, link)
    home.append("one", "next to it")
    home.claude("two", "where is the numbat")
    home.index()
    _by(home, real)

    unchanged = home.index().agents["claude_code"]

    assert _texts(home) == {"one": [*SAID, "next to it"], "two": ["where is the numbat"]}
    assert (unchanged.seen, unchanged.unchanged, plan(home.places, str(link), home.env)) == (2, 2, (0, 0, 0))
    check_invariants(home.data)


def test_a_search_by_another_name_of_home_reads_nothing_twice(home: Home) -> None:
    """It looks at folders where something came."""
    home.index()
    link = home.folder / "link"
    link.symlink_to(home.home)
    _by(home, link)
    home.claude("two", "where is the numbat")

    found = home.cass("search", "quokka OR numbat", "--refresh", "wait", "--sessions-only")

    assert sorted(_texts(home)) == ["one", "two"]
    assert found.stdout.count("\n") == 2


def test_a_sub_agent_whose_file_comes_later_is_there_once(tmp_path: Path) -> None:
    """Its parent's file repeats its lines; what was read of them is gone when its own file is there."""
    home = make_home(tmp_path)
    inner = {**says("user", "look for the numbat"), "timestamp": "2026-01-02T03:04:06Z"}
    copy = {"type": "progress", "data": {"type": "agent_progress", "agentId": "a7", "message": inner}}
    home.claude("one", *SAID, copy)
    home.index()
    before = _texts(home)

    own = {**inner, "isSidechain": True, "agentId": "a7", "sessionId": "one", "cwd": "/w/app", "uuid": "a7-0"}
    home.path("agent-a7").write_bytes(as_bytes([own]))
    home.append("one", "thanks")
    home.index()

    assert before == {"one": list(SAID), "one.agent-a7": ["look for the numbat"]}
    assert _texts(home) == {"one": [*SAID, "thanks"], "agent-a7": ["look for the numbat"]}
    assert home.search("numbat", grouped=False).total == 1
    check_invariants(home.data)
