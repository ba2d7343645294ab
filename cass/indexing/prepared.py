"""A connector's message as rows: texts cleaned and hashed, strings interned, and the name of its document.

Nothing here decides whether the message is new.
"""

from __future__ import annotations

from cass.document import body_of, is_own
from cass.records import record
from cass.store.documents import tools_of
from cass.store.ids import hash64
from cass.store.schema import ERROR, KINDS, OWN_BLOCK, ROLES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from cass.connectors.base import Message
    from cass.store.writer import Writer

    # kind, tool, call, flags, text id
    Row = tuple[int, int | None, str | None, int, int]
    Cleaned = list[tuple[str, bytes, int]]

_ROLE = {name: number for number, name in enumerate(ROLES)}
_KIND = {name: number for number, name in enumerate(KINDS)}


@record
class Prepared:
    """A message's rows without its id.  `hashes` and `texts` are those of its blocks; a text is (text, own)."""

    role: int
    blocks: tuple[Row, ...]
    hashes: tuple[int, ...]
    texts: tuple[tuple[str, bool], ...]
    tools: tuple[str, ...]
    own: bool

    @property
    def body(self) -> str:
        return body_of(list(self.texts))


def cleaned(message: Message, digests: Sequence[int]) -> Cleaned:
    """(text, its UTF-8, its hash) of each block; `digests` are the hashes of the first of them, if known."""
    found = []
    for at, block in enumerate(message.blocks):
        text, encoded = clean_text(block.text)
        found.append((text, encoded, digests[at] if at < len(digests) else hash64(encoded)))
    return found


def name_of(message: Message, agent: str, workspace: str | None, texts: Cleaned) -> int:
    """The document's name, before anything is stored."""
    own = is_own([("", block.own) for block in message.blocks])
    hashes = [digest for _, _, digest in texts]
    return document_name(agent, workspace, _ROLE.get(message.role, 0), message.created_ms, own, hashes)


def prepare(store: Writer, message: Message, read: Cleaned) -> Prepared:
    """The message's rows.  Its texts are stored on the way, each once."""
    rows: list[Row] = []
    hashes, texts, tools = [], [], []
    for block, (text, encoded, digest) in zip(message.blocks, read, strict=True):
        tool = clean(block.tool)
        if tool:
            tools.append(tool)
        flags = (ERROR if block.is_error else 0) | (OWN_BLOCK if block.own else 0)
        number = store.text(text, encoded, digest)
        rows.append((_KIND.get(block.kind, 0), store.intern(tool or None), clean(block.call_id), flags, number))
        hashes.append(digest)
        texts.append((text, block.own))
    role, own = _ROLE.get(message.role, 0), is_own(texts)
    return Prepared(role, tuple(rows), tuple(hashes), tuple(texts), tools_of(tools) if tools else (), own)


def document_name(
    agent: str, workspace: str | None, role: int, created_ms: int | None, own: bool, hashes: Sequence[int]
) -> int:
    """The hash that names a message's document: equal for copies of a message, wherever they stand."""
    key = (agent, workspace, role, created_ms, own, tuple(hashes))
    digest = hash64(repr(key).encode("utf-8", "replace"))
    second = (created_ms or 0) // 1000
    if 0 < second < 1 << 31:
        # Names in the order of time: what is stored together stands together in the index of names.
        return second << 32 | digest & 0xFFFFFFFF
    return digest | -1 << 63


def grew(before: Sequence[tuple[int, str]], prepared: Prepared) -> bool:
    """Are the stored blocks (hash, text) the first of these?  The last one may have grown itself."""
    same = len(before) - 1
    if len(prepared.texts) <= same or any(before[at][0] != prepared.hashes[at] for at in range(same)):
        return False
    return same < 0 or prepared.texts[same][0].startswith(before[same][1])


def begins(before: Sequence[tuple[int, str]], prepared: Prepared) -> bool:
    """Are these the first of the stored blocks, and not all of them?"""
    count = len(prepared.hashes)
    return count < len(before) and [digest for digest, _ in before[:count]] == list(prepared.hashes)


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
