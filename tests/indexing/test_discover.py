"""What became of a file since it was read, and what counts as a file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from cass.connectors.base import Root, Surroundings
from cass.indexing.discover import (
    APPENDED,
    FINGERPRINT_BYTES,
    TOUCHED,
    UNCHANGED,
    WHOLE,
    Found,
    Survey,
    fingerprint,
    read_at,
    what_changed,
)
from cass.records import replace
from cass.store.files import Seen

SIZE = 10_000
TIME_NS = 1_000_000_000
TEXT = bytes(range(65, 91)) * 400


@pytest.fixture
def file(tmp_path: Path) -> Iterator[int]:
    """An open file of 10,400 bytes."""
    path = tmp_path / "session"
    path.write_bytes(TEXT)
    descriptor = os.open(path, os.O_RDWR)
    yield descriptor
    os.close(descriptor)


def seen(file: int, offset: int = SIZE) -> Seen:
    """As it was read, up to `offset`."""
    head = fingerprint(file, offset)
    return Seen(1, "agent", "/s", None, SIZE, TIME_NS, 7, head, offset, 9, "{}", True, True, False)


FOUND = Found("agent", "/s", SIZE, TIME_NS, 7)


def test_a_file_that_was_never_seen(file: int) -> None:
    """There is nothing to go on from."""
    assert what_changed(None, FOUND, file) == WHOLE


SAME_START = {
    "nothing": ({}, {}, UNCHANGED),
    "longer": ({}, {"size": SIZE + 400, "mtime_ns": 2}, APPENDED),
    "longer, another inode": ({}, {"size": SIZE + 400, "inode": 8}, APPENDED),
    "another inode": ({}, {"inode": 8}, TOUCHED),
    "another time": ({}, {"mtime_ns": 2}, WHOLE),
    "another time and inode": ({}, {"mtime_ns": 2, "inode": 8}, WHOLE),
    "shorter": ({"offset": 5_000}, {"size": 9_000}, WHOLE),
    "shorter than what was read": ({}, {"size": 9_000}, WHOLE),
    "back again": ({"gone": True}, {}, TOUCHED),
    "back, another inode": ({"gone": True}, {"inode": 8}, TOUCHED),
    "back, another time": ({"gone": True}, {"mtime_ns": 2}, WHOLE),
    "back and longer": ({"gone": True}, {"size": SIZE + 400}, APPENDED),
    "reading was interrupted": ({"complete": False}, {}, APPENDED),
    "interrupted, then gone and back": ({"complete": False, "gone": True}, {}, APPENDED),
    "cannot be read on, same": ({"resumable": False, "head": None}, {}, UNCHANGED),
    "cannot be read on, longer": ({"resumable": False, "head": None}, {"size": SIZE + 400}, WHOLE),
    "cannot be read on, interrupted": ({"resumable": False, "head": None, "complete": False}, {}, WHOLE),
}


@pytest.mark.parametrize(("before", "now", "expected"), SAME_START.values(), ids=SAME_START.keys())
def test_what_was_read_still_stands_there(
    file: int, before: dict[str, object], now: dict[str, object], expected: str
) -> None:
    """Size, time and inode decide how much of a file is read."""
    offset = before.get("offset", SIZE)
    assert isinstance(offset, int)

    assert what_changed(replace(seen(file, offset), **before), replace(FOUND, **now), file) == expected


@pytest.mark.parametrize("at", [0, FINGERPRINT_BYTES - 1, SIZE - FINGERPRINT_BYTES, SIZE - 1])
def test_another_beginning_or_end_of_what_was_read(file: int, at: int) -> None:
    """A longer file with other bytes there was written anew."""
    before = seen(file)
    os.lseek(file, at, os.SEEK_SET)
    os.write(file, b"!")

    assert what_changed(before, replace(FOUND, size=SIZE + 400), file) == WHOLE


def test_without_a_look_inside_only_the_same_is_known() -> None:
    """Before it is opened, a file is unchanged, back, or to be looked at."""
    before = Seen(1, "agent", "/s", None, SIZE, TIME_NS, 7, b"x", SIZE, 9, "{}", True, True, False)

    assert what_changed(before, FOUND) == UNCHANGED
    assert what_changed(replace(before, gone=True), FOUND) == TOUCHED
    assert what_changed(before, replace(FOUND, size=SIZE + 1)) == WHOLE


def test_a_fingerprint_reads_at_most_4_kb(file: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Looking whether a file grew costs the same for every size, and moves no position."""
    os.lseek(file, 3, os.SEEK_SET)
    read: list[int] = []
    pread = os.pread

    def counting(descriptor: int, size: int, at: int) -> bytes:
        read.append(size)
        return pread(descriptor, size, at)

    monkeypatch.setattr(os, "pread", counting)

    fingerprint(file, SIZE)

    assert sum(read) <= 4096
    assert os.lseek(file, 0, os.SEEK_CUR) == 3


