"""How vectors come to disk: little for little, the same bytes again, nothing lost when the disk is full."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from cass.records import replace
from cass.semantic.segment_files import row_bytes
from cass.semantic.vector_upkeep import compact, mend
from cass.semantic.volume import Volume
from tests.mounting import small_disk
from tests.semantic.shelves import (
    DIM,
    MB,
    NOW_MS,
    RECIPE,
    budget_of,
    files,
    ids_in,
    opened,
    rows,
    shelf_in,
    vector,
    writer_in,
    writer_of,
)

SMALLEST = 131_072  # bytes of a segment under a budget of 1 MB
FULL = SMALLEST // row_bytes(DIM)


class Counting(Volume):
    """Counts the bytes that reach the disk."""

    written_bytes = 0

    def extend(self, path: str, at: int, data: bytes) -> int:
        self.written_bytes += len(data)
        return super().extend(path, at, data)

    def replace(self, path: str, data: bytes) -> None:
        self.written_bytes += len(data)
        super().replace(path, data)


class FullAt(Volume):
    """A disk that is full at the n-th write, in the middle of it."""

    def __init__(self, number: int) -> None:
        self.writes = 0
        self.full_at = number

    def _is_full(self) -> bool:
        self.writes += 1
        return self.writes == self.full_at

    def extend(self, path: str, at: int, data: bytes) -> int:
        if self._is_full():
            super().extend(path, at, data[: len(data) // 2])
            raise OSError(errno.ENOSPC, "No space left on device", path)
        return super().extend(path, at, data)

    def replace(self, path: str, data: bytes) -> None:
        if self._is_full():
            raise OSError(errno.ENOSPC, "No space left on device", path)
        super().replace(path, data)


def vector_files(folder: Path) -> dict[str, bytes]:
    """All files but the list, which says when they were written."""
    return {name: data for name, data in files(folder).items() if not name.endswith("current")}


def test_the_same_texts_give_the_same_bytes(tmp_path: Path) -> None:
    """However they are cut into batches: a backfill that was interrupted ends where one in a piece does."""
    newest_first = rows(range(3 * FULL, 0, -1))
    whole, parts = (writer_of(budget_of(shelf_in(tmp_path / name), mb=1)) for name in ("whole", "parts"))

    whole.append(newest_first)
    for start in range(0, len(newest_first), 700):
        parts.append(newest_first[start : start + 700])

    assert len(opened(whole.shelf).segments) == 3
    assert vector_files(tmp_path / "whole") == vector_files(tmp_path / "parts")


def test_deleted_vectors_come_back_byte_for_byte(tmp_path: Path) -> None:
    """All derived files can be deleted at any time."""
    writer = writer_in(tmp_path)
    writer.append(rows(range(300, 0, -1)))
    before = files(tmp_path)

    shutil.rmtree(tmp_path / "derived")
    writer.append(rows(range(300, 0, -1)))

    assert files(tmp_path).keys() == before.keys()
    assert vector_files(tmp_path) == {name: data for name, data in before.items() if not name.endswith("current")}


def test_little_is_written_for_little_that_is_new(tmp_path: Path) -> None:
    """Twenty rounds of newer messages write hardly more than their vectors."""
    volume = Counting()
    writer = writer_in(tmp_path, volume=volume)
    writer.append(rows(range(2_000, 0, -1)))
    before = volume.written_bytes

    for round in range(20):
        writer.append(rows(range(2_001 + 100 * round, 2_101 + 100 * round)))

    assert volume.written_bytes - before <= 1.3 * 2_000 * row_bytes(DIM)
    assert len(opened(writer.shelf).segments) == 2


def test_what_is_newer_than_all_gets_segments_of_its_own(tmp_path: Path) -> None:
    """So the segment with the oldest messages stays the oldest, and backfilling goes on behind it."""
    writer = writer_in(tmp_path)
    writer.append(rows(range(200, 150, -1)))
    writer.append(rows([*range(230, 200, -1), *range(150, 100, -1)]))
    history, recent = [one.segment for one in opened(writer.shelf).segments]

    assert (history.oldest_ms, history.newest_ms) == (101, 200)
    assert (recent.oldest_ms, recent.newest_ms) == (201, 230)


def test_the_pieces_of_a_text_stay_together(tmp_path: Path) -> None:
    """A text is in a segment whole or not at all, so that losing a segment loses no half of one."""
    writer = writer_of(budget_of(shelf_in(tmp_path), mb=1))
    writer.append([(id, piece, id, vector(piece)) for id in range(FULL, 0, -1) for piece in range(3)])
    ids = [set(one.all_ids()) for one in opened(writer.shelf).segments]

    assert len(ids) == 3
    assert sum(map(len, ids)) == FULL


def test_a_text_that_is_too_large_is_passed_over(tmp_path: Path) -> None:
    """Those behind it get in, in one append or in the next."""
    writer = writer_of(budget_of(shelf_in(tmp_path), mb=1))
    long = [(9, piece, 9, vector(1)) for piece in range(20_000)]

    done = writer.append([*long, *rows([8, 7])])
    more = writer.append([*rows([6]), *[(5, *rest) for _, *rest in long], *rows([4])])

    assert (done.texts, done.too_large, done.refused) == (2, (9,), ())
    assert (more.texts, more.too_large, more.refused) == (2, (5,), ())


def test_segments_that_lost_a_quarter_are_written_anew(tmp_path: Path) -> None:
    """Compaction gives the room of removed texts back; a few removed ones are not worth it."""
    budget = budget_of(shelf_in(tmp_path), mb=1)
    writer = writer_of(budget)
    writer.append(rows(range(3 * FULL, 0, -1)))
    writer.remove({5, *range(FULL + 1, FULL + 1 + FULL // 2), *range(2 * FULL + 1, 2 * FULL + 1 + FULL // 2)})
    left, used = ids_in(writer.shelf), budget.used_bytes()

    went = compact(budget, "fast", lambda: NOW_MS)

    assert went == 2
    assert ids_in(writer.shelf) == left
    assert [one.segment.dead.count for one in opened(writer.shelf).segments] == [0, 1]
    assert used - budget.used_bytes() > 0.9 * SMALLEST
    assert compact(budget, "fast", lambda: NOW_MS) == 0
    assert opened(writer.shelf).scan(vector(left[0]), 1)[0][0] == left[0]


def test_a_segment_without_a_live_row_goes_at_once(tmp_path: Path) -> None:
    """Nobody waits for a compaction to get rid of nothing."""
    writer = writer_in(tmp_path)
    writer.append(rows(range(1, 20)))

    assert writer.remove(range(1, 20)) == 19
    assert files(tmp_path) == {}


def test_a_new_revision_replaces_the_old_one_bit_by_bit(tmp_path: Path) -> None:
    """The old vectors serve until each text has its new one; then their segment goes."""
    shelf = shelf_in(tmp_path)
    newer = replace(RECIPE, model_revision="2")
    writer_of(budget_of(shelf)).append(rows(range(40, 0, -1)))
    writer = writer_of(budget_of(shelf), recipe=newer)

    writer.append(rows(range(40, 20, -1)))
    halfway = opened(shelf)
    writer.append(rows(range(20, 0, -1)))

    assert halfway.ids().tolist() == list(range(1, 41))
    assert halfway.ids(newer).tolist() == list(range(21, 41))
    assert [one.segment.recipe for one in opened(shelf).segments] == [newer]
    assert ids_in(shelf) == list(range(1, 41))


@pytest.mark.parametrize("number", range(1, 10))
def test_a_disk_that_is_full_at_any_write_loses_nothing(tmp_path: Path, number: int) -> None:
    """What was published stays and answers as before, no half file stays, and with room the work is done again."""
    good = writer_of(budget_of(shelf_in(tmp_path), mb=1))
    good.append(rows(range(FULL - 50, 0, -1)))
    good.remove({2})
    volume = FullAt(number)
    bad = writer_of(budget_of(shelf_in(tmp_path, volume), mb=1))

    def work() -> None:
        bad.append(rows([FULL + 1, 7, 6, *range(-1, -100, -1)]))
        bad.remove({4, 5})

    try:
        work()
    except OSError as full:
        assert full.errno == errno.ENOSPC
    tier = opened(good.shelf)
    named = {f"{one.segment.number}.{part}" for one in tier.segments for part in ("rows", "keys")}

    assert volume.writes >= number
    assert tier.skipped == ()
    assert {1, 3, 6, 7, *range(8, FULL - 49)} <= set(ids_in(good.shelf))
    assert tier.scan(vector(1), 1)[0][0] == 1
    assert {path.name for path in Path(good.folder).iterdir() if path.suffix in (".rows", ".keys", ".new")} == named
    mend(good.shelf, "fast")
    work()
    assert set(ids_in(good.shelf)) == {FULL + 1, *range(-99, FULL - 49)} - {0, 2, 4, 5}


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_disk_that_is_full_while_pouring_together_loses_nothing(tmp_path: Path, number: int) -> None:
    """At the rows, the keys and the list: the worn segment stays as it was, and is poured when there is room."""
    good = writer_of(budget_of(shelf_in(tmp_path), mb=1))
    good.append(rows(range(FULL, 0, -1)))
    good.remove(range(1, FULL // 2))
    left, before = ids_in(good.shelf), files(tmp_path)

    with pytest.raises(OSError, match="No space"):
        compact(budget_of(shelf_in(tmp_path, FullAt(number)), mb=1), "fast", lambda: NOW_MS)

    assert files(tmp_path) == before
    assert compact(budget_of(good.shelf, mb=1), "fast", lambda: NOW_MS) == 1
    assert ids_in(good.shelf) == left


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A volume of 1 MB of its own."""
    with small_disk(tmp_path / "small", "1m") as folder:
        yield folder


