"""What a tier of vectors owes: the texts that count, less those that are settled, newest first.

A text counts as soon as one block of it was said, thought, called or answered; images and notices do not count, nor do
calls of cass itself and what they printed.  What is settled is handed in: what the tier has, what it tried in vain.
"""

from __future__ import annotations

from cass.records import record
from cass.store.hits import marks
from cass.store.schema import KINDS, OWN_BLOCK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from sqlite3 import Connection

    Row = tuple[int, int, int]  # time, text, kind

# A text in blocks of several kinds is read as the first of these: they stand in the order of their weight.
COUNTED = KINDS.index("tool_result") + 1
UNKNOWN = 255
# Two numbers each, 16 MB; what is owed beyond that is planned when these are taken.
MOST_PLANNED = 1_000_000
# What a vector's key has room for; a message that claims to be of a later year is as new as one can be.
LAST_MS = (1 << 47) - 1
FETCHED = 50

_SAID = (
    "SELECT m.created_ms, b.text, b.kind FROM messages m CROSS JOIN blocks b ON b.message=m.id"
    f" WHERE b.kind<{COUNTED} AND b.flags & {OWN_BLOCK}=0"
)
_NEWEST_FIRST = " ORDER BY m.created_ms DESC, m.id DESC, b.ord"


@record
class OwedText:
    """A text to embed: the kind of block that it counts as, and the time of the newest message with it."""

    id: int
    kind: str
    text: str
    newest_ms: int


@record
class Tally:
    """How far a tier is.  All texts that were last said at `covers_since_ms` or later are in; None without any."""

    eligible: int
    done: int
    owed: int
    covers_since_ms: int | None

    @property
    def coverage(self) -> float:
        """The share of the eligible texts that is in; all of nothing is 1."""
        return self.done / self.eligible if self.eligible else 1.0


class Owed:
    """The texts that one tier owes, to be taken in batches.  What was taken once does not come again.

    One look at all blocks plans them; what is indexed later comes first at the next `take`.  A connection that only
    reads will do, and no statement stays open in between.  `change`: up to there all was looked at.
    """

    def __init__(self, connection: Connection, settled: Iterable[int], most: int = MOST_PLANNED) -> None:
        self._connection = connection
        self._most = most
        self._settled = _marked(settled)
        self._plan()

    def _plan(self) -> None:
        from array import array  # brings collections along, 3 ms, and `status` only counts here

        self._ids, self._times, self._at = array("q"), array("q"), 0
        self._arrived: list[tuple[int, int]] = []
        self._unplanned = 0
        self._kinds = bytearray()
        self._connection.execute("BEGIN")  # all of it as it stands at one moment
        try:
            self.change = last_change(self._connection)
            self._make_room(_last_text(self._connection))
            self._walk(self._connection.execute(_SAID + _NEWEST_FIRST))
        finally:
            self._connection.execute("COMMIT")

    def _make_room(self, last: int) -> None:
        self._kinds += bytes([UNKNOWN]) * (last + 1 - len(self._kinds))
        self._settled += bytes(max(0, last + 1 - len(self._settled)))

    def _walk(self, rows: Iterable[Row]) -> None:
        """Plan what is owed; local names, since this is done for every block of the archive."""
        kinds, settled, add_id, add_time = self._kinds, self._settled, self._ids.append, self._times.append
        room = self._most
        for time_ms, text, kind in rows:
            before = kinds[text]
            if kind < before:
                kinds[text] = kind
                if before == UNKNOWN and not settled[text]:
                    room -= 1
                    if room >= 0:
                        add_id(text)
                        add_time(time_ms or 0)
        self._unplanned = max(0, -room)

    @property
    def eligible(self) -> int:
        """Texts that count, settled ones too."""
        return len(self._kinds) - self._kinds.count(UNKNOWN)

    @property
    def left(self) -> int:
        """Texts that were not taken yet."""
        return len(self._arrived) + len(self._ids) - self._at + self._unplanned

    @property
    def newest_left_ms(self) -> int | None:
        """The time of the newest of them; None where none is left."""
        times = [time_ms for time_ms, _ in self._arrived[:1]]
        times += self._times[self._at : self._at + 1] if self._at < len(self._ids) else []
        return max(times, default=None)

    def take(self, count: int, most_chars: int) -> list[OwedText]:
        """The next texts: at most `count`, and no more once they have `most_chars`; [] when nothing is owed."""
        self._look()
        if self._at == len(self._ids) and self._unplanned:
            self._plan()
        taken: list[OwedText] = []
        chars = 0
        while len(taken) < count and chars < most_chars:
            some = self._fetch(self._next(min(FETCHED, count - len(taken))))
            if not some:
                break
            taken += some
            chars += sum([len(each.text) for each in some])
        return taken

    def _look(self) -> None:
        """Was anything indexed since?"""
        change = last_change(self._connection)
        if change == self.change:
            return
        rows = self._connection.execute(f"{_SAID} AND m.change>?{_NEWEST_FIRST}", (self.change,)).fetchall()
        self._make_room(_last_text(self._connection))
        self._arrived = sorted([*self._arrived, *self._new(rows)], reverse=True)
        self.change = change

    def _new(self, rows: Iterable[Row]) -> Iterator[tuple[int, int]]:
        """(time, text) of the texts that are owed and met for the first time."""
        for time_ms, text, kind in rows:
            before = self._kinds[text]
            self._kinds[text] = min(kind, before)
            if before == UNKNOWN and not self._settled[text]:
                yield time_ms or 0, text

    def _next(self, count: int) -> list[tuple[int, int]]:
        """(time, text) of the next ones."""
        arrived = self._arrived[:count]
        del self._arrived[:count]
        start = self._at
        self._at = min(start + count - len(arrived), len(self._ids))
        found = [*arrived, *zip(self._times[start : self._at], self._ids[start : self._at], strict=True)]
        for _, text in found:
            self._settled[text] = 1
        return found

    def _fetch(self, wanted: Sequence[tuple[int, int]]) -> list[OwedText]:
        ids = [text for _, text in wanted]
        texts = dict(self._connection.execute(f"SELECT id, text FROM texts WHERE id IN ({marks(ids)})", ids).fetchall())
        return [OwedText(id, KINDS[self._kinds[id]], texts[id], _bounded(ms)) for ms, id in wanted if id in texts]


