"""Time whole processes against each other: wall clock, processor time, peak memory.

Commands take turns, so a slow moment of the machine falls on all of them.  Numbers are medians with their extremes,
and the ratio to a named baseline is the only one worth comparing between machines.

Peak memory comes from `wait4`.  Linux counts what the parent had at the moment of the fork, so whoever calls this
should be small: the benchmarks import nothing beyond the standard library.

    python -m benchmarks.measure --rounds 31 --baseline pass pass='python -c pass' json='python -c "import json"'
"""

from __future__ import annotations

import argparse
import os
import shlex
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

BYTES_PER_MAXRSS = 1 if sys.platform == "darwin" else 1024


@dataclass(frozen=True)
class Run:
    """One process from its start to its end."""

    wall_ms: float
    cpu_ms: float
    rss_mb: float
    exit_code: int


@dataclass(frozen=True)
class Command:
    """`argv[0]` is looked up in PATH; `env` replaces the environment where given."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str] | None = None
    allowed: tuple[int, ...] = (0,)


@dataclass(frozen=True)
class Summary:
    """Medians over the rounds, the extremes of the wall clock."""

    name: str
    wall_ms: float
    fastest_ms: float
    slowest_ms: float
    cpu_ms: float
    rss_mb: float
    rounds: int


def run(command: Command, stdout: str = os.devnull) -> Run:
    """Start the command, wait for its end.  Its output goes to the file `stdout`, errors stay visible."""
    env = dict(os.environ if command.env is None else command.env)
    into = [(os.POSIX_SPAWN_OPEN, 1, stdout, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)]
    started = time.perf_counter_ns()
    pid = os.posix_spawnp(command.argv[0], list(command.argv), env, file_actions=into)
    _, status, usage = os.wait4(pid, 0)
    wall_ms = (time.perf_counter_ns() - started) / 1e6
    code = os.waitstatus_to_exitcode(status)
    if code not in command.allowed:
        raise SystemExit(f"{command.name} ended with {code}: {shlex.join(command.argv)}")
    cpu_ms = (usage.ru_utime + usage.ru_stime) * 1e3
    return Run(wall_ms, cpu_ms, usage.ru_maxrss * BYTES_PER_MAXRSS / 1e6, code)


def compare(commands: Sequence[Command], rounds: int, warm_up: int = 2) -> list[Summary]:
    """Run all commands in turn, `rounds` times after `warm_up` uncounted ones."""
    runs: dict[str, list[Run]] = {command.name: [] for command in commands}
    for number in range(warm_up + rounds):
        for command in commands:
            done = run(command)
            if number >= warm_up:
                runs[command.name].append(done)
    return [summary(name, each) for name, each in runs.items()]


@dataclass
class Meanwhile:
    """How fast the machine is while something else is timed: what `python -c pass` takes, looked at in between."""

    python: str = sys.executable

    def __post_init__(self) -> None:
        self._took_ms: list[float] = []

    def look(self, times: int = 1) -> None:
        self._took_ms += [run(Command("pass", [self.python, "-c", "pass"])).wall_ms for _ in range(times)]

    @property
    def ms(self) -> float:
        return statistics.median(self._took_ms)


def summary(name: str, runs: Sequence[Run]) -> Summary:
    walls = [each.wall_ms for each in runs]
    cpu, rss = (statistics.median(values) for values in zip(*((r.cpu_ms, r.rss_mb) for r in runs), strict=True))
    return Summary(name, statistics.median(walls), min(walls), max(walls), cpu, rss, len(walls))


def table(summaries: Sequence[Summary], baseline: str) -> str:
    """A Markdown table; `ratio` is the median wall clock over the baseline's."""
    base = next(each.wall_ms for each in summaries if each.name == baseline)
    head = (
        f"| command | median ms | min-max ms | cpu ms | peak MB | x {baseline} |\n"
        "| --- | ---: | ---: | ---: | ---: | ---: |\n"
    )
    return head + "".join(
        f"| {s.name} | {s.wall_ms:.1f} | {s.fastest_ms:.1f}-{s.slowest_ms:.1f} | {s.cpu_ms:.1f} "
        f"| {s.rss_mb:.0f} | {s.wall_ms / base:.2f} |\n"
        for s in summaries
    )


def main() -> int:
    parser = argparse.ArgumentParser(description="Time whole processes against each other.")
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--baseline", help="name of a command; the first one if left out")
    parser.add_argument("commands", nargs="+", metavar="NAME='COMMAND'")
    given = parser.parse_args()
    commands = [Command(name, shlex.split(line)) for name, _, line in (one.partition("=") for one in given.commands)]
    sys.stdout.write(table(compare(commands, given.rounds), given.baseline or commands[0].name))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
