"""Which hash embedder this is: known without loading it."""

from __future__ import annotations

FEATURES = "v2"  # plain words, as `hash-256`, were the first


def identity(dim: int) -> tuple[str, str]:
    """(embedder id, model version) of the hash embedder with `dim` floats."""
    return f"hash-{dim}-{FEATURES}", FEATURES
