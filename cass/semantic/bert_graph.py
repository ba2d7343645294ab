"""A BERT's weights → an ONNX graph: ids, mask and types in; out, one unit vector a text, or one score a pair of texts.

fp32 is the original to within rounding.  int8 has a quarter of the size and twice the speed: every column of a weight
matrix and every row of the word table has a scale of its own.  Activations are quantised as they come, the far columns
of what a norm gives evened before; the widest, those of gelu, have a scale that is told from the weights, since to find
their largest takes as long as to quantise them.
The fused operators are onnxruntime's own, but for int8's attention, which is ONNX's.  Mean pooling and normalising are
part of the graph, or the head of a cross-encoder, which stays fp32.
"""

from __future__ import annotations

from cass.records import record
from cass.semantic.onnx_writer import FLOAT, INT32, INT64, MICROSOFT, OPSET, OPSET_WITH_ATTENTION, Graph

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, BinaryIO

    from numpy.typing import NDArray

    Tensors = Mapping[str, NDArray[Any]]

FP32, INT8 = "fp32", "int8"
VARIANTS = (INT8, FP32)
PARTS = ("query", "key", "value")
INPUTS = ("input_ids", "attention_mask", "token_type_ids")
VECTOR, STATES = "sentence_embedding", "last_hidden_state"
SCORE = "logits"
# How its makers' config.json calls a BERT with a head that scores.
SCORING = "BertForSequenceClassification"
LARGEST = 127  # of a symmetric int8
FAR = 4.0  # standard deviations
# In standard deviations, too: there gelu is cut off.  Best of 4 to 10 on code, Cranfield and SciFact, between cutting
# off too much and rounding too much.
FAR_OF_GELU = 7.0
EVENED = 3  # of as many columns one is evened: 128 of MiniLM's, best of 4, 16, 64 and 200
GELU_BELOW = 0.17  # how far gelu gets below zero
STEPS_OF_REACH = 16  # its last bits depend on the machine, the file must not
UNSEEN = 10_000.0  # less than any other score by so much, a token weighs nothing


@record
class Shape:
    """What config.json says of a model."""

    layers: int
    heads: int
    hidden: int
    epsilon: float

    @staticmethod
    def of(config: Mapping[str, Any]) -> Shape:
        """Raises ValueError for a model of another kind."""
        if config.get("model_type") != "bert" or config.get("hidden_act") != "gelu":
            raise ValueError("only BERT models with gelu can be turned into ONNX here")
        try:
            shape = Shape(
                int(config["num_hidden_layers"]),
                int(config["num_attention_heads"]),
                int(config["hidden_size"]),
                float(config["layer_norm_eps"]),
            )
        except (KeyError, TypeError, ValueError) as bad:
            raise ValueError(f"config.json lacks what is needed: {bad}") from bad
        if min(shape.layers, shape.heads, shape.hidden) < 1 or shape.hidden % shape.heads:
            raise ValueError(f"config.json tells of {shape.heads} heads of {shape.hidden} columns")
        return shape


def is_scoring(config: Mapping[str, Any]) -> bool:
    """Does its config.json tell of a cross-encoder, which reads two texts and gives one number?"""
    return SCORING in (config.get("architectures") or ())


def write_model(tensors: Tensors, config: Mapping[str, Any], variant: str, file: BinaryIO) -> None:
    """Write the ONNX file.  Raises ValueError where the weights do not belong to such a model."""
    shape = Shape.of(config)
    try:
        _Bert(tensors, shape, variant == INT8).graph(is_scoring(config)).write(file)
    except KeyError as missing:
        raise ValueError(f"the weights lack {missing}") from missing


