"""The ids that survive re-indexing: everything here is a hash of what the agents wrote."""

from __future__ import annotations

from hashlib import blake2b, sha256

SID_DIGITS = 16


def session_id(agent: str, parent_external_id: str | None, external_id: str) -> str:
    """16 hex digits of SHA-256 over agent, parent's external id (children only) and external id."""
    parts = [agent, external_id] if parent_external_id is None else [agent, parent_external_id, external_id]
    return sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:SID_DIGITS]


def hash64(data: bytes) -> int:
    """A signed 64-bit hash.  Among 10 million texts two agree with a chance of 3 in a million."""
    return int.from_bytes(blake2b(data, digest_size=8).digest(), "little", signed=True)
