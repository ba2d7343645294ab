"""Whatever happens to a file: the rest answers, the reason is said, and the next backfill makes the lost part again."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cass.records import replace
from cass.semantic.artifacts import Shelf
from cass.semantic.manifest import Damage
from cass.semantic.standing import Standing, standing
from cass.semantic.vector_upkeep import mend
from cass.semantic.vectors import Tier
from tests.semantic.shelves import RECIPE, budget_of, files, ids_in, rows, shelf_in, vector, writer_in, writer_of

# Two segments and a file of dead rows: so many rows of 80 bytes fill the smallest segment.
FULL = 131_072 // 80
ALL = set(range(1, FULL + 101)) - {3, FULL + 50}


def damaged_by(name: str) -> Callable[[Path], None]:
    def truncated(path: Path) -> None:
        os.truncate(path, path.stat().st_size // 2)

    def emptied(path: Path) -> None:
        path.write_bytes(b"")

    def zeroed(path: Path) -> None:
        path.write_bytes(bytes(path.stat().st_size))

    def flipped(path: Path) -> None:
        data = bytearray(path.read_bytes())
        data[len(data) * 2 // 3] ^= 16
        path.write_bytes(data)

    def swapped(path: Path) -> None:
        data = path.read_bytes().replace(b"hash-64", b"hash-65").replace(b"vectors 1", b"vectors 2")
        path.write_bytes(data if path.suffix != ".dead" else data[::-1])

    return {f.__name__: f for f in (truncated, emptied, zeroed, flipped, swapped, Path.unlink)}[name]


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tier of two segments, in each of which a text was removed."""
    folder = tmp_path_factory.mktemp("good")
    budget = budget_of(shelf_in(folder), mb=1)
    writer_of(budget).append(rows(range(FULL + 100, 0, -1)))
    writer_of(budget).remove({3, FULL + 50})
    return folder


@pytest.mark.parametrize("how", ["truncated", "emptied", "zeroed", "flipped", "swapped", "unlink"])
@pytest.mark.parametrize("name", ["current", "1.rows", "1.keys", "1.1.dead", "2.rows", "2.keys", "2.1.dead"])
def test_a_damaged_file_costs_its_segment_and_no_more(good: Path, tmp_path: Path, name: str, how: str) -> None:
    """The others answer rightly, a reason is there, and mending leaves a tier to which the rest can be added again."""
    shutil.copytree(good, tmp_path, dirs_exist_ok=True)
    shelf = shelf_in(tmp_path)
    damaged_by(how)(Path(shelf.folder("fast")) / name)

    before = Tier.open(shelf.vectors, "fast")
    left = ids_in(shelf)
    dropped = mend(shelf, "fast")
    mended = Tier.open(shelf.vectors, "fast")

    if name == "current":
        assert before is None or isinstance(before, Damage)
        assert (left, mended) == ([], None)
    else:
        assert isinstance(before, Tier) and isinstance(mended, Tier)
        assert len(before.skipped) == 1
        assert before.skipped[0].startswith(name)
        assert [one.reason for one in dropped] == list(before.skipped)
        assert (mended.skipped, mended.ids().tolist()) == ((), left)
        assert {text for text, _, _ in before.scan(vector(5), k=9_999)} == set(left)
    owed = sorted(ALL - set(left), reverse=True)
    assert len(owed) > 0
    writer_of(budget_of(shelf, mb=1)).append(rows(owed))
    assert set(ids_in(shelf)) == ALL


def test_a_copied_folder_is_read_whole_and_serves(good: Path, tmp_path: Path) -> None:
    """Times that changed without the bytes are no damage; mending writes the new times down."""
    shutil.copytree(good, tmp_path, dirs_exist_ok=True, copy_function=shutil.copyfile)
    shelf = shelf_in(tmp_path)

    assert set(ids_in(shelf)) == ALL
    assert mend(shelf, "fast") == ()
    manifest = Tier.open(shelf.vectors, "fast").manifest  # type: ignore[union-attr]
    assert manifest.segments[0].rows_stamp == (tmp_path / "derived/vectors/fast/1.rows").stat().st_mtime_ns


