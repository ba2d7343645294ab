"""Does `cass serve` stand 32 callers at full rate, and a fuzzer?  `python -m benchmarks.serve`.

Load: N callers, each asks again as soon as it has its answer, mostly searches; requests a second, the times, what was
not 200, and the server's memory over time.  With `--fuzzer PATH` (schemathesis' program, which stays outside) then
every route of the OpenAPI document for so many seconds: any 500, any answer that the document does not describe, any
that takes longer than the half a minute after which the server itself gives up.  Only this machine is talked to.
"""

from __future__ import annotations

import argparse
import http.client
import json
import multiprocessing
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.generate import generate

REPO = Path(__file__).resolve().parents[1]
# Where no model is installed the one that is always there stands in, and where sidecars are asked for it runs in one.
MODEL = "hash"
PATHS = (
    "/v1/search?query=error+handling",
    "/v1/search?query=database+connection&limit=3",
    "/v1/search?query=test&role=user&sort=newest",
    "/v1/sessions?limit=5",
    "/v1/pack?query=config&max-tokens=1000",
    "/v1/search?query=refactor+parser&group=none",
    "/v1/ready",
    "/metrics",
)
BODY = json.dumps({"input": ["where is the connection refused", "raise the pool size"]})
PROCESSES = 4
CONFIG = """
[checks]
not_a_server_error.expected-statuses = ["2xx", "4xx", "503"]
"""
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


def environment(folder: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(REPO),
        "HOME": str(folder / "home"),
        "CASS_DATA_DIR": str(folder / "data"),
        "CASS_CONFIG_DIR": str(folder / "config"),
        "CASS_CACHE_DIR": str(folder / "cache"),
        "CASS_RUNTIME_DIR": str(folder / "run"),
        "CASS_SEMANTIC_EMBEDDER": MODEL,
    }


@contextmanager
def served(folder: Path, *more: str) -> Iterator[tuple[int, str]]:
    """The server's process and its URL."""
    command = [sys.executable, "-m", "cass", "serve", "--port", "0", *more]
    process = subprocess.Popen(command, env=environment(folder), stderr=subprocess.PIPE, text=True, cwd=folder)
    assert process.stderr is not None
    url = next(found[1] for line in process.stderr if (found := re.search(r"answers at (\S+)", line)))
    reading = threading.Thread(target=process.stderr.read, daemon=True)
    reading.start()
    try:
        yield process.pid, url
    finally:
        began_s = time.perf_counter()
        process.terminate()
        code = process.wait(20)
        print(f"ended with {code} after {time.perf_counter() - began_s:.1f} s")
        cass(folder, "worker", "stop")


def cass(folder: Path, *argv: str) -> None:
    command = [sys.executable, "-m", "cass", *argv]
    subprocess.run(command, env=environment(folder), check=False, cwd=folder, capture_output=True)


def call(host: str, number: int, until_s: float) -> tuple[Counter[str], list[float]]:
    """One caller, over a connection that stays: how its requests ended, and what each took, in ms."""
    ended: Counter[str] = Counter()
    took: list[float] = []
    asked = http.client.HTTPConnection(host, timeout=30)
    while time.monotonic() < until_s:
        number += 1
        began_s = time.perf_counter()
        try:
            if number % (len(PATHS) + 1):
                asked.request("GET", PATHS[number % len(PATHS)])
            else:
                asked.request("POST", "/v1/embeddings", BODY, {"Content-Type": "application/json"})
            answer = asked.getresponse()
            answer.read()
            ended[str(answer.status)] += 1
        except (OSError, http.client.HTTPException) as lost:
            ended[type(lost).__name__] += 1
            asked.close()
        took.append(1000 * (time.perf_counter() - began_s))
    asked.close()
    return ended, took


def callers(host: str, first: int, count: int, until_s: float) -> tuple[Counter[str], list[float]]:
    """So many of them, in threads of one process."""
    found: list[tuple[Counter[str], list[float]]] = []
    threads = [
        threading.Thread(target=lambda at=at: found.append(call(host, 7 * at, until_s)))
        for at in range(first, first + count)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum((ended for ended, _ in found), Counter()), [ms for _, took in found for ms in took]


def load(pid: int, url: str, count: int, seconds: float) -> None:
    """Print what came of it."""
    host, until_s = url.removeprefix("http://"), time.monotonic() + seconds
    sizes: list[float] = []
    with multiprocessing.get_context("spawn").Pool(PROCESSES) as pool:
        each = count // PROCESSES
        asking = [pool.apply_async(callers, (host, each * at, each, until_s)) for at in range(PROCESSES)]
        while time.monotonic() < until_s:
            sizes.append(rss_mb(pid))
            time.sleep(1)
        found = [one.get() for one in asking]
    ended = sum((one for one, _ in found), Counter())
    took = sorted(ms for _, some in found for ms in some)
    print(f"{count} callers, {seconds:.0f} s: {len(took)} requests, {len(took) / seconds:.0f}/s, ended: {dict(ended)}")
    print(f"p50 {statistics.median(took):.1f} ms, p99 {took[int(len(took) * 0.99)]:.1f} ms, longest {took[-1]:.0f} ms")
    quarters = [sizes[len(sizes) * at // 4] for at in range(4)] + [sizes[-1]]
    print("memory, MB, by quarters: " + ", ".join(f"{size:.0f}" for size in quarters))


def rss_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024  # type: ignore[index]


def fuzz(fuzzer: str, url: str, seconds: float, folder: Path) -> int:
    """Print what it found; its exit code."""
    config = folder / "schemathesis.toml"
    config.write_text(CONFIG)
    command = [fuzzer, "--config-file", str(config), "run", f"{url}/v1/openapi.json", "--max-time", f"{seconds:.0f}"]
    more = ["--checks", CHECKS, "--request-timeout", "35", "--continue-on-failure", "--no-color", "--workers", "2"]
    return subprocess.run([*command, *more, "--max-examples", "100000"], check=False, cwd=folder).returncode


def main() -> int:
    parser = argparse.ArgumentParser("python -m benchmarks.serve", description=__doc__)
    parser.add_argument("--messages", type=int, default=5000)
    parser.add_argument("--callers", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--fuzzer", help="schemathesis' program")
    parser.add_argument("--fuzz-seconds", type=float, default=600)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="cass") as name:
        folder = Path(name)
        generate(folder / "home", messages=asked.messages)
        cass(folder, "index")
        if asked.seconds:
            with served(folder) as (pid, url):
                load(pid, url, asked.callers, asked.seconds)
        if asked.fuzzer:
            with served(folder) as (pid, url):
                code = fuzz(os.path.abspath(asked.fuzzer), url, asked.fuzz_seconds, folder)
                print(f"memory afterwards, MB: {rss_mb(pid):.0f}")
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
