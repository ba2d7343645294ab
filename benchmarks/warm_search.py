"""What a search costs where database and index are open already: four words of one message, in process.

    python -m benchmarks.warm_search --messages 1000000 [--questions 300]

The words are as those of benchmarks/quality's known items: each stands in 0.1 to 5 % of the messages.  Whole answers:
query, ranking, grouping, ten hits with their snippets.  `ranking` is the same with no hits printed.
"""

from __future__ import annotations

import argparse
import gc
import random
import sqlite3
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from benchmarks.as_you_type import percentile
from benchmarks.cold_search import index_once
from benchmarks.measure import Meanwhile
from benchmarks.places import CACHE, ensure_home, installed
from cass.lexical.reader import LexicalReader, open_reader
from cass.paths import Places, places
from cass.query.words import tokens
from cass.search.request import Freshness, Request
from cass.search.warm import Warm

SEED = 4
WORDS = 4
LOOK_EVERY = 20  # questions, at how fast the machine is
LEAST_SHARE, MOST_SHARE = 0.001, 0.05
_SAID = """SELECT t.text FROM blocks b JOIN texts t ON t.id=b.text WHERE b.message=? ORDER BY b.ord"""


def questions(where: Places, count: int) -> list[str]:
    """So many times four telling words of one message, drawn with a fixed seed."""
    reader = open_reader(where.lexical)
    assert isinstance(reader, LexicalReader)
    rng = random.Random(SEED)
    asked: list[str] = []
    with sqlite3.connect(f"file:{where.database}?mode=ro", uri=True) as connection:
        (last,) = connection.execute("SELECT max(id) FROM messages").fetchone()
        while len(asked) < count:
            said = " ".join(text for (text,) in connection.execute(_SAID, (rng.randint(1, last),)))
            telling = sorted(word for word in set(tokens(said)) if _is_telling(reader, word))
            if len(telling) >= WORDS:
                asked.append(" ".join(rng.sample(telling, WORDS)))
    return asked


def _is_telling(reader: LexicalReader, word: str) -> bool:
    if len(word) < 3 or not (word.isascii() and word.isalpha()):
        return False
    return LEAST_SHARE <= reader.frequency(word) / reader.documents <= MOST_SHARE


def ask(where: Places, asked: Sequence[str], limit: int, bare: Meanwhile) -> list[tuple[float, float]]:
    """(wall clock, processor) milliseconds of each question of the second half; the first half warms up.

    Each is asked once, so that nothing remembered of it makes it faster.  `bare` looks how fast the machine is.
    """
    gc.freeze()  # as `cass search --stdio` does
    warm = Warm(where)
    spent = []
    for text in asked:
        request = Request(text, limit=limit, mode="lexical_only")
        if len(spent) % LOOK_EVERY == 0:
            bare.look()
        spent.append(_spent_ms(partial(warm.search, request, 0, time.monotonic, "/", Freshness())))
    warm.let_go()
    return spent[len(asked) // 2 :]


def _spent_ms(do: Callable[[], object]) -> tuple[float, float]:
    wall_s, own_s = time.perf_counter(), time.thread_time()
    do()
    return (time.perf_counter() - wall_s) * 1000, (time.thread_time() - own_s) * 1000


def table(rows: Sequence[tuple[str, Sequence[tuple[float, float]]]]) -> str:
    lines = ["| | p50 ms | p99 ms | slowest | cpu p50 | cpu p99 |\n| --- |" + " ---: |" * 5]
    for name, spent in rows:
        wall, own = [each[0] for each in spent], [each[1] for each in spent]
        numbers = (statistics.median(wall), percentile(wall, 0.99), max(wall))
        numbers += (statistics.median(own), percentile(own, 0.99))
        lines.append(f"| {name} | {' | '.join(f'{one:.2f}' for one in numbers)} |")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--questions", type=int, default=300)
    parser.add_argument("--data", type=Path, help="a data folder that stands already; nothing is made or indexed")
    given = parser.parse_args()
    if given.data is None:
        home, data = CACHE / f"home-{given.messages}", CACHE / f"data-{given.messages}"
        ensure_home(home, given.messages)
        where = places(index_once(home, data, installed()))
    else:
        where = places({"HOME": str(given.data), "CASS_DATA_DIR": str(given.data)})
    asked = questions(where, 2 * given.questions)
    bare = Meanwhile()
    rows = [(name, ask(where, asked, limit, bare)) for name, limit in (("ten hits", 10), ("ranking", 0))]
    sys.stdout.write(f"\n{given.questions} questions, each asked once\n\n{table(rows)}\n")
    sys.stdout.write(f"\n`python -c pass` took {bare.ms:.1f} ms meanwhile\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