def test_a_really_full_disk_keeps_what_was_there(small: Path) -> None:
    """The budget is larger than the disk: the write fails, everything before it answers, eviction still works."""
    writer = writer_in(small)
    with pytest.raises(OSError, match="space"):
        for start in range(0, 30_000, 1_000):
            writer.append(rows(range(start + 1, start + 1_001)))
    written = ids_in(writer.shelf)

    assert written
    assert written == list(range(1, len(written) + 1))
    assert opened(writer.shelf).skipped == ()
    (small / "filler").write_bytes(bytes(max(MB - 70_000 - writer.budget.used_bytes(), 0)))
    assert budget_of(writer.shelf, mb=0).enforce()[0].name == "fast/1"
    assert files(small / "derived") == {}


def test_a_data_folder_that_was_deleted_does_not_come_back(tmp_path: Path) -> None:
    """A worker that is still in a batch must not leave a folder where its user has just removed one."""
    data = tmp_path / "data"
    rows_file = data / "derived" / "vectors" / "fast" / "1.rows"

    with pytest.raises(FileNotFoundError, match="the data folder is gone"):
        Volume().extend(str(rows_file), 0, b"x")
    with pytest.raises(FileNotFoundError):
        Volume().replace(str(rows_file), b"x")
    assert not data.exists()

    data.mkdir()
    Volume().extend(str(rows_file), 0, b"x")
    assert rows_file.read_bytes() == b"x"


