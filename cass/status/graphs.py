"""What the graphs over large tiers hold, by their own descriptions: no graph and no vectors are opened."""

from __future__ import annotations

import os

from cass.policy import InvalidationAction, SemanticCapabilityReport
from cass.semantic.graph_files import check_graph, read_about
from cass.semantic.manifest import FAST, QUALITY, Damage, Manifest, read_manifest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cass.semantic.manifest import Segment

Tier = SemanticCapabilityReport.Tier


def graph_damage(vectors: str, tiers: Sequence[str]) -> str | None:
    """What is wrong with the graphs of these tiers, as far as their sizes and times tell."""
    found = [check_graph(os.path.join(vectors, tier)) for tier in tiers]
    return "; ".join([damage.reason for damage in found if damage is not None]) or None


def graph_report(
    vectors: str, tiers: Mapping[str, Tier], having: Sequence[str], size_bytes: int, eligible: int
) -> Tier:
    """Of the better tier's graph, or of the fast one's where that has none; `size_bytes` of both.

    `having`: the tiers with one · `tiers`: what is said of them.
    """
    name = next(one for one in (QUALITY, FAST) if one in having)
    folder, over = os.path.join(vectors, name), tiers[name]
    about, damage = read_about(folder), check_graph(folder)
    manifest = read_manifest(folder)
    if damage is not None or not isinstance(about, tuple) or not isinstance(manifest, Manifest):
        why = damage or (about if isinstance(about, Damage) else Damage("there are no vectors for it"))
        return Tier(over.embedder_id, bytes=size_bytes, action=InvalidationAction.DiscardAndRebuild(why.reason))
    rows = {number: count for number, count, _ in about[1]}
    usable = [one for one in manifest.segments if one.recipe.embedder_id == over.embedder_id]
    documents = sum([_texts(one, rows.get(one.number, 0)) for one in usable])
    is_whole = all([rows.get(one.number, 0) >= one.count for one in usable])
    return Tier(
        embedder_id=over.embedder_id,
        documents=documents,
        coverage=min(1.0, documents / eligible) if eligible else 0.0,
        covers_since_ms=over.covers_since_ms if is_whole else None,
        bytes=size_bytes,
        action=InvalidationAction.UpToDate() if is_whole else InvalidationAction.RebuildInBackground(),
    )


def _texts(segment: Segment, rows: int) -> int:
    """About so many texts have the first `rows` of its vectors."""
    return segment.live_texts * min(rows, segment.count) // segment.count if segment.count else 0
