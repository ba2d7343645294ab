"""Ingest with a connector that does what connectors must not: break off, change its file, give ids of others."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cass.connectors.base import Block, Checkpoint, Message, Root, Session, Source, SourceProblem, Surroundings
from cass.disk import make_private_folder
from cass.indexing.discover import Found
from cass.indexing.feed import Feed
from cass.indexing.ingest import FileReport, Ingest
from cass.lexical.writer import create_writer, publish
from cass.paths import places
from cass.store import writable
from cass.store.files import seen_files
from cass.store.writer import Writer
from tests.indexing.invariants import check_invariants, gone, one, opened, present, rows

SECOND_NS = 10**9


class Lines:
    """A connector: a line is a message, `@name` a session, `!what` a problem; `trouble` happens at a line."""

    AGENT = "lines"

    def __init__(self) -> None:
        self.trouble: dict[bytes, Callable[[Source], None]] = {}

    def roots(self, around: Surroundings) -> list[Root]:
        return [Root(around.home)]

    def enters(self, folder: str) -> bool:
        return True

    def claims(self, path: str) -> bool:
        return path.endswith(".lines")

    def read(self, source: Source) -> Iterator[Any]:
        """A checkpoint behind every line; ordinals go on over resumed reads."""
        state = dict(source.resume.state) if source.resume else {"session": None, "next": 0}
        number = source.resume.line if source.resume else 0
        at = source.resume.offset if source.resume else 0
        while line := self._line(source):
            if what := self.trouble.get(line.strip()):
                what(source)
            at, number = at + len(line), number + 1
            if line.startswith(b"!"):
                yield SourceProblem(source.path, number, line.decode().strip())
            else:
                yield from self._items(source, state, line.decode().strip())
            yield Checkpoint(at, number, dict(state))
        yield Checkpoint(at, number, dict(state))

    def _line(self, source: Source) -> bytes:
        line = b""
        while (byte := source.file.read(1)) and byte != b"\n":
            line += byte
        return line + byte

    def _items(self, source: Source, state: dict[str, Any], text: str) -> Iterator[Any]:
        if text.startswith("@"):
            file = f"{source.external_id}." if source.external_id else ""
            state["session"], state["next"] = file + text[1:], 0
        elif text:
            yield Session(state["session"])
            yield Message(state["session"], state["next"], "user", state["next"], (Block("text", text),))
            state["next"] += 1


class Archive:
    """Database and index of one test, with a clock that moves a second whenever it is asked."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.connector = Lines()
        self.seconds = 0.0
        self.tick = 1.0
        self.asked_to_stop = False
        where = places({"HOME": str(folder), "CASS_DATA_DIR": str(folder / "data")})
        self.data = Path(where.data)
        make_private_folder(where.data)
        make_private_folder(where.lexical)
        self.store = Writer(writable.open_writer(where.database), where.database)
        lexical = create_writer(where.lexical)
        lexical.commit(self.store.change)
        publish(lexical)
        self.feed = Feed(self.store, lexical, self.clock)
        around = Surroundings(str(folder), {})
        stop = lambda: self.asked_to_stop  # noqa: E731
        self.ingest = Ingest(self.store, self.feed, around, lambda: 1, self.clock, stop)

    def clock(self) -> float:
        self.seconds += self.tick
        return self.seconds

    def write(self, name: str, *lines: str) -> Path:
        path = self.folder / f"{name}.lines"
        path.write_text("".join(f"{line}\n" for line in lines))
        os.utime(path, ns=(int(self.clock()) * SECOND_NS,) * 2)
        return path

    def read(self, path: Path) -> FileReport:
        info = path.stat()
        found = Found("lines", str(path), info.st_size, info.st_mtime_ns, info.st_ino)
        report = self.ingest.file(self.connector, found, seen_files(self.store).get(str(path)))
        self.ingest.finish()
        self.feed.commit()
        return report

    def begin(self, path: Path) -> None:
        """Read a file into a transaction that goes on."""
        self.tick = 0.0
        info = path.stat()
        found = Found("lines", str(path), info.st_size, info.st_mtime_ns, info.st_ino)
        self.ingest.file(self.connector, found, seen_files(self.store).get(str(path)))
        assert self.store.is_open

    def found(self) -> int:
        """How many documents a search would see."""
        assert self.feed.lexical is not None
        return self.feed.lexical.document_count()

    def texts(self) -> dict[str, list[str]]:
        return {name: [turn[3][0] for turn in turns] for name, turns in present(self.data).items()}


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    archive = Archive(tmp_path)
    yield archive
    check_invariants(archive.data)
    archive.store.connection.close()


