"""Where words and vectors are joined by rank, the question leans towards what the words found best."""

from __future__ import annotations

from array import array
from math import hypot
from operator import sub
from pathlib import Path

import pytest

from cass.search import feedback
from cass.search.feedback import LEAN, lean, leant_cosines
from cass.semantic.manifest import FAST, QUALITY
from cass.semantic.scan import to_i8
from tests.archive import Home, make_home
from tests.search.asking import names
from tests.search.tiers import backfill, install
from tests.semantic.shelves import DIM, opened, vector, writer_in

EAST, NORTH, WEST, UP = to_i8([1, 0, 0]), to_i8([0, 1, 0]), to_i8([-1, 0, 0]), to_i8([0, 0, 1])
NORTH_EAST = to_i8([0.8, 0.6, 0])
ASKED = "which walrus had sunk a trawler near the lighthouse"


def test_a_question_moves_by_so_much_towards_a_lead() -> None:
    """Towards the lead's vector of length 1, whatever length it is stored with."""
    assert lean([2, 0, 0], [[NORTH_EAST]]) == pytest.approx([1 + 0.8 * LEAN, 0.6 * LEAN, 0], abs=0.01)


def test_a_question_without_leads_stays() -> None:
    """Nor does it move where they have no vectors, or are far from what was asked."""
    assert lean([1, 0, 0], []) == lean([1, 0, 0], [[]]) == lean([1, 0, 0], [[WEST], [UP]]) == [1, 0, 0]


def test_the_leads_nearest_to_the_question_count_most() -> None:
    """By their cosine; one that says the opposite does not count at all."""
    alone, beside = lean([1, 0, 0], [[NORTH_EAST]]), lean([1, 0, 0], [[NORTH_EAST], [WEST], [UP]])

    assert alone == beside


def test_leads_that_differ_move_a_question_less_than_leads_that_agree() -> None:
    south_east = to_i8([0.8, -0.6, 0])

    def moved(*leads: bytes) -> float:
        return hypot(*map(sub, lean([1, 0, 0], [[lead] for lead in leads]), [1, 0, 0]))

    assert moved(NORTH_EAST, south_east) < moved(NORTH_EAST, NORTH_EAST)


def test_of_a_long_lead_the_piece_nearest_to_the_question_counts() -> None:
    assert lean([1, 0, 0], [[NORTH, NORTH_EAST, WEST]]) == lean([1, 0, 0], [[NORTH_EAST]])


def test_what_is_like_a_lead_comes_before_what_is_as_near_to_the_question(tmp_path: Path) -> None:
    """Texts that the tier does not have, candidates or leads, are no hindrance."""
    asked, lead = vector(1), vector(2)

    def between(one: array[float], other: array[float]) -> array[float]:
        return array("f", [a + b for a, b in zip(one, other, strict=True)])

    writer = writer_in(tmp_path)
    near = [(1, 0, 10, between(asked, vector(3))), (2, 0, 11, between(asked, lead)), (3, 0, 12, vector(4))]
    writer.append([*near, (7, 0, 13, between(asked, lead)), (7, 1, 13, vector(5))])
    tier = opened(writer.shelf)

    plain, leant = tier.cosines(asked, {1, 2}), leant_cosines(tier, asked, [1, 2, 9], [[7, 8], [9]])

    assert list(leant) == [2, 1]
    assert leant[2] - leant[1] > plain[2] - plain[1]


def test_vectors_of_another_length_are_not_looked_at(tmp_path: Path) -> None:
    """As nobody scans them."""
    writer = writer_in(tmp_path)
    writer.append([(1, 0, 10, vector(1))])

    assert leant_cosines(opened(writer.shelf), vector(1, 2 * DIM), [1], [[1]]) == {}


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sessions with vectors in both tiers."""
    pytest.importorskip("onnxruntime")
    folder = tmp_path_factory.mktemp("good")
    home = make_home(folder)
    install(home)
    home.claude("one", "there was a walrus near the lighthouse", "it had sunk")
    home.claude("two", "the trawler had sunk near the island", "a walrus was there")
    home.claude("three", "lemon cake", "poppy seeds")
    home.index()
    backfill(home, FAST, QUALITY)
    return folder


@pytest.fixture
def asked(good: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[list[int]]]:
    """The leads' texts of each search that leans."""
    seen: list[list[list[int]]] = []
    found = feedback.texts_of_leads

    def watched(*words: object) -> list[list[int]]:
        seen.append(found(*words))  # type: ignore[arg-type]
        return seen[-1]

    monkeypatch.setattr(feedback, "texts_of_leads", watched)
    return seen


def test_a_question_leans_where_its_words_and_its_meaning_are_joined_by_rank(
    good: Path, asked: list[list[list[int]]]
) -> None:
    """Towards the best message of each session; the answer is the same each time."""
    home = Home(good)

    first, second = home.search(ASKED), home.search(ASKED)

    assert first.answered_by == ("lexical", "fast", "quality")
    assert [len(leads) for leads in asked] == [2, 2]
    assert names(first) == names(second) and {"one", "two"} <= set(names(first)[:2])


def test_a_question_does_not_lean_where_vectors_only_add(good: Path, asked: list[list[list[int]]]) -> None:
    """A message has all its words, it has few, or the quality tier takes no part."""
    home = Home(good)

    home.search("walrus lighthouse")
    home.search("was there a walrus near the lighthouse")
    home.search(ASKED, mode="lexical_only")
    home.search(ASKED, semantic=(("quality_tier_embedder", "hash"),))

    assert asked == []


def test_an_explanation_says_that_the_question_leaned(good: Path) -> None:
    """Beside what each tier found."""
    told = Home(good).cass("search", ASKED, "--explain", "--refresh", "off", "--semantic-wait", "60000").stderr

    assert "; leaned towards 2 of the words' best; joined by rank" in " ".join(told.split())
