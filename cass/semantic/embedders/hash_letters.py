"""Letters beyond ASCII for the hash embedder, as Unicode 3.2 has them.

Every Python carries that old database beside its own, for domain names.  A newer one would tell letters from other
signs differently with each version of Python, and so would the vectors.  What is younger than 3.2 parts words.
"""

from __future__ import annotations

from itertools import groupby
from unicodedata import ucd_3_2_0

FIRST_HAN = "\u2e80"


def plain(word: bytes) -> tuple[list[str], list[str]]:
    """(words in small letters without accents, runs of signs of a script that puts no spaces between words)."""
    text = ucd_3_2_0.normalize("NFKD", word.decode("utf-8", "surrogatepass"))
    runs = [(kind, "".join(run)) for kind, run in groupby(_kept(text).lower(), _kind)]
    return [run for kind, run in runs if kind == "word"], [run for kind, run in runs if kind == "han"]


def _kept(text: str) -> str:
    """Letters and digits; accents are left out, anything else becomes a space."""
    kinds = [(char, ucd_3_2_0.category(char)) for char in text]
    return "".join([char if kind[0] in "LN" else " " for char, kind in kinds if kind != "Mn"])


def _kind(char: str) -> str:
    if char == " ":
        return "space"
    return "word" if char < FIRST_HAN else "han"
