"""The quality tier's embedder as one search may use it: a model on this machine, or a server that gets so much time.

In:  the name that the settings give, and how long there is.
Out: an embedder that is ready, or why there is none, in words for a note.
"""

from __future__ import annotations

import os

from cass.asking import is_ours, socket_path
from cass.disk import regular
from cass.records import record
from cass.semantic.embedders.base import EmbedderError, EmbedderTransportError
from cass.semantic.embedders.table import (
    INLINE,
    SERVER,
    Beside,
    EmbedderOptions,
    build_embedder,
    embedder_row,
    is_installed,
    model_id,
)
from cass.semantic.known_models import RERANKER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import TypeVar

    from cass.paths import Places
    from cass.semantic.embedders.base import BaseEmbedder, Status, Vector
    from cass.semantic.embedders.onnx import OnnxEmbedder
    from cass.semantic.embedders.table import RemoteOptions

    LeftS = Callable[[], float | None]  # None: whatever it takes
    Ask = Callable[[Sequence[str], float | None], list[Vector]]
    Got = TypeVar("Got")


INSTALLED, BESIDE, WARM = "minilm", "sidecar", "worker"
HASH = "hash"  # the fast tier: no model, but a scan
AHEAD = "minilm-ahead"  # the same, begun while the words' candidates are put in order
# What a question takes that nobody has timed yet: opening an int8 MiniLM and embedding one text; asking a server that
# runs on this machine; importing fastembed and opening a model; opening a reranker and scoring a few texts.
USUAL_MS = {INSTALLED: 150, SERVER: 150, "fastembed": 700, BESIDE: 20, WARM: 20, RERANKER: 200, AHEAD: 150}
SHORT_MS = 50  # by the usual wait what is shorter decides nothing
ASK_AGAIN, WAIT_LONGER = "cass backfill --force", "cass config set semantic_wait_ms 1000"
# A slow answer is believed for so long, twice as long each time it was waited for in vain, up to the last.  A model is
# slow once because its file was not in memory yet or the machine was busy; a server that hangs may be back in a minute.
BELIEVED_MS = {
    HASH: (15_000, 600_000),
    INSTALLED: (15_000, 600_000),
    AHEAD: (15_000, 600_000),
    SERVER: (60_000, 60_000),
    "fastembed": (600_000, 600_000),
    BESIDE: (15_000, 60_000),
    WARM: (1_000, 60_000),
    RERANKER: (15_000, 600_000),
}
NOT_BESIDE = Beside(INLINE)


@record
class Missing:
    """There is no embedder: why, and the command that may help."""

    why: str
    todo: str


def kind_of(name: str, data: str, beside: Beside = NOT_BESIDE) -> str:
    """How it is run: by the name of its row in the table of embedders; what is installed here is run as minilm is."""
    kind = embedder_row(name).name
    if beside.has(embedder_row(name)):
        return BESIDE
    return INSTALLED if kind == "fastembed" and is_installed(data, name) else kind


def longer(todo: str, wait_ms: int) -> str:
    """What may help; where it is to wait longer, longer than a search does already."""
    return todo if todo != WAIT_LONGER or wait_ms < 1000 else f"cass config set semantic_wait_ms {2 * wait_ms}"


class Cost:
    """What a question to the quality tier took last time, in a file of the cache: a cold process decides by it.

    The file says how many milliseconds, and how often in a row that was too long.
    """

    def __init__(self, cache: str, kind: str, now_ms: int) -> None:
        self._path = os.path.join(cache, f"{kind}_ms")
        self._too_long = 0
        self.was_measured, self.expected_ms = False, USUAL_MS.get(kind, 0)
        try:
            with open(self._path, "rb", 0, opener=regular) as file:
                took_ms, *more = map(int, file.read(24).split())
                age_ms = now_ms - os.fstat(file.fileno()).st_mtime * 1000
        except (OSError, ValueError):
            return
        self._too_long = more[0] if more else 0
        if took_ms <= self.expected_ms or age_ms < _believed_ms(kind, self._too_long):
            self.was_measured, self.expected_ms = True, took_ms

    def note(self, spent_ms: float, too_long: bool) -> None:
        """Remember it, if it was too long, or changed by more than a fifth; not that it was short as ever."""
        if max(spent_ms, self.expected_ms) < SHORT_MS and not (too_long or self._too_long):
            return
        is_news = too_long or self._too_long or not self.was_measured
        if not is_news and abs(spent_ms - self.expected_ms) * 5 <= self.expected_ms:
            return
        from cass.disk import make_private_folder, write_whole

        try:
            make_private_folder(os.path.dirname(self._path))
            # Somebody waits for this answer, and a guess is not worth a disk's time.
            write_whole(self._path, b"%d %d" % (spent_ms, self._too_long + 1 if too_long else 0), lasts=False)
        except OSError:
            pass  # the next process guesses as this one did


