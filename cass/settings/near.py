"""Which setting was meant: by its other spellings, by its last word, or by likeness; where something is wrong only."""

from __future__ import annotations

from cass.settings import foreign
from cass.settings.table import BY_KEY, ROWS

# Four letters of five are near (`plane`, plain); three of four make another word (`sort`, port), and so do all four,
# scattered over seven (`nope`, no_pager).
LIKENESS = 0.76
# A word of a name, such as `delay`, tells which is meant; `s` and `max` stand in many.
TELLING = 4
# Longer than any name of ours: what is compared takes time by the square of its length.
LONGEST = 60


def is_ours(variable: str) -> bool:
    """Is it meant for us, whatever it sets?"""
    return variable.startswith(foreign.OURS)


def nearest_variable(name: str) -> str | None:
    """The variable that was meant by one that sets nothing."""
    if foreign.is_foreign(name):
        return None
    likeness = LIKENESS if is_ours(name) else foreign.LIKENESS
    return foreign.same_words(name) or _alike(name, list(foreign.KNOWN), likeness)


def nearest(key: str) -> str | None:
    """The known key that was meant: `limit`, `search.limit.x`, `semantic_mode`, `CASS_PAGER`, `--semantic-embedder`."""
    if len(key) > LONGEST:
        return None
    plain, dotted = _plain(key), key.strip().lower().replace("-", "_")
    spelled = _spellings()
    for known in BY_KEY:
        if known.startswith(f"{dotted}."):
            return known  # the first of a section
        if f".{known}".endswith(f".{dotted}") or dotted.endswith(f".{known}") or dotted.startswith(f"{known}."):
            return known
    near = plain if plain in spelled else next((each for each in spelled if _has_words(each, plain)), None)
    near = near or _alike(plain, list(spelled), LIKENESS)
    return spelled[near] if near else None


def _has_words(name: str, words: str) -> bool:
    """Do they stand in it, one behind the other and whole?"""
    return len(words) >= TELLING and f"_{words}_" in f"_{name}_"


def _spellings() -> dict[str, str]:
    """Every key by the words that people know it by: its own, its variables', its option's; without dots and dashes."""
    found = {_plain(key): key for key in BY_KEY}
    for row in ROWS:
        for name in (*row.variables, row.flag or ""):
            found.setdefault(_plain(name), row.key)
    found.pop("", None)
    return found


def _plain(name: str) -> str:
    """`--semantic-wait`, `CASS_SEMANTIC_WAIT_MS`, `search.limit` in one form."""
    return name.strip().lower().lstrip("-").replace("-", "_").replace(".", "_").removeprefix("cass_")


def _alike(word: str, known: list[str], likeness: float) -> str | None:
    if len(word) > LONGEST:
        return None
    from difflib import get_close_matches  # three milliseconds, only where something is wrong

    return next(iter(get_close_matches(word, known, 1, likeness)), None)
