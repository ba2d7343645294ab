"""Questions that an archive cannot answer: what cass says to them should differ from what it says to others.

Those of SciFact and Cranfield, asked of real sessions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from benchmarks.quality.asking import NOW_MS
from benchmarks.quality.places import Archive, json_lines
from benchmarks.quality.questions import Set
from cass.search.engine import search
from cass.search.request import Freshness, Request

HEAD = ("asked of real sessions", "questions", "all words", "most", "any", "nothing", "mean best score")


def rungs(root: Path, archive: Archive, answerable: Iterable[Set]) -> str:
    """A table: on which rung questions are answered that have an answer here, and those that have none."""
    asked = {each.name: [question.text for question in each.questions] for each in answerable}
    for name in ("cranfield", "scifact"):
        asked[f"nonsense: {name}"] = [line["text"] for line in json_lines(root / "relevance" / name / "queries.jsonl")]
    rows: list[tuple[str, ...]] = [HEAD, ("---",) * 2 + ("---:",) * 5]
    rows += [_row(archive, name, texts) for name, texts in asked.items()]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows) + "\n"


def _row(archive: Archive, name: str, texts: list[str]) -> tuple[str, ...]:
    found: Counter[str] = Counter()
    best = 0.0
    for text in texts:
        request = Request(text, limit=1, mode="lexical_only", short_ids=False)
        answer = search(archive.places, request, NOW_MS, lambda: 0.0, "/", Freshness())
        found[answer.rung or "nothing"] += 1
        best += answer.hits[0].score if answer.hits else 0.0
    return (name, str(len(texts)), *_shares(found, len(texts)), f"{best / len(texts):.1f}")


def _shares(found: Mapping[str, int], count: int) -> list[str]:
    return [f"{found.get(rung, 0) / count:.0%}" for rung in ("all", "most", "any", "nothing")]
