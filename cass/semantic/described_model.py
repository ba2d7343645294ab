"""A model that nobody pinned, read from the files beside its weights, as a row like those of the known ones.

In:  the folder of a sentence embedder or a cross-encoder as its makers publish it, with model.safetensors and
     tokenizer.json.
Out: the row, or why such a model cannot be made here: BERT with mean pooling can, and BERT with a head that scores.
"""

from __future__ import annotations

import os

from cass.errors import UsageError
from cass.semantic.bert_graph import FP32, INT8, Shape, is_scoring
from cass.semantic.known_models import EMBEDDER, RERANKER, WEIGHTS, WORDS, KnownModel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

CONFIG, MODULES, LIMITS = "config.json", "modules.json", "sentence_bert_config.json"
POOLING = os.path.join("1_Pooling", "config.json")
MEAN = "pooling_mode_mean_tokens"
KINDS = ("Transformer", "Pooling", "Normalize")
# What a piece of text has at most; the published limits of some models are far above what they were trained on.
MOST_TOKENS = 256
INT8_SHARE = 4


def described(name: str, folder: str) -> KnownModel:
    """The row of the model in this folder; its hashes are known to nobody, so they have to be trusted.

    Raises UsageError for what is missing or cannot be made here.
    """
    if not os.path.isdir(folder):
        raise UsageError(f"a model that cass does not know, as {name}, comes from a folder", folder, HELP)
    config = _said(folder, CONFIG)
    try:
        shape = Shape.of(config)
    except ValueError as bad:
        raise UsageError(str(bad), os.path.join(folder, CONFIG), "use another model") from bad
    scores = is_scoring(config)
    if not scores:
        _check_pooling(folder)
    weights_bytes, words_bytes = _size(folder, WEIGHTS), _size(folder, WORDS)
    return KnownModel(
        name=name,
        embedder_id=name if scores else f"{name}-{shape.hidden}",
        dim=0 if scores else shape.hidden,
        max_tokens=_most_tokens(folder, config),
        hub="",
        package="",
        files={WEIGHTS: ("", weights_bytes), WORDS: ("", words_bytes)},
        sizes={INT8: weights_bytes // INT8_SHARE + words_bytes, FP32: weights_bytes + words_bytes},
        config=config,
        kind=RERANKER if scores else EMBEDDER,
    )


HELP = (
    "give the folder that holds its model.safetensors, tokenizer.json and config.json, and 1_Pooling/config.json if it"
    " makes vectors"
)


def _check_pooling(folder: str) -> None:
    """Raises UsageError unless the vector is the mean of the tokens, as in the graph that is made here."""
    pooling = _said(folder, POOLING)
    ways = [key for key, value in pooling.items() if key.startswith("pooling_mode_") and value is True]
    if ways != [MEAN]:
        what = "its vectors are not the mean of its tokens, and nothing else can be made here"
        raise UsageError(what, os.path.join(folder, POOLING), "use another model")
    if not os.path.exists(os.path.join(folder, MODULES)):
        return
    kinds = [str(one.get("type", "")).rpartition(".")[2] for one in _list(folder, MODULES)]
    strange = [kind for kind in kinds if kind not in KINDS]
    if strange:
        what = f"it has a step that cannot be made here: {strange[0]}"
        raise UsageError(what, os.path.join(folder, MODULES), "use another model")


def _most_tokens(folder: str, config: dict[str, Any]) -> int:
    has_limits = os.path.exists(os.path.join(folder, LIMITS))
    said = [_said(folder, LIMITS).get("max_seq_length") if has_limits else None, config.get("max_position_embeddings")]
    return min([MOST_TOKENS, *[value for value in said if isinstance(value, int) and value > 0]])


def _said(folder: str, name: str) -> dict[str, Any]:
    found = _json(folder, name)
    if not isinstance(found, dict):
        raise UsageError("the file is no JSON object", os.path.join(folder, name), HELP)
    return found


def _list(folder: str, name: str) -> list[dict[str, Any]]:
    found = _json(folder, name)
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise UsageError("the file is no JSON list", os.path.join(folder, name), HELP)
    return found


def _json(folder: str, name: str) -> object:
    import json

    path = os.path.join(folder, name)
    try:
        with open(path, encoding="utf-8") as file:
            found: object = json.load(file)
            return found
    except FileNotFoundError:
        raise UsageError(f"there is no {name} in it", folder, HELP) from None
    except (OSError, ValueError, RecursionError) as bad:
        raise UsageError("the file cannot be read as JSON", path, HELP) from bad


def _size(folder: str, name: str) -> int:
    try:
        return os.stat(os.path.join(folder, name)).st_size
    except OSError:
        raise UsageError(f"there is no {name} in it", folder, HELP) from None
