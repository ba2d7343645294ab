"""Segments that stay open between searches: each search finds what one of a new process would."""

from __future__ import annotations

import gc
import shutil
import weakref
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cass.semantic import held_segments
from cass.semantic.held_segments import HeldSegments
from cass.semantic.vectors import Tier
from tests.semantic.shelves import DIM, Row, opened, rows, shelf_in, vector, writer_in
from tests.semantic.test_vectors_damage import damaged_by

TEXTS = st.integers(1, 40)
SOME = st.frozensets(TEXTS, max_size=12)


def written(texts: frozenset[int]) -> list[Row]:
    """Every third text has three pieces."""
    return [
        (text, piece, text, vector(100 * piece + text)) for text in texts for piece in range(1 + 2 * (text % 3 == 0))
    ]


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.sampled_from(["append", "remove"]), SOME), min_size=1, max_size=6), SOME, TEXTS)
def test_what_is_written_and_removed_between_searches_changes_what_they_find(
    tmp_path_factory: pytest.TempPathFactory,
    changes: list[tuple[str, frozenset[int]]],
    asked: frozenset[int],
    near: int,
) -> None:
    """Cosines, pieces and the nearest, also of texts that are written again."""
    writer = writer_in(tmp_path_factory.mktemp("held"))
    writer.append(rows(range(50, 150)))
    held = HeldSegments()
    for change, texts in changes:
        if change == "append":
            writer.append(written(texts))
        else:
            writer.remove(texts)
        fresh, kept = opened(writer.shelf), held.tier(writer.shelf.vectors, "fast")

        assert isinstance(kept, Tier)
        assert kept.cosines(vector(near), asked) == fresh.cosines(vector(near), asked)
        assert kept.pieces(asked, DIM) == fresh.pieces(asked, DIM)
        assert kept.scan(vector(near), 7) == fresh.scan(vector(near), 7)
        assert kept.scan(vector(near), 7, asked) == fresh.scan(vector(near), 7, asked)


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("good")
    writer = writer_in(folder)
    writer.append(rows(range(1, 200)))
    writer.remove({3})
    return folder


@pytest.mark.parametrize("how", ["truncated", "emptied", "zeroed", "flipped", "swapped", "unlink"])
@pytest.mark.parametrize("name", ["current", "1.rows", "1.keys", "1.1.dead"])
def test_what_is_damaged_meanwhile_is_told(good: Path, tmp_path: Path, name: str, how: str) -> None:
    """As by a process that opens it now."""
    shutil.copytree(good, tmp_path, dirs_exist_ok=True)
    shelf, held = shelf_in(tmp_path), HeldSegments()
    assert isinstance(held.tier(shelf.vectors, "fast"), Tier)
    damaged_by(how)(Path(shelf.folder("fast")) / name)

    kept, fresh = held.tier(shelf.vectors, "fast"), Tier.open(shelf.vectors, "fast")

    assert not isinstance(kept, Tier)
    assert kept == fresh


def test_a_segment_is_opened_once_and_closed_when_it_is_gone(tmp_path: Path) -> None:
    writer, held = writer_in(tmp_path), HeldSegments()
    writer.append(rows(range(1, 50)))

    def first() -> Tier:
        tier = held.tier(writer.shelf.vectors, "fast")
        assert isinstance(tier, Tier)
        return tier

    one = weakref.ref(first().segments[0])
    assert first().segments[0] is one()

    writer.shelf.remove_all("fast")
    assert held.tier(writer.shelf.vectors, "fast") is None
    gc.collect()
    assert one() is None


def test_a_large_tier_is_looked_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """To know where each of a million texts stands would take more memory than a quiet process may have."""
    monkeypatch.setattr(held_segments, "MOST_KNOWN", 20)
    writer = writer_in(tmp_path)
    writer.append(rows(range(1, 50)))
    tier = HeldSegments().tier(writer.shelf.vectors, "fast")

    assert isinstance(tier, Tier)
    assert [one.keeps_places for one in tier.segments] == [False]
    assert set(tier.cosines(vector(1), {7, 9, 500})) == {7, 9}
