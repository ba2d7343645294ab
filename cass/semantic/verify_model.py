"""Is a model what it should be on this machine?  Its vectors of sixteen sentences against the original's.

An int8 file that is right on one processor may be wrong on another, so this is asked where the model will run.
"""

from __future__ import annotations

from operator import mul

from cass.records import record
from cass.semantic import reference
from cass.semantic.bert_graph import FP32, INT8
from cass.semantic.embedders.base import EmbedderError
from cass.semantic.embedders.onnx import OnnxEmbedder
from cass.semantic.known_models import KNOWN, RERANKER
from cass.semantic.silence import silence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from array import array
    from collections.abc import Sequence

    from cass.semantic.models import Model

FP32_MOST_DIFFERENCE = 1e-5
INT8_LEAST_COSINE = 0.97


@record
class Agreement:
    """How near a model is to the original: the smallest cosine, and the largest difference of two components."""

    cosine: float
    difference: float

    def is_enough(self, variant: str) -> bool:
        if variant == FP32:
            return self.difference <= FP32_MOST_DIFFERENCE
        return self.cosine >= INT8_LEAST_COSINE


def agreement(found: Sequence[array[float]], expected: Sequence[array[float]]) -> Agreement:
    """Compare the vectors that a model makes of the sentences with those that are expected."""
    pairs = [pair for one, other in zip(found, expected, strict=True) for pair in zip(one, other, strict=True)]
    if any(a - a != 0 for a, _ in pairs):
        return Agreement(-1.0, 2.0)  # not finite: no two vectors are farther apart
    cosines = [sum(map(mul, one, other)) for one, other in zip(found, expected, strict=True)]
    return Agreement(min(cosines), max(abs(a - b) for a, b in pairs))


LIBRARIES = ("numpy", "onnxruntime", "tokenizers")


def missing_libraries(names: Sequence[str] = LIBRARIES) -> list[str]:
    """Those without which no model is made or run here."""
    from importlib import import_module

    silence()
    missing = []
    for name in names:
        try:
            import_module(name)
        except ImportError:
            missing.append(name)
    return missing


# The first that has attention as int8's graph asks for it (semantic/onnx_writer.py).
INT8_SINCE = 1, 23


def int8_lacks() -> str | None:
    """What keeps an int8 model that is made by now from running here, in words; None where nothing is known to."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        here = version("onnxruntime")
        is_old = tuple(map(int, here.split(".")[:2])) < INT8_SINCE
    except (PackageNotFoundError, ValueError):
        return None
    return f"int8 takes onnxruntime {'.'.join(map(str, INT8_SINCE))} or newer; this is {here}" if is_old else None


def vectors_of(model: Model) -> list[array[float]]:
    """What the model makes of the reference sentences; [] where it does not run.

    Of a reranker one vector: its scores of all of them for the first one, centred, so that a cosine is a correlation.
    """
    if model.kind == RERANKER:
        return _scores_of(model)
    embedder = OnnxEmbedder(model)
    embedder.load()
    try:
        return embedder.embed(reference.sentences())
    except EmbedderError:
        return []
    finally:
        embedder.close()


def _scores_of(model: Model) -> list[array[float]]:
    from array import array

    from cass.semantic.cross_encoder import CrossEncoder

    judge = CrossEncoder(model)
    judge.load()
    asked, *texts = reference.sentences()
    try:
        scores = judge.scores(asked, texts)
    except EmbedderError:
        return []
    finally:
        judge.close()
    mean = sum(scores) / len(scores)
    length = sum([(score - mean) ** 2 for score in scores]) ** 0.5 or 1.0
    return [array("f", [(score - mean) / length for score in scores])]


def _obstacle(model: Model) -> str | None:
    """What is known to keep it from running here."""
    if missing := missing_libraries():
        return f"{', '.join(missing)} cannot be imported"
    return int8_lacks() if model.variant == INT8 else None


def fault_of(model: Model) -> str | None:
    """What is wrong with an installed model: every byte read, and its vectors compared.  None when all is well."""
    damage = model.damage()
    if damage is not None:
        return damage
    found = vectors_of(model)
    if not found:
        why = _obstacle(model)
        return f"it does not run: {why}" if why else "it does not run"
    known = KNOWN.get(model.name)
    if known is None or known.embedder_id != model.embedder_id:
        return None  # other weights: nothing to compare with, and its files are those that were installed
    agrees = agreement(found, reference.vectors(known.name, known.dim))
    if agrees.is_enough(model.variant):
        return None
    return f"its vectors are not the original's: cosine {agrees.cosine:.4f}, difference {agrees.difference:.1e}"
