"""What a search is asked and what it answers: plain values between the command line, the engine and the printer."""

from __future__ import annotations

from cass import errors
from cass.query.plain import Query, Word, plain
from cass.query.words import has_escapes
from cass.records import record, replace
from cass.redact import mask
from cass.store.hits import storable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cass.lexical.compile import Compiled
    from cass.lexical.reader import Candidate
    from cass.paths import Places
    from cass.search.quality import LeftS, Missing
    from cass.semantic.embedders.base import BaseEmbedder
    from cass.semantic.held_graphs import HeldGraphs
    from cass.semantic.vectors import TierOpener

# So many messages with all the words fill a page; up to so many words are no sentence.
PAGE, FEW_WORDS = 10, 4
# The confidence of an answer that has all the words where that is no accident: up to so many are together anywhere.
SURE, TOGETHER = 0.99, 3
# What is no longer may have few conditions only, and no long word.
LONG = 500

RERANK_SWITCH, RERANK_DEPTH, DIVERSE_DEPTH = "search.rerank", 50, 100
# Of a cursor: what `--offset` accepts.
CURSOR_DIGITS = 18


@record
class Request:
    """A search as asked.  Times and agents are still words; the engine reads them.

    `match` fixes the rung, None takes the strictest with messages; `strict` leaves out the hits of lower ones.
    `cursor` says the offset, beside which there is no other.  `current_sessions` are (variable, id) of those that the
    surroundings call current.
    `short_ids`: will the hits' shortest unique ids be shown?  `semantic`: the semantic settings that are set, plain.
    `live`: somebody is typing at the text's end and waits for no more than words.
    `diverse`: the hits are put in another order by how unlike they are (search/diverse.py).
    `tier`: the only one whose vectors are wanted, which is missed where it has none.
    """

    text: str
    limit: int = 10
    offset: int = 0
    cursor: str | None = None
    agents: tuple[str, ...] = ()
    workspaces: tuple[str, ...] = ()
    sessions: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    since: str | None = None
    until: str | None = None
    mode: str = "hybrid_preferred"
    match: str | None = None
    sort: str = "relevance"
    grouped: bool = True
    literal: bool = False
    include_self: bool = False
    exclude_sessions: tuple[str, ...] = ()
    context: int = 0
    timeout_s: float = 0.0
    counts_only: bool = False
    strict: bool = False
    current_sessions: tuple[tuple[str, str], ...] = ()
    content: bool = False
    request_id: str | None = None
    short_ids: bool = True
    masked: bool = True
    semantic: tuple[tuple[str, object], ...] = ()
    live: bool = False
    diverse: bool = False
    tier: str | None = None

    def query(self) -> Query:
        """What was typed, read; with `literal` nothing in it has a meaning."""
        text = storable(self.text)
        if self.literal:
            return Query(text, Word(text) if text else None)
        if '"' not in text and has_escapes(text):
            from cass.query.escapes import without_escapes  # pasted with its colours; in quotes it is as it was written

            text = bare if (bare := without_escapes(text)).strip() else text
        query = plain(text, self.live)
        if query is None:
            from cass.query.parse import parse  # most queries are plain words

            query = parse(text, self.live)
        if len(text) > LONG:
            from cass.search.many import bounded

            query = bounded(query)
        if " -" in text and not self.live:
            from cass.search.many import with_options

            query = with_options(query)
        return query

    def start(self, generation: str) -> int:
        """How many hits to leave out of the index of this generation.  Raises UsageError and CursorExpired."""
        if self.cursor is None:
            return self.offset
        if self.offset:
            what = "--offset and --cursor both say where the page begins"
            raise errors.UsageError(what, "cass search", "keep one of them")
        of, _, offset = self.cursor.rpartition("-")
        if not of or not offset.isdecimal() or len(offset) > CURSOR_DIGITS:
            raise errors.UsageError(
                f"{self.cursor!r} is not a cursor", "--cursor", "use `next_cursor` of an earlier answer"
            )
        if of != generation:
            raise errors.CursorExpired("the index was rebuilt since then", "--cursor", "search again from the start")
        return self.skipped

    @property
    def skipped(self) -> int:
        """How many hits stand before the page, once `start` has looked at the cursor."""
        return self.offset if self.cursor is None else int(self.cursor.rpartition("-")[2])

    @property
    def wants_meaning(self) -> bool:
        """Is there anything for vectors to add?  Strict mode wants to know in any case that they are there."""
        if self.mode != "hybrid_preferred":
            return self.mode == "strict_semantic"
        return not self.about_words and not self.live and bool(self.text)

    @property
    def about_words(self) -> bool:
        """What counts, lists or orders otherwise is about words alone."""
        return bool(self.literal or self.counts_only or self.strict or self.match or self.sort != "relevance")

    @property
    def shows_best(self) -> bool:
        """Are the best hits printed, of which can be said how sure they are?"""
        return self.limit > 0 and not (self.live or self.about_words)

    @property
    def shows_every_rung(self) -> bool:
        """Are messages shown whatever words they lack?  What counts, lists or orders otherwise wants most of them."""
        return self.sort == "relevance" and not self.strict and self.match is None

    @property
    def rerank_depth(self) -> int:
        """How many of the best hits a reranker is to read; 0 for none."""
        values = dict(self.semantic)
        if not values.get(RERANK_SWITCH) or self.mode == "lexical_only" or self.about_words or not self.text:
            return 0
        return int(str(values.get("search.rerank_depth", RERANK_DEPTH)))

    @property
    def diverse_depth(self) -> int:
        """How many of the best hits are put in another order by how unlike they are; 0 for none."""
        return int(str(dict(self.semantic).get("search.diversity_depth", DIVERSE_DEPTH))) if self.diverse else 0

    def reach(self, offset: int) -> int:
        """The hits wanted: up to the page's end, and all that is ordered anew, lest each page have its own order."""
        return max(offset + self.limit, self.rerank_depth, self.diverse_depth)

    @property
    def half_life_days(self) -> int:
        """After how many days the little is halved that new messages gain; 0 for no gain."""
        return int(str(dict(self.semantic).get("search.half_life_days", 0)))

    def refines(self, found: Found, compiled: Compiled | None, has_compounds: bool) -> bool:
        """Does anything decide beside the words of each message?  For a few words mostly nothing does."""
        if not found.candidates:
            return False
        words = len(compiled.units) if compiled is not None else 0
        many = words > 1 and (words > FEW_WORDS or not found.fills_page)
        return self.sort == "relevance" and (many or has_compounds or self.half_life_days > 0)

    @property
    def is_filtered(self) -> bool:
        """Did options limit what is searched, beside leaving out the session that the caller is in?"""
        is_timed = self.since is not None or self.until is not None
        named = self.agents or self.workspaces or self.sessions or self.roles
        return is_timed or bool(named) or any([name != "current" for name in self.exclude_sessions])


