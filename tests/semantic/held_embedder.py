"""An embedder whose batches a test lets go one by one."""

from __future__ import annotations

import threading
from array import array
from collections.abc import Sequence

from cass.semantic.batcher import Batcher
from cass.semantic.embedders.base import EmbedderTransportError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cass.semantic.embedders.base import Status, Vector

WAIT_S = 20.0


class HeldEmbedder:
    """Each batch waits for a `let`, unless it is `free`.  Texts with the word poison fail."""

    embedder_id, model_version, dim, max_input_chars = "held-2", "1", 2, 1000
    reason: str | None = None

    def __init__(self, free: bool = False) -> None:
        self.status: Status = "ok"
        self.batches: list[list[str]] = []
        self.started = threading.Semaphore(0)
        self._let = threading.Semaphore(0)
        self._is_free = free

    @property
    def is_loaded(self) -> bool:
        return self.status == "ok"

    def load(self) -> None:
        """It is, or it is not."""

    def let(self, count: int = 1) -> None:
        """Let so many batches end."""
        self._let.release(count)

    def free(self) -> None:
        self._is_free = True
        self.let(100)

    def embed(self, texts: Sequence[str]) -> list[Vector]:
        self.batches.append(list(texts))
        self.started.release()
        if not self._is_free:
            assert self._let.acquire(timeout=WAIT_S)
        if any("poison" in text for text in texts):
            raise EmbedderTransportError("poisoned")
        return [vector(text) for text in texts]

    def close(self) -> None:
        self.status = "closed"


def vector(text: str) -> Vector:
    """Of unit length, and another one for texts of another length."""
    return array("f", [0.6, 0.8] if len(text) % 2 else [0.8, 0.6])


class Answers:
    """What a batcher answers to `ask`, by the name of the question."""

    def __init__(self, batcher: Batcher) -> None:
        self.batcher = batcher
        self.found: dict[str, list[Vector] | Exception] = {}
        self.order: list[str] = []
        self._came = threading.Semaphore(0)

    def ask(self, name: str, *texts: str, is_urgent: bool = True, may_run: bool = False) -> None:
        def take(found: list[Vector] | Exception) -> None:
            self.order.append(name)
            self.found[name] = found
            self._came.release()

        self.batcher.submit(texts, take, is_urgent, may_run)

    def wait(self, count: int = 1) -> None:
        for _ in range(count):
            assert self._came.acquire(timeout=WAIT_S)
