"""What is wrong with background work, each with the command that mends it, worst first."""

from __future__ import annotations

from cass.records import record
from cass.status.semantic import report, wanted_ids
from cass.status.worker import HANGING, STOPPED_STATE, WITHOUT_A_WORD, worker_facts
from cass.store.attempts import MAX_ATTEMPTS, count_dead, last_dead, rests
from cass.store.unfit import all_unfit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from sqlite3 import Connection

    from cass.paths import Places
    from cass.policy import SemanticPolicy
    from cass.semantic.embedders.table import RemoteOptions

ERROR_CHARS = 120


@record
class Fault:
    """A sentence for people, and the command to type."""

    what: str
    command: str


def worker_faults(
    places: Places,
    connection: Connection | None,
    policy: SemanticPolicy,
    services: Sequence[tuple[str, str]] = (),
    max_attempts: int = MAX_ATTEMPTS,
    remote: RemoteOptions | None = None,
) -> list[Fault]:
    """`services`: (path, text) of the system's files as they should be, if they are there at all.

    `max_attempts`: after so many failures a text was given up · `remote`: the server that the settings name.
    """
    found = [fault for path, text in services if (fault := _service(path, text)) is not None]
    if connection is None:
        return found
    wanted = wanted_ids(policy, places, remote)
    given_up = _given_up(connection, wanted, max_attempts)
    beside = [*_failed(connection, wanted), *_too_large(connection, policy), *given_up]
    return [*_killed(places, connection, policy, max_attempts), *found, *beside]


def _service(path: str, text: str) -> Fault | None:
    try:
        with open(path, "rb") as file:
            said = file.read()
    except OSError:
        return None  # not installed: a wish, no fault
    if said in (text.encode("utf-8"), text.encode("utf-16")):
        return None
    return Fault(f"{path} starts another program, or an older one", "cass worker install")


def _killed(places: Places, connection: Connection, policy: SemanticPolicy, max_attempts: int) -> list[Fault]:
    facts = worker_facts(places.data, connection)
    if facts.state != STOPPED_STATE or not facts.reason.startswith((WITHOUT_A_WORD, HANGING)):
        return []
    backlog = report(policy, places, connection, max_attempts=max_attempts).backlog
    if not backlog.fast:
        return []
    owed = "1 text is" if backlog.fast == 1 else f"{backlog.fast:,} texts are"
    return [Fault(f"{facts.reason}; {owed} owed", "cass worker start")]


def _failed(connection: Connection, wanted: Mapping[str, str | None]) -> list[Fault]:
    """Tiers that rest because their embedder failed."""
    return [
        Fault(f"the {tier} tier rests: {rest.reason[:ERROR_CHARS]}", "cass worker")
        for tier, made in wanted.items()
        for rest in rests(connection, tier, made)
    ]


def _too_large(connection: Connection, policy: SemanticPolicy) -> list[Fault]:
    """Tiers whose embedder needs more memory than it may use."""
    most_mb = policy.max_backfill_rss_mb
    known = [(tier, known_mb) for tier, known_mb in all_unfit(connection) if most_mb <= known_mb]
    command = f"cass config set max_backfill_rss_mb {2 * most_mb or 256}"
    return [Fault(f"the {tier} tier does not fit into {most_mb:,} MB of memory", command) for tier, _ in known]


def _given_up(connection: Connection, wanted: Mapping[str, str | None], max_attempts: int) -> list[Fault]:
    count = sum([count_dead(connection, tier, made, max_attempts) for tier, made in wanted.items()])
    if not count:
        return []
    last = [last_dead(connection, tier, made, max_attempts) for tier, made in wanted.items()]
    _, error = max([one for one in last if one is not None])
    texts = "1 text was" if count == 1 else f"{count:,} texts were"
    return [Fault(f"{texts} given up, the last one because: {error[:ERROR_CHARS]}", "cass worker retry-dead")]
