"""What programs write to colour a terminal, taken out of a text: `␛[31merror` is the word error.

Loaded only where a text has an escape in it.
"""

from __future__ import annotations

import re

# ESC as itself, as cass prints it, and as a terminal echoes it; patterns begin like that, too, so of it colours alone.
# A colour stands inside words, a move ends a line.
_COLOUR = re.compile(r"(?:\x1b|␛|\^\[)\[[\d;:]*m|(?:\x1b|␛)\[K|(?:\x1b|␛)\([0AB]")
_OTHER = re.compile(r"(?:\x1b|␛)(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b␛␇\n]*(?:\x07|␇|(?:\x1b|␛)\\)|[@-Z\\-_78=>c]|#\d)")
# Whole runs, of which few are touched: to ask for a touch in one would begin anew at each of its letters.
_RUN = re.compile(r"(?:[^\W_]|\0)+")


def without_escapes(text: str) -> str:
    """The text as it reads on the terminal."""
    return _OTHER.sub(" ", _COLOUR.sub("", text))


def blanked(text: str) -> str:
    """The text with spaces for all of them: every offset stays."""
    for pattern in (_COLOUR, _OTHER):
        text = pattern.sub(lambda found: " " * len(found[0]), text)
    return text


def coloured_words(text: str) -> str:
    """The words that a code stands in or right before, as they read, in one text."""
    marked = _OTHER.sub(" \0", _COLOUR.sub("\0", text.replace("\0", " ")))
    return " ".join([run[0].replace("\0", "") for run in _RUN.finditer(marked) if "\0" in run[0]])
