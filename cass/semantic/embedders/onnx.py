"""The quality tier's embedder: an installed model's ONNX file, run by onnxruntime and tokenizers directly.

fastembed would do the same with the same file; importing it costs half a second, which in a cold search a person waits
for.  Nothing here ever reaches for the network.
"""

from __future__ import annotations

import os
import sys
from array import array

from cass.semantic.begun import Begun
from cass.semantic.embedders.base import EmbedderNotLoaded, EmbedderTransportError
from cass.semantic.embedders.table import BATCH
from cass.semantic.known_models import EMBEDDER
from cass.semantic.models import TOKENIZER, Model, find
from cass.semantic.silence import silence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import ModuleType
    from typing import Any

    from numpy.typing import NDArray
    from tokenizers import Encoding

    from cass.semantic.embedders.base import Status, Vector

INPUTS = ("input_ids", "attention_mask", "token_type_ids")
OUTPUT = "sentence_embedding"
# What a layer makes of 200 tokens stays in the processor's own cache: long texts run alone, a third faster than four
# together, short ones BATCH at a time.
BATCH_TOKENS = 200
# Rows of a batch share one scale in int8, and padding is work for nothing: only texts of about one length go together.
LONGEST_OVER_SHORTEST = 1.25
LONGER_BY = 4
FEWEST_TOKENS = 3  # the first and the last stand for the text's ends
# More than 256 tokens of anything but blanks.
CHARS_PER_TOKEN = 16


class OnnxModel:
    """An installed model.  `threads` are those of the process that wants it; 1 leaves the machine to its user.

    reads_all: every byte of its files before it begins; else only where their sizes and times are not as installed.
    once: for a single question, to which the weights are not worth being put in another order.
    """

    def __init__(self, model: Model, threads: int = 1, reads_all: bool = False, once: bool = False) -> None:
        self.max_input_chars = model.max_tokens * CHARS_PER_TOKEN
        self.status: Status = "loading"
        self.reason: str | None = None
        self.todo: str | None = None
        self._model = model
        self._threads = max(1, threads)
        self._reads_all = reads_all
        self._once = once
        self._session: Any = None
        self._tokenizer: Any = None
        self._begun: Begun | None = None

    @property
    def is_loaded(self) -> bool:
        return self.status == "ok"

    def begin(self) -> bool:
        """Open the graph in a thread, while this one does something else, and `load` waits for it.  Never raises.

        For a single question to a model that is as it was installed: the thread imports nothing.  False for any other.
        """
        if not self._once or not self._model.looks_whole:
            return False
        try:
            from cass.semantic.embedders.onnx_c import CSession

            silence()  # not in the thread
            self._begun = Begun(lambda: CSession(self._model.path, self._threads).open())
        except (ImportError, RuntimeError):  # a Python without ctypes, a system that has no thread to spare
            return False
        return True

    def load(self) -> None:
        """Open the model; never raises.  `reason` says what is wrong when `status` is error."""
        if self.is_loaded:
            return
        damage = None if self._model.looks_whole and not self._reads_all else self._model.damage()
        if damage is not None:
            # A byte that flipped would make vectors that look like any others.
            self.status, self.reason, self.todo = "error", damage, _how_to_install(self._model.name)
            return
        # numpy would start a thread for every core, 50 ms of processor time, to multiply matrices that nobody gives it.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        try:
            self._tokenizer, self._session = self._opened()
        except ImportError as lost:
            self.status, self.reason = "error", f"{lost.name or 'a library of it'} cannot be imported"
            self.todo = "install cass again, with its dependencies"
            return
        except Exception as lost:  # onnxruntime and tokenizers have no common error of their own
            self.status, self.reason = "error", first_line(lost)
            return
        self.status, self.reason, self.todo = "ok", None, None

    def _opened(self) -> tuple[Any, Any]:
        """The tokenizer and the session; for a single question at the same time, each on a core of its own."""
        begun, self._begun = self._begun or self._begun_now(), None
        tokenizer = _tokenizer(os.path.join(self._model.folder, TOKENIZER), self._model.max_tokens)
        try:
            if begun is not None:
                return tokenizer, begun.result()
        except OSError:
            pass  # the binding does the same
        return tokenizer, Session(self._model.path, self._threads, self._once)

    def _begun_now(self) -> Begun | None:
        """All but the graph is ready before: the tokenizer lets no other thread have a turn."""
        if not self._once:
            return None
        from cass.semantic.embedders.onnx_c import CSession

        try:
            return Begun(CSession(self._model.path, self._threads).open)
        except OSError:
            return None

    def close(self) -> None:
        """Let go of the model's memory."""
        self._session = self._tokenizer = None
        self.status = "closed"

    def _run(self, batch: Sequence[Encoding], output: str) -> list[Vector]:
        """What the graph gives for texts that are padded to the longest of them, a row a text."""
        width = max(len(one.ids) for one in batch)
        ids, mask, types = array("q"), array("q"), array("q")
        for one in batch:
            padding = bytes(8 * (width - len(one.ids)))
            for column, numbers in ((ids, one.ids), (mask, [1] * len(one.ids)), (types, one.type_ids)):
                column.extend(numbers)  # of the types, 1 is the second of two texts
                column.frombytes(padding)
        rows: list[Vector] = self._session.run(output, dict(zip(INPUTS, (ids, mask, types), strict=True)), len(batch))
        return rows


