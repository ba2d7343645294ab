"""Index again and again: nothing is read twice, nothing is lost, nothing counted double."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from cass.errors import SystemRefused
from tests.archive import Home, make_home, says
from tests.indexing.invariants import check_invariants, gone, one, present

DAY_NS = 86_400 * 10**9


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return make_home(tmp_path)


def bytes_read(home: Home, **wishes: Any) -> int:
    """What an index run hands to the Claude Code parser."""
    return home.index(**wishes).agents["claude_code"].bytes_read


def test_a_second_run_reads_nothing(home: Home) -> None:
    """What has not changed on disk is not opened by a parser."""
    home.claude("one", "where is the quokka", "in the zoo")
    home.claude("two", "and the wombat?", "next to it")
    home.index()

    report = home.index()

    assert {name: tally.bytes_read for name, tally in report.agents.items()} == dict.fromkeys(report.agents, 0)
    assert report.agents["claude_code"].unchanged == 2
    check_invariants(home.data)


def test_only_appended_lines_are_read(home: Home) -> None:
    """Of a file that grew, the new bytes are handed to the parser."""
    path = home.claude("one", "where is the quokka", "in the zoo")
    home.index()
    before = path.stat().st_size
    home.append("one", "and the wombat?", "next to it")

    assert bytes_read(home) == path.stat().st_size - before
    assert [turn[3][0] for turn in present(home.data)["one"]] == [
        "where is the quokka",
        "in the zoo",
        "and the wombat?",
        "next to it",
    ]
    check_invariants(home.data)


def test_an_unfinished_line_is_read_twice_and_stored_once(home: Home) -> None:
    """The agent was caught while writing: the line's end comes later, its message once."""
    path = home.claude("one", "where is the quokka", "in the zoo")
    whole = path.read_bytes()
    path.write_bytes(whole[:-40])
    home.index()
    assert [turn[3][0] for turn in present(home.data)["one"]] == ["where is the quokka"]

    path.write_bytes(whole)
    home.index()

    assert [turn[3][0] for turn in present(home.data)["one"]] == ["where is the quokka", "in the zoo"]
    check_invariants(home.data)


def test_a_whole_last_line_without_newline_is_not_told_twice(home: Home) -> None:
    """Its newline alone is no message."""
    path = home.claude("one", "where is the quokka", "in the zoo")
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    home.index()
    first = present(home.data)

    path.write_bytes(whole)
    home.index()

    assert present(home.data) == first
    assert len(first["one"]) == 2
    check_invariants(home.data)


def test_an_answer_that_goes_on_gets_its_new_blocks(home: Home) -> None:
    """Lines of one answer are one message, also when they come in different runs; the index has it once."""
    home.claude("one", "where is the quokka", answer("it is"))
    home.index()
    home.append("one", answer("in the zoo"))
    home.index()

    assert [turn[3] for turn in present(home.data)["one"]] == [("where is the quokka",), ("it is", "in the zoo")]
    assert home.search('"it is"').total == 1
    assert home.search("zoo", match="all").total == 1
    check_invariants(home.data)


def test_an_answer_in_parts_is_the_same_when_all_is_read_again(home: Home) -> None:
    """Reading the whole file changes nothing, however far apart the parts of an answer stand."""
    other = [says("assistant", f"answer {number}") for number in range(40)]
    home.claude("one", "where is the quokka", answer("it is"), *other, answer("in the zoo"))
    home.index()
    before, change = present(home.data), one(home.data, "SELECT value FROM meta WHERE key='change'")

    home.index(full=True)

    assert (present(home.data), gone(home.data)) == (before, {})
    assert one(home.data, "SELECT value FROM meta WHERE key='change'") == change
    check_invariants(home.data)


def test_a_rewritten_file_keeps_what_it_no_longer_says(home: Home) -> None:
    """What vanished from the file stays in the archive, is found, says so, and is not counted."""
    home.claude("one", "where is the quokka", "in the zoo", "and the wombat?", "next to it")
    home.index()
    home.claude("one", "where is the quokka", "in the zoo", "thank you")

    home.index()

    assert [turn[3][0] for turn in present(home.data)["one"]] == ["where is the quokka", "in the zoo", "thank you"]
    assert sorted(turn[3][0] for turn in gone(home.data)["one"]) == ["and the wombat?", "next to it"]
    assert [hit.state for hit in home.search("wombat").hits] == ["gone"]
    assert one(home.data, "SELECT messages FROM sessions") == 3
    check_invariants(home.data)


def test_what_comes_back_into_a_file_is_no_longer_gone(home: Home) -> None:
    """An undone rewrite leaves nothing behind."""
    path = home.claude("one", "where is the quokka", "in the zoo", "and the wombat?")
    whole = path.read_bytes()
    home.index()
    before = present(home.data)
    home.claude("one", "where is the quokka")
    home.index()

    path.write_bytes(whole)
    home.index()

    assert (present(home.data), gone(home.data)) == (before, {})
    check_invariants(home.data)


