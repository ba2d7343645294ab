"""The quality tier's embedder as one search may use it: a model on this machine, or a server that gets so much time.

In:  the name that the settings give, and how long there is.
Out: an embedder that is ready, or why there is none, in words for a note.
"""

from __future__ import annotations

import os

from cass.records import record
from cass.semantic.embedders.base import EmbedderError, EmbedderTransportError
from cass.semantic.embedders.table import SERVER, EmbedderOptions, build_embedder, embedder_row, is_installed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cass.semantic.embedders.base import BaseEmbedder, Status, Vector
    from cass.semantic.embedders.remote import RemoteEmbedder
    from cass.semantic.embedders.table import RemoteOptions

    LeftS = Callable[[], float | None]  # None: whatever it takes


INSTALLED = "minilm"
# What a question takes that nobody has timed yet: opening an int8 MiniLM and embedding one text; asking a server that
# runs on this machine; importing fastembed and opening a model.
USUAL_MS = {INSTALLED: 150, SERVER: 150, "fastembed": 700}
ASK_AGAIN, WAIT_LONGER = "cass backfill --force", "cass config set semantic_wait_ms 1000"
# What a busy machine did is not believed for ever, and what a server did not for long: it may be back.
BELIEVED_MS = {INSTALLED: 600_000, SERVER: 60_000, "fastembed": 600_000}


@record
class Missing:
    """There is no embedder: why, and the command that may help."""

    why: str
    todo: str


def kind_of(name: str, data: str) -> str:
    """How it is run: by the name of its row in the table of embedders; what is installed here is run as minilm is."""
    kind = embedder_row(name).name
    return INSTALLED if kind == "fastembed" and is_installed(data, name) else kind


class Cost:
    """What a question to the quality tier took last time, in a file of the cache: a cold process decides by it."""

    def __init__(self, cache: str, kind: str, now_ms: int) -> None:
        self._path = os.path.join(cache, f"{kind}_ms")
        self.was_measured, self.expected_ms = False, USUAL_MS.get(kind, 0)
        try:
            if now_ms - os.stat(self._path).st_mtime * 1000 < BELIEVED_MS.get(kind, 0):
                with open(self._path, "rb", 0) as file:
                    self.was_measured, self.expected_ms = True, int(file.read(12))
        except (OSError, ValueError):
            pass

    def note(self, spent_ms: float) -> None:
        """Remember it, if it changed by more than a fifth."""
        if self.was_measured and abs(spent_ms - self.expected_ms) * 5 <= self.expected_ms:
            return
        from cass.disk import make_private_folder, write_whole

        try:
            make_private_folder(os.path.dirname(self._path))
            write_whole(self._path, b"%d" % spent_ms)
        except OSError:
            pass  # the next process guesses as this one did


class Hurried:
    """A server that is asked once and left alone when the time is over, whatever it is doing then.

    A time-out of the connection would not do: looking up a name has none.
    """

    def __init__(self, remote: RemoteEmbedder, left_s: LeftS) -> None:
        self.embedder_id = remote.embedder_id
        self.model_version = ""  # known when it has answered, and then it is too late to matter
        self.dim = remote.dim
        self.max_input_chars = remote.max_input_chars
        self.is_loaded = True
        self.status: Status = "ok"
        self.reason: str | None = None
        self._remote = remote
        self._left_s = left_s

    @property
    def warnings(self) -> tuple[str, ...]:
        return self._remote.warnings

    def load(self) -> None:
        """There is nothing to be ready for."""

    def close(self) -> None:
        self._remote.close()

    def embed(self, texts: Sequence[str]) -> list[Vector]:
        """The vectors, each text asked for by itself.  Raises EmbedderError, also when the time is over."""
        from threading import Thread

        found: list[Vector] = []
        failed: list[EmbedderError] = []
        left_s = self._left_s()
        if left_s is not None and left_s <= 0:
            raise EmbedderTransportError("no time was left to ask its server", todo=WAIT_LONGER)

        def ask() -> None:
            try:
                found.extend([self._remote.ask_once(text, left_s) for text in texts])
            except EmbedderError as lost:
                lost.todo = lost.todo or ASK_AGAIN
                failed.append(lost)

        thread = Thread(target=ask, daemon=True)
        thread.start()
        thread.join(left_s)
        if failed:
            raise failed[0]
        if len(found) < len(texts):
            what = f"its server did not answer within {(left_s or 0) * 1000:.0f} ms"
            raise EmbedderTransportError(what, todo=WAIT_LONGER)
        return found


def quality_embedder(
    name: str, data: str, remote: RemoteOptions, left_s: LeftS, env: Mapping[str, str] = os.environ
) -> BaseEmbedder | Missing:
    """The embedder, ready to be asked."""
    kind = kind_of(name, data)
    if kind == SERVER:
        from cass.semantic.embedders.remote import RemoteEmbedder

        return Hurried(RemoteEmbedder(remote, env), left_s)
    try:
        embedder = _on_this_machine(kind, name, data)
    except EmbedderError:
        return Missing("its model is not installed", "cass models install")
    embedder.load()
    if embedder.is_loaded:
        return embedder
    return Missing(str(embedder.reason), getattr(embedder, "todo", None) or "cass models verify")


def _on_this_machine(kind: str, name: str, data: str) -> BaseEmbedder:
    """Raises EmbedderError where it is not installed."""
    if kind != INSTALLED:
        return build_embedder(name, EmbedderOptions(data=data))
    from cass.semantic.embedders.onnx import open_model

    row = embedder_row(name).name
    model = open_model(data, name if row == "fastembed" else row, once=True)
    if model is None:
        raise EmbedderError("not installed")
    return model
