"""What to look for in a text on behalf of a query: words, compounds and names, found without an index.

Texts come in two shapes: folded, in which we look, and original, whose capitals say where a camel case part starts.
Both have the same length, so an offset means the same in both.
"""

from __future__ import annotations

from cass.query.plain import Bare, Word
from cass.query.words import (
    bare_name,
    fold,
    index_fold,
    is_camel_edge,
    is_cjk,
    is_word,
    pieces,
    spelled,
    version_forms,
)
from cass.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cass.query.syntax import Node, Phrase, Prefix


# What mostly stands around a word.  None of these is part of one, and nothing, as beyond a text's ends, is in it too.
_GAPS = " \t\r\n!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"


@record
class Form:
    """One spelling to look for: folded words that follow each other with nothing but punctuation and space between.

    `open_end`: the last may go on (`pre*`).  `literal`: the one part is found as written, punctuation and all.
    `inside`: the one part is found anywhere, also in the middle of a word.
    """

    parts: tuple[str, ...]
    open_end: bool = False
    literal: bool = False
    inside: bool = False


def forms_of(leaf: Word | Phrase | Prefix) -> tuple[Form, ...]:
    """The spellings under which a leaf of a query may stand in a text; never empty."""
    if isinstance(leaf, Word):
        # One letter, as the index writes it (ß is two), begins too many words to be told from the others.
        begins = leaf.unfinished and len(bare_name(leaf.text).lstrip(".")) > 1
        name = spelled(leaf.text)
        if name is not None:
            # While it is typed the index looks for words that begin with its letters.
            begun = _sequences(leaf.text, True) if begins and leaf.text[-1].isalnum() else ()
            return (Form((bare_name(leaf.text),), literal=True), Form((name,)), *begun)
        if versions := version_forms(leaf.text):
            return tuple(Form(tuple(parts), leaf.unfinished) for parts in versions)
        return _sequences(leaf.text, begins)
    from cass.query.syntax import Prefix  # most queries are plain words

    if isinstance(leaf, Prefix):
        return _sequences(leaf.text, True, leaf.inside)
    return _sequences(leaf.text)


def _sequences(text: str, open_end: bool = False, inside: bool = False) -> tuple[Form, ...]:
    words = pieces(text)
    if not words:
        return (Form((fold(text),), literal=True),)
    # `straße` stands as itself in a text, and as `strasse` in the index.
    spellings = [tuple(map(fold, words)), tuple(" ".join(map(index_fold, words)).lower().split())]
    return tuple(Form(parts, open_end, inside=inside) for parts in dict.fromkeys(spellings))


def find(folded: str, original: str, form: Form, start: int = 0, end: int | None = None) -> tuple[int, int] | None:
    """The first of `places_of`, or None."""
    found = places_of(folded, original, form, 1, start, end)
    return found[0] if found else None


def places_of(
    folded: str, original: str, form: Form, limit: int, start: int = 0, end: int | None = None
) -> list[tuple[int, int]]:
    """The places of `form` that begin in `[start, end)`, as half-open offsets; the first `limit`, none overlapping.

    Words are whole words, or whole parts of a camel case name; next to a Chinese, Japanese or Korean letter
    any place is a word's edge.
    """
    first, found = form.parts[0], []
    size = len(first)
    stop = len(folded) if end is None else min(len(folded), end + size - 1)
    at = folded.find(first, start, stop)
    if at < 0 or limit < 1:
        return []
    is_plain = len(form.parts) == 1 and not (form.literal or form.inside)
    while at >= 0:
        last = -1
        # Most matches are a word between spaces and punctuation: seen without a further call.
        if is_plain and original[at - 1 : at or 1] in _GAPS:
            if original[at + size : at + size + 1] in _GAPS:
                last = at + size
            elif form.open_end:
                last = _word_end(original, at + size)
        if last < 0:
            # Most candidates for a short word stand inside another (`a`: 80 % in real sessions): passed over soonest.
            inside = at > 0 and original[at].islower() and original[at - 1].isascii() and original[at - 1].isalpha()
            if (not inside or form.inside) and _begins(original, at, form):
                last = _ends(folded, original, at + size, form)
        if last >= 0:
            found.append((at, last))
            if len(found) == limit:
                break
        at = folded.find(first, last if last >= 0 else at + 1, stop)
    return found


def _begins(text: str, at: int, form: Form) -> bool:
    if form.inside:
        return True
    if form.literal and not is_word(form.parts[0][0]):
        # `.net` is no name inside foo.net; other punctuation may stand anywhere.
        return at == 0 or form.parts[0][0] != "." or not is_word(text[at - 1])
    return is_edge(text, at)


def _ends(folded: str, original: str, at: int, form: Form) -> int:
    """Where the form ends that began before `at`, behind its first part; -1 if it is not there."""
    if form.inside:
        return at
    for part in form.parts[1:]:
        gap = at
        while at < len(folded) and not is_word(original[at]):
            at += 1
        if at == gap or not folded.startswith(part, at):
            return -1
        at += len(part)
    if form.open_end:
        return _word_end(original, at)
    return at if not is_word(original[at - 1]) or is_edge(original, at) else -1


def _word_end(text: str, at: int) -> int:
    """Where the word ends that `at` is in, or right behind."""
    size = len(text)
    while at < size and (text[at].isalnum() or is_word(text[at])):
        at += 1
    return at


def is_edge(text: str, at: int) -> bool:
    """Whether a word, or a part of a camel case name, may begin or end at `at`."""
    if at <= 0 or at >= len(text):
        return True
    before, after = text[at - 1], text[at]
    if not is_word(after) or not is_word(before):
        return True
    return is_cjk(before) or is_cjk(after) or is_camel_edge(text, at)


def wanted_leaves(node: Node | None) -> list[Word | Phrase | Prefix]:
    """The leaves that the query wants to be there, in order: none from under NOT or `-`."""
    if node is None:
        return []
    if isinstance(node, Word):
        return [node]
    if isinstance(node, Bare):
        words: list[Word | Phrase | Prefix] = [part for part in node.parts if isinstance(part, Word)]
        if len(words) == len(node.parts):
            return words  # most queries
        return [leaf for part in node.parts for leaf in wanted_leaves(part)]
    from cass.query.syntax import And, Must, Or, Phrase, Prefix

    if isinstance(node, (Phrase, Prefix)):
        return [node]
    if isinstance(node, Must):
        return wanted_leaves(node.part)
    if isinstance(node, (And, Or)):
        return [leaf for part in node.parts for leaf in wanted_leaves(part)]
    return []
