"""Aider's chat history is split into its sessions, and those into prompts, answers and notices."""

from __future__ import annotations

import json
import os
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cass.connectors import aider
from cass.connectors.base import Block, Checkpoint, Message, Root, Session, Surroundings
from tests.connectors.reading import messages, read, session, stored, texts, two_reads
from tests.corpus import corpus_home

PATH = "/w/app/.aider.chat.history.md"
BEGIN = "\n# aider chat started at 2026-01-02 03:04:05\n\n"
BANNER = "> Aider v0.86.1  \n> Main model: gemini/pro with diff edit format  \n> Git repo: .git with 3 files  \n"
TIME_MS = int(datetime(2026, 1, 2, 3, 4, 5).timestamp() * 1000)

SAMPLE = (
    BEGIN + BANNER + "\n#### fix it  \n#### please  \n\nI fix é.\n\n#### Heading\n\n> quote\n\nDone.\n\n"
    "> Tokens: 1k sent, 20 received. Cost: $0.02 message, $0.10 session.  \n> Applied edit to a.py  \n"
    "\n#### thanks  \n> Added b.py to the chat  \n"
    "\n# aider chat started at 2026-01-02 03:04:05\n\n" + BANNER + "\n"
    "# aider chat started at 2026-01-03 00:00:00\n\n" + BANNER + "\n#### /add c.py  \n> Added c.py  \n"
    "\n#### why?  \n\nSo.\n"
)


def give(text: str, **changes: Any) -> list[Any]:
    return read(aider, text.encode(), PATH, **changes)


def said(text: str) -> list[tuple[str, str]]:
    """Role and text of the messages of one session."""
    return [(m.role, block.text) for m in messages(give(BEGIN + text)) for block in m.blocks]


def test_a_file_is_split_into_sessions():
    """At their headers; those without a word are skipped, even with the same second."""
    sent = messages(give(SAMPLE))
    ids = list(dict.fromkeys(m.session for m in sent))

    assert len(ids) == 2
    assert [(ids.index(m.session), m.ordinal, m.role) for m in sent] == [
        (0, 0, "user"), (0, 1, "assistant"), (0, 2, "tool"), (0, 3, "user"), (0, 4, "tool"),
        (1, 0, "user"), (1, 1, "tool"), (1, 2, "user"), (1, 3, "assistant"),
    ]  # fmt: skip


def test_prompts_answers_and_notices():
    """Headings and quotes in an answer lack the two blanks that Aider ends its own lines with."""
    assert texts(give(SAMPLE))[:4] == [
        ("user", [("text", "fix it\nplease")]),
        ("assistant", [("text", "I fix é.\n\n#### Heading\n\n> quote\n\nDone.")]),
        ("tool", [("notice", "Applied edit to a.py")]),
        ("user", [("text", "thanks")]),
    ]


def test_a_session_is_told_with_all_that_is_known():
    """A command is its title only until something is asked."""
    first, last = dict.fromkeys(m.session for m in messages(give(SAMPLE)))

    assert session(give(SAMPLE), first) == Session(first, None, "fix it", 1, "/w/app", None, "gemini/pro")
    assert session(give(SAMPLE), last).title == "why?"


def test_a_message_knows_its_lines_and_its_sessions_time():
    """The header's time is the only one, and it is local."""
    message = messages(give(SAMPLE))[0]
    data = SAMPLE.encode()

    assert message == Message(message.session, 0, "user", TIME_MS, (Block("text", "fix it\nplease"),), 8,
                              data.index(b"#### fix"), data.index(b"\nI fix"))  # fmt: skip


def test_a_model_may_change_on_the_way():
    """The latest is told."""
    assert session(give(BEGIN + BANNER + "\n#### /model x  \n> Model: opus with diff edit format  \n")).model == "opus"


def test_two_prompts_in_a_row_are_two():
    """A blank line stands between them."""
    assert said("#### a  \n\n#### b  \n#### c  \n") == [("user", "a"), ("user", "b\nc")]


def test_an_empty_prompt_counts_and_is_dropped():
    """Aider writes `<blank>` for it."""
    assert [(m.ordinal) for m in messages(give(BEGIN + "#### <blank>  \n\n#### a  \n"))] == [1]


