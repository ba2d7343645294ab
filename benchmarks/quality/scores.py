"""How good a ranked list is, given what was right.  Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from statistics import fmean


@dataclass(frozen=True)
class Scores:
    """Means over a set's questions, all 0 to 1 but `copies`: near-copies of an earlier hit among the first ten."""

    ndcg10: float
    mrr10: float
    hit1: float
    hit5: float
    recall50: float
    empty: float
    copies: float


def score(ranked: Sequence[str], right: Mapping[str, int], copies: int) -> Scores:
    """One question's scores.  `ranked` best first, each once; `right` maps what is right to its grade, from 1."""
    first = next((rank for rank, key in enumerate(ranked[:10], 1) if right.get(key, 0) > 0), None)
    found = sum(right.get(key, 0) > 0 for key in ranked[:50])
    relevant = sum(grade > 0 for grade in right.values())
    return Scores(
        ndcg10=_dcg([right.get(key, 0) for key in ranked[:10]]) / _dcg(sorted(right.values(), reverse=True)[:10]),
        mrr10=1 / first if first else 0.0,
        hit1=float(first == 1),
        hit5=float(first is not None and first <= 5),
        recall50=found / relevant,
        empty=float(not ranked),
        copies=float(copies),
    )


def mean(scores: Sequence[Scores]) -> Scores:
    """The mean of each."""
    return Scores(**{each.name: fmean(getattr(score, each.name) for score in scores) for each in fields(Scores)})


def _dcg(grades: Sequence[int]) -> float:
    return sum(max(0, grade) / math.log2(rank + 1) for rank, grade in enumerate(grades, 1))
