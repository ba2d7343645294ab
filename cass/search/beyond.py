"""What follows the words of an answer: vectors, unless the words fill the page, and a reranker, if one is asked for.

Where vectors could only stand behind what the page shows they are not asked, and nothing is loaded that asking them
takes: it would be a third of what such a search takes.
"""

from __future__ import annotations

from cass.query.blend import RRF_K, WEIGHTS, fuse, weights_of
from cass.records import replace
from cass.search.coverage import glance
from cass.search.weighing import hits_to_spare, lacking, needless, question
from cass.semantic.manifest import FAST, QUALITY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from cass.paths import Places
    from cass.search.engine import Search
    from cass.search.request import Found

# What switches the quality tier off: as its embedder, and as the mode.  policy.py says so too; a test compares.
NO_EMBEDDER, NO_MODE = "hash", "lexical_only"


def beyond_words(search: Search, found: Found, places: Places) -> Found:
    """The answer with what vectors and a reranker make of it.  Raises SemanticUnavailable in strict mode."""
    started_s = search.monotonic_s()
    is_strict = search.request.mode == "strict_semantic"
    if is_strict or places.has_vectors:
        text = question(search)
        # A page that has another one behind it says so without them, too.
        spare = hits_to_spare(search, found, text) if text is not None and not is_strict else None
        if spare:
            found = filled(search, found, places)
        else:
            from cass.search.meaning import join

            found = join(search, found, places, text, spare)
    if search.request.rerank_depth:
        from cass.search.rerank import reranked

        found = reranked(search, found, places, started_s)
    tier = search.request.tier
    if tier is not None and not dict(found.coverage).get(tier):
        search.notes.append(f"no vectors of the {tier} tier are built yet: cass backfill --tier {tier}")
    return found


def filled(search: Search, found: Found, places: Places) -> Found:
    """The answer whose page the words fill, and what is said of the vectors."""
    values = dict(search.request.semantic)
    weights, wanted = weights_of(str(values.get("search.weights", WEIGHTS))), wants_quality(values)
    coverage = glance(search, places, {}, judges=False)
    said = needless([name for name, share in coverage if share and weights[name] and (name == FAST or wanted)])
    search.near = {}
    search.meant = "; ".join([said.get(name) or lacking(name, weights, wanted) for name in (FAST, QUALITY)])
    told = replace(found, coverage=coverage, asides=tuple(dict.fromkeys(said.values())))
    return _as_blended(told, weights["lexical"], int(str(values.get("search.rrf_k", RRF_K)))) if said else told


def wants_quality(values: Mapping[str, object]) -> bool:
    """Do these settings want a quality tier?"""
    return values.get("quality_tier_embedder") != NO_EMBEDDER and values.get("mode") != NO_MODE


def _as_blended(found: Found, weight: float, k: int) -> Found:
    """With scores as they are where vectors took part, so that pages go on with one another."""
    scores = fuse([([each.doc for each in found.candidates], weight)], k)
    return replace(found, candidates=tuple([replace(each, score=scores[each.doc]) for each in found.candidates]))
