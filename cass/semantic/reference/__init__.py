"""Sixteen fixed, invented sentences and what the original model makes of them: how an installed model is checked.

`make.py` beside them made the vectors once, from the published weights.
"""

from __future__ import annotations

import os
import sys
from array import array

SENTENCES = "sentences.txt"


def sentences() -> list[str]:
    """One a line; the last is longer than the model reads."""
    with open(_path(SENTENCES), encoding="utf-8") as file:
        return file.read().splitlines()


def vectors(model: str, dim: int) -> list[array[float]]:
    """The original model's unit vectors of the sentences, in their order; [] for a model without."""
    try:
        with open(_path(f"{model}.f32"), "rb") as file:
            data = file.read()
    except FileNotFoundError:
        return []
    whole = array("f", data)
    if sys.byteorder == "big":
        whole.byteswap()
    return [whole[at : at + dim] for at in range(0, len(whole), dim)]


def _path(name: str) -> str:
    return os.path.join(os.path.dirname(__file__), name)
