"""`cass index --watch`: after the first run, go on reading what agents write."""

from __future__ import annotations

import os
import signal
import sys

from cass.cli.reading import wanted_rules
from cass.daemon.run import BY_SIGNAL, take_place
from cass.daemon.watching import Watch
from cass.errors import Busy, UsageError
from cass.render import index_json, index_text
from cass.settings.hot import identities
from cass.settings.quick import load
from cass.store.worker_state import WATCH, sign

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from cass.daemon.watching import Batch
    from cass.indexing.rules import Rules
    from cass.paths import Places


def watch(where: Places, options: dict[str, Any], first: Callable[[], None]) -> int:
    """`first` is the run of a plain `cass index`; then a line for each batch.  Raises Busy where a worker is at work.

    Raises KeyboardInterrupt at the end where Ctrl-C was it.
    """
    if options["dry_run"]:
        raise UsageError("--watch and --dry-run do not go together", "cass index", "leave one of them out")
    try:
        place = take_place(where)
    except Busy as taken:
        todo = "a worker reads new messages by itself; to watch them here, first: cass worker stop"
        raise Busy(taken.what, taken.where, todo) from taken
    with place:
        sign(where.data, WATCH)
        _run_first(first)
        rules = _rules_now(where, options)
        number = Watch(where, os.environ, rules, _reporter(options), _say, _beginning(options)).run()
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    return BY_SIGNAL + number if number else 0


def _run_first(first: Callable[[], None]) -> None:
    try:
        first()
    except Busy as other:
        _say(f"{other.what}: this goes on when that is done")


def _rules_now(where: Places, options: dict[str, Any]) -> Callable[[], Rules]:
    """Settings may have changed since it began; --agent has not.  What is wrong with them is said once a change."""
    last: list[tuple[object, Rules]] = []

    def rules() -> Rules:
        now = identities(where)
        if not last or last[0][0] != now:
            settings = {key: given[-1][1] for key, given in load(where, os.environ).given.items()}
            last[:] = [(now, wanted_rules(settings, options["agent"]))]
        return last[0][1]

    return rules


def _reporter(options: dict[str, Any]) -> Callable[[Batch], None]:
    def report(batch: Batch) -> None:
        if options["json"]:
            sys.stdout.write(index_json.batch(batch))
        elif not options["quiet"]:
            sys.stdout.write(index_text.batch(batch))
        sys.stdout.flush()

    return report


def _say(what: str) -> None:
    sys.stderr.write(f"cass: {what}\n")


def _beginning(options: dict[str, Any]) -> Callable[[str, int, int], None]:
    def begin(how: str, files: int, folders: int) -> None:
        sys.stdout.flush()
        if not options["quiet"]:
            sys.stderr.write(index_text.watching(how, files, folders))
            sys.stderr.flush()

    return begin
