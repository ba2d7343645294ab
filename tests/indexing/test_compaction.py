"""The index laid together: the same answers from one segment, whoever reads, writes or forgets meanwhile."""

from __future__ import annotations

import math
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cass.disk import try_lock
from cass.errors import Busy, SystemRefused
from cass.indexing import compaction
from cass.indexing.compaction import (
    AGAIN_MS,
    FEW_SEGMENTS,
    MERGED_TOGETHER,
    MOST_IN_A_PART,
    Compacted,
    compact,
    drop_remains,
    part_size,
    segment_sizes,
    would_pay,
)
from cass.lexical import writer as lexical_writer
from cass.lexical.schema import READER_LOCK, current_generation
from cass.lexical.writer import LexicalWriter
from cass.store.forgetting import Selection
from tests.archive import REPO, Home, make_home
from tests.indexing.invariants import check_invariants
from tests.indexing.test_forget import SECRET, forgotten, sid
from tests.remains import remains

RUNS = FEW_SEGMENTS + 2
# It looks before the first document, at each one, and when all are written.
FIRST, AMONG, LAST = 1, RUNS, 2 * RUNS + 2


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An index of a segment for each of a few runs."""
    home = make_home(tmp_path)
    for number in range(RUNS):
        home.claude(f"run{number}", f"where is wombat{number}", SECRET if number == 2 else f"in zoo {number}")
        home.index()
    return home


def folder(home: Home) -> str:
    current = current_generation(home.places.lexical)
    assert current is not None
    return current[0]


def generations(home: Home) -> list[str]:
    return sorted(name for name in os.listdir(home.places.lexical) if name.isdigit())


def laid(home: Home, meanwhile: Callable[[], bool] = lambda: False) -> Compacted | None:
    """Lay it together; `meanwhile` happens whenever it is asked whether to stop, and says so."""
    seconds = iter(range(1_000_000))
    return compact(home.places, lambda: float(next(seconds)), meanwhile)


def once(do: Callable[[], object], at: int) -> Callable[[], bool]:
    """Do it the `at`th time that it is asked."""
    asked = 0

    def ask() -> bool:
        nonlocal asked
        asked += 1
        if asked == at:
            do()
        return False

    return ask


def found(home: Home) -> list[tuple[int, int]]:
    return [(home.search(word).total, len(home.search(word).hits)) for word in ("wombat3", "zoo", "where", SECRET)]


def test_the_same_is_found_in_one_segment(home: Home):
    """Nothing is lost, nothing is there twice, and the old generation is gone."""
    before = found(home)
    assert len(segment_sizes(folder(home))) == RUNS

    done = laid(home)

    assert done is not None
    assert (done.before, done.after) == (RUNS, 1)
    assert len(segment_sizes(folder(home))) == 1
    assert generations(home) == [os.path.basename(folder(home))]
    assert found(home) == before
    check_invariants(home.data)


def test_it_pays_only_where_much_stands_beside_the_largest(home: Home):
    """A few new segments beside a large one are left as they are; and so is an index that was just made."""

    def pays(free_bytes: int | None = None) -> bool:
        return would_pay(home.places, home.now_ms, free_bytes)

    assert pays()
    assert not pays(free_bytes=100)
    laid(home)
    assert not pays()
    home.claude("large", *[f"numbat {number}" for number in range(200)])
    home.index()
    for number in range(FEW_SEGMENTS):
        home.claude(f"small{number}", f"quokka {number}")
        home.index()
    assert len(segment_sizes(folder(home))) > FEW_SEGMENTS
    assert not pays()


def test_what_could_not_be_laid_together_is_left_for_a_while(home: Home):
    """Else it would be tried for ever."""
    laid(home)
    made_ms = os.stat(os.path.join(folder(home), "compacted")).st_mtime * 1000
    for number in range(FEW_SEGMENTS + 1):
        home.claude(
            f"more{number}", *[f"quokka {number} {at}" for at in range(10)], start_ms=1_700_000_000_000 + number
        )
        home.index()
    assert len(segment_sizes(folder(home))) > FEW_SEGMENTS

    assert not would_pay(home.places, int(made_ms), None)
    assert would_pay(home.places, int(made_ms) + AGAIN_MS + 1, None)


@pytest.mark.parametrize("at", [FIRST, AMONG, LAST])
def test_who_reads_new_lines_meanwhile_need_not_wait(home: Home, at: int):
    """The lock is free; what is read is in the new generation, too."""

    def read() -> None:
        home.append("run1", "where is the bandicoot")
        home.index()

    assert laid(home, once(read, at)) is not None

    assert home.search("bandicoot").total == 1
    assert home.search("bandicoot").answered_by == ("lexical",)
    assert home.search("zoo").total == RUNS - 1
    check_invariants(home.data)


@pytest.mark.parametrize("at", [FIRST, AMONG, LAST])
def test_it_stops_when_it_is_asked_to(home: Home, at: int):
    """Nothing is changed, and nothing is left behind."""
    before = folder(home)
    asked = iter(range(1, 100))

    assert laid(home, lambda: next(asked) == at) is None

    assert folder(home) == before
    assert generations(home) == [os.path.basename(before)]


def test_it_looks_while_it_waits_for_the_lock(home: Home):
    """Whoever indexes for long is waited for, and who comes back meanwhile is heard."""
    held, asked = try_lock(home.places.index_lock), 0
    assert held is not None
    held.release()

    def ask() -> bool:
        nonlocal held, asked
        asked += 1
        if asked == LAST:
            held = try_lock(home.places.index_lock)
        if asked == LAST + 10 and held is not None:
            held.release()
        return False

    assert laid(home, ask) is not None
    assert asked >= LAST + 10


def test_it_does_not_begin_while_somebody_indexes(home: Home):
    """Both would make a generation, and one take that of the other for a remainder."""
    with try_lock(home.places.index_lock), pytest.raises(Busy):  # type: ignore[union-attr]
        laid(home)


def test_much_that_is_read_meanwhile_is_not_caught_up(home: Home, monkeypatch: pytest.MonkeyPatch):
    """Others would wait for the lock; it is tried again later."""
    monkeypatch.setattr(compaction, "MOST_CAUGHT_UP", 2)
    before = folder(home)

    def read() -> None:
        home.claude("much", *[f"numbat {number}" for number in range(5)])
        home.index()

    assert laid(home, once(read, LAST)) is None

    assert generations(home) == [os.path.basename(before)]
    assert home.search("numbat").total == 5


def test_the_new_generation_can_be_held_from_its_first_moment(home: Home, monkeypatch: pytest.MonkeyPatch):
    """Else a search that stays open would not keep it from being deleted later."""
    free: list[bool] = []
    publish = lexical_writer.publish

    def watched(writer: LexicalWriter) -> None:
        lock = try_lock(os.path.join(writer.folder, READER_LOCK), shared=True)
        free.append(lock is not None)
        if lock is not None:
            lock.release()
        publish(writer)

    monkeypatch.setattr(lexical_writer, "publish", watched)
    assert laid(home) is not None

    assert free == [True]


def test_what_a_disk_refuses_is_told_and_not_tried_again_at_once(home: Home):
    """Else every search would start a worker for it."""

    def refuse() -> None:
        raise SystemRefused("the disk is full", str(home.data), "make room")

    assert would_pay(home.places, home.now_ms, None)
    with pytest.raises(SystemRefused):
        laid(home, once(refuse, AMONG))

    assert generations(home) == [os.path.basename(folder(home))]
    made_ms = int(os.stat(os.path.join(folder(home), "compacted")).st_mtime * 1000)
    assert not would_pay(home.places, made_ms, None)
    assert would_pay(home.places, made_ms + AGAIN_MS + 1, None)


def test_a_full_disk_is_written_down_when_there_is_room(home: Home, monkeypatch: pytest.MonkeyPatch):
    """After what was made is deleted: before, there is no room for that either."""
    stood: list[list[str]] = []
    monkeypatch.setattr(compaction, "_mark", lambda into, documents: stood.append(generations(home)))

    def refuse() -> None:
        raise SystemRefused("the disk is full", str(home.data), "make room")

    with pytest.raises(SystemRefused):
        laid(home, once(refuse, AMONG))

    assert stood == [["1"]]


def test_what_stays_in_many_segments_is_tried_again_when_it_has_grown_by_half(home: Home):
    """However long ago that was: it would come out as it is."""
    mark = Path(folder(home), "compacted")
    later_ms = home.now_ms + 10 * AGAIN_MS
    documents = sum(segment_sizes(folder(home)))

    for number, pays in ((documents, False), (documents * 2 // 3 + 1, False), (documents * 2 // 3, True)):
        mark.write_text(f"{number}\n")
        os.utime(mark, (home.now_ms / 1000, home.now_ms / 1000))
        assert would_pay(home.places, later_ms, None) is pays


def test_remains_go(home: Home):
    """What a kill left, or somebody read when it was replaced; not while somebody indexes, nor while it is read."""
    remainder = Path(home.places.lexical, "7")
    remainder.mkdir()
    with try_lock(home.places.index_lock), pytest.raises(Busy):  # type: ignore[union-attr]
        drop_remains(home.places)
    with try_lock(str(remainder / READER_LOCK), shared=True):  # type: ignore[union-attr]
        drop_remains(home.places)
    assert remainder.is_dir()

    drop_remains(home.places)

    assert generations(home) == [os.path.basename(folder(home))]
    assert home.search("zoo").total == RUNS - 1


@pytest.mark.parametrize("at", [AMONG, LAST])
def test_what_is_forgotten_meanwhile_does_not_come_back(home: Home, at: int):
    """What was filled before knows the words still: it is thrown away."""
    wanted = sid(home, "run2")

    def forget() -> None:
        from cass.indexing import forget as forgetting

        forgetting.write_wish(home.places, Selection(sessions=(wanted,)), home.now_ms)

    assert laid(home, once(forget, at)) is None
    forgotten(home, sessions=(wanted,))

    assert remains(home, SECRET) == []
    assert home.search("zoo").total == RUNS - 1


def test_what_was_forgotten_to_the_end_meanwhile_does_not_come_back(home: Home):
    """From the database, between two looks: told by what it keeps of it."""
    wanted = sid(home, "run2")

    def forget() -> None:
        from cass.indexing import forget as forgetting

        forgetting.write_wish(home.places, Selection(sessions=(wanted,)), home.now_ms)
        forgetting.take_from_database(home.places, lambda: 0.0)
        os.unlink(home.data / forgetting.MARK)

    assert laid(home, once(forget, LAST)) is None

    assert generations(home) == [os.path.basename(folder(home))]


def test_another_process_that_makes_the_index_anew_wins(home: Home):
    """`cass index --rebuild` meanwhile: theirs stays."""
    assert laid(home, once(lambda: home.index(rebuild=True), LAST)) is None

    assert generations(home) == [os.path.basename(folder(home))]
    assert home.search("zoo").total == RUNS - 1


@pytest.mark.parametrize("at", [AMONG, LAST])
def test_a_new_generation_that_is_destroyed_meanwhile_is_given_up(home: Home, at: int):
    """Whatever was deleted, the old one answers."""
    before = folder(home)

    def destroy() -> None:
        for name in generations(home):
            if name != os.path.basename(before):
                shutil.rmtree(os.path.join(home.places.lexical, name))

    laid(home, once(destroy, at))

    assert folder(home) == before
    assert generations(home) == [os.path.basename(before)]
    assert home.search("zoo").total == RUNS - 1


def test_a_missing_index_is_not_its_to_make(home: Home):
    """`cass index` makes it."""
    shutil.rmtree(home.places.lexical)

    assert not would_pay(home.places, home.now_ms, None)
    assert laid(home) is None
    assert not os.path.exists(home.places.lexical)


def test_a_kill_leaves_nothing_that_stays(home: Home):
    """What it had begun goes with the next run; until then the old generation answers."""
    code = (
        "import os, signal, sys\n"
        "from cass.indexing.compaction import compact\n"
        "from cass.paths import places\n"
        "asked = iter(range(100))\n"
        "stop = lambda: next(asked) == 3 and os.kill(os.getpid(), signal.SIGKILL)\n"
        "seconds = iter(range(100))\n"
        "compact(places(dict(os.environ)), lambda: next(seconds), stop)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], env={**home.env, "PYTHONPATH": str(REPO)}, check=False)
    assert done.returncode == -signal.SIGKILL
    assert len(generations(home)) == 2
    assert home.search("zoo").total == RUNS - 1

    home.index()

    assert generations(home) == [os.path.basename(folder(home))]
    assert home.search("zoo").total == RUNS - 1


def merged(segments: list[int]) -> list[int]:
    """After one commit, as tantivy's policy merges: eight that are together within a level, however small they are."""
    levels: list[list[int]] = []
    top = math.inf
    for size in sorted(segments, reverse=True):
        if math.log2(max(10_000, size)) < top - 0.75:
            top = math.log2(max(10_000, size))
            levels.append([])
        levels[-1].append(size)
    again = any(len(level) >= MERGED_TOGETHER for level in levels)
    found = [one for level in levels for one in ([sum(level)] if len(level) >= MERGED_TOGETHER else level)]
    return merged(found) if again else found


@given(st.integers(1, 1_000_000), st.integers(0, 1 << 36))
@example(1_000_000, 3_000_000_000)
@example(100_000, 300_000_000)
@example(50_000, 600_000_000)
def test_parts_merge_into_few(documents: int, size_bytes: int):
    """However long texts are; into one where they are short."""
    part = part_size(documents, size_bytes)
    segments: list[int] = []
    for start in range(0, documents, part):
        segments = merged([*segments, min(part, documents - start)])

    assert part <= MOST_IN_A_PART
    assert len(segments) <= (1 if size_bytes < 600 * documents else FEW_SEGMENTS)
