"""Cut one line out of a text around the place that answers a query best, and say where in it the matches are."""

from __future__ import annotations

from cass.query.plain import Word
from cass.query.terms import Form, find, forms_of, places_of, wanted_leaves
from cass.query.words import cjk_grams, cjk_runs, fold, has_escapes, pieces, tokens
from cass.records import record
from cass.redact import KEY_NAME, mask

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import TypeAlias

    from cass.query.plain import Query
    from cass.query.syntax import Phrase, Prefix

    # Start, end (behind), and the number of the term that was found there.
    Place: TypeAlias = tuple[int, int, int]

WIDTH = 240
ELLIPSIS = "…"

# Places looked at for one term: enough to find the best line, and a bound on what a common word costs.
_MAX_PLACES = 12
# Space is collapsed: this many times the width is read from the text, so that indented code still fills the line; so
# many before and behind first, which mostly do.
_READ_WIDTHS = 4
_FIRST_WIDTHS = 1, 2
# A cut is moved to a word's edge if there is one this near.
_SNAP = 24
# The name of a secret stands so near before it.
_NAME_REACH = 40
# Fields whose values stand in the text.
NAMING = ("entity", "path")
# From so many words on a query may be a sentence.
SENTENCE_WORDS = 5
# Shorter parts of words would light up everywhere.
_MIN_PART = 3

_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@record
class Terms:
    """What to highlight: for each thing that the query wants, the forms in which it may stand in a text.

    `little`: the words of grammar in a sentence, which are looked for only where a text has none of the others.
    """

    terms: tuple[tuple[Form, ...], ...]
    little: tuple[tuple[Form, ...], ...] = ()


def terms_of(
    query: Query, corrected: Mapping[str, str] | None = None, variants: Mapping[str, Sequence[str]] | None = None
) -> Terms:
    """Collect what to highlight for a query; what it excludes is left out.

    `corrected` gives the word that was searched instead of a token, `variants` the further tokens that were
    searched beside one.  The keys are tokens as the index has them.
    """
    leaves = [each for leaf in wanted_leaves(query.root) for each in _lit_alone(leaf)]
    named = [field for field in query.filters if field.name in NAMING and not field.exclude]
    if named:
        from cass.query.syntax import Phrase  # most queries are plain words

        leaves += [Phrase(value) for field in named for value in field.values]
    little: list[Word | Phrase | Prefix] = []
    if len(leaves) >= SENTENCE_WORDS:
        from cass.query.blend import LITTLE  # hardly ever typed among a few keywords

        little = [leaf for leaf in leaves if leaf.text.lower() in LITTLE]
    telling = [leaf for leaf in leaves if leaf not in little] or leaves
    found, others = (
        dict.fromkeys([_forms(leaf, corrected or {}, variants or {}) for leaf in some]) for some in (telling, little)
    )
    return Terms(tuple(found), tuple(others))


def _lit_alone(leaf: Word | Phrase | Prefix) -> list[Word | Phrase | Prefix]:
    """The leaf, or its words where they need not stand next to each other."""
    if getattr(leaf, "within", None) is None:
        return [leaf]
    return [Word(piece) for piece in pieces(leaf.text)]


def _forms(
    leaf: Word | Phrase | Prefix, corrected: Mapping[str, str], variants: Mapping[str, Sequence[str]]
) -> tuple[Form, ...]:
    forms = list(forms_of(leaf))
    if isinstance(leaf, Word):
        words = tokens(leaf.text)
        searched = tuple(corrected.get(word, word) for word in words)
        if list(searched) != words:
            forms.append(Form(searched))
        if len(words) == 1:
            forms += [Form((variant,)) for word in (*words, *searched) for variant in variants.get(word, ())]
    forms += [Form((gram,)) for run in cjk_runs(leaf.text) for gram in cjk_grams(run)]
    return tuple(dict.fromkeys(forms))


