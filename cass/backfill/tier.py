"""One tier: find what it owes, embed it newest first, write it, note what failed, until something says stop.

Vectors are written first, notes second: dying in between repeats a batch, the other order would lose it.
"""

from __future__ import annotations

from cass.backfill.embedding import cut, embed
from cass.backfill.report import CHUNK, Stop, TierReport, waiting
from cass.backfill.resting import Resting
from cass.backfill.room import BUDGET, TOO_LARGE, disk_failed, no_room, refused, too_large
from cass.records import record, replace
from cass.semantic.chunks import PIECE_CHARS, SPOKEN
from cass.semantic.manifest import FAST, QUALITY, Recipe
from cass.semantic.vector_upkeep import compact
from cass.semantic.vector_writer import TierWriter
from cass.semantic.vectors import Tier
from cass.store.attempts import Attempts, attempts_of, forget_failures, note_failures
from cass.store.coverage import newest_said_ms
from cass.store.owed import Owed, tally

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from sqlite3 import Connection

    from cass.backfill.embedding import Cut, Embedded, EmbedderAway
    from cass.backfill.machine import BackfillRequest, Machine
    from cass.backfill.memory import Memory, Past
    from cass.backfill.pace import Pace
    from cass.semantic.budget import Budget
    from cass.semantic.embedders.base import BaseEmbedder
    from cass.semantic.vector_writer import Appended
    from cass.store.ledger import Ledger
    from cass.store.owed import OwedText


@record
class Batch:
    """How much is done at a time: texts and characters taken, pieces embedded without looking up."""

    texts: int
    chars: int
    pieces: int


# A write costs two syncs: some seconds of work between them; killing it costs no more than that again.
BATCHES = {FAST: Batch(2000, 3_000_000, 3000), QUALITY: Batch(128, 400_000, 64)}
LEAST = 8
# A text of so many batches is long: whoever comes back interrupts it, and older ones had better not wait for it.
LONG_BATCHES = 4
MOST_PUT_OFF_CHARS = 8_000_000  # held in memory until it is their turn


class Job:
    """What the tiers of a run share."""

    def __init__(
        self,
        request: BackfillRequest,
        machine: Machine,
        connection: Connection,
        ledger: Ledger,
        budget: Budget,
        memory: Memory,
        pace: Pace,
        past: Past,
    ) -> None:
        self.request = request
        self.machine = machine
        self.connection = connection
        self.ledger = ledger
        self.budget = budget
        self.memory = memory
        self.pace = pace
        self.past = past