@record
class Found:
    """What was found before grouping.  `match_types` by document; those missing are `relaxed`.

    `coverage`: of each tier of vectors the share (0 to 1) of the texts that it has, where meaning was asked for.
    `asides`: notes on what is as it should be, for programs.
    `alike`: the cosine of the text that is nearest by the quality tier; None where it was not asked.
    `lacks` is a word, hardly begun, that the rung leaves out; it is among the `dropped`.
    """

    candidates: tuple[Candidate, ...]
    total: int
    rung: str | None
    match_types: Mapping[int, str]
    corrected: tuple[tuple[str, str], ...]
    dropped: tuple[str, ...]
    forms: tuple[tuple[str, tuple[str, ...]], ...]
    by: tuple[str, ...] = ("lexical",)
    exact_total: bool = True
    timed_out: bool = False
    coverage: tuple[tuple[str, float], ...] = ()
    asides: tuple[str, ...] = ()
    alike: float | None = None
    lacks: str | None = None

    @property
    def fills_page(self) -> bool:
        """Do so many messages have all the words that nothing else comes up?"""
        return self.rung == "all" and self.total >= PAGE

    def is_sure(self, words: int) -> bool:
        """Do messages have all of so many words, where chance is no matter: of few, or ten messages?"""
        return self.rung == "all" and (words <= TOGETHER or self.fills_page)


@record
class Freshness:
    """What the look at the sources said.  `behind_files` have changed and are not read yet."""

    behind_files: int = 0
    notes: tuple[str, ...] = ()


