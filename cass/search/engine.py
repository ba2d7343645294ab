"""Run a search: the lexical answer first and always; whatever else could join it, or went wrong, becomes a note.

Text → query → candidates of the index (or, without a usable index, of SQLite) → grouped by session, copies folded →
hits with snippets.  Nothing here writes.
"""

from __future__ import annotations

from cass.lexical.opening import Damage
from cass.lexical.reader import Candidate, LexicalAnswer, open_reader
from cass.lexical.schema import first_line, hush, is_damage, speak
from cass.query.plain import Word
from cass.query.snippet import snippet, terms_of
from cass.query.terms import wanted_leaves
from cass.query.words import tokens
from cass.search.request import SURE, Found, Freshness, Hit, Lent, Request, Results, fold
from cass.store import connect, hits
from cass.store.schema import OWN_BLOCK, ROLES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from sqlite3 import Connection

    from cass.lexical.compile import Compiled
    from cass.lexical.filter import Filter
    from cass.lexical.reader import LexicalReader
    from cass.paths import Places
    from cass.query.snippet import Terms
    from cass.query.syntax import Field
    from cass.search.filters import Resolver
    from cass.search.rerank import Reranked
    from cass.store.hits import State, StoredMessage

# Enough to fill a page after grouping by session, mostly (filling.py).
FETCH_TIMES = 4
LEAST_FETCHED = 40
# With a compound in the query the first forty are looked at once more: fetched with room for equals at the end.
LEAST_WITH_COMPOUNDS = 80
# More words than this may be too many (search/many.py), whether they stand side by side or in parentheses.
MANY_WORDS = 64
# More changes than the first outside the index slow every search; more than the second are not a search's to commit.
LONG_TAIL, TOO_LONG_TAIL = 256, 10_000
# A snippet is cut from this much of a message; from all of it only where that has no match.
SNIPPET_CHARS = 8_192


def search(
    places: Places,
    request: Request,
    now_ms: int,
    monotonic_s: Callable[[], float],
    cwd: str,
    freshness: Freshness,
    keep: Callable[[object], None] = lambda opened: None,
    after: Callable[[Search, Found], Found] | None = None,
    make: Callable[..., Search] | None = None,
) -> Results:
    """Answer `request`.  Raises UsageError and its kind, MissingIndex, or the database's own errors.

    `keep` gets what was opened, lest its end be waited for; `after` may reorder the answer; `make` makes the Search.
    """
    started_s = monotonic_s()
    kept = hush()
    try:
        looking = (make or Search)(places, request, now_ms, monotonic_s, cwd)
        keep(looking)
        if make is None and request.wants_meaning and places.has_vectors:
            looking.places_of_model = places
        found = looking.run()
    finally:
        speak(kept)
    asked = request.tier or request.mode == "strict_semantic"
    if request.wants_meaning and (asked or places.has_vectors or request.rerank_depth):
        from cass.search.beyond import beyond_words

        found = beyond_words(looking, found, places)
    if after is not None:
        found = after(looking, found)
    if not found.total and looking.filters:
        looking.resolver.note_undated(looking.filters)
    (printed, has_more), state = looking.page(found), looking.state
    behind, reader = state.behind(freshness.behind_files, places.index_lock)
    return Results(
        request=request,
        hits=printed,
        total=found.total,
        exact_total=found.exact_total,
        rung=found.rung,
        answered_by=found.by,
        notes=(*looking.query.notes, *freshness.notes, *state.notes(freshness.behind_files, reader), *looking.notes),
        corrected=found.corrected,
        dropped=found.dropped,
        generation=looking.generation,
        has_more=has_more,
        messages=state.messages,
        behind_files=behind,
        reader=reader,
        indexed_ms=state.indexed_ms,
        took_ms=round((monotonic_s() - started_s) * 1000, 1),
        timed_out=found.timed_out,
        long_tail=looking.has_long_tail,
        coverage=found.coverage,
        asides=found.asides,
        confidence=_judged(looking, found),
    )