def test_a_folder_in_place_of_a_vector_file_gives_way(tmp_path: Path) -> None:
    """Else no backfill could ever mend it."""
    tier = tmp_path / "data" / "derived" / "vectors" / "fast"
    for name in ("1.rows", "1.keys", "current"):
        (tier / name / "something").mkdir(parents=True)

    Volume().extend(str(tier / "1.rows"), 0, b"x")
    Volume().replace(str(tier / "current"), b"y")

    assert Volume().remove(str(tier / "1.keys"))
    assert {path.name: path.read_bytes() for path in tier.iterdir()} == {"1.rows": b"x", "current": b"y"}


def test_a_new_file_is_never_written_through_a_link(tmp_path: Path) -> None:
    """What somebody else keeps at its other end stays as it is; one that leads nowhere gives way, too."""
    tier = tmp_path / "data" / "derived" / "vectors" / "fast"
    tier.mkdir(parents=True)
    notes = tmp_path / "notes.txt"
    notes.write_text("mine")
    (tier / "1.rows").symlink_to(notes)
    (tier / "1.keys").symlink_to(tmp_path / "nowhere")

    for name in ("1.rows", "1.keys"):
        Volume().extend(str(tier / name), 0, b"x")

    assert notes.read_text() == "mine"
    assert [(path.name, path.is_symlink(), path.read_bytes()) for path in sorted(tier.iterdir())] == [
        ("1.keys", False, b"x"),
        ("1.rows", False, b"x"),
    ]
