"""The quality tier's model, which the worker keeps open for those who ask."""

from __future__ import annotations

import os
from threading import Event, Lock

from cass import clock
from cass.frames import OPENING
from cass.search.meaning import policy_of
from cass.search.quality import INSTALLED, NOT_BESIDE, Missing, kind_of
from cass.semantic.batcher import Batcher, ShuttingDown
from cass.semantic.embedders.base import EmbedderError, EmbedderNotLoaded, EmbedderTransportError
from cass.semantic.embedders.table import BATCH, EmbedderOptions, beside, build_embedder, embedder_row

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cass.search.engine import Search
    from cass.semantic.embedders.base import BaseEmbedder, Status, Vector

# Nobody has asked for so long: its memory is worth more than the next question's 100 ms.
KEPT_S = 600.0
# To open it here takes half of that: its files are read whole before.
OPENING_S = 1.0
BEING_OPENED = Missing("its model is being opened", "ask again in a moment")


class NotOpen(Exception):
    """The model is being opened: whoever is in a hurry is quicker without this process."""

    declined = OPENING


class WarmModel:
    """The installed model of the quality tier, shared by questions and the worker's own work; opened when it is needed.

    One question at a time goes through it: rows of a batch share a scale in int8, and the answer must be the same as
    without the worker.  Work in the background goes through it `batch` texts at a time at most, or as many as whoever
    had it built last has said.
    """

    def __init__(self, data: str, monotonic_s: Callable[[], float] = clock.monotonic_s, batch: int = BATCH) -> None:
        self._data = data
        self._batch = batch
        self._monotonic_s = monotonic_s
        self._lock = Lock()
        self._key: tuple[str, int] | None = None
        self._batcher: Batcher | None = None
        self._asked_s: float | None = None

    def question(self, name: str, left_s: Callable[[], float | None]) -> BaseEmbedder | None:
        """The embedder for one question; None where the model is none of those that are kept.

        Raises NotOpen where it is not open yet, and the question cannot wait for that.
        """
        if kind_of(name, self._data, NOT_BESIDE) != INSTALLED:
            return None
        batcher = self._opened(name, 1)
        if batcher is None:
            return None
        self._asked_s = self._monotonic_s()
        hurry_s = left_s()
        if batcher.embedder.status == "loading" and hurry_s is not None and hurry_s < OPENING_S:
            batcher.begin()
            raise NotOpen
        return Through(batcher, True, left_s, again=lambda: self._opened(name, 1))

    def offer(self, looking: Search) -> None:
        """A search is to ask the model that is open here, unless another process is to be asked."""
        if not _is_elsewhere(looking):
            looking.model, looking.read_ahead = self.question, self.read_ahead

    def offer_open(self, looking: Search) -> None:
        """The same where nobody else answers: while the model is being opened the search goes on without."""
        if not _is_elsewhere(looking):
            looking.model, looking.read_ahead = self._question_or_why, self.read_ahead

    def read_ahead(self, name: str, text: str) -> None:
        """Begin with a text that will be asked for in a moment, if the model is open; its vector is kept till then."""
        batcher, key = self._batcher, self._key
        if batcher is not None and key is not None and key[0] == name and batcher.embedder.is_loaded:
            batcher.submit([text], lambda answer: None)

    def _question_or_why(self, name: str, left_s: Callable[[], float | None]) -> BaseEmbedder | Missing | None:
        try:
            return self.question(name, left_s)
        except NotOpen:
            return BEING_OPENED

    def for_others(self, name: str) -> Batcher:
        """Where texts of other processes go.  The model is being opened, where it is not open yet.

        Raises EmbedderNotLoaded where it is none of those that are kept.
        """
        batcher = self._opened(name, 1) if kind_of(name, self._data, NOT_BESIDE) == INSTALLED else None
        if batcher is None:
            raise EmbedderNotLoaded(f"no model {name} is installed", todo="cass models install")
        self._asked_s = self._monotonic_s()
        batcher.begin()
        return batcher

    def build(self, name: str, options: EmbedderOptions, env: Mapping[str, str] = os.environ) -> BaseEmbedder:
        """As `build_embedder`, for the worker's own work.  Raises EmbedderNotLoaded."""
        if options.beside.url or kind_of(name, self._data, NOT_BESIDE) != INSTALLED:
            return build_embedder(name, options, env)

        def again() -> Batcher | None:
            return self._opened(name, options.threads, most_threads=options.threads)

        self._batch = options.batch
        batcher = again()
        if batcher is None:
            return build_embedder(name, options, env)
        return Through(batcher, False, closed=self.let_go_if_idle, again=again)

    def let_go_if_idle(self) -> None:
        """Unless somebody has asked lately."""
        if self._asked_s is None or self._monotonic_s() - self._asked_s >= KEPT_S:
            self.let_go()

    def let_go(self) -> None:
        """The model's memory; the next one who asks opens it again."""
        with self._lock:
            batcher, self._batcher, self._key = self._batcher, None, None
        if batcher is not None:
            batcher.drain(KEPT_S)
            batcher.embedder.close()

    def _opened(self, name: str, threads: int, most_threads: int | None = None) -> Batcher | None:
        """`most_threads`: one that was opened with more is opened anew; None: with however many."""
        with self._lock:
            key = self._key or ("", 0)
            if self._batcher is not None and key[0] == name and (most_threads is None or key[1] <= most_threads):
                self._batcher.later_max = self._batch
                return self._batcher  # perhaps opened by a question, with fewer threads
            old, self._batcher = self._batcher, None
            try:
                options = EmbedderOptions(data=self._data, threads=threads, batch=self._batch)
                embedder = build_embedder(name, options)
            except EmbedderError:
                return None
            self._key, self._batcher = (name, threads), Batcher(embedder, batch_max=1, later_max=self._batch)
        if old is not None:
            old.drain(KEPT_S)
            old.embedder.close()
        return self._batcher


