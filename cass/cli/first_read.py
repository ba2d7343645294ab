"""What a search does where nothing, or nearly nothing, is indexed: it reads the newest sessions before it answers."""

from __future__ import annotations

import os

from cass import clock, errors
from cass.cli.reading import wanted_rules
from cass.indexing.run import IndexRequest, Run
from cass.paths import home_folder
from cass.search.request import Freshness
from cass.store import connect
from cass.store.hits import unread_note
from cass.store.look import look

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from cass.paths import Places

# With nothing indexed a search reads the newest sessions for so long; the rest is `cass index`'s.
FIRST_READ_S = 1.5


def first_read(where: Places, budget_s: float | None, settings: Mapping[str, object]) -> Freshness:
    """Index for a while (None: to the end) before the search; where there is any time, at least the newest file."""
    until_s: float | None = None

    def is_over() -> bool:
        # Asked first when a file is about to be read: a slow disk takes seconds to make a database and an index, and
        # who has one session should find it there.
        nonlocal until_s
        now_s = clock.monotonic_s()
        if until_s is None and budget_s is not None:
            until_s = now_s + budget_s
        return until_s is not None and now_s > until_s

    home = home_folder(os.environ)
    request = IndexRequest(wanted_rules(settings), alone=True, brief=budget_s is not None)
    try:
        report = Run(where, home, os.environ, request, clock.now_ms, clock.monotonic_s, stop=is_over).run()
    except errors.Busy as busy:
        return _beside(where, busy)
    except errors.SystemRefused as refused:
        return _as_it_is(where, refused)
    if report.complete:
        return Freshness()
    behind = max(1, sum(tally.seen - tally.read - tally.unchanged - tally.failed for tally in report.agents.values()))
    return Freshness(behind, (unread_note(behind),))


def _beside(where: Places, busy: errors.Busy) -> Freshness:
    """Somebody else is reading: answer from what there is, as soon as there is anything."""
    until_s = clock.monotonic_s() + FIRST_READ_S
    while (connection := connect.open_reader(where.database)) is None and clock.monotonic_s() < until_s:
        clock.sleep(0.02)
    if connection is None:
        raise busy
    connection.close()
    return Freshness(1, (f"{busy.what}: this answer is from what it has read so far",))


def _as_it_is(where: Places, refused: errors.SystemRefused) -> Freshness:
    """What may not be written can still be searched, if there is anything."""
    try:
        connection = connect.open_reader(where.database)
    except errors.CassError:
        connection = None
    if connection is None:
        raise refused
    changed = look(connection, clock.monotonic_s)
    connection.close()
    behind = len(changed.files) + len(changed.folders)
    return Freshness(
        behind, (f"new messages could not be looked for: {refused.what}; cass doctor names what mends it",)
    )