def test_a_copied_folder_is_read_whole_once(good: Path, tmp_path: Path) -> None:
    """Whoever has read it gives each file the time that its list says, so that the next one need not; also without
    mapping it.  What changes afterwards shows as ever.
    """
    shutil.copytree(good, tmp_path, dirs_exist_ok=True, copy_function=shutil.copyfile)
    shelf = shelf_in(tmp_path)
    path = tmp_path / "derived/vectors/fast/2.keys"

    found = standing(shelf.vectors, "fast")
    dated = stamps(shelf)
    os.utime(path)
    ids_in(shelf)
    again = stamps(shelf)
    damaged_by("flipped")(path)
    torn = [standing(shelf.vectors, "fast") for _ in range(2)]

    assert isinstance(found, Standing)
    assert found.skipped == ()
    assert dated == again == [(one.rows_stamp, one.keys_stamp) for one in found.manifest.segments]
    assert [one.skipped for one in torn if isinstance(one, Standing)] == [("2.keys has changed bytes",)] * 2


def test_a_file_that_is_written_to_keeps_its_time(good: Path, tmp_path: Path) -> None:
    """What lies behind the published bytes is a writer's who is at work, and dates the file itself."""
    shutil.copytree(good, tmp_path, dirs_exist_ok=True)
    shelf = shelf_in(tmp_path)
    with open(tmp_path / "derived/vectors/fast/1.rows", "ab") as file:
        file.write(b"more")
    before = stamps(shelf)

    assert set(ids_in(shelf)) == ALL
    assert stamps(shelf) == before


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can become somebody else")
def test_files_of_somebody_else_are_read_and_left_alone(good: Path, tmp_path: Path) -> None:
    """They are told as they are, though their time stays as it is."""
    path = tmp_path / "1.rows"
    shutil.copyfile(good / "derived/vectors/fast/1.rows", path)
    was = path.stat().st_mtime_ns
    code = (
        "import os, sys, zlib; from cass.semantic.rereading import is_as_written;"
        "path = sys.argv[1]; data = open(path, 'rb').read(); fd = os.open(path, os.O_RDONLY);"
        "os.seteuid(65534);"
        "print([is_as_written(path, fd, (0, len(data)), zlib.crc32(data) ^ bit, 5) for bit in (0, 1)])"
    )

    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=False)

    assert (done.stdout, done.stderr) == ("[True, False]\n", "")
    assert path.stat().st_mtime_ns == was


def stamps(shelf: Shelf) -> list[tuple[int, int]]:
    """The times of the files of both segments, as they are now."""
    times = [
        [Path(shelf.folder("fast"), f"{n}.{part}").stat().st_mtime_ns for part in ("rows", "keys")] for n in (1, 2)
    ]
    return [(rows, keys) for rows, keys in times]


def test_a_byte_that_changes_in_silence_is_found_when_all_is_read(good: Path, tmp_path: Path) -> None:
    """A failing disk does not touch the file's time: the full check, which doctor asks for, reads every byte."""
    shutil.copytree(good, tmp_path, dirs_exist_ok=True)
    shelf = shelf_in(tmp_path)
    path = tmp_path / "derived/vectors/fast/1.rows"
    was = path.stat()
    damaged_by("flipped")(path)
    os.utime(path, ns=(was.st_atime_ns, was.st_mtime_ns))

    assert mend(shelf, "fast") == ()
    assert [one.reason for one in mend(shelf, "fast", full=True)] == ["1.rows has changed bytes"]


def test_what_a_kill_left_behind_is_swept_up(tmp_path: Path) -> None:
    """Files that no list names go when the next writer comes."""
    writer = writer_in(tmp_path)
    writer.append(rows(range(1, 20)))
    before = files(tmp_path)
    (Path(writer.folder) / "7.rows").write_bytes(b"half a segment")
    (Path(writer.folder) / "current.123.new").write_bytes(b"half a list")

    mend(writer.shelf, "fast")

    assert files(tmp_path) == before


def test_a_name_that_cannot_stand_in_the_list_is_refused(tmp_path: Path) -> None:
    """Nothing is written that could not be read again."""
    writer = writer_of(budget_of(shelf_in(tmp_path)), recipe=replace(RECIPE, model_revision="a\tb"))

    with pytest.raises(ValueError, match="cannot name"):
        writer.append(rows([1]))
    assert ids_in(writer.shelf) == []
