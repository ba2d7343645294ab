"""Claude Code's files are read in one go or as they grow, and nothing that stands in them raises."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cass.connectors import claude_code
from cass.connectors.base import Checkpoint
from tests.connectors import reading
from tests.connectors.claude_code_files import (
    PATH,
    answer,
    as_bytes,
    call,
    line,
    progress,
    queue,
    read,
    result,
    text,
    user,
)
from tests.connectors.reading import messages, problems, session, stored, texts
from tests.corpus import corpus_folder, corpus_home

# Reading on


SAMPLE_LINES = [
    {"type": "summary", "summary": "this session", "leafUuid": "u9"},
    user("go"),
    answer("m1", {"type": "thinking", "thinking": "hm"}),
    answer("m1", call("Bash", "c1", command="cass search x")),
    line("progress", data={"type": "bash_progress"}),
    user([result("c1", "found")], toolUseResult={"stdout": "found"}),
    answer("m1", text("Ünïcode")),
    queue("enqueue", "then push"),
    progress("a7", user("look")),
    progress("a7", answer("m2", text("part one"))),
    queue("remove"),
    progress("a7", answer("m2", text("part two"))),
    user("side", isSidechain=True, uuid="a-1"),
    answer("m3", text("side answer"), isSidechain=True, uuid="a-2", parentUuid="a-1"),
    line("attachment", attachment={"type": "queued_command", "prompt": "then push"}),
    answer("m4", text("last"), uuid="u9"),
    answer("m4", text("words")),
    {"type": "ai-title", "aiTitle": "a title"},
    queue("enqueue", "one more"),
    queue("popAll"),
    user("bye"),
]
# Without what the lines can do without: every byte is a place where a read may end.
DULL = (None, False, "s1", "main", "large-1")
SAMPLE = as_bytes(*({key: value for key, value in one.items() if value not in DULL} for one in SAMPLE_LINES))


@pytest.mark.parametrize(("newline", "step"), [(b"\n", 1), (b"\r\n", 7)])
def test_reading_in_two_parts_gives_what_reading_at_once_gives(newline: bytes, step: int):
    """For every place where the first read may have ended."""
    data = SAMPLE.replace(b"\n", newline)
    once = reading.read(claude_code, data, PATH)

    for cut in range(0, len(data) + 1, step):
        first, second = reading.two_reads(claude_code, data, cut, PATH)
        assert stored(first, second) == stored(once), cut
        assert session([*first, *second], "s1") == session(once, "s1"), cut
        assert not problems(first) + problems(second), cut


def test_reading_line_by_line_gives_every_block_once():
    reads: list[list[Any]] = []
    for end in [at + 1 for at, byte in enumerate(SAMPLE) if byte == 10]:
        reads.append(reading.read(claude_code, SAMPLE[:end], PATH, reading.resume(reads[-1]) if reads else None))
    once = stored(reading.read(claude_code, SAMPLE, PATH))

    assert stored(*reads) == once
    assert sum(len(m.blocks) for items in reads for m in messages(items)) == sum(len(m.blocks) for m in once.values())


def test_nothing_new_gives_nothing_again():
    items = reading.read(claude_code, SAMPLE, PATH)
    again = reading.read(claude_code, SAMPLE, PATH, reading.resume(items))

    assert again == [items[-1]]


def test_a_whole_last_line_without_a_newline_is_given_once():
    data = as_bytes(user("one"), answer("m1", text("two")), answer("m1", text("three")))[:-1]
    first = reading.read(claude_code, data, PATH)
    again = reading.read(claude_code, data, PATH, reading.resume(first))
    third = reading.read(claude_code, data + b"\n" + as_bytes(answer("m1", text("four"))), PATH, reading.resume(again))

    assert [b.text for m in messages(first) for b in m.blocks] == ["one", "two", "three"]
    assert first[-1].offset == len(as_bytes(user("one"), answer("m1", text("two"))))
    assert messages(again) == []
    assert texts(third) == [("assistant", [("text", "four")])]
    assert [b.text for m in stored(first, again, third).values() for b in m.blocks] == ["one", "two", "three", "four"]


def test_half_a_line_waits_in_silence():
    data = as_bytes(user("one"))
    items = reading.read(claude_code, data + as_bytes(user("two"))[:-5], PATH)

    assert len(messages(items)) == 1 and not problems(items)
    assert items[-1].offset == len(data)


def test_a_long_file_has_checkpoints_and_stays_one_message_for_one_answer(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(claude_code, "CHECKPOINT_BYTES", 500)
    parts = [answer("m1", text(f"part {number}")) for number in range(20)]
    items = read(*parts)
    places = [item for item in items if isinstance(item, Checkpoint)]

    assert len(places) > 5
    assert [len(m.blocks) for m in stored(items).values()] == [20]


def test_the_state_stays_small_however_long_the_file():
    asked = [call("Bash", f"c{number}", command="ls") for number in range(3000)]
    side = [{"uuid": f"{number}", "parentUuid": f"{number - 9}", "isSidechain": True} for number in range(3000)]
    last = read(*(answer(f"m{number}", asked[number], **side[number]) for number in range(3000)))[-1]

    assert len(json.dumps(last.state)) < 40_000


# Hostile files


HOSTILE = [
    b"not json",
    b"[1,2]",
    b'"words"',
    b"{" * 50_000,
    b'{"type":"user","message":{"content":' + b"[" * 5_000 + b"]" * 5_000 + b"}}",
    b'{"type":"assistant","message":{"content":[{"type":"tool_use","name":"X","input":' + b'{"a":' * 300 + b"1"
    + b"}" * 300 + b"}]}}",
    b"\x00\x00\x00",
    b"\xff\xfe\xfa",
    b'{"type":"user","message":{"content":"\xff\xfe bytes"}}',
]  # fmt: skip


@pytest.mark.parametrize("bad", HOSTILE, ids=lambda bad: repr(bad[:30]))
def test_a_bad_line_does_not_hide_its_neighbours(bad: bytes):
    items = reading.read(claude_code, as_bytes(user("one")) + bad + b"\n" + as_bytes(user("two")), PATH)
    found = [m.blocks[0].text for m in messages(items)]

    assert found[0] == "one" and found[-1] == "two"


def test_a_byte_order_mark_and_carriage_returns_are_no_part_of_the_text():
    data = b"\xef\xbb\xbf" + as_bytes(user("one"), user("two")).replace(b"\n", b"\r\n")

    assert [m.blocks[0].text for m in messages(reading.read(claude_code, data, PATH))] == ["one", "two"]


def test_half_surrogate_pairs_become_storable():
    lone = as_bytes(user("bad \ud83d end \U0001f600"), {"type": "ai-title", "aiTitle": "t \udc00"})
    items = reading.read(claude_code, lone, PATH)

    assert messages(items)[0].blocks[0].text == "bad \ufffd end \U0001f600"
    assert session(items).title == "t \ufffd"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(["s1", "u1", "a7"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
BLOCK = st.fixed_dictionaries(
    {"type": st.sampled_from(["text", "thinking", "tool_use", "tool_result", "image", "document", "x_tool_result"])},
    optional=dict.fromkeys(
        ("text", "thinking", "id", "name", "input", "tool_use_id", "content", "source", "title"), JSON
    ),
)
MESSAGE = st.fixed_dictionaries({}, optional={
    "id": JSON, "model": JSON, "usage": JSON, "content": JSON | st.lists(BLOCK | JSON, max_size=3)})  # fmt: skip
HUNK = st.fixed_dictionaries({"lines": JSON})
PATCH = st.fixed_dictionaries({}, optional={"filePath": JSON, "structuredPatch": JSON | st.lists(HUNK, max_size=2)})
SPEAKER = st.sampled_from(["user", "assistant"]) | JSON
INNER = st.fixed_dictionaries({"type": SPEAKER}, optional={"message": MESSAGE | JSON})
LINE = st.fixed_dictionaries(
    {"type": st.sampled_from([
        "user", "assistant", "system", "attachment", "progress", "summary", "ai-title", "custom-title", "agent-name",
        "queue-operation", "relocated", "worktree-state", "unknown",
    ]) | JSON},
    optional={
        "message": MESSAGE | JSON, "timestamp": JSON, "toolUseResult": PATCH | JSON, "uuid": JSON, "parentUuid": JSON,
        "isSidechain": st.booleans() | JSON, "cwd": JSON, "gitBranch": JSON, "agentId": JSON, "sessionId": JSON,
        "content": JSON, "operation": st.sampled_from(["enqueue", "dequeue", "remove", "popAll"]) | JSON,
        "aiTitle": JSON, "customTitle": JSON, "agentName": JSON, "summary": JSON, "leafUuid": JSON, "subtype": JSON,
        "relocatedCwd": JSON, "worktreeSession": JSON | st.fixed_dictionaries({"worktreePath": JSON}),
        "attachment": JSON | st.fixed_dictionaries({
            "type": st.sampled_from(["file", "queued_command", "opened_file_in_ide"]), "filename": JSON,
            "prompt": JSON, "content": JSON}),
        "data": JSON | st.fixed_dictionaries({"type": st.just("agent_progress"), "agentId": JSON, "message": INNER}),
    },
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(LINE, max_size=6), st.floats(0, 1))
def test_whatever_the_lines_hold_they_are_read_and_read_on(lines: list[Any], part: float):
    """Nothing raises, all text can be stored, and a second read gives only what the first did not."""
    data = as_bytes(*lines)
    once = reading.read(claude_code, data, PATH)
    first, second = reading.two_reads(claude_code, data, int(len(data) * part), PATH)

    json.dumps([[b.text for b in m.blocks] for m in messages(once)], ensure_ascii=False).encode()
    assert stored(first, second) == stored(once)


# Real files


NOISE = re.compile(
    r"<local-command-|<task-notification>|<ide_opened_file>|\[Request interrupted by user|Caveat: The mess|Warmup$"
)


def counted(path: Path) -> Counter[tuple[str, str, int]]:
    """Messages by session, role and time, straight from the lines and without any order.

    assistant: distinct message.id of lines with a text, a thought or a call, at the first line's time; tool:
    tool_result blocks; user, system and summary: user lines with a part that is neither a result nor noise, by their
    flags; system lines that say something.  A sub-agent's progress counts like lines of its own; a queued prompt counts
    when it was removed, at the time when it was queued.
    """
    found: Counter[tuple[str, str, int]] = Counter()
    answers, queued = {}, []
    for raw in path.read_bytes().splitlines():
        entry = json.loads(raw)
        place = path.stem
        if entry["type"] == "progress" and entry["data"]["type"] == "agent_progress":
            place, entry = f"{place}.agent-{entry['data']['agentId']}", entry["data"]["message"]
        if entry["type"] == "assistant" and says_something(entry["message"]["content"]):
            answers.setdefault((place, entry["message"]["id"]), utc_ms(entry))
        if entry["type"] == "user":
            for role, count in user_roles(entry).items():
                found[place, role, utc_ms(entry)] += count
        if entry["type"] == "system" and entry["subtype"] == "local_command":
            found[place, "user", utc_ms(entry)] += not NOISE.match(entry["content"])
        if entry["type"] == "queue-operation":
            if entry["operation"] == "enqueue":
                queued.append((entry.get("content", ""), utc_ms(entry)))
            elif queued and (prompt := queued.pop(0))[0] and entry["operation"] == "remove":
                found[place, "user", prompt[1]] += not NOISE.match(prompt[0])
    return +(found + Counter((place, "assistant", ms) for (place, _), ms in answers.items()))


def utc_ms(entry: dict[str, Any]) -> int:
    return round(datetime.strptime(entry["timestamp"], "%Y-%m-%dT%H:%M:%S.%f%z").timestamp() * 1000)


def says_something(content: list[dict[str, Any]]) -> bool:
    spoken = [part.get(part["type"], "").strip() for part in content if part["type"] in ("text", "thinking")]
    return len(spoken) < len(content) or any(words not in ("", "No response requested.") for words in spoken)


def user_roles(entry: dict[str, Any]) -> Counter[str]:
    content = entry["message"]["content"]
    parts = [text(content)] if isinstance(content, str) else content
    results = sum(part["type"] == "tool_result" for part in parts)
    said = [p for p in parts if p["type"] != "tool_result" and (p["type"] != "text" or spoken(p["text"]))]
    role = "summary" if entry.get("isCompactSummary") else "system" if entry.get("isMeta") else "user"
    return Counter({"tool": results, role: bool(said)})


def spoken(words: str) -> bool:
    words = re.sub("(?s)<system-reminder>.*?</system-reminder>", "", words).strip()
    return bool(words) and not NOISE.match(words)


def test_real_files_give_the_messages_that_a_plain_count_finds():
    """Each in its session, in its role and at its time."""
    sessions: Counter[str] = Counter()
    for path in sorted((corpus_home() / ".claude").rglob("*.jsonl")):
        found = stored(reading.read(claude_code, path.read_bytes(), str(path)))
        given = Counter((m.session, m.role, m.created_ms) for m in found.values())
        assert given == counted(path), path.name
        sessions.update({name: 1 for name, _, _ in given})
    assert (len(sessions), max(sessions.values())) == (104, 1)


def test_real_files_that_grew_are_read_on_from_where_they_were():
    for folder in sorted(corpus_folder("corpus/growth").iterdir()):
        reads: list[list[Any]] = []
        before = b""
        for snapshot in sorted(folder.glob("*.jsonl")):
            data = snapshot.read_bytes()
            grew = data.startswith(before)
            place = reading.resume(reads[-1]) if reads and grew else None
            reads = [*reads, reading.read(claude_code, data, PATH, place)] if grew else [
                reading.read(claude_code, data, PATH)]  # fmt: skip
            before = data
            given = [m for m in messages(reads[-1]) if m.start is not None]
            assert all(m.start >= place.offset for m in given if place), snapshot
            assert stored(*reads) == stored(reading.read(claude_code, data, PATH)), snapshot
