"""How fast the stand-alone embedder answers, and whether it ends well: `python -m benchmarks.embedder`.

A model that costs nothing, one text a question, N callers who each wait for their answer before they ask again; with
`--peer PYTHON` also semvec's daemon, of the environment that PYTHON is of (`pip install semvec numpy`), with the same
callers, in turn.  With `--model DATA` the model that is installed in that data folder, eight callers beside eight texts
at a time without any process between.  Then SIGTERM while 200 questions are in flight, so often as `--ends` says.
"""

from __future__ import annotations

import argparse
import builtins
import keyword
import os
import random
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
from cass.semantic.embedders.onnx import open_model
from tests.daemon import embedders

CALLERS = (1, 8, 32)
AT_A_TIME = 8
WORDS = [*keyword.kwlist, *dir(builtins)]
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
    began_s = now_s = time.perf_counter()
    waiting = callers
    while waiting:  # to the last answer: what nobody waits for any more would be made all the same
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
            if now_s - began_s >= seconds:
                waiting -= 1
                continue
            number += 1
            asked_s[caller] = now_s
            caller.sendall(question(number))
    for caller in held:
        caller.close()
    return len(took) / (now_s - began_s), statistics.median(took) * 1000


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


def question_of_words(number: int) -> bytes:
    return wire.question(number, [text_of_words(number)], wire.QUERY)


def text_of_words(number: int) -> str:
    """Sixty words, no two texts alike, all of about one length."""
    pick = random.Random(number)
    return " ".join([pick.choice(WORDS) for _ in range(60)])


def modelled(data: str, seconds: float, rounds: int) -> None:
    """Texts a second of a real model: wall clock, and by the processor time of whoever runs the model."""
    print(f"\n| the model of {data} | texts/s | texts per CPU second |\n| --- | --- | --- |")
    for _ in range(rounds):
        rate, cpu_rate = directly(data, seconds)
        print(f"| {AT_A_TIME} at a time, directly | {rate:.0f} | {cpu_rate:.0f} |")
        rate, cpu_rate = through(data, seconds)
        print(f"| {AT_A_TIME} callers | {rate:.0f} | {cpu_rate:.0f} |", flush=True)


def directly(data: str, seconds: float) -> tuple[float, float]:
    model = open_model(data, "minilm")
    assert model is not None
    model.load()
    texts = [text_of_words(number) for number in range(AT_A_TIME)]
    model.embed(texts)
    began_s, cpu_s, count = time.perf_counter(), time.process_time(), 0
    while time.perf_counter() - began_s < seconds:
        count += len(model.embed([text_of_words(count + number) for number in range(AT_A_TIME)]))
    return count / (time.perf_counter() - began_s), count / (time.process_time() - cpu_s)


def through(data: str, seconds: float) -> tuple[float, float]:
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/e.sock"
        command = ["-m", "cass.embedder", "--listen", f"unix://{path}", "--data-dir", data, "--ready-fd"]
        with embedders.running(command, folder) as process:
            load(path, AT_A_TIME, 1.0, question_of_words, wire.hello())
            before_s, began_s = cpu_of(process.pid), time.perf_counter()
            rate, _ = load(path, AT_A_TIME, seconds, lambda number: question_of_words(number + 10**6), wire.hello())
            return rate, rate * (time.perf_counter() - began_s) / (cpu_of(process.pid) - before_s)


def cpu_of(pid: int) -> float:
    """Processor seconds that a process has had (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


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
    parser.add_argument("--model", metavar="DATA", help="a data folder in which MiniLM is installed")
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--ends", type=int, default=50)
    asked = parser.parse_args()
    python = str(Path(asked.peer).absolute()) if asked.peer else None
    measured(python, asked.seconds, asked.rounds)
    if asked.model:
        modelled(asked.model, asked.seconds, asked.rounds)
    ends(asked.ends)
    return 0


if __name__ == "__main__":
    sys.exit(main())
