"""What every connector promises, whatever stands in its agent's files: asked of each row of the table.

A new row is tested by itself, with the sample that `tests/connectors/samples` has of it.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from cass.connectors import base
from cass.connectors.base import KINDS, ROLES, Checkpoint, Message, Resume, Session, Source, SourceProblem, Surroundings
from cass.connectors.common import MAX_TEXT_CHARS
from cass.connectors.table import AGENTS, Agent, load
from cass.indexing.counting import CountingFile
from cass.indexing.discover import Found, Survey
from cass.indexing.rules import MARK, Rules
from cass.indexing.run import IndexReport, IndexRequest, Run
from cass.paths import at_once, places
from cass.store.connect import open_reader
from tests.connectors import damage
from tests.connectors.samples import write_sample

Said = Counter[tuple[str, str, str]]

# What datetime, and so every date that is shown, can hold.
FIRST_MS, LAST_MS = -62_135_596_800_000, 253_402_300_799_999

pytestmark = pytest.mark.parametrize("agent", AGENTS, ids=[agent.name for agent in AGENTS])


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def around(agent: Agent, home: Path) -> Surroundings:
    """The agent's sample, written to `home`."""
    return write_sample(agent.name, home)


def files(home: Path) -> list[Path]:
    return sorted(path for path in home.rglob("*") if path.is_file() and not path.is_symlink())


def databases(home: Path) -> list[Path]:
    return [path for path in files(home) if damage.is_sqlite(path.read_bytes())]


def survey(agent: Agent, around: Surroundings) -> Survey:
    """A look for the agent's files; of one that has no places of its own, below the whole home."""
    return Survey(load(agent), around, rules(agent, around).roots)


def rules(agent: Agent, around: Surroundings) -> Rules:
    return Rules(roots=() if load(agent).roots(around) else (f"{agent.name}={around.home}",))


