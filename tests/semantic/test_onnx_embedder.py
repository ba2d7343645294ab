"""The embedder of an installed model: a vector a text, in order, from local files, with or without fastembed."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cass.records import replace
from cass.semantic import reference
from cass.semantic.embedders.base import Checked, EmbedderNotLoaded, EmbedderTransportError
from cass.semantic.embedders.fast import FastembedEmbedder
from cass.semantic.embedders.onnx import BATCH_TOKENS, FEWEST_TOKENS, OnnxEmbedder, batches, open_model
from cass.semantic.embedders.table import EmbedderOptions, build_embedder
from cass.semantic.model_sources import Wish
from cass.semantic.models import Model
from cass.semantic.reference.make import embed
from cass.semantic.verify_model import Agreement, agreement, fault_of
from tests.semantic.installing import put
from tests.semantic.tiny_model import TEXTS, Tiny, config, weights

np = pytest.importorskip("numpy")
pytest.importorskip("onnxruntime")
# A data folder with the real model, where there is one.
REAL = "CASS_TEST_MODELS"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    folder = tmp_path_factory.mktemp("tiny")
    tiny = Tiny(folder / "files")
    return put(tiny.known, folder / "user", Wish(from_path=str(tiny.folder)), "fp32")


@pytest.fixture
def embedder(model: Model) -> OnnxEmbedder:
    embedder = OnnxEmbedder(model)
    embedder.load()
    assert embedder.status == "ok", embedder.reason
    return embedder


def ids(embedder: Any, text: str) -> list[int]:
    found: list[int] = embedder._tokenizer.encode(text).ids
    return found


def test_each_text_has_the_original_s_vector(embedder: OnnxEmbedder) -> None:
    """In the order of the texts, though they run sorted by length; nothing is padded to 128."""
    expected = [embed(weights(), config(), ids(embedder, text)) for text in TEXTS]

    found = Checked(embedder).embed(TEXTS)

    assert np.abs(np.array(found) - np.array(expected)).max() <= 1e-5
    assert [vector.typecode for vector in found] == ["f"] * len(TEXTS)


def test_no_texts_give_no_vectors(model: Model) -> None:
    """Without loading anything."""
    embedder = OnnxEmbedder(model)

    assert (embedder.embed([]), embedder.status, embedder.is_loaded) == ([], "loading", False)


def test_a_text_without_a_token_has_an_empty_vector(embedder: OnnxEmbedder) -> None:
    assert [len(vector) for vector in Checked(embedder).embed(["", " \n\t", "a", "\x00"])] == [0, 0, 32, 0]


def test_a_long_text_is_cut(embedder: OnnxEmbedder) -> None:
    """What stands behind the last token changes nothing."""
    long = "word " * 5_000

    first, second = embedder.embed([long, f"{long} and more"])

    assert first == second
    assert len(ids(embedder, long)) == 256


def test_an_embedder_that_is_not_loaded_says_so(model: Model) -> None:
    with pytest.raises(EmbedderNotLoaded):
        OnnxEmbedder(model).embed(["a"])


def test_a_closed_embedder_says_so(embedder: OnnxEmbedder) -> None:
    embedder.close()

    assert (embedder.status, embedder.is_loaded) == ("closed", False)
    with pytest.raises(EmbedderNotLoaded):
        embedder.embed(["a"])


def test_what_its_tokenizer_cannot_read_is_an_error_of_ours(embedder: OnnxEmbedder) -> None:
    """Half a surrogate pair is no character."""
    with pytest.raises(EmbedderTransportError, match="the model failed"):
        embedder.embed(["walrus \udcff"])


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
@pytest.mark.parametrize("content", [None, b"", b"noise"])
def test_loading_never_raises(model: Model, tmp_path: Path, name: str, content: bytes | None) -> None:
    """A missing file, an empty one, another one: a status and a reason."""
    for one in model.files:
        (tmp_path / one.name).write_bytes((Path(model.folder) / one.name).read_bytes())
    (tmp_path / name).unlink()
    if content is not None:
        (tmp_path / name).write_bytes(content)
    embedder = OnnxEmbedder(replace(model, folder=str(tmp_path)))

    embedder.load()

    assert (embedder.status, bool(embedder.reason)) == ("error", True)
    assert fault_of(replace(model, folder=str(tmp_path))) is not None


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
def test_a_flipped_byte_makes_no_vectors(model: Model, tmp_path: Path, name: str) -> None:
    """It would look like any other model.  With its time kept, it is found by whoever reads all: a backfill does."""
    shutil.copytree(model.folder, tmp_path / "copy", copy_function=shutil.copy2)
    changed = replace(model, folder=str(tmp_path / "copy"))
    path = tmp_path / "copy" / name
    before, data = path.stat(), bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    noticed = OnnxEmbedder(changed)
    noticed.load()
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    read = OnnxEmbedder(changed, reads_all=True)
    read.load()

    for embedder in (noticed, read):
        assert (embedder.status, embedder.reason) == ("error", f"{name} is not what was installed")
        assert embedder.todo == "cass models install tiny --from FOLDER"


def test_a_copy_with_other_times_is_still_the_model(model: Model, tmp_path: Path) -> None:
    """A data folder that was moved or restored: its bytes tell."""
    shutil.copytree(model.folder, tmp_path / "copy", copy_function=shutil.copyfile)
    embedder = OnnxEmbedder(replace(model, folder=str(tmp_path / "copy")))

    embedder.load()

    assert (embedder.status, embedder.reason) == ("ok", None)


def test_the_table_builds_it_by_its_name(model: Model) -> None:
    data = str(Path(model.folder).parents[2])

    assert open_model(data, "tiny") is not None
    with pytest.raises(EmbedderNotLoaded, match="cass models install minilm"):
        build_embedder("minilm", EmbedderOptions(data=data))


@given(st.lists(st.integers(min_value=2, max_value=256)), st.integers(min_value=1, max_value=40))
def test_a_batch_holds_a_few_texts_of_about_one_length(lengths: list[int], most: int) -> None:
    """Every text that has tokens is in one, the shortest first; padding is never much of the work."""
    found = list(batches(lengths, most))

    assert sorted(row for rows in found for row in rows) == [
        row for row, length in enumerate(lengths) if length >= FEWEST_TOKENS
    ]
    for rows in found:
        longest, shortest = max(lengths[row] for row in rows), min(lengths[row] for row in rows)
        assert len(rows) <= most
        assert len(rows) * longest <= BATCH_TOKENS or len(rows) == 1
        assert longest <= shortest * 1.25 + 4


def test_how_many_go_together_changes_no_vector(model: Model, embedder: OnnxEmbedder) -> None:
    """Of a model in fp32; in int8 the last digits."""
    alone = OnnxEmbedder(model, batch=1)
    alone.load()

    assert np.allclose(alone.embed(TEXTS[:1] * 9), embedder.embed(TEXTS[:1] * 9), atol=1e-6)


def test_fastembed_gives_the_same_vectors_from_the_same_file(model: Model, embedder: OnnxEmbedder) -> None:
    fastembed = pytest.importorskip("fastembed")
    description = pytest.importorskip("fastembed.common.model_description")
    fastembed.TextEmbedding.add_custom_model(
        model="cass/tiny",
        pooling=description.PoolingType.DISABLED,
        normalization=False,
        sources=description.ModelSource(hf="none/none"),
        dim=model.dim,
        model_file="model.onnx",
        output_name="sentence_embedding",
    )
    theirs = FastembedEmbedder("cass/tiny", folder=model.folder)
    theirs.load()

    assert (theirs.status, theirs.dim, theirs.model_version) == ("ok", model.dim, model.revision)
    assert np.abs(np.array(theirs.embed(TEXTS)) - np.array(embedder.embed(TEXTS))).max() <= 1e-5
    assert [len(vector) for vector in theirs.embed(["", "a"])] == [0, 32]


@pytest.mark.parametrize("name", ["nobody/knows-this", "BAAI/bge-small-en-v1.5"])
def test_a_model_that_is_not_on_this_machine_is_not_fetched(tmp_path: Path, name: str) -> None:
    """Unknown, or known and not downloaded: a reason, no network, no noise."""
    pytest.importorskip("fastembed")
    embedder = FastembedEmbedder(name, cache=str(tmp_path))

    embedder.load()

    assert (embedder.status, bool(embedder.reason)) == ("error", True)
    with pytest.raises(EmbedderNotLoaded):
        embedder.embed(["a"])


def test_the_reference_is_sixteen_sentences_of_unit_length() -> None:
    """Of the real model; every one a line of its own."""
    vectors = reference.vectors("minilm", 384)

    assert len(reference.sentences()) == len(vectors) == 16
    assert np.abs(np.linalg.norm(np.array(vectors), axis=1) - 1).max() <= 1e-6
    assert reference.vectors("nobody", 384) == []


def test_agreement_is_measured_at_the_worst_sentence() -> None:
    from array import array

    one, other = [array("f", [1, 0]), array("f", [0, 1])], [array("f", [1, 0]), array("f", [1, 0])]

    assert agreement(one, one) == Agreement(1.0, 0.0)
    assert agreement(one, other) == Agreement(0.0, 1.0)
    assert not agreement([array("f", [float("nan"), 0]), one[1]], one).is_enough("int8")
    assert [Agreement(0.97, 0.2).is_enough(variant) for variant in ("int8", "fp32")] == [True, False]


def test_the_real_model_is_what_it_was() -> None:
    """The one that is installed in the data folder that the variable names."""
    data = os.environ.get(REAL, "")
    found = open_model(data, "minilm") if data else None
    if found is None:
        pytest.skip(f"no model is installed in a folder that {REAL} names")

    found.load()
    result = agreement(found.embed(reference.sentences()), reference.vectors("minilm", found.dim))

    assert result.is_enough("int8")
