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
    from cass.paths import Places
    from cass.policy import SemanticAssetManifest
    from cass.search.engine import Search
    from cass.semantic.manifest import Segment
    from cass.semantic.vectors import Tier

    Coverage = tuple[tuple[str, float], ...]

TIERS = (FAST, QUALITY)
# Settings by which vectors that stand may be of no use.  The tick that follows drops them.
DECIDING = ("mode", "fast_dimension", "quality_tier_embedder", "remote.model", "remote.dimension")
# Filters that only a message's words can answer.
BY_WORDS = ("path", "entity")


def glance(search: Search, places: Places, opened: Mapping[str, Tier], judges: bool = True) -> Coverage:
    """The share (0 to 1) of all texts that each tier has.  Of one that is not open its list tells.

    judges: without what another embedder made; it takes the policy, which a search that asks no vectors does without.
    """
    eligible, values = most_eligible(search.connection), dict(search.request.semantic)
    judges = judges or any([key in values for key in DECIDING])
    has = {name: opened[name].documents if name in opened else _listed(name, places, values, judges) for name in TIERS}
    return tuple([(name, share(count, eligible)) for name, count in has.items()])


def _listed(name: str, places: Places, values: Mapping[str, object], judges: bool) -> int:
    """How many texts have vectors, as the list of its files says."""
    manifest = read_manifest(os.path.join(places.vectors, name))
    segments = manifest.segments if isinstance(manifest, Manifest) else ()
    if segments and judges:
        segments = _usable(name, places, values, segments)
    return sum([one.live_texts for one in segments])


def _usable(
    name: str, places: Places, values: Mapping[str, object], segments: Sequence[Segment]
) -> tuple[Segment, ...]:
    """Those that a search may use."""
    from cass.search.meaning import policy_of
    from cass.semantic.embedders.table import remote_options, wanted_id

    policy = policy_of(values)
    if name == QUALITY and not policy.wants_quality_tier:
        return ()
    made = wanted_id(name, policy, places.data, remote_options(values))

    def is_usable(asset: SemanticAssetManifest) -> bool:
        return asset.invalidation(policy, made or asset.embedder_id, asset.model_revision).is_usable

    return tuple([one for one in segments if is_usable(one.asset)])


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