def tally(connection: Connection, done: Iterable[int], given_up: Iterable[int] = ()) -> Tally:
    """How far the tier is that has the texts `done`.  Looks at every block: a second for a million of them."""
    here, excused = _marked(done), _marked(given_up)
    eligible = finished = given = 0
    missing_ms = oldest_ms = None
    for time_ms, text in _first_met(connection):
        eligible += 1
        oldest_ms = time_ms
        if text < len(here) and here[text]:
            finished += 1
        elif text < len(excused) and excused[text]:
            given += 1
        elif missing_ms is None:
            missing_ms = time_ms
    since_ms = oldest_ms if missing_ms is None else missing_ms + 1
    return Tally(eligible, finished, eligible - finished - given, since_ms if finished else None)


def _first_met(connection: Connection) -> Iterator[tuple[int, int]]:
    """(newest time, text) of every text that counts, newest first."""
    met = bytearray(_last_text(connection) + 1)
    for time_ms, text, _ in connection.execute(_SAID + _NEWEST_FIRST):
        if not met[text]:
            met[text] = 1
            yield _bounded(time_ms), text


def last_change(connection: Connection) -> int:
    """The number of the last change in the archive."""
    change: int = connection.execute("SELECT value FROM meta WHERE key='change'").fetchone()[0]
    return change


def _last_text(connection: Connection) -> int:
    last: int = connection.execute("SELECT coalesce(max(id), 0) FROM texts").fetchone()[0]
    return last


def _marked(ids: Iterable[int]) -> bytearray:
    """A byte a text, 1 for these."""
    from array import array

    known = array("q", ids)
    found = bytearray(max(known, default=-1) + 1)
    for id in known:
        found[id] = 1
    return found


def _bounded(time_ms: int | None) -> int:
    """What has no time is the oldest."""
    return min(max(time_ms or 0, 0), LAST_MS)
