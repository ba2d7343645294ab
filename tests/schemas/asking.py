"""A machine on which there is something of everything, and ways to ask it for JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cass.demo import restore_samples
from tests.archive import FIRST_MS, Home, answers, calls, make_home, says


def full_home(folder: Path) -> Home:
    """Sessions of four agents; one of them lost messages, one its file, one has a torn line.  Indexed twice."""
    home = make_home(folder)
    restore_samples(home.home)
    home.claude(
        "tools",
        "a naïve walrus 🦭 sleeps",
        says("assistant", "I look", calls("Bash", "c1", command="ls /w")),
        says("user", answers("c1", "a.py\nb.py", is_error=True)),
        says("assistant", "the walrus is in a.py"),
        title="Walrus ☃",
    )
    home.claude("shrunk", "a walrus stays", "a walrus goes", "another walrus goes")
    home.claude("deleted", "a walrus in a file that the agent deletes", start_ms=FIRST_MS - 1)
    home.index()
    home.claude("shrunk", "a walrus stays")
    home.path("deleted").unlink()
    with home.append("tools", "one more walrus").open("ab") as file:
        file.write(b'{"torn\n')
    home.index()
    return home


def ask(home: Home, *argv: str, codes: tuple[int, ...] = (0,)) -> Any:
    """What the program printed: one object, on one line."""
    (said,) = ask_lines(home, *argv, codes=codes)
    return said


def ask_lines(home: Home, *argv: str, codes: tuple[int, ...] = (0,)) -> list[Any]:
    """What the program printed: an object a line."""
    done = home.cass(*argv)
    assert done.returncode in codes, done.stdout + done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]
