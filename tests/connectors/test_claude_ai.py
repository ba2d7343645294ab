"""Claude.ai's export becomes sessions."""

from __future__ import annotations

import json
from typing import Any

from cass.connectors import claude_ai
from cass.connectors.base import TITLE_GENERATED, Block, Message
from tests.connectors.export_files import TIME_MS, talk
from tests.connectors.reading import messages, problems, read, session


def give(*conversations: Any) -> list[Any]:
    return read(claude_ai, json.dumps(list(conversations)).encode(), "/h/conversations.json")


def test_a_conversation_is_a_session() -> None:
    items = give(talk("t1", ("human", "where?"), ("assistant", "there")))

    assert messages(items) == [
        Message("t1", 0, "user", TIME_MS, (Block("text", "where?"),)),
        Message("t1", 1, "assistant", TIME_MS, (Block("text", "there"),)),
    ]
    assert (session(items).title, session(items).title_rank) == ("About t1", TITLE_GENERATED)


def test_blocks_say_more_than_the_text() -> None:
    """Where there are blocks the text beside them repeats them."""
    said = talk("t1", ("assistant", "shorter"))
    said["chat_messages"][0]["content"] = [
        {"type": "thinking", "thinking": "Hm."},
        {"type": "text", "text": "I look."},
        {"type": "tool_use", "id": "c1", "name": "search", "input": {"query": "quokka"}},
        {"type": "tool_result", "tool_use_id": "c1", "name": "search", "content": [{"text": "zoo"}], "is_error": True},
        {"type": "voice_note", "text": "spoken"},
        {"type": "new-kind"},
    ]  # fmt: skip

    assert messages(give(said))[0].blocks == (
        Block("thinking", "Hm."),
        Block("text", "I look."),
        Block("tool_call", "query: quokka", "search", "c1"),
        Block("tool_result", "zoo", "search", "c1", is_error=True),
        Block("text", "spoken"),
    )


def test_what_was_pasted_and_what_was_uploaded() -> None:
    """Pasted text stands in the export, of other files only the name."""
    said = talk("t1", ("human", "see"))
    said["chat_messages"][0] |= {
        "attachments": [{"file_name": "a.txt", "extracted_content": "quokka"}, {"extracted_content": "bare"}],
        "files": [{"file_name": "zoo.png"}, {}],
    }

    assert [block.text for block in messages(give(said))[0].blocks] == ["see", "a.txt\nquokka", "bare", "zoo.png"]


def test_branches_that_were_left_are_marked() -> None:
    """The last message stands at the end of the way that was taken."""
    said = talk("t1", ("human", "first"), ("assistant", "old"), ("human", "again"), ("assistant", "new"))
    for at, above in enumerate(("root", "t1-0", "root", "t1-2")):
        said["chat_messages"][at]["parent_message_uuid"] = above

    assert [m.off_path for m in messages(give(said))] == [True, True, False, False]
    assert not any(m.off_path for m in messages(give(talk("t1", ("human", "a"), ("assistant", "b")))))


def test_other_services_and_nameless_chats_are_passed_over() -> None:
    items = give({"id": "c", "mapping": {}}, {"chat_messages": []}, 7, talk("t1", ("human", "a")))

    assert ({m.session for m in messages(items)}, problems(items)) == ({"t1"}, [])
