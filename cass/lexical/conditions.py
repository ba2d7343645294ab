"""What a query may hold beside words: operators, signs, phrases, fields and filters, as clauses."""

from __future__ import annotations

from cass.lexical.compile import boolean
from cass.lexical.words import Unit
from cass.native_tantivy import FieldType, Occur, Query
from cass.query.plain import Word
from cass.query.syntax import And, Field, Must, Not, Or, Phrase, Prefix, Without, is_condition

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from cass.lexical.compile import Compiler
    from cass.lexical.filter import Filter
    from cass.query.plain import Bare
    from cass.query.syntax import Node


class Conditions:
    """The nodes of one query that are no words; the words among them are its compiler's."""

    def __init__(self, compiler: Compiler) -> None:
        self._compiler = compiler
        self._schema = compiler.schema

    def clause_of(self, part: Node) -> tuple[Occur, Query] | None:
        """A part that must match, or must not; None for one that need not."""
        if isinstance(part, Without):
            return (Occur.MustNot, self._unwanted(part.part))
        if isinstance(part, (Must, Phrase, Field)):
            return (Occur.Must, self._node(part.part if isinstance(part, Must) else part))
        return None

    def anchors(self, part: Node) -> bool:
        """Does a clause of it say what must be found, so that the words beside it need not match?"""
        return isinstance(part, (Must, Phrase))

    def wanted(self, part: Node) -> Unit:
        """A part that need not match."""
        return self._unit(part) if isinstance(part, Prefix) else Unit(self._node(part))

    def _unit(self, part: Word | Prefix | Phrase) -> Unit:
        if isinstance(part, Word):
            return self._compiler.word(part)
        words = self._compiler.words.unusual
        if isinstance(part, Phrase):
            unit = words.phrase(part.text, part.within)
        else:
            unit = words.inside(part.text) if part.inside else words.prefix(part.text)
        self._compiler.units.append(unit)
        return unit

    def _node(self, node: Node) -> Query:
        """A part as a condition: what occurs nowhere matches nothing."""
        if isinstance(node, (Word, Prefix, Phrase)):
            return self._unit(node).query or Query.empty_query()
        if isinstance(node, Field):
            found = self._compiler.resolve(node)
            return Query.all_query() if found is None else boolean([self.filter(found)], self._schema)
        if isinstance(node, Must):
            return self._node(node.part)
        if isinstance(node, (Not, Without)):
            return boolean([(Occur.MustNot, self._unwanted(node.part))], self._schema)
        if isinstance(node, Or):
            return Query.boolean_query([(Occur.Should, self._node(part)) for part in node.parts])
        if isinstance(node, And):
            return boolean([self._clause(part) for part in node.parts], self._schema)
        return self._beside(node)

    def _beside(self, node: Bare) -> Query:
        """Words in parentheses: what must hold, and at least one of the others."""
        clauses = [self._clause(part) for part in node.parts if is_condition(part)]
        others = [(Occur.Should, self._node(part)) for part in node.parts if not is_condition(part)]
        if others:
            clauses.append((Occur.Must, Query.boolean_query(others)))
        return boolean(clauses, self._schema)

    def _unwanted(self, node: Node) -> Query:
        """What must not match: as typed, never corrected, and not worth a word when it occurs nowhere."""
        compiler = self._compiler
        before = compiler.correct, compiler.units
        compiler.correct, compiler.units = False, []
        query = self._node(node)
        compiler.correct, compiler.units = before
        return query

    def _clause(self, part: Node) -> tuple[Occur, Query]:
        if isinstance(part, (Not, Without)):
            return (Occur.MustNot, self._unwanted(part.part))
        return (Occur.Must, self._node(part))

    def filter(self, wanted: Filter) -> tuple[Occur, Query]:
        """A filter as a clause that does not score."""
        if wanted.field == "time":
            query = self._times(*wanted.values)
        elif wanted.field == "entity":
            query = Query.term_set_query(self._schema, "doc", list(wanted.docs))
        elif wanted.field == "path":
            query = self._paths([str(value) for value in wanted.values])
        else:
            query = Query.term_set_query(self._schema, wanted.field, list(wanted.values))
        if wanted.docs and wanted.field != "entity":
            docs = Query.term_set_query(self._schema, "doc", list(wanted.docs))
            query = Query.boolean_query([(Occur.Should, query), (Occur.Should, docs)])
        if wanted.exclude:
            return (Occur.MustNot, query)
        return (Occur.Must, Query.const_score_query(query, 0.0))

    def _paths(self, paths: Sequence[str]) -> Query:
        found = [query for path in paths if (query := self._compiler.words.unusual.phrase(path).query) is not None]
        return found[0] if len(found) == 1 else Query.boolean_query([(Occur.Should, query) for query in found])

    def _times(self, first_ms: int | str | None, last_ms: int | str | None) -> Query:
        return Query.range_query(self._schema, "time", FieldType.Integer, first_ms, last_ms)
