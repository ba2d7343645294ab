"""Codex CLI, Desktop and IDE: rollout files under CODEX_HOME, some of them compressed, and what threads are called."""

from __future__ import annotations

import os

from cass.connectors.base import TITLE_GENERATED, Checkpoint, Root, Session, SourceProblem
from cass.connectors.codex_rollout import Rollout
from cass.connectors.codex_text import string
from cass.connectors.common import first_line
from cass.connectors.jsonl import lines, parse
from cass.connectors.packed import is_packed, plain_path, unpacked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from cass.connectors.base import Item, Source, Surroundings

AGENT = "codex"

_INDEX = "session_index.jsonl"


def roots(around: Surroundings) -> list[Root]:
    """`sessions`, `archived_sessions` and the index of thread names in CODEX_HOME."""
    home = around.named("CODEX_HOME", "~/.codex")
    return [
        Root(os.path.join(home, _INDEX)),
        Root(os.path.join(home, "sessions"), depth=4),
        Root(os.path.join(home, "archived_sessions"), depth=4),
    ]


def enters(folder: str) -> bool:
    """Sessions stand in folders by year, month and day."""
    return not os.path.basename(folder).startswith(".")


def claims(path: str) -> bool:
    """Rollouts, anything archived, and the index of thread names.  What was compressed counts while it is not plain."""
    if is_packed(path):
        plain = plain_path(path)
        return plain.endswith(".jsonl") and _is_session(plain) and not os.path.exists(plain)
    return os.path.basename(path) == _INDEX or _is_session(path)


def _is_session(path: str) -> bool:
    folder, name = os.path.split(path)
    if name.startswith("rollout-"):
        return name.endswith((".jsonl", ".json"))
    return name.endswith(".jsonl") and os.path.basename(folder) == "archived_sessions"


def only_names(path: str) -> bool:
    """The index: what threads are called."""
    return os.path.basename(path) == _INDEX


def read(source: Source) -> Iterator[Item]:
    """Give a rollout's session and messages; of the index only what its threads are called."""
    if only_names(source.path):
        return _names(source)
    return unpacked(source, _session) if is_packed(source.path) else _session(source)


def _session(source: Source) -> Iterator[Item]:
    rollout = Rollout(source)
    return rollout.document() if source.path.endswith(".json") else rollout.lines()


def _names(source: Source) -> Iterator[Item]:
    offset, number = (source.resume.offset, source.resume.line) if source.resume else (0, 0)
    for line in lines(source):
        value = parse(source, line)
        if line.ended:
            offset, number = line.end, line.number
        if isinstance(value, SourceProblem):
            yield value
        elif value and (thread := string(value.get("id"))) and (name := string(value.get("thread_name"))):
            yield Session(thread, title=first_line(name), title_rank=TITLE_GENERATED)
    yield Checkpoint(offset, number, {})