def snippet(text: str, terms: Terms, width: int = WIDTH, masked: bool = True) -> tuple[str, list[tuple[int, int]]]:
    """One line of at most `width` characters from `text`, and the matches in it as half-open offsets into the line.

    Runs of space are one space, control characters are made visible, and … stands where text was cut off.
    The line is where most of the terms stand together, else most matches, else the earliest.  Terms are matched
    as whole words or camel case parts; if the text has none, their parts, then anywhere inside words; if none are
    there either, the line is the text's beginning.  A `width` under 3 is 3.  `masked`: secrets are hidden, also those
    that the line shows a part of; what was matched in one is still marked.
    """
    width = max(width, 3)
    if masked and KEY_NAME in text:
        text = mask(text)  # a key has many lines, of which none by itself looks like one
    wanted = terms.terms
    plain = _blanked(text)
    folded = fold(plain)
    places = _places(folded, plain, wanted, width)
    if not places and terms.little:
        wanted = terms.little
        places = _places(folded, plain, wanted, width)
    for looser in (_apart, _inside_words):
        if not places:
            wanted = looser(terms.terms)
            places = _places(folded, plain, wanted, width)
    start, end = _best(places, width)
    return _cut(text, start, end, width, wanted, masked)


def _blanked(text: str) -> str:
    """The text without a terminal's colours, whose codes would be a part of the words behind them."""
    if not has_escapes(text):
        return text
    from cass.query.escapes import blanked  # few texts have any

    return blanked(text)


def _apart(terms: Sequence[Sequence[Form]]) -> tuple[tuple[Form, ...], ...]:
    """The parts of what is nowhere whole."""
    return tuple(tuple(Form((part,)) for part in _parts_of_all(forms)) for forms in terms)


def _parts_of_all(forms: Sequence[Form]) -> list[str]:
    """Each part once: a path of a thousand folders has hardly as many names."""
    return list(dict.fromkeys(part for form in forms for part in _parts(form)))


def _parts(form: Form) -> list[str]:
    """Its words; of a name such as .NET, which the index may hold without its dot, the letters."""
    return [piece for part in form.parts for piece in pieces(part)] if form.literal else list(form.parts)


def _inside_words(terms: Sequence[Sequence[Form]]) -> tuple[tuple[Form, ...], ...]:
    return tuple(
        tuple(Form((part,), inside=True) for part in _parts_of_all(forms) if len(part) >= _MIN_PART) for forms in terms
    )


def _places(folded: str, text: str, terms: Sequence[Sequence[Form]], width: int) -> list[Place]:
    """Where the terms stand, sorted; of a common term only the first places and those near rarer terms."""
    found = [_places_of(folded, text, number, forms) for number, forms in enumerate(terms)]
    rare = [place for places in found if len(places) < _MAX_PLACES for place in places][:_MAX_PLACES]
    places = [place for some in found for place in some]
    for number, forms in enumerate(terms):
        if len(found[number]) >= _MAX_PLACES:
            places += _places_near(rare, folded, text, number, forms, width)
    return sorted(set(places))


def _places_of(folded: str, text: str, number: int, forms: Sequence[Form]) -> list[Place]:
    places: list[Place] = []
    for form in forms:
        for start, end in places_of(folded, text, form, _MAX_PLACES - len(places)):
            places.append((start, end, number))
    return places


