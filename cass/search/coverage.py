"""How much the vectors cover: at a glance for every answer, exactly where strict mode has to know.

A glance counts nothing: it takes what the last backfill wrote down.  It never says more than is there.
"""

from __future__ import annotations

import os

from cass.semantic.manifest import FAST, QUALITY, Manifest, read_manifest
from cass.store.hits import most_eligible, share

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cass.lexical.filter import Filter
    from cass.search.engine import Search
    from cass.semantic.vectors import Tier

    Coverage = tuple[tuple[str, float], ...]

# Filters that only a message's words can answer.
BY_WORDS = ("path", "entity")


def glance(search: Search, vectors: str, opened: Mapping[str, Tier]) -> Coverage:
    """The share (0 to 1) of all texts that each tier has.  Tiers that are not open are taken as they say they are."""
    eligible = most_eligible(search.connection)
    return tuple([(name, share(_documents(name, vectors, opened), eligible)) for name in (FAST, QUALITY)])


def _documents(name: str, vectors: str, opened: Mapping[str, Tier]) -> int:
    if name in opened:
        return opened[name].documents
    manifest = read_manifest(os.path.join(vectors, name))
    return sum([one.live_texts for one in manifest.segments]) if isinstance(manifest, Manifest) else 0


def inside(search: Search, opened: Mapping[str, Tier]) -> Coverage:
    """The share that each tier has of the texts inside the filters that are old enough for a backfill's turn."""
    from cass.store.coverage import before_which_all_counts_ms, shares_of, strict_shares

    # What cass itself said or printed has no vectors anyway.
    filters = [each for each in search.filters if each.field != "own"]
    if not filters:
        return strict_shares(
            search.connection, search.now_ms, {name: (tier.documents, tier.ids) for name, tier in opened.items()}
        )
    texts = _texts(search, filters, before_which_all_counts_ms(search.now_ms))
    return shares_of(texts, {name: tier.ids for name, tier in opened.items()})


def _texts(search: Search, filters: Sequence[Filter], before_ms: int) -> set[int]:
    from cass.store.coverage import texts_inside

    plain = [(each.field, each.values, each.docs, each.exclude) for each in filters if each.field not in BY_WORDS]
    rows = texts_inside(search.connection, plain, before_ms) or []
    named = [each for each in filters if each.field in BY_WORDS]
    if not named:
        return {text for text, _ in rows}
    from cass.search.tail import passes
    from cass.store.documents import documents_newest_first

    documents = documents_newest_first(search.connection, None, None, True, lambda: False)
    docs = {each.doc for each in documents if each is not None and all(passes(wanted, each) for wanted in named)}
    return {text for text, doc in rows if doc in docs}


def percent(share: float) -> str:
    """Rounded down: what is not all is never 100%."""
    return f"{int(share * 1000) / 10:g}%"