def cost_of(cache: str, kind: str, now_ms: int) -> Cost:
    """What asking takes; of an installed model at least what it took begun ahead: begun now it takes no less."""
    kinds = (kind, AHEAD) if kind == INSTALLED else (kind,)
    return max([Cost(cache, each, now_ms) for each in kinds], key=lambda cost: cost.expected_ms)


def _believed_ms(kind: str, too_long: int) -> int:
    first_ms, most_ms = BELIEVED_MS.get(kind, (0, 0))
    doubled: int = first_ms << min(max(too_long - 1, 0), 10)
    return min(doubled, most_ms)


def in_time(work: Callable[[], Got], left_s: float | None, who: str) -> Got:
    """What `work` gives; raises what it raises, and EmbedderTransportError when `left_s` are over.

    It goes on in a thread that nobody hears any more: reading a model from a slow disk cannot be called off, nor can
    looking up a name.
    """
    if left_s is None:
        return work()
    if left_s <= 0:
        raise EmbedderTransportError(f"no time was left to ask {who}", todo=WAIT_LONGER)
    from cass.semantic.begun import Begun

    try:
        begun = Begun(work)
    except RuntimeError as none:  # as many as this user, or this container, may have
        raise EmbedderTransportError(f"{who} cannot be asked: {none}", todo="cass doctor") from none
    if not begun.ends_within(left_s):
        raise EmbedderTransportError(f"{who} did not answer within {left_s * 1000:.0f} ms", todo=WAIT_LONGER)
    got: Got = begun.result()
    return got


class _Ready:
    """What is known of an embedder that is open."""

    def __init__(self, embedder: BaseEmbedder) -> None:
        self.embedder_id = embedder.embedder_id
        self.model_version = embedder.model_version
        self.dim = embedder.dim
        self.max_input_chars = embedder.max_input_chars
        self.is_loaded = True
        self.status: Status = "ok"
        self.reason: str | None = None

    def load(self) -> None:
        """There is nothing to be ready for."""


class Hurried(_Ready):
    """An embedder that is asked once and left alone when the time is over, whatever it is doing then."""

    def __init__(self, embedder: BaseEmbedder, ask: Ask, left_s: LeftS, who: str) -> None:
        super().__init__(embedder)
        self._embedder = embedder
        self._ask = ask
        self._left_s = left_s
        self._who = who

    @property
    def warnings(self) -> tuple[str, ...]:
        return getattr(self._embedder, "warnings", ())

    def close(self) -> None:
        self._embedder.close()

    def embed(self, texts: Sequence[str]) -> list[Vector]:
        """The vectors.  Raises EmbedderError, also when the time is over."""
        left_s = self._left_s()
        return in_time(lambda: self._ask(texts, left_s), left_s, self._who)


class Answered(_Ready):
    """An embedder that has been asked already."""

    def __init__(self, embedder: BaseEmbedder, vector: Vector) -> None:
        super().__init__(embedder)
        self._vector = vector

    def close(self) -> None:
        """Nothing is open."""

    def embed(self, texts: Sequence[str]) -> list[Vector]:
        """The vector that there is."""
        return [self._vector for _ in texts]


