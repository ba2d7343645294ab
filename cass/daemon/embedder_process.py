"""A process that is nothing but an embedder: it listens, answers, and lets nobody hang when it ends."""

from __future__ import annotations

import os
import select

from cass.daemon.connections import Connections
from cass.daemon.embedding import EmbeddingService
from cass.daemon.listening import listen
from cass.daemon.waiting import Signals
from cass.records import record
from cass.semantic.batcher import BATCH_MAX, CACHE_SIZE, Batcher
from cass.semantic.embedders.table import BATCH

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from cass.addresses import Address
    from cass.semantic.embedders.base import BaseEmbedder

# What was taken is finished within so many seconds; then what has arrived is refused, and everybody hung up on.
DRAIN_S = 5.0
HANG_UP_S = 0.5
FOR_EVER_S = 86_400.0


@record
class Manner:
    """Texts in a batch at most, how long to wait for more, how many vectors are kept, and what callers must know.

    later_max: texts of the background in a batch.
    """

    batch_max: int = BATCH_MAX
    wait_s: float = 0.0
    cache_size: int = CACHE_SIZE
    token: str = ""
    later_max: int = BATCH


def serve_embedder(
    embedder: BaseEmbedder,
    address: Address,
    manner: Manner,
    ready: Callable[[Address], None],
    say: Callable[[str], None],
    owner: int | None = None,
) -> None:
    """Answer until a signal ends it, or its owner has gone.  Raises Busy and SystemRefused.

    ready: called once callers are heard · owner: a descriptor whose other end the owner alone holds, for as long as it
    lives, and never writes to.
    """
    later_max = min(manner.batch_max, manner.later_max)
    batcher = Batcher(embedder, manner.batch_max, manner.wait_s, manner.cache_size, later_max)
    service = EmbeddingService(lambda: batcher, manner.token)
    with Signals() as signals:
        listener = listen(address)
        connections = Connections(listener, service.welcome, service.handle)
        connections.start()
        say(f"{embedder.embedder_id} of {embedder.dim} floats answers at {listener.address}")
        ready(listener.address)
        while not signals.is_ended and not _has_gone(owner):
            signals.wait(FOR_EVER_S, owner)
        say(f"ending: {len(connections)} callers, {batcher.counts().waiting} texts are waiting")
        connections.stop()
        batcher.drain(DRAIN_S)
        connections.close(HANG_UP_S)
        say(f"ended: {batcher.counts().encoded} texts were embedded")


def _has_gone(owner: int | None) -> bool:
    """However it ended, the system has closed its end."""
    return owner is not None and bool(select.select([owner], [], [], 0)[0]) and not os.read(owner, 64)
