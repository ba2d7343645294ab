"""What the resident process does, why, and how fast it was: one small file, the lock, and its last events."""

from __future__ import annotations

from cass.records import record
from cass.store.catalog import BROKEN
from cass.store.events import CHUNK, HUNG, STARTED, STOPPED, chunk_of, last_events, last_of
from cass.store.worker_state import RUNNING, WATCH, WORKER, holder_of, read_state

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from sqlite3 import Connection

    from cass.store.events import ChunkDone
    from cass.store.worker_state import Holder

STOPPED_STATE = "stopped"
WITHOUT_A_WORD = "it ended without a word"
HANGING = "it hung and was ended: "
LOG_LOST = "its log cannot be read; cass doctor tells more"
# So many chunks tell how fast a tier is now; older ones may be of another model.
LOOKED_AT = 16
# And each of a tier counts so much of the one after it: texts get longer, and machines busy.
FADES = 0.5


@record
class LastChunk:
    """A chunk and when it ended."""

    at_ms: int
    done: ChunkDone


@record
class WorkerFacts:
    """running, resting or stopped, and why.  `chunks`: the last ones, newest first."""

    state: str
    reason: str
    next_look_ms: int | None = None
    chunks: tuple[LastChunk, ...] = ()
    pid: int | None = None
    since_ms: int | None = None

    @property
    def last_chunk(self) -> LastChunk | None:
        return self.chunks[0] if self.chunks else None


def worker_facts(data: str, connection: Connection | None) -> WorkerFacts:
    """As it is now.  `connection`: None where there is no database, so that nothing is known of before."""
    try:
        chunks, left = _chunks(connection) if connection is not None else (), _why_stopped(connection)
    except BROKEN:  # it does its work without a log, and so does whoever asks for it
        return without_log(data)
    return _facts(data, left, chunks)


def without_log(data: str) -> WorkerFacts:
    """The same where the database cannot be read."""
    return _facts(data, LOG_LOST, ())


def _facts(data: str, left: str, chunks: tuple[LastChunk, ...]) -> WorkerFacts:
    holder = holder_of(data)
    if holder is None:
        return WorkerFacts(STOPPED_STATE, left, chunks=chunks)
    return _at_work(data, holder, chunks)


def _at_work(data: str, holder: Holder, chunks: tuple[LastChunk, ...]) -> WorkerFacts:
    if holder.what == WATCH:
        reason = "cass index --watch reads new messages; it makes no vectors"
        return WorkerFacts(RUNNING, reason, chunks=chunks, pid=holder.pid)
    if holder.what != WORKER:
        return WorkerFacts(RUNNING, "cass backfill is at work", chunks=chunks, pid=holder.pid)
    said = read_state(data)
    if said is None:
        return WorkerFacts(RUNNING, "it begins", chunks=chunks, pid=holder.pid)
    reason = said.reason or ("vectors are made" if said.state == RUNNING else "it looks for new messages")
    return WorkerFacts(said.state, reason, said.next_look_ms, chunks, holder.pid, said.since_ms or None)


def _chunks(connection: Connection) -> tuple[LastChunk, ...]:
    found = [(event.at_ms, chunk_of(event)) for event in last_events(connection, LOOKED_AT, CHUNK)]
    return tuple([LastChunk(at_ms, done) for at_ms, done in found if done is not None])


def _why_stopped(connection: Connection | None) -> str:
    """As it said when it left; one that was killed said nothing."""
    if connection is None:
        return "nothing is indexed yet"
    last = last_of(connection, (STARTED, STOPPED, HUNG))
    if last is None:
        return "it was never started"
    if last.kind == HUNG:
        return HANGING + last.what
    return WITHOUT_A_WORD if last.kind == STARTED else last.what


def texts_per_s(chunks: Sequence[LastChunk]) -> dict[str, float]:
    """Tier → texts a second over its last chunks, newest first; a tier of which nothing was measured is missing."""
    texts: dict[str, float] = {}
    seconds: dict[str, float] = {}
    counts: dict[str, float] = {}
    for done in [chunk.done for chunk in chunks]:
        if done.texts and done.seconds > 0:
            share = counts[done.tier] = counts.get(done.tier, 1 / FADES) * FADES
            texts[done.tier] = texts.get(done.tier, 0.0) + share * done.texts
            seconds[done.tier] = seconds.get(done.tier, 0.0) + share * done.seconds
    return {tier: texts[tier] / seconds[tier] for tier in texts}


def eta_s(owed: Mapping[str, int], pace: Mapping[str, float]) -> float | None:
    """Seconds of work until nothing is owed; None where a tier that owes something was never measured."""
    if any([count and tier not in pace for tier, count in owed.items()]):
        return None
    return round(sum([count / pace[tier] for tier, count in owed.items() if count]), 1)