def read_file(agent: Agent, found: Found, around: Surroundings, resume: Resume | None = None) -> list[Any]:
    """All that one file gives, as indexing asks for it; a file that the disk refuses is indexing's to name."""
    descriptor = at_once(found.path, os.O_RDONLY)
    try:
        file = CountingFile(descriptor, resume.offset if resume else 0, found.size)
        source = Source(found.path, file, found.size, found.mtime_ns // 1_000_000, resume, around, None)
        return list(load(agent).read(source))
    finally:
        os.close(descriptor)


def read_all(agent: Agent, around: Surroundings) -> list[Any]:
    """All records of all files that the connector finds; each file's are checked."""
    return [item for found in survey(agent, around).files() for item in checked(read_file(agent, found, around))]


def checked(items: list[Any]) -> list[Any]:
    """The records of one file, if they are what `connectors/base.py` says."""
    known: set[str] = set()
    for item in items:
        assert type(item).__module__ == base.__name__
        if isinstance(item, Session):
            known.add(item.external_id)
        if isinstance(item, Message):
            assert item.session in known
            check_message(item)
    assert isinstance(items[-1], Checkpoint)
    assert json.loads(json.dumps(items[-1].state)) == items[-1].state
    return items


def check_message(message: Message) -> None:
    assert message.role in ROLES
    assert type(message.ordinal) is int
    assert message.ordinal >= 0
    assert message.created_ms is None or (type(message.created_ms) is int and FIRST_MS <= message.created_ms <= LAST_MS)
    for block in message.blocks:
        assert block.kind in KINDS
        assert len(block.text) <= MAX_TEXT_CHARS + 100  # a line says how much was cut
        assert {type(block.text), type(block.is_error), type(block.own)} == {str, bool}
        assert {type(block.tool), type(block.call_id)} <= {str, type(None)}


def said(items: list[Any]) -> Said:
    """How often each (session, role, text) was said."""
    messages = [item for item in items if isinstance(item, Message)]
    return Counter((message.session, message.role, block.text) for message in messages for block in message.blocks)


def words(items: list[Any]) -> Said:
    """As `said`, of tools only that they were there."""
    return Counter(
        (message.session, message.role, block.text if block.kind in ("text", "thinking") else block.kind)
        for message in items
        if isinstance(message, Message)
        for block in message.blocks
    )


def damaged(home: Path, how: damage.Damage) -> Iterator[bytes]:
    """Each file in turn, damaged in each way, with what it was; whole again afterwards."""
    for path in files(home):
        whole = path.read_bytes()
        for data in how(whole):
            path.write_bytes(data)
            yield whole
        path.write_bytes(whole)


def tree(folder: Path) -> dict[str, tuple[int, int, str]]:
    """Every name below a folder, with mode, time and content."""
    return {
        str(path.relative_to(folder)): (
            path.lstat().st_mode,
            path.lstat().st_mtime_ns,
            sha256(path.read_bytes()).hexdigest() if path.is_file() else "",
        )
        for path in folder.rglob("*")
    }


# What is there


def test_a_sample_is_found_and_read(agent: Agent, around: Surroundings) -> None:
    """A prompt and an answer at least, without a problem."""
    items = read_all(agent, around)

    assert {item.role for item in items if isinstance(item, Message)} >= {"user", "assistant"}
    assert [item for item in items if isinstance(item, SourceProblem)] == []


def test_an_empty_home_has_nothing(agent: Agent, home: Path) -> None:
    """Places that do not exist, or that nobody has, are no problem."""
    looked = survey(agent, Surroundings(str(home), {}, (str(home / "gone"),)))

    assert (list(looked.files()), looked.problems, files(home)) == ([], [], [])


def test_empty_files_say_nothing(agent: Agent, home: Path, around: Surroundings) -> None:
    """An agent makes its file before it writes to it."""
    for path in files(home):
        path.write_bytes(b"")

    assert said(read_all(agent, around)) == Counter()


def test_circles_of_links_are_walked_once(agent: Agent, home: Path, around: Surroundings) -> None:
    """A link to a folder above does not give its files again, or for ever."""
    before = [(os.stat(found.path).st_ino, found.size) for found in survey(agent, around).files()]
    for folder in {path.parent for path in files(home)}:
        (folder / "circle").symlink_to(folder)
        (folder / "above").symlink_to(folder.parent)

    found = [(os.stat(found.path).st_ino, found.size) for found in survey(agent, around).files()]

    assert sorted(found) == sorted(before)


def test_a_second_reading_says_the_same(agent: Agent, around: Surroundings) -> None:
    """Ids of sessions and numbers of messages come from what is read, not from when."""
    assert read_all(agent, around) == read_all(agent, around)


# Damage


@pytest.mark.parametrize("how", [damage.cut, damage.not_utf8, damage.other_values, damage.absurd_times])
def test_nothing_escapes(agent: Agent, home: Path, around: Surroundings, how: damage.Damage) -> None:
    """Whatever became of a file: its records are what they should be, times can be shown, and nothing is raised."""
    for _ in damaged(home, how):
        read_all(agent, around)


def test_what_nobody_has_heard_of_hides_nothing(agent: Agent, home: Path, around: Surroundings) -> None:
    """The next version of an agent writes more than this one knows; what goes into a tool may have any form."""
    before = words(read_all(agent, around))

    for _ in damaged(home, damage.unknown_records):
        items = read_all(agent, around)
        assert before - words(items) == Counter()
        assert [item for item in items if isinstance(item, SourceProblem)] == []


def test_a_line_of_ten_megabytes(agent: Agent, home: Path, around: Surroundings) -> None:
    """Its text is cut; in files of lines, those before it are kept."""
    before = said(read_all(agent, around))

    for whole in damaged(home, damage.long_line):
        lost = before - said(read_all(agent, around))
        assert not lost or not damage.is_lines(whole)


def test_a_file_that_grows_is_read_on(agent: Agent, home: Path, around: Surroundings) -> None:
    """Cut anywhere and read on from there: all is said that a reading of the whole file says, nothing twice."""
    for found in survey(agent, around).files():
        whole = Path(found.path).read_bytes()
        if damage.is_sqlite(whole):
            continue
        expected = said(checked(read_file(agent, found, around)))
        for data in damage.cut(whole):
            first = read_file(agent, _cut(found, data), around)
            if not (end := first[-1]).resumable:
                continue
            second = read_file(agent, found, around, Resume(end.offset, end.line, json.loads(json.dumps(end.state))))
            assert _both(first, second) == expected, len(data)


def _cut(found: Found, data: bytes) -> Found:
    return Found(found.agent, found.path, len(data), found.mtime_ns, found.inode)


def _both(first: list[Any], second: list[Any]) -> Said:
    """What two readings say together: a message given again under its number replaces the first."""
    kept: dict[tuple[str, int], Said] = {}
    for item in (*first, *second):
        if isinstance(item, Session) and item.whole:
            kept = {key: texts for key, texts in kept.items() if key[0] != item.external_id}
        if isinstance(item, Message):
            texts = said([item])
            key = (item.session, item.ordinal)
            kept[key] = kept[key] + texts if item.continues and key in kept else texts
    return sum(kept.values(), Counter())


def test_a_locked_database_is_read_or_named(agent: Agent, home: Path, around: Surroundings) -> None:
    """While the agent lets nobody in, nothing hangs, and what is missing is a problem."""
    before = said(read_all(agent, around))
    for path in databases(home):
        holder = damage.locked(path)
        items = read_all(agent, around)
        holder.close()
        assert said(items) == before or any(isinstance(item, SourceProblem) for item in items)


def test_a_database_in_use_is_read_with_its_log(agent: Agent, home: Path, around: Surroundings) -> None:
    """What the agent has not yet moved from its WAL counts, and beside the database nothing comes or goes."""
    before = said(read_all(agent, around))
    for path in databases(home):
        writer = damage.in_use(path)
        names = sorted(os.listdir(path.parent))
        assert said(read_all(agent, around)) == before
        assert sorted(os.listdir(path.parent)) == names
        writer.close()


# From the disk to the archive


def index(agent: Agent, home: Path, around: Surroundings, *exclude: str) -> IndexReport:
    env = {"HOME": str(home), "CASS_DATA_DIR": str(home.parent / "data"), **around.env}
    env |= {"CASS_PROJECT_ROOTS": os.pathsep.join(around.workspaces)}
    request = IndexRequest(Rules(roots=rules(agent, around).roots, exclude=exclude))
    return Run(places(env), str(home), env, request, lambda: 0, lambda: 0.0).run()


def archived(home: Path) -> list[tuple[Any, ...]]:
    connection = open_reader(str(home.parent / "data" / "cass.db"))
    assert connection is not None
    rows = connection.execute(
        "SELECT s.sid, s.title, m.id, m.ordinal, m.role, m.created_ms, m.flags, m.doc FROM messages m"
        " JOIN sessions s ON s.id=m.session ORDER BY m.id"
    ).fetchall()
    connection.close()
    return rows


def test_an_index_stores_it_once(agent: Agent, home: Path, around: Surroundings) -> None:
    """A second run reads nothing and changes nothing."""
    index(agent, home, around)
    before = archived(home)

    again = index(agent, home, around).agents[agent.name]

    assert before
    assert (again.read, again.failed, again.bytes_read) == (0, 0, 0)
    assert archived(home) == before


def test_a_document_that_is_being_written_says_nothing_of_what_is_gone(
    agent: Agent, home: Path, around: Surroundings
) -> None:
    """Cut at its end, in its middle or to nothing, it hides nothing and changes no id; then all is as before."""
    index(agent, home, around)
    before = archived(home)
    for path in files(home):
        whole = path.read_bytes()
        if not damage.is_json(whole):
            continue
        for size in (len(whole.rstrip()) - 1, len(whole) // 2, 0):
            path.write_bytes(whole[:size])
            index(agent, home, around)
            assert [row[2:5] for row in archived(home)] == [row[2:5] for row in before], (path.name, size)
        path.write_bytes(whole)
        index(agent, home, around)

    assert archived(home) == before


def test_nothing_is_written_beside_the_agents_files(agent: Agent, home: Path, around: Surroundings) -> None:
    """What is the agent's stays as it was, to the last name and time."""
    before = tree(home)

    index(agent, home, around)
    index(agent, home, around)

    assert tree(home) == before


def test_a_workspace_is_left_out(agent: Agent, home: Path, around: Surroundings) -> None:
    """However late the reader learns of it."""
    index(agent, home, around, "**")
    folders = {item.workspace for item in read_all(agent, around) if isinstance(item, Session)} - {None}

    connection = open_reader(str(home.parent / "data" / "cass.db"))
    assert connection is not None
    stored = connection.execute("SELECT count(*) FROM sessions WHERE workspace IS NOT NULL").fetchone()
    left_out = connection.execute("SELECT count(*) FROM skipped WHERE workspace IS NOT NULL").fetchone()
    connection.close()

    assert stored == (0,)
    assert (left_out > (0,)) == bool(folders)


def test_a_chat_that_asks_for_it_is_left_out(agent: Agent, home: Path, around: Surroundings) -> None:
    """What the user said last in it was the wish, and nothing of the chat is anywhere in the data folder."""
    items = read_all(agent, around)
    name, text = [(m.session, m.blocks[-1].text) for m in items if isinstance(m, Message) and m.role == "user"][-1]
    said_beside = {text for session, _, text in said(items) if session == name and len(text) > 11}
    said_beside -= {text for session, _, text in said(items) if session != name}
    for path in files(home):
        path.write_bytes(damage.replaced(path.read_bytes(), text, MARK))
    if (name, "user", MARK) not in said(read_all(agent, around)):
        pytest.skip("its texts cannot be replaced from outside")

    index(agent, home, around)
    stored = b"".join(path.read_bytes() for path in (home.parent / "data").rglob("*") if path.is_file())

    assert [text for text in said_beside if text.encode() in stored] == []
