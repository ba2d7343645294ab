"""Answer from SQLite alone: when the index cannot be used, and where a text must occur exactly so.

Newest first, for a bounded time; what was not looked at is said, never hidden.
"""

from __future__ import annotations

from cass.lexical.literal import literal_candidates
from cass.lexical.opening import Damage
from cass.lexical.reader import Candidate, stem_of
from cass.query.match import Matcher, same_stem
from cass.query.plain import Word
from cass.query.snippet import WIDTH
from cass.query.terms import wanted_leaves
from cass.query.words import index_fold
from cass.records import replace
from cass.redact import mask
from cass.search.request import Found
from cass.search.tail import fields_of, ordered, passes
from cass.store.documents import documents_newest_first

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from cass.document import Document
    from cass.search.engine import Search

SCAN_S = 2.0
CHECK_EVERY = 64
OWN = "own"  # the filter that leaves out what cass printed


def scan(search: Search) -> Found:
    """All messages, newest first, tested one by one."""
    if search.literal is not None:
        return literal(search)
    matcher = Matcher(search.query, english=True, stem_of=stem_of())

    def rung(document: Document) -> str | None:
        return matcher.rung(document.body, fields_of(search, document))

    found = _walk(search, rung, None, None, "database")
    everywhere = found.exact_total and not [wanted for wanted in search.filters if wanted.field != OWN]
    return replace(found, dropped=matcher.unmet) if everywhere else found


def literal(search: Search) -> Found:
    """Messages in which the text occurs exactly so.  SQLite looks for it; what comes back is certain."""
    text = search.literal or ""

    def rung(document: Document) -> str | None:
        return "all" if text in document.body else None

    if isinstance(search.reader, Damage) or search.reader.change != search.state.change:
        return _walk(search, rung, text, None, "database")
    found = _walk(search, rung, text, literal_candidates(search.reader, text), "lexical")
    # Runs of over 64 letters are not in the index: nothing found is a proof only after looking everywhere.
    done = found.total or not found.exact_total
    return found if done else _walk(search, rung, text, None, "database")


def _walk(
    search: Search,
    rung_of: Callable[[Document], str | None],
    contains: str | None,
    docs: Sequence[int] | None,
    by: str,
) -> Found:
    until_s = search.monotonic_s() + (search.request.timeout_s or SCAN_S)
    by_rung: dict[str, list[Candidate]] = {"all": [], "most": [], "any": []}
    exact = True
    # What cass itself printed is no hit, and yet a place where a word stands.
    own = [wanted for wanted in search.filters if wanted.field == OWN]
    others = [wanted for wanted in search.filters if wanted.field != OWN]

    def is_over() -> bool:
        return search.monotonic_s() > until_s

    for number, document in enumerate(_documents(search, contains, docs, is_over)):
        if document is None or (number % CHECK_EVERY == 0 and is_over()):
            exact = False
            break
        if not all(passes(wanted, document) for wanted in others):
            continue
        if (rung := rung_of(document)) and all(passes(wanted, document) for wanted in own):
            by_rung[rung].append(Candidate(document.doc, 0.0, document.session, document.time_ms, document.text))
    return _found(search, by_rung, exact, by)


def _documents(
    search: Search, contains: str | None, docs: Sequence[int] | None, is_over: Callable[[], bool]
) -> Iterator[Document | None]:
    newest = search.request.sort != "oldest"
    return documents_newest_first(search.connection, contains, docs, newest, is_over)


def _found(search: Search, by_rung: dict[str, list[Candidate]], exact: bool, by: str) -> Found:
    request = search.request
    every = request.shows_every_rung
    rung = next((name for name in by_rung if by_rung[name] and (every or request.match or name != "any")), None)
    if request.match is not None:
        rung = request.match if rung and list(by_rung).index(rung) <= list(by_rung).index(request.match) else None
    counted = [name for name in by_rung if rung and list(by_rung).index(name) <= list(by_rung).index(rung)]
    listed = list(by_rung) if every else counted
    # Those with all the words first, each rung newest first; in the order of time where that was asked for.
    found = [hit for name in listed for hit in by_rung[name]] if every else _by_time(search, by_rung, listed)
    whole = "exact" if search.wants_words else "filter"
    if not exact:
        search.notes.append("not everything was looked at: more time (--timeout 30s) or a working index finds the rest")
    return Found(
        tuple(found),
        sum(len(by_rung[name]) for name in counted),
        rung,
        {candidate.doc: whole for candidate in by_rung["all"]},
        corrected=(),
        dropped=(),
        forms=_forms(search),
        by=(by,),
        exact_total=exact,
        # A list that the two seconds of every scan cut is an answer; that nothing was seen so far is none.
        timed_out=not exact and (bool(request.timeout_s) or not found),
    )


def _forms(search: Search) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The inflections that the matcher looked for beside each word, for highlighting."""
    words = [leaf.text for leaf in wanted_leaves(search.query.root) if isinstance(leaf, Word)]
    stem = stem_of()
    return tuple((word, tuple(same_stem(index_fold(word), stem))) for word in words)


def _by_time(search: Search, by_rung: dict[str, list[Candidate]], names: Sequence[str]) -> list[Candidate]:
    return ordered(search, [hit for name in names for hit in by_rung[name]])


def literal_snippet(text: str, wanted: str, masked: bool) -> tuple[str, tuple[tuple[int, int], ...]]:
    """One line around the first place, and every place in it; `masked` hides secrets, what was matched in them too."""
    at = max(0, text.find(wanted))
    wanted = wanted[: WIDTH - 2]
    room = max(0, WIDTH - 2 - len(wanted)) // 3
    start, end = max(0, at - room), min(len(text), max(0, at - room) + WIDTH - 2)
    line = "".join(char if char.isprintable() else " " for char in text[start:end])
    hidden = "".join(char if char.isprintable() else " " for char in mask(text)[start:end]) if masked else line
    shown = "".join(char if char.isprintable() else " " for char in wanted)
    before, after = "…" if start else "", "…" if end < len(text) else ""
    line, hidden = f"{before}{line}{after}", f"{before}{hidden}{after}"
    spans = []
    at = line.find(shown)
    while shown and at >= 0:
        spans.append((at, at + len(shown)))
        at = line.find(shown, at + len(shown))
    return hidden, tuple(spans)
