"""What an interrupted `cass forget` left to be done: by whatever command comes next.

The database first, so that nothing forgotten is found by it; the rest, which takes longer, behind its answer.
"""

from __future__ import annotations

import os
import sys

from cass import clock
from cass.errors import Busy, CassError
from cass.indexing.forget import Unfinished, finish, take_from_database
from cass.store.worker_state import holder_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cass.paths import Places


def begin(places: Places, quiet: bool) -> None:
    """Before the command."""
    try:
        take_from_database(places, clock.monotonic_s, wait_s=0.0)
    except Busy:
        return  # somebody is at it
    except (CassError, OSError) as bad:
        _say(f"what was to be forgotten is still there: {bad}", quiet)


def end(places: Places, quiet: bool) -> None:
    """After its answer."""
    sys.stdout.flush()
    if holder_of(places.data) is not None:
        return  # the worker does it, or whoever forgets at this moment
    try:
        left = finish(places, clock.now_ms, clock.monotonic_s)
    except (CassError, OSError) as bad:
        left = Unfinished(str(bad))
    if left is not None and os.path.isdir(places.data):
        _say(f"what was to be forgotten is not quite gone: {left.reason}", quiet)
    elif left is None:
        _say("finished what was to be forgotten", quiet)


def _say(text: str, quiet: bool) -> None:
    if not quiet:
        sys.stderr.write(f"cass: {text}\n")
