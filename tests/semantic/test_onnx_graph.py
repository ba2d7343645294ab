"""Weights become an ONNX graph that gives the vectors of the original, whatever the number of layers and heads."""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cass.semantic.bert_graph import FP32, INT8, VARIANTS, evening, quantised, write_model
from cass.semantic.reference.make import embed
from cass.semantic.safetensors import read_safetensors
from tests.semantic.tiny_model import HIDDEN, VOCABULARY, config, safetensors, weights

np = pytest.importorskip("numpy")
onnxruntime = pytest.importorskip("onnxruntime")

IDS = [[2, 10, 11, 12, 3], [2, 30, 3], [2, *range(4, 90), 3]]


def converted(tensors: dict[str, Any], variant: str, said: dict[str, Any]) -> bytes:
    file = io.BytesIO()
    write_model(tensors, said, variant, file)
    return file.getvalue()


def run(model: bytes, rows: list[list[int]]) -> Any:
    """The vectors of rows that run together, the shorter ones padded."""
    width = max(map(len, rows))
    ids = np.array([row + [0] * (width - len(row)) for row in rows])
    mask = np.array([[1] * len(row) + [0] * (width - len(row)) for row in rows])
    given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    return session.run(["sentence_embedding"], given)[0]


@pytest.mark.parametrize(("layers", "heads"), [(1, 1), (2, 4), (3, 8)])
def test_fp32_is_the_original(layers: int, heads: int) -> None:
    """As computed in float64 from the description, to 1e-5."""
    tensors, said = weights(layers), config(layers, heads)
    expected = np.array([embed(tensors, said, ids) for ids in IDS])

    found = np.concatenate([run(converted(tensors, FP32, said), [ids]) for ids in IDS])

    assert found.shape == (len(IDS), HIDDEN)
    assert np.abs(found - expected).max() <= 1e-5


def test_int8_points_nearly_where_the_original_does() -> None:
    tensors, said = weights(), config()
    expected = np.array([embed(tensors, said, ids) for ids in IDS])

    found = np.concatenate([run(converted(tensors, INT8, said), [ids]) for ids in IDS])

    assert (found * expected).sum(axis=1).min() >= 0.97


@pytest.mark.parametrize("variant", VARIANTS)
def test_vectors_are_of_unit_length(variant: str) -> None:
    found = run(converted(weights(), variant, config()), IDS)

    assert np.abs(np.linalg.norm(found, axis=1) - 1).max() <= 1e-5


def test_padding_changes_nothing() -> None:
    """A text has the same vector alone and beside a longer one."""
    model = converted(weights(), FP32, config())

    together, alone = run(model, IDS), np.concatenate([run(model, [ids]) for ids in IDS])

    assert np.abs(together - alone).max() <= 1e-5


def test_padding_is_not_looked_at_in_int8() -> None:
    """A batch shares the scales of what it quantises, so that a text's vector moves a little, and no more."""
    model = converted(weights(), INT8, config())

    together, alone = run(model, IDS), np.concatenate([run(model, [ids]) for ids in IDS])

    assert (together * alone).sum(axis=1).min() >= 0.999


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_same_weights_give_the_same_bytes(variant: str) -> None:
    """The file's hash names the model, so nothing of the moment may be in it."""
    assert converted(weights(), variant, config()) == converted(weights(), variant, config())


def test_names_may_have_a_prefix() -> None:
    tensors = {f"bert.{name}": value for name, value in weights().items()}

    assert converted(tensors, FP32, config()) == converted(weights(), FP32, config())


def test_half_precision_weights_are_read(tmp_path: Path) -> None:
    tensors = {name: value.astype(np.float16) for name, value in weights().items()}
    path = tmp_path / "half.safetensors"
    path.write_bytes(safetensors(tensors))
    expected = np.array([embed(tensors, config(), ids) for ids in IDS])

    found = np.concatenate([run(converted(read_safetensors(str(path)), FP32, config()), [ids]) for ids in IDS])

    assert np.abs(found - expected).max() <= 1e-5


def test_weights_that_lack_something_are_refused() -> None:
    tensors = weights()
    del tensors["encoder.layer.1.output.dense.weight"]

    with pytest.raises(ValueError, match=r"encoder\.layer\.1\.output\.dense\.weight"):
        converted(tensors, FP32, config())


