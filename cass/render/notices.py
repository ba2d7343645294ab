"""Notices and errors on stderr: a line each for programs, folded at its spaces where a person's screen is narrower."""

from __future__ import annotations

import os

from cass.render.narrow import fold
from cass.render.terminal import style

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO


def notify(text: str, stream: TextIO) -> None:
    """Write lines, each with its end."""
    look = style(stream, {}, os.environ)
    if not look.terminal:
        stream.write(text)
        return
    for line in text.splitlines():
        stream.write("".join([f"{part}\n" for part in fold(line, look.width)]))