def _places_near(
    places: Sequence[Place], folded: str, text: str, number: int, forms: Sequence[Form], width: int
) -> list[Place]:
    near = []
    for start, end, _ in places:
        for form in forms:
            if (place := find(folded, text, form, max(0, start - width // 2), end + width // 2)) is not None:
                near.append((*place, number))
    return near


def _best(places: Sequence[Place], width: int) -> tuple[int, int]:
    """Start and end of the stretch with the most different terms, then the most matches, then the earliest."""
    best, stretch, behind = (0, 0), (0, 0), 0
    inside: dict[int, int] = {}
    for index, (start, _, number) in enumerate(places):
        # A quarter of the line is left for what stands around the matches.
        while behind < len(places) and (behind == index or places[behind][1] - start <= width * 3 // 4):
            inside[places[behind][2]] = inside.get(places[behind][2], 0) + 1
            behind += 1
        if (len(inside), behind - index) > best:
            best, stretch = (len(inside), behind - index), (start, places[behind - 1][1])
        inside[number] -= 1
        if not inside[number]:
            del inside[number]
    return stretch


def _cut(
    text: str, start: int, end: int, width: int, terms: Sequence[Sequence[Form]], masked: bool
) -> tuple[str, list[tuple[int, int]]]:
    # What has a single part, and no space in that, begins in the word that it ends in.
    is_short = all([len(form.parts) == 1 and " " not in form.parts[0] for forms in terms for form in forms])
    before, cut_before, after, cut_after = _around(text, start, width, is_short)
    line = visible(before + after)
    match = len(before), len(before) + len(" ".join(text[start:end].split()))
    low, high = _window(line, match, width, cut_before, cut_after)
    head = ELLIPSIS if cut_before or low > 0 else ""
    tail = ELLIPSIS if cut_after or high < len(line) else ""
    shift = len(head) - low
    first = line.rfind(" ", 0, low) + 1 if is_short else 0
    spans = [(max(a, low) + shift, min(b, high) + shift) for a, b in _spans(line, terms, first, high) if b > low]
    shown = _hidden(line, low, high) if masked else line[low:high]
    return head + shown + tail, spans


def _around(text: str, start: int, width: int, is_short: bool) -> tuple[str, bool, str, bool]:
    """What stands before and behind `start` on one line, each with whether there is more: enough for any window."""
    if is_short:
        before, cut_before = _line_before(text, start, _FIRST_WIDTHS[0] * width)
        after, cut_after = _line_after(text, start, _FIRST_WIDTHS[1] * width)
        # The window begins a third of the width before the match, and what is looked at for secrets at a word's edge.
        is_enough = not cut_before or before.find(" ", 0, max(0, len(before) - width // 3 - _NAME_REACH)) >= 0
        if is_enough and after.find(" ", width) >= 0:
            return before, cut_before, after, cut_after
    return *_line_before(text, start, _READ_WIDTHS * width), *_line_after(text, start, _READ_WIDTHS * width)


def _hidden(line: str, low: int, high: int) -> str:
    """`line[low:high]`, its secrets masked: also one that is cut, or whose name stands before the cut."""
    first = max(line.rfind(" ", 0, max(0, low - _NAME_REACH)), 0)
    last = line.find(" ", high)
    return mask(line[first : None if last < 0 else last])[low - first : high - first]


def _line_before(text: str, start: int, reach: int) -> tuple[str, bool]:
    """What stands before `start`, on one line, and whether there is more."""
    cut = max(0, start - reach)
    more = cut > 0 and not text[:cut].isspace()
    line = " ".join(text[cut:start].split())
    if more and not text[cut - 1].isspace():
        line = line.partition(" ")[2] or line
    return (line + " " if line and text[start - 1].isspace() else line), more


def _line_after(text: str, start: int, reach: int) -> tuple[str, bool]:
    """What stands from `start` on, on one line, and whether there is more."""
    cut = start + reach
    more = cut < len(text) and not text[cut:].isspace()
    line = " ".join(text[start:cut].split())
    if more and not text[cut].isspace():
        line = line.rpartition(" ")[0] or line
    return line, more


def _window(line: str, match: tuple[int, int], width: int, cut_before: bool, cut_after: bool) -> tuple[int, int]:
    """The part of the line to show: the match with twice as much behind it as before, cut between words if it can be.

    With an ellipsis at each end that is cut it has at most `width` characters.
    """
    if len(line) + cut_before + cut_after <= width:
        return 0, len(line)
    room = width - 2
    low = max(0, match[0] - max(0, room - (match[1] - match[0])) // 3)
    high = low + room + (low == 0 and not cut_before)
    if high >= len(line):
        high = len(line)
        low = max(0, high - room - (not cut_after))
    return _snapped(line, low, high, match)


def _snapped(line: str, low: int, high: int, match: tuple[int, int]) -> tuple[int, int]:
    if low > 0:
        space = line.find(" ", low - 1, min(low + _SNAP, match[0]))
        low = low if space < 0 else space + 1
    if high < len(line):
        space = line.rfind(" ", max(low + 1, high - _SNAP, match[1]), high + 1)
        high = high if space < 0 else space
    return low, high


def _spans(line: str, terms: Sequence[Sequence[Form]], first: int, high: int) -> list[tuple[int, int]]:
    """The matches that begin in `[first, high)`, in order; those that overlap or touch are one."""
    line = _blanked(line)
    folded = fold(line)
    found = sorted(
        [span for forms in terms for form in forms for span in places_of(folded, line, form, len(line), first, high)]
    )
    merged: list[tuple[int, int]] = []
    for start, end in found:
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def visible(line: str) -> str:
    """The line with every control character, bidirectional override and lone surrogate shown, one for one."""
    if line.isprintable():
        return line
    return "".join([char if char.isprintable() else _shown(char) for char in line])


def _shown(char: str) -> str:
    code = ord(char)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    if code < 0xA0 or 0xD800 <= code <= 0xDFFF or char in _BIDI:
        return "\ufffd"
    return char
