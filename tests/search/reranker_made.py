"""A cross-encoder for the tests of the search, small enough to foretell: it counts the letters z of a text."""

from __future__ import annotations

from pathlib import Path

from cass.policy import DEFAULT_RERANKER
from cass.semantic.bert_graph import SCORE
from cass.semantic.known_models import RERANKER
from cass.semantic.models import MODEL, TOKENIZER, Model, file_facts, folder_of, revision_of, write_manifest
from cass.semantic.onnx_writer import FLOAT, INT64, Graph
from tests.semantic.tiny_model import VOCABULARY, tokenizer


def graph(weight: float = 1.0) -> Graph:
    """A text's score is the number of its letters z, `weight` each; the question's own do not count."""
    import numpy as np

    made = Graph("counts-z")
    for name in ("input_ids", "attention_mask", "token_type_ids"):
        made.input(name, INT64, ("batch", "tokens"))
    worth = np.array([[weight if token in ("z", "##z") else 0.0] for token in VOCABULARY], np.float32)
    each = made.node("Gather", [made.tensor("worth", worth), "input_ids"], "each")
    column = made.node("Unsqueeze", ["token_type_ids", made.tensor("last", np.array([2], np.int64))], "column")
    second = made.node("Cast", [column], "second", to=FLOAT)
    counted = made.node("Mul", [each, second], "counted")
    made.node("ReduceSum", [counted, made.tensor("tokens", np.array([1], np.int64))], SCORE, keepdims=0)
    made.output(SCORE, FLOAT, ("batch", 1))
    return made


def put_reranker(data: Path, weight: float = 1.0) -> Path:
    """Install it under the name that the policy asks for; its ONNX file."""
    folder = Path(folder_of(str(data), DEFAULT_RERANKER))
    folder.mkdir(parents=True)
    with (folder / MODEL).open("wb") as file:
        graph(weight).write(file)
    (folder / TOKENIZER).write_bytes(tokenizer())
    files = tuple(file_facts(str(folder), name) for name in (MODEL, TOKENIZER))
    model = Model(
        name=DEFAULT_RERANKER,
        folder=str(folder),
        embedder_id=DEFAULT_RERANKER,
        dim=0,
        max_tokens=256,
        variant="fp32",
        revision=revision_of(files[0].sha256),
        source="made by a test",
        installed_ms=0,
        agreement=None,
        files=files,
        kind=RERANKER,
    )
    write_manifest(model)
    return folder / MODEL
