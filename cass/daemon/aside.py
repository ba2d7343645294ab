"""Whoever wants the worker's place for a moment: the worker steps aside, and goes on afterwards."""

from __future__ import annotations

import os

from cass import clock
from cass.daemon.control import ask_stop, forget_stop, wait_until_gone
from cass.store.worker_state import WORKER, holder_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cass.paths import Places
    from cass.store.worker_state import Holder

# A batch of the worker's may be long on a slow machine.
STOP_S = 20.0


def step_aside(data: str, most_s: float = STOP_S) -> Holder | None:
    """Ask the worker to leave, and wait until it has: one that rests does so at once, one that works after its batch.

    The worker that left; None where there was none, or where it is still in its batch and stays.
    """
    holder = holder_of(data)
    if holder is None or holder.what != WORKER:
        return None
    ask_stop(data)
    if wait_until_gone(data, holder.pid, most_s, clock.monotonic_s, clock.sleep):
        return holder
    forget_stop(data)
    return None


def go_on(places: Places, data_dir: str | None) -> None:
    """Start a worker in place of the one that left; a later command does where that fails."""
    from cass.daemon.starting import start

    try:
        start(places, os.environ, data_dir)
    except OSError:
        return