def _break(source: Source) -> None:
    raise KeyError("a mistake")


def test_a_reader_that_breaks_off_takes_nothing_away(archive: Archive) -> None:
    """What it did not come to is not known to be gone; what it gave before is stored."""
    path = archive.write("one", "@s", "a", "b", "c")
    archive.read(path)
    archive.connector.trouble = {b"b2": _break}
    archive.write("one", "@s", "z", "b2", "c")

    report = archive.read(path)

    assert [problem.what for problem in report.problems] == ["the reader failed: KeyError: 'a mistake'"]
    assert archive.texts() == {"s": ["z", "b", "c"]}
    assert {name: [turn[3][0] for turn in turns] for name, turns in gone(archive.data).items()} == {"s": ["a"]}


def test_the_disk_fails_while_a_file_is_read(archive: Archive) -> None:
    """One file's problem, and its transaction is undone."""

    def fail(source: Source) -> None:
        raise OSError(5, "Input/output error")

    archive.connector.trouble = {b"b": fail}
    first = archive.read(archive.write("one", "@s", "a", "b", "c"))
    second = archive.read(archive.write("two", "@t", "d"))

    assert (first.outcome, second.outcome) == ("failed", "read")
    assert [problem.what for problem in first.problems] == ["Input/output error"]
    assert archive.texts()["t"] == ["d"]


def test_a_file_that_shrinks_while_it_is_read(archive: Archive) -> None:
    """What was read of it is stored; the next run sees that it is another file."""
    path = archive.write("one", "@s", "a", "b", "c")
    archive.connector.trouble = {b"b": lambda source: os.truncate(source.path, 7)}
    archive.read(path)
    archive.connector.trouble = {}

    archive.read(path)

    assert archive.texts() == {"s": ["a", "b"]}


def test_a_file_that_grows_while_it_is_read(archive: Archive) -> None:
    """The bytes that came later are the next run's."""
    path = archive.write("one", "@s", "a")
    archive.connector.trouble = {b"a": lambda source: _append(source.path, "b\n")}
    first = archive.read(path)
    archive.connector.trouble = {}

    second = archive.read(path)

    assert (first.bytes_read, second.bytes_read) == (5, 2)
    assert archive.texts() == {"s": ["a", "b"]}


def test_a_file_that_vanishes_before_it_is_opened(archive: Archive) -> None:
    """Listed, nothing more."""
    path = archive.write("one", "@s", "a")
    info = path.stat()
    path.unlink()

    report = archive.ingest.file(
        archive.connector, Found("lines", str(path), info.st_size, info.st_mtime_ns, info.st_ino), None
    )

    assert (report.outcome, [bad.what for bad in report.problems]) == ("failed", ["No such file or directory"])


def test_a_file_that_vanishes_while_it_is_read(archive: Archive) -> None:
    """An open file is read to its end."""
    path = archive.write("one", "@s", "a", "b")
    archive.connector.trouble = {b"a": lambda source: os.unlink(source.path)}

    archive.read(path)

    assert archive.texts() == {"s": ["a", "b"]}


def test_stopping_keeps_what_was_read_and_goes_on_from_there(archive: Archive) -> None:
    """A stopped file is committed at its checkpoint; the next run reads the rest, and nothing twice."""
    path = archive.write("one", "@s", "a", "b", "c")

    def stop(source: Source) -> None:
        archive.asked_to_stop = True

    archive.connector.trouble = {b"b": stop}
    first = archive.read(path)
    check_invariants(archive.data)
    stored = archive.texts()
    archive.asked_to_stop = False
    second = archive.read(path)

    assert (first.finished, second.finished) == (False, True)
    assert stored == {"s": ["a", "b"]}
    assert first.bytes_read + second.bytes_read == path.stat().st_size
    assert archive.texts() == {"s": ["a", "b", "c"]}


def test_stopping_at_the_end_stops_nothing(archive: Archive) -> None:
    """The last line was read: nothing is left that a next run could go on with."""
    path = archive.write("one", "@s", "a", "b")

    def stop(source: Source) -> None:
        archive.asked_to_stop = True

    archive.connector.trouble = {b"b": stop}

    assert archive.read(path).finished
    assert archive.texts() == {"s": ["a", "b"]}


def test_an_id_that_turns_out_to_be_taken_after_a_checkpoint(archive: Archive) -> None:
    """The file is read anew under another id, although a part of it was already committed."""
    archive.read(archive.write("one", "@s", "a"))

    archive.read(archive.write("two", "@t", "x", "@s", "y"))

    assert archive.texts()["s"] == ["a"]
    assert sorted(archive.texts().values()) == [["a"], ["x"], ["y"]]


