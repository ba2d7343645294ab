"""What a tier tried in vain: texts that failed alone, how often and why, and the rest it takes when its embedder fails.

The row of text 0, which no text has, is the tier's own: its embedder was to blame, so it counts against no text.
"""

from __future__ import annotations

from cass.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from sqlite3 import Connection

# A text that fails so often, alone, is given up: where `worker.max_attempts` says nothing else.
MAX_ATTEMPTS = 3
# After the first failure, and after all that follow.
BACK_OFF_MS = (60_000, 600_000)
# As long as a rest is taken, whatever an embedder says about its server.
LONGEST_REST_MS = 3_600_000
ERROR_CHARS = 500
TIER = 0

_FAILED = """
    INSERT INTO attempts VALUES(?, ?, ?, 1, ?, ?) ON CONFLICT DO UPDATE
    SET count=count+1, next_try_ms=? + CASE WHEN count+1<2 THEN ? ELSE ? END, error=excluded.error"""

_OF = "tier=? AND (? IS NULL OR embedder=?)"


@record
class Attempts:
    """Texts of a tier that are not to be tried now: given up, or tried again later, the first of them at `next_ms`."""

    dead: tuple[int, ...] = ()
    waiting: tuple[int, ...] = ()
    again: tuple[int, ...] = ()  # failed before, and due
    next_ms: int | None = None


@record
class Rest:
    """A tier rests until then, because its embedder failed so often in a row."""

    until_ms: int
    reason: str
    failures: int = 1

    def lasts(self, now_ms: int) -> bool:
        """No rest is so long that only a clock that was set back explains it."""
        return now_ms < self.until_ms <= now_ms + LONGEST_REST_MS


def attempts_of(
    connection: Connection, tier: str, embedder: str, now_ms: int, max_attempts: int = MAX_ATTEMPTS
) -> Attempts:
    """What failed with this embedder."""
    sql = "SELECT text, count, next_try_ms FROM attempts WHERE tier=? AND embedder=? AND text<>? ORDER BY text"
    dead: list[int] = []
    waiting: list[int] = []
    again: list[int] = []
    times: list[int] = []
    for text, count, next_try_ms in connection.execute(sql, (tier, embedder, TIER)):
        # Longer than any back-off: the clock was set back, and nobody waits for it to catch up.
        waits = now_ms < (next_try_ms or 0) <= now_ms + max(BACK_OFF_MS)
        into = dead if count >= max_attempts else waiting if waits else again
        into.append(text)
        if into is waiting:
            times.append(next_try_ms)
    return Attempts(tuple(dead), tuple(waiting), tuple(again), min(times, default=None))


def rest_of(connection: Connection, tier: str, embedder: str) -> Rest | None:
    """The rest that the tier takes, or took before the last failure was mended."""
    sql = "SELECT next_try_ms, error, count FROM attempts WHERE text=? AND tier=? AND embedder=?"
    row = connection.execute(sql, (TIER, tier, embedder)).fetchone()
    return None if row is None else Rest(*row)


def rests(connection: Connection, tier: str, embedder: str | None) -> list[Rest]:
    """The rest that the tier takes or took if that embedder failed and has not worked since; None: whichever did."""
    sql = f"SELECT next_try_ms, error, count FROM attempts WHERE text=? AND {_OF} ORDER BY next_try_ms"
    return [Rest(*row) for row in connection.execute(sql, (TIER, tier, embedder, embedder))]


def last_dead(
    connection: Connection, tier: str, embedder: str | None, max_attempts: int = MAX_ATTEMPTS
) -> tuple[int, str] | None:
    """When a text was to be tried again that was given up last, and why it was; None where none was."""
    sql = (
        f"SELECT next_try_ms, error FROM attempts WHERE count>=? AND text<>? AND {_OF}"
        " ORDER BY next_try_ms DESC LIMIT 1"
    )
    row = connection.execute(sql, (max_attempts, TIER, tier, embedder, embedder)).fetchone()
    return None if row is None else (row[0] or 0, row[1] or "")


def count_dead(connection: Connection, tier: str, embedder: str | None, max_attempts: int = MAX_ATTEMPTS) -> int:
    """Texts of a tier that were given up with this embedder; None: with any.  Another one may do them."""
    sql = f"SELECT count(*) FROM attempts WHERE count>=? AND text<>? AND {_OF}"
    number: int = connection.execute(sql, (max_attempts, TIER, tier, embedder, embedder)).fetchone()[0]
    return number


def note_failures(connection: Connection, tier: str, embedder: str, failed: Mapping[int, str], now_ms: int) -> None:
    """One attempt more for each of these texts; text → what went wrong."""
    soon, later = BACK_OFF_MS
    rows = [
        (text, tier, embedder, now_ms + soon, error[:ERROR_CHARS], now_ms, soon, later)
        for text, error in sorted(failed.items())
    ]
    connection.executemany(_FAILED, rows)


def forget_failures(connection: Connection, tier: str, embedder: str, texts: Iterable[int]) -> None:
    """These texts went in at last."""
    rows = [(text, tier, embedder) for text in texts]
    connection.executemany("DELETE FROM attempts WHERE text=? AND tier=? AND embedder=?", rows)


def note_rest(connection: Connection, tier: str, embedder: str, rest: Rest) -> None:
    """The embedder failed: the tier is left alone until then."""
    row = (TIER, tier, embedder, rest.failures, rest.until_ms, rest.reason[:ERROR_CHARS])
    connection.execute("INSERT OR REPLACE INTO attempts VALUES(?, ?, ?, ?, ?, ?)", row)


def end_rest(connection: Connection, tier: str, embedder: str) -> None:
    """The embedder works."""
    forget_failures(connection, tier, embedder, [TIER])


def retry_dead(connection: Connection, tier: str | None = None, max_attempts: int = MAX_ATTEMPTS) -> int:
    """Give what was given up, of one tier or of all, as many tries again; how many texts that are."""
    sql = "DELETE FROM attempts WHERE count>=? AND text<>? AND (? IS NULL OR tier=?)"
    return connection.execute(sql, (max_attempts, TIER, tier, tier)).rowcount