@record
class Hit:
    """A found message.  `matches` are half-open [start, end) code points of `snippet`.

    `also` counts further hits of the same session and copies folded into this one.  `content` and `context` (earlier
    and later messages as (ordinal, role, text)) only when asked for.
    """

    sid: str
    ordinal: int
    parent: str | None
    external_id: str
    agent: str
    role: str
    title: str | None
    workspace: str | None
    branch: str | None
    path: str | None
    state: str
    line: int | None
    created_ms: int | None
    rank: int
    score: float
    match_type: str
    snippet: str
    matches: tuple[tuple[int, int], ...]
    also: int
    short_id: str
    content: str | None = None
    context: tuple[tuple[int, str, str], ...] = ()
    doc: int = 0
    explain: Mapping[str, object] | None = None

    def masked(self) -> Hit:
        """The same without the secrets in its title and its texts; the snippet was cut without them."""
        title = mask(self.title) if self.title else self.title
        if title == self.title and self.content is None and not self.context:
            return self
        content = self.content if self.content is None else mask(self.content)
        context = tuple([(ordinal, role, mask(text)) for ordinal, role, text in self.context])
        return replace(self, title=title, content=content, context=context)


@record
class Results:
    """An answer.  `total` counts messages on `rung`, before grouping; `exact_total` false: at least so many.

    `generation` of the index that answered; `has_more`: are there hits behind these?
    `reader`: the process that reads now, where files are behind and somebody does.
    `long_tail`: so many messages are not in the lexical index that it should be brought up to date.
    `confidence`: how sure it is that what was meant is among the hits, 0 to 1; None where that cannot be told.
    `passed`: the rank of the only hit of a page that was too long for it; 0 for none.
    """

    request: Request
    hits: tuple[Hit, ...]
    total: int
    exact_total: bool
    rung: str | None
    answered_by: tuple[str, ...]
    notes: tuple[str, ...]
    corrected: tuple[tuple[str, str], ...]
    dropped: tuple[str, ...]
    generation: str
    has_more: bool
    messages: int
    behind_files: int
    indexed_ms: int | None
    took_ms: float
    timed_out: bool = False
    long_tail: bool = False
    coverage: tuple[tuple[str, float], ...] = ()
    asides: tuple[str, ...] = ()
    stages: tuple[Mapping[str, object], ...] = ()
    confidence: float | None = None
    reader: str | None = None
    passed: int = 0

    @property
    def is_unlikely(self) -> bool:
        """Is what was meant probably not in the archive, whatever was found?"""
        return self.confidence is not None and self.confidence < 0.5 and bool(self.hits)

    @property
    def next_cursor(self) -> str | None:
        """Where the next page starts: behind the last of these hits."""
        last = self.hits[-1].rank if self.hits else self.passed
        return f"{self.generation}-{last}" if self.has_more and last else None


class Lent:
    """What the process around a search has open already, or begins for it; a cold one has little of that."""

    model: Callable[[str, LeftS], BaseEmbedder | Missing | None] | None = None  # one that is open
    read_ahead: Callable[[str, str], None] = staticmethod(lambda name, text: None)  # have that model begin with a text
    places_of_model: Places | None = None  # where one may be opened beside the search, as soon as it will be asked
    begun: BaseEmbedder | None = None  # that one
    graphs: HeldGraphs | None = None
    open_tier: TierOpener | None = None  # as `Tier.open`, and keeps what it has opened


def fold(candidates: Sequence[Candidate], grouped: bool) -> list[tuple[Candidate, int]]:
    """(leading candidate, how many were folded into it), in order: copies of a text, and hits of one session."""
    leads: dict[int, int] = {}
    by_text: dict[int, int] = {}
    groups: list[tuple[Candidate, int]] = []
    for candidate in candidates:
        at = by_text.get(candidate.text)
        if at is None and grouped:
            at = leads.get(candidate.session)
        if at is None:
            leads[candidate.session] = len(groups)
            by_text[candidate.text] = len(groups)
            groups.append((candidate, 0))
        else:
            by_text.setdefault(candidate.text, at)
            groups[at] = (groups[at][0], groups[at][1] + 1)
    return groups
