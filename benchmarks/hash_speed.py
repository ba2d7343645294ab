"""How fast the hash embedder is, and what its features are worth.

    python -m benchmarks.hash_speed [--messages 20000]

1. Messages a second in batches, from an empty memory of words and again with a full one, against the least that any
   embedder of words has to do: taking the texts apart and counting.  One text at a time as well, as a query is.
2. Ranking: for each of 1,503 functions of the standard library, does its docstring find its body?  Against plain
   words, each hashed to one place, which is what the embedder `hash-256` was.
"""

from __future__ import annotations

import argparse
import ast
import math
import random
import statistics
import sys
import time
from array import array
from collections import Counter
from collections.abc import Callable, Iterator
from zlib import crc32

from benchmarks.prose import Prose, library_sources
from cass.semantic.embedders.hash import HashEmbedder

MESSAGE_CHARS = 700
BATCH = 512
PAIRS = 1_503
DIM = 256


def messages(count: int) -> list[str]:
    """Four parts of prose and code in turn, with names and commits: some 700 characters."""
    prose, rng = Prose(seed=1), random.Random(1)
    made = []
    for number in range(count):
        parts = [prose.sentence(rng, 350), prose.name(rng), prose.path(rng), prose.hex_id(rng)]
        parts.append(prose.code_lines(rng, 250) if number % 2 else prose.sentence(rng, 250))
        made.append(" ".join(parts)[:MESSAGE_CHARS])
    return made


def words_of(text: str) -> list[str]:
    """Small letters and digits, at least two: what `hash-256` hashed."""
    plain = "".join([char if char.isalnum() else " " for char in text.lower()])
    return [word for word in plain.split() if len(word) > 1]


def plain_words(text: str) -> array[float]:
    sums = [0] * DIM
    for word, count in Counter(words_of(text)).items():
        mixed = crc32(word.encode()) * 0x9E3779B1
        sums[mixed >> 24 & 0xFF] += count if mixed & 0x8000 else -count
    length = math.hypot(*sums) or 1
    return array("f", [each / length for each in sums])


def counted_only(texts: list[str]) -> None:
    for text in texts:
        Counter(words_of(text))


def per_second(work: Callable[[list[str]], object], texts: list[str]) -> float:
    started = time.perf_counter()
    for at in range(0, len(texts), BATCH):
        work(texts[at : at + BATCH])
    return len(texts) / (time.perf_counter() - started)


def one_by_one(embedder: HashEmbedder) -> Callable[[list[str]], object]:
    return lambda texts: [embedder.embed([text]) for text in texts]


def speeds(texts: list[str], rounds: int) -> Iterator[tuple[str, float]]:
    """(what, messages a second), medians; what is compared takes turns."""
    runs: dict[str, list[float]] = {"counting words": [], "from empty": [], "again": [], "one at a time": []}
    HashEmbedder().embed(texts[:BATCH])  # imports numpy
    for _ in range(rounds):
        embedder = HashEmbedder()
        runs["counting words"].append(per_second(counted_only, texts))
        runs["from empty"].append(per_second(embedder.embed, texts))
        runs["again"].append(per_second(embedder.embed, texts))
        single = texts[: len(texts) // 10]
        runs["one at a time"].append(per_second(one_by_one(embedder), single))
    for name, found in runs.items():
        yield name, statistics.median(found)


def docstrings_and_bodies() -> list[tuple[str, str]]:
    """The first paragraph of a function's docstring, and its body without the docstring; the same for one Python."""
    pairs: dict[str, str] = {}
    for source in library_sources():
        lines = source.splitlines()
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and len(node.body) > 1:
                question = (ast.get_docstring(node) or "").split("\n\n")[0].strip()
                body = "\n".join(lines[node.body[1].lineno - 1 : node.end_lineno])
                if len(question.split()) >= 5 and len(body) >= 150:
                    pairs.setdefault(question, body)
    found = list(pairs.items())
    random.Random(1).shuffle(found)
    return found[:PAIRS]


def ranking(embed: Callable[[list[str]], list[array[float]]], pairs: list[tuple[str, str]]) -> tuple[float, float]:
    """(share of questions whose answer is among the first ten, mean reciprocal rank there)."""
    import numpy as np

    questions, bodies = (np.array([v or [0.0] * DIM for v in embed(list(some))]) for some in zip(*pairs, strict=True))
    cosines = questions @ bodies.T
    own = cosines.diagonal()[:, None]
    ranks = (cosines > own).sum(axis=1) + 1
    return float((ranks <= 10).mean()), float(np.where(ranks <= 10, 1 / ranks, 0).mean())


def main() -> int:
    parser = argparse.ArgumentParser(description="Speed and worth of the hash embedder.")
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    rows = dict(speeds(messages(given.messages), given.rounds))
    sys.stdout.write("| what | messages/s | × counting words |\n| --- | ---: | ---: |\n")
    for name, rate in rows.items():
        sys.stdout.write(f"| {name} | {rate:,.0f} | {rate / rows['counting words']:.2f} |\n")
    pairs = docstrings_and_bodies()
    sys.stdout.write(f"\n| docstring → body, {len(pairs)} pairs | R@10 | MRR |\n| --- | ---: | ---: |\n")
    embedders = {"plain words": lambda texts: [plain_words(text) for text in texts], "hash": HashEmbedder().embed}
    for name, embed in embedders.items():
        found, rank = ranking(embed, pairs)
        sys.stdout.write(f"| {name} | {found:.3f} | {rank:.3f} |\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
