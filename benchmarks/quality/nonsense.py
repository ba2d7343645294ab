"""Questions that an archive cannot answer: what cass says to them should differ from what it says to others.

Those of SciFact and Cranfield, asked of real sessions; and, harder, known items of one half of the sessions asked of
the other, where other messages have the same words by chance.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from benchmarks.quality.asking import NOW_MS
from benchmarks.quality.known import known_items
from benchmarks.quality.places import Archive, json_lines, without
from benchmarks.quality.questions import Set
from cass.search.engine import search
from cass.search.request import Freshness, Request

HEAD = ("asked of real sessions", "questions", "all words", "most", "any", "nothing", "probably not")
SEED = 3


def rungs(root: Path, archive: Archive, answerable: Iterable[Set]) -> str:
    """A table: on which rung questions are answered that have an answer here, and those that have none."""
    asked = {each.name: [question.text for question in each.questions] for each in answerable}
    for name in ("cranfield", "scifact"):
        asked[f"nonsense: {name}"] = [line["text"] for line in json_lines(root / "relevance" / name / "queries.jsonl")]
    rows: list[tuple[str, ...]] = [HEAD, ("---",) * 2 + ("---:",) * 5]
    rows += [_row(archive, name, texts) for name, texts in asked.items()]
    half, missing = _half(archive)
    rows += [_row(half, f"other half: {each.name}", [question.text for question in each.questions]) for each in missing]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows) + "\n"


def _half(archive: Archive) -> tuple[Archive, list[Set]]:
    """The archive without half of its sessions, and the known items of those."""
    with archive.connect() as connection:
        sids = [sid for (sid,) in connection.execute("SELECT sid FROM sessions ORDER BY sid")]
        gone = frozenset(random.Random(SEED).sample(sids, len(sids) // 2))
        rows = connection.execute("SELECT s.sid, m.id FROM messages m JOIN sessions s ON s.id=m.session")
        messages = [message for sid, message in rows if sid in gone]
    return without(archive, "half", messages), known_items(archive, gone)


def _row(archive: Archive, name: str, texts: list[str]) -> tuple[str, ...]:
    found: Counter[str] = Counter()
    unlikely = 0
    for text in texts:
        request = Request(text, limit=1, mode="lexical_only", short_ids=False)
        answer = search(archive.places, request, NOW_MS, lambda: 0.0, "/", Freshness())
        found[answer.rung or "nothing"] += 1
        unlikely += answer.confidence is not None and answer.confidence < 0.5
    return (name, str(len(texts)), *_shares(found, len(texts)), f"{unlikely / len(texts):.1%}")


def _shares(found: Mapping[str, int], count: int) -> list[str]:
    return [f"{found.get(rung, 0) / count:.0%}" for rung in ("all", "most", "any", "nothing")]