class TierRun:
    """One run over one tier with an embedder that is loaded.  `report` is true at any time."""

    def __init__(self, job: Job, tier: str, embedder: BaseEmbedder, report: TierReport) -> None:
        self.job = job
        self.tier = tier
        self.embedder = embedder
        self.report = replace(report, embedder_id=embedder.embedder_id)
        policy = job.request.policy
        self.recipe = Recipe(
            embedder.embedder_id,
            embedder.model_version,
            policy.semantic_schema_version,
            policy.chunking_strategy_version,
            embedder.dim,
        )
        self.writer = TierWriter(tier, self.recipe, job.budget, job.machine.now_ms)
        self._batch = BATCHES[tier]
        self._long_chars = LONG_BATCHES * self._batch.pieces * PIECE_CHARS
        self._put_off: list[OwedText] = []
        self._full: Stop | None = None
        self._started_s = job.machine.monotonic_s()
        self._taken = 0
        self._lacks_ms: int | None = None  # the newest text that was taken and did not get in
        self._known = Attempts()
        self._tried: set[int] = set()  # failed before, and not given up
        self._got_in: set[int] = set()  # of the texts that were taken last
        self._has_rested = False
        self._has_too_large = False
        self._resting = Resting(job.connection, job.ledger, tier, embedder.embedder_id, job.machine.now_ms)

    def run(self) -> TierReport:
        """Work until nothing is owed, or something says stop."""
        self._has_rested = self._resting.last is not None
        rest = None if self.job.request.force else self._resting.stop()
        self._known = self._attempts()
        self._tried = {*self._known.again, *self._known.waiting}
        self.owed = Owed(self.job.connection, self._settled())
        stop = rest or self._work()
        self._compact()
        return self._told(stop)

    @property
    def missing_ms(self) -> int | None:
        """The time of the newest text that the tier still lacks, given up ones apart; None where it lacks none."""
        waiting = () if self.job.request.force else self._known.waiting
        put_off = [one.newest_ms for one in self._put_off]
        times = (self._lacks_ms, self.owed.newest_left_ms, newest_said_ms(self.job.connection, waiting), *put_off)
        return max([ms for ms in times if ms is not None], default=None)

    def _attempts(self) -> Attempts:
        """What was tried in vain, as it is known now."""
        id, now_ms = self.embedder.embedder_id, self.job.machine.now_ms()
        return attempts_of(self.job.connection, self.tier, id, now_ms, self.job.request.max_attempts)

    def _settled(self) -> list[int]:
        """What is not to be embedded now."""
        return [*self._done(), *self._known.dead, *([] if self.job.request.force else self._known.waiting)]

    def _done(self) -> Iterable[int]:
        """The texts that have their vectors."""
        tier = Tier.open(self.writer.shelf.vectors, self.tier)
        return tier.ids(self.recipe) if isinstance(tier, Tier) else []

    def _work(self) -> Stop | None:
        stop = None
        while stop is None:
            stop = self.job.pace.is_over() or self._low_memory()
            if stop is None:
                texts = self._take()
                if texts is None:
                    return self._full or (TOO_LARGE if self._has_too_large else None)
                self._got_in = set()
                stop = self._do(texts)
                self._note_lacking([text.newest_ms for text in texts if text.id not in self._got_in])
                self.job.machine.progress(self.tier, self._taken, self._taken + self.owed.left, 0, 0)
                if stop is BUDGET and self._put_off:
                    self._full, stop = stop, None  # they may be newer than what filled it
                if stop is None and self.job.request.once and self.owed.left:
                    stop = CHUNK
        return stop

    def _take(self) -> list[OwedText] | None:
        """The next texts, and at last the long ones, each by itself; None when nothing is owed any more."""
        texts = [] if self._full else self.owed.take(self._batch.texts, self._batch.chars)
        self._taken += len(texts)
        if texts:
            return [one for one in texts if not self._is_put_off(one)]
        return [self._put_off.pop(0)] if self._put_off else None

    def _is_put_off(self, text: OwedText) -> bool:
        room = MOST_PUT_OFF_CHARS - sum([len(one.text) for one in self._put_off])
        is_long = text.kind in SPOKEN and self._long_chars < len(text.text) <= room
        if is_long:
            self._put_off.append(text)
        return is_long

    def _note_lacking(self, times_ms: list[int]) -> None:
        known_ms = [] if self._lacks_ms is None else [self._lacks_ms]
        self._lacks_ms = max([*known_ms, *times_ms], default=None)

    def _low_memory(self) -> Stop | None:
        """Smaller batches where memory is short; where even that does not help, stop."""
        if self.job.memory.fits():
            return None
        if not self._taken or self._batch.texts <= LEAST:
            most_mb = self.job.request.policy.max_backfill_rss_mb
            todo = f"cass config set max_backfill_rss_mb {2 * most_mb or 256}"
            return Stop("memory", f"it would take more than {most_mb} MB of memory", todo)
        each = self._batch
        self._batch = Batch(max(each.texts // 4, LEAST), each.chars // 4, max(each.pieces // 4, LEAST))
        return None

    def _do(self, texts: list[OwedText]) -> Stop | None:
        cuts = self._that_can_fit(cut(texts))
        if not cuts:
            return None
        stop = no_room(self.writer, self.job.request.policy, cuts)
        if stop is not None:
            return stop
        # Of one chunk that was asked for there is no next one in this process: what it begins it ends.
        begun = None if self.job.request.once else self.job.past.begun[self.tier]
        welcome = self._that_need_not_wait(cuts)
        done = embed(self.embedder, welcome, self._batch.pieces, self.job.pace, begun, self._tried)
        stop = self._append(done)
        self._note(done)
        if done.away is not None:
            return self._fail(done.away)
        return stop or done.stopped or (BUDGET if len(welcome) < len(cuts) else None)

    def _that_need_not_wait(self, cuts: list[Cut]) -> list[Cut]:
        """Without those that went for lack of room and would not be let in."""
        waits_ms = self.job.budget.waits(self.tier)
        return [one for one in cuts if waits_ms is None or one.newest_ms > waits_ms]

    def _that_can_fit(self, cuts: list[Cut]) -> list[Cut]:
        """Without those that are too large for the budget, so that nothing is embedded in vain."""
        large = too_large(self.job.budget, self.tier, self.recipe.dim, cuts)
        self._has_too_large = self._has_too_large or bool(large)
        return [one for one in cuts if one.id not in large]

    def _append(self, done: Embedded) -> Stop | None:
        if not done.rows:
            return None
        try:
            appended = self.writer.append(done.rows)
        except OSError as lost:
            return disk_failed(lost)
        self._count(done, appended)
        return refused(appended)

    def _count(self, done: Embedded, appended: Appended) -> None:
        gone = {*appended.refused, *appended.too_large}
        self._has_too_large = self._has_too_large or bool(appended.too_large)
        self._got_in = {row[0] for row in done.rows} - gone
        self.report = replace(
            self.report,
            texts=self.report.texts + appended.texts,
            vectors=self.report.vectors + sum([len(row[3]) > 0 and row[0] not in gone for row in done.rows]),
            refused=self.report.refused + len(gone),
            evicted=self.report.evicted + appended.evicted,
        )

    def _note(self, done: Embedded) -> None:
        """Write down which texts failed, and which did no more."""
        self.report = replace(self.report, begun=self.report.begun + done.begun)
        tier, id, now_ms = self.tier, self.embedder.embedder_id, self.job.machine.now_ms()
        mended = [row[0] for row in done.rows if row[0] in self._tried]
        if mended:
            self.job.ledger.note(lambda connection: forget_failures(connection, tier, id, mended))
        if done.failed:
            self.report = replace(self.report, failed=self.report.failed + len(done.failed))
            self.job.ledger.note(lambda connection: note_failures(connection, tier, id, done.failed, now_ms))
        if done.rows and self._has_rested:
            self._has_rested = False
            self._resting.end()

    def _fail(self, away: EmbedderAway) -> Stop:
        """The embedder failed: nobody's attempts count, and the tier rests, longer each time."""
        after_s = self._resting.begin(str(away), away.retry_after_s)
        self._has_rested = True
        todo = "see that it works, then: cass backfill --force"
        return Stop("embedder_failed", f"the embedder failed: {away}", todo, after_s)

    def _compact(self) -> None:
        if self.job.pace.hold is None:
            try:
                compact(self.job.budget, self.tier, self.job.machine.now_ms)
            except OSError:
                pass  # it was only for the better, and nothing was lost

    def _told(self, stop: Stop | None) -> TierReport:
        self.job.ledger.flush()
        known = self._attempts()
        return replace(
            self.report,
            seconds=round(self.job.machine.monotonic_s() - self._started_s, 3),
            dead=len(known.dead),
            left=self._left(known),
            eligible=self.owed.eligible,
            # What passes by itself is worth coming back for; what is too large stays so.
            stopped=(self._waiting(known) or stop) if stop in (None, TOO_LARGE) else stop,
        )

    def _left(self, known: Attempts) -> int:
        """How many texts are owed still, those among them that went in this run to make room."""
        if self.report.evicted:
            return tally(self.job.connection, self._done(), known.dead).owed
        taken = self._taken - self.report.texts - (len(known.dead) - len(self._known.dead))
        return self.owed.left + taken + (0 if self.job.request.force else len(self._known.waiting))

    def _waiting(self, known: Attempts) -> Stop | None:
        """What failed is owed still: somebody has to come back for it."""
        if known.next_ms is None:
            return None
        return waiting(len(known.waiting), (known.next_ms - self.job.machine.now_ms()) / 1000)
