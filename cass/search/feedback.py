"""The question's vector, leaned towards what the words found best, where the orders of both are joined by rank.

Words and vectors err differently.  What a message says that the words put first is mostly near what was meant, also
where the question says it otherwise; what those messages have in common is mostly meant, and what they have not, is
chance.  So the quality tier scores its candidates by a question that has moved towards them: Rocchio's formula (1971)
over dense vectors, without negative examples (Li et al., Pseudo Relevance Feedback with Deep Language Models and Dense
Retrievers, ACM TOIS 41, 2023).  Which texts are candidates does not change, nor how sure the answer is.
"""

from __future__ import annotations

from math import sqrt
from operator import mul

from cass.search.reread import HEAD, leads
from cass.semantic.scan import nearest, to_i8
from cass.store.nearest import texts_of_documents

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from cass.search.engine import Search
    from cass.search.request import Found
    from cass.semantic.embedders.base import Vector
    from cass.semantic.vectors import Tier

    Pieces = Mapping[int, Sequence[bytes]]  # text id → the vectors of its pieces, as signed bytes

# How far it leans: of its own length, if all that it leans towards were one text.  From .3 to .45 every set of
# benchmarks/quality stays or gains; with more, questions with one right answer lose.
LEAN = 0.35


def texts_of_leads(search: Search, found: Found) -> list[list[int]]:
    """The texts of the best message of each of the sessions that the words put first."""
    head = found.candidates[:HEAD]
    docs = [head[at].doc for at in leads(head)]
    texts = texts_of_documents(search.connection, docs)
    return [texts[doc] for doc in docs if doc in texts]


def leant_cosines(
    tier: Tier, vector: Vector, texts: Collection[int], toward: Sequence[Sequence[int]]
) -> dict[int, float]:
    """For each of these texts that the tier has the cosine of its best piece to `vector`, leaned `toward` others'."""
    pieces = tier.pieces(frozenset([*texts, *[text for lead in toward for text in lead]]), len(vector))
    leant = lean(vector, [[piece for text in lead for piece in pieces.get(text, ())] for lead in toward])
    return _best_pieces(leant, {text: pieces[text] for text in texts if text in pieces})


def lean(vector: Sequence[float], toward: Sequence[Sequence[bytes]]) -> list[float]:
    """q + LEAN * mean of v over the leads, each weighted by cos(q, v); q and v of length 1.

    Of a lead's pieces v is the one that is nearest to q; nothing leans away from a lead.  Leads that say different
    things have a short mean, and so move the question little.
    """
    length = _length(vector)
    asked = [part / length for part in vector]
    signed = to_i8(asked)
    near = [_nearest_piece(signed, pieces) for pieces in toward if pieces]
    total = sum([cosine for cosine, _ in near])
    if total <= 0:
        return asked
    moved = asked
    for cosine, piece in near:
        share = LEAN * cosine / total / _length(piece)
        moved = [own + share * part for own, part in zip(moved, piece, strict=True)]
    return moved


def _nearest_piece(signed: bytes, pieces: Sequence[bytes]) -> tuple[float, Sequence[int]]:
    """(cosine, at least 0; the piece's parts)."""
    row, cosine = nearest(memoryview(b"".join(pieces)), len(pieces), signed, 1)[0]
    return max(0.0, cosine), memoryview(pieces[row]).cast("b").tolist()


def _length(vector: Sequence[float]) -> float:
    """1 where all parts are 0, which nothing can be divided by."""
    return sqrt(sum(map(mul, vector, vector))) or 1.0


def _best_pieces(vector: Sequence[float], pieces: Pieces) -> dict[int, float]:
    """Text → the cosine of its best piece, best first; equals in the order of the pieces."""
    texts = [text for text, of_text in pieces.items() for _ in of_text]
    block = memoryview(b"".join([piece for of_text in pieces.values() for piece in of_text]))
    best: dict[int, float] = {}
    for row, cosine in nearest(block, len(texts), to_i8(vector), len(texts)):
        best.setdefault(texts[row], cosine)
    return best
