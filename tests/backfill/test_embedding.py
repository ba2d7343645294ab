"""Whose fault it is, whatever is poison; and how much is embedded without looking up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cass.backfill.embedding import TOO_MANY, Begun, Cut, embed
from cass.backfill.gates import Hold
from cass.backfill.pace import FIRST_PIECES, SLICE_S, Pace
from cass.backfill.report import TIME
from cass.semantic.embedders.base import EmbedderTransportError
from tests.backfill.working import POISON, Fussy

POISONED = st.lists(st.tuples(st.booleans(), st.integers(0, 3)), min_size=1, max_size=60)


def cuts(texts: Sequence[tuple[bool, int]]) -> list[Cut]:
    """Texts with so many pieces; the last piece of a poisoned one is poison."""
    return [
        Cut(id, 0, tuple([f"walrus {id} {piece}" for piece in range(pieces)] + [POISON] * is_poison))
        for id, (is_poison, pieces) in enumerate(texts, 1)
    ]


def interrupted_after(asks: int) -> Pace:
    left = iter([None] * asks)
    return Pace(lambda: 0.0, 60.0, lambda: next(left, Hold("user_active", "back")))


def over_at_once() -> Pace:
    """Of a chunk whose time is over when it begins."""
    return Pace(lambda: 1.0, until_s=0.0)


def calm() -> Pace:
    return Pace(lambda: 0.0, until_s=60.0)


@given(POISONED, st.integers(1, 70))
def test_exactly_the_poisoned_texts_fail(texts: list[tuple[bool, int]], most: int) -> None:
    """Wherever they stand and however the texts fall into batches; every other text has its vectors once, in order."""
    poisoned = {id for id, (is_poison, _) in enumerate(texts, 1) if is_poison}
    assume(len(poisoned) < TOO_MANY or len(poisoned) < len(texts))
    done = embed(Fussy(), cuts(texts), most, calm())

    assert done.away is None
    assert set(done.failed) == poisoned
    assert list(dict.fromkeys(row[0] for row in done.rows)) == [
        id for id in range(1, len(texts) + 1) if id not in poisoned
    ]
    assert done.texts + len(done.failed) == len(texts)


class FailsAfter(Fussy):
    """Gone for good after so many calls."""

    def __init__(self, calls: int) -> None:
        super().__init__()
        self.calls = calls

    def embed(self, texts: Sequence[str]) -> Any:
        self.calls -= 1
        if self.calls < 0:
            raise EmbedderTransportError("gone")
        return super().embed(texts)


@given(POISONED, st.integers(0, 40), st.integers(1, 20))
def test_an_embedder_that_goes_away_blames_nobody(texts: list[tuple[bool, int]], calls: int, most: int) -> None:
    """Not even those that failed before it went: they are tried again."""
    done = embed(FailsAfter(calls), cuts(texts), most, calm())

    assert done.away is None or done.failed == {}
    assert done.away is not None or done.texts + len(done.failed) == len(texts)


@given(st.lists(st.integers(1, 5), min_size=1, max_size=40), st.integers(0, 60), st.integers(1, 8))
def test_an_interruption_leaves_whole_texts(pieces: list[int], asks: int, most: int) -> None:
    """The first ones, in their order; the others have nothing."""
    done = embed(Fussy(), cuts([(False, count) for count in pieces]), most, interrupted_after(asks))

    assert [row[0] for row in done.rows] == [id for id in range(1, done.texts + 1) for _ in range(pieces[id - 1])]
    assert (done.stopped is None) == (done.texts == len(pieces))


@given(st.integers(2, 60), st.lists(st.integers(0, 6), max_size=40))
def test_a_long_text_goes_on_where_it_was_interrupted(pieces: int, asks: list[int]) -> None:
    """However often somebody comes back, no piece of it is embedded twice."""
    embedder, begun, text = Fussy(), Begun(), cuts([(False, pieces)])

    for count in asks:
        embed(embedder, text, 1, interrupted_after(count), begun)
    interrupted = list(embedder.asked)
    done = embed(embedder, text, 1, calm(), begun)

    assert [row[1] for row in done.rows] == list(range(pieces))
    if len(interrupted) < pieces:
        assert embedder.asked == list(text[0].pieces)


def test_a_long_text_is_done_in_as_many_chunks_as_it_takes() -> None:
    """Each embeds some of it, none takes longer than it may, and no piece is embedded twice."""
    embedder, begun, text = Fussy(), Begun(), cuts([(False, 9)])
    chunks = [embed(embedder, text, 2, over_at_once(), begun) for _ in range(5)]

    assert [(done.texts, done.begun, done.stopped) for done in chunks] == [(0, 2, TIME)] * 4 + [(1, 0, None)]
    assert embedder.asked == list(text[0].pieces)


@pytest.mark.parametrize("begun", [None, Begun(4 * 64)], ids=["nobody comes back to it", "no more is kept"])
def test_a_long_text_that_nothing_can_be_kept_of_is_done_at_once(begun: Begun | None) -> None:
    """However late it is then: it would never be done."""
    embedder, text = Fussy(), cuts([(False, 9)])
    embed(embedder, text, 5, over_at_once(), begun)

    assert embedder.asked == list(text[0].pieces)


def test_what_was_begun_is_of_one_model() -> None:
    """Another one makes other vectors."""
    begun, text = Begun(), cuts([(False, 5)])
    embed(Fussy(), text, 1, interrupted_after(0), begun)
    other = Fussy(revision="2")

    embed(other, text, 1, calm(), begun)

    assert len(other.asked) == 5


def test_time_that_is_over_leaves_the_rest() -> None:
    """But something is always done: it would never end."""
    now_s = iter(range(100, 10_000, 100))
    done = embed(Fussy(), cuts([(False, 1)] * 9), 3, Pace(lambda: float(next(now_s)), until_s=0.0))

    assert (done.texts, done.stopped) == (3, TIME)


@given(st.floats(0.0001, 10), st.integers(1, 5000))
def test_a_slice_takes_its_time(piece_s: float, most: int) -> None:
    """However fast the embedder: soon each takes about a quarter of a second, and never too many pieces."""
    pace = calm()
    for _ in range(12):
        count = pace.pieces(most)
        pace.took(count, count * piece_s)

    assert 1 <= pace.pieces(most) <= most
    assert pace.pieces(most) == 1 or pace.pieces(most) * piece_s <= SLICE_S * 1.01


def test_the_first_slice_is_small() -> None:
    """Nothing is known of the embedder yet."""
    assert calm().pieces(3000) == FIRST_PIECES


class Distant(Fussy):
    """Each request takes a second, whatever is in it."""

    fewest_texts = 32

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[int] = []

    def embed(self, texts: Sequence[str]) -> Any:
        self.requests.append(len(texts))
        return super().embed(texts)


def test_what_costs_the_way_is_asked_in_whole_requests() -> None:
    """Smaller ones would take as long each: a server far away would be asked for one text at a time."""
    embedder, clock_s = Distant(), iter(range(100_000))

    embed(embedder, cuts([(False, 1)] * 320), 3000, Pace(lambda: float(next(clock_s)), until_s=1e9))

    assert embedder.requests == [32] * 10