def test_an_answer_without_a_prompt_counts():
    """A comment in a watched file was the prompt."""
    assert said(BANNER + "> Processing your request...  \n\nOkay.\n") == [("assistant", "Okay.")]


def test_a_notice_may_go_on_over_several_lines():
    """Until a line that ends with two blanks."""
    failed = "> # 1 block failed to match!\n\n## NoExactMatch\n>>>>>>> REPLACE\n\nThe end  \n"

    assert said("#### a  \n\nb\n\n> Tokens: 1 sent, 2 received.  \n" + failed + "\nc\n") == [
        ("user", "a"), ("assistant", "b"),
        ("tool", "# 1 block failed to match!\n## NoExactMatch\n>>>>>>> REPLACE\nThe end"), ("assistant", "c"),
    ]  # fmt: skip


def test_edits_are_part_of_the_answer():
    """The end of an edit is not a quote."""
    edit = "a.py\n<<<<<<< SEARCH\n=======\nx = 1\n>>>>>>> REPLACE"

    assert said(f"#### a  \n\n{edit}\n") == [("user", "a"), ("assistant", edit)]


@pytest.mark.parametrize("thinking", [
    "<thinking-content-7bbe>\nhm\n</thinking-content-7bbe>\n",
    "--------------\n► **THINKING**\nhm\n------------\n► **ANSWER**\n",
])  # fmt: skip
def test_thinking_is_told_from_the_answer(thinking):
    """In both ways that Aider writes it."""
    items = give(BEGIN + f"#### a  \n\n{thinking}\nyes\n")

    assert messages(items)[1].blocks == (Block("thinking", "hm"), Block("text", "yes"))


@pytest.mark.parametrize("begun", ["<thinking-content-7bbe>", "► **THINKING**"])
def test_thinking_that_nothing_ends_is_looked_through_once(begun):
    """Thousands of beginnings in an answer take no time, and what is ended among them is found."""
    many = f"{begun}\nhm\n" * 50_000
    items = give(BEGIN + f"#### a  \n\n<thinking-content-1>\nhm\n</thinking-content-1>\n{many}\n")

    thought, text = messages(items)[1].blocks
    assert (thought, text.kind, text.text[:100]) == (Block("thinking", "hm"), "text", many[:100])


def test_a_file_whose_trailing_blanks_were_removed():
    """Editors do that; then a prompt is what follows a notice, and a heading what follows an answer."""
    text = "#### a\n\nb\n\n> Tokens: 1 sent, 2 received.\n\n#### c\n\nd\n\n#### Heading\n\ne\n"

    assert said(text) == [("user", "a"), ("assistant", "b"), ("user", "c"), ("assistant", "d\n\n#### Heading\n\ne")]


def test_a_file_without_notices_has_only_prompts():
    """Then nothing parts an answer from the next prompt but a blank line."""
    assert said("#### a\n\nb\n\n#### c\n") == [("user", "a"), ("assistant", "b"), ("user", "c")]


def test_reading_in_two_parts_is_reading_at_once():
    """Wherever the file ended at the first read: the last session is given again."""
    data = SAMPLE.encode()
    whole = stored(read(aider, data, PATH))

    for cut in range(len(data)):
        assert stored(*two_reads(aider, data, cut, PATH)) == whole, cut


def test_the_next_read_starts_at_the_last_header():
    """Also when nothing was said behind it."""
    items = give(SAMPLE)
    data = SAMPLE.encode()

    assert items[-1] == Checkpoint(data.rindex(b"# aider chat"), 30, {"session": 2})
    assert data.splitlines()[30].startswith(b"# aider chat")


def test_a_session_given_again_is_whole():
    """What is not repeated is gone."""
    first, second = two_reads(aider, SAMPLE.encode(), len(SAMPLE) - 10, PATH)

    assert not session(first).whole
    assert session(second).whole


def test_windows_files_and_marks_are_read():
    """A byte order mark and CRLF are nothing."""
    data = b"\xef\xbb\xbf" + SAMPLE.strip("\n").replace("\n", "\r\n").encode()

    assert texts(read(aider, data, PATH)) == texts(give(SAMPLE))


@given(st.text() | st.lists(st.sampled_from(SAMPLE.splitlines(keepends=True))).map("".join))
def test_any_text_is_read_without_raising(text):
    """Whatever stands in a file, a read ends with a checkpoint."""
    read(aider, text.encode("utf-8", "replace"), PATH)


