"""A message as the lexical index knows it: made by ingest or read back from SQLite, the same either way."""

from __future__ import annotations

from cass.records import record


@record
class Document:
    """A message's words and what one filters on.  `extra` are words that its tokenizer would not give; None: look.

    `doc` is its name, a hash of everything here; `text` a hash of the text alone, by which copies are folded.
    """

    doc: int
    text: int
    session: int
    agent: int
    workspace: int
    role: int
    own: bool
    time_ms: int | None
    tools: tuple[str, ...]
    body: str
    extra: str | None = None


def extra_text(words: set[str]) -> str:
    """A document's extra words as one text, ordered by their endings: no two that belong together stand together.

    In the order of the alphabet, config and toml of ConfigToml would be found as a phrase; each as a value of its own
    costs as much as indexing the text.
    """
    return " ".join(sorted([word[::-1] for word in words]))[::-1]


def is_own(blocks: list[tuple[str, bool]]) -> bool:
    """Is there nothing in the message but calls of cass itself, or what it printed?  Blocks are (text, own)."""
    return bool(blocks) and all([own for _, own in blocks])


def body_of(blocks: list[tuple[str, bool]]) -> str:
    """What is searched of a message: its texts, without own calls beside other words."""
    if len(blocks) == 1:
        return blocks[0][0]
    whole = is_own(blocks)
    return "\n".join(text for text, own in blocks if whole or not own)
