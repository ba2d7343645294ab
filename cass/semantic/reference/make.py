"""Make the reference vectors: `python -m cass.semantic.reference.make FOLDER minilm.f32`.

FOLDER holds the published model.safetensors, config.json and tokenizer.json.  The forward pass is BERT as its authors
describe it, written out in float64 with numpy: it shares nothing with the ONNX graph that it is there to check.
"""

from __future__ import annotations

import json
import math
import os
import sys

from cass.semantic import reference
from cass.semantic.safetensors import read_safetensors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from numpy.typing import NDArray

MOST_TOKENS = 256


def main(folder: str) -> bytes:
    """Little-endian float32, a row a sentence."""
    import numpy as np
    from tokenizers import Tokenizer

    tensors = read_safetensors(os.path.join(folder, "model.safetensors"))
    with open(os.path.join(folder, "config.json"), encoding="utf-8") as file:
        config = json.load(file)
    tokenizer = Tokenizer.from_file(os.path.join(folder, "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(MOST_TOKENS)
    rows = [embed(tensors, config, tokenizer.encode(text).ids) for text in reference.sentences()]
    return np.array(rows).astype("<f4").tobytes()


def embed(tensors: Mapping[str, NDArray[Any]], config: Mapping[str, Any], ids: Sequence[int]) -> NDArray[Any]:
    """The unit vector of one text: the mean of its tokens' last states."""
    import numpy as np

    mean = states(tensors, config, ids, [0] * len(ids)).mean(axis=0)
    return np.asarray(mean / np.linalg.norm(mean))


def states(
    tensors: Mapping[str, NDArray[Any]], config: Mapping[str, Any], ids: Sequence[int], types: Sequence[int]
) -> NDArray[Any]:
    """The last state of each token, a row each; `types` tell the second of two texts from the first."""
    import numpy as np

    weights = {name: np.asarray(value, np.float64) for name, value in tensors.items() if value.dtype.kind == "f"}
    words = weights["embeddings.word_embeddings.weight"][list(ids)]
    places = weights["embeddings.position_embeddings.weight"][: len(ids)]
    state = words + places + weights["embeddings.token_type_embeddings.weight"][list(types)]
    epsilon = config["layer_norm_eps"]
    state = _normalised(state, weights, "embeddings.LayerNorm", epsilon)
    for at in range(config["num_hidden_layers"]):
        state = _layer(state, weights, f"encoder.layer.{at}.", config["num_attention_heads"], epsilon)
    return np.asarray(state)


def _layer(state: NDArray[Any], weights: Mapping[str, NDArray[Any]], at: str, heads: int, epsilon: float) -> Any:
    mixed = _linear(_attention(state, weights, f"{at}attention.self.", heads), weights, f"{at}attention.output.dense")
    state = _normalised(state + mixed, weights, f"{at}attention.output.LayerNorm", epsilon)
    wide = _gelu(_linear(state, weights, f"{at}intermediate.dense"))
    narrow = _linear(wide, weights, f"{at}output.dense")
    return _normalised(state + narrow, weights, f"{at}output.LayerNorm", epsilon)


def _attention(state: NDArray[Any], weights: Mapping[str, NDArray[Any]], at: str, heads: int) -> Any:
    import numpy as np

    def parted(name: str) -> NDArray[Any]:
        flat = _linear(state, weights, at + name)
        return np.asarray(flat.reshape(len(state), heads, -1).transpose(1, 0, 2))

    query, key, value = parted("query"), parted("key"), parted("value")
    scores = query @ key.transpose(0, 2, 1) / math.sqrt(query.shape[-1])
    shares = np.exp(scores - scores.max(axis=-1, keepdims=True))
    shares /= shares.sum(axis=-1, keepdims=True)
    return (shares @ value).transpose(1, 0, 2).reshape(len(state), -1)


def _linear(state: NDArray[Any], weights: Mapping[str, NDArray[Any]], name: str) -> Any:
    return state @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]


def _normalised(state: NDArray[Any], weights: Mapping[str, NDArray[Any]], name: str, epsilon: float) -> Any:
    import numpy as np

    mean, spread = state.mean(axis=-1, keepdims=True), state.var(axis=-1, keepdims=True)
    centred = (state - mean) / np.sqrt(spread + epsilon)
    return np.asarray(centred * weights[f"{name}.weight"] + weights[f"{name}.bias"])


def _gelu(value: NDArray[Any]) -> Any:
    import numpy as np

    return value * (1 + np.vectorize(math.erf, otypes=[float])(value / math.sqrt(2))) / 2


if __name__ == "__main__":
    with open(sys.argv[2], "wb") as out:
        out.write(main(sys.argv[1]))
