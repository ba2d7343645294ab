"""What happened that somebody may ask about later: a line each, newest last."""

from __future__ import annotations

from cass.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from sqlite3 import Connection

STARTED, STOPPED, REST = "started", "stopped", "rest"
FOLLOWS = "follows"
CHUNK, GRAPH, HUNG = "chunk", "graph", "hung"
EVICTED, DROPPED = "evicted", "dropped"
INSTALLED, REMOVED, FETCH = "installed", "removed", "fetch"
FILES_KEPT, FORGOT, COMPACTED = "kept", "forgot", "compacted"
# An event is a few words.  Older ones go, and so do those of longer ago than anybody asks.
KEPT = 10_000
KEPT_MS = 30 * 86_400_000
# The last ones stay, whatever their age: a clock that jumps by a month is no reason to forget why it jumped to work.
KEPT_ANYWAY = 1_000
# Stands in no reason and in no number.
BETWEEN = "\t"
TEXT_CHARS = 300


@record
class Event:
    at_ms: int
    kind: str
    what: str


@record
class ChunkDone:
    """A piece of work on one tier: the `what` of an event of the kind CHUNK.

    because: why it was allowed · stopped: why it ended; "" where nothing was owed any more.
    """

    tier: str
    texts: int
    vectors: int
    failed: int
    seconds: float
    cpu_s: float
    rss_bytes: int
    because: str
    stopped: str = ""

    @property
    def texts_per_s(self) -> float:
        return self.texts / self.seconds if self.seconds else 0.0


def gone_text(kind: str, name: str, size_bytes: int, why: str) -> str:
    """The `what` of an event of the kinds EVICTED and DROPPED."""
    return f"{kind} {name}, {size_bytes} bytes: {why}"


def chunk_text(done: ChunkDone) -> str:
    """As it is kept: its fields, one after the other."""
    return BETWEEN.join([_plain(getattr(done, name)) for name in ChunkDone.__match_args__])


def _plain(value: object) -> str:
    text = f"{value:.3f}" if isinstance(value, float) else str(value)
    return " ".join(text.split())[:TEXT_CHARS]


def chunk_of(event: Event) -> ChunkDone | None:
    """What such an event tells; None for all others, and for those of another version."""
    parts = event.what.split(BETWEEN)
    if event.kind != CHUNK or len(parts) != len(ChunkDone.__match_args__):
        return None
    tier, texts, vectors, failed, seconds, cpu_s, rss_bytes, because, stopped = parts
    try:
        counts = int(texts), int(vectors), int(failed)
        return ChunkDone(tier, *counts, float(seconds), float(cpu_s), int(rss_bytes), because, stopped)
    except ValueError:
        return None


def note_events(connection: Connection, events: Iterable[Event]) -> None:
    """Write them down; what is too old goes but for the last thousand, and all but the last ten thousand."""
    rows = [(event.at_ms, event.kind, event.what) for event in events]
    if not rows:
        return
    connection.executemany("INSERT INTO events(at_ms, kind, what) VALUES(?, ?, ?)", rows)
    oldest_ms = max(row[0] for row in rows) - KEPT_MS
    last: int = connection.execute("SELECT max(id) FROM events").fetchone()[0]
    sql = "DELETE FROM events WHERE id <= ? OR (at_ms < ? AND id <= ?)"
    connection.execute(sql, (last - KEPT, oldest_ms, last - KEPT_ANYWAY))


def last_of(connection: Connection, kinds: Sequence[str]) -> Event | None:
    """The newest one of these kinds, as they were written: clocks are set back."""
    marks = ", ".join("?" * len(kinds))
    sql = f"SELECT at_ms, kind, what FROM events WHERE kind IN ({marks}) ORDER BY id DESC LIMIT 1"
    row = connection.execute(sql, tuple(kinds)).fetchone()
    return None if row is None else Event(*row)


def last_events(connection: Connection, count: int, kind: str | None = None) -> list[Event]:
    """The newest ones, newest first; of one kind, if named."""
    sql = "SELECT at_ms, kind, what FROM events WHERE ? IS NULL OR kind=? ORDER BY id DESC LIMIT ?"
    return [Event(*row) for row in connection.execute(sql, (kind, kind, count))]
