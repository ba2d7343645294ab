"""The index's writer: documents by name, commits that say how far they go, generations beside each other."""

from __future__ import annotations

import json
from pathlib import Path
from threading import Event

import pytest
from tantivy import Query

from cass.disk import try_lock
from cass.document import Document
from cass.errors import SystemRefused
from cass.lexical.opening import Damage
from cass.lexical.reader import open_reader
from cass.lexical.schema import READER_LOCK, VERSION, create_index, current_generation, open_index
from cass.lexical.verify import torn_file
from cass.lexical.writer import LexicalWriter, create_writer, drop_old_generations, open_writer, publish, refused


@pytest.fixture
def root(tmp_path: Path) -> str:
    return str(tmp_path)


def document(doc: int, body: str = "quokka") -> Document:
    return Document(doc, doc, 1, 2, 3, 0, False, 1_000 + doc, ("Bash",), body)


def opened(root: str) -> LexicalWriter:
    writer = open_writer(root)
    assert writer is not None
    return writer


def frequency(root: str, word: str) -> int:
    """How many documents a word finds."""
    current = current_generation(root)
    assert current is not None
    index = open_index(current[0])
    return len(index.searcher().search(Query.term_query(index.schema, "body", word), 10).hits)


def segments(root: str) -> list[int]:
    """How many documents each has, marks among them."""
    current = current_generation(root)
    assert current is not None
    return [each["max_doc"] for each in json.loads(Path(current[0], "meta.json").read_text())["segments"]]


def published(root: str, *docs: int, change: int = 7) -> LexicalWriter:
    writer = create_writer(root)
    for doc in docs:
        writer.add(document(doc))
    writer.commit(change)
    publish(writer)
    return writer


def test_a_commit_is_seen_with_its_change_number(root: str) -> None:
    """Whoever opens the index knows how far it goes."""
    published(root, 1, -2, change=7).close()

    again = opened(root)

    assert (again.change, again.document_count()) == (7, 2)


@pytest.mark.parametrize("reopened", [False, True])
def test_the_mark_of_an_empty_index_keeps_no_segment(root: str, reopened: bool) -> None:
    """Every search would have to open it; with the first documents it goes, and all that they need stays."""
    writer = published(root, change=0)
    if reopened:
        writer.close()
        writer = opened(root)
    assert (writer.change, writer.document_count()) == (0, 0)

    writer.commit(3)
    writer.add(document(1))
    writer.commit(7)
    writer.add(document(2))
    writer.commit(9)
    writer.close()

    again = opened(root)
    assert (again.change, again.document_count()) == (9, 2)
    assert segments(root) == [2, 2]


def test_what_is_waited_for_can_be_given_up(root: str) -> None:
    """A commit, or merges, that last for long: whoever has to go is not held up by them."""
    writer, gate = create_writer(root), Event()

    def leave() -> None:
        raise InterruptedError

    writer.meanwhile = leave
    writer._start(gate.wait)  # as a merge of many segments
    with pytest.raises(InterruptedError):
        writer.settle()
    gate.set()


def test_what_was_not_committed_is_not_there(root: str) -> None:
    """After a kill the index stands at its last commit."""
    writer = published(root, 1)
    writer.add(document(3))
    writer.close()

    assert opened(root).document_count() == 1


@pytest.mark.parametrize("doc", [0, 1, -1, 2**62, -(2**63)])
def test_documents_are_removed_by_name(root: str, doc: int) -> None:
    """Names are 64 bits with a sign; removing what is not there is no error."""
    writer = published(root, doc, 5)

    writer.remove(doc)
    writer.remove(77)
    writer.commit(8)

    assert writer.document_count() == 1


def test_a_document_may_be_removed_and_added_in_one_commit(root: str) -> None:
    """The newer text is the one that is found."""
    writer = published(root, 1)

    writer.remove(1)
    writer.add(document(1, "wombat"))
    writer.commit(8)

    assert (frequency(root, "quokka"), frequency(root, "wombat"), writer.document_count()) == (0, 1, 1)


def test_a_rollback_forgets_additions_and_removals(root: str) -> None:
    """The index is as after its last commit, and can be written on."""
    writer = published(root, 1)
    writer.add(document(2))
    writer.remove(1)

    writer.rollback()
    writer.add(document(3))
    writer.commit(9)

    assert (writer.change, writer.document_count()) == (9, 2)


