"""One model for many who ask: their texts in batches, each text once, and the last vectors kept.

Nothing is ever waited for: an idle model runs at once, and what comes meanwhile is the next batch.  Questions that
somebody waits for go before work in the background, which also goes in smaller batches, so that a question waits for a
short one at most.  A batch that fails is halved until the guilty text is alone.
"""

from __future__ import annotations

from array import array
from collections import OrderedDict, deque
from threading import Condition, Thread

from cass import clock
from cass.records import record
from cass.semantic.embedders.base import EmbedderError, EmbedderNotLoaded
from cass.semantic.embedders.table import BATCH

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from cass.semantic.embedders.base import BaseEmbedder, Vector

    Answer = Callable[[list[Vector] | Exception], None]

BATCH_MAX = 32
# A batch of the longest texts takes seconds; its texts are as many as keep it short.
BATCH_CHARS = 64_000
CACHE_SIZE = 256
# Whoever brings texts to an idle model runs it; no longer than this, if others bring more.
LEAD_S = 0.001
# More than anybody waits for, and a bound for memory.
MOST_QUEUED_CHARS = 64_000_000


class ShuttingDown(EmbedderError):
    """The process ends; another one may answer."""


class TooBusy(EmbedderError):
    """More is waiting than may be kept."""


@record
class Counts:
    """What was done since the start, in texts; `waiting` now."""

    texts: int = 0
    encoded: int = 0
    batches: int = 0
    from_cache: int = 0
    shared: int = 0
    failed: int = 0
    waiting: int = 0


class _Job:
    """A request: its answer is complete when no row is missing."""

    __slots__ = ("answer", "lost", "missing", "rows")

    def __init__(self, count: int, answer: Answer) -> None:
        self.rows: list[Vector] = [_NOTHING] * count
        self.missing = count
        self.lost: Exception | None = None
        self.answer = answer

    def tell(self) -> None:
        self.answer(self.rows if self.lost is None else self.lost)


class _Slot:
    """A text that is waited for, and the rows of the requests that wait for it."""

    __slots__ = ("is_queued", "is_urgent", "text", "waiting")

    def __init__(self, text: str, is_urgent: bool) -> None:
        self.text = text
        self.is_urgent = is_urgent
        self.is_queued = True
        self.waiting: list[tuple[_Job, int]] = []


_NOTHING: Vector = array("f")


