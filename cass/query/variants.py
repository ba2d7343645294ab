"""Spellings that a word may have beside its own: other forms of an English word, and slips of one letter.

Loaded by the searches that look for them.
"""

from __future__ import annotations

from cass.query.words import VOWELS, doubles_its_end

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

# The ending that is found first is taken off.
_ENDINGS: tuple[str, ...] = ("ations", "ation", "ments", "ment", "ions", "ion", "ingly", "ing", "edly", "ed")
_ENDINGS += ("ers", "er", "ors", "or", "es", "ly", "e", "s")
_COMMON = ("", "s", "ed", "ing", "e", "es", "er", "ers")
_RARE = ("ation", "ations", "ment", "ments", "ly")
MAX_VARIANTS = 24
# Against a letter left out, put in or swapped.
OTHER_LETTER, FIRST_LETTER = 0.1, 0.1


def english_variants(word: str) -> list[str]:
    """Forms that an English word may have in the index, which is not stemmed: at most `MAX_VARIANTS`, likely first.

    For small ASCII letters, three or more; `[]` for other words.  Many of the forms are no words: look them up.
    """
    if len(word) < 3 or not (word.isascii() and word.isalpha() and word.islower()):
        return []
    roots = _roots(word)
    found = dict.fromkeys(form for root in roots for form in _inflected(root))
    found |= dict.fromkeys(root + ending for root in roots if not _ends_in_y(root) for ending in _RARE)
    found.pop(word, None)
    return list(found)[:MAX_VARIANTS]


def _roots(word: str) -> list[str]:
    """What the endings of the word may have been put on, without a last e."""
    if len(word) > 4 and word.endswith(("ies", "ied", "ily")):
        return [word[:-3] + "y"]
    if len(word) > 5 and word.endswith("ices"):
        return [word[:-4] + "ex", word[:-2]]
    if word.endswith(("ss", "us")):
        return [word]
    for ending in _ENDINGS:
        root = word[: -len(ending)]
        if word.endswith(ending) and _is_root(root):
            return _roots_before(ending, root, word)
    return [word]


def _is_root(text: str) -> bool:
    """`us` of used may be one, `ne` of need or `str` of string may not."""
    return len(text) > 1 and not (VOWELS | {"y"}).isdisjoint(text) and (len(text) > 2 or text[1] not in VOWELS)


def _roots_before(ending: str, root: str, word: str) -> list[str]:
    if ending in ("ation", "ations"):
        # `location` comes from locate, `formation` from form.
        return [root + "at", root]
    if ending in ("ers", "ors"):
        return [root, word[:-1]]
    if ending in ("er", "or", "ment"):
        return [root, word]
    if ending in ("ed", "ing") and root[-1] == root[-2] and root[-1] not in VOWELS:
        # `running` comes from run, `adding` from add.
        return [root[:-1], root]
    # `embed` is whole.
    return [root, word] if ending == "ed" and len(word) < 6 else [root]


def _ends_in_y(root: str) -> bool:
    """Whether the y becomes ies, as in query and not in deploy."""
    return root[-1] == "y" and root[-2] not in VOWELS


def _inflected(root: str) -> Iterator[str]:
    if _ends_in_y(root):
        yield from (root, root + "ing", *[root[:-1] + ending for ending in ("ies", "ied", "ier", "iers", "ily")])
        return
    for ending in _COMMON[:4] if root.endswith(("er", "or", "ment")) else _COMMON:
        yield root + ending
    if root[-1] in "st":
        yield from (root + "ion", root + "ions")
    elif root[-1] == "x":
        yield root[:-2] + "ices"
    if doubles_its_end(root):
        yield from [root + root[-1] + ending for ending in ("ed", "ing", "er", "ers")]


def swapped(word: str) -> list[str]:
    """The word with two neighbours swapped, each pair in turn."""
    return [word[:at] + word[at + 1] + word[at] + word[at + 2 :] for at in range(len(word) - 1)]


def one_edit(word: str) -> list[str]:
    """All words one edit away from a folded word: neighbours swapped first, then a letter put in, changed, left out."""
    letters = sorted(set("abcdefghijklmnopqrstuvwxyz0123456789").union(word))
    cuts = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    found = swapped(word)
    found += [left + letter + right for left, right in cuts for letter in letters]
    found += [left + letter + right[1:] for left, right in cuts if right for letter in letters]
    found += [left + right[1:] for left, right in cuts if len(right) + len(left) > 1 and right]
    edits = dict.fromkeys(found)
    edits.pop(word, None)
    return list(edits)


def difference(typed: str, other: str) -> tuple[int, str, str]:
    """Where two words begin to differ, and what each has there before they agree again."""
    start = len([1 for at in range(min(len(typed), len(other))) if typed[: at + 1] == other[: at + 1]])
    was, now = typed[start:], other[start:]
    while was and now and was[-1] == now[-1]:
        was, now = was[:-1], now[:-1]
    return start, was, now


def likelihood(typed: str, other: str) -> float:
    """How much likelier than others a word an edit away is the one that was meant: a factor to how often it is used.

    Who mistypes leaves a letter out, doubles one or swaps two; seldom is it another one, and seldom the first.
    """
    start, was, now = difference(typed, other)
    is_other = len(was) == len(now) == 1
    return (OTHER_LETTER if is_other else 1.0) * (FIRST_LETTER if start == 0 else 1.0)
