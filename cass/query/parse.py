"""Text → `Query`.  Any text is a query: what cannot be read as the language is searched as plain words, with a note.

The text is cut into lexemes, operators without operands become words, then a tree is built: NOT binds tightest,
then AND, then OR, and standing side by side loosest.
"""

from __future__ import annotations

from cass.query.plain import OPERATORS, Bare, Query, Word
from cass.query.syntax import FIELDS, And, Field, Must, Not, Or, Phrase, Prefix, Without, is_condition
from cass.records import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cass.query.syntax import Node

# Nobody nests deeper; the tree is walked by recursion.
MAX_DEPTH = 50
# A star after one letter would stand for a large part of all words.
MIN_PREFIX = 2
MIN_INSIDE = 3
# Words that are further apart have nothing to do with each other; a field's list of more values is none.
MOST_BETWEEN, MOST_VALUES = 100, 64

_DIGITS = frozenset("0123456789")
_PROSE = frozenset(".,:;?!-–—…'*/")


def parse(text: str, typing: bool = False) -> Query:
    """Read any text as a query.  Never raises.  `typing`: what stands at its end is unfinished, and no note is made."""
    lexer = _Lexer(text.replace("“", '"').replace("”", '"'), typing)
    lexer.read()
    notes = lexer.notes + _demote(lexer.lexemes)
    root, filters = _filters(_Tree(lexer.lexemes).root())
    if root is not None:
        notes += _left_out(lexer.unsearchable)
    elif written := _written(lexer.unsearchable) or ("" if filters else lexer.text.strip()):
        root, notes = Word(written), ["there are no letters or digits in it: searched as written"]
    return Query(text, root, filters, () if typing else tuple(dict.fromkeys(notes)))


def _written(unsearchable: Sequence[str]) -> str:
    """What to look for in a query without letters; a lone sign is nothing."""
    return " ".join(piece for piece in unsearchable if piece not in ("-", "+"))


def _left_out(unsearchable: Sequence[str]) -> list[str]:
    """The note that names what cannot be searched.  One sign, or what ends a sentence, is not worth a word."""
    named = [piece for piece in unsearchable if len(piece) > 1 and not _PROSE.issuperset(piece)]
    return [f"left out, for want of letters or digits: {' '.join(named)}"] if named else []


class _Lexeme:
    """A leaf, a parenthesis or an operator.  `sign` is "+", "-" or ""."""

    __slots__ = ("kind", "node", "sign")

    def __init__(self, kind: str, sign: str = "", node: Node | None = None) -> None:
        self.kind = kind
        self.sign = sign
        self.node = node

    def starts_operand(self) -> bool:
        return self.kind in ("leaf", "(", "NOT")

    def ends_operand(self) -> bool:
        return self.kind in ("leaf", ")")


