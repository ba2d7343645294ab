"""Real sessions for tests, where they are at hand: they may not be shipped, so tests skip without them."""

from __future__ import annotations

import functools
import subprocess
import sys
from pathlib import Path

import pytest

UNPACK = Path(__file__).resolve().parents[2] / "shared" / "unpack"


@functools.cache
def _unpacked() -> Path | None:
    if not UNPACK.exists():
        return None
    done = subprocess.run([sys.executable, str(UNPACK)], capture_output=True, text=True, check=True)
    return Path(done.stdout.strip())


def corpus_folder(name: str) -> Path:
    """`corpus/home`, `corpus/growth`, `corpus/fixtures` or `relevance`; skips where they are missing."""
    root = _unpacked()
    if root is None:
        pytest.skip("the corpus of real sessions (../shared) is not here")
    return root / name


def corpus_home() -> Path:
    """A HOME with real sessions of many agents."""
    return corpus_folder("corpus/home")