def test_an_index_is_not_current_before_it_is_published(root: str) -> None:
    """Searches go on with the old generation while the new one is filled."""
    published(root, 1)
    fresh = create_writer(root)
    fresh.add(document(1))
    fresh.add(document(2))
    fresh.commit(9)
    before = current_generation(root)

    publish(fresh)

    assert (before, current_generation(root)) == ((str(Path(root) / "1"), VERSION), (str(Path(root) / "2"), VERSION))


def test_generations_that_are_read_are_not_dropped(root: str) -> None:
    """All others are."""
    for name in ("1", "2", "3"):
        (Path(root) / name).mkdir()
    (Path(root) / "notes").mkdir()
    with try_lock(str(Path(root) / "1" / READER_LOCK), shared=True) or pytest.fail("free"):
        drop_old_generations(root, keep="3")

    assert sorted(path.name for path in Path(root).iterdir()) == ["1", "3", "notes"]


def test_an_index_without_a_commit_is_behind_everything(root: str) -> None:
    """It says so, and is filled anew."""
    (Path(root) / "1").mkdir()
    create_index(str(Path(root) / "1"))
    (Path(root) / "current").write_text(f"1 {VERSION}\n")

    assert opened(root).change == -1


@pytest.mark.parametrize("text", ["", "1", "one 1", "1 2 3", "\0", "-1 1", "1 " + "9" * 99])
def test_a_torn_current_file_names_nothing(root: str, text: str) -> None:
    """Whatever stands there: the index is made anew."""
    published(root, 1).close()
    (Path(root) / "current").write_text(text)

    assert open_writer(root) is None
    assert isinstance(open_reader(root), Damage)


def test_what_the_disk_refuses_is_said_in_words() -> None:
    """tantivy's errors are one sentence for a person: make room, or rebuild."""
    full = refused("/x", ValueError("An IO error occurred: 'No space left on device (os error 28)'"))
    other = refused("/x", ValueError("Failed to open file for write: 'Permission denied'\nat line 7"))

    assert isinstance(full, SystemRefused)
    assert str(full) == "the disk is full (/x). Make room and run: cass index."
    assert other.what == "the lexical index cannot be written: Failed to open file for write: 'Permission denied'"
    assert other.todo == "run: cass index --rebuild"


def test_a_writer_that_dies_on_a_full_disk_is_said_to_have_had_no_room() -> None:
    """tantivy does not say why; making the index again, which needs more room, mends nothing there."""
    died = ValueError(
        "An error occurred in a thread: 'An index writer was killed.. A worker thread encountered an error'"
    )

    full, roomy = refused("/x", died, lambda _: 4096), refused("/x", died, lambda _: 1 << 40)

    assert str(full) == "the disk is full (/x). Make room and run: cass index."
    assert roomy.todo == "run: cass index --rebuild"


def test_what_is_added_beside_a_commit_waits_for_the_next(root: str) -> None:
    """A commit that was started holds what was there; nothing that follows is lost."""
    writer = published(root, 1, change=7)
    writer.add(document(2, "wombat"))
    writer.start_commit(8)
    writer.add(document(3, "numbat"))

    assert (frequency(root, "wombat"), frequency(root, "numbat")) == (1, 0)
    writer.start_commit(9)
    writer.close()
    assert (opened(root).change, frequency(root, "numbat")) == (9, 1)


def test_a_started_commit_that_failed_is_told_later(root: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """By whatever is asked of the writer next, and once."""
    writer = published(root, 1)

    class Full:
        def add_document(self, document: object) -> None:
            raise OSError("No space left on device (os error 28)")

    monkeypatch.setattr(writer, "_writer", Full())
    writer.start_commit(8)

    with pytest.raises(SystemRefused, match="disk is full"):
        writer.document_count()
    assert writer.document_count() == 1


def test_a_folder_in_place_of_a_file_of_the_index_is_no_whole_file(tmp_path: Path):
    (tmp_path / "a.idx").mkdir()

    assert torn_file(str(tmp_path)) == "a.idx"


def test_a_folder_in_place_of_the_list_of_generations_gives_way(root: str) -> None:
    """What is derived may go at any moment; else no new index could ever be published."""
    (Path(root) / "current" / "something").mkdir(parents=True)

    writer = create_writer(root)
    writer.commit(1)
    publish(writer)
    writer.close()

    assert current_generation(root) == (writer.folder, VERSION)


def test_what_is_no_generation_any_more_is_dropped(root: str) -> None:
    """A file with such a name, a folder that may not be entered."""
    (Path(root) / "7").mkdir(parents=True, mode=0)
    (Path(root) / "8").write_text("a file")

    drop_old_generations(root, keep="9")

    assert list(Path(root).iterdir()) == []
