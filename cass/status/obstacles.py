"""What keeps cass from writing its files: places that this user may not write, and things of another kind in them.

Loaded by the doctor, and by a status whose glance at the data folder found something.
"""

from __future__ import annotations

import os
import stat

from cass.lexical.schema import current_generation
from cass.policy import SemanticCapability
from cass.records import record, replace
from cass.semantic.models import standing
from cass.semantic.standing import KIND_OF
from cass.status.facts import BROKEN, DEGRADED, Advice, Problem
from cass.status.mending import ELSEWHERE, aside, opening
from cass.store.raw_size import path_of
from cass.store.worker_state import LOCK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cass.paths import Places
    from cass.policy import SemanticCapabilityReport
    from cass.status.facts import Status

# What is to be done once the place is free again: nothing, or what stood there is made anew.
NOTHING, INDEX, BACKFILL = "", " && cass index", " && cass backfill"


@record
class Obstacle:
    """`serious`: without that place no new message is read; else only what comes beside the words suffers."""

    path: str
    what: str
    command: str
    serious: bool
    is_closed: bool


@record
class _Place:
    path: str
    name: str
    is_folder: bool
    serious: bool = True
    after: str = NOTHING


def obstacles(places: Places) -> list[Obstacle]:
    """All of them; of what stands below one nothing is said, as it may be hidden."""
    found: list[Obstacle] = []
    for place in _written(places):
        above = [one for one in found if place.path.startswith(one.path + os.sep)]
        obstacle = None if any(map(_hides, above)) else _obstacle(place)
        if not os.path.lexists(place.path):  # the files beside a database come and go
            continue
        # What is closed is opened with all that is below it.
        if obstacle is not None and not (obstacle.is_closed and any([one.is_closed for one in above])):
            found.append(obstacle)
    return found


def _hides(one: Obstacle) -> bool:
    return not (os.path.isdir(one.path) and os.access(one.path, os.R_OK | os.X_OK))


def _written(places: Places) -> Iterator[_Place]:
    """Where cass writes, what holds others first."""
    if not os.path.exists(places.data):
        return
    yield _Place(places.data, "the data folder", True, after=INDEX)
    yield _Place(places.database, "the database", False, after=INDEX)
    for end in ("-wal", "-shm"):
        yield _Place(places.database + end, f"the database's {end} file", False)
    yield _Place(places.index_lock, "the lock of who indexes", False)
    yield _Place(os.path.join(places.data, LOCK), "the lock of the worker", False, serious=False)
    yield _Place(path_of(places.data), "the database of kept files", False, serious=False)
    yield _Place(os.path.dirname(places.lexical), "the folder of derived files", True, after=INDEX)
    yield _Place(places.lexical, "the folder of the search index", True, after=INDEX)
    current = current_generation(places.lexical)
    if current is not None:
        yield _Place(current[0], "the search index", True, after=INDEX)
    yield _Place(places.vectors, "the folder of the vectors", True, serious=False, after=BACKFILL)
    for tier in KIND_OF:
        name = f"the folder of the {tier} tier"
        yield _Place(os.path.join(places.vectors, tier), name, True, serious=False, after=BACKFILL)
    yield _Place(places.models, "the folder of the models", True, serious=False)
    for model in standing(places.data):
        yield _Place(model.folder, f"the model {model.name}", True, serious=False)


def _obstacle(place: _Place) -> Obstacle | None:
    if not os.path.lexists(place.path):
        return None
    path, serious = place.path, place.serious
    if not _is_of_its_kind(place):
        what = f"something else stands where {place.name} belongs"
        return Obstacle(path, what, aside(path) + place.after, serious, False)
    wanted = os.R_OK | os.W_OK | (os.X_OK if place.is_folder else 0)
    if os.name == "nt" or os.access(path, wanted):  # Windows tells nothing about folders
        return None
    if os.statvfs(path).f_flag & os.ST_RDONLY:
        return Obstacle(path, f"{place.name} lies on a file system that cannot be written", ELSEWHERE, serious, True)
    what = "may not be written" if os.access(path, os.R_OK) else "may not be read or written"
    return Obstacle(path, f"{place.name} {what}", opening([path]), serious, True)


def _is_of_its_kind(place: _Place) -> bool:
    try:
        mode = os.stat(place.path).st_mode
    except OSError:  # a link to nothing or to itself
        return False
    return stat.S_ISDIR(mode) if place.is_folder else stat.S_ISREG(mode)


def commands(found: Sequence[Obstacle]) -> list[str]:
    """What frees the places: one command for all that are closed, one for each that is taken."""
    closed = [one.path for one in found if one.is_closed and one.command != ELSEWHERE]
    others = [one.command for one in found if not one.is_closed or one.command == ELSEWHERE]
    return [*([opening(closed)] if closed else []), *dict.fromkeys(others)]


def in_the_way(path: str, found: Sequence[Obstacle]) -> list[Obstacle]:
    """Those at `path`, above it and below."""
    return [one for one in found if f"{path}{os.sep}".startswith(one.path + os.sep) or one.path.startswith(path)]


def hindered(status: Status, places: Places) -> Status:
    """The status that tells of them, too, and recommends first what frees the places."""
    known = {problem.where for problem in status.problems} if status.state == BROKEN else set()
    found = [one for one in obstacles(places) if one.path not in known]
    if not found:
        return status
    problems = [Problem(one.what, one.path) for one in found]
    advices = [Advice(command, "lets cass write its files again") for command in commands(found)]
    before, recommended = status.problems, status.recommended
    if in_the_way(places.lexical, found) and status.state != BROKEN:
        # That the index is missing is a guess then, and no `cass index` would make it.
        before, recommended = tuple([one for one in before if one.where != places.lexical]), ()
    serious = any([one.serious for one in found]) and status.state != BROKEN
    return replace(
        status,
        state=DEGRADED if serious else status.state,
        problems=(*problems, *before),
        recommended=(*advices, *recommended),
        semantic=_without_vectors(status.semantic, in_the_way(places.vectors, found)),
    )


def _without_vectors(
    report: SemanticCapabilityReport | None, found: Sequence[Obstacle]
) -> SemanticCapabilityReport | None:
    """Where none can be searched, what stands at their place is why."""
    if report is None or not found or report.capability != SemanticCapability.DEGRADED:
        return report
    return replace(report, capability=SemanticCapability.degraded(found[0].what), next_step=found[0].command)
