"""The weights of the confidence: a logistic curve over its signs, fitted on questions with an answer and without one.

python -m benchmarks.quality.fit [--data FOLDER]        prints what search/confidence.py has as WEIGHTS and ALWAYS

Half of the projects ask the other half (others than those that `--nonsense` tells of), and four small parts of the
archive are asked what they have and what the rest has, since what is rare among fifty messages is not among 10,000.
Archives that are told apart by their size would teach nothing: each is asked both.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from benchmarks.quality import sessions
from benchmarks.quality.asking import NOW_MS, keep_warm
from benchmarks.quality.known import known_items, known_otherwise
from benchmarks.quality.parts import half_of_projects, in_archive, parted, some_projects
from benchmarks.quality.places import Archive, json_lines, material
from benchmarks.quality.places import sessions as real_sessions
from benchmarks.quality.questions import Set, written
from benchmarks.quality.spread import spread_words
from cass.lexical.opening import Damage
from cass.search.confidence import asked_of, is_sure, signs_of
from cass.search.engine import Search, search
from cass.search.request import Found, Freshness, Request

HALVES = (3, 4)
# Seed, and about how many messages a small part has.
SMALL = ((11, 150), (13, 600), (15, 2_500), (17, 40))
SMALL_PART, SMALL_COUNTS = 2_500, 0.2
# Who remembers three words and a wrong one is not to be denied what is there.
SPREAD_COUNTS, OTHERWISE_COUNTS, HALF_KNOWN, HALF_KNOWN_COUNTS = 2.0, 0.5, "f 3 words + foreign word", 2.0
# Fewer messages are in no session long enough.
LEAST_SPREAD = 100
# So many of the questions with an answer, of large archives and without spread words, are told "probably not" here.
WRONGLY = 0.038
STEPS, PENALTY = 30, 1e-3

Row = tuple[tuple[float, ...] | None, bool, float, bool]  # signs, has it an answer, what it counts, does it set WRONGLY


def main() -> None:
    """Ask, fit, print."""
    parser = argparse.ArgumentParser(prog="benchmarks.quality.fit", description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="a folder with corpus/home and relevance")
    root = material(parser.parse_args().data)
    keep_warm()
    rows = list(_rows(root, real_sessions(root)))
    signs = np.array([row[0] for row in rows if row[0] is not None])
    has = np.array([row[1] for row in rows if row[0] is not None], float)
    counts = np.array([row[2] for row in rows if row[0] is not None])
    weights, always = fitted(signs, has, counts)
    odds = sorted([always + float(weights @ row[0]) if row[0] is not None else 9.0 for row in rows if row[3]])
    always -= odds[int(len(odds) * WRONGLY)]
    print(len(rows), "questions:", [round(float(weight), 3) for weight in weights], round(always, 2))


def fitted(signs: np.ndarray, has: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, float]:
    """Weights and constant of the logistic curve that makes the answers likeliest, by Newton's method.

    signs: (n, k) · has: (n,), 1 where there is an answer · counts: (n,), what each question counts.
    """
    middle, width = signs.mean(0), signs.std(0) + 1e-9
    columns = np.column_stack([(signs - middle) / width, np.ones(len(signs))])
    found = np.zeros(columns.shape[1])
    for _ in range(STEPS):
        likely = 1 / (1 + np.exp(-columns @ found))
        slope = columns.T @ (counts * (has - likely)) - PENALTY * found
        bend = (columns * (counts * likely * (1 - likely))[:, None]).T @ columns + PENALTY * np.eye(len(found))
        found = found + np.linalg.solve(bend, slope)
    weights = found[:-1] / width
    return weights, float(found[-1] - weights @ middle)


def _rows(root: Path, real: Archive) -> Iterator[Row]:
    """Every second question of each set: signs, and what they are for."""
    here = [sessions.errors(real), sessions.functions(real), written(real), *known_items(real)]
    for asked in (sessions.commits(real), sessions.first_sentences(real), *here):
        yield from _asked(asked.archive, asked, True, 1.0, True)
    for name in ("cranfield", "scifact"):
        lines = json_lines(root / "relevance" / name / "queries.jsonl")
        yield from _signs(real, [line["text"] for line in lines][::2], False, 1.0, False)
    for seed in HALVES:
        yield from _part(real, f"fit-half-{seed}", half_of_projects(real, seed))
    for seed, messages in SMALL:
        kept = some_projects(real, seed, messages, 1.2 * messages)
        gone = frozenset([sid for sid, _, _ in in_archive(real)]) - kept
        yield from _part(real, f"fit-small-{seed}", gone, messages)


def _part(real: Archive, name: str, gone: frozenset[str], messages: float = float("inf")) -> Iterator[Row]:
    part = parted(real, name, gone)
    is_large = messages > SMALL_PART
    counts = 1.0 if is_large else SMALL_COUNTS
    for asked in known_items(real, gone):
        yield from _asked(part, asked, False, counts, False)
    for asked in known_items(part):
        yield from _asked(part, asked, True, counts, is_large)
    for asked in known_otherwise(real, gone):
        yield from _asked(part, asked, False, counts * OTHERWISE_COUNTS, False)
    for asked in known_otherwise(part):
        share = HALF_KNOWN_COUNTS if asked.name == HALF_KNOWN else OTHERWISE_COUNTS
        yield from _asked(part, asked, True, counts * share, False)
    for asked in spread_words(part)[1:] if messages >= LEAST_SPREAD else ():  # three are never doubted
        yield from _asked(part, asked, True, counts * SPREAD_COUNTS, False)


def _asked(archive: Archive, asked: Set, has: bool, counts: float, sets: bool) -> Iterator[Row]:
    print(archive.name, asked.name, file=sys.stderr)
    yield from _signs(archive, [question.text for question in asked.questions][::2], has, counts, sets)


def _signs(archive: Archive, texts: Iterable[str], has: bool, counts: float, sets: bool) -> Iterator[Row]:
    for text in texts:
        kept: list[tuple[Search, Found]] = []

        def keep(looking: Search, found: Found, kept: list[tuple[Search, Found]] = kept) -> Found:
            kept.append((looking, found))
            return found

        request = Request(text, mode="lexical_only", short_ids=False)
        search(archive.places, request, NOW_MS, lambda: 0.0, "/", Freshness(), after=keep)
        looking, found = kept[0]
        if found.candidates and not isinstance(looking.reader, Damage):
            asked = asked_of(looking, found, looking.reader)
            signs = None if is_sure(looking, found, asked) else signs_of(looking, found, asked)
            yield signs, has, counts, sets


if __name__ == "__main__":
    main()