class Batcher:
    """Runs `embedder` in a thread of its own, which begins with the first text.

    later_max: texts of the background in a batch, for which a question may have to wait; it may be changed at any time.
    """

    def __init__(
        self,
        embedder: BaseEmbedder,
        batch_max: int = BATCH_MAX,
        wait_s: float = 0.0,
        cache_size: int = CACHE_SIZE,
        later_max: int = BATCH,
    ) -> None:
        self.embedder = embedder
        self._batch_max = max(1, batch_max)
        self.later_max = max(1, later_max)
        self._wait_s = wait_s
        self._cache_size = cache_size
        self._cache: OrderedDict[str, Vector] = OrderedDict()
        self._space: tuple[str, str] | None = None
        self._changed = Condition()
        self._slots: dict[str, _Slot] = {}
        self._urgent: deque[_Slot] = deque()
        self._later: deque[_Slot] = deque()
        self._queued_chars = 0
        self._is_closing = self._is_running = False
        self._thread: Thread | None = None
        self._counts = dict.fromkeys(Counts.__match_args__, 0)

    def submit(self, texts: Sequence[str], answer: Answer, is_urgent: bool = True, may_run: bool = False) -> None:
        """Have `answer` called once, in whichever thread: with a vector a text, or with the error of one of them.

        may_run: this thread has nothing else to do, and may run the model itself where nobody does: to wake another
        one takes longer than a small model, and what is not urgent is work of a thread that gives way to others.
        """
        job, some = _Job(len(texts), answer), None
        with self._changed:
            refused = self._refusal(texts)
            if refused is None:
                for row, text in enumerate(texts):
                    self._place(job, row, text[: self.embedder.max_input_chars], is_urgent)
                if may_run and not self._is_running and self.embedder.is_loaded and self._is_for(is_urgent):
                    some, self._is_running = self._taken(), True
                elif not self._is_running or self._wait_s:
                    self._changed.notify()
        if refused is not None:
            job.lost = refused
        if refused is not None or not job.missing:
            job.tell()
        if some is not None:
            self._lead(some, is_urgent)

    def _is_for(self, is_urgent: bool) -> bool:
        """Is there something for whoever asks in this way?  Nobody whose work can wait keeps a question waiting."""
        return bool(self._urgent and not self._wait_s) if is_urgent else bool(self._later and not self._urgent)

    def _lead(self, some: list[_Slot], is_urgent: bool) -> None:
        """Run these, and what comes meanwhile as long as it is quick, or can wait; the rest is the other thread's."""
        end_s = clock.monotonic_s() + LEAD_S
        while some:
            self._encode(some)
            with self._changed:
                has_time = not is_urgent or clock.monotonic_s() < end_s
                some = self._taken() if has_time and self._is_for(is_urgent) else []
                if not some:
                    self._is_running = False
                    if self._urgent or self._later or self._is_closing:
                        self._changed.notify_all()

    def _refusal(self, texts: Sequence[str]) -> EmbedderError | None:
        if self._is_closing:
            return ShuttingDown("shutting down")
        if self._queued_chars + sum(map(len, texts)) > MOST_QUEUED_CHARS:
            return TooBusy("too many texts are waiting", retry_after_s=1.0)
        self._start()
        return None

    def begin(self) -> None:
        """Get the embedder ready before anything is asked."""
        with self._changed:
            if not self._is_closing:
                self._start()

    def _start(self) -> None:
        if self._thread is None:
            self._thread = Thread(target=self._run, name="embedder", daemon=True)
            self._thread.start()

    def _place(self, job: _Job, row: int, text: str, is_urgent: bool) -> None:
        """Give the row its vector, or let it wait for the one that is made of this text."""
        self._counts["texts"] += 1
        known = self._known(text)
        if known is not None:
            job.rows[row] = known
            job.missing -= 1
            return
        slot = self._slots.get(text)
        if slot is None:
            slot = self._slots[text] = _Slot(text, is_urgent)
            (self._urgent if is_urgent else self._later).append(slot)
            self._queued_chars += len(text)
        else:
            self._counts["shared"] += 1
            if is_urgent and not slot.is_urgent and slot.is_queued:
                self._later.remove(slot)
                self._urgent.append(slot)
                slot.is_urgent = True
        slot.waiting.append((job, row))

    def _known(self, text: str) -> Vector | None:
        """Nothing can be read in a blank text; of the others the last ones are kept."""
        if not text.strip():
            return _NOTHING
        vector = self._cache.get(text)
        if vector is not None:
            self._cache.move_to_end(text)
            self._counts["from_cache"] += 1
        return vector

    # In the embedder's thread

    def _run(self) -> None:
        self._load()
        while some := self._next():
            self._encode(some)
            with self._changed:
                self._is_running = False

    def _next(self) -> list[_Slot]:
        """The next batch as soon as there is one; none at the end."""
        with self._changed:
            self._changed.notify_all()  # whoever waits for the end
            while self._is_running or (not self._urgent and not self._later):
                if self._is_closing and not self._is_running:
                    return []
                self._changed.wait()
            self._is_running = True
            if self._wait_s > 0:
                self._changed.wait_for(lambda: len(self._urgent) >= self._batch_max or self._is_closing, self._wait_s)
            return self._taken()

    def _taken(self) -> list[_Slot]:
        queue, most = (self._urgent, self._batch_max) if self._urgent else (self._later, self.later_max)
        some: list[_Slot] = []
        chars = 0
        while queue and len(some) < most and (not some or chars + len(queue[0].text) <= BATCH_CHARS):
            slot = queue.popleft()
            slot.is_queued = False
            chars += len(slot.text)
            some.append(slot)
        self._queued_chars -= chars
        if len(some) > 1:
            some.sort(key=lambda slot: len(slot.text))
        return some

    def _encode(self, slots: list[_Slot]) -> None:
        try:
            vectors = self._vectors([slot.text for slot in slots])
        except Exception as lost:  # an embedder is foreign code: whatever it raises must not end the thread
            if len(slots) == 1 or self.embedder.status != "ok":
                self._settle(slots, lost)
                return
            half = len(slots) // 2
            self._encode(slots[:half])
            self._encode(slots[half:])
            return
        self._settle(slots, vectors)

    def _load(self) -> None:
        if not self.embedder.is_loaded:
            try:
                self.embedder.load()
            except Exception:  # foreign code: whoever asks is told by the next attempt
                pass

    def _vectors(self, texts: list[str]) -> list[Vector]:
        embedder = self.embedder
        if not embedder.is_loaded:
            embedder.load()
            if not embedder.is_loaded:
                raise EmbedderNotLoaded(embedder.reason or "the embedder is not ready")
        self._counts["batches"] += 1
        vectors = embedder.embed(texts)
        if len(vectors) != len(texts):
            raise EmbedderError(f"{embedder.embedder_id} gave {len(vectors)} vectors for {len(texts)} texts")
        self._counts["encoded"] += len(texts)
        return vectors

    def _settle(self, slots: Sequence[_Slot], found: list[Vector] | Exception) -> None:
        """Give each row that waits what it waits for, and answer the requests that are complete."""
        ready: list[_Job] = []
        with self._changed:
            self._forget_another_space()
            for number, slot in enumerate(slots):
                if self._slots.pop(slot.text, None) is None:
                    continue  # given up meanwhile: the process ends
                if isinstance(found, Exception):
                    self._counts["failed"] += 1
                else:
                    self._keep(slot.text, found[number])
                ready += self._told(slot, found if isinstance(found, Exception) else found[number])
        for job in ready:
            job.tell()

    def _told(self, slot: _Slot, found: Vector | Exception) -> Iterable[_Job]:
        for job, row in slot.waiting:
            if isinstance(found, Exception):
                job.lost = found
            else:
                job.rows[row] = found
            job.missing -= 1
            if not job.missing:
                yield job

    def _forget_another_space(self) -> None:
        """A server behind the embedder may be given another model."""
        space = (self.embedder.embedder_id, self.embedder.model_version)
        if space != self._space:
            self._cache.clear()
            self._space = space

    def _keep(self, text: str, vector: Vector) -> None:
        if self._cache_size:
            self._cache[text] = vector
            if len(self._cache) > self._cache_size:
                self._cache.popitem(last=False)

    # From outside

    def counts(self) -> Counts:
        """What was done so far."""
        with self._changed:
            return Counts(**{**self._counts, "waiting": len(self._slots)})

    def drain(self, most_s: float) -> None:
        """Take nothing more, finish what is there; what is not done after `most_s` is answered with ShuttingDown."""
        with self._changed:
            self._is_closing = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: not self._slots, most_s)
            left = list(self._slots.values())
            self._urgent.clear()
            self._later.clear()
        self._settle(left, ShuttingDown("shutting down"))