@given(st.binary())
def test_any_bytes_are_read_without_raising(data):
    """And what is given can be stored."""
    for message in messages(read(aider, BEGIN.encode() + data, PATH)):
        assert all(block.text.encode() for block in message.blocks)


def test_where_histories_are():
    """In known workspaces, named roots and the usual folders; none of them is watched."""
    env = {"CASS_PROJECT_ROOTS": os.pathsep.join(["/x", "/y"]), "AIDER_CHAT_HISTORY_FILE": "/z/aider.chat.history.md"}
    found = aider.roots(Surroundings("/h", env, ("/w/app",)))

    assert found[:4] == [Root(PATH, 0, False), Root("/z/aider.chat.history.md", 0, False), Root("/x", 2, False),
                         Root("/y", 2, False)]  # fmt: skip
    usual = ("projects", "src", "code", "dev", "work", "git", "repos")
    assert [r.path for r in found[4:]] == [f"/h/{name}" for name in usual]
    assert not any(r.watch for r in found)


@pytest.mark.parametrize(("name", "entered"), [("app", True), ("node_modules", False), (".git", False), (".x", False)])
def test_which_folders_are_entered(name, entered):
    """Neither installed nor hidden ones."""
    assert aider.enters(f"/w/{name}") is entered


def test_which_files_are_claimed():
    """The history of chats, not the history of inputs."""
    assert aider.claims(PATH)
    assert not aider.claims("/w/app/.aider.input.history")
    assert not aider.claims("/w/app/README.md")


def histories() -> list[Path]:
    return sorted((corpus_home() / "projects").glob("*/.aider.chat.history.md"))


def expected_sessions(path: Path) -> list[list[str]]:
    """Roles by session, counted straight from the file another way.

    Rule: cut the text at its headers and mend notices of several lines; write a letter for each line (u prompt,
    t notice, n notice of tokens or nothing, b blank, a anything else); drop the notices in front; a run of equal
    letters with blanks between is a turn, only prompts are parted by blanks; a run of n alone is dropped.
    """
    found = []
    for chunk in re.split(r"^# aider chat started at .*\n", path.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        chunk = re.sub(r"^> [^\n]*[^ \n]\n(?:.*\n)*?.*  $", "> x  ", chunk, flags=re.MULTILINE)
        letters = re.sub(r"^[tnb]*", "", "".join(map(letter, chunk.splitlines())))
        runs = re.findall(r"u+|[tnb]*[tn]|[ab]*a", letters)
        names = {"u": "user", "t": "tool", "a": "assistant"}
        roles = [names[next(c for c in "uta" if c in run)] for run in runs if run.strip("nb")]
        found += [roles] if roles else []
    return found


def letter(row: str) -> str:
    if re.match(r"> *(Tokens: |Cost estimates|\^C|$)", row):
        return "n"
    kinds = {r"####.*  $": "u", r"> .*  $": "t", r"\s*$": "b"}
    return next((kind for pattern, kind in kinds.items() if re.match(pattern, row)), "a")


def test_real_files_give_the_sessions_that_stand_in_them():
    """Their turns as counted by hand."""
    assert histories()
    for path in histories():
        by_session: dict[str, list[str]] = {}
        times: dict[str, str] = {}
        for message in messages(read(aider, path.read_bytes(), str(path))):
            by_session.setdefault(message.session, []).append(message.role)
            times[message.session] = str(datetime.fromtimestamp((message.created_ms or 0) / 1000))
        assert list(by_session.values()) == expected_sessions(path), path
        begun = re.findall(r"^# aider chat started at (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
        assert [time for time in begun if time in times.values()] == list(times.values())


def test_real_files_can_be_read_in_parts():
    """Cut anywhere, two reads store what one does."""
    for path in histories():
        data = path.read_bytes()
        for cut in range(0, len(data), len(data) // 20):
            assert stored(*two_reads(aider, data, cut, str(path))) == stored(read(aider, data, str(path)))


def test_state_is_made_of_json():
    """It comes back from a database."""
    assert json.loads(json.dumps(give(SAMPLE)[-1].state)) == {"session": 2}