@pytest.mark.parametrize(
    "change",
    [
        {"model_type": "t5"},
        {"hidden_act": "relu"},
        {"num_attention_heads": None},
        {"num_attention_heads": 0},
        {"num_attention_heads": 5},
        {"hidden_size": HIDDEN // 2},
    ],
)
def test_another_kind_of_model_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        converted(weights(), FP32, config() | change)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("name", ["embeddings.word_embeddings.weight", "encoder.layer.0.intermediate.dense.bias"])
def test_weights_that_are_not_finite_are_refused(variant: str, number: float, name: str) -> None:
    """Also in a row that no sentence of the check has."""
    tensors = weights()
    tensors[name].flat[-1] = number

    with pytest.raises(ValueError, match=f"'{name}' has numbers that are not finite"):
        converted(tensors, variant, config())


def test_the_operators_came_to_onnxruntime_with_attention() -> None:
    """ONNX's own operators, as they are in that version, came one by one: 1.23 has attention and cannot quantise."""
    model = converted(weights(), INT8, config())

    kind, domain = b'"\x0eQuantizeLinear', b":\rcom.microsoft"
    assert model.count(kind) == model.count(kind + domain) == config()["num_hidden_layers"]


def test_a_column_is_quantised_by_its_own_largest_value() -> None:
    """One large column takes no detail from the others; a column of zeros stays one."""
    weight = np.array([[1.0, 100.0, 0.0], [-0.5, 25.0, 0.0]], np.float32)

    values, scale = quantised(weight, axis=0)

    assert values.tolist() == [[127, 127, 0], [-64, 32, 0]]
    assert np.allclose(values * scale, weight, atol=0.4)


def test_a_far_column_takes_no_detail_from_the_others() -> None:
    """As models have them that were trained: one column sixty times as far, with weights as much smaller."""
    tensors, said = weights(), config()
    for at in (f"encoder.layer.{number}" for number in range(said["num_hidden_layers"])):
        tensors[f"{at}.attention.output.LayerNorm.weight"][0] *= 60
        tensors[f"{at}.intermediate.dense.weight"][:, 0] /= 60
    expected = np.array([embed(tensors, said, ids) for ids in IDS])

    found = np.concatenate([run(converted(tensors, INT8, said), [ids]) for ids in IDS])

    assert (found * expected).sum(axis=1).min() >= 0.995


@pytest.mark.parametrize("lifted", ["attention.output.LayerNorm.bias", "intermediate.dense.bias"])
def test_what_gelu_gives_is_not_cut_off_where_a_bias_lifts_it(lifted: str) -> None:
    """Its scale is told from the weights before any text: it has to reckon with all of them."""
    tensors, said = weights(), config()
    for number in range(said["num_hidden_layers"]):
        tensors[f"encoder.layer.{number}.{lifted}"][:4] += 20
    expected = np.array([embed(tensors, said, ids) for ids in IDS])

    found = np.concatenate([run(converted(tensors, INT8, said), [ids]) for ids in IDS])

    assert (found * expected).sum(axis=1).min() >= 0.99


@given(st.lists(st.floats(0, 1e6, width=32), min_size=2, max_size=40), st.data())
def test_evened_columns_reach_about_as_far_as_the_others(reach: list[float], data: st.DataObject) -> None:
    """All but `count` are left as they are; those end within a power of the square root of two."""
    count = data.draw(st.integers(1, len(reach) - 1))
    given_reach = np.array(reach)
    usual = max(sorted(reach)[-1 - count], 1e-6)

    factors = evening(given_reach, count)

    assert (factors >= 1).all()
    assert (factors[given_reach <= usual] == 1).all()
    assert (given_reach / factors).max() <= usual * 2**0.25 * (1 + 1e-6)


@pytest.mark.parametrize("at", range(0, 60, 7))
def test_a_torn_safetensors_file_is_refused(tmp_path: Path, at: int) -> None:
    """Wherever it ends."""
    whole = safetensors({"a": np.zeros((4, 4), np.float32)})
    (tmp_path / "torn").write_bytes(whole[: at * len(whole) // 60])

    with pytest.raises(ValueError):
        read_safetensors(str(tmp_path / "torn"))


def test_offsets_outside_the_file_are_refused(tmp_path: Path) -> None:
    header = b'{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,800]}}'
    (tmp_path / "lying").write_bytes(len(header).to_bytes(8, "little") + header + bytes(8))

    with pytest.raises(ValueError, match="'a'"):
        read_safetensors(str(tmp_path / "lying"))


def test_the_vocabulary_fits_the_ids() -> None:
    assert max(map(max, IDS)) < len(VOCABULARY)