class _Lexer:
    """Cuts text into lexemes whose parentheses are balanced and never empty."""

    def __init__(self, text: str, typing: bool = False) -> None:
        self.text = text
        self.typed_at = len(text) if typing else -1  # where somebody goes on
        self.at = 0
        self.open = 0
        self.ignored = 0  # parentheses open beyond the depth that we follow
        self.inside_words = 0  # opened in the middle of words, as in `call(a, b)`
        self.lexemes: list[_Lexeme] = []
        self.unsearchable: list[str] = []
        self.notes: list[str] = []

    def read(self) -> None:
        while self._skip_space():
            sign = self._sign()
            if self._here() == '"':
                self._phrase(sign)
            elif self._here() == "(":
                self._opened(sign)
            elif self._here() == ")":
                self._closed()
            else:
                self._word(sign)
        if self.open or self.ignored:
            self.notes.append("a parenthesis was not closed: closed at the end")
        while self.open:
            self._close()

    def _here(self) -> str:
        return self.text[self.at : self.at + 1]

    def _skip_space(self) -> bool:
        while self._here().isspace():
            self.at += 1
        return self.at < len(self.text)

    def _sign(self) -> str:
        sign = ""
        while (char := self._here()) in ("+", "-") and _can_be_signed(char, self.text[self.at + 1 : self.at + 2]):
            sign = "-" if "-" in (sign, char) else "+"
            self.at += 1
        return sign

    def _phrase(self, sign: str) -> None:
        start = self.at
        inside = self._quoted()
        within = self._within()
        if inside and self.at == self.typed_at and self.text[-1] != '"' and within is None:
            self._leaf(sign or "+", Prefix(inside) if " " in inside else Word(inside), inside, self.text[start:])
        elif inside:
            self._leaf(sign, Phrase(inside, within), inside, self.text[start : self.at].strip())

    def _within(self) -> int | None:
        """The number of `"near words"~3`, which stands right behind the quote."""
        if self._here() != "~" or self.text[self.at + 1 : self.at + 2] not in _DIGITS:
            return None
        self.at += 1
        start = self.at
        while self._here() in _DIGITS:
            self.at += 1
        return min(int(self.text[start : self.at][:9]), MOST_BETWEEN)

    def _quoted(self) -> str:
        """What stands between the quote here and the next one, without the space around it."""
        end = self.text.find('"', self.at + 1)
        if end < 0:
            self.notes.append("a quote was not closed: closed at the end")
            end = len(self.text)
        inside = self.text[self.at + 1 : end].strip()
        self.at = min(end + 1, len(self.text))
        return inside

    def _opened(self, sign: str) -> None:
        self.at += 1
        if self.open < MAX_DEPTH:
            self.open += 1
            self.lexemes.append(_Lexeme("(", sign))
            return
        self.ignored += 1
        if self.ignored == 1:
            self.notes.append(f"parentheses inside {MAX_DEPTH} others are ignored")

    def _closed(self) -> None:
        self.at += 1
        if self.ignored:
            self.ignored -= 1
        elif self.open:
            self._close()
        elif self.inside_words:
            self.inside_words -= 1
        else:
            self.notes.append("a closing parenthesis that closes nothing is ignored")

    def _close(self) -> None:
        self.open -= 1
        if self.lexemes[-1].kind == "(":
            self.lexemes.pop()
        else:
            self.lexemes.append(_Lexeme(")"))

    def _word(self, sign: str) -> None:
        if field := self._field():
            self.lexemes.append(_Lexeme("leaf", sign, replace(field, unfinished=self.at == self.typed_at)))
            return
        start = self.at
        word = self._run()
        if word in OPERATORS and not sign:
            self.lexemes += [] if self.at == self.typed_at else [_Lexeme(word)]
        else:
            self._leaf(sign, self._word_or_prefix(word), word, sign + self.text[start : self.at])

    def _run(self) -> str:
        """The text from here to the next space, quote, or parenthesis that was not opened in it."""
        start, depth = self.at, 0
        while (char := self._here()) and char != '"' and not char.isspace():
            if char == ")" and not depth:
                break
            depth += (char == "(") - (char == ")")
            self.at += 1
        self.inside_words += depth
        return self.text[start : self.at]

    def _field(self) -> Field | None:
        """The field that starts here; else None, and nothing is read."""
        start, inside_words = self.at, self.inside_words
        name, colon, _ = self.text[start : start + 10].partition(":")
        if not colon or name not in FIELDS:
            return None
        self.at += len(name) + 1
        exclude = self._here() == "!"
        self.at += exclude
        quoted = self._here() == '"'
        if self._here() == "(" and name not in ("since", "until") and (values := self._values()):
            return Field(name, values[0], exclude, tuple(values[1:]))
        value = self._quoted() if quoted else self._run()
        is_code = value.startswith((":", "//"))  # title::new, session://pool
        if value and (quoted or not is_code):
            return Field(name, value, exclude)
        if not is_code:
            self.notes.append(f"{name}: has no value: searched as a word")
        self.at, self.inside_words = start, inside_words
        return None

    def _values(self) -> list[str]:
        """The values of `name:(one OR two)`, each once; [] for anything else in parentheses, and nothing is read."""
        start, notes, found = self.at, len(self.notes), list[str]()
        self.at += 1
        while len(found) <= MOST_VALUES and self._skip_space() and self._here() != ")":
            quoted = self._here() == '"'
            value = self._quoted() if quoted else self._run()
            if quoted or value != "OR":
                found.append(value)
            if not value or (not quoted and (value in ("AND", "NOT") or value[0] in "+-!(:")):
                break
        else:
            if found and self._here() == ")":
                self.at += 1
                return list(dict.fromkeys(found))
        self.at = start
        del self.notes[notes:]
        return []

    def _word_or_prefix(self, word: str) -> Word | Prefix:
        stem = word.rstrip("*")
        if stem != word and stem[:1] == "*" and stem.lstrip("*").isalnum():
            stem = stem.lstrip("*")
            if len(stem) >= MIN_INSIDE:
                return Prefix(stem, inside=True)
            self.notes.append(f"{word} has fewer than {MIN_INSIDE} letters between the stars: searched as a word")
            return _plain_word(stem)
        if stem == word or not stem[-1:].isalnum():
            return _plain_word(word)
        if len(stem) < MIN_PREFIX or not stem[-2].isalnum():
            self.notes.append(f"{word} has fewer than {MIN_PREFIX} letters before the star: searched as a word")
            return _plain_word(stem)
        return Prefix(stem)

    def _leaf(self, sign: str, node: Node, text: str, raw: str) -> None:
        if isinstance(node, Word) and self.at == self.typed_at and sign != "-":
            node = replace(node, unfinished=True)
        if any(map(str.isalnum, text)):
            self.lexemes.append(_Lexeme("leaf", sign, node))
        else:
            self.unsearchable.append(raw)