def test_reading_at_an_offset_where_the_system_cannot(file: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows has no `pread`."""
    monkeypatch.delattr(os, "pread")
    os.lseek(file, 3, os.SEEK_SET)

    assert read_at(file, 26, 3) == b"ABC"
    assert os.lseek(file, 0, os.SEEK_CUR) == 3


class Notes:
    """A connector for *.note below one folder."""

    AGENT = "notes"

    def __init__(self, *roots: Root) -> None:
        self._roots = list(roots)

    def roots(self, around: Surroundings) -> list[Root]:
        return self._roots

    def enters(self, folder: str) -> bool:
        return not folder.endswith("never")

    def claims(self, path: str) -> bool:
        return path.endswith(".note")


def survey(*roots: Root) -> Survey:
    return Survey(Notes(*roots), Surroundings("/", {}))  # type: ignore[arg-type]


def names(found: Survey) -> list[str]:
    return sorted(Path(each.path).name for each in found.files())


def test_folders_are_entered_so_deep_and_no_deeper(tmp_path: Path) -> None:
    """A root says how far below it sessions may lie."""
    for folder in ("", "a", "a/b", "a/b/c", "never"):
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / f"{folder.count('/') if folder else 'top'}{folder[-5:].replace('/', '')}.note").touch()

    assert names(survey(Root(str(tmp_path), depth=2))) == ["0a.note", "1ab.note", "top.note"]


def test_a_file_below_two_roots_is_given_once(tmp_path: Path) -> None:
    """Roots may lie inside each other, and be links to each other."""
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.note").touch()
    (tmp_path / "link").symlink_to(tmp_path / "a")

    roots = (Root(str(tmp_path), 3), Root(str(tmp_path / "a")), Root(str(tmp_path / "link")))

    assert names(survey(*roots)) == ["x.note"]


def test_a_folder_that_is_looked_at_by_two_names_has_its_files_once(tmp_path: Path) -> None:
    """Folders in which somebody worked are looked at by the names that their sessions gave."""
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.note").touch()
    (tmp_path / "link").symlink_to(tmp_path / "a")
    roots = [Root(str(tmp_path / name), watch=False) for name in ("a", "link", "a/x.note", "link/x.note")]

    assert names(survey(*roots)) == ["x.note"]


def test_what_is_missing_is_no_problem(tmp_path: Path) -> None:
    """Most agents are not installed."""
    found = survey(Root(str(tmp_path / "nowhere")), Root(str(tmp_path / "file.note" / "x")))

    assert (names(found), found.problems) == ([], [])


def test_watched_folders_are_noted_with_their_times(tmp_path: Path) -> None:
    """A search looks at them to see whether files came or went."""
    (tmp_path / "a").mkdir()
    watched = survey(Root(str(tmp_path), 1))
    unwatched = survey(Root(str(tmp_path), 1, watch=False))
    names(watched)
    names(unwatched)

    assert watched.folders == {str(path): path.stat().st_mtime_ns for path in (tmp_path, tmp_path / "a")}
    assert unwatched.folders == {}


def test_of_busy_places_only_the_root_is_watched(tmp_path: Path) -> None:
    """Below it files come and go with every word; all of them are found."""
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.note").touch()
    found = survey(Root(str(tmp_path), 1, watch_below=False))

    assert names(found) == ["x.note"]
    assert list(found.folders) == [str(tmp_path)]
