"""Every vector that a tier holds, whatever files it stands in."""

from __future__ import annotations

from cass.semantic.manifest import FAST
from cass.semantic.vectors import Tier

# What a vector is of, and its bytes; two rows of one piece would be two equal keys.
Rows = list[tuple[tuple[int, int], bytes]]


def vectors_made(folder: str, tier: str = FAST) -> Rows:
    """((text id, piece), vector) of all rows that count, in the order of their texts.

    Without the time beside each: a text that is said again keeps that of the moment when its vector was made.
    """
    found = Tier.open(folder, tier)
    if not isinstance(found, Tier):
        return []
    return sorted((one.key(row), one.row(row)) for one in found.segments for row in one.live_rows())


def is_each_once(rows: Rows) -> bool:
    return len({key for key, *_ in rows}) == len(rows)