def _is_elsewhere(looking: Search) -> bool:
    values = dict(looking.request.semantic)
    return beside(values).has(embedder_row(policy_of(values).quality_tier_embedder))


class Through:
    """An embedder whose texts go through a batcher, for a question or for work in the background.

    again: opens the model where it was let go a moment ago; None where that cannot be done.
    """

    def __init__(
        self,
        batcher: Batcher,
        is_urgent: bool,
        left_s: Callable[[], float | None] = lambda: None,
        closed: Callable[[], None] = lambda: None,
        again: Callable[[], Batcher | None] = lambda: None,
    ) -> None:
        self._batcher = batcher
        self._is_urgent = is_urgent
        self._left_s = left_s
        self._closed = closed
        self._again = again
        self.max_input_chars = batcher.embedder.max_input_chars

    @property
    def embedder_id(self) -> str:
        return self._batcher.embedder.embedder_id

    @property
    def model_version(self) -> str:
        return self._batcher.embedder.model_version

    @property
    def dim(self) -> int:
        return self._batcher.embedder.dim

    @property
    def is_loaded(self) -> bool:
        return self._batcher.embedder.is_loaded

    @property
    def status(self) -> Status:
        return self._batcher.embedder.status

    @property
    def reason(self) -> str | None:
        return self._batcher.embedder.reason

    @property
    def todo(self) -> str | None:
        todo: str | None = getattr(self._batcher.embedder, "todo", None)
        return todo

    def load(self) -> None:
        self._batcher.embedder.load()

    def close(self) -> None:
        self._closed()

    def embed(self, texts: Sequence[str]) -> list[Vector]:
        """The vectors.  Raises EmbedderError, also when the time is over."""
        try:
            return self._embed(texts)
        except ShuttingDown:
            batcher = self._again()
            if batcher is None:
                raise
            self._batcher = batcher
        return self._embed(texts)

    def _embed(self, texts: Sequence[str]) -> list[Vector]:
        done, found = Event(), []

        def take(answer: list[Vector] | Exception) -> None:
            found.append(answer)
            done.set()

        left_s = self._left_s()
        # In the background by this thread, which is nice: the batcher's own may be a question's.
        self._batcher.submit(texts, take, self._is_urgent, may_run=not self._is_urgent)
        if not done.wait(left_s):
            raise EmbedderTransportError(f"its model did not answer within {1000 * (left_s or 0):.0f} ms")
        if isinstance(found[0], Exception):
            raise found[0]
        return found[0]
