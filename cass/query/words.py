"""Words as the index knows them: its tokenizer on our side, and other spellings that a word may stand under.

The index splits with tantivy's `simple` tokenizer, drops tokens over `MAX_TOKEN_BYTES`, lower-cases and folds to ASCII.
The same is done here for all text but: letters newer than Python's Unicode tables, and combining marks and squared
letters beyond the Basic Multilingual Plane, which part words here and not there.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

# A SHA-256 in hex is 64 bytes.  tantivy's `remove_long(n)` drops tokens of n bytes too: give it one more.
MAX_TOKEN_BYTES = 64

# Of more different signs a text is gone through letter by letter: all of Unicode took 18 s sign by sign.
_FEW_SIGNS = 100

# What becomes of each ASCII character: its small letter, its digit, or a space.
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_ASCII = " " * 48 + "0123456789" + " " * 7 + _LETTERS + " " * 6 + _LETTERS + " " * 5
_ALL_ASCII = bytes(range(128))
# The same for UTF-8, where capitals stay.
_PARTED = f"{_ASCII[:65]}{_LETTERS.upper()}{_ASCII[91:]}".encode() + bytes(range(128, 256))


def is_word(char: str) -> bool:
    """Whether the index sees the character as part of a word."""
    if char.isalnum():
        return True
    if char.isascii():
        return False
    from cass.query.letters import MARKS

    return char in MARKS


def is_cjk(char: str) -> bool:
    """Whether the character is a letter of Chinese, Japanese or Korean, which are written without spaces."""
    if char < "\u1100" or not char.isalnum():
        return False
    return (
        "\u3005" <= char <= "\u9fff"
        or "\uac00" <= char <= "\ud7ff"
        or char <= "\u11ff"
        or "\ua960" <= char <= "\ua97f"
        or "\uf900" <= char <= "\ufaff"
        or "\uff66" <= char <= "\uffdc"
        or "\U00020000" <= char <= "\U0003ffff"
    )


def has_escapes(text: str) -> bool:
    """May it have a terminal's codes?  ESC stands there as itself, as cass prints it, or as a terminal echoes it."""
    return "\x1b" in text or "␛" in text or "^[[" in text


def pieces(text: str) -> list[str]:
    """The words of the text as they are written there, however long."""
    data = text.encode("utf-8", "surrogatepass").translate(_PARTED)
    text = data.decode("utf-8", "surrogatepass")
    if not text.isascii():
        signs = [char for char in _foreign(data) if not is_word(char)]
        if len(signs) > _FEW_SIGNS:
            return text.translate(dict.fromkeys(map(ord, signs), " ")).split()
        # Few different signs beyond ASCII stand in most texts: a tenth of what asking letter by letter takes.
        for char in signs:
            text = text.replace(char, " ")
    return text.split()


def tokens(text: str) -> list[str]:
    """The tokens that the index stores for the text, in order."""
    if text.isascii():
        return [token for token in text.translate(_ASCII).split() if len(token) <= MAX_TOKEN_BYTES]
    kept = [piece for piece in pieces(text) if len(piece.encode()) <= MAX_TOKEN_BYTES]
    return index_fold(" ".join(kept)).split()


def fold(text: str) -> str:
    """The text in small letters without accents, character for character: its length stays the same.

    A letter that the index writes as several (æ, ß) stays as it is.
    """
    if text.isascii():
        return text.lower()
    data = text.encode("utf-8", "surrogatepass").lower()
    if not any([char.isalnum() or "ⓐ" <= char <= "ⓩ" for char in _foreign(data)]):
        # Arrows, boxes and quotes fold to themselves: the tables need not be loaded for them.
        return data.decode("utf-8", "surrogatepass")
    from cass.query.letters import EVEN_FOLDS

    return _folded(text, EVEN_FOLDS)


def index_fold(text: str) -> str:
    """The text in small letters and folded as the index does it: æ is ae, so its length may change."""
    if text.isascii():
        return text.lower()
    from cass.query.letters import FOLDS

    return _folded(text, FOLDS)


def _folded(text: str, folds: Mapping[str, str]) -> str:
    # Most texts have few letters beyond ASCII: to make bytes small and replace those few takes a third of the time
    # of `str.lower` (0.23 ms for 64 KB).  Letter by letter, as in the index: `lower` makes a Σ at a word's end a ς.
    data = text.encode("utf-8", "surrogatepass").lower()
    text = data.decode("utf-8", "surrogatepass")
    for char in _foreign(data):
        small = folds.get(char) or char.lower()
        target = folds.get(small, small)
        if target != char:
            text = text.replace(char, target)
    return text


def _foreign(data: bytes) -> set[str]:
    """The different characters beyond ASCII in UTF-8 text."""
    return set(data.translate(None, _ALL_ASCII).decode("utf-8", "surrogatepass"))


def camel_parts(word: str) -> list[str]:
    """`parseQueryString` → parse, query, string; `[]` if the word is not camel case."""
    if not word.isalnum() or word.islower() or word.isupper():
        return []
    cuts = [at for at in range(1, len(word)) if is_camel_edge(word, at)]
    if not cuts:
        return []
    return [index_fold(word[start:end]) for start, end in zip([0, *cuts], [*cuts, len(word)], strict=True)]


