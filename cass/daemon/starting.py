"""Start the worker of a data folder, by hand or by the way; and would it have anything to do?"""

from __future__ import annotations

import os

from cass import clock
from cass.daemon.control import paused
from cass.daemon.keeping import is_anything_due
from cass.daemon.manners import LOG, trim_log
from cass.daemon.reading import NewMessages, was_done
from cass.daemon.spawn import start_detached, wait_until_held, worker_command
from cass.errors import SystemRefused
from cass.indexing.rules import ALL
from cass.store.attempts import count_dead
from cass.store.connect import open_reader
from cass.store.noted import eligible_texts
from cass.store.worker_state import holder_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cass.paths import Places
    from cass.store.worker_state import Holder

# A busy machine takes its time; who has said something and works not by then has said why.
START_S, SAID_S = 20.0, 2.0


def start(places: Places, env: Mapping[str, str], data_dir: str | None = None, more: Sequence[str] = ()) -> None:
    """Start one, detached.  If another is quicker, this one leaves.  `more`: options of its own.  Raises OSError."""
    start_detached([*worker_command(data_dir), *more], _trimmed_log(places), env)


def _trimmed_log(places: Places) -> str:
    log = os.path.join(places.data, LOG)
    trim_log(log)
    return log


def start_and_wait(
    places: Places, env: Mapping[str, str], data_dir: str | None = None, more: Sequence[str] = ()
) -> Holder:
    """Start one and wait until somebody works.  Raises OSError, and SystemRefused where nobody does."""
    log = _trimmed_log(places)
    before = _bytes(log)
    start_detached([*worker_command(data_dir), *more], log, env)

    def wait(most_s: float, is_over: Callable[[], bool]) -> Holder | None:
        return wait_until_held(lambda: holder_of(places.data), most_s, clock.monotonic_s, clock.sleep, is_over)

    started = wait(START_S, lambda: _bytes(log) > before) or wait(SAID_S, lambda: False)
    if started is None:
        todo = "that file says why" if _bytes(log) > before else "to see why, run: cass worker run"
        raise SystemRefused("the worker did not start", log, todo)
    return started


def _bytes(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


def is_of_use(places: Places, env: Mapping[str, str], now_ms: int) -> bool:
    """Nobody works, nobody asked for peace, and something is owed.  Raises CassError where the archive
    cannot be read.
    """
    if not os.path.exists(places.database) or holder_of(places.data) is not None:
        return False
    if paused(places.data, now_ms) is not None:
        return False
    new = NewMessages(places, env, lambda: ALL, clock.now_ms, clock.monotonic_s)
    if new.has_new() or is_anything_due(places, env, now_ms):
        return True
    return not was_done(places.data, new.signs()) and _owes_vectors(places, env)


def _owes_vectors(places: Places, env: Mapping[str, str]) -> bool:
    """By counts, as `status` tells them: a look at every text would take a second."""
    from cass.semantic.embedders.table import embedder_options
    from cass.semantic.manifest import FAST, QUALITY
    from cass.settings.quick import load
    from cass.status.semantic import wanted_ids

    settings = load(places, env)
    policy, most = settings.policy(), settings.whole("worker.max_attempts")
    if not policy.mode.should_build_semantic or policy.max_backfill_threads == 0:
        return False
    connection = open_reader(places.database)
    if connection is None:
        return False
    tiers, wanted = [FAST], wanted_ids(policy, places, embedder_options(settings).remote)
    if policy.wants_quality_tier and _can_be_made(places, policy.quality_tier_embedder):
        tiers.append(QUALITY)
    try:
        eligible = eligible_texts(connection)
        given_up = {tier: count_dead(connection, tier, wanted[tier], most) for tier in tiers}
        return any([_documents(places, tier) + given_up[tier] < eligible for tier in tiers])
    finally:
        connection.close()


def _can_be_made(places: Places, name: str) -> bool:
    """Is there a model for the tier, whatever its name is written like, or a server?"""
    from cass.semantic.embedders.table import SERVER, embedder_row
    from cass.semantic.models import installed

    row = embedder_row(name).name
    return row == SERVER or any([model.name in (row, name) and model.looks_whole for model in installed(places.data)])


def _documents(places: Places, name: str) -> int:
    """How many texts the tier has; none where it cannot be read."""
    from cass.semantic.vectors import Tier

    tier = Tier.open(places.vectors, name)
    return tier.documents if isinstance(tier, Tier) else 0
