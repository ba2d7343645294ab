"""Decide whether a text answers a query, and how well, without any index."""

from __future__ import annotations

from cass.query.plain import Bare, Word, least_of
from cass.query.syntax import And, Field, Must, Not, Or, Phrase, Prefix, Without, is_condition
from cass.query.terms import Form, find, forms_of
from cass.query.variants import english_variants
from cass.query.words import has_escapes, id_beginnings, index_fold, is_id, likely_forms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from cass.query.plain import Query
    from cass.query.syntax import Node

    FieldTest: TypeAlias = Callable[[Field], bool]
    # Folded text, original text, what the fields say: whether a part of the query holds.
    Test: TypeAlias = Callable[[str, str, FieldTest], bool]


def rung_of(present: int, wanted: int) -> str | None:
    """ "all" of the wanted words, "most" (`least_of`), "any", or None when not one is present."""
    if present >= wanted:
        return "all"
    if not present:
        return None
    return "most" if present >= least_of(wanted) else "any"


def _every_field_holds(_field: Field) -> bool:
    return True


class Matcher:
    """A query made ready to look at many texts.  Its `filters` are the caller's.

    Words count one by one; phrases, fields, `+x` and `-x` are conditions.  With `english`, a word is also found
    under the forms that English gives it; with `stem_of`, only under those that have the word's stem.
    """

    def __init__(self, query: Query, english: bool = False, stem_of: Callable[[str], list[str]] | None = None) -> None:
        self._english = english
        self._stem_of = stem_of
        root = query.root
        parts = dict.fromkeys(root.parts if isinstance(root, Bare) else () if root is None else (root,))
        self._conditions = [self._test(part) for part in parts if is_condition(part)]
        # What must be there is found without the words beside it, and counts as had.
        self._anchors = sum([isinstance(part, (Must, Phrase)) for part in parts])
        wanted = [part for part in parts if not is_condition(part)]
        self._parts, self._wanted = wanted, [self._test(part) for part in wanted]
        self._had: list[bool] = []
        # Colours that were asked for, in quotes, are looked for.
        self._is_coloured = has_escapes(query.text)
        self._unmet = {at: part.text for at, part in enumerate(wanted) if isinstance(part, (Word, Prefix))}

    @property
    def unmet(self) -> tuple[str, ...]:
        """The words that none of the texts so far had; none where conditions kept texts from being looked through."""
        return () if self._conditions else tuple(self._unmet.values())

    @property
    def lacking(self) -> list[Node]:
        """What the text that was looked at last has not."""
        return [part for part, there in zip(self._parts, self._had, strict=True) if not there]

    def rung(self, text: str, field: FieldTest = _every_field_holds) -> str | None:
        """ "all", "most" or "any" of the words are in the text; None if none is, or a condition fails.

        Beside a phrase or `+x` that is there, having none of the words is still "any", or "most" of two.

        `field` answers for the fields inside the tree, such as `a OR agent:codex`.
        """
        if has_escapes(text) and not self._is_coloured:
            from cass.query.escapes import without_escapes  # few texts have any

            text = without_escapes(text)
        # Small again: the index writes some small capitals (ᴀ) as large letters.
        folded = index_fold(text).lower()
        # Where folding made letters into several, offsets no longer agree: such a text is read without its capitals.
        original = text if len(folded) == len(text) else folded
        for test in self._conditions:
            if not test(folded, original, field):
                return None
        had = [test(folded, original, field) for test in self._wanted]
        self._had = had
        if self._unmet:
            self._unmet = {at: word for at, word in self._unmet.items() if not had[at]}
        return rung_of(sum(had) + self._anchors, len(self._wanted) + self._anchors)

    def _test(self, node: Node) -> Test:
        if isinstance(node, Phrase) and node.within is not None:
            return _near(node.text, node.within)
        if isinstance(node, (Word, Phrase, Prefix)):
            return _leaf(self._forms(node))
        if isinstance(node, Field):
            return lambda _folded, _original, field: field(node)
        if isinstance(node, (Not, Without)):
            return _not(self._test(node.part))
        if isinstance(node, Must):
            return self._test(node.part)
        if isinstance(node, Or):
            return _any([self._test(part) for part in node.parts])
        if isinstance(node, And):
            return _all([self._test(part) for part in node.parts])
        return self._bare(node)

    def _bare(self, node: Bare) -> Test:
        conditions = [self._test(part) for part in node.parts if is_condition(part)]
        wanted = [self._test(part) for part in node.parts if not is_condition(part)]
        return _all([*conditions, _any(wanted)] if wanted else conditions)

    def _forms(self, leaf: Word | Phrase | Prefix) -> tuple[Form, ...]:
        forms = forms_of(leaf)
        if not self._english or not isinstance(leaf, Word) or len(forms) > 1 or len(forms[0].parts) > 1:
            return forms
        word = forms[0].parts[0]
        if is_id(word):
            return (Form((word,), open_end=True), *(Form((begun,)) for begun in id_beginnings(word)))
        others = english_variants(word) if self._stem_of is None else same_stem(word, self._stem_of)
        return (*forms, *(Form((other,)) for other in others))


def same_stem(word: str, stem_of: Callable[[str], list[str]]) -> list[str]:
    """The English forms of a folded word that have its stem, without itself."""
    if not (len(word) > 2 and word.isascii() and word.isalpha()):
        return []
    stem = stem_of(word)
    return [other for other in likely_forms(word, "".join(stem)) if stem_of(other) == stem]


def _leaf(forms: tuple[Form, ...]) -> Test:
    # Most texts lack most words: the plain search of a rare part comes before anything that looks at edges.
    sought = [(max(form.parts, key=len), form) for form in forms]

    def test(folded: str, original: str, _field: FieldTest) -> bool:
        likely = [form for rarest, form in sought if rarest in folded]
        return bool(likely) and any(find(folded, original, form) is not None for form in likely)

    return test


def _near(text: str, within: int) -> Test:
    from cass.query.near import near_test  # only where it is asked for

    test = near_test(text, within)
    return lambda folded, _original, _field: test(folded)


def _not(test: Test) -> Test:
    return lambda folded, original, field: not test(folded, original, field)


def _any(tests: list[Test]) -> Test:
    return lambda folded, original, field: any(test(folded, original, field) for test in tests)


def _all(tests: list[Test]) -> Test:
    return lambda folded, original, field: all(test(folded, original, field) for test in tests)