class _Bert:
    """The graph while it grows."""

    def __init__(self, tensors: Tensors, shape: Shape, small: bool) -> None:
        self._tensors = _without_prefix(tensors)
        self._shape = shape
        self._small = small
        self._graph = Graph("sentence-embedder", OPSET_WITH_ATTENTION if small else OPSET)

    def graph(self, scores: bool) -> Graph:
        graph = self._graph
        for name in INPUTS:
            graph.input(name, INT64, ("batch", "tokens"))
        mask = self._unseen() if self._small else graph.node("Cast", ["attention_mask"], "mask", to=INT32)
        state = self._embeddings()
        for at in range(self._shape.layers):
            state = self._layer(f"encoder.layer.{at}.", state, mask, last=at == self._shape.layers - 1)
        if scores:
            self._score(state)
            graph.output(SCORE, FLOAT, ("batch", 1))
            return graph
        self._pool(state)
        graph.output(VECTOR, FLOAT, ("batch", self._shape.hidden))
        graph.output(STATES, FLOAT, ("batch", "tokens", self._shape.hidden))
        return graph

    def _embeddings(self) -> str:
        """Words plus places plus types, normalised."""
        graph = self._graph
        name, hidden = "embeddings.word_embeddings.weight", self._shape.hidden
        if (columns := self._tensors[name].shape[-1]) != hidden:
            raise ValueError(f"{name!r} has {columns} columns, and config.json tells of {hidden}")
        words = self._words(name, "input_ids")
        kinds = self._plain("embeddings.token_type_embeddings.weight")
        types = graph.node("Gather", [kinds, "token_type_ids"], "types")
        count = graph.node("Gather", [graph.node("Shape", ["input_ids"], "shape"), self._ints("one", 1)], "count")
        table = self._plain("embeddings.position_embeddings.weight")
        places = graph.node("Slice", [table, self._ints("zero", 0), count, self._ints("first", 0)], "places")
        summed = graph.node("Add", [graph.node("Add", [words, types], "words_types"), places], "embedded")
        scale, bias = self._plain("embeddings.LayerNorm.weight"), self._plain("embeddings.LayerNorm.bias")
        return graph.node("LayerNormalization", [summed, scale, bias], "layer_in", epsilon=self._shape.epsilon)

    def _words(self, name: str, ids: str) -> str:
        """The rows of the word table; in int8 each has its own scale, so that rare words keep their detail."""
        graph = self._graph
        if not self._small:
            return graph.node("Gather", [self._plain(name), ids], "words")
        table, scale = quantised(self._of(name), axis=1)
        rows = graph.node("Gather", [graph.tensor(name, table), ids], "words_int8")
        scales = graph.node("Gather", [graph.tensor(f"{name}.scale", scale.reshape(-1, 1)), ids], "words_scale")
        return graph.node("Mul", [graph.node("Cast", [rows], "words_float", to=FLOAT), scales], "words")

    def _layer(self, at: str, state: str, mask: str, last: bool) -> str:
        attended = self._attention(f"{at}attention.self.", state, mask)
        mixed = self._product(f"{at}attention.output.dense", attended)
        state = self._normalised(f"{at}attention.output.LayerNorm", mixed, state)
        reach = self._reach_of_normed(f"{at}attention.output.LayerNorm") if self._small else None
        wide = self._product(f"{at}intermediate.dense", state, reach)
        bent = self._graph.node("Gelu", [wide], f"{at}bent", MICROSOFT)
        narrow = self._small_narrow(at, bent) if self._small else self._product(f"{at}output.dense", bent)
        return self._normalised(f"{at}output.LayerNorm", narrow, state, STATES if last else f"{at}out")

    def _small_narrow(self, at: str, bent: str) -> str:
        """What gelu gave, from its least to as far as it reaches in 256 steps, times the second matrix."""
        import numpy as np

        graph, name = self._graph, f"{at}output.dense"
        scale = np.float32((self._reach_of_bent(at) + GELU_BELOW) / 255)
        ends = (
            graph.tensor(f"{name}.rows_scale", np.array(scale)),
            graph.tensor(f"{name}.rows_zero", np.array(np.rint(GELU_BELOW / scale), np.uint8)),
        )
        # That of ONNX, as it is in the version with attention, came to onnxruntime later than attention.
        rows = graph.node("QuantizeLinear", [bent, *ends], f"{name}.rows", MICROSOFT)
        return self._product_of(name, (rows, *ends))

    def _unseen(self) -> str:
        """0 for a token that counts, a large negative number for padding: for each token of a text a row of them."""
        graph = self._graph
        counts = graph.node("Cast", ["attention_mask"], "counts", to=FLOAT)
        less = graph.node("Sub", [counts, self._number("counted", 1.0)], "less")
        row = graph.node("Unsqueeze", [less, self._ints("over_heads_and_rows", 1, 2)], "less_row")
        rows = graph.node("Unsqueeze", [counts, self._ints("over_heads_and_columns", 1, 3)], "any_row")
        none = graph.node("Mul", [rows, self._number("nothing", 0.0)], "no_row")
        scaled = graph.node("Mul", [row, self._number("unseen", UNSEEN)], "unseen_row")
        return graph.node("Add", [scaled, none], "unseen_rows")

    def _attention(self, at: str, state: str, mask: str) -> str:
        """All heads in one operation; query, key and value are columns of one matrix, in int8 of three."""
        if self._small:
            return self._small_attention(at, state, mask)
        import numpy as np

        graph = self._graph
        weight = np.concatenate([self._of(f"{at}{part}.weight").T for part in PARTS], axis=1)
        bias = np.concatenate([self._of(f"{at}{part}.bias") for part in PARTS])
        inputs = [state, graph.tensor(f"{at}weight", weight), graph.tensor(f"{at}bias", bias), mask]
        return graph.node("Attention", inputs, f"{at}attended", MICROSOFT, num_heads=self._shape.heads)

    def _small_attention(self, at: str, state: str, mask: str) -> str:
        rows = self._quantised_rows(at, state)
        inputs = [*(self._product_of(f"{at}{part}", rows) for part in PARTS), mask]
        heads = self._shape.heads
        return self._graph.node("Attention", inputs, f"{at}attended", q_num_heads=heads, kv_num_heads=heads)

    def _product_of(self, at: str, rows: tuple[str, str, str]) -> str:
        """A weight matrix times a state that is quantised already, plus its bias."""
        import numpy as np

        graph, (values, scale, zero) = self._graph, rows
        table, scales = quantised(self._of(f"{at}.weight").T, axis=0)
        weights = graph.tensor(f"{at}.weight", table), scale, graph.tensor(f"{at}.scale", scales)
        zeros = zero, graph.tensor(f"{at}.zeros", np.zeros(len(scales), np.int8))
        inputs = [values, *weights, *zeros, self._plain(f"{at}.bias")]
        return graph.node("MatMulIntegerToFloat", inputs, f"{at}.out", MICROSOFT)

    def _quantised_rows(self, at: str, state: str) -> tuple[str, str, str]:
        names = (f"{at}rows", f"{at}rows_scale", f"{at}rows_zero")
        self._graph.many("DynamicQuantizeLinear", [state], names)
        return names

    def _product(self, at: str, state: str, reach: NDArray[Any] | None = None) -> str:
        """The state times a weight matrix, plus its bias; `reach`: how large each of the state's columns gets."""
        graph, name, bias = self._graph, f"{at}.weight", self._plain(f"{at}.bias")
        weight = self._of(name).T
        if reach is not None:
            factors = evening(reach, self._shape.hidden // EVENED)
            state = graph.node("Mul", [state, graph.tensor(f"{at}.evening", 1 / factors)], f"{at}.even")
            weight = weight * factors[:, None]
        if not self._small:
            product = graph.node("MatMul", [state, graph.tensor(name, weight)], f"{at}.product")
            return graph.node("Add", [product, bias], f"{at}.out")
        table, scale = quantised(weight, axis=0)
        inputs = [state, graph.tensor(name, table), graph.tensor(f"{name}.scale", scale), "", bias]
        return graph.node("DynamicQuantizeMatMul", inputs, f"{at}.out", MICROSOFT)

    def _reach_of_normed(self, norm: str) -> NDArray[Any]:
        """Of what a LayerNorm gives: a normal distribution times its weight, plus its bias."""
        import numpy as np

        reach: NDArray[Any] = np.abs(self._of(f"{norm}.bias")) + FAR * np.abs(self._of(f"{norm}.weight"))
        return reach

    def _reach_of_bent(self, at: str) -> float:
        """Of what gelu gives, where it gives most: about what it gets, which is above zero there."""
        import numpy as np

        norm, dense = f"{at}attention.output.LayerNorm", f"{at}intermediate.dense"
        weight = self._of(f"{dense}.weight").astype(np.float64)
        middle = (weight * self._of(f"{norm}.bias")).sum(axis=1) + self._of(f"{dense}.bias")
        spread = np.sqrt(((weight * self._of(f"{norm}.weight")) ** 2).sum(axis=1))
        reach = max(float((middle + FAR_OF_GELU * spread).max()), GELU_BELOW)
        return round(reach * STEPS_OF_REACH) / STEPS_OF_REACH

    def _normalised(self, norm: str, value: str, skip: str, output: str = "") -> str:
        """Two operations take a third of the time that the fused SkipLayerNormalization does."""
        summed = self._graph.node("Add", [value, skip], f"{norm}.sum")
        inputs = [summed, self._plain(f"{norm}.weight"), self._plain(f"{norm}.bias")]
        return self._graph.node("LayerNormalization", inputs, output or f"{norm}.out", epsilon=self._shape.epsilon)

    def _pool(self, state: str) -> None:
        """The mean over the tokens that count, of length one; dividing by their number would change nothing."""
        graph = self._graph
        weights = graph.node("Cast", ["attention_mask"], "weights", to=FLOAT)
        row = graph.node("Unsqueeze", [weights, self._ints("middle", 1)], "weights_row")
        total = graph.node("MatMul", [row, state], "total")
        flat = graph.node("Squeeze", [total, self._ints("squeezed", 1)], "flat")
        squares = graph.node("Mul", [flat, flat], "squares")
        square = graph.node("ReduceSum", [squares, self._ints("over_columns", 1)], "square", keepdims=1)
        graph.node("Div", [flat, graph.node("Sqrt", [square], "length")], VECTOR)

    def _score(self, state: str) -> None:
        """The first token's state through both layers of the head: tanh, then one number."""
        graph = self._graph
        first = graph.node("Gather", [state, self._ints("start", 0)], "first_column", axis=1)
        flat = graph.node("Squeeze", [first, self._ints("column", 1)], "first_token")
        pooled = graph.node("Gemm", [flat, *self._dense("pooler.dense")], "pooled", transB=1)
        bent = graph.node("Tanh", [pooled], "pooled_bent")
        if self._of("classifier.weight").shape[0] != 1:
            raise ValueError("it sorts into classes, where a cross-encoder gives one number")
        graph.node("Gemm", [bent, *self._dense("classifier")], SCORE, transB=1)

    def _dense(self, name: str) -> tuple[str, str]:
        return self._plain(f"{name}.weight"), self._plain(f"{name}.bias")

    def _of(self, name: str) -> NDArray[Any]:
        import numpy as np

        value = np.asarray(self._tensors[name], dtype=np.float32)
        if not np.isfinite(value).all():
            raise ValueError(f"{name!r} has numbers that are not finite")
        return value

    def _plain(self, name: str) -> str:
        return self._graph.tensor(name, self._of(name))

    def _number(self, name: str, value: float) -> str:
        import numpy as np

        return self._graph.tensor(name, np.array([value], np.float32))

    def _ints(self, name: str, *values: int) -> str:
        import numpy as np

        return self._graph.tensor(name, np.array(values, np.int64))


def quantised(weight: NDArray[Any], axis: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """int8 values and the float32 scale of each column (axis 0) or row (axis 1): weight ≈ values × scale.

    Every step is one correctly rounded operation, so the bytes are the same on every machine.
    """
    import numpy as np

    largest = np.max(np.abs(weight), axis=axis, keepdims=True)
    scale = np.where(largest > 0, largest, np.float32(1)) / np.float32(LARGEST)
    values = np.rint(weight / scale).clip(-LARGEST, LARGEST).astype(np.int8)
    return values, scale.reshape(-1).astype(np.float32)


def evening(reach: NDArray[Any], count: int) -> NDArray[Any]:
    """By what to divide columns so that none reaches further than all but `count` of them: powers of √2, 1 or more.

    One far column takes the detail of the eight bits from all others (Xiao et al. 2023, SmoothQuant); the weights make
    up for it.  Here the reach is told from the weights alone, without texts to try; its last bit, which depends on the
    machine, changes nothing.
    """
    import numpy as np

    usual = max(float(np.sort(reach)[-1 - count]), 1e-6)
    steps = np.rint(2 * np.log2(np.maximum(reach / usual, 1)))
    factors: NDArray[Any] = (2 ** (steps / 2)).astype(np.float32)
    return factors


def _without_prefix(tensors: Tensors) -> Tensors:
    """Some files put `bert.` in front of every name."""
    if any(name.startswith("bert.") for name in tensors):
        return {name.removeprefix("bert."): value for name, value in tensors.items()}
    return tensors
