"""What `cass forget` says of what goes."""

from __future__ import annotations

from cass.render import forget_text
from cass.store.forgetting import Leaving


def test_copies_are_told_by_what_makes_them_copies() -> None:
    """Where an agent gives a session one time they stand in that session itself, and in no fork of it."""
    leaving = Leaving(messages=3, copies=2, parts=("3fa9c2e1b0d47a55",), text_bytes=60)

    said = forget_text.summary(leaving, done=False, left=None)

    assert said == (
        "Would forget 3 messages, parts of 1 session (3fa9c2e1): 60 bytes of text;"
        " 2 of them are copies: the same words at the same time.\n"
    )
