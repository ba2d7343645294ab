"""Searches that follow each other in one process: each answers what a process of its own would."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cass.lexical import recent
from cass.search.request import Freshness, Request, Results
from cass.search.warm import Warm
from tests.archive import Home, make_home
from tests.search.asking import say

SAID = {f"s{n}": f"the {word} of pool {n % 3} was python{n % 2}" for n, word in enumerate(["method", "methods"] * 6)}
WORDS = st.sampled_from(["method", "methods", "python", "pool", "agent:claude", "-pool", '"of pool"', "pythno"])
ASKED = st.fixed_dictionaries(
    {"limit": st.sampled_from([1, 3, 50]), "offset": st.integers(0, 4), "live": st.booleans()},
    optional={"workspaces": st.sampled_from([("/w/app",), ("/w/none",)]), "sort": st.sampled_from(["newest"])},
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return say(make_home(tmp_path_factory.mktemp("warm")), **SAID)


@pytest.fixture
def warm(home: Home) -> Iterator[Warm]:
    kept = Warm(home.places)
    yield kept
    kept.let_go()


def ask(home: Home, warm: Warm, text: str, **wishes: object) -> Results:
    request = Request(text=text, **wishes)  # type: ignore[arg-type]
    return warm.search(request, home.now_ms, lambda: 0.0, str(home.home), Freshness())


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.lists(WORDS, min_size=1, max_size=3), ASKED), min_size=2, max_size=12))
def test_what_was_asked_before_changes_nothing(home: Home, asked: list[tuple[list[str], dict[str, object]]]) -> None:
    """Whatever is typed after whatever, with whatever page and filters."""
    warm = Warm(home.places)
    for words, wishes in asked:
        text = " ".join(words)
        assert ask(home, warm, text, **wishes) == home.search(text, semantic=(), **wishes)
    warm.let_go()


def test_what_is_the_same_question_is_asked_once(home: Home, warm: Warm, monkeypatch: pytest.MonkeyPatch) -> None:
    """`pyth` and `pytho` become the same words."""
    asked: list[str] = []

    class Counting(recent.Recent):
        def answer(self, query, limit, counted, ask):  # type: ignore[no-untyped-def]
            return super().answer(query, limit, counted, lambda: asked.append(repr(query)) or ask())

    monkeypatch.setattr(recent, "Recent", Counting)
    keys = ["method pyth", "method pytho", "method pyth"]

    for key in keys:
        ask(home, warm, key, live=True)

    assert asked
    assert len(asked) == len(set(asked))


def test_what_is_indexed_meanwhile_is_found(tmp_path_factory: pytest.TempPathFactory) -> None:
    """An answer is never older than the index."""
    home = say(make_home(tmp_path_factory.mktemp("new")), old="a python slept")
    warm = Warm(home.places)
    before = ask(home, warm, "python").total
    say(home, new="another python woke")

    assert (before, ask(home, warm, "python").total) == (1, 2)
    warm.let_go()
