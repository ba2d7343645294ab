"""Bytes as a Zstandard frame, made without any library: blocks of them as they are."""

from __future__ import annotations

_BLOCK = 100_000
_WINDOW = b"\x38"  # 128 KB


def packed(data: bytes) -> bytes:
    """A frame that holds `data`."""
    blocks = [data[at : at + _BLOCK] for at in range(0, len(data), _BLOCK)] or [b""]
    heads = [
        (len(block) << 3 | (number == len(blocks))).to_bytes(3, "little") for number, block in enumerate(blocks, 1)
    ]
    return b"\x28\xb5\x2f\xfd\x00" + _WINDOW + b"".join(head + block for head, block in zip(heads, blocks, strict=True))
