"""The tables that everything stands on, and the steps from one version of them to the next.

A step is a tuple of statements, run in one transaction together with the new version number.  Steps are only ever
added at the end.  docs/architecture.md says what each table is for.
"""

from __future__ import annotations

# 8 KiB pages: 1.16 x the text on disk instead of 1.27 x, at the same speed.
PAGE_BYTES = 8192

# `flags` of a message.
GONE = 1  # the agent's file no longer contains it
OFF_PATH = 2  # on a branch that was left
OWN = 4  # a call of cass itself, or what it printed
COPY = 8  # another message has the same document: only that one is in the lexical index

# Tables that hold nothing that was said: missing ones break nothing and are made anew, empty.
SPARED = ("events", "attempts")

_FIRST = (
    "CREATE TABLE meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID",
    "INSERT INTO meta VALUES('change', 0), ('messages', 0), ('indexed_ms', NULL)",
    "CREATE TABLE strings(id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE)",
    """CREATE TABLE files(
        id INTEGER PRIMARY KEY, agent TEXT NOT NULL, path TEXT NOT NULL UNIQUE, external_id TEXT,
        size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, inode INTEGER NOT NULL,
        head BLOB, offset INTEGER NOT NULL, line INTEGER NOT NULL, state TEXT, resumable INTEGER NOT NULL,
        complete INTEGER NOT NULL, gone INTEGER NOT NULL DEFAULT 0, read_ms INTEGER NOT NULL)""",
    "CREATE TABLE folders(path TEXT PRIMARY KEY, agent TEXT NOT NULL, mtime_ns INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE TABLE problems(file INTEGER NOT NULL, line INTEGER, what TEXT NOT NULL)",
    "CREATE INDEX problems_by_file ON problems(file)",
    """CREATE TABLE sessions(
        id INTEGER PRIMARY KEY, sid TEXT NOT NULL UNIQUE, agent INTEGER NOT NULL, external_id TEXT NOT NULL,
        parent TEXT, workspace INTEGER, branch INTEGER, model INTEGER, title TEXT, title_rank INTEGER NOT NULL,
        started_ms INTEGER, ended_ms INTEGER, messages INTEGER NOT NULL, next_gone INTEGER NOT NULL, file INTEGER)""",
    "CREATE INDEX sessions_by_end ON sessions(ended_ms)",
    "CREATE INDEX sessions_by_workspace ON sessions(workspace)",
    "CREATE INDEX sessions_by_parent ON sessions(parent) WHERE parent IS NOT NULL",
    "CREATE INDEX sessions_by_file ON sessions(file)",
    "CREATE TABLE texts(id INTEGER PRIMARY KEY, hash INTEGER NOT NULL, text TEXT NOT NULL)",
    "CREATE INDEX texts_by_hash ON texts(hash)",
    """CREATE TABLE messages(
        id INTEGER PRIMARY KEY, session INTEGER NOT NULL, ordinal INTEGER NOT NULL, role INTEGER NOT NULL,
        created_ms INTEGER, flags INTEGER NOT NULL, doc INTEGER NOT NULL, change INTEGER NOT NULL,
        line INTEGER, start INTEGER, end INTEGER)""",
    "CREATE INDEX messages_by_session ON messages(session, ordinal)",
    "CREATE INDEX messages_by_doc ON messages(doc)",
    "CREATE INDEX messages_by_change ON messages(change)",
    "CREATE INDEX messages_by_time ON messages(created_ms)",
    """CREATE TABLE blocks(
        message INTEGER NOT NULL, ord INTEGER NOT NULL, kind INTEGER NOT NULL, tool INTEGER, call TEXT,
        flags INTEGER NOT NULL, text INTEGER NOT NULL, PRIMARY KEY(message, ord)) WITHOUT ROWID""",
    "CREATE TABLE removals(change INTEGER PRIMARY KEY, doc INTEGER NOT NULL)",
    """CREATE TABLE attempts(
        text INTEGER NOT NULL, tier TEXT NOT NULL, embedder TEXT NOT NULL, count INTEGER NOT NULL,
        next_try_ms INTEGER, error TEXT, PRIMARY KEY(text, tier, embedder)) WITHOUT ROWID""",
    "CREATE TABLE tombstones(hash INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL)",
    "CREATE TABLE events(id INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, kind TEXT NOT NULL, what TEXT NOT NULL)",
)

# What was met in a file and is not stored: a workspace that is left out, or a line that asks for it.
_SKIPPED = (
    """CREATE TABLE skipped(
        file INTEGER NOT NULL, sid TEXT NOT NULL, external_id TEXT NOT NULL, why TEXT NOT NULL, workspace TEXT,
        PRIMARY KEY(file, sid)) WITHOUT ROWID""",
    "CREATE INDEX skipped_by_sid ON skipped(sid)",
)

# How the files were when they were read (store/look.py).  Among the short values of `meta` SQLite would read it through
# for each one that it looks up: 0.5 ms of a search over 2,000 files.
_LOOK = ("CREATE TABLE look(id INTEGER PRIMARY KEY CHECK(id=1), shelves BLOB)", "DELETE FROM meta WHERE key='look'")

# By which version of its agent's reader a file was read from its start (store/readers.py).  All were at 1 when this was
# first noted, so that an archive of before has nothing to read anew; SQLite writes no row for it.
_READERS = ("ALTER TABLE files ADD COLUMN reader INTEGER NOT NULL DEFAULT 1",)

MIGRATIONS: tuple[tuple[str, ...], ...] = (_FIRST, _SKIPPED, _LOOK, _READERS)
VERSION = len(MIGRATIONS)

# `flags` of a block.
ERROR = 1
OWN_BLOCK = 2

ROLES = ("user", "assistant", "tool", "system", "summary")
KINDS = ("text", "thinking", "tool_call", "tool_result", "image", "notice")
