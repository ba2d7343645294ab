"""Measure how well things are found: all sets, the modes that are asked for, one table.

python -m benchmarks.quality --modes fts5,lexical --sets a,b,cranfield
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from benchmarks.quality import known, nonsense, sessions, spread
from benchmarks.quality.asking import MODES, Asked, keep_warm, why_not
from benchmarks.quality.places import FOLDER, Archive, NotHere, collection, embed, material
from benchmarks.quality.places import sessions as real_sessions
from benchmarks.quality.questions import WRITTEN, Set, collected, written
from benchmarks.quality.scores import Scores, mean, score
from benchmarks.quality.table import markdown, picture


def main() -> int:
    """Build what is missing, ask, print."""
    options = _options()
    try:
        root = material(options.data)
    except NotHere as missing:
        print(f"skipped: {missing}", file=sys.stderr)
        return 0
    keep_warm()
    if options.nonsense:
        real = real_sessions(root)
        known_here = [sessions.commits(real), sessions.first_sentences(real), sessions.errors(real)]
        known_here += [sessions.functions(real), written(real), *known.known_items(real), *spread.spread_words(real)]
        for line in nonsense.rungs(root, real, known_here):
            print(line, end="", flush=True)
        return 0
    modes = MODES if options.modes == "all" else options.modes.split(",")
    _report(options.out, root, modes, options)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.quality", description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="a folder with corpus/home and relevance")
    parser.add_argument("--modes", default="fts5,lexical", help="`all`, or of " + ", ".join(MODES))
    parser.add_argument("--sets", default="", help="only sets whose names begin so, with commas")
    parser.add_argument("--models", type=Path, help="derived/models of a data folder: embed with MiniLM before")
    parser.add_argument("--embed", action="store_true", help="embed before, the fast tier only without --models")
    parser.add_argument("--out", type=Path, default=FOLDER, help="where table.md and plot.svg go")
    parser.add_argument("--nonsense", action="store_true", help="only how unanswerable questions are answered")
    return parser.parse_args()


def _report(out: Path, root: Path, modes: Sequence[str], options: argparse.Namespace) -> None:
    """Ask all sets in all modes; print the table, and leave it and the picture in `out`."""
    measured: dict[tuple[str, str], Scores] = {}
    counts: dict[str, int] = {}
    embedding = options.embed or options.models is not None
    for each in sets(root, tuple(options.sets.split(",")), embedding, options.models):
        counts[each.name] = len(each.questions)
        for mode in modes:
            if why := why_not(each.archive, mode):
                print(f"{each.name}, {mode}: skipped: {why}", file=sys.stderr)
            else:
                measured[each.name, mode] = measure(each, mode)
    text = markdown(measured, counts)
    print(text)
    out.mkdir(parents=True, exist_ok=True)
    (out / "table.md").write_text(text, encoding="utf-8")
    (out / "plot.svg").write_text(picture(measured), encoding="utf-8")


def sets(root: Path, wanted: tuple[str, ...], embedding: bool, models: Path | None) -> Iterator[Set]:
    """The sets whose names begin as one of `wanted`, in the order of the table."""

    def ready(archive: Archive) -> Archive:
        if embedding:
            embed(archive, models)
        return archive

    of_real: list[tuple[str, Callable[[Archive], list[Set]]]] = [
        ("a commits", lambda real: [sessions.commits(real)]),
        ("b first", lambda real: [sessions.first_sentences(real)]),
        ("c errors", lambda real: [sessions.errors(real)]),
        ("d functions", lambda real: [sessions.functions(real)]),
        ("e written", lambda real: [written(real)] if WRITTEN.exists() else []),
        ("f known", known.known_items),
        ("g spread", spread.spread_words),
    ]
    asked = [make for name, make in of_real if name.startswith(wanted)]
    if asked:
        real = ready(real_sessions(root))
        for make in asked:
            yield from make(real)
    for name in ("cranfield", "scifact"):
        if name.startswith(wanted):
            yield collected(root, ready(collection(root, name)))


_open: dict[str, Asked] = {}


def measure(asked: Set, mode: str) -> Scores:
    """The means of a set in one mode; how long it took goes to stderr."""
    archive = asked.archive
    if archive.name not in _open:
        _open.clear()
        _open[archive.name] = Asked(archive)
    opened = _open[archive.name]
    ask, scores, spent_s = opened.way(mode), [], 0.0
    for question in asked.questions:
        started_s = time.perf_counter()
        places = ask(question.text)
        spent_s += time.perf_counter() - started_s
        keys = [place.key(asked.unit) for place in places]
        scores.append(score(keys, question.right, opened.near_copies(places[:10])))
    got = mean(scores)
    each_ms = spent_s * 1000 / len(asked.questions)
    print(f"{asked.name}, {mode}: nDCG@10 {got.ndcg10:.4f}, hit@1 {got.hit1:.3f}, {each_ms:.1f} ms", file=sys.stderr)
    return got


if __name__ == "__main__":
    sys.exit(main())
