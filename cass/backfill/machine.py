"""What a run works with: the user's wishes, and the machine as functions, so that a test holds each of them."""

from __future__ import annotations

from cass.backfill.memory import own_cpu_s, rss_bytes
from cass.policy import SemanticPolicy
from cass.records import record
from cass.semantic.embedders.table import EmbedderOptions, build_embedder
from cass.semantic.manifest import FAST, QUALITY
from cass.semantic.volume import Volume
from cass.store.attempts import MAX_ATTEMPTS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from cass.semantic.embedders.base import BaseEmbedder

    Build = Callable[[str, EmbedderOptions], BaseEmbedder]
    Progress = Callable[[str, int, int, int, int], None]


def no_progress(phase: str, done: int, total: int, done_bytes: int, total_bytes: int) -> None:
    """For those who do not want to see it."""


@record
class BackfillRequest:
    """What to do.  `policy` has the flags of this command in it, `configured` has not: flags never remove anything.

    once: a chunk a tier · force: do not wait after a failure, and read every byte to find damage
    max_attempts: after so many failures alone a text is given up.
    """

    policy: SemanticPolicy = SemanticPolicy()
    configured: SemanticPolicy = SemanticPolicy()
    tiers: tuple[str, ...] = (FAST, QUALITY)
    once: bool = False
    force: bool = False
    max_attempts: int = MAX_ATTEMPTS


@record
class Machine:
    """The world.  free_bytes: on the data folder's volume · build: raises EmbedderNotLoaded for what is missing."""

    now_ms: Callable[[], int]
    monotonic_s: Callable[[], float]
    free_bytes: Callable[[], int]
    is_stopped: Callable[[], bool] = lambda: False
    rss_bytes: Callable[[], int] = rss_bytes
    cpu_s: Callable[[], float] = own_cpu_s
    progress: Progress = no_progress
    build: Build = build_embedder
    volume: Volume = Volume()
    embedder_options: EmbedderOptions = EmbedderOptions()
