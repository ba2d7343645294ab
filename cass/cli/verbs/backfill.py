"""`cass backfill`: make the vectors that are owed."""

from __future__ import annotations

import os
import signal
import sys
from itertools import chain

from cass import clock
from cass.backfill.gates import Asked
from cass.backfill.machine import BackfillRequest, Machine
from cass.backfill.manners import manners_of
from cass.backfill.run import Backfill
from cass.backfill.sensors import real_sensors
from cass.cli.elsewhere import backfill_there
from cass.cli.settled import settings_of
from cass.daemon.aside import go_on, step_aside
from cass.daemon.control import forget_stop, paused, stop_asked
from cass.disk import bytes_left
from cass.errors import UsageError
from cass.paths import places
from cass.render import backfill_json, backfill_text
from cass.render.notices import notify
from cass.render.progress import Progress, chosen
from cass.render.terminal import style
from cass.semantic.embedders.table import embedder_options
from cass.semantic.manifest import FAST, QUALITY
from cass.settings.kinds import time_of_day
from cass.settings.quick import load

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from cass.backfill.report import BackfillReport
    from cass.paths import Places
    from cass.semantic.embedders.table import EmbedderOptions
    from cass.store.worker_state import Holder

BY_SIGNAL = 128


class Stopping:
    """Until the end of the block the first signal asks for a stop within a batch; the second one is obeyed at once.

    `cass worker stop` asks for the same, by its file in the data folder.
    """

    def __init__(self, data: str) -> None:
        self.number = 0
        self._data, self._pid = data, os.getpid()
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Stopping:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *why: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _note(self, number: int, frame: object) -> None:
        self.number = number
        self.__exit__()

    def is_stopped(self) -> bool:
        return self.number != 0 or stop_asked(self._data, self._pid)


def run(options: dict[str, Any]) -> int:
    """Work until nothing is owed; a tier that cannot go on says why, which is no error."""
    where = places(os.environ, data_dir=options["data_dir"])
    request = _request(where, options)
    until_ms = None if options["until"] is None else next_at(options["until"], clock.now_ms())
    look = style(sys.stderr, options, os.environ)
    kind = chosen("auto", options["quiet"] or options["json"], look)
    progress = Progress(sys.stderr, kind, look.width, clock.monotonic_s)
    with Stopping(where.data) as stopping:
        worker = _step_aside(where, options)
        try:
            settings = settings_of(where, options)
            asked = Asked(
                paused=lambda: paused(where.data, clock.now_ms()),
                unread_settings=settings.unread_file(),
                manners=manners_of(settings.value),
                until_ms=until_ms,
            )
            machine = _machine(where, stopping, progress, embedder_options(settings))
            report = Backfill(where, request, machine, real_sensors(where), asked).run()
        finally:
            progress.close()
            if stop_asked(where.data, os.getpid()):
                forget_stop(where.data)
            elif worker is not None:
                go_on(where, options["data_dir"])
    _print(backfill_there(report, options["data_dir"]), options)
    return BY_SIGNAL + stopping.number if stopping.number else 0


def next_at(time: str, now_ms: int) -> int:
    """The next moment at which clocks here show this time of day, such as 07:00.  Raises UsageError."""
    try:
        hour, minute = time_of_day(time)
    except ValueError:
        raise UsageError(f"no time of day: {time!r}", "cass backfill", "write it as --until 07:00") from None
    coming = chain.from_iterable([_moments(now_ms, days, hour, minute) for days in (0, 1)])
    return next(ms for ms in coming if ms > now_ms)


def _moments(now_ms: int, days: int, hour: int, minute: int) -> list[int]:
    """When clocks show it so many days later: twice where they are put back, an hour late where it is left out."""
    year, month, day = clock.local_date(now_ms)
    known = [clock.local_ms(year, month, day + days, hour, minute, summer=summer) for summer in (1, 0)]
    return sorted([ms for ms in known if clock.local_text(ms, "%H:%M") == f"{hour:02}:{minute:02}"]) or known[-1:]


def _step_aside(where: Places, options: dict[str, Any]) -> Holder | None:
    """Who asks by hand need not wait for a worker, which mostly rests.  What it made stands, and is not made again."""
    worker = step_aside(where.data)
    if worker is not None and not options["quiet"]:
        notify(f"cass: the worker, process {worker.pid}, has stepped aside; it goes on after this\n", sys.stderr)
    return worker


def _request(where: Places, options: dict[str, Any]) -> BackfillRequest:
    """The wishes of this command, and what holds without its flags."""
    settings = settings_of(where, options)
    flags = {key: value for key, value in options.get("flags", {}).items() if value is not None}
    configured = load(where, os.environ) if flags else settings
    tiers = (options["tier"],) if options["tier"] else (FAST, QUALITY)
    most = settings.whole("worker.max_attempts")
    return BackfillRequest(settings.policy(), configured.policy(), tiers, options["once"], options["force"], most)


def _machine(where: Places, stopping: Stopping, progress: Progress, embedders: EmbedderOptions) -> Machine:
    return Machine(
        clock.now_ms,
        clock.monotonic_s,
        lambda: bytes_left(where.data),
        stopping.is_stopped,
        progress=progress,
        embedder_options=embedders,
    )


def _print(report: BackfillReport, options: dict[str, Any]) -> None:
    if options["json"]:
        sys.stdout.write(backfill_json.answer(report))
    elif not options["quiet"]:
        sys.stdout.write(backfill_text.summary(report, style(sys.stdout, options, os.environ)))
