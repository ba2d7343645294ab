"""What this process takes: its memory, held against what it may take, and its processor time."""

from __future__ import annotations

import gc
import os
from collections import defaultdict

from cass.backfill.embedding import Begun

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def rss_bytes() -> int:
    """What this process has in memory now."""
    try:
        # Asked between batches: a tenth of what psutil takes, and nothing to import.
        with open("/proc/self/statm", "rb", 0) as file:
            return int(file.read(100).split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError, AttributeError):
        import psutil  # type: ignore[import-untyped]

        size: int = psutil.Process().memory_info().rss
        return size


def own_cpu_s() -> float:
    """Processor seconds of this process so far."""
    times = os.times()
    return times.user + times.system


class Past:
    """Has this process embedded anything?  Then what it takes need not be what its embedder needs.

    begun: tier → what it was in the middle of.
    """

    def __init__(self) -> None:
        self.has_embedded = False
        self.begun: defaultdict[str, Begun] = defaultdict(Begun)


class Memory:
    """`fits` is asked between batches; it tidies up before it says no."""

    def __init__(self, most_bytes: int, rss_bytes: Callable[[], int]) -> None:
        self.most_bytes = most_bytes
        self._rss_bytes = rss_bytes

    def fits(self, more_bytes: int = 0) -> bool:
        """Is there room, also for so many bytes more?"""
        if self._rss_bytes() + more_bytes <= self.most_bytes:
            return True
        gc.collect()
        return self._rss_bytes() + more_bytes <= self.most_bytes
