"""A worker as a process of its own, with ticks that a test can follow: `python -m tests.daemon.host KIND`.

KIND: `busy` has always something to do, `idle` never, `held` waits for the user, `once` leaves when nothing is owed,
`real` makes real vectors and leaves, `stay` does not leave, `heavy` takes too much memory after its first tick, `deaf`
has closed its stdout and stderr and waits for the user, `stuck` is in a batch that does not end, `late` takes too much
memory and is asked to stop when it has decided what to do about it, `early` as soon as it has the lock.  Each tick is a
line in the file `ticks` beside the data folder.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from cass.backfill.gates import Hold, Manners
from cass.backfill.report import BackfillReport, TierReport
from cass.backfill.worker import Wishes
from cass.daemon.control import ask_stop
from cass.daemon.run import Process, run_worker
from cass.daemon.ticking import Ticks
from cass.daemon.waiting import Signals
from cass.errors import Busy
from cass.paths import Places, places
from cass.records import record
from cass.semantic.manifest import FAST
from cass.store.worker_state import WORKER, holder_of, read_state

REPO = Path(__file__).resolve().parents[2]
HELD = Hold("user_active", "you were here a moment ago", 20.0)


@record
class Ticked:
    hold: Hold | None = None
    report: BackfillReport | None = None


class Ticker:
    """`texts` a tick; a hold where there is one."""

    def __init__(
        self,
        folder: str,
        is_stopped: Callable[[], bool],
        kind: str,
        begun: Callable[[str], None] = lambda because: None,
    ) -> None:
        self.path = os.path.join(os.path.dirname(folder), "ticks")
        self.is_stopped = is_stopped
        self.kind = kind
        self.begun = begun

    def tick(self) -> Ticked:
        with open(self.path, "a", encoding="ascii") as file:
            file.write(f"{os.getpid()}\n")
        if self.kind == "stuck":
            self.begun("nobody is here")
        while self.kind == "stuck":
            signal.pause()
        if self.kind in ("heavy", "late"):
            return self.heavy()
        if self.kind == "too heavy":
            return Ticked(hold=Hold("memory", "it takes too much memory", 1.0))
        if self.kind in ("held", "deaf"):
            return Ticked(hold=HELD)
        return Ticked(report=BackfillReport((TierReport(FAST, texts=int(self.kind == "busy")),)))

    def heavy(self) -> Ticked:
        """Something is done once, and then there is too much in memory."""
        self.kind = "too heavy"
        return Ticked(report=BackfillReport((TierReport(FAST, texts=1),)))


def real_ticks(where: Places) -> Ticks:
    """Of a machine that is never too busy."""
    return Ticks(where, os.environ, manners=lambda _: Manners(on_battery=True, max_load_per_core=1e9))


def before(kind: type, name: str, do: Callable[[], object]) -> None:
    """Let this be done first, whenever that method is called."""
    method = getattr(kind, name)

    def both(self: object, *about: object) -> object:
        do()
        return method(self, *about)

    setattr(kind, name, both)


def main() -> int:
    kind = sys.argv[1]
    where = places(os.environ)
    if kind == "deaf":
        os.close(1)
        os.close(2)
    if kind == "late":
        before(Process, "close", lambda: os.kill(os.getpid(), signal.SIGTERM))
    if kind == "early":
        before(Signals, "__enter__", lambda: ask_stop(where.data))
    make_tick = (
        real_ticks(where)
        if kind in ("real", "stay")
        else lambda stopped, begun: Ticker(where.data, stopped, kind, begun).tick
    )
    wishes = Wishes(poll_s=30.0 if kind == "stay" else 5.0, idle_exit_s=0.0 if kind in ("once", "real") else 600.0)
    try:
        return run_worker(where, os.environ, make_tick, wishes, command=[sys.executable, "-m", __spec__.name, "held"])
    except Busy as busy:
        return busy.exit_code


class Running:
    """Real workers of one data folder.  Whatever a test does, none of them is left."""

    def __init__(self, data: Path) -> None:
        self.data = data
        home = str(data.parent / "home")
        os.makedirs(home, exist_ok=True)
        self.env = {"PATH": "/usr/bin:/bin", "HOME": home, "CASS_DATA_DIR": str(data), "PYTHONPATH": str(REPO)}
        self.started: list[subprocess.Popen[bytes]] = []

    def command(self, kind: str) -> Sequence[str]:
        return [sys.executable, "-m", "tests.daemon.host", kind]

    def start(self, kind: str) -> subprocess.Popen[bytes]:
        """One more, at once."""
        process = subprocess.Popen(
            self.command(kind), env=self.env, cwd=REPO, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        self.started.append(process)
        return process

    def working(self, kind: str) -> subprocess.Popen[bytes]:
        """One that has the lock and has ticked."""
        process = self.start(kind)
        self.until(lambda: str(process.pid) in self.ticks(), process)
        return process

    def resting(self, kind: str) -> subprocess.Popen[bytes]:
        """One that has said that it rests."""
        process = self.working(kind)
        self.until(lambda: (said := read_state(str(self.data))) is not None and said.state == "resting", process)
        return process

    def until(self, is_so: Callable[[], bool], process: subprocess.Popen[bytes] | None = None) -> None:
        """Look until it is so; workers are nice, so between two looks they are waited for, not raced."""
        while not is_so():
            try:
                (process or self.started[-1]).wait(0.01)
            except subprocess.TimeoutExpired:
                continue
            assert process is None, f"it has left: {process.returncode}"

    def ticks(self) -> list[str]:
        """The process of each tick."""
        try:
            return (self.data.parent / "ticks").read_text().splitlines()
        except FileNotFoundError:
            return []

    def at_work(self) -> int | None:
        """The process that has the lock as a worker."""
        holder = holder_of(str(self.data))
        return holder.pid if holder is not None and holder.what == WORKER else None

    def close(self) -> None:
        for process in self.started:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            process.wait()


if __name__ == "__main__":
    raise SystemExit(main())
