"""The memory that this process takes, held against what it may take."""

from __future__ import annotations

import gc

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def rss_bytes() -> int:
    """What this process has in memory now."""
    import psutil  # type: ignore[import-untyped]

    size: int = psutil.Process().memory_info().rss
    return size


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
