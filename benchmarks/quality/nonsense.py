"""Questions that an archive cannot answer: what cass says to them should differ from what it says to others.

Those of SciFact and Cranfield, asked of real sessions; and, harder, known items of one half of the sessions asked of
the other, where other messages have the same words by chance.  The halves are of whole projects, since two sessions of
one project say the same things; and, harder still, of single sessions.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.quality.asking import NOW_MS
from benchmarks.quality.known import known_items, known_otherwise
from benchmarks.quality.parts import half_of_projects, in_archive, parted
from benchmarks.quality.places import Archive, json_lines
from benchmarks.quality.questions import Question, Set
from benchmarks.quality.spread import spread_words
from cass.search.engine import search
from cass.search.request import Freshness, Request

HEAD = ("asked of real sessions", "questions", "all words", "most", "any", "nothing", "probably not")
SESSIONS_SEED = 3
# What a session has between its messages is told apart from what a message has.
SPREAD = "spread words"
# Others than those on which the curves were fitted.
PROJECT_SEEDS = (5, 6)


@dataclass(frozen=True)
class Told:
    """How many questions were answered on which rung, and of how many it was said that it is probably not here."""

    questions: int = 0
    rungs: Counter[str] = field(default_factory=Counter)
    unlikely: int = 0

    def __add__(self, other: Told) -> Told:
        return Told(self.questions + other.questions, self.rungs + other.rungs, self.unlikely + other.unlikely)

    def row(self, name: str) -> str:
        """A line of the table."""
        shares = [f"{self.rungs[rung] / self.questions:.0%}" for rung in ("all", "most", "any", "nothing")]
        return "| " + " | ".join((name, str(self.questions), *shares, f"{self.unlikely / self.questions:.1%}")) + " |\n"


def rungs(root: Path, archive: Archive, answerable: Iterable[Set]) -> Iterator[str]:
    """A table's lines: on which rung questions are answered that have an answer here, and those that have none."""
    yield "| " + " | ".join(HEAD) + " |\n"
    yield "| --- | --- |" + " ---: |" * 5 + "\n"
    here, elsewhere = {each.name: _told(each.archive, each) for each in answerable}, {}
    for name in ("cranfield", "scifact"):
        lines = json_lines(root / "relevance" / name / "queries.jsonl")
        asked = Set(name, archive, "document", tuple(Question(line["text"], {}) for line in lines))
        elsewhere[f"nonsense: {name}"] = _told(archive, asked)
    yield from [told.row(name) for name, told in (here | elsewhere).items()]
    for half, gone in _halves(archive):
        name = half.name.partition("half-")[2].replace("-", " ")
        others = {f"other half, {name}: {each.name}": _told(half, each) for each in known_items(archive, gone)}
        there = [*known_items(half), *spread_words(half)]
        own = {f"same half, {name}: {each.name}": _told(half, each) for each in there}
        yield from [told.row(asked) for asked, told in (others | own).items()]
        yield from _all_in_all(name, elsewhere | others, here | own)
        for whose, those in (("other", known_otherwise(archive, gone)), ("same", known_otherwise(half))):
            yield from [_told(half, each).row(f"{whose} half, {name}: {each.name}") for each in those]


def _all_in_all(name: str, elsewhere: dict[str, Told], here: dict[str, Told]) -> Iterator[str]:
    spread = {asked for asked in here if SPREAD in asked}
    yield sum(elsewhere.values(), Told()).row(f"**{name}: without an answer**")
    yield sum([told for asked, told in here.items() if asked not in spread], Told()).row(f"**{name}: with an answer**")
    yield sum([here[asked] for asked in sorted(spread)], Told()).row(f"**{name}: spread over a session**")


def _halves(archive: Archive) -> Iterator[tuple[Archive, frozenset[str]]]:
    """The archive without half of it, and the sessions of that half: twice of projects, once of sessions."""
    for seed in PROJECT_SEEDS:
        yield parted(archive, f"half-projects-{seed}", gone := half_of_projects(archive, seed)), gone
    sids = [sid for sid, _, _ in in_archive(archive)]
    gone = frozenset(random.Random(SESSIONS_SEED).sample(sids, len(sids) // 2))
    yield parted(archive, "half-sessions", gone), gone


def _told(archive: Archive, asked: Set) -> Told:
    told = Told()
    for question in asked.questions:
        request = Request(question.text, mode="lexical_only", short_ids=False)
        answer = search(archive.places, request, NOW_MS, lambda: 0.0, "/", Freshness())
        unlikely = answer.confidence is not None and answer.confidence < 0.5
        told += Told(1, Counter([answer.rung or "nothing"]), unlikely)
    return told
