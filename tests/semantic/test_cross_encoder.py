"""A cross-encoder from its makers' folder: made, installed and run as the quality tier's model is."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from cass.errors import UsageError
from cass.semantic.bert_graph import FP32, INT8, SCORE, write_model
from cass.semantic.cross_encoder import open_reranker
from cass.semantic.described_model import described
from cass.semantic.embedders.base import EmbedderNotLoaded
from cass.semantic.embedders.onnx import open_model
from cass.semantic.known_models import RERANKER, WEIGHTS
from cass.semantic.model_install import ModelRefused
from cass.semantic.model_sources import Wish
from cass.semantic.models import MANIFEST, find
from cass.semantic.reference.make import states
from cass.semantic.verify_model import fault_of
from tests.archive import Home, make_home
from tests.semantic.installing import put
from tests.semantic.tiny_model import Tiny, safetensors, scoring_config, scoring_weights, weights

np = pytest.importorskip("numpy")
onnxruntime = pytest.importorskip("onnxruntime")

NAME = "ms-marco-minilm"
IDS, TYPES = [2, 10, 11, 3, 30, 31, 32, 3], [0, 0, 0, 0, 1, 1, 1, 1]


def folder_of_makers(folder: Path, tensors: dict[str, Any] | None = None) -> tuple[Path, Wish]:
    """What a hub would have of a cross-encoder, and the wish to install it, trusted."""
    tiny = Tiny(folder)
    (folder / WEIGHTS).write_bytes(safetensors(tensors or scoring_weights()))
    (folder / "config.json").write_text(json.dumps(scoring_config()))
    return folder, Wish(str(folder), trusted=(tiny.sha256(WEIGHTS), tiny.sha256("tokenizer.json")))


def install(folder: Path, variant: str | None = None) -> str:
    """The data folder with the model in it."""
    makers, wish = folder_of_makers(folder / "files")
    put(described(NAME, str(makers)), folder, wish, variant)
    return str(folder / "data")


@pytest.mark.parametrize(("variant", "most"), [(FP32, 1e-5), (INT8, 0.1)])
def test_its_score_is_the_heads(variant: str, most: float) -> None:
    """As computed in float64 from the description: the first token, through tanh, to one number."""
    tensors, file = scoring_weights(), io.BytesIO()
    write_model(tensors, scoring_config(), variant, file)
    given = {"input_ids": [IDS], "attention_mask": [[1] * len(IDS)], "token_type_ids": [TYPES]}
    session = onnxruntime.InferenceSession(file.getvalue(), providers=["CPUExecutionProvider"])

    found = session.run([SCORE], {name: np.array(value, np.int64) for name, value in given.items()})[0]

    plain = {name.removeprefix("bert."): value.astype(np.float64) for name, value in tensors.items()}
    first = states(plain, scoring_config(), IDS, TYPES)[0]
    pooled = np.tanh(first @ plain["pooler.dense.weight"].T + plain["pooler.dense.bias"])
    expected = pooled @ plain["classifier.weight"].T + plain["classifier.bias"]
    assert found.shape == (1, 1)
    assert abs(float(found[0, 0]) - float(expected[0])) <= most


def test_it_is_installed_from_its_folder_as_a_reranker(tmp_path: Path) -> None:
    """It scores the texts of one question, the same alone and beside a longer one, and makes no vectors."""
    data = install(tmp_path)
    judge = open_reranker(data, NAME)
    assert judge is not None
    judge.load()

    together = judge.scores("why", ["a fox", "the quick brown fox jumps", ""])
    alone = [judge.scores("why", [text])[0] for text in ("a fox", "the quick brown fox jumps", "")]

    assert together == pytest.approx(alone, abs=0.05)
    assert len(set(together)) == 3
    assert judge.scores("why", []) == []
    assert open_model(data, NAME) is None


def test_fp32_scores_are_the_same_in_any_company(tmp_path: Path) -> None:
    """Padding changes nothing, nor does it matter who else is asked about."""
    judge = open_reranker(install(tmp_path, FP32), NAME)
    assert judge is not None
    judge.load()
    texts = ["a fox", "the quick brown fox jumps over it", "x"]

    assert judge.scores("why", texts) == pytest.approx([judge.scores("why", [text])[0] for text in texts], abs=1e-5)


def test_what_was_installed_says_what_it_is_and_is_verified(tmp_path: Path) -> None:
    data = install(tmp_path)
    model = find(data, NAME)

    assert model is not None
    assert (model.kind, model.dim, model.embedder_id.rpartition("-")[0]) == (RERANKER, 0, NAME)
    assert model.agreement is not None and model.agreement > 0.97
    assert fault_of(model) is None


def test_a_manifest_without_a_kind_is_an_embedders(tmp_path: Path) -> None:
    """Those of before there were others."""
    data = install(tmp_path)
    path = Path(data) / "derived" / "models" / NAME / MANIFEST
    said = json.loads(path.read_text())
    del said["kind"]
    path.write_text(json.dumps(said))

    assert open_reranker(data, NAME) is None
    assert open_model(data, NAME) is not None


def test_an_embedder_is_no_reranker(tmp_path: Path) -> None:
    tiny = Tiny(tmp_path / "files")
    put(tiny.known, tmp_path, Wish(from_path=str(tiny.folder)))

    assert open_reranker(str(tmp_path / "data"), "tiny") is None


def test_a_model_of_classes_is_refused(tmp_path: Path) -> None:
    """Its head gives several numbers, and nobody knows which would be the score."""
    makers, wish = folder_of_makers(tmp_path / "files", scoring_weights(classes=3))

    with pytest.raises(ModelRefused, match="sorts into classes"):
        put(described(NAME, str(makers)), tmp_path, wish)
    assert find(str(tmp_path / "data"), NAME) is None


def test_a_folder_without_a_head_is_no_cross_encoder(tmp_path: Path) -> None:
    makers, wish = folder_of_makers(tmp_path / "files", weights())

    with pytest.raises(ModelRefused, match=r"the weights lack 'pooler\.dense\.weight'"):
        put(described(NAME, str(makers)), tmp_path, wish)


def test_it_scores_nothing_before_it_is_loaded_nor_after(tmp_path: Path) -> None:
    judge = open_reranker(install(tmp_path), NAME)
    assert judge is not None

    with pytest.raises(EmbedderNotLoaded):
        judge.scores("why", ["a fox"])
    judge.load()
    judge.close()
    with pytest.raises(EmbedderNotLoaded):
        judge.scores("why", ["a fox"])


def test_a_model_whose_scores_are_no_numbers_is_refused(tmp_path: Path) -> None:
    """An order by them would be any order."""
    tensors = scoring_weights()
    tensors["classifier.weight"][:] = 3e38  # which more than one of is too much
    makers, wish = folder_of_makers(tmp_path / "files", tensors)

    with pytest.raises(ModelRefused, match="does not give the right scores on this machine"):
        put(described(NAME, str(makers)), tmp_path, wish)


def test_a_command_installs_it_and_says_how_it_is_used(tmp_path: Path) -> None:
    """Beside the quality tier's model, which stays the one that the vectors are made with."""
    home: Home = make_home(tmp_path / "home")
    makers, wish = folder_of_makers(tmp_path / "files")
    trust = [word for sha256 in wish.trusted for word in ("--trust", sha256)]

    made = home.cass("models", "install", NAME, "--from", str(makers), *trust)
    listed = json.loads(home.cass("models", "--json").stdout)["models"]

    assert "Next: cass config set search.rerank true" in made.stdout
    assert [(model["name"], model["kind"], model["state"]) for model in listed] == [
        (NAME, "reranker", "installed"),
        ("minilm", "embedder", "missing"),
    ]
    assert home.cass("models", "verify", NAME).returncode == 0


def test_without_its_folder_nobody_knows_where_to_fetch_it(tmp_path: Path) -> None:
    """It is pinned nowhere, so nothing goes to the network for it."""
    done = make_home(tmp_path).cass("models", "install", NAME)

    assert done.returncode == 2
    assert "--from FOLDER" in done.stderr
    with pytest.raises(UsageError):
        described(NAME, str(tmp_path / "nowhere"))
