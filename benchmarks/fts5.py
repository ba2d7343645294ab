"""The yardstick: the same work in one Python file on SQLite's own full-text index (FTS5).

    python benchmarks/fts5.py build HOME DATABASE       read every session, store and index each message
    python benchmarks/fts5.py query DATABASE WORDS...   ten best messages with snippets, as JSON

It reads the lines of `generate.py` and nothing else, knows no update, no sub-agent, no title and no damaged file.
"""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

SCHEMA = """
CREATE TABLE messages(id INTEGER PRIMARY KEY, path TEXT, line INTEGER, role TEXT, created TEXT, text TEXT);
CREATE VIRTUAL TABLE words USING fts5(text, content='messages', content_rowid='id', tokenize='unicode61');
"""
BEST = """
SELECT m.path, m.line, m.role, m.created, snippet(words, 0, '', '', '...', 40), bm25(words)
FROM words JOIN messages m ON m.id = words.rowid WHERE words MATCH ? ORDER BY bm25(words) LIMIT 10
"""


def texts_of(content: object) -> Iterator[str]:
    """The texts in a message's content: a string, or blocks of text, tool calls and results."""
    if isinstance(content, str):
        yield content
    elif isinstance(content, list):
        for block in content:
            for key in ("text", "thinking", "content"):
                yield from texts_of(block.get(key))
            yield from (value for value in (block.get("input") or {}).values() if isinstance(value, str))


def texts_of_item(payload: dict[str, object]) -> Iterator[str]:
    """The texts of a Codex item."""
    yield from texts_of(payload.get("content"))
    for key in ("arguments", "output"):
        value = payload.get(key)
        if isinstance(value, str):
            yield value


def messages(path: Path) -> Iterator[tuple[str, int, str, str, str]]:
    """(path, line, role, time, text) of one file."""
    with path.open(encoding="utf-8") as file:
        for number, raw in enumerate(file, 1):
            line = json.loads(raw)
            kind = line["type"]
            if kind in ("user", "assistant"):
                text = "\n".join(texts_of(line["message"]["content"]))
                yield str(path), number, kind, line["timestamp"], text
            elif kind == "response_item":
                payload = line["payload"]
                yield (
                    str(path),
                    number,
                    payload.get("role", "tool"),
                    line["timestamp"],
                    "\n".join(texts_of_item(payload)),
                )


def build(home: Path, database: Path) -> None:
    database.unlink(missing_ok=True)
    db = sqlite3.connect(database)
    db.execute("PRAGMA journal_mode=WAL")
    db.executescript(SCHEMA)
    for path in sorted([*home.glob(".claude/projects/*/*.jsonl"), *home.glob(".codex/sessions/*/*/*/*.jsonl")]):
        db.executemany("INSERT INTO messages(path, line, role, created, text) VALUES (?,?,?,?,?)", messages(path))
    db.execute("INSERT INTO words(words) VALUES ('rebuild')")
    db.execute("INSERT INTO words(words) VALUES ('optimize')")
    db.commit()


def query(database: str, words: list[str]) -> None:
    db = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    wanted = " ".join('"' + word.replace('"', '""') + '"' for word in words)
    keys = ("path", "line", "role", "created", "snippet", "score")
    hits = [dict(zip(keys, row, strict=True)) for row in db.execute(BEST, (wanted,))]
    total = db.execute("SELECT count(*) FROM words WHERE words MATCH ?", (wanted,)).fetchone()[0]
    json.dump({"hits": hits, "total_matches": total}, sys.stdout)


if __name__ == "__main__":
    if sys.argv[1] == "build":
        build(Path(sys.argv[2]), Path(sys.argv[3]))
    else:
        query(sys.argv[2], sys.argv[3:])
