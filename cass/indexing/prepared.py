"""A connector's message as it will be stored: names as numbers, texts cleaned and hashed, and its document's name.

Nothing here knows the database or decides whether the message is new; it is the same work in either process.
"""

from __future__ import annotations

from cass.document import body_of, extra_text
from cass.records import record, replace
from cass.store.documents import text_hash
from cass.store.ids import hash64
from cass.store.schema import ERROR, KINDS, OWN_BLOCK, ROLES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from cass.connectors.base import Block, Message
    from cass.store.writer import Part

    ExtraWords = Callable[[str, bytes], str]

_ROLE = {name: number for number, name in enumerate(ROLES)}
_SPREAD = 0x9E3779B97F4A7C15  # odd: different numbers stay different
_KIND = {name: number for number, name in enumerate(KINDS)}


class ReaderDied(Exception):
    """The process that prepared messages ahead has ended; its files are read here."""


@record
class Prepared:
    """A message's row and those of its blocks, without ids.  `text` is the hash of what is said.

    `span` is (line, start, end).  `extra` are the words that the index's tokenizer would not give; None: look for them.
    """

    session: str
    ordinal: int
    role: int
    created_ms: int | None
    parts: tuple[Part, ...]
    own: bool
    text: int
    span: tuple[int | None, int | None, int | None]
    off_path: bool
    continues: bool
    extra: str | None = None

    @property
    def hashes(self) -> list[int]:
        return [part[4] for part in self.parts]


def prepare(message: Message) -> Prepared:
    """The message as it will be stored."""
    return Prepared(*prepared_values(message))


def prepared_values(message: Message, extra_words: ExtraWords | None = None) -> tuple[Any, ...]:
    """The fields of `Prepared` in order; the extra words are looked for where a way to do it is given."""
    blocks = message.blocks
    cleaned = [clean_text(block.text) for block in blocks]
    parts = tuple([_part(block, text, hash64(data)) for block, (text, data) in zip(blocks, cleaned, strict=True)])
    own = bool(blocks) and all([block.own for block in blocks])
    extra = None
    if extra_words is not None and len(parts) == 1:
        extra = extra_words(*cleaned[0])
    elif extra_words is not None:
        body = body_of_parts(parts)
        extra = extra_words(body, body.encode())
    return (
        message.session, message.ordinal, _ROLE.get(message.role, 0), message.created_ms, parts, own,
        text_hash([part[4] for part in parts]), (message.line, message.start, message.end),
        message.off_path, message.continues, extra,
    )  # fmt: skip


def _part(block: Block, text: str, digest: int) -> Part:
    flags = (ERROR if block.is_error else 0) | (OWN_BLOCK if block.own else 0)
    return _KIND.get(block.kind, 0), clean(block.tool) or None, clean(block.call_id), flags, digest, text


def body_of_parts(parts: Sequence[Part]) -> str:
    """What is searched of the message."""
    if len(parts) == 1:
        return parts[0][5]
    return body_of([(text, bool(flags & OWN_BLOCK)) for _, _, _, flags, _, text in parts])


def place_hash(agent: str, workspace: str | None) -> int:
    """Where a message was said, as far as one filters by it."""
    return hash64(repr((agent, workspace)).encode())


def document_name(place: int, role: int, created_ms: int | None, own: bool, text: int) -> int:
    """The number that names a message's document: equal for copies of a message, wherever they stand.

    `place` and `text` are hashes already; the small numbers are spread over all bits between them.
    """
    at_ms = -1 if created_ms is None else created_ms
    said = place ^ (text + ((at_ms * len(ROLES) + role) * 2 + own) * _SPREAD)
    second = at_ms // 1000
    if 0 < second < 1 << 31:
        # Names in the order of time: what is stored together stands together in the index of names.
        return second << 32 | said & 0xFFFFFFFF
    return said & 0x7FFFFFFFFFFFFFFF | -1 << 63


def grew(before: Sequence[tuple[int, str]], prepared: Prepared) -> bool:
    """Are the stored blocks (hash, text) the first of these?  The last one may have grown itself."""
    same, parts = len(before) - 1, prepared.parts
    if len(parts) <= same or any(before[at][0] != parts[at][4] for at in range(same)):
        return False
    return same < 0 or parts[same][5].startswith(before[same][1])


def begins(before: Sequence[tuple[int, str]], prepared: Prepared) -> bool:
    """Are these the first of the stored blocks, and not all of them?"""
    count = len(prepared.parts)
    return count < len(before) and [digest for digest, _ in before[:count]] == prepared.hashes


def joined(first: Prepared, more: Prepared) -> Prepared:
    """A message that waits, with more blocks."""
    parts, own = (*first.parts, *more.parts), first.own and more.own
    text = text_hash([part[4] for part in parts])
    extra = None
    # Calls of cass itself are not searched beside other words.
    if first.extra is not None and more.extra is not None and not any(part[3] & OWN_BLOCK for part in parts):
        extra = extra_text({*first.extra.split(), *more.extra.split()})
    span = (first.span[0], first.span[1], more.span[2])
    return replace(first, parts=parts, own=own, text=text, span=span, extra=extra)


def clean(text: str | None) -> str | None:
    """The text as SQLite and the index can hold it: no lone surrogates, no NUL."""
    if text is None or (text.isascii() and "\0" not in text):
        return text
    return clean_text(text)[0]


def clean_text(text: str) -> tuple[str, bytes]:
    """The text and its UTF-8, lone surrogates and NUL replaced."""
    if "\0" in text:
        text = text.replace("\0", "\ufffd")
    try:
        return text, text.encode()
    except UnicodeEncodeError:
        encoded = text.encode("utf-8", "replace")
        return encoded.decode(), encoded
