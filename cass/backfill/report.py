"""What a run over the tiers did, and why each of them stopped."""

from __future__ import annotations

from cass.records import record, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cass.semantic.budget import Evicted
    from cass.semantic.vector_upkeep import Dropped


@record
class Stop:
    """Why a tier did not go on: a word for scripts, the reason for people, and what they can do about it."""

    word: str
    reason: str
    todo: str | None = None
    retry_after_s: float | None = None


NOTHING_INDEXED = Stop("nothing_indexed", "nothing is indexed yet", "cass index")
MODE = Stop("lexical_only", "the mode is lexical_only", "cass config set mode hybrid_preferred")
THREADS = Stop("no_threads", "max_backfill_threads is 0", "cass config set max_backfill_threads 1")
TOO_LARGE, WAITING = "too_large", "waiting"
OFF = Stop("tier_off", "the quality tier is switched off: its embedder is hash")
CHUNK = Stop("chunk_done", "one chunk was asked for", "cass backfill")
TIME = Stop("chunk_timeout", "the time of a chunk is over", "cass backfill")
SIGNAL = Stop("interrupted", "it was stopped", "cass backfill goes on from there")


def too_large(embedder_id: str, most_mb: int) -> Stop:
    """Its embedder needs more memory than background work may use."""
    todo = f"cass config set max_backfill_rss_mb {2 * most_mb or 256}"
    return Stop(TOO_LARGE, f"{embedder_id} does not fit into {most_mb} MB of memory", todo)


def waiting(texts: int, after_s: float) -> Stop:
    """Nothing is owed but texts that failed, and it is not their turn yet."""
    some = f"{texts:,} texts that failed wait for their" if texts > 1 else "a text that failed waits for its"
    return Stop(WAITING, f"{some} next try", "cass backfill --force does not wait", after_s)


@record
class TierReport:
    """What was done for one tier.  `stopped` None: nothing is owed any more, but for what was given up.

    texts: embedded now, those that say nothing among them · vectors: written · failed: texts that failed alone
    dead: given up, in all · refused: embedded and not let in · left: still owed · eligible: texts that count
    begun: vectors of a long text that wait for the rest of it
    warnings: what somebody should know about an embedder that works · cpu_s: processor time of the whole process.
    """

    tier: str
    embedder_id: str | None = None
    texts: int = 0
    vectors: int = 0
    seconds: float = 0.0
    failed: int = 0
    begun: int = 0
    dead: int = 0
    refused: int = 0
    left: int = 0
    eligible: int = 0
    evicted: tuple[Evicted, ...] = ()
    dropped: tuple[Dropped, ...] = ()
    graph: str | None = None  # built, or why not; None where none would pay
    stopped: Stop | None = None
    warnings: tuple[str, ...] = ()
    cpu_s: float = 0.0

    @property
    def has_worked(self) -> bool:
        """Was a text got on with?"""
        return bool(self.texts or self.failed or self.begun)

    @property
    def texts_per_s(self) -> float:
        return self.texts / self.seconds if self.seconds else 0.0

    @property
    def coverage(self) -> float | None:
        """The share of the eligible texts that is in; all of nothing is 1.  None where nobody has looked."""
        if not self.eligible:
            return None if self.embedder_id is None or self.stopped is not None else 1.0
        return (self.eligible - self.left - self.dead) / self.eligible


@record
class BackfillReport:
    """A whole run.  `evicted` went before it began, because the budget or the disk has become smaller."""

    tiers: tuple[TierReport, ...]
    evicted: tuple[Evicted, ...] = ()
    used_bytes: int = 0
    budget_bytes: int = 0
    took_s: float = 0.0

    @property
    def complete(self) -> bool:
        """Is nothing owed to any tier that was asked for?"""
        return all([tier.stopped is None for tier in self.tiers])


def merged(before: BackfillReport, after: BackfillReport) -> BackfillReport:
    """Two chunks of one run as one."""
    known = {tier.tier: tier for tier in before.tiers}
    tiers = tuple([_merged(known[tier.tier], tier) for tier in after.tiers])
    return replace(after, tiers=tiers, evicted=before.evicted + after.evicted)


def _merged(before: TierReport, after: TierReport) -> TierReport:
    """What was done adds up; how it stands is as it was found last."""
    last = after if after.eligible else before
    return replace(
        after,
        embedder_id=last.embedder_id,
        texts=before.texts + after.texts,
        vectors=before.vectors + after.vectors,
        seconds=round(before.seconds + after.seconds, 3),
        cpu_s=round(before.cpu_s + after.cpu_s, 3),
        failed=before.failed + after.failed,
        refused=before.refused + after.refused,
        dead=last.dead,
        left=last.left,
        eligible=last.eligible,
        evicted=before.evicted + after.evicted,
        dropped=before.dropped + after.dropped,
        graph=after.graph or before.graph,
        warnings=last.warnings,
    )