def _can_be_signed(sign: str, following: str) -> bool:
    """Whether a sign belongs to what follows; `--flag`, `->`, `+=` and a sign alone are words."""
    return following not in ("", sign, ">", "=", ")") and not following.isspace()


def _plain_word(word: str) -> Word:
    # Search does not see capitals, and small letters are never read as an operator again.
    return Word(word.lower() if word in OPERATORS else word)


def _demote(lexemes: list[_Lexeme]) -> list[str]:
    """Make words of the operators that lack an operand, in place; gives the notes."""
    notes = []
    for index, lexeme in enumerate(lexemes):
        if lexeme.kind not in OPERATORS:
            continue
        before = index > 0 and lexemes[index - 1].ends_operand()
        after = index + 1 < len(lexemes) and lexemes[index + 1].starts_operand()
        if after and (before or lexeme.kind == "NOT"):
            continue
        notes.append(f"{lexeme.kind} has nothing to work on: searched as a word")
        lexeme.node, lexeme.kind = _plain_word(lexeme.kind), "leaf"
    return notes


class _Tree:
    """Builds the tree from lexemes that are known to be well formed."""

    def __init__(self, lexemes: list[_Lexeme]) -> None:
        self.lexemes = lexemes
        self.at = 0

    def root(self) -> Node | None:
        return self._side_by_side() if self.lexemes else None

    def _kind(self) -> str:
        return self.lexemes[self.at].kind if self.at < len(self.lexemes) else ")"

    def _side_by_side(self) -> Node:
        parts = [self._either()]
        while self._kind() != ")":
            parts.append(self._either())
        return _bare(parts)

    def _either(self) -> Node:
        parts = self._joined("OR", self._both)
        return parts[0] if len(parts) == 1 else Or(tuple(map(_strict, parts)))

    def _both(self) -> Node:
        parts = self._joined("AND", self._operand)
        return parts[0] if len(parts) == 1 else And(tuple(map(_strict, parts)))

    def _joined(self, operator: str, operand: Callable[[], Node]) -> list[Node]:
        parts = [operand()]
        while self._kind() == operator:
            self.at += 1
            parts.append(operand())
        return parts

    def _operand(self) -> Node:
        negative = False
        while self._kind() == "NOT":
            negative = not negative
            self.at += 1
        node = self._signed()
        return _negated(node) if negative else node

    def _signed(self) -> Node:
        lexeme = self.lexemes[self.at]
        self.at += 1
        node = lexeme.node
        if node is None:
            node = self._side_by_side()
            self.at += 1
        if lexeme.sign == "-":
            return _negated(node)
        return _required(node) if lexeme.sign else node


def _bare(parts: Sequence[Node]) -> Node:
    beside: list[Node] = []
    for part in parts:
        if isinstance(part, Bare) and not any(map(is_condition, part.parts)):
            # In prose, words in parentheses are words like the others.
            beside += part.parts
        else:
            beside.append(Without(part.part) if isinstance(part, Not) else part)
    if len(beside) > 1:
        return Bare(tuple(beside))
    return beside[0].part if isinstance(beside[0], Must) else beside[0]


def _strict(node: Node) -> Node:
    """The node as an operand of AND and OR, where `+` says nothing and `-` is NOT."""
    if isinstance(node, Must):
        return node.part
    return Not(node.part) if isinstance(node, Without) else node


def _negated(node: Node) -> Node:
    if isinstance(node, Field):
        return replace(node, exclude=not node.exclude)
    if isinstance(node, (Not, Without)):
        return node.part
    return Not(node.part if isinstance(node, Must) else node)


def _required(node: Node) -> Node:
    return node if isinstance(node, (Field, Must, Not, Without)) else Must(node)


def _filters(root: Node | None) -> tuple[Node | None, tuple[Field, ...]]:
    """Part the tree into what is searched and the fields that hold for all of it."""
    if isinstance(root, Field):
        return None, (root,)
    found: list[Field] = []
    while root is not None:
        parts = root.parts if isinstance(root, (Bare, And)) else (root,)
        fields: list[Field] = []
        rest: list[Node] = []
        for part in parts:
            # What holds for an operand of AND holds for all.
            inside, more = _filters(part) if isinstance(root, And) or isinstance(part, Field) else (part, ())
            fields += more
            rest += [] if inside is None else [inside]
        if not fields:
            break
        found += fields
        root = _fewer(root, rest) if rest else None
    return root, tuple(found)


def _fewer(root: Node, parts: Sequence[Node]) -> Node:
    return And(tuple(parts)) if isinstance(root, And) and len(parts) > 1 else _bare(parts)
