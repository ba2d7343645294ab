"""Make a HOME full of synthetic sessions: `python -m benchmarks.generate --messages 200000 --out FOLDER`.

Four of five sessions are Claude Code's, the fifth is Codex's, in the forms those agents write.  Sessions are spread
over months, files carry the time of their last message.  One session is held in memory at a time.
"""

from __future__ import annotations

import argparse
import json
import os
import random
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks import claude_lines, codex_lines
from benchmarks.prose import Prose
from benchmarks.sessions import LENGTHS, Author, Made

CLAUDE_SHARE = 0.8
PER_SESSION = 65
END_MS = 1_769_817_600_000  # 2026-01-31: fixed, so that a seed names the same bytes for ever
MONTH_MS = 30 * 86_400_000


@dataclass
class Totals:
    """What was written; `text_bytes` is what a reader would index of `source_bytes`."""

    files: int = 0
    messages: int = 0
    source_bytes: int = 0
    text_bytes: int = 0


def sessions(
    seed: int, per_session: int = PER_SESSION, months: int = 6, lengths: str = "short"
) -> Iterator[tuple[str, Made]]:
    """(path below HOME, session) without end; the same seed gives the same row."""
    rng = random.Random(seed)
    author = Author(Prose(seed), rng, lengths)
    while True:
        started_ms = END_MS - int(rng.random() * months * MONTH_MS)
        wanted = max(4, int(rng.gauss(per_session, per_session / 4)))
        agent = claude_lines if rng.random() < CLAUDE_SHARE else codex_lines
        yield agent.write(author, started_ms, wanted)


def write_session(home: Path, relative: str, made: Made) -> int:
    """Write one file with its time; gives its bytes."""
    path = home / relative
    path.parent.mkdir(parents=True, exist_ok=True)
    content = ("\n".join(made.lines) + "\n").encode()
    path.write_bytes(content)
    os.utime(path, (made.now_ms / 1000, made.now_ms / 1000))
    return len(content)


def generate(
    home: Path,
    seed: int = 1,
    messages: int | None = None,
    megabytes: float | None = None,
    per_session: int = PER_SESSION,
    lengths: str = "short",
) -> Totals:
    """Fill `home` until one of the two limits is reached; `lengths` is one of `benchmarks.sessions.LENGTHS`."""
    totals = Totals()
    for relative, made in sessions(seed, per_session, lengths=lengths):
        if messages is not None and totals.messages >= messages:
            break
        if megabytes is not None and totals.source_bytes >= megabytes * 1_000_000:
            break
        totals.source_bytes += write_session(home, relative, made)
        totals.files += 1
        totals.messages += made.messages
        totals.text_bytes += made.text_bytes
    return totals


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    limit = parser.add_mutually_exclusive_group(required=True)
    limit.add_argument("--messages", type=int)
    limit.add_argument("--megabytes", type=float)
    parser.add_argument("--per-session", type=int, default=PER_SESSION)
    parser.add_argument("--lengths", choices=LENGTHS, default="short")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    totals = generate(given.out, given.seed, given.messages, given.megabytes, given.per_session, given.lengths)
    print(json.dumps(asdict(totals)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
