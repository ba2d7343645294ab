"""How fast the quality tier's model is, against fastembed with its defaults, each in a process of its own.

    cass models install --data-dir build/bench/int8
    cass models install --data-dir build/bench/fp32 --variant fp32
    python -m benchmarks.minilm_speed --int8 build/bench/int8 --fp32 build/bench/fp32

Texts are pieces of the standard library's sources, 149 tokens on average after the cut at 256.  Rounds take turns, so
a slow moment of the machine falls on all; the figures are medians, the ratio is the one to compare.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.measure import Meanwhile
from benchmarks.prose import library_sources
from cass.semantic.embedders.onnx import open_model
from cass.semantic.models import Model, find

NAME = "minilm"
# Chosen so that the texts have about 148 tokens on average, some of them more than the model reads.
SHORTEST, LONGEST = 90, 1008
LOOKS = 5  # at how fast the machine is, before and after all texts
OURS, FASTEMBED, FASTEMBED_SMALL = "ours, int8", "fastembed, fp32, batch 256", "fastembed, int8, batch 8"
KINDS = (OURS, "ours, fp32", FASTEMBED, FASTEMBED_SMALL)


def texts(count: int) -> list[str]:
    """The same for the same Python version."""
    rng = random.Random(1)
    whole = "\n".join(itertools.islice(library_sources(), 200))
    starts = (rng.randrange(len(whole) - LONGEST) for _ in range(count))
    return [whole[start : start + rng.randint(SHORTEST, LONGEST)] for start in starts]


def fastembed(model: Model, batch: int) -> tuple[Callable[[Sequence[str]], Any], Any]:
    """The same file through fastembed, one thread; how to embed, and its tokenizer."""
    from fastembed import TextEmbedding
    from fastembed.common.model_description import ModelSource, PoolingType

    TextEmbedding.add_custom_model(
        model="cass/minilm",
        pooling=PoolingType.DISABLED,
        normalization=False,
        sources=ModelSource(hf="none/none"),
        dim=model.dim,
        model_file="model.onnx",
        output_name="sentence_embedding",
    )
    loaded = TextEmbedding("cass/minilm", specific_model_path=model.folder, threads=1)
    return lambda given: list(loaded.embed(given, batch_size=batch)), loaded.model.tokenizer


def one(kind: str, data: str, count: int, seconds: float) -> dict[str, float]:
    """What one process measures: time to the first vector, texts a second, peak memory."""
    given = texts(count)
    started_s = time.perf_counter()
    embed = _embedder(kind, data)
    embed(["how do we retry a failed payment"])
    cold_s = time.perf_counter() - started_s
    rate, pass_ms = _rate(embed, given, seconds)
    query = [_timed(lambda: embed(["where was the cache removed"])) for _ in range(21)]
    rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    found = {"cold_ms": cold_s * 1e3, "rate": rate, "query_ms": statistics.median(query) * 1e3, "rss_mb": rss / 1e6}
    return found | {"pass_ms": pass_ms}


def _rate(embed: Callable[[Sequence[str]], Any], given: Sequence[str], seconds: float) -> tuple[float, float]:
    """Texts a second, and the milliseconds that `python -c pass` takes meanwhile."""
    bare, spent_s, done = Meanwhile(), 0.0, 0
    while spent_s < seconds:
        bare.look(LOOKS)
        spent_s += _timed(lambda: embed(given))
        done += len(given)
    bare.look(LOOKS)
    return done / spent_s, bare.ms


def _embedder(kind: str, data: str) -> Callable[[Sequence[str]], Any]:
    if kind.startswith("ours"):
        ours = open_model(data, NAME)
        assert ours is not None
        ours.load()
        return ours.embed
    model = find(data, NAME)
    assert model is not None
    return fastembed(model, 256 if kind == FASTEMBED else 8)[0]


def _timed(call: Callable[[], Any]) -> float:
    started_s = time.perf_counter()
    call()
    return time.perf_counter() - started_s


def same_vectors(data: str) -> float:
    """The largest difference between a component of ours and fastembed's, from the same file, text by text."""
    model = find(data, NAME)
    assert model is not None
    given = texts(16)
    theirs, ours = fastembed(model, 1)[0](given), open_model(data, NAME)
    assert ours is not None
    ours.load()
    mine = [ours.embed([text])[0] for text in given]
    return max(abs(a - b) for one, other in zip(mine, theirs, strict=True) for a, b in zip(one, other, strict=True))


def rounds(args: argparse.Namespace) -> dict[str, list[dict[str, float]]]:
    found: dict[str, list[dict[str, float]]] = {kind: [] for kind in KINDS}
    for _ in range(args.rounds):
        for kind in KINDS:
            data = args.int8 if "int8" in kind else args.fp32
            command = [sys.executable, "-m", __spec__.name, "--one", kind, "--int8", data, "--fp32", data]
            command += ["--texts", str(args.texts), "--seconds", str(args.seconds)]
            env = os.environ | {"TOKENIZERS_PARALLELISM": "false", "PYTHONWARNINGS": "ignore"}
            done = subprocess.run(command, stdout=subprocess.PIPE, check=True, env=env)
            found[kind].append(json.loads(done.stdout))
    return found


def table(found: dict[str, list[dict[str, float]]]) -> str:
    def median(kind: str, key: str) -> float:
        return statistics.median(each[key] for each in found[kind])

    lines = [f"| one thread | texts/s | x {FASTEMBED} | first vector ms | a query ms | peak MB | texts a `pass` |"]
    lines += ["| --- | ---: | ---: | ---: | ---: | ---: | ---: |"]
    base = median(FASTEMBED, "rate")
    for kind, each in found.items():
        rate, cold, query, rss = (median(kind, key) for key in ("rate", "cold_ms", "query_ms", "rss_mb"))
        a_pass = statistics.median(one["rate"] * one["pass_ms"] / 1e3 for one in each)
        row = f"| {kind} | {rate:.1f} | {rate / base:.2f} | {cold:.0f} | {query:.1f} | {rss:.0f} | {a_pass:.2f} |"
        lines.append(row)
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description="Time the quality tier's model.")
    parser.add_argument("--int8", required=True, help="a data folder with the int8 model")
    parser.add_argument("--fp32", required=True, help="a data folder with the fp32 model")
    parser.add_argument("--texts", type=int, default=256)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--one", choices=KINDS)
    args = parser.parse_args()
    if args.one:
        sys.stdout.write(json.dumps(one(args.one, args.int8, args.texts, args.seconds)))
        return 0
    sys.stdout.write(table(rounds(args)))
    sys.stdout.write(f"fastembed's vectors from the same int8 file differ by {same_vectors(args.int8):.1e} at most\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
