"""One synthetic session as the bytes that an agent would have written.

A message is one turn: a prompt, an answer with its tool call, or a tool's result.  `Made.text_bytes` counts what a
reader would index of them: texts, arguments of tools and their output, and no envelope.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from benchmarks.prose import Prose


@dataclass(frozen=True)
class Law:
    """How long texts are: log-normal around `median` characters, cut off at both ends."""

    median: float
    spread: float
    least: int
    most: int

    def draw(self, rng: random.Random, share: float) -> int:
        chars = self.median * share * math.exp(rng.gauss(0.0, self.spread))
        return int(min(self.most, max(self.least, chars)))


# What is said, and what tools print.  `short`: about 700 characters a message, most of them alike.  `real`: as measured
# on 11,800 messages of real sessions, where half have under 400 characters and the mean is 1,600: a tool's output in
# twenty has over 10,000, up to the 65,536 that are kept of one.
LENGTHS = {
    "short": (Law(500.0, 0.9, 100, 4000), Law(500.0, 0.9, 100, 4000)),
    "real": (Law(330.0, 1.5, 20, 20_000), Law(430.0, 2.0, 20, 65_536)),
}
MODELS = ("claude-opus-4-5", "claude-sonnet-4-5", "claude-haiku-4-5")


@dataclass
class Made:
    """A session on its way to the disk."""

    id: str
    cwd: str
    branch: str
    now_ms: int
    started_ms: int
    lines: list[str] = field(default_factory=list)
    messages: int = 0
    text_bytes: int = 0
    parent: str = "null"  # JSON: the line before, which makes the session one unbranched path
    names: list[str] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)

    def stamp(self) -> str:
        return (
            datetime.fromtimestamp(self.now_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{self.now_ms % 1000:03}Z"
        )

    def count(self, *texts: str) -> None:
        self.messages += 1
        self.text_bytes += sum(map(len, texts))


class Author:
    """Writes sessions: holds the random numbers and the prose."""

    def __init__(self, prose: Prose, rng: random.Random, lengths: str = "short") -> None:
        self.prose = prose
        self.rng = rng
        self._said, self._printed = LENGTHS[lengths]
        self.projects = [f"/home/dev/work/{prose.name(rng).lower()}" for _ in range(40)]

    def uuid(self) -> str:
        digits = f"{self.rng.getrandbits(128):032x}"
        return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"

    def start(self, started_ms: int) -> Made:
        """An empty session with the names that will come back in it."""
        rng, prose = self.rng, self.prose
        branch = "main" if rng.random() < 0.5 else f"fix/{rng.choice(prose.nouns)}-{rng.choice(prose.nouns)}"
        made = Made(self.uuid(), rng.choice(self.projects), branch, started_ms, started_ms)
        made.names = [prose.name(rng) for _ in range(12)]
        made.paths = [prose.path(rng) for _ in range(6)]
        return made

    def size(self, share: float = 1.0) -> int:
        return self._said.draw(self.rng, share)

    def output_size(self, share: float = 1.0) -> int:
        return self._printed.draw(self.rng, share)

    def wait(self, made: Made) -> None:
        made.now_ms += int(self.rng.expovariate(1 / 20_000)) + 1

    def text(self, made: Made, size: int) -> str:
        """Prose with the session's names in it, at times with code, a commit or a new name."""
        rng, prose = self.rng, self.prose
        half = size // 2
        middle = f" `{rng.choice(made.names)}` in {rng.choice(made.paths)}:{int(rng.random() * 800)} "
        chance = rng.random()
        if chance < 0.2:
            middle += f"({prose.hex_id(rng)}) "
        elif chance < 0.4:
            middle += f"and {prose.name(rng)} "
        if chance > 0.75 and size > 400:
            code = prose.code_lines(rng, half)
            return f"{prose.sentence(rng, half)}{middle}\\n\\n```\\n{code}\\n```"
        return prose.sentence(rng, half) + middle + prose.sentence(rng, half)

    def output(self, made: Made, size: int) -> str:
        """What a command prints: a traceback, a listing of matches, or a log."""
        rng, prose = self.rng, self.prose
        chance = rng.random()
        if chance < 0.25:
            return prose.traceback(rng, rng.choice(made.paths))
        if chance < 0.6:
            path = rng.choice(made.paths)
            return f"{path}:{int(rng.random() * 900)}:" + prose.code_lines(rng, size)
        day = made.stamp()
        return f"{day} INFO {rng.choice(made.names)} {prose.hex_id(rng)}\\n" + prose.sentence(rng, size)


Step = Callable[[Author, Made], None]


def rounds(author: Author, made: Made, wanted: int, prompt: Step, call: Step, answer: Step) -> None:
    """Prompt, some calls with their results, an answer; again until `wanted` messages are there."""
    while made.messages < wanted:
        prompt(author, made)
        while author.rng.random() < 0.85 and made.messages < wanted - 2:
            call(author, made)
        answer(author, made)


def command(author: Author, made: Made) -> str:
    """A shell command over the session's own files."""
    rng = author.rng
    path, name = rng.choice(made.paths), rng.choice(made.names)
    which = int(rng.random() * 4)
    if which == 0:
        return f"python -m pytest {path} -k {name} -x --tb=short"
    if which == 1:
        return f"rg -n '{name}' {path}"
    if which == 2:
        return f"git log --oneline -20 -- {path}"
    return f"cd {made.cwd} && make {name} 2>&1 | tail -40"
