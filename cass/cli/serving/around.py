"""Everything behind the application of `cass serve`, put together: the archive, the model, the sidecar, the worker."""

from __future__ import annotations

import os
import platform
import sys

from cass import clock
from cass.addresses import parse
from cass.asking import socket_path
from cass.cli.serving.app import App, Services
from cass.cli.serving.archive import Archive, Around, Part, archive_parts
from cass.cli.serving.document import text
from cass.cli.serving.embeddings import Embeddings
from cass.cli.serving.guard import Guard
from cass.cli.serving.waking import wake
from cass.daemon.calls import Sources
from cass.daemon.supervised import THERE, Supervised, embedder_command, ping
from cass.daemon.warm import WarmModel
from cass.disk import make_private_folder
from cass.errors import UsageError
from cass.semantic.embedders.table import EMBEDDERS, INLINE, SIDECAR, embedder_row, is_installed
from cass.store.worker_state import holder_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from cass.addresses import Address
    from cass.cli.serving.metrics import Sample
    from cass.paths import Places

    Say = Callable[[str], None]
    SayAt = Callable[[str], Say]


class Serving:
    """`app` answers as soon as it is made; `start` begins what it does better with.

    say_at: what says a line of a level.
    """

    def __init__(self, where: Places, options: dict[str, Any], token: str, address: Address, say_at: SayAt) -> None:
        self._where = where
        self._data_dir: str | None = options["data_dir"]
        self._mode: str = options["embedder_mode"]
        flags = {"embedder.mode": self._mode, "embedder.url": options["embedder"] or None}
        self._around = Around(where, os.environ, WarmModel(where.data), flags)
        self._archive = Archive(self._around)
        self._embeddings = Embeddings(self._around)
        self._sources = Sources()
        self._sidecar: Supervised | None = None
        self._say_at = say_at
        names = [] if address.path else [address.host, platform.node()]
        services = Services(
            self._archive.answer,
            self._embeddings.answer,
            self._wake,
            self._parts,
            self._samples,
            text,
            say_at("debug"),
            say_at("error"),
        )
        self.app = App(Guard(clock.monotonic_s, token, names), services)

    def start(self) -> None:
        """Begin the embedder beside, where one is wanted.  Raises UsageError."""
        if self._mode != SIDECAR:
            return
        if sys.platform == "win32":
            what = "this system has no unix sockets to start an embedder at"
            raise UsageError(what, "--embedder-mode", "run python -m cass.embedder yourself, and name it: --embedder")
        url = self._around.settings().text("embedder.url") or self._own_url()
        self._around.change(embedder_url=url)
        if not parse(url).is_private:
            return  # another machine's has its own owner there
        self._sidecar = Supervised(url, embedder_command(url, self._where.data), self._say_at("warning"))
        self._sidecar.start()

    def close(self) -> None:
        """End what was begun here."""
        if self._sidecar is not None:
            self._sidecar.close()

    def _own_url(self) -> str:
        """Beside the worker's socket: one a data folder, so that several servers share it."""
        path = socket_path(self._where).replace("worker-", "embedder-") + ".sock"
        make_private_folder(os.path.dirname(path))
        return f"unix://{path}"

    def _wake(self) -> str:
        return wake(self._where, self._data_dir)

    def _parts(self) -> tuple[Part, ...]:
        holder = holder_of(self._where.data)
        worker = Part("worker", "ok", f"process {holder.pid}") if holder else Part("worker", "none")
        return *archive_parts(self._where), self._embedder(), worker, self._program()

    def _program(self) -> Part:
        if self._sources.are_current():
            return Part("program", "ok")
        return Part("program", "outdated", "cass has changed: start it again")

    def _embedder(self) -> Part:
        """The quality tier's, as it would be asked now."""
        settings = self._around.settings()
        mode, url = settings.text("embedder.mode"), settings.text("embedder.url")
        now = self._sidecar.now if self._sidecar is not None else None
        if now is not None and now.state not in THERE:
            return Part("embedder", now.state, now.reason)
        if mode != INLINE and url:
            why = ping(url)
            if why is None:
                return Part("embedder", "ok", f"at {url}")
            if mode == SIDECAR:
                return Part("embedder", "lost", why)
        return _in_this_process(settings.policy().quality_tier_embedder, self._where.data)

    def _samples(self) -> list[Sample]:
        now = self._sidecar.now if self._sidecar is not None else None
        found: list[Sample] = [
            ("cass_embedded_texts_total", "counter", "Texts that became vectors.", self._embeddings.texts),
            ("cass_embed_failed_texts_total", "counter", "Texts that did not.", self._embeddings.failed),
            ("cass_worker_running", "gauge", "Is a worker at work?", holder_of(self._where.data) is not None),
        ]
        if now is not None:
            found.append(("cass_sidecar_up", "gauge", "Is the embedder beside there?", now.state in THERE))
            found.append(("cass_sidecar_restarts_total", "counter", "How often it was started again.", now.restarts))
        return found


def _in_this_process(name: str, data: str) -> Part:
    row = embedder_row(name)
    if row.name == "hash" or is_installed(data, name if row is EMBEDDERS[-1] else row.name):
        return Part("embedder", "ok", f"{name}, in this process")
    return Part("embedder", "missing", f"the model {name} is not installed")
