"""Any other model that fastembed knows, by its name there, from files that are already on this machine."""

from __future__ import annotations

import os
from array import array

from cass.semantic.embedders.base import EmbedderNotLoaded, EmbedderTransportError
from cass.semantic.embedders.table import BATCH
from cass.semantic.models import revision_of, sha256_of
from cass.semantic.silence import silence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from cass.semantic.embedders.base import Status, Vector

MOST_CHARS = 8192


class FastembedEmbedder:
    """A fastembed model.  `dim` and `model_version` are known once it is loaded: asking fastembed takes half a second.

    `cache` is the folder that fastembed keeps models in, None for its own choice; `folder` is one with the model's
    files, instead.  `batch` texts at a time: fastembed itself takes 256, which are 1.6 GB and no faster.
    """

    def __init__(
        self,
        name: str,
        threads: int = 1,
        cache: str | None = None,
        folder: str | None = None,
        batch: int = BATCH,
    ) -> None:
        self.embedder_id = f"fastembed-{name}"
        self.model_version = ""
        self.dim = 0
        self.max_input_chars = MOST_CHARS
        self.status: Status = "loading"
        self.reason: str | None = None
        self.todo: str | None = None
        self._name = name
        self._threads = max(1, threads)
        self._cache = cache
        self._folder = folder
        self._batch = batch
        self._model: Any = None

    @property
    def is_loaded(self) -> bool:
        return self.status == "ok"

    def load(self) -> None:
        """Open the model; never raises and never asks the hub.  `reason` says what is wrong."""
        if self.is_loaded:
            return
        try:
            self._open()
        except Exception as lost:  # whatever fastembed, its hub client or onnxruntime may raise
            self.status, self.reason = "error", _why(lost, self._name)
            self.todo = f"cass models install {self._name} --from FOLDER"
            return
        self.status, self.reason, self.todo = "ok", None, None

    def _open(self) -> None:
        text_embedding = _quiet_fastembed()
        known = {one["model"].lower(): one for one in text_embedding.list_supported_models()}
        said = known.get(self._name.lower())
        if said is None:
            raise ValueError(f"fastembed knows no model {self._name!r}")
        model = text_embedding(
            self._name,
            cache_dir=self._cache,
            threads=self._threads,
            enable_cpu_mem_arena=False,
            local_files_only=True,
            specific_model_path=self._folder,
        )
        path = os.path.join(str(model.model._model_dir), said["model_file"])
        self._model, self.dim, self.model_version = model, int(said["dim"]), revision_of(sha256_of(path))

    def embed(self, texts: Sequence[str]) -> list[Vector]:
        """A unit vector a text, in their order; a blank one has an empty vector.

        Raises EmbedderNotLoaded, and EmbedderTransportError where the model itself fails.
        """
        if not texts:
            return []
        if not self.is_loaded:
            raise EmbedderNotLoaded(self.reason or "the model is not loaded")
        vectors = [array("f")] * len(texts)
        # Of about one length together: padding is work for nothing.
        rows = sorted((row for row, text in enumerate(texts) if text.strip()), key=lambda row: len(texts[row]))
        try:
            found = self._model.embed([texts[row][: self.max_input_chars] for row in rows], batch_size=self._batch)
            for row, vector in zip(rows, found, strict=True):
                vectors[row] = _unit(vector)
        except Exception as lost:
            raise EmbedderTransportError(f"the model failed: {lost}") from lost
        return vectors

    def close(self) -> None:
        """Let go of the model's memory."""
        self._model = None
        self.status = "closed"


def _why(lost: Exception, name: str) -> str:
    if "from any source" in str(lost):
        return f"fastembed has no files of {name} on this machine"
    lines = str(lost).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(lost).__name__


def _quiet_fastembed() -> Any:
    """fastembed's class, its log off and its hub client without a network: both are read when it is imported."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    silence()
    from loguru import logger

    logger.disable("fastembed")
    from fastembed import TextEmbedding

    return TextEmbedding


def _unit(vector: Any) -> array[float]:
    """Of length one: not every model of fastembed's is."""
    import numpy as np

    length = float(np.linalg.norm(vector))
    return array("f", np.asarray(vector / length if length else vector, np.float32).tobytes())