class OnnxEmbedder(OnnxModel):
    """An installed model that makes vectors, of `batch` texts at a time at most."""

    def __init__(
        self, model: Model, threads: int = 1, reads_all: bool = False, once: bool = False, batch: int = BATCH
    ) -> None:
        super().__init__(model, threads, reads_all, once)
        self._batch = batch
        self.embedder_id = model.embedder_id
        self.model_version = model.revision
        self.dim = model.dim

    def embed(self, texts: Sequence[str]) -> list[Vector]:
        """A unit vector a text, in their order; one without tokens has an empty one.

        Raises EmbedderNotLoaded, and EmbedderTransportError where the model itself fails.
        """
        if not texts:
            return []
        if not self.is_loaded:
            raise EmbedderNotLoaded(self.reason or "the model is not loaded")
        vectors = [array("f")] * len(texts)
        try:
            encoded = [self._tokenizer.encode(text[: self.max_input_chars]) for text in texts]
            for rows in batches([len(one.ids) for one in encoded], self._batch):
                for row, vector in zip(rows, self._run([encoded[row] for row in rows], OUTPUT), strict=True):
                    vectors[row] = vector
        except Exception as lost:
            raise EmbedderTransportError(f"the model failed: {first_line(lost)}") from lost
        return vectors


def batches(lengths: Sequence[int], most: int = BATCH) -> Iterator[list[int]]:
    """The rows that run together, `most` at most, the shortest texts first; one without tokens is in none."""
    together: list[int] = []
    for row in sorted(range(len(lengths)), key=lengths.__getitem__):
        if lengths[row] < FEWEST_TOKENS:
            continue
        if len(together) >= most or (together and not _fits(len(together), lengths[together[0]], lengths[row])):
            yield together
            together = []
        together.append(row)
    if together:
        yield together


def _fits(count: int, shortest: int, length: int) -> bool:
    """May a text of this length join a batch of so many?"""
    has_room = (count + 1) * length <= BATCH_TOKENS
    return has_room and length <= shortest * LONGEST_OVER_SHORTEST + LONGER_BY


def open_model(
    data: str, name: str, threads: int = 1, reads_all: bool = False, once: bool = False, batch: int = BATCH
) -> OnnxEmbedder | None:
    """The embedder of an installed model, not loaded yet; None where none of that name is installed."""
    model = find(data, name)
    if model is None or model.kind != EMBEDDER:
        return None
    return OnnxEmbedder(model, threads, reads_all, once, batch)


def _how_to_install(name: str) -> str:
    from cass.semantic.known_models import KNOWN

    return f"cass models install {name}" if name in KNOWN else f"cass models install {name} --from FOLDER"


def _tokenizer(path: str, max_tokens: int) -> Any:
    tokenizer = _tokenizers().Tokenizer.from_file(path)
    tokenizer.no_padding()  # the published one pads every text to 128
    tokenizer.enable_truncation(max_tokens)
    return tokenizer


def _tokenizers() -> ModuleType:
    """The native half of tokenizers by itself: the rest costs 17 ms, typing and all, and has nothing that is used."""
    from importlib.machinery import PathFinder
    from importlib.util import module_from_spec

    name = "tokenizers.tokenizers"
    if name in sys.modules:
        return sys.modules[name]
    package = PathFinder.find_spec("tokenizers") if "tokenizers" not in sys.modules else None
    found = PathFinder.find_spec(name, package.submodule_search_locations) if package is not None else None
    if found is None or found.loader is None:
        import tokenizers

        return tokenizers
    native = module_from_spec(found)
    # Under its own name: who imports the package later gets this one, since it cannot be loaded twice.
    sys.modules[name] = native
    try:
        found.loader.exec_module(native)
    except BaseException:
        del sys.modules[name]
        raise
    return native


class Session:
    """One model, opened by onnxruntime's Python binding."""

    def __init__(self, path: str, threads: int, once: bool) -> None:
        silence()
        import onnxruntime  # type: ignore[import-untyped]

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        # A spinning thread takes a core from whoever works; an arena keeps the memory of the largest batch for ever.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        # A plan of the memory pays where all batches have one shape.
        options.enable_cpu_mem_arena = options.enable_mem_pattern = False
        if once:
            options.add_session_config_entry("session.disable_prepacking", "1")  # 10 ms, against 1 ms a text
        options.log_severity_level = 4
        self._session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    def run(self, output: str, given: Mapping[str, array[int]], rows: int) -> list[Vector]:
        """`given`: input → rows × width numbers of 8 bytes; the output's rows of floats."""
        import numpy as np

        tensors = {name: np.frombuffer(numbers, np.int64).reshape(rows, -1) for name, numbers in given.items()}
        found: NDArray[Any] = self._session.run([output], tensors)[0]
        return [array("f", row.tobytes()) for row in np.ascontiguousarray(found, np.float32)]


def first_line(lost: BaseException) -> str:
    """What an error says, in one line."""
    lines = str(lost).splitlines()
    return lines[0].strip() if lines else type(lost).__name__
