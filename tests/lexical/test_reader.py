"""The index is asked once for what one answer takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from cass.lexical import reader as lexical_reader
from cass.lexical.reader import AHEAD, LexicalReader, open_reader
from cass.lexical.schema import first_line
from cass.lexical.sessions import candidates
from cass.query.parse import parse
from tests.archive import make_home
from tests.search.asking import say


@pytest.fixture
def reader(tmp_path: Path) -> LexicalReader:
    """Twenty messages about a walrus, each in its own session."""
    home = say(make_home(tmp_path), **{f"s{n:02}": f"walrus {'ice ' * n}" for n in range(20)})
    found = open_reader(home.places.lexical)
    assert isinstance(found, LexicalReader)
    return found


class Counting:
    """A searcher that counts how often it is asked."""

    def __init__(self, reader: LexicalReader) -> None:
        self._searcher = reader.searcher
        self.asked = 0

    def __getattr__(self, name: str) -> object:
        self.asked += name == "search"
        return getattr(self._searcher, name)


@pytest.mark.parametrize("limits", [(2, 2), (2, 2 * AHEAD), (5, 20), (30, 120)])
def test_a_larger_page_of_the_same_query_needs_no_second_search(
    reader: LexicalReader, limits: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page of common words that does not fill asks for more; the first hits stay the first."""
    monkeypatch.setattr(lexical_reader, "COMMON", 0)
    compiled = reader.compile(parse("walrus").root, [], lambda field: None)
    counting = Counting(reader)
    monkeypatch.setattr(reader, "_searcher", counting)

    answers = [reader.search(compiled, limit, "all", "relevance") for limit in limits]

    assert counting.asked == 1
    docs = [[hit.doc for hit in answer.candidates] for answer in answers]
    assert all(docs[-1][: len(some)] == some for some in docs)
    assert {answer.total for answer in answers} == {20}


@pytest.mark.parametrize("others", [0, 10, 250])
def test_documents_are_ranked_among_themselves(reader: LexicalReader, others: int) -> None:
    """Few are looked for one by one, many as a set; those that are not there are not found."""
    compiled = reader.compile(parse("walrus ice").root, [], lambda field: None)
    best = [hit.doc for hit in reader.search(compiled, 20, None, "relevance").candidates][:6]

    ranked = [hit.doc for hit in candidates(reader, compiled, [*best[::-1], *range(others)])]

    assert ranked == best


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Failed to open file for read: 'IoError { io_error: Custom { kind: x } }'", "Failed to open file for read"),
        ('Meta is torn: EOF. Content: ""', "Meta is torn: EOF."),
        ("no reason\nand more", "no reason"),
        ("", "ValueError"),
    ],
)
def test_what_the_index_says_of_damage_is_shown_without_its_values(said: str, shown: str) -> None:
    assert first_line(ValueError(said)) == shown


LONG = "of.the." * 300


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (f'"{LONG}"', 3),
        (f'"{LONG}walrus"', 2),
        (f'"{LONG}seal"', 0),
        (f'"the.{LONG}"', 3),
        (f'"the.the.{LONG}"', 0),
        (f"{LONG}walrus", 2),
    ],
)
def test_of_a_long_run_of_words_the_first_stand_together(tmp_path: Path, query: str, found: int) -> None:
    """The others are looked for anywhere, each once: 4,000 common ones in order took a minute in a large archive."""
    texts = {"whole": f"{LONG}walrus", "other": LONG, "moved": f"walrus {LONG[:1_000]}", "few": "walrus the of"}
    home = say(make_home(tmp_path), **texts)
    reader = open_reader(home.places.lexical)
    assert isinstance(reader, LexicalReader)

    answer = reader.search(reader.compile(parse(query).root, [], lambda field: None), 10, "all", "relevance")

    assert len(answer.candidates) == found
