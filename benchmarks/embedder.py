"""How fast the stand-alone embedder answers, and whether it ends well: `python -m benchmarks.embedder`.

A model that costs nothing, one text a question, N callers who each wait for their answer before they ask again; with
`--peer PYTHON` also semvec's daemon, of the environment that PYTHON is of (`pip install semvec numpy`), with the same
callers, in turn.  Then SIGTERM while 200 questions are in flight, so often as `--ends` says.
"""

from __future__ import annotations

import argparse
import os
import selectors
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cass.semantic.embedders import wire
from tests.daemon import embedders

CALLERS = (1, 8, 32)
TEXT = " ".join(["benchmark"] * 40)
PEER = """
import asyncio, os, sys, numpy as np
from semvec.embedder.batcher import BatchedEmbedder
from semvec.embedder.server import EmbedderServer
class Model:
    def encode(self, texts, **more):
        return np.ones((len(texts), 384), np.float32)
async def main():
    await EmbedderServer(batcher=BatchedEmbedder(Model(), 384)).serve_unix(sys.argv[1])
    os.write(int(sys.argv[2]), b"READY\\n")
    os.close(int(sys.argv[2]))
    await asyncio.sleep(100000)
asyncio.run(main())
"""


def ours(number: int) -> bytes:
    return wire.question(number, [f"{number} {TEXT}"], wire.QUERY)


def peers(number: int) -> bytes:
    """Its frame: a length and a msgpack map."""
    text = f"{number} {TEXT}".encode()
    body = b"\x82\xaarequest_id\xce" + number.to_bytes(4, "big")
    body += b"\xa5texts\x91\xda" + len(text).to_bytes(2, "big") + text
    return len(body).to_bytes(4, "little") + body


def load(
    path: str, callers: int, seconds: float, question: Callable[[int], bytes], hello: bytes
) -> tuple[float, float]:
    """Answers a second, and the median milliseconds to one."""
    ready, held, asked_s = selectors.DefaultSelector(), {}, {}
    number = 0
    for _ in range(callers):
        caller = socket.socket(socket.AF_UNIX)
        caller.connect(path)
        if hello:
            caller.sendall(hello)
            caller.recv(65_536)
        ready.register(caller, selectors.EVENT_READ)
        held[caller] = bytearray()
        number += 1
        asked_s[caller] = time.perf_counter()
        caller.sendall(question(number))
    took: list[float] = []
    end_s = time.perf_counter() + seconds
    while time.perf_counter() < end_s:
        for key, _ in ready.select():
            caller = key.fileobj
            assert isinstance(caller, socket.socket)
            buffer = held[caller]
            buffer += caller.recv(65_536)
            if len(buffer) < 4 or len(buffer) < 4 + int.from_bytes(buffer[:4], "little"):
                continue
            buffer.clear()
            now_s = time.perf_counter()
            took.append(now_s - asked_s[caller])
            number += 1
            asked_s[caller] = now_s
            caller.sendall(question(number))
    for caller in held:
        caller.close()
    return len(took) / seconds, statistics.median(took) * 1000


@contextmanager
def peer(python: str, path: str) -> Iterator[subprocess.Popen[bytes]]:
    read, written = os.pipe()
    process = subprocess.Popen([python, "-c", PEER, path, str(written)], pass_fds=[written])
    os.close(written)
    with open(read, "rb") as said:
        assert said.read() == b"READY\n"
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def measured(python: str | None, seconds: float, rounds: int) -> None:
    hello = wire.hello()
    print("| callers | who | texts/s | p50 ms |\n| --- | --- | --- | --- |")
    for callers in CALLERS:
        for _ in range(rounds):
            with tempfile.TemporaryDirectory() as folder:
                path = f"{folder}/e.sock"
                with embedders.running(embedders.slow(f"unix://{path}", folder, "0"), folder):
                    rate, ms = load(path, callers, seconds, ours, hello)
                print(f"| {callers} | cass | {rate:,.0f} | {ms:.2f} |", flush=True)
                if python is not None:
                    with peer(python, f"{folder}/p.sock"):
                        rate, ms = load(f"{folder}/p.sock", callers, seconds, peers, b"")
                    print(f"| {callers} | semvec | {rate:,.0f} | {ms:.2f} |", flush=True)


def ends(times: int) -> None:
    """Every question is answered or refused, and the process is gone in time."""
    longest_s, lost, refused = 0.0, 0, 0
    for _ in range(times):
        with tempfile.TemporaryDirectory() as folder:
            url = f"unix://{folder}/e.sock"
            with embedders.running(embedders.slow(url, folder, "20"), folder) as process:
                callers = [embedders.Caller(url) for _ in range(20)]
                for caller in callers:
                    caller.next()
                    for number in range(10):
                        caller.send(embedders.asked(number, f"text {number} of {id(caller)}"))
                began_s = time.perf_counter()
                process.send_signal(signal.SIGTERM)
                found = [end for caller in callers for end in embedders.answers_of(caller, 10)]
                process.wait(60)
                longest_s = max(longest_s, time.perf_counter() - began_s)
                lost += found.count("lost")
                refused += found.count("shutting-down")
    said = f"{lost} lost, {refused} refused, gone after {longest_s:.1f} s at most"
    print(f"\n{times} ends with 200 questions in flight: {said}")


def main() -> int:
    parser = argparse.ArgumentParser("python -m benchmarks.embedder", description=__doc__)
    parser.add_argument("--peer", metavar="PYTHON", help="of an environment with semvec")
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--ends", type=int, default=50)
    asked = parser.parse_args()
    python = str(Path(asked.peer).absolute()) if asked.peer else None
    measured(python, asked.seconds, asked.rounds)
    ends(asked.ends)
    return 0


if __name__ == "__main__":
    sys.exit(main())