def by_the_worker(
    name: str, where: Places, text: str, left_ms: float | None, beside: Beside = NOT_BESIDE
) -> BaseEmbedder | None:
    """The worker's model, asked for this text; None where it is not open there, or nobody answers at once.

    Nor where the settings say that models run in each process, or elsewhere.
    """
    path = socket_path(where)
    if beside.mode == INLINE or not is_ours(path) or kind_of(name, where.data, beside) != INSTALLED:
        return None
    from cass import calling, clock
    from cass.semantic.embedders.sidecar import SidecarEmbedder, Wanted
    from cass.semantic.embedders.wire import QUERY

    if calling.is_left_alone(path) or calling.is_opening(path):
        return None
    most_s = calling.WORK_S if left_ms is None else min(left_ms / 1000, calling.WORK_S)
    began_s, until_s = clock.monotonic_s(), [min(most_s, calling.ANSWER_S)]

    def left() -> float:
        return until_s[0] - (clock.monotonic_s() - began_s)

    worker = SidecarEmbedder(f"unix://{path}", Wanted(model_id(name, where.data)), QUERY, left, {})
    try:
        worker.load()
        if worker.is_loaded and not worker.is_warm:
            return None
        until_s[0] = most_s
        return Answered(worker, worker.embed([text])[0])
    except EmbedderError:
        if clock.monotonic_s() - began_s >= calling.ANSWER_S:
            calling.leave_alone(path)
        return None  # nothing needs it
    finally:
        worker.close()


def quality_embedder(
    name: str,
    data: str,
    remote: RemoteOptions,
    left_s: LeftS,
    env: Mapping[str, str] = os.environ,
    beside: Beside = NOT_BESIDE,
    begun: BaseEmbedder | None = None,
) -> BaseEmbedder | Missing:
    """The embedder, ready to be asked; the one that was `begun`, if any."""
    if beside.has(embedder_row(name)):
        from cass.semantic.embedders.sidecar import in_another_process
        from cass.semantic.embedders.wire import QUERY

        try:
            found = in_another_process(beside, model_id(name, data), QUERY, left_s, env)
        except EmbedderError as lost:
            return Missing(str(lost), lost.todo or "cass doctor")
        if found is not None:
            return found
    kind = kind_of(name, data)
    if kind == SERVER:
        return _on_a_server(remote, left_s, env)
    try:
        embedder = begun or _on_this_machine(kind, name, data)
    except EmbedderError:
        return Missing("its model is not installed", "cass models install")
    try:
        in_time(embedder.load, left_s(), "its model")
    except EmbedderError as late:
        return Missing(str(late), late.todo or WAIT_LONGER)
    if not embedder.is_loaded:
        return Missing(str(embedder.reason), getattr(embedder, "todo", None) or "cass models verify")
    return Hurried(embedder, lambda texts, left_s: embedder.embed(texts), left_s, "its model")


def _on_a_server(remote: RemoteOptions, left_s: LeftS, env: Mapping[str, str]) -> BaseEmbedder:
    """Its `model_version` is known when it has answered, and then it is too late to matter."""
    from cass import clock
    from cass.semantic.embedders.remote import RemoteEmbedder

    server = RemoteEmbedder(remote, env)

    def ask(texts: Sequence[str], left_s: float | None) -> list[Vector]:
        began_s = clock.monotonic_s()
        try:
            return [server.ask_once(text, left_s) for text in texts]
        except EmbedderError as lost:
            is_late = left_s is not None and clock.monotonic_s() - began_s >= left_s
            lost.todo = lost.todo or (WAIT_LONGER if is_late else ASK_AGAIN)
            raise

    return Hurried(server, ask, left_s, "its server")


def _on_this_machine(kind: str, name: str, data: str) -> BaseEmbedder:
    """Raises EmbedderError where it is not installed."""
    if kind != INSTALLED:
        return build_embedder(name, EmbedderOptions(data=data))
    model = installed_model(name, data)
    if model is None:
        raise EmbedderError("not installed")
    return model


def installed_model(name: str, data: str) -> OnnxEmbedder | None:
    """An installed model for a single question, not opened yet."""
    from cass.semantic.embedders.onnx import open_model

    row = embedder_row(name).name
    return open_model(data, name if row == "fastembed" else row, once=True)
