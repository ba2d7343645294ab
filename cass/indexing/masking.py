"""`redact = index`: what is read loses its secrets before anything of it is stored."""

from __future__ import annotations

from cass.connectors.base import Checkpoint, Message, Session
from cass.indexing.prepared import Prepared, prepare
from cass.records import replace
from cass.redact import mask
from cass.store.documents import text_hash
from cass.store.ids import hash64

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cass.connectors.base import Item


def masked_items(items: Iterable[Item | Prepared]) -> Iterator[Item | Prepared]:
    """The same records with every secret masked: in texts, in titles, and in what a reader wants to remember."""
    for item in items:
        if type(item) is Message:
            yield _masked(prepare(item))
        elif type(item) is Prepared:
            yield _masked(item)
        elif type(item) is Session and item.title:
            yield replace(item, title=mask(item.title))
        elif type(item) is Checkpoint and item.state:
            yield replace(item, state=_masked_value(item.state))
        else:
            yield item


def _masked(message: Prepared) -> Prepared:
    texts = [mask(part[5]) for part in message.parts]
    if texts == [part[5] for part in message.parts]:
        return message
    parts = tuple((*part[:4], hash64(text.encode()), text) for part, text in zip(message.parts, texts, strict=True))
    # Its words are looked for anew: those that the other process found are of the secret, too.
    return replace(message, parts=parts, text=text_hash([part[4] for part in parts]), extra=None)


def _masked_value(value: object) -> object:
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, (list, tuple)):
        return [_masked_value(item) for item in value]
    if isinstance(value, dict):
        return {key: _masked_value(item) for key, item in value.items()}
    return value