def test_line_numbers_follow_a_rewrite(home: Home) -> None:
    """A hit names the line where the message stands now."""
    home.claude("one", "where is the quokka", "in the zoo")
    home.index()
    home.claude("one", "where is the quokka", "in the zoo", title="Animals")

    home.index()

    assert [hit.line for hit in home.search("zoo").hits] == [3]


def test_a_deleted_file_leaves_its_messages(home: Home) -> None:
    """Agents delete their files; the archive does not."""
    home.claude("one", "where is the quokka", "in the zoo").unlink()
    home.claude("two", "where is the wombat", "at home")
    home.index()
    home.path("two").unlink()

    home.index()

    assert one(home.data, "SELECT gone FROM files") == 1
    assert [hit.state for hit in home.search("wombat").hits] == ["gone"]
    assert len(present(home.data)["two"]) == 2
    check_invariants(home.data)


def test_how_things_stand_is_noted_whole_or_not_at_all(home: Home) -> None:
    """The disk is full at the end of a run: what that would have noted comes with the next one."""
    home.claude("one", "where is the quokka")
    home.index()
    home.path("one").unlink()
    connection = sqlite3.connect(home.places.database)
    connection.executescript(
        "CREATE TRIGGER full BEFORE INSERT ON look BEGIN SELECT raise(ABORT, 'database or disk is full'); END"
    )

    with pytest.raises(SystemRefused):
        home.index()
    assert one(home.data, "SELECT gone FROM files") == 0

    connection.executescript("DROP TRIGGER full")
    connection.close()
    home.index()
    assert one(home.data, "SELECT gone FROM files") == 1


def test_a_file_that_a_run_was_not_told_of_is_not_gone(home: Home, tmp_path: Path) -> None:
    """A worker that the system starts need not have the agent's variables of a shell, nor its home folder."""
    home.claude("one", "where is the quokka", "in the zoo")
    home.index()
    elsewhere = str(tmp_path / "elsewhere")

    assert home.cass("index", env={"CLAUDE_CONFIG_DIR": elsewhere, "HOME": elsewhere}).returncode == 0

    assert one(home.data, "SELECT gone FROM files") == 0
    assert [hit.state for hit in home.search("quokka").hits] == ["present"]


def test_a_file_that_comes_back_unchanged_is_not_read(home: Home, tmp_path: Path) -> None:
    """Moved away and back, or restored with its time: the archive has it already."""
    path = home.claude("one", "where is the quokka", "in the zoo")
    home.index()
    path.rename(tmp_path / "away")
    home.index()

    (tmp_path / "away").rename(path)

    assert bytes_read(home) == 0
    assert [hit.state for hit in home.search("quokka").hits] == ["present"]
    check_invariants(home.data)


def test_a_file_that_comes_back_longer_is_read_on(home: Home, tmp_path: Path) -> None:
    """What was read before still stands there: only the rest is new."""
    path = home.claude("one", "where is the quokka", "in the zoo")
    home.index()
    path.rename(tmp_path / "away")
    home.index()
    (tmp_path / "away").rename(path)
    before = path.stat().st_size

    home.append("one", "thank you")

    assert bytes_read(home) == path.stat().st_size - before
    assert len(present(home.data)["one"]) == 3
    check_invariants(home.data)


def test_a_copy_in_place_with_its_time_is_not_read(home: Home) -> None:
    """Restored from a backup: another inode, the same bytes and time."""
    path = home.claude("one", "where is the quokka", "in the zoo")
    os.utime(path, ns=(DAY_NS, DAY_NS))
    home.index()
    data = path.read_bytes()
    path.rename(path.with_suffix(".old"))
    path.write_bytes(data)
    os.utime(path, ns=(DAY_NS, DAY_NS))

    assert bytes_read(home) == 0
    check_invariants(home.data)


def test_an_edit_of_the_same_size_is_noticed(home: Home) -> None:
    """Another time is enough to read a file again, whatever its size."""
    path = home.claude("one", "where is the quokka", "in the zoo " + "and so on " * 2000, "thank you")
    home.index()
    path.write_bytes(path.read_bytes().replace(b"and so on and", b"xyz so on and", 1))
    os.utime(path, ns=(DAY_NS, DAY_NS))

    home.index()

    assert home.search("xyz").total == 1
    check_invariants(home.data)


def test_a_touched_file_changes_nothing(home: Home) -> None:
    """Read again, found equal."""
    path = home.claude("one", "where is the quokka", "in the zoo")
    home.index()
    before = present(home.data)
    os.utime(path, ns=(DAY_NS, DAY_NS))

    home.index()

    assert (present(home.data), gone(home.data)) == (before, {})
    check_invariants(home.data)


def test_a_title_without_messages_is_no_session(home: Home) -> None:
    """A file that holds only a title gives nothing to list."""
    home.claude("one", title="Animals")

    home.index()

    assert present(home.data) == {}
    check_invariants(home.data)


def answer(text: str) -> dict[str, Any]:
    """A line of the one answer `m-1`."""
    line = says("assistant", text)
    line["message"]["id"] = "m-1"
    return line
