"""ChatGPT's export becomes sessions: the way that was taken, and the branches that were left."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cass.connectors import chatgpt
from cass.connectors.base import TITLE_GENERATED, Block
from tests.connectors.export_files import SECOND, TIME_MS, chat, node, zoo
from tests.connectors.reading import messages, problems, read, session, texts
from tests.corpus import corpus_folder

PATH = "/h/export/conversations.json"


def give(*conversations: Any) -> list[Any]:
    return read(chatgpt, json.dumps(list(conversations)).encode(), PATH)


def said(content: Any, role: str = "assistant", **more: Any) -> list[tuple[str, str]]:
    """(kind, text) of the blocks of one message."""
    return [
        (b.kind, b.text)
        for m in messages(give(chat("c", {"a": node(role, content, "root", **more)})))
        for b in m.blocks
    ]


def test_a_conversation_is_a_session() -> None:
    items = give(zoo(), {**zoo("c2"), "conversation_id": "other"})
    first, second = messages(items)[:2]

    assert (first.session, first.ordinal, first.role, first.created_ms) == ("c1", 0, "user", TIME_MS)
    assert (second.role, second.created_ms, second.blocks) == (
        "assistant",
        TIME_MS + 60_000,
        (Block("text", "It is in the zoo."),),
    )
    assert (session(items, "c1").title, session(items, "c1").title_rank) == ("About c1", TITLE_GENERATED)
    assert {m.session for m in messages(items)} == {"c1", "other"}


def test_branches_that_were_left_are_marked() -> None:
    """All of it in the order in which it was written, so that what is added later is numbered later."""
    nodes = {
        "q": node("user", "first try", "root"),
        "old": node("assistant", "old answer", "q", 10),
        "q2": node("user", "second try", "root", 20),
        "new": node("assistant", "new answer", "q2", 30),
    }
    told = [(m.ordinal, m.blocks[0].text, m.off_path) for m in messages(give(chat("c", nodes)))]

    assert told == [
        (0, "first try", True), (1, "old answer", True), (2, "second try", False), (3, "new answer", False),
    ]  # fmt: skip


def test_without_times_the_tree_gives_the_order() -> None:
    nodes: dict[str, Any] = {
        "c": node("assistant", "third", "b"),
        "b": node("user", "second", "a"),
        "a": node("user", "first", "root"),
    }
    for each in nodes.values():
        each["message"]["create_time"] = None

    assert [m.blocks[0].text for m in messages(give({**chat("x", nodes), "current_node": None}))] == [
        "first",
        "second",
        "third",
    ]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({"content_type": "text", "parts": ["a", "", "b"]}, [("text", "a"), ("text", "b")]),
        ({"parts": [{"content_type": "image_asset_pointer"}, "see"]}, [("image", "[image]"), ("text", "see")]),
        ({"parts": [{"content_type": "audio_transcription", "text": "said"}]}, [("text", "said")]),
        ({"content_type": "code", "language": "python", "text": "print(1)"}, [("text", "print(1)")]),
        ({"content_type": "thoughts", "thoughts": [{"summary": "Plan", "content": "x"}]}, [("thinking", "Plan\nx")]),
        ({"content_type": "reasoning_recap", "content": "Thought for 3 s"}, []),
        ({"content_type": "user_editable_context", "user_profile": "secret"}, []),
        ({"content_type": "execution_output", "text": "1"}, [("tool_result", "1")]),
        ({"content_type": "tether_quote", "title": "Zoo", "text": "x"}, [("tool_result", "Zoo"), ("tool_result", "x")]),
        ({"content_type": "new kind", "parts": ["a"]}, [("text", "a")]),
        (None, []),
        ({"parts": None}, []),
    ],
)  # fmt: skip
def test_kinds_of_content(content: Any, expected: list[tuple[str, str]]) -> None:
    assert said(content) == expected


def test_tools() -> None:
    """What is sent to a tool is a call, what it says a result."""
    code = {"content_type": "code", "text": "print(1)"}
    items = give(chat("c", {
        "a": node("assistant", code, "root", recipient="python"),
        "b": node("tool", {"content_type": "execution_output", "text": "1"}, "a", author={"name": "python"}),
    }))  # fmt: skip

    assert [(m.role, m.blocks) for m in messages(items)] == [
        ("assistant", (Block("tool_call", "print(1)", "python"),)),
        ("tool", (Block("tool_result", "1", "python"),)),
    ]


def test_what_nobody_saw_is_dropped_and_counted() -> None:
    """System prompts, and what is hidden from the conversation."""
    items = give(chat("c", {
        "s": node("system", "be kind", "root"),
        "h": node("user", "profile", "s", metadata={"is_visually_hidden_from_conversation": True}),
        "q": node("user", "hello", "h"),
    }))  # fmt: skip

    assert [(m.ordinal, m.blocks[0].text) for m in messages(items)] == [(2, "hello")]


def test_the_model_is_the_last_one() -> None:
    nodes = {
        "a": node("assistant", "x", "root", metadata={"model_slug": "gpt-4"}),
        "b": node("assistant", "y", "a", metadata={"model_slug": "gpt-5"}),
    }

    assert session(give(chat("c", nodes, default_model_slug="gpt-3"))).model == "gpt-5"


@pytest.mark.parametrize("time", [None, "soon", -1, 1e300, float("nan"), 1e18 * 1e18, True, SECOND * 1e12])
def test_absurd_times(time: Any) -> None:
    nodes = {"a": node("user", "x", "root")}
    nodes["a"]["message"]["create_time"] = time
    (message,) = messages(give(chat("c", nodes)))

    assert message.created_ms is None


def test_circles_end() -> None:
    nodes = {"a": node("user", "x", "b"), "b": node("user", "y", "a")}

    assert len(messages(give({**chat("c", nodes), "current_node": "a"}))) == 2


def test_other_services_and_nameless_chats_are_passed_over() -> None:
    items = give({"uuid": "u", "chat_messages": []}, {"mapping": {}}, zoo(), 7)

    assert ({m.session for m in messages(items)}, problems(items)) == ({"c1"}, [])


def test_real_exports() -> None:
    """What other programs test with."""
    folder = corpus_folder("corpus/fixtures") / "chatgpt"
    told = {
        path.stem: texts(read(chatgpt, path.read_bytes(), str(path))) for path in sorted(folder.rglob("conv-*.json"))
    }

    assert [role for role, _ in told["conv-conversation-id"]] == ["user", "assistant"]
    assert told["conv-multipart"][0][1][2] == ("text", "```rust\nfn main() {}\n```")
    assert [kind for kind, _ in told["conv-structured-parts"][0][1]] == ["text", "text", "image", "text"]
