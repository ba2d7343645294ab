"""POST /v1/embeddings: texts as vectors, in the form that OpenAI gave such requests."""

from __future__ import annotations

import base64
import json
import sys
from array import array
from queue import Empty, SimpleQueue

from cass import clock
from cass.errors import NotFound, SemanticUnavailable, UsageError
from cass.records import record
from cass.render.fitting import approx_tokens
from cass.semantic.embedders.base import EmbedderError, EmbedderSchemaError
from cass.semantic.embedders.table import INLINE, Beside, EmbedderOptions, build_embedder, embedder_row, model_id

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from cass.cli.serving.archive import Around
    from cass.semantic.embedders.base import BaseEmbedder, Vector
    from cass.semantic.embedders.sidecar import SidecarEmbedder

MOST_TEXTS, MOST_CHARS = 2048, 2_000_000
FORMATS = ("float", "base64")
HASH = "hash"
# As long as a request may take.
EMBED_S = 25.0
# Connections that are kept; more callers at once get one of their own.
KEPT = 16


@record
class Wanted:
    """What a request asks for; `model` "" for the quality tier's."""

    texts: tuple[str, ...]
    model: str
    format: str
    dimensions: int | None


def read(body: bytes) -> Wanted:
    """The request.  Raises UsageError, which says what is wrong with it."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError) as bad:
        raise UsageError("the body is not JSON", "/v1/embeddings", 'send {"input": "…"}') from bad
    if not isinstance(said, dict):
        raise UsageError("the body is no JSON object", "/v1/embeddings", 'send {"input": "…"}')
    said = {key: value for key, value in said.items() if value is not None}
    model, form, dimensions = said.get("model", ""), said.get("encoding_format", "float"), said.get("dimensions")
    if not isinstance(model, str):
        raise UsageError("model is no text", "model", "name a model, or leave it out")
    if form not in FORMATS:
        raise UsageError(f"{form!r:.40} is no encoding_format", "encoding_format", "use float or base64")
    if dimensions is not None and (type(dimensions) is not int or dimensions < 1):
        raise UsageError("dimensions is no whole number from 1 on", "dimensions", "leave it out")
    return Wanted(_texts(said.get("input")), model, form, dimensions)


def _texts(given: object) -> tuple[str, ...]:
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, list) or not texts or not all([isinstance(text, str) for text in texts]):
        raise UsageError("input is neither a text nor a list of texts", "input", "tokens are not taken")
    if len(texts) > MOST_TEXTS or sum(map(len, texts)) > MOST_CHARS:
        what = f"more than {MOST_TEXTS} texts, or {MOST_CHARS} characters"
        raise UsageError(what, "input", "ask several times")
    return tuple(text.encode("utf-8", "replace").decode() for text in texts)


class Embeddings:
    """Answers such requests with the models that searches use."""

    def __init__(self, around: Around) -> None:
        self._around = around
        self._kept: SimpleQueue[tuple[str, SidecarEmbedder]] = SimpleQueue()
        self.texts = 0
        self.failed = 0

    def answer(self, body: bytes) -> str:
        """Raises UsageError, NotFound and SemanticUnavailable."""
        wanted = read(body)
        try:
            name, vectors = self._vectors(wanted)
        except EmbedderSchemaError as bad:
            self.failed += len(wanted.texts)
            raise UsageError(f"these texts were refused: {bad}", "input", bad.todo) from bad
        except EmbedderError as bad:
            self.failed += len(wanted.texts)
            raise SemanticUnavailable(str(bad), None, bad.todo) from bad
        _check(wanted, vectors)
        self.texts += len(vectors)
        return json.dumps(_object(wanted, name, vectors))

    def _vectors(self, wanted: Wanted) -> tuple[str, list[Vector]]:
        settings = self._around.settings()
        quality = settings.policy().quality_tier_embedder
        name = wanted.model or quality
        data = self._around.where.data
        if name.lower() in (quality.lower(), model_id(quality, data)) or embedder_row(name) is embedder_row(quality):
            mode, url = settings.text("embedder.mode"), settings.text("embedder.url")
            return self._of_quality(wanted, quality, Beside(mode, url, bool(settings.value("remote.allow"))))
        dimension = settings.policy().fast_dimension
        embedder = build_embedder(HASH, EmbedderOptions(fast_dimension=dimension))
        if name.lower() not in (HASH, embedder.embedder_id):
            known = f"{quality} and {embedder.embedder_id}"
            raise NotFound(f"there is no model {name[:80]!r}", "model", f"there are {known}")
        embedder.load()
        return embedder.embedder_id, embedder.embed(wanted.texts)

    def _of_quality(self, wanted: Wanted, quality: str, beside: Beside) -> tuple[str, list[Vector]]:
        model = model_id(quality, self._around.where.data)
        embedder = self._beside(beside, model) if beside.mode != INLINE and beside.url else None
        if embedder is None:
            inline = self._inline(quality)
            return inline.embedder_id, inline.embed(wanted.texts)
        try:
            vectors = embedder.embed(wanted.texts)
        except BaseException:
            embedder.close()
            raise
        self._keep(beside.url, embedder)
        return embedder.embedder_id, vectors

    def _inline(self, quality: str) -> BaseEmbedder:
        until_s = clock.monotonic_s() + EMBED_S
        if embedder_row(quality).name == HASH:
            found: BaseEmbedder | None = build_embedder(HASH, EmbedderOptions())
        else:
            found = self._around.model.question(quality, lambda: until_s - clock.monotonic_s())
        if found is None:
            raise SemanticUnavailable(f"the model {quality} is not installed", None, "run: cass models install")
        found.load()
        return found

    def _beside(self, options: Beside, model: str) -> SidecarEmbedder | None:
        """A connection that is kept, or a new one; one question at a time goes over each.  Raises EmbedderNotLoaded."""
        from cass.semantic.embedders.sidecar import in_another_process
        from cass.semantic.embedders.wire import QUERY

        try:
            while (kept := self._kept.get_nowait())[0] != options.url:
                kept[1].close()
        except Empty:
            return in_another_process(options, model, QUERY, lambda: EMBED_S, self._around.env)
        return kept[1]

    def _keep(self, url: str, embedder: SidecarEmbedder) -> None:
        if self._kept.qsize() < KEPT:
            self._kept.put((url, embedder))
        else:
            embedder.close()


def _check(wanted: Wanted, vectors: Sequence[Vector]) -> None:
    """Raises UsageError for what would not be what was asked for."""
    for at, vector in enumerate(vectors):
        if not len(vector):
            raise UsageError(f"there is nothing to read in text {at}", "input", "leave it out")
        if wanted.dimensions not in (None, len(vector)):
            raise UsageError(f"the model has {len(vector)} dimensions", "dimensions", "leave it out")


def _object(wanted: Wanted, name: str, vectors: Sequence[Vector]) -> Mapping[str, Any]:
    write = _base64 if wanted.format == "base64" else list
    tokens = sum([approx_tokens(text) for text in wanted.texts])
    data = [{"object": "embedding", "index": at, "embedding": write(vector)} for at, vector in enumerate(vectors)]
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return {"object": "list", "data": data, "model": name, "usage": usage}


def _base64(vector: Vector) -> str:
    """32-bit floats in little-endian order."""
    if sys.byteorder == "big":
        vector = array("f", vector)
        vector.byteswap()
    return base64.b64encode(vector.tobytes()).decode()
