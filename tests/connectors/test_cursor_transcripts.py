"""What Cursor's agent leaves in plain text, where no database has the session."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cass.connectors import cursor
from cass.connectors.base import TITLE_PROMPT, Session, Surroundings
from tests.connectors import cursor_chats_made as chats
from tests.connectors.cursor_made import SCHEMA, composer, prompt
from tests.connectors.databases_made import database
from tests.connectors.growing import check_growth
from tests.connectors.reading import messages, read, session, texts
from tests.connectors.samples import write
from tests.connectors.samples.cursor import TRANSCRIPT

FOLDER = ".cursor/projects/w-zoo/agent-transcripts"
PATH = f"/h/{FOLDER}/a1/a1.jsonl"
ASKED = "user:\n<user_query>\nfind it\n</user_query>\n\n"
TXT = ASKED + "assistant:\n[Thinking] Look.\nI look.\n[Tool call] Read\n  path: q.txt\nFound.\n"


def test_prompts_answers_and_calls():
    """Nothing has a time; the project's slug names the folder that one of the files lies in."""
    items = read(cursor, TRANSCRIPT.encode(), PATH)

    assert session(items) == Session("a1", None, "find it", TITLE_PROMPT, "/w/zoo")
    assert texts(items) == [
        ("user", [("text", "find it")]),
        ("assistant", [("text", "I look."), ("tool_call", "path: /w/zoo/quokka.txt")]),
    ]
    assert {m.created_ms for m in messages(items)} == {None}


def test_the_older_form():
    """Words stand between marks."""
    items = read(cursor, TXT.encode(), f"/h/{FOLDER}/a1.txt", around=Surroundings("/h", {}, ("/w/other", "/w/zoo")))

    assert texts(items) == [
        ("user", [("text", "find it")]),
        ("assistant", [("thinking", "Look."), ("text", "I look."), ("tool_call", "path: q.txt"), ("text", "Found.")]),
    ]
    assert (session(items).external_id, session(items).workspace) == ("a1", "/w/zoo")


def test_an_answer_of_words_alone():
    """It hid itself, and all that was said behind it."""
    items = read(cursor, (ASKED + "assistant:\nHere.\n\n" + TXT).encode(), f"/h/{FOLDER}/a1.txt")

    assert texts(items)[:3] == [
        ("user", [("text", "find it")]),
        ("assistant", [("text", "Here.")]),
        ("user", [("text", "find it")]),
    ]


def test_a_sub_agent_has_its_parent():
    items = read(cursor, TRANSCRIPT.encode(), f"/h/{FOLDER}/a1/subagents/b2.jsonl")

    assert (session(items).external_id, session(items).parent_external_id) == ("b2", "a1")


def test_it_is_read_on_wherever_the_first_read_ended():
    check_growth(cursor, TRANSCRIPT.encode(), PATH)


@pytest.mark.parametrize("name", ["a1/a1.jsonl", "a1.jsonl", "a1.txt", "a1/subagents/b2.jsonl"])
def test_transcripts_are_found(tmp_path: Path, name: str):
    path = write(tmp_path / FOLDER / name, TRANSCRIPT)
    root = next(each for each in cursor.roots(Surroundings(str(tmp_path), {})) if each.path.endswith("projects"))
    above = [str(folder) for folder in path.parents if str(folder).startswith(root.path + "/")]

    assert cursor.claims(str(path)) and all(map(cursor.enters, above)) and len(above) <= root.depth


def test_a_session_that_a_database_has_is_read_from_there(tmp_path: Path):
    """From the editor's, or the agent's own; it would be told twice."""
    paths = [write(tmp_path / FOLDER / name, TRANSCRIPT) for name in ("c1/c1.jsonl", "s1.txt", "n1.txt", "n1.jsonl")]
    user = tmp_path / ".config" / "Cursor" / "User"
    database(user / "globalStorage" / "state.vscdb", SCHEMA, composer("c1", "Quokkas", prompt("b1", "find it")))
    database(tmp_path / ".cursor" / "chats" / "0cc175b9" / "s1" / "store.db", chats.SCHEMA, chats.rows(chats.STORY))

    assert [path.name for path in paths if cursor.claims(str(path))] == ["n1.jsonl"]


@pytest.mark.parametrize(
    "line", [{"role": "user"}, {"role": "assistant", "message": {"content": [3, {"type": 4}]}}, {}]
)
def test_odd_records_say_nothing(line: object):
    assert texts(read(cursor, (json.dumps(line) + "\n" + TRANSCRIPT).encode(), PATH))[0] == (
        "user",
        [("text", "find it")],
    )
