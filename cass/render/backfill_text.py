"""What a backfill did, for people."""

from __future__ import annotations

from cass.render.layout import counted, duration, number, size
from cass.render.terminal import BOLD, visible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from cass.backfill.report import BackfillReport, TierReport
    from cass.render.terminal import Style

RESTS = ("embedder_failed", "resting")


def summary(report: BackfillReport, look: Style) -> str:
    """A line a tier, what went, why one stopped, and the room that all of it takes."""
    stops = {tier.stopped for tier in report.tiers}
    if len(stops) == 1 and all([tier.eligible == 0 for tier in report.tiers]):
        # The same reason for all: nothing indexed, or not wanted.
        (stop,) = stops
        told = [line for tier in report.tiers for line in _gone(tier)] + _evicted(report)
        return _lines([*told, _reason(report.tiers[0]) if stop else "There is nothing to do."])
    lines = [line for tier in report.tiers for line in _tier(tier, look)]
    lines += _evicted(report)
    lines.append(f"All of it takes {size(report.used_bytes)} of {size(report.budget_bytes)}.")
    return _lines(lines)


def _evicted(report: BackfillReport) -> list[str]:
    return [f"removed {one.name} ({size(one.size_bytes)}): {one.why}" for one in report.evicted]


def _lines(lines: list[str]) -> str:
    return "".join(f"{visible(line)}\n" if "\x1b" not in line else f"{line}\n" for line in lines)


def _tier(tier: TierReport, look: Style) -> Iterator[str]:
    yield f"{look.paint(f'{tier.tier} tier:', BOLD)} {_done(tier)}"
    yield from [f"  Warning: {warning}" for warning in tier.warnings]
    yield from _gone(tier)
    if tier.stopped is not None:
        yield f"  {_reason(tier)}"


def _done(tier: TierReport) -> str:
    if not tier.eligible or tier.coverage is None:
        return "nothing was made"
    what = "nothing new" if not tier.texts else _made(tier)
    rest = f"; {number(tier.left)} left" if tier.left else ""
    dead = f"; {counted(tier.dead, 'text')} given up" if tier.dead else ""
    return f"{what}; {tier.coverage:.0%} of {counted(tier.eligible, 'text')}{rest}{dead}"


def _made(tier: TierReport) -> str:
    pace = f", {number(round(tier.texts_per_s))} a second" if tier.seconds else ""
    return f"{counted(tier.vectors, 'vector')} of {counted(tier.texts, 'text')} in {duration(tier.seconds)}{pace}"


def _gone(tier: TierReport) -> Iterator[str]:
    for bad in tier.dropped:
        yield f"  dropped {bad.name} ({size(bad.size_bytes)}): {bad.reason}"
    for one in tier.evicted:
        yield f"  removed {one.name} ({size(one.size_bytes)}): {one.why}"
    if tier.failed:
        yield f"  {counted(tier.failed, 'text')} failed and will be tried again"
    if tier.graph not in (None, "up to date"):
        yield f"  graph: {tier.graph}"


def _reason(tier: TierReport) -> str:
    stop = tier.stopped
    assert stop is not None
    # A tier rests whose embedder failed; when a worker would look again is nothing to a command that has ended.
    rests = stop.retry_after_s if stop.word in RESTS else None
    again = f"; it rests for {duration(rests)}" if rests else ""
    todo = f" Next: {stop.todo}" if stop.todo else ""
    return f"Stopped: {stop.reason}{again}.{todo}"