def is_camel_edge(text: str, at: int) -> bool:
    """Whether a part of a camel case name starts at `at`, inside the text: the Q of parseQuery, the S of HTTPServer."""
    if not text[at].isupper():
        return False
    before = text[at - 1]
    if before.isupper():
        return text[at + 1 : at + 2].islower()
    return before.isalnum()


def spelled(word: str) -> str | None:
    """The token that the index also stores for a name that its tokenizer would destroy: C++ is cplusplus.

    For letters and `++`, one letter and `#`, and a dot followed by letters and digits (.NET is dotnet).  Punctuation
    around the name is passed over.  None for any other word.
    """
    name = bare_name(word)
    if name[:1] == ".":
        return "dot" + name[1:] if name[1:2].isalpha() and name[1:].isalnum() else None
    if name[-2:] == "++":
        return name[:-2] + "plusplus" if name[:-2].isalpha() else None
    if name[-1:] == "#":
        return name[:-1] + "sharp" if len(name) == 2 and name[0].isalpha() else None
    return None


def bare_name(word: str) -> str:
    """The word in small letters, without the punctuation that a sentence puts around it."""
    return index_fold(word).lstrip("([{<'\"`").rstrip(",.;:?!)]}>'\"`")


def is_hyphenated(word: str) -> bool:
    """Whether it is made of English words, such as `high-speed`: no path, no option, no name."""
    letters = bare_name(word).split("-")
    return len(letters) > 1 and all([part.isascii() and part.isalpha() for part in letters])


def version_forms(word: str) -> list[list[str]]:
    """The tokens of a version, without and with its v: `1.0.21` is 1, 0, 21 and v1, 0, 21; `[]` for other words."""
    numbers = word[1:].split(".") if word[:1] in ("v", "V") else word.split(".")
    if len(numbers) < 2 or not all(number.isascii() and number.isdigit() for number in numbers):
        return []
    return [numbers, ["v" + numbers[0], *numbers[1:]]]


def cjk_runs(text: str) -> list[str]:
    """The runs of Chinese, Japanese and Korean letters in the text, in order."""
    if text.isascii() or not any(map(is_cjk, _foreign(text.encode("utf-8", "surrogatepass")))):
        return []
    return "".join([char if is_cjk(char) else " " for char in text]).split()


def cjk_grams(run: str) -> list[str]:
    """The pairs of neighbouring letters in a run, which is how the index finds what stands inside one."""
    if len(run) < 2:
        return [run] if run else []
    return [run[at : at + 2] for at in range(len(run) - 1)]


# What git prints of a commit's id, unless told otherwise.
SHORTEST_ID = 7
_HEX = frozenset("0123456789abcdef")


def is_id(token: str) -> bool:
    """Whether it looks like a commit's id, or the beginning of one: hex, with letters and digits in it."""
    return len(token) >= SHORTEST_ID and not token.isalpha() and not token.isdigit() and _HEX.issuperset(token)


def id_beginnings(token: str) -> list[str]:
    """The shorter forms under which a text may name it, the longest first."""
    return [begun for at in range(len(token) - 1, SHORTEST_ID - 1, -1) if is_id(begun := token[:at])]


VOWELS = frozenset("aeiou")

# What stands behind an English stem in the forms of its word: those of which real sessions and abstracts have most.
_AFTER: tuple[str, ...] = ("", "s", "es", "ed", "ing", "e", "er", "ers", "ly", "ion", "ions", "ation", "ations", "or")
_AFTER += ("ors", "able", "ment", "ments")
_AFTER_RARE: tuple[str, ...] = ("al", "ally", "ive", "ity", "ible", "ent", "ence", "ance", "ic", "ize", "ized")
_AFTER_RARE += ("ate", "ated", "ator", "ement", "ements", "ely", "ional")
_AFTER_Y = ("y", "ies", "ied", "ying", "ier", "iers", "ily", "iness", "i")
_AFTER_DOUBLED = ("ed", "ing", "er", "ers")


def likely_forms(word: str, stem: str, only_likely: bool = False) -> list[str]:
    """Those of its stem, and the word as it is for one or for several; without itself, each once."""
    forms = dict.fromkeys([*stem_forms(stem, only_likely), *_in_number(word)])
    forms.pop(word, None)
    return list(forms)


def stem_forms(stem: str, only_likely: bool = False) -> list[str]:
    """What a word with this English stem may look like: no more than 40, each once; 22 that are likely.

    Many of them are no words, or have another stem: look them up, then compare.  `[]` for what is no English stem.
    """
    if len(stem) < 2 or not (stem.isascii() and stem.isalpha()):
        return []
    if stem[-1] == "i":
        return [stem[:-1] + ending for ending in _AFTER_Y]
    forms = [stem + ending for ending in (_AFTER if only_likely else _AFTER + _AFTER_RARE)]
    if doubles_its_end(stem):
        forms += [stem + stem[-1] + ending for ending in _AFTER_DOUBLED]
    return forms


def _in_number(word: str) -> list[str]:
    """`reference` of references, `utilities` of utility, and back, which their stems, refer and util, do not give."""
    if word.endswith("ies"):
        return [word[:-3] + "y"]
    if word.endswith("s"):
        return [word[:-1]]
    return [word + "s", word[:-1] + "ies"] if word.endswith("y") else [word + "s"]


def doubles_its_end(root: str) -> bool:
    """Whether its last letter becomes two before an ending, as in run and commit."""
    return root[-1] not in "aeiouwxy" and root[-2] in VOWELS and root[-3:-2] not in VOWELS
