"""Questions made from real sessions: commits, first sentences, errors that went away, functions that were written.

What is asked must not simply stand there again: the messages that a question was taken from are left out of the
archive it is put to, where the answer is more than that one message.
"""

from __future__ import annotations

import random
import re
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from benchmarks.quality.places import Archive, without
from benchmarks.quality.questions import Question, Set

SEED = 20_261_121
MOST = 150
SHELL = ("Bash", "shell", "shell_command", "run_shell_command", "exec_command")
_COMMIT = re.compile(r"git commit\b[^\n]*?-m\s*(?:\"\$\(cat <<-?\s*'?EOF'?\s*\n\s*([^\n]+)|\"([^\"\n$]+)|'([^'\n]+))")
_SENTENCE = re.compile(r"[^.!?\n。！？]+")
_ERROR = re.compile(r"^.*\b(?:[Ee]rror|ERROR|panic|fatal|undefined|[Cc]annot|not found|Exception)\b.*$", re.M)
_PLACE = re.compile(r"(?:[A-Za-z]:)?(?:\.{0,2}/)?(?:[\w.@~-]+/)+[\w.@-]*|:\d+(?::\d+)?|\x1b\[[0-9;]*m|0x[0-9a-f]+")
_GO = re.compile(r"^// (?P<name>\w+) (?P<does>[^\n]+)\n(?://[^\n]*\n)*func (?:\([^)]*\) )?(?P=name)\b", re.M)
_PYTHON = re.compile(r"^ *(?:async )?def \w+\([^)]*\)[^:\n]*:\n\s+\"\"\"(?P<does>[^\n\"]+)", re.M)
_SCRIPT = re.compile(r"/\*\*\s*\n?\s*\*? ?(?P<does>[^\n*]+)[^/]*\*/\s*\n\s*(?:export )?(?:async )?(?:function|const) ")

_CALLS = """SELECT s.sid, m.id, m.ordinal, coalesce(g.text, ''), coalesce(b.call, ''), t.text
    FROM blocks b JOIN messages m ON m.id=b.message JOIN sessions s ON s.id=m.session JOIN texts t ON t.id=b.text
    LEFT JOIN strings g ON g.id=b.tool WHERE b.kind=? ORDER BY s.id, m.ordinal, b.ord"""
CALL, RESULT = 2, 3
_FIRST = """SELECT s.sid, t.text, min(m.ordinal) FROM sessions s JOIN messages m ON m.session=s.id AND m.role=0
    JOIN blocks b ON b.message=m.id AND b.kind=0 JOIN texts t ON t.id=b.text
    WHERE s.messages>=6 AND s.parent IS NULL GROUP BY s.id ORDER BY s.sid"""
_WITH = """SELECT DISTINCT m.id FROM messages m JOIN blocks b ON b.message=m.id JOIN texts t ON t.id=b.text
    WHERE instr(t.text, ?)"""


@dataclass(frozen=True)
class Block:
    """A tool call or what it gave; `call` joins the two."""

    sid: str
    message: int
    ordinal: int
    tool: str
    call: str
    text: str


def commits(archive: Archive) -> Set:
    """A commit's subject → the session that made it, without the messages in which the subject stands."""
    with archive.connect() as connection:
        made: dict[str, set[str]] = defaultdict(set)
        for block in _blocks(connection, CALL):
            if block.tool in SHELL:
                for found in _COMMIT.finditer(block.text):
                    made[next(filter(None, found.groups())).strip()].add(block.sid)
        kept = _some({text: sids for text, sids in made.items() if len(text.split()) >= 4})
        gone = _messages_with(connection, kept, "")
    return _set("a commits", without(archive, "commits", gone), kept)


def first_sentences(archive: Archive) -> Set:
    """The first sentence somebody typed → its session, without that message."""
    with archive.connect() as connection:
        typed: dict[str, set[str]] = defaultdict(set)
        for sid, text, _ in connection.execute(_FIRST):
            sentence = next((each.strip() for each in _SENTENCE.findall(text) if each.strip()), "")
            if len(sentence.split()) >= 5 and len(sentence) <= 200 and not sentence.startswith(("<", "/", "#", "`")):
                typed[sentence].add(sid)
        kept = _some(typed)
        gone = _messages_with(connection, kept, " AND m.role=0")
    return _set("b first sentences", without(archive, "first", gone), kept)


def errors(archive: Archive) -> Set:
    """An error line → the session in which the same command later ran without any."""
    with archive.connect() as connection:
        commands = {(b.sid, b.call): b.text[:120] for b in _blocks(connection, CALL) if b.tool in SHELL and b.call}
        pending: dict[tuple[str, str], list[str]] = defaultdict(list)
        fixed: dict[str, set[str]] = defaultdict(set)
        for block in _blocks(connection, RESULT):
            command = commands.get((block.sid, block.call))
            if command is None:
                continue
            lines = [_plain(line) for line in _ERROR.findall(block.text[:20_000])]
            if not lines:
                for line in pending.pop((block.sid, command), ()):
                    fixed[line].add(block.sid)
            pending[block.sid, command] += [line for line in lines[:1] if 4 <= len(line.split()) <= 30]
    return _set("c errors", archive, _some(fixed))


def functions(archive: Archive) -> Set:
    """What a function does, by the comment over it and without its name → the session that wrote it."""
    with archive.connect() as connection:
        does: dict[str, set[str]] = defaultdict(set)
        for block in _blocks(connection, CALL):
            if block.tool in ("Edit", "Write", "MultiEdit", "apply_patch"):
                new = block.text.partition("+++ new")[2] or block.text
                new = re.sub(r"^\+", "", new, flags=re.M)
                for found in (found for form in (_GO, _PYTHON, _SCRIPT) for found in form.finditer(new)):
                    does[found["does"].strip().rstrip(".")].add(block.sid)
    return _set("d functions", archive, _some({text: sids for text, sids in does.items() if len(text.split()) >= 5}))


def _blocks(connection: sqlite3.Connection, kind: int) -> Iterator[Block]:
    for row in connection.execute(_CALLS, (kind,)):
        yield Block(*row)


def _messages_with(connection: sqlite3.Connection, texts: Iterable[str], also: str) -> set[int]:
    return {row[0] for text in texts for row in connection.execute(_WITH + also, (text,))}


def _plain(line: str) -> str:
    """An error as another machine would print it: no folders, no line numbers, no addresses."""
    return " ".join(_PLACE.sub(" ", line).split())


def _some(found: dict[str, set[str]]) -> dict[str, set[str]]:
    """At most MOST of them, always the same ones."""
    names = sorted(text for text, sids in found.items() if len(sids) <= 3)
    return {name: found[name] for name in sorted(random.Random(SEED).sample(names, min(MOST, len(names))))}


def _set(name: str, archive: Archive, found: dict[str, set[str]]) -> Set:
    asked = tuple(Question(text, dict.fromkeys(sorted(sids), 1)) for text, sids in found.items())
    return Set(name, archive, "session", asked)
