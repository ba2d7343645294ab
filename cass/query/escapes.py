"""What programs write to colour a terminal, taken out of a text: `␛[31merror` is the word error.

Loaded only where a text has an escape in it.
"""

from __future__ import annotations

import re

# ESC as itself, as cass prints it, and as a terminal echoes it.  A colour stands inside words, a move ends a line.
_ESC = r"(?:\x1b|␛|\^\[)"
_COLOUR = re.compile(rf"{_ESC}\[(?:[\d;:]*m|K)")
_OTHER = re.compile(rf"{_ESC}\[[0-?]*[ -/]*[@-~]|\x1b(?:\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\^_])")
_TOUCHED = re.compile(r"[^\W_]*(?:\0[^\W_]*)+")


def without_escapes(text: str) -> str:
    """The text as it reads on the terminal."""
    return _OTHER.sub(" ", _COLOUR.sub("", text))


def blanked(text: str) -> str:
    """The text with spaces for all of them: every offset stays."""
    for pattern in (_COLOUR, _OTHER):
        text = pattern.sub(lambda found: " " * len(found[0]), text)
    return text


def coloured_words(text: str) -> str:
    """The words that begin, end or change their colour there, as they read, in one text."""
    marked = _OTHER.sub(" ", _COLOUR.sub("\0", text.replace("\0", " ")))
    return " ".join([run.replace("\0", "") for run in _TOUCHED.findall(marked)])
