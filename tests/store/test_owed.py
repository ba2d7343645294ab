"""What a tier owes, read from a real archive."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from sqlite3 import Connection

import pytest

from cass.store import owed as owed_module
from cass.store.connect import open_reader
from cass.store.noted import eligible_texts, keep_eligible
from cass.store.owed import LAST_MS, Owed, Tally, last_change, tally
from cass.store.writable import open_writer
from tests.archive import DAY_MS, FIRST_MS, MINUTE_MS, Home, answers, calls, make_home, says

PLENTY = 1_000_000


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Two sessions; the younger one repeats a text of the older one."""
    home = make_home(tmp_path)
    home.claude("old", "old question", "old answer", "shared words")
    home.claude("new", "new question", "shared words", start_ms=FIRST_MS + DAY_MS)
    home.index()
    return home


@pytest.fixture
def connection(home: Home) -> Iterator[Connection]:
    opened = open_reader(home.places.database)
    assert opened is not None
    yield opened
    opened.close()


def ids(connection: Connection) -> dict[str, int]:
    return {text: id for id, text in connection.execute("SELECT id, text FROM texts")}


def taken(owed: Owed, count: int = 100) -> list[str]:
    return [one.text for one in owed.take(count, PLENTY)]


def test_newest_first(connection: Connection) -> None:
    """A text is as new as the newest message with it; each comes once."""
    owed = Owed(connection, [])

    assert (owed.left, owed.eligible) == (4, 4)
    assert taken(owed) == ["shared words", "new question", "old answer", "old question"]
    assert (owed.left, taken(owed)) == (0, [])


def test_a_text_with_all_that_is_known_of_it(connection: Connection) -> None:
    first = Owed(connection, []).take(1, PLENTY)[0]

    assert (first.kind, first.text, first.newest_ms) == ("text", "shared words", FIRST_MS + DAY_MS + MINUTE_MS)
    assert first.id == ids(connection)["shared words"]


def test_what_is_settled_is_not_owed(connection: Connection) -> None:
    """It still counts."""
    known = ids(connection)

    owed = Owed(connection, [known["old answer"], known["shared words"]])

    assert (owed.left, owed.eligible) == (2, 4)
    assert taken(owed) == ["new question", "old question"]


def test_ids_of_texts_that_are_not_there_any_more(connection: Connection) -> None:
    """A tier that knows more than the archive is no error."""
    assert Owed(connection, [10_000]).left == 4


def test_in_batches(connection: Connection) -> None:
    """So many texts, and no more once they are long enough."""
    owed = Owed(connection, [])

    assert len(owed.take(3, PLENTY)) == 3
    assert owed.left == 1


def test_long_texts_make_small_batches(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch ends with the first texts that fill it; what was not read is not lost."""
    monkeypatch.setattr(owed_module, "FETCHED", 1)
    owed = Owed(connection, [])

    batches = list(iter(lambda: owed.take(100, 15), []))

    assert [[one.text for one in batch] for batch in batches] == [
        ["shared words", "new question"],
        ["old answer", "old question"],
    ]


def test_what_is_indexed_meanwhile_comes_next(home: Home, connection: Connection) -> None:
    """Newest first among themselves, before all that was planned; what was there already does not come again."""
    owed = Owed(connection, [])
    first = taken(owed, 1)
    home.claude("later", "later question", "old answer", "later end", start_ms=FIRST_MS + 2 * DAY_MS)
    home.index()

    assert first == ["shared words"]
    assert taken(owed) == ["later end", "later question", "new question", "old answer", "old question"]
    assert owed.eligible == 6


def test_more_than_is_planned_at_once(connection: Connection) -> None:
    """A long history is planned in parts; nothing is left out and nothing comes twice."""
    owed = Owed(connection, [], most=3)

    assert owed.left == 4
    assert taken(owed) + taken(owed) == ["shared words", "new question", "old answer", "old question"]
    assert owed.left == 0


def test_what_does_not_count(tmp_path: Path) -> None:
    """Images, and calls of cass itself with what they printed, unless somebody said the same."""
    home = make_home(tmp_path)
    home.claude(
        "one",
        "cass search walrus",
        says(
            "assistant", calls("Bash", "c1", command="cass search walrus"), calls("Bash", "c2", command="cass status")
        ),
        says("user", answers("c1", "a hit"), answers("c2", "all is well")),
        says("user", {"type": "image", "source": {"type": "base64", "data": "AAAA"}}),
    )
    home.index()
    connection = open_reader(home.places.database)
    assert connection is not None

    assert taken(Owed(connection, [])) == ["cass search walrus"]
    connection.close()


def test_the_kind_that_weighs_most(tmp_path: Path) -> None:
    """What was both said and printed is read as said, whichever came last."""
    home = make_home(tmp_path)
    home.claude("one", "make test", says("assistant", calls("Bash", "c1", command="make test")))
    home.claude("two", "x", says("assistant", calls("Bash", "c2", command="make lint")), "make lint")
    home.index()
    connection = open_reader(home.places.database)
    assert connection is not None

    kinds = {one.text: one.kind for one in Owed(connection, []).take(100, PLENTY)}

    assert (kinds["make test"], kinds["make lint"]) == ("text", "text")
    connection.close()


def test_times_that_cannot_be(home: Home) -> None:
    """A message without a time is the oldest; one from the far future is as new as one can be."""
    writer = open_writer(home.places.database)
    writer.execute("UPDATE messages SET created_ms=NULL WHERE session=(SELECT max(session) FROM messages)")
    writer.execute("UPDATE messages SET created_ms=1 << 62 WHERE created_ms IS NOT NULL")

    found = Owed(writer, []).take(100, PLENTY)
    writer.close()

    assert {one.newest_ms for one in found} == {0, LAST_MS}
    assert [one.newest_ms for one in found] == sorted([one.newest_ms for one in found], reverse=True)


def test_how_far_a_tier_is(connection: Connection) -> None:
    """All that is newer than the newest text it owes is in."""
    known = ids(connection)

    some = tally(connection, [known["shared words"], known["new question"], known["old question"]])

    assert some == Tally(eligible=4, done=3, owed=1, covers_since_ms=FIRST_MS + MINUTE_MS + 1)
    assert some.coverage == 0.75


@pytest.mark.parametrize(
    ("done", "given_up", "expected"),
    [
        ([], [], Tally(4, 0, 4, None)),
        (range(1, 5), [], Tally(4, 4, 0, FIRST_MS)),
        ([1, 2, 3], [4], Tally(4, 3, 0, FIRST_MS)),
    ],
)
def test_how_far_a_tier_is_at_its_ends(
    connection: Connection, done: list[int], given_up: list[int], expected: Tally
) -> None:
    """Nothing yet, everything, and everything but what was given up."""
    assert tally(connection, done, given_up) == expected


def test_how_many_texts_count(home: Home) -> None:
    """Counted; or as last written down, with all that came since."""
    writer = open_writer(home.places.database)
    counted = eligible_texts(writer)
    keep_eligible(writer, 3, last_change(writer))
    home.claude("later", "one", "two", start_ms=FIRST_MS + 2 * DAY_MS)
    home.index()

    assert (counted, eligible_texts(writer)) == (4, 5)
    writer.close()
