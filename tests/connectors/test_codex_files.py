"""Codex's files as they come: broken, hostile, and real."""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cass.connectors import codex
from cass.connectors.base import Session
from tests.connectors.codex_files import PATH, event, file, give, item, meta, output, user, wrapped
from tests.connectors.reading import messages, problems, read, session, stored, texts, two_reads
from tests.corpus import corpus_home

# Hostile input


@pytest.mark.parametrize("line", [
    b"\n", b"\x00\x00\n", b"not json\n", b"[" * 5000 + b"\n", b'{"a":' * 3000 + b"\n", b"7\n", b'"x"\n', b"\xff\xfe\n",
    file(item({"type": "message", "role": "user", "content": None})), file(wrapped("response_item", [1])),
    file(wrapped("response_item", None)), file({"type": []}), file(wrapped(["x"], {"type": ["y"]}, 17)),
    file(item({"type": "function_call", "name": 3, "arguments": [1], "call_id": {}})), file(output(5, ["c"])),
    file(meta(git=[], source={"subagent": "review"})), file(event("user_message", message={})),
])  # fmt: skip
def test_a_bad_line_costs_only_itself(line):
    """What stands around it is read."""
    found = [m.blocks[0].text for m in messages(give(meta(), user("before"), line, user("after")))]

    assert found[0] == "before"
    assert found[-1] == "after"


def test_bad_lines_are_told():
    """By file, line and reason."""
    items = give(meta(), b"not json\n", user("a"), file(wrapped("response_item", [1])))

    assert [(p.path, p.line) for p in problems(items)] == [(PATH, 2), (PATH, 4)]


def test_two_events_torn_into_one_line_are_told():
    """Although events are skipped unread."""
    torn = b'{"timestamp":"t","type":"event_msg","payload":{"type":"token_count","in{"timestamp":"u","type":"x"}\n'

    assert [p.line for p in problems(give(meta(), torn, user("a")))] == [2]


def test_windows_files_and_marks_are_read():
    """A byte order mark, CRLF and NULs are nothing."""
    data = b"\xef\xbb\xbf" + file(meta(), user("a")).replace(b"\n", b"\r\n") + b"\x00\x00"

    assert texts(read(codex, data, PATH)) == [("user", [("text", "a")])]


def test_half_a_surrogate_pair_can_be_stored():
    """It becomes the replacement character, in texts and titles."""
    items = give(meta(cwd="/w/\ud83d"), user("a \ud83d b"))

    assert session(items).title == "a \ufffd b"
    assert session(items).workspace == "/w/\ufffd"
    assert messages(items)[0].blocks[0].text == "a \ufffd b"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from(["type", "role", "content", "name", "arguments", "call_id", "output", "summary", "text", "id",
                        "message", "cwd", "git", "source", "input", "action", "payload", "timestamp"])  # fmt: skip
KINDS = st.sampled_from(["message", "reasoning", "function_call", "function_call_output", "custom_tool_call",
                         "tool_call", "user_message", "agent_message", "session_meta", "turn_context", "compacted",
                         "user", "response_item", "event_msg", "tool"])  # fmt: skip
PAYLOADS = JSON | st.dictionaries(KEYS, KINDS | JSON, max_size=6)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.builds(wrapped, KINDS | JSON, PAYLOADS, JSON) | PAYLOADS, max_size=6))
def test_any_values_are_read_without_raising(values):
    """Whatever a line holds, a read ends with a checkpoint and gives what can be stored."""
    for sent in messages(give(*values)):
        assert all(isinstance(block.text, str) and block.text.encode() is not None for block in sent.blocks)


# Real files


def rollouts() -> list[Path]:
    return sorted((corpus_home() / ".codex").rglob("rollout-*.jsonl"))


def expected_turns(path: Path) -> list[tuple[str, int]]:
    """Roles and times counted straight from the file, another way.

    Rule: write a letter for every item (u a kept prompt, t a non-empty output, a something the agent said, thought or
    called, x anything that is dropped) and nothing for hidden reasoning; then a run of a is one turn, at its first
    line's time.  Where lines have no time they have the header's.
    """
    found: list[tuple[str, int]] = []
    ms = 0
    for row in path.read_bytes().splitlines():
        value = json.loads(row)
        ms = utc_ms(value.get("timestamp")) or ms
        if (kind := letter(value)) and (kind != "a" or not found or found[-1][0] != "a"):
            found.append((kind, ms))
    names = {"u": "user", "t": "tool", "a": "assistant"}
    return [(names[kind], ms) for kind, ms in found if kind != "x"]


def letter(value: dict[str, Any]) -> str:
    payload = value.get("payload", value)
    if value.get("type") in ("event_msg", "turn_context", "session_meta", None):
        return ""
    text = json.dumps([payload.get("content"), payload.get("summary")])
    match payload["type"], payload.get("role"):
        case ("message", "assistant") | ("function_call", _):
            return "a"
        case "message", "user":
            noise = r'\[\[\{"type": "input_text", "text": "(<[a-z_]+[> ]|# AGENTS.md|# Context(?!.*## My r))'
            return "x" if re.match(noise, text) else "u"
        case "message", _:
            return "x"
        case "reasoning", _:
            return "a" if '"text": "' in text else ""
        case "function_call_output", _:
            return "x" if payload["output"].startswith('{"output":""') else "t"
    return ""


def utc_ms(time: str | None) -> int:
    return round(datetime.strptime(time, "%Y-%m-%dT%H:%M:%S.%f%z").timestamp() * 1000) if time else 0


def test_real_files_give_the_turns_that_stand_in_them():
    """One session a file, and its turns, each at its time, as counted by hand."""
    ids = set()
    for path in rollouts():
        items = read(codex, path.read_bytes(), str(path))
        assert [(m.role, m.created_ms) for m in messages(items)] == expected_turns(path), path
        assert problems(items) == []
        ids |= {i.external_id for i in items if isinstance(i, Session)}

    assert len(ids) == len(rollouts()) > 0


def test_what_the_program_heard_is_among_the_prompts():
    """Each typed prompt that an event repeats is a user's message, once."""
    for path in rollouts():
        values = [json.loads(row) for row in path.read_bytes().splitlines()]
        heard = [v["payload"]["message"] for v in values
                 if v.get("type") == "event_msg" and v["payload"]["type"] == "user_message"]  # fmt: skip
        items = read(codex, path.read_bytes(), str(path))
        said = [block.text for m in messages(items) if m.role == "user" for block in m.blocks]
        heard = [text.split("## My request for Codex:")[-1].strip() for text in heard]
        assert [text for text in heard if text not in said] == []
        assert not heard or len(said) <= len(heard) + 1


def test_real_files_can_be_read_in_parts():
    """Cut at some lines of real files, two reads store what one does."""
    for path in rollouts()[:: len(rollouts()) // 12]:
        data = path.read_bytes()
        ends = [found.end() for found in re.finditer(rb"\n", data)]
        for cut in ends[:: max(1, len(ends) // 5)]:
            assert stored(*two_reads(codex, data, cut, str(path))) == stored(read(codex, data, str(path)))
