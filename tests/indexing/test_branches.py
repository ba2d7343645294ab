"""Messages on branches that were left are kept, found and marked, also when they were stored before that."""

from __future__ import annotations

from pathlib import Path

from cass.store.schema import OFF_PATH
from tests.archive import Home, make_home, says
from tests.connectors.pi_files import NAME, answer, entry, header, lines, text, user
from tests.connectors.samples import write
from tests.indexing.invariants import check_invariants, opened, rows


def off_path(home: Home) -> list[int]:
    """The ordinals of the marked messages."""
    sql = "SELECT ordinal FROM messages WHERE flags & ? ORDER BY ordinal"
    with opened(home.data) as database:
        return [ordinal for (ordinal,) in rows(database, sql, OFF_PATH)]


def test_a_prompt_edited_later_marks_what_was_stored(tmp_path: Path) -> None:
    """The old prompt and its answer are off the path from the moment the new prompt is read."""
    home = make_home(tmp_path)
    home.claude("one", "build a zoo", "built", "add a lion", "it roars")
    home.index()
    before = off_path(home)
    home.append("one", says("user", "add a lamb") | {"parentUuid": "one-1"}, says("assistant", "it bleats"))
    home.index()

    assert (before, off_path(home)) == ([], [2, 3])
    assert [hit.ordinal for hit in home.search("roars").hits] == [3]
    check_invariants(home.data)


def test_reading_everything_again_marks_the_same(tmp_path: Path) -> None:
    """`cass index --full` gives the same marks as reading on did."""
    home = make_home(tmp_path)
    home.claude("one", "build a zoo", "built", "add a lion", "it roars")
    home.index()
    home.append("one", says("user", "add a lamb") | {"parentUuid": "one-1"})
    home.index()

    home.index(full=True)

    assert off_path(home) == [2, 3]
    check_invariants(home.data)


def test_going_back_alone_marks_what_was_left(tmp_path: Path) -> None:
    """No message need follow: an entry that says where the user is now is enough."""
    home = make_home(tmp_path)
    path = write(home.home / ".pi/agent/sessions/--w-app--" / NAME, lines(header(), user("lion"), answer(text("roar"))))
    home.index()
    with path.open("ab") as file:
        file.write(lines(entry("model_change", "x1", "u1", modelId="large-2")))
    home.index()

    assert off_path(home) == [1]
    check_invariants(home.data)


def test_show_marks_a_branch_that_was_left(tmp_path: Path) -> None:
    """A reader sees which of the messages the conversation went on without."""
    home = make_home(tmp_path)
    home.claude("one", "build a zoo", "built", "add a lion", says("user", "add a lamb") | {"parentUuid": "one-1"})
    home.index()
    (hit,) = home.search("lion").hits

    page = home.cass("show", hit.sid).stdout

    left = [line.split()[0] for line in page.splitlines() if line.endswith("that was left)")]

    assert [name.partition(":")[2] for name in left] == ["2"]
