"""Grouping, pages, and an order that does not depend on how the index was written."""

from __future__ import annotations

from pathlib import Path

import pytest

from cass.errors import CursorExpired, UsageError
from cass.search import engine, filling
from cass.search.request import Results
from tests.archive import FIRST_MS, MINUTE_MS, Home, make_home
from tests.search.asking import names, say

SORTS = ["relevance", "newest", "oldest"]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """One session that talks of nothing else, some that mention it, three with the same words."""
    home = make_home(tmp_path_factory.mktemp("pages"))
    home.claude("chatty", *[f"walrus number {at}" for at in range(90)])
    for at in range(12):
        home.claude(f"s{at:02}", f"a walrus {'and a penguin ' * at}", start_ms=FIRST_MS - at * MINUTE_MS)
    for at in range(3):
        home.claude(f"copy{at}", "the walrus that everybody quotes", start_ms=FIRST_MS - (20 + at) * MINUTE_MS)
    home.index()
    return home


def ids(results: Results) -> list[str]:
    return [f"{hit.sid}:{hit.ordinal}" for hit in results.hits]


def test_a_session_is_one_hit(home: Home) -> None:
    """Its best message stands for it, `also` counts the others."""
    results = home.search("walrus", limit=100)

    assert len(names(results)) == len(set(names(results))) == 14
    assert {hit.external_id: hit.also for hit in results.hits}["chatty"] == 89
    assert results.total == 90 + 12 + 3


def test_copies_are_one_hit(home: Home) -> None:
    """The same text in other sessions is folded into the first, grouped or not."""
    for grouped in (True, False):
        results = home.search("everybody quotes", limit=100, grouped=grouped)
        quoting = [hit for hit in results.hits if "everybody" in hit.snippet]
        assert [hit.also for hit in quoting] == [2]
        assert results.total == 3


def test_without_grouping_every_message_is_a_hit(home: Home) -> None:
    """Copies apart."""
    results = home.search("walrus", limit=1000, grouped=False)

    assert len(results.hits) == 90 + 12 + 1
    assert len(set(ids(results))) == len(results.hits)


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("grouped", [True, False])
@pytest.mark.parametrize("limit", [1, 7, 40])
@pytest.mark.parametrize("text", ["walrus", "walrus penguin", ""])
def test_the_pages_make_the_whole(home: Home, sort: str, grouped: bool, limit: int, text: str) -> None:
    """Following `next_cursor` shows every hit once, in the order of one long page."""
    whole = home.search(text, limit=1000, sort=sort, grouped=grouped)
    pages, cursor = [], None
    while len(pages) <= len(whole.hits):
        page = home.search(text, limit=limit, sort=sort, grouped=grouped, cursor=cursor)
        pages += [(hit.rank, f"{hit.sid}:{hit.ordinal}") for hit in page.hits]
        cursor = page.next_cursor
        if cursor is None:
            break

    assert pages == list(enumerate(ids(whole), 1))
    assert whole.next_cursor is None


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("grouped", [True, False])
@pytest.mark.parametrize("text", ["walrus", "walrus penguin", "everybody quotes", ""])
def test_sessions_with_more_hits_than_are_fetched_hide_no_other(
    home: Home, monkeypatch: pytest.MonkeyPatch, sort: str, grouped: bool, text: str
) -> None:
    """Nor do copies: those behind them are asked for without them."""
    whole = home.search(text, limit=1000, sort=sort, grouped=grouped)
    for room, name, value in ((engine, "LEAST_FETCHED", 2), (engine, "FETCH_TIMES", 1), (filling, "MOST_FETCHED", 1)):
        monkeypatch.setattr(room, name, value)

    for limit in (1, 5, 13):
        page = home.search(text, limit=limit, sort=sort, grouped=grouped)
        assert ids(page) == ids(whole)[:limit]
        assert (page.total, page.rung, page.notes) == (whole.total, whole.rung, whole.notes)
        assert (page.next_cursor is None) == (len(whole.hits) <= limit)


@pytest.mark.parametrize("sort", SORTS)
def test_a_page_larger_than_any_archive_is_all_there_is(home: Home, sort: str) -> None:
    """Neither a limit nor an offset is memory to be taken at once."""
    huge = 99_999_999_999

    assert len(home.search("walrus", limit=huge, sort=sort).hits) == len(home.search("walrus", limit=100).hits)
    assert home.search("walrus", offset=huge, sort=sort).hits == ()


def test_an_offset_behind_the_end_shows_nothing(home: Home) -> None:
    """The totals stay."""
    results = home.search("walrus", offset=500)

    assert (results.hits, results.total, results.next_cursor) == ((), 105, None)


@pytest.mark.parametrize("wish", [{"limit": 0}, {"counts_only": True}])
def test_totals_alone_can_be_asked_for(home: Home, wish: dict[str, int]) -> None:
    """No hit is read for them."""
    results = home.search("walrus", **wish)

    assert (results.hits, results.total, results.next_cursor) == ((), 105, None)


def test_a_cursor_of_another_index_has_expired(home: Home) -> None:
    """After a rebuild pages would not fit together."""
    with pytest.raises(CursorExpired) as expired:
        home.search("walrus", cursor="999-10")

    assert (expired.value.exit_code, expired.value.kind) == (2, "cursor-expired")


def test_a_cursor_and_an_offset_contradict_each_other(home: Home) -> None:
    """Neither is passed over in silence."""
    cursor = home.search("walrus", limit=4).next_cursor

    with pytest.raises(UsageError, match="--offset and --cursor"):
        home.search("walrus", cursor=cursor, offset=4)


@pytest.mark.parametrize("cursor", ["", "10", "1-", "-5", "1-x", "1--5", "1-²", f"1-{'9' * 5000}"])
def test_a_word_that_is_no_cursor_is_refused(home: Home, cursor: str) -> None:
    """Never silently the first page."""
    with pytest.raises(UsageError):
        home.search("walrus", cursor=cursor)


def test_equal_hits_stand_newest_first(tmp_path: Path) -> None:
    """Whatever the order in which they were read, and in however many commits."""
    orders = []
    for folder, commits in (("one", 1), ("many", 6)):
        home = make_home(tmp_path / folder)
        for start in range(commits):
            for at in range(start, 60, commits):
                home.claude(f"s{at:02}", f"walrus n{at:02}", start_ms=FIRST_MS + (at // 2) * MINUTE_MS)
            home.index()
        orders.append(names(home.search("walrus", limit=60)))
        assert len({hit.score for hit in home.search("walrus", limit=60).hits}) == 1

    assert orders[0] == orders[1]
    assert [int(name[1:]) // 2 for name in orders[0]] == [at // 2 for at in reversed(range(60))]


def test_messages_without_a_time_come_last(tmp_path: Path) -> None:
    """In both directions, with and without an index."""
    home = say(make_home(tmp_path), early="walrus one", late="walrus two")
    record = {"type": "user", "message": {"role": "user", "content": "walrus three"}, "timestamp": None}
    home.claude("never", record)
    home.index()

    for _ in range(2):
        assert names(home.search("walrus", sort="newest")) == ["late", "early", "never"]
        assert names(home.search("walrus", sort="oldest")) == ["early", "late", "never"]
        (Path(home.places.lexical) / "current").unlink(missing_ok=True)
