"""A question that was pasted finds where it stands, however long that message is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.archive import Home, make_home
from tests.search.asking import marked, names, say

PASTED = "let me create a clean reader that uses the session properly"
FILLER = " ".join(f"filler{n}" for n in range(2_000))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    short = {f"short{n}": f"properly the session uses that reader: clean a create, me let {n}" for n in range(8)}
    long = f"A session. {FILLER} Let me create a clean Reader that uses the session properly. {FILLER}"
    return say(make_home(tmp_path_factory.mktemp("verbatim")), long=long, **short)


@pytest.mark.parametrize("grouped", [True, False])
def test_what_has_the_question_word_behind_word_goes_first(home: Home, grouped: bool) -> None:
    """Shorter messages with all the words score more; this one has nothing but a place where it stands."""
    results = home.search(PASTED, limit=3, grouped=grouped)

    assert names(results)[0] == "long"
    assert results.hits[0].match_type == "exact"
    assert [hit.score for hit in results.hits] == sorted([hit.score for hit in results.hits], reverse=True)


def test_the_place_is_shown_wherever_it_is(home: Home) -> None:
    """Far behind what is read of other messages."""
    hit = home.search(PASTED, limit=1).hits[0]

    assert "create a clean Reader that uses the session properly" in hit.snippet
    assert "clean" in [hit.snippet[start:end] for start, end in hit.matches]


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("clean reader uses session properly", "short7"),  # other words between them
        (f"{PASTED} -filler7", "short7"),  # a condition still holds
        ("a clean reader", "short7"),  # keywords
    ],
)
def test_nothing_else_changes(home: Home, query: str, first: str) -> None:
    assert names(home.search(query))[0] == first


def test_pages_follow_each_other(tmp_path: Path) -> None:
    """Many have it, and none comes twice."""
    texts = {f"s{n}": f"{FILLER if n % 2 else ''} {PASTED} {n}" for n in range(45)}
    home = say(make_home(tmp_path), **texts)
    whole = names(home.search(PASTED, limit=45))

    paged = [name for start in range(0, 45, 9) for name in names(home.search(PASTED, limit=9, offset=start))]

    assert (len(set(whole)), paged) == (45, whole)
    assert marked(home.search(PASTED, limit=1))
