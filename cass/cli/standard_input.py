"""Text that is piped in, and whether somebody sits there to be asked."""

from __future__ import annotations

import sys

from cass.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import BinaryIO


def piped_bytes(command: str) -> BinaryIO:
    """Standard input.  Raises UsageError where it is closed."""
    if sys.stdin is None:
        raise UsageError("standard input is closed", command, "pipe a text into it")
    return sys.stdin.buffer


def piped_text(command: str) -> str:
    """All of standard input; what is no UTF-8 (a diff of old files has some) is replaced.  Raises UsageError."""
    return piped_bytes(command).read().decode("utf-8", "replace").removeprefix("\ufeff")


def can_ask() -> bool:
    """Does a person sit at standard input?"""
    return sys.stdin is not None and sys.stdin.isatty()