class Search(Lent):
    """One search, its connections open."""

    compiled: Compiled | None = None  # what the index was asked
    near: Mapping[str, Mapping[int, float]] | None = None  # of each tier the texts that it found, and how near they are
    meant: str | None = None  # what the tiers did, or why they did nothing, where meaning was asked for
    score: float = 0.0  # of the best candidate by its words alone, before anything orders them anew
    spread: float | None = None  # where a session has all words between its messages: how little of it is chance
    read: Mapping[int, Sequence[tuple[str, int]]] = {}  # document → its blocks, as the page read them
    reranked: Reranked | None = None  # what the reranker did, where it was asked
    verbatim: frozenset[int] = frozenset()  # documents that have the question word behind word

    def __init__(
        self,
        places: Places,
        request: Request,
        now_ms: int,
        monotonic_s: Callable[[], float],
        cwd: str,
    ) -> None:
        self.connection, self.reader = self.open(places)
        self.request = request
        self.monotonic_s = monotonic_s
        self.now_ms = now_ms
        self.cwd = cwd
        self.query = request.query()
        self.state: State = hits.state(self.connection)
        self.notes: list[str] = getattr(self.reader, "notes", [])
        self._resolver: Resolver | None = None
        self._folded: tuple[tuple[Candidate, ...], list[tuple[Candidate, int]]] | None = None
        self.generation = "none" if isinstance(self.reader, Damage) else self.reader.generation
        self.literal = self._literal_text()
        self.offset = request.start(self.generation)
        self.filters = self._filters()

    def open(self, places: Places) -> tuple[Connection, LexicalReader | Damage]:
        """The database and the index, for this one search."""
        connection = connect.require_reader(places.database, places.data, connect.SEARCH_PAGES)
        return connection, open_reader(places.lexical)

    @property
    def wants_words(self) -> bool:
        """Is anything looked for, or only limited?"""
        return bool(wanted_leaves(self.query.root))

    @property
    def has_long_tail(self) -> bool:
        """Should somebody bring the index up to date, and can it be done in passing?"""
        behind = 0 if isinstance(self.reader, Damage) else self.state.change - self.reader.change
        return LONG_TAIL < behind <= TOO_LONG_TAIL

    def _literal_text(self) -> str | None:
        root = self.query.root  # the text that must occur exactly so: that of -F, or a query without letters
        if isinstance(root, Word) and (self.request.literal or not any(map(str.isalnum, root.text))):
            return root.text
        return None

    @property
    def resolver(self) -> Resolver:
        """Loaded only when something is filtered."""
        if self._resolver is None:
            from cass.search.filters import Resolver

            self._resolver = Resolver(self.connection, self.now_ms, self.cwd, self.notes, self.reader)
        return self._resolver

    def _filters(self) -> list[Filter]:
        request = self.request
        found: list[Filter] = []
        if request.is_filtered or request.exclude_sessions or self.query.filters:
            found = self.resolver.of_request(request, self.query.filters)
        if not request.include_self and (isinstance(self.reader, Damage) or self._has_own(self.reader)):
            from cass.lexical.filter import Filter

            found.append(Filter("own", (1,), exclude=True))
        return found

    def _has_own(self, reader: LexicalReader) -> bool:
        try:
            return reader.change != self.state.change or reader.has_own
        except BaseException as bad:
            if not is_damage(bad):
                raise
            return True

    def run(self) -> Found:
        """Candidates, best first."""
        if isinstance(self.reader, Damage):
            return self._from_database(self.reader)
        try:
            return self._from_index(self.reader)
        except BaseException as bad:
            if not is_damage(bad):
                raise
            what = f"the lexical index failed ({first_line(bad)})"
            self.reader = Damage(what, "; cass index --rebuild makes a new one")
            return self._from_database(self.reader)

    def _from_database(self, damage: Damage) -> Found:
        from cass.search.scan import scan

        self.notes.append(f"{damage.reason}: answered from the database, newest first{damage.mended_by}")
        self._leave_out(None)
        return scan(self)

    def _from_index(self, reader: LexicalReader) -> Found:
        if self.literal is not None:
            from cass.search.scan import literal

            return literal(self)
        if len(getattr(self.query.root, "parts", ())) > MANY_WORDS or self.query.text.count(" ") >= MANY_WORDS:
            self._leave_out(reader.frequency)
        found = self.lexical(reader) if reader.change == self.state.change else self._with_tail(reader)
        self.score = found.candidates[0].score if found.candidates else 0.0
        if self.places_of_model is not None and found.rung != "all":
            from cass.search.ahead import begin

            begin(self, found, self.places_of_model)
        if self.request.refines(found, self.compiled, self.has_compounds()):
            from cass.search.refine import refined

            found = refined(self, reader, found)
        return found

    def lexical(
        self, reader: LexicalReader, stale: Sequence[Filter] = (), known: frozenset[str] = frozenset()
    ) -> Found:
        """The index's answer.  `stale` leaves out documents that were changed since; `known` words are right."""
        request = self.request
        filters = [*self.filters, *stale]
        compiled = reader.compile(self.query.root, filters, self.resolve, True, known, request.live)
        self.compiled = compiled
        sort = "newest" if request.sort == "relevance" and not self.wants_words else request.sort
        least = LEAST_WITH_COMPOUNDS if self.has_compounds() else LEAST_FETCHED
        # Room is taken for all that is asked for, before looking: terabytes, without the second bound.
        limit = max(least, min(FETCH_TIMES * self.request.reach(self.offset), reader.documents + 1))
        answer = reader.search(compiled, limit, request.match, sort, request.strict)
        if answer.more and not self.fills_page(answer.candidates):
            from cass.search.filling import filled  # mostly the first look is enough

            answer = filled(self, reader, answer, limit, sort, filters, known)
        is_whole = self._resolver is None or self._resolver.is_whole
        return self._found(answer, is_whole and not answer.partial)

    def fills_page(self, candidates: tuple[Candidate, ...]) -> bool:
        """Are there enough candidates for the page and one more, once they are grouped and copies are folded?"""
        if self.request.counts_only or not self.request.limit:
            return True
        return len(self.groups(candidates)) > self.request.reach(self.offset)

    def groups(self, candidates: tuple[Candidate, ...]) -> list[tuple[Candidate, int]]:
        """The candidates folded; the same ones are asked for to see whether they fill the page, and to print it."""
        if self._folded is None or self._folded[0] is not candidates:
            self._folded = candidates, fold(candidates, self.request.grouped)
        return self._folded[1]

    def has_compounds(self) -> bool:
        """Is one of the words several words to the index, or may it be?"""
        leaves = wanted_leaves(self.query.root)
        return any(isinstance(leaf, Word) and not (leaf.text.isalnum() or leaf.unfinished) for leaf in leaves)

    def _leave_out(self, frequency: Callable[[str], int] | None) -> None:
        from cass.search.many import rarest

        self.query = rarest(self.query, frequency)

    def _found(self, answer: LexicalAnswer, is_exact: bool) -> Found:
        whole = "corrected" if answer.corrected else "exact"
        if not self.wants_words:
            whole = "filter"
        told = dict.fromkeys(answer.exact, whole), answer.corrected, answer.dropped, answer.forms
        return Found(answer.candidates, answer.total, answer.rung, *told, exact_total=is_exact, lacks=answer.lacks)

    def resolve(self, field: Field) -> Filter | None:
        """A field → a filter; None for one that is being typed and says nothing yet."""
        return self.resolver.resolve(field)

    def _with_tail(self, reader: LexicalReader) -> Found:
        from cass.search.tail import with_tail

        return with_tail(self, reader)

    def page(self, found: Found) -> tuple[tuple[Hit, ...], bool]:
        """The hits to print, and whether there are more behind them."""
        if self.request.counts_only or self.request.limit == 0:
            return (), False
        groups = self.groups(found.candidates)
        wanted = groups[self.offset : self.offset + self.request.limit]
        stored = hits.messages_with(self.connection, [lead.doc for lead, _ in wanted])
        ranked = [(rank, lead, also) for rank, (lead, also) in enumerate(wanted, self.offset + 1) if lead.doc in stored]
        shown = [self._occurrence(stored[lead.doc]) for _, lead, _ in ranked]
        texts = self._texts(shown)
        self.read = {message.doc: texts.get(message.id, []) for message in shown}
        short: dict[str, str] = {}
        if self.request.short_ids:
            from cass.store.named import unique_prefixes  # people's answers only

            short = unique_prefixes(self.connection, {message.sid for message in shown})
        terms = self._terms(found)
        page = tuple(
            self._hit(rank, lead, also, message, texts.get(message.id, []), found, terms, short)
            for (rank, lead, also), message in zip(ranked, shown, strict=True)
        )
        page = tuple([hit.masked() for hit in page]) if self.request.masked else page
        return page, len(groups) > self.offset + self.request.limit

    def _occurrence(self, messages: Sequence[StoredMessage]) -> StoredMessage:
        """Which of a document's messages to show: one of the sessions that were asked for, else the original."""
        for wanted in self.filters:
            if wanted.field == "session" and not wanted.exclude:
                inside = [message for message in messages if message.session in wanted.values]
                if inside:
                    return inside[0]
        return messages[0]

    def _terms(self, found: Found) -> Terms:
        corrected = {a: b for old, new in found.corrected for a, b in zip(tokens(old), tokens(new), strict=False)}
        forms = {token: others for word, others in found.forms for token in tokens(word)[:1]}
        return terms_of(self.query, corrected, forms)

    def _hit(
        self,
        rank: int,
        lead: Candidate,
        also: int,
        message: StoredMessage,
        blocks: Sequence[tuple[str, int]],
        found: Found,
        terms: Terms,
        short: Mapping[str, str],
    ) -> Hit:
        text = "\n".join(text for text, _ in blocks)
        searched = "\n".join(text for text, flags in blocks if not flags & OWN_BLOCK) or text
        line, matches = self._snippet(message, searched, terms)
        return Hit(
            sid=message.sid,
            ordinal=message.ordinal,
            parent=message.parent,
            external_id=message.external_id,
            agent=message.agent,
            role=ROLES[message.role],
            title=message.title,
            workspace=message.workspace,
            branch=message.branch,
            path=message.path,
            state=message.source_state,
            line=message.line,
            created_ms=message.created_ms,
            rank=rank,
            score=round(lead.score, 4),
            match_type=found.match_types.get(lead.doc, "relaxed"),
            snippet=line,
            matches=matches,
            also=also,
            short_id=short.get(message.sid, message.sid),
            doc=lead.doc,
            content=text if self.request.content else None,
            context=self._context(message) if self.request.context else (),
        )

    def _texts(self, messages: Sequence[StoredMessage]) -> dict[int, list[tuple[str, int]]]:
        """The messages' blocks, whole where their content is printed or must be looked through."""
        whole = self.request.content or self.literal is not None
        return hits.texts_of(self.connection, [message.id for message in messages], None if whole else SNIPPET_CHARS)

    def _snippet(self, message: StoredMessage, text: str, terms: Terms) -> tuple[str, tuple[tuple[int, int], ...]]:
        if self.literal is not None:
            from cass.search.scan import literal_snippet

            return literal_snippet(text, self.literal, self.request.masked)
        line, matches = snippet(text, terms, masked=self.request.masked)
        is_further = not matches or message.doc in self.verbatim
        if is_further and terms.terms and len(text) >= SNIPPET_CHARS:
            blocks = hits.texts_of(self.connection, [message.id]).get(message.id, [])
            line, matches = snippet("\n".join(text for text, _ in blocks), terms, masked=self.request.masked)
        return line, tuple(matches)

    def _context(self, message: StoredMessage) -> tuple[tuple[int, str, str], ...]:
        from cass.search.context import context

        return context(self.connection, message, self.request.context)


def _judged(search: Search, found: Found) -> float | None:
    if search.offset or not search.request.shows_best:
        return None
    words = len(getattr(search.query.root, "parts", ()))
    if found.is_sure(words) and not found.corrected and found.alike is None and search.query.is_of_words:
        return SURE
    from cass.search.confidence import confidence

    return confidence(search, found)
