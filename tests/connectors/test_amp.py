"""Threads of Amp."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from cass.connectors import amp, bigjson
from cass.connectors.base import TITLE_GENERATED, TITLE_PROMPT, Block, Root, Session, Surroundings
from tests.archive import make_home
from tests.connectors.pi_files import TIME_MS
from tests.connectors.reading import messages, problems, read, session, texts
from tests.connectors.samples import write
from tests.connectors.samples.amp import NAME, THREAD
from tests.indexing.invariants import opened, rows

PATH = f"/h/.local/share/amp/threads/{NAME}.json"


def thread(*said: Any, **more: Any) -> list[Any]:
    return read(amp, json.dumps(THREAD | ({"messages": said} if said else {}) | more).encode(), PATH)


def user(*content: Any) -> dict[str, Any]:
    return {"role": "user", "content": list(content), "meta": {"sentAt": TIME_MS}}


def test_a_session_is_told_with_all_that_is_known():
    """The first folder of its surroundings is the workspace."""
    assert session(thread()) == Session(NAME, None, "Quokka hunt", TITLE_GENERATED, "/w/app", None, "large-1")


def test_a_branch_is_called_as_git_calls_it():
    """It stands there as a reference."""
    tree = {"uri": "file:///w/zoo", "repository": {"ref": "refs/heads/feature/floes"}}

    assert session(thread(env={"initial": {"trees": [tree]}})).git_branch == "feature/floes"


def test_a_thread_that_kept_its_size_and_time_is_read_again(tmp_path: Path):
    """Amp may set both back: the thread's own count of changes tells."""
    home = make_home(tmp_path)
    path = write(home.home / ".local/share/amp/threads" / f"{NAME}.json", json.dumps(THREAD))
    home.index()
    before = path.stat()
    path.write_text(json.dumps(THREAD | {"v": 8, "title": "Wombat hunt"}))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    home.index()

    assert path.stat().st_size == before.st_size
    with opened(home.data) as database:
        assert rows(database, "SELECT title FROM sessions") == [("Wombat hunt",)]


def test_turns_with_calls_and_results():
    """An answer has the time at which its use was counted; what has none has that of what stands before."""
    items = thread()

    assert texts(items) == [
        ("user", [("text", "find it")]),
        ("assistant", [("thinking", "hm"), ("text", "I look."), ("tool_call", "ls")]),
        ("tool", [("tool_result", "quokka.txt")]),
        ("assistant", [("text", "In the zoo.")]),
    ]
    assert [m.created_ms for m in messages(items)] == [TIME_MS, TIME_MS + 1000, TIME_MS + 1000, TIME_MS + 1000]
    assert messages(items)[2].blocks == (Block("tool_result", "quokka.txt", "Bash", "c1"),)


@pytest.mark.parametrize(("run", "said", "failed"), [
    ({"status": "done", "result": ["a.py", "b.py"]}, "a.py\nb.py", False),
    ({"status": "done", "result": {"content": "import os"}}, "content: import os", False),
    ({"status": "error", "error": {"message": "no such file"}}, "no such file", True),
    ({"status": "rejected-by-user", "reason": "not now"}, "not now", False),
])  # fmt: skip
def test_results_in_their_forms(run, said, failed):
    """A text, any JSON, an error, a reason."""
    (message,) = messages(thread(user({"type": "tool_result", "toolUseID": "c1", "run": run})))

    assert [(b.text, b.is_error) for b in message.blocks] == [(said, failed)]


def test_an_untitled_thread_is_called_by_its_first_prompt():
    """Amp names it later."""
    named = session(thread(title=None))

    assert (named.title, named.title_rank) == ("find it", TITLE_PROMPT)


def test_what_cass_itself_printed_is_marked():
    """Otherwise the next search finds the last one."""
    call = {"type": "tool_use", "id": "c1", "name": "Bash", "input": {"cmd": "cass search x"}}
    found = {"type": "tool_result", "toolUseID": "c1", "run": {"result": "found"}}
    items = thread({"role": "assistant", "content": [call]}, user(found))

    assert [block.own for message in messages(items) for block in message.blocks] == [True, True]


def test_a_large_thread_is_read_message_by_message(monkeypatch: pytest.MonkeyPatch):
    """With the same result."""
    whole = messages(thread())
    monkeypatch.setattr(bigjson.parts, "__defaults__", (0,))

    assert messages(thread()) == whole


@pytest.mark.parametrize("item", [
    7, {}, {"role": []}, {"role": "assistant", "content": 7, "usage": 7}, user(7, {"type": "tool_result", "run": 7}),
    {"role": "user", "content": None, "meta": 7},
])  # fmt: skip
def test_a_bad_message_costs_only_itself(item):
    """What stands behind it is read."""
    assert texts(thread(item, user({"type": "text", "text": "after"})))[-1] == ("user", [("text", "after")])


def test_a_torn_document_is_told():
    """And nothing else is."""
    assert [problem.line for problem in problems(read(amp, b'{"messages": [', PATH))] == [None]


def test_where_sessions_are():
    """Below the user's data, where the environment says, and where the older extension kept them."""
    roots = amp.roots(Surroundings("/h", {}))
    assert roots[0] == Root("/h/.local/share/amp/threads")
    assert Root("/h/.config/Code/User/globalStorage/sourcegraph.amp/threads3") in roots
    assert amp.roots(Surroundings("/h", {"AMP_DATA_HOME": "/x"}))[0] == Root("/x/threads")
    assert amp.claims(PATH)
    assert not amp.claims("/h/.local/share/amp/threads/index.json")
