"""Put the first candidates in a better order, by what the words of a message do not tell.

By its session, which has words that the message lacks; by who said it, if somebody asks in a sentence; by its age, if
that is wished; by how its compounds are spelled; by its text, where no message has all words of a sentence.  Always the
same number of candidates is looked at, so that a page does not depend on the pages before it.
"""

from __future__ import annotations

from cass.lexical.reader import Candidate, best_first
from cass.query.blend import is_sentence
from cass.records import replace
from cass.search.request import FEW_WORDS
from cass.store.named import roles_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cass.lexical.reader import LexicalReader
    from cass.search.engine import Search
    from cass.search.request import Found

# A page of ten comes from forty candidates, of which half are there however many of them are equal.
HEAD = 20
# What a sentence asks for was said; what a tool printed, or a summary says again, counts so much of it.  For keywords
# and pasted lines it costs a hundredth or three (benchmarks/quality).
PRINTED = 0.9
SAID = (0, 1)  # by number, as store/schema.py has them: user, assistant
# What a message of this moment gains, where newer ones shall.
NEWER = 0.05
DAY_MS = 86_400_000


def refined(search: Search, reader: LexicalReader, found: Found) -> Found:
    """The same candidates, and messages of sessions that have the words between them; best first."""
    several = search.compiled is not None and len(search.compiled.units) > 1 and not search.request.about_words
    a_sentence = several and is_sentence(search.request.text)
    if several and search.request.grouped and not found.fills_page:
        found = _with_sessions(search, reader, found)
    if a_sentence:
        found = _said_first(search, found)
    if search.request.half_life_days:
        found = _newer_first(search, found)
    has_compounds = search.has_compounds()
    if has_compounds:
        from cass.search.spelling import spelled_first

        found = spelled_first(search.connection, search.query, found)
    is_long = has_compounds or len(getattr(search.query.root, "parts", ())) > FEW_WORDS
    if several and is_long and found.rung == "all" and not found.corrected:
        from cass.search.verbatim import verbatim_first  # not for what no message has

        return verbatim_first(search, reader, found)
    if a_sentence and found.rung != "all":
        from cass.search.reread import reread

        return reread(search, reader, found)
    return found


def _with_sessions(search: Search, reader: LexicalReader, found: Found) -> Found:
    from cass.search.together import gains

    head = list(found.candidates[:HEAD])
    more, gained = gains(search, reader, head, found.rung == "all")
    if not gained:
        return found
    scores = _falling([each.score for each in head])
    scores += [min(each.score, scores[-1]) for each in more]
    gained_scores = [score + scores[0] * gained[each.doc] for each, score in zip([*head, *more], scores, strict=True)]
    return _reordered(found, [*head, *more], gained_scores)


def _said_first(search: Search, found: Found) -> Found:
    head = found.candidates[:HEAD]
    roles = roles_of(search.connection, [each.doc for each in head])
    return _times(found, [1.0 if roles.get(each.doc) in SAID else PRINTED for each in head])


def _newer_first(search: Search, found: Found) -> Found:
    """Exponential in the age; what has no time is as old as can be."""
    half_life_ms = search.request.half_life_days * DAY_MS
    ages_ms = [max(0, search.now_ms - (each.time_ms or 0)) for each in found.candidates[:HEAD]]
    return _times(found, [1 + NEWER * 2.0 ** (-age_ms / half_life_ms) for age_ms in ages_ms])


def _times(found: Found, factors: Sequence[float]) -> Found:
    """The first candidates with their scores times these."""
    head = found.candidates[: len(factors)]
    scores = _falling([each.score for each in head])
    return _reordered(found, head, [score * factor for score, factor in zip(scores, factors, strict=True)])


def _reordered(found: Found, head: Sequence[Candidate], scores: Iterable[float]) -> Found:
    """These candidates first, in the order of these scores; equal ones newest first."""
    ranked = [
        Candidate(each.doc, score, each.session, each.time_ms, each.text)
        for each, score in zip(head, scores, strict=True)
    ]
    ranked.sort(key=best_first)
    known = {each.doc for each in ranked}
    return replace(found, candidates=(*ranked, *[each for each in found.candidates if each.doc not in known]))


def _falling(scores: Sequence[float]) -> list[float]:
    """None above the one before it: messages with all the words stand first whatever they score."""
    lowest: list[float] = []
    for score in scores:
        lowest.append(min(score, lowest[-1]) if lowest else score)
    return lowest