def listed(archive: Archive) -> list[tuple[int, str]]:
    with opened(archive.data) as database:
        return rows(database, "SELECT line, what FROM problems ORDER BY line")


def test_problems_are_listed_once_however_a_file_is_read(archive: Archive) -> None:
    """At every checkpoint, when the file goes on, and when it is read anew without them."""
    path = archive.write("one", "@s", "!first", "a", "!second")
    archive.read(path)
    assert listed(archive) == [(2, "!first"), (4, "!second")]

    _append(str(path), "!third\nb\n")
    archive.read(path)
    assert listed(archive) == [(2, "!first"), (4, "!second"), (5, "!third")]

    archive.write("one", "@s", "mended", "a", "!second")
    archive.read(path)
    assert listed(archive) == [(4, "!second")]


def test_a_file_of_noise_lists_some_and_counts_the_rest(archive: Archive) -> None:
    """A hundred lines say enough."""
    report = archive.read(archive.write("one", "@s", *(f"!{number}" for number in range(150))))

    assert len(report.problems) == 101
    assert report.problems[-1].what == "and 50 more problems"


def test_a_session_that_leaves_its_file(archive: Archive) -> None:
    """Of a file with several sessions one is dropped: its messages are gone, the others are not."""
    path = archive.write("one", "@s", "a", "@t", "b")
    archive.read(path)
    archive.write("one", "@t", "b")

    archive.read(path)

    assert archive.texts() == {"t": ["b"]}
    assert {name: [turn[3][0] for turn in turns] for name, turns in gone(archive.data).items()} == {"s": ["a"]}
    assert one(archive.data, "SELECT messages FROM sessions WHERE external_id='s'") == 0


def test_interrupted_among_the_documents_of_a_transaction(archive: Archive) -> None:
    """Ctrl-C between two documents: none is in the index twice, none is missing."""
    lexical = archive.feed.lexical
    assert lexical is not None
    add, left = lexical.add, [1]

    def interrupted(document: Any) -> None:
        if not left:
            raise KeyboardInterrupt
        left.pop()
        add(document)

    lexical.add = interrupted  # type: ignore[method-assign]
    archive.tick = 0.0
    with pytest.raises(KeyboardInterrupt):
        archive.read(archive.write("one", "@s", "a", "b", "c"))
    lexical.add = add  # type: ignore[method-assign]

    archive.feed.commit()

    assert archive.texts() == {"s": ["a", "b", "c"]}


def test_documents_go_early_and_are_seen_late(archive: Archive) -> None:
    """The index works on a file while the next is read; searches see it when the database is committed."""
    archive.begin(archive.write("one", "@s", "a", "b"))
    archive.begin(archive.write("two", "@t", "c"))
    assert archive.found() == 0

    archive.ingest.finish()
    archive.feed.commit()

    assert archive.found() == 3


def test_a_transaction_undone_after_its_documents_went(archive: Archive) -> None:
    """The disk was full, say: the index forgets them too, and nothing of what comes next."""
    archive.read(archive.write("kept", "@k", "x"))
    undone = archive.write("one", "@s", "a", "b")
    archive.begin(undone)
    archive.ingest.give_up()

    archive.begin(archive.write("two", "@t", "c"))
    archive.ingest.finish()
    archive.feed.commit()
    assert archive.found() == 2
    archive.read(undone)

    assert archive.texts() == {"k": ["x"], "s": ["a", "b"], "t": ["c"]}


def test_ended_before_the_database_was_committed(archive: Archive) -> None:
    """Whole files whose documents went early are kept, and the index is not ahead of them."""
    archive.begin(archive.write("one", "@s", "a", "b"))

    archive.feed.commit()

    assert not archive.store.is_open
    assert archive.texts() == {"s": ["a", "b"]}


def test_a_document_that_went_early_and_changed_in_the_same_transaction(archive: Archive) -> None:
    """What it was leaves the index again."""
    archive.begin(archive.write("one", "@s", "a", "b", "c"))
    archive.begin(archive.write("one", "@s", "a", "bigger", "c"))
    archive.begin(archive.write("two", "@t", "a", "b"))

    archive.ingest.finish()
    archive.feed.commit()

    assert archive.texts() == {"s": ["a", "bigger", "c"], "t": ["a", "b"]}


def _append(path: str, text: str) -> None:
    with open(path, "a", encoding="utf-8") as file:
        file.write(text)
