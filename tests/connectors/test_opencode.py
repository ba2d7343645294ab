"""OpenCode's sessions: from its database, from the files it had before, from the old program's databases."""

from __future__ import annotations

import json
import os
import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from cass.connectors import kilo_code, opencode
from cass.connectors.base import TITLE_GENERATED, TITLE_PROMPT, Block, Message, Session, SourceProblem, Surroundings
from cass.indexing.discover import Survey
from tests.archive import make_home
from tests.connectors import crush_files
from tests.connectors.databases_made import change, database, read_file, resumed
from tests.connectors.opencode_made import SCHEMA, START_MS, Row, message, session, text, thought, tool, write_files
from tests.connectors.reading import messages, problems
from tests.connectors.reading import session as known
from tests.corpus import corpus_home
from tests.indexing.invariants import opened, present, rows

LATER_MS = 9_000_000_000_000
STORY = [
    session("ses_1", "Where quokkas live"),
    *message(1, "ses_1", "user", text("find it"), text("You are in plan mode", synthetic=True)),
    *message(2, "ses_1", "assistant", thought("Look."), text("I look."), tool("c1", "bash", "q.txt", command="ls"),
             tool("c2", "read", None, "no such zoo", filePath="/w")),
]  # fmt: skip


@pytest.fixture(params=["database", "files", "first files"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The story as each generation kept it."""
    if request.param == "database":
        return database(tmp_path / "opencode.db", SCHEMA, STORY)
    is_old = request.param == "first files"
    write_files(tmp_path / "storage", STORY, is_old)
    return tmp_path / "storage" / "session" / ("info" if is_old else "global") / "ses_1.json"


def stored(folder: Path, *rows: Row) -> list[Any]:
    """These rows, read from a database."""
    return read_file(opencode, database(folder / "opencode.db", SCHEMA, rows), later_ms=LATER_MS)


def test_every_generation_gives_the_same(path: Path) -> None:
    """An answer is one message and what each tool answered another; what OpenCode added to a prompt is not said."""
    items = read_file(opencode, path)

    assert messages(items) == [
        Message("ses_1", 0, "user", START_MS + 1000, (Block("text", "find it"),)),
        Message("ses_1", 1, "assistant", START_MS + 2000, (
            Block("thinking", "Look."), Block("text", "I look."), Block("tool_call", "ls", "bash", "c1"),
            Block("tool_call", "filePath: /w", "read", "c2"))),
        Message("ses_1", 2, "tool", 1000, (Block("tool_result", "q.txt", "bash", "c1"),)),
        Message("ses_1", 3, "tool", 1000, (Block("tool_result", "no such zoo", "read", "c2", True),)),
    ]  # fmt: skip
    assert known(items) == Session("ses_1", None, "Where quokkas live", TITLE_GENERATED, "/w/zoo",
                                   model="sonnet", whole=True)  # fmt: skip


def test_a_session_without_a_name_is_called_by_its_first_prompt(tmp_path: Path) -> None:
    """Its time is no name."""
    rows = [session("ses_1", "New session - 2026-01-02T03:04:05Z"), *message(1, "ses_1", "user", text("Feed them"))]
    items = stored(tmp_path, *rows)

    assert (known(items).title, known(items).title_rank) == ("Feed them", TITLE_PROMPT)


def test_a_sub_agent_is_its_callers_child(tmp_path: Path) -> None:
    """It has a session of its own."""
    items = stored(tmp_path, session("ses_2", "Look there", "ses_1"), *message(1, "ses_2", "user", text("look")))

    assert known(items).parent_external_id == "ses_1"


def test_what_was_taken_back_stands_on_a_branch_that_was_left(tmp_path: Path) -> None:
    """From the message on to which the session was reverted."""
    rows = [session("ses_1", "Zoo", revert=json.dumps({"messageID": "msg_002"}))]
    for at in (1, 2, 3):
        rows += message(at, "ses_1", "user", text(f"prompt {at}"))

    assert [m.off_path for m in messages(stored(tmp_path, *rows))] == [False, True, True]


def test_a_summary_an_edit_and_a_picture(tmp_path: Path) -> None:
    """A summary repeats; an edit says its diff; a picture is not its bytes."""
    edit = tool("c1", "edit", "", filePath="a")
    edit["state"]["metadata"] = {"diff": "+quokka"}
    picture = {"type": "file", "mime": "image/png", "url": "data:image/png;base64,AA=="}
    rows = [session("ses_1", "Zoo"), *message(1, "ses_1", "user", picture),
            *message(2, "ses_1", "assistant", text("So far."), summary=True),
            *message(3, "ses_1", "assistant", edit)]  # fmt: skip

    assert [(m.role, m.blocks[0].kind, m.blocks[0].text) for m in messages(stored(tmp_path, *rows))] == [
        ("user", "image", "[image]"), ("summary", "text", "So far."), ("assistant", "tool_call", "filePath: a"),
        ("tool", "tool_result", "+quokka")]  # fmt: skip


def test_an_answer_that_is_being_written_is_read_again(tmp_path: Path) -> None:
    """Parts that are streamed into it change no stamp."""
    rows = [session("ses_1", "Zoo"), *message(1, "ses_1", "assistant", text("I"), open=True)]
    first = stored(tmp_path, *rows)
    change(tmp_path / "opencode.db", *message(1, "ses_1", "assistant", text("I look."), open=True))

    again = read_file(opencode, tmp_path / "opencode.db", resumed(first), later_ms=LATER_MS)

    assert [m.blocks[0].text for m in messages(again)] == ["I look."]


def test_tokens_of_accounts_are_never_read(tmp_path: Path) -> None:
    """Only tables of sessions are asked."""
    path = database(tmp_path / "opencode.db", SCHEMA, [*STORY, ("account", {"id": "a", "access_token": "secret"})])

    assert "secret" not in str(read_file(opencode, path))


def test_the_old_programs_databases_lie_in_projects(tmp_path: Path) -> None:
    """They have the form of Crush's, which comes from it."""
    rows = [crush_files.session("s1", "Numbats"), crush_files.message(1, "s1", "user", crush_files.prompt("find it"))]
    path = database(tmp_path / "zoo" / ".opencode" / "opencode.db", crush_files.SCHEMA, rows)

    items = read_file(opencode, path)

    assert known(items) == Session("s1", None, "Numbats", TITLE_GENERATED, str(tmp_path / "zoo"), whole=True)


def test_the_first_form_of_all_had_no_parts(tmp_path: Path) -> None:
    """A message was a text, a session a number."""
    schema = """CREATE TABLE sessions(id INTEGER PRIMARY KEY, title TEXT, created_at INTEGER);
        CREATE TABLE messages(id INTEGER PRIMARY KEY, session_id INTEGER, role TEXT, content TEXT, created_at)"""
    rows: list[Row] = [("sessions", {"id": 1, "title": "Zoo"})]
    rows += [("messages", {"session_id": 1, "role": "user", "content": "hi", "created_at": START_MS})]

    items = read_file(opencode, database(tmp_path / "opencode.db", schema, rows))

    assert messages(items) == [Message("1", 0, "user", START_MS, (Block("text", "hi"),))]


def test_what_the_database_has_taken_over_is_not_read_from_files(tmp_path: Path) -> None:
    """Each session counts once, and those that it has not are read."""
    home = make_home(tmp_path)
    data = home.home / ".local" / "share" / "opencode"
    second = [session("ses_2", "Wombats"), *message(5, "ses_2", "user", text("and wombats?"))]
    write_files(data / "storage", [*STORY, *second])
    home.index()
    before = present(home.data)
    database(data / "opencode.db", SCHEMA, STORY)

    report = home.index()

    assert (report.agents["opencode"].seen, present(home.data)) == (2, before)
    assert list(before) == ["ses_1", "ses_2"]


def test_the_end_of_an_answer_is_noticed_beside_the_sessions_file(tmp_path: Path) -> None:
    """Only the message's own file changes then."""
    home = make_home(tmp_path)
    storage = home.home / ".local" / "share" / "opencode" / "storage"
    write_files(storage, [session("ses_1", "Zoo"), *message(1, "ses_1", "assistant", text("I"), open=True)])
    home.index()
    write_files(storage, message(1, "ses_1", "assistant", text("I look.")))

    assert home.index().agents["opencode"].read == 1
    assert present(home.data)["ses_1"][0][3] == ("I look.",)
    assert home.index().agents["opencode"].bytes_read == 0


def test_another_title_alone_is_noticed(tmp_path: Path) -> None:
    """A sub-agent's session remains its parent's, and is not told a second time."""
    home = make_home(tmp_path)
    storage = home.home / ".local" / "share" / "opencode" / "storage"
    write_files(storage, [session("ses_2", "Zoo", "ses_1"), *message(1, "ses_2", "user", text("hi"))])
    home.index()
    write_files(storage, [session("ses_2", "Where quokkas live", "ses_1")])

    assert home.index().problems == ()
    with opened(home.data) as stored:
        assert rows(stored, "SELECT external_id, title, messages FROM sessions WHERE parent IS NOT NULL") == [
            ("ses_2", "Where quokkas live", 1)
        ]
        assert rows(stored, "SELECT count(*) FROM sessions WHERE external_id='ses_2'") == [(1,)]


def test_a_damaged_part_is_named_and_costs_only_itself(tmp_path: Path) -> None:
    """The rest of the session is read."""
    write_files(tmp_path / "storage", STORY)
    broken = tmp_path / "storage" / "part" / "msg_002" / "prt_0020.json"
    broken.write_text('{"type": "text", "te')

    items = read_file(opencode, tmp_path / "storage" / "session" / "global" / "ses_1.json")

    assert [(p.path, p.what[:8]) for p in problems(items)] == [(str(broken), "not JSON")]
    assert len(messages(items)) == 4


def test_only_its_own_folders_are_walked(tmp_path: Path) -> None:
    """Its copies of repositories may be large."""
    data = tmp_path / ".local" / "share" / "opencode"
    write_files(data / "storage", STORY)
    old = [session("ses_9", "Old"), *message(1, "ses_9", "user", text("x"))]
    write_files(data / "project" / "w-zoo" / "storage", old, old=True)
    for name in (
        "opencode.db",
        "opencode-dev.db",
        "opencode-v2.db",
        "opencode-feat-x.db",
        "opencode-backup.db",
        "opencode-dev-bak2.db",
        "opencode-2.db",
        "auth.json",
        "snapshot/x/ses_5.json",
    ):
        (data / name).parent.mkdir(parents=True, exist_ok=True)
        (data / name).touch()

    survey = Survey(opencode, Surroundings(str(tmp_path), {}))

    assert sorted(os.path.basename(found.path) for found in survey.files()) == [
        "opencode-dev.db", "opencode-feat-x.db", "opencode-v2.db", "opencode.db",
        "ses_1.json", "ses_9.json"]  # fmt: skip
    assert not [folder for folder in survey.folders if "snapshot" in folder]


# Real sessions


def test_real_sessions_agree_with_a_count_of_their_files() -> None:
    """Sessions, messages, roles, first and last time: counted from the files by other means."""
    storage = corpus_home() / ".local" / "share" / "opencode" / "storage"
    given = _read_all(storage.parents[3], lambda path: path.endswith(".json"))
    counted: Counter[tuple[str, str]] = Counter()
    times: dict[str, list[int]] = {}
    for file in storage.glob("message/*/*.json"):
        record = json.loads(file.read_bytes())
        parts = [json.loads(part.read_bytes()) for part in storage.glob(f"part/{record['id']}/*.json")]
        said = [part for part in parts if part["type"] in ("text", "tool") and not part.get("synthetic")]
        tools = [part["state"] for part in said if part["type"] == "tool"]
        results = [state for state in tools if state["output"] or state["metadata"].get("diff")]
        counted[record["sessionID"], record["role"]] += bool(said)
        counted[record["sessionID"], "tool"] += len(results)
        times.setdefault(record["sessionID"], []).extend([state["time"]["end"] for state in results])
        times[record["sessionID"]] += [record["time"]["created"]] if said else []

    assert Counter((m.session, m.role) for m in given) == +counted
    assert _spans(given) == {key: (min(all_), max(all_)) for key, all_ in times.items()}
    assert len(times) == 2


def test_real_databases_of_the_old_program_agree_with_a_count() -> None:
    """The same, from rows."""
    given = _read_all(corpus_home(), lambda path: path.endswith(".db"))
    counted: Counter[tuple[str, str]] = Counter()
    times: dict[str, list[int]] = {}
    for path in corpus_home().glob("projects/*/.opencode/opencode.db"):
        connection = sqlite3.connect(f"file:{path}?immutable=1", uri=True)
        for key, role, parts, at in connection.execute("SELECT session_id, role, parts, created_at FROM messages"):
            data = [part["data"] for part in json.loads(parts)]
            if any(
                (d.get("text") or d.get("content") or d.get("input") or "").strip() or d.get("is_error") for d in data
            ):
                counted[key, role] += 1
                times.setdefault(key, []).append(at * 1000)

    assert Counter((m.session, m.role) for m in given) == counted
    assert _spans(given) == {key: (min(all_), max(all_)) for key, all_ in times.items()}
    assert len(times) == 13


def _read_all(home: Path, wanted: Any) -> list[Message]:
    around = Surroundings(str(home), {})
    paths = [Path(found.path) for found in Survey(opencode, around).files() if wanted(found.path)]
    items = [item for path in paths for item in read_file(opencode, path, around=around)]
    assert not any(isinstance(item, SourceProblem) for item in items)
    return messages(items)


def _spans(given: list[Message]) -> dict[str, tuple[int, int]]:
    times: dict[str, list[int]] = {}
    for item in given:
        times.setdefault(item.session, []).append(item.created_ms or 0)
    return {key: (min(all_), max(all_)) for key, all_ in times.items()}


def test_kilo_code_has_a_database_of_the_same_form(tmp_path: Path) -> None:
    """Since its version 7."""
    path = database(tmp_path / ".local" / "share" / "kilo" / "kilo.db", SCHEMA, STORY)
    other = database(tmp_path / "elsewhere" / "kilo.db", SCHEMA, STORY)

    assert [found.path for found in Survey(kilo_code, Surroundings(str(tmp_path), {})).files()] == [str(path)]
    assert not kilo_code.claims(str(other)) and not opencode.claims(str(path))
    assert [(m.role, m.blocks[0].text) for m in messages(read_file(kilo_code, path))][:1] == [("user", "find it")]
