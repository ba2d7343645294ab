"""One worker process: alone by the lock, nice, deaf to the terminal; the loop with the real world around it.

What ticks is made by a function that is handed in: changed settings mean a new one.
"""

from __future__ import annotations

import errno
import gc
import os
import signal

from cass import clock
from cass.backfill.worker import LASTING, MEMORY, NO_END, Host, Leave, Rest, Wishes, Worker
from cass.daemon.calls import Calls
from cass.daemon.control import asked_stamp, forget_stop, paused, stop_asked
from cass.daemon.following import Following, best_watcher
from cass.daemon.keeping import Keeping
from cass.daemon.manners import LOG, be_nice, leave_folders, trim_log
from cass.daemon.reading import NewMessages, note_done, readable
from cass.daemon.spawn import replace_self
from cass.daemon.waiting import Signals, wait_for
from cass.disk import lock_holder, make_private_folder, try_lock
from cass.errors import Busy, SystemRefused
from cass.indexing.rules import ALL, Rules
from cass.semantic.silence import silence
from cass.settings.hot import identities
from cass.store.events import FOLLOWS, Event, note_events
from cass.store.ledger import Ledger
from cass.store.worker_state import (
    LOCK,
    RESTING,
    RUNNING,
    WORKER,
    WorkerState,
    forget_state,
    sign,
    write_state,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cass.backfill.worker import Tick, Ticked
    from cass.daemon.calls import Answers
    from cass.daemon.embedding import EmbeddingService
    from cass.daemon.fetching import Fetching
    from cass.daemon.following import Watcher
    from cass.daemon.warm import WarmModel
    from cass.disk import Lock
    from cass.paths import Places

    MakeTick = Callable[[Callable[[], bool], Callable[[str], None]], Tick]

# `status` takes the lock for some microseconds to see whether it is held.
LOCK_WAIT_S = 0.2
LOOK_AGAIN_S = 0.02
BY_SIGNAL = 128


def run_worker(
    places: Places,
    env: Mapping[str, str],
    make_tick: MakeTick,
    wishes: Wishes,
    rules: Callable[[], Rules] = lambda: ALL,
    command: Sequence[str] = (),
    is_quiet: Callable[[], bool] = lambda: False,
    answer: Answers | None = None,
    model: WarmModel | None = None,
    embedding: EmbeddingService | None = None,
    fetching: Fetching | None = None,
) -> int:
    """Work until there is a reason to leave; the exit code.  `command`: what to become when memory must be let go.

    `is_quiet`: would nobody notice what is done beside vectors?  `answer`: commands of other processes, with `model`;
    `embedding`: their texts · `fetching`: of a model that is not there.

    `make_tick` gets a function that says whether to stop within a batch, and one that is told why a chunk begins.
    Raises Busy where another one works here.
    """
    if stop_asked(places.data, os.getpid()):
        forget_stop(places.data)  # another's, who had this number: nobody knows this process before it has the lock
    lock = take_place(places)
    with Signals() as signals:
        sign(places.data, WORKER)
        gc.enable()  # the command line switches it off for short lives
        silence()
        calls = _listening(places, answer, embedding)
        be_nice()  # on Linux the threads that answer others keep their priority: they began before
        leave_folders()
        process = Process(
            places, env, make_tick, signals, wishes, rules, is_quiet, calls=calls, model=model, fetching=fetching
        )
        try:
            leave = process.run()
        finally:
            if calls is not None:
                calls.close()
            is_stopped = process.is_stopped()
            process.close()
            lock.release()
    if leave.replace and command and not (is_stopped or signals.is_ended):
        replace_self(command, env, os.path.join(places.data, LOG))
    return BY_SIGNAL + signals.number if signals.number == signal.SIGINT else leave.exit_code


def _listening(places: Places, answer: Answers | None, embedding: EmbeddingService | None) -> Calls | None:
    if answer is None:
        return None
    calls = Calls(places, answer, embedding)
    calls.open()
    return calls


def take_place(places: Places) -> Lock:
    """The lock of the one resident process of a data folder.  Raises Busy, naming the holder, or SystemRefused."""
    path = os.path.join(places.data, LOCK)
    until_s = clock.monotonic_s() + LOCK_WAIT_S
    try:
        make_private_folder(places.data)
        while (lock := try_lock(path)) is None:
            if clock.monotonic_s() >= until_s:
                who = f"process {lock_holder(path)}"
                raise Busy(f"{who} works here already", path, "see what it does: cass worker status")
            clock.sleep(LOOK_AGAIN_S)
    except OSError as bad:
        todo = "make room" if bad.errno == errno.ENOSPC else "check the folder's permissions"
        raise SystemRefused(f"the lock cannot be taken: {bad.strerror}", path, todo) from bad
    return lock


class Process:
    """The functions of the loop's `Host`, over real files, signals and clocks."""

    def __init__(
        self,
        places: Places,
        env: Mapping[str, str],
        make_tick: MakeTick,
        signals: Signals,
        wishes: Wishes,
        rules: Callable[[], Rules],
        is_quiet: Callable[[], bool],
        make_watcher: Callable[[], Watcher] = best_watcher,
        calls: Calls | None = None,
        model: WarmModel | None = None,
        fetching: Fetching | None = None,
    ) -> None:
        self.places = places
        self.wishes = wishes
        self._make_tick = make_tick
        self._signals = signals
        self._keeping = Keeping(
            places, env, clock.now_ms, clock.monotonic_s, self.is_stopped, is_quiet, self.note, self.longer, fetching
        )
        self._tick: Tick | None = None
        self._settings: object = None
        self._lock_id = self._lock_file()
        self._following = Following(
            places, env, rules, clock.monotonic_s, lambda what: self.note(FOLLOWS, what), make_watcher
        )
        self._new = NewMessages(places, env, rules, clock.now_ms, clock.monotonic_s, self._following.appeared)
        self._calls = calls
        self._model = model
        self._is_paused = False
        self._seen = self._stamp()
        self._asked_s = clock.monotonic_s()
        self._shown: tuple[str, str] | None = None
        self._since_ms = self._started_ms = clock.now_ms()

    def run(self) -> Leave:
        """The loop, until it leaves."""
        if self._calls is not None and self._calls.why_not is not None:
            self.note(FOLLOWS, f"nobody can ask this process: {self._calls.why_not}")
        host = Host(
            tick=self.tick,
            has_new=lambda: readable(self._new),
            read_new=self.read_new,
            release=self.release,
            wait=self.wait,
            signs=self._new.signs,
            is_stopped=self.is_stopped,
            pause_left_s=self.pause_left_s,
            is_here=self.is_here,
            asked_s=self.asked_s,
            monotonic_s=clock.monotonic_s,
            show=self.show,
            note=self.note,
            keep=self._keeping.run,
        )
        leave = Worker(host, self.wishes).run()
        if not leave.replace and leave.word in (*LASTING, MEMORY) and self.is_here():
            note_done(self.places.data, self._new.signs())
        return leave

    def asked_s(self) -> float:
        """When somebody last asked for something, or searched here."""
        return self._asked_s if self._calls is None else max(self._asked_s, self._calls.last_asked_s)

    def tick(self) -> Ticked:
        """One tick, by the settings as they are now."""
        settings = identities(self.places)
        if self._tick is None or settings != self._settings:
            self._settings, self._tick = settings, self._make_tick(self.is_stopped, self.begun)
        self.show(None)
        return self._tick()

    def read_new(self) -> bool:
        """Read, and follow what is known then.  A model and the index's writer are not in memory together."""
        self._make_room()
        started_s = clock.monotonic_s()
        try:
            return self._new.read()
        finally:
            self._following.has_read(clock.monotonic_s() - started_s)

    def _make_room(self) -> None:
        if self._model is not None:
            self._model.let_go()

    def longer(self, what: str) -> None:
        """What begins may last for a minute or more: without a model in memory, and said meanwhile."""
        self._make_room()
        self._shown, self._since_ms = ("", what), clock.now_ms()
        self._say(RUNNING, "", what, None)

    def release(self) -> None:
        """A tick lets its model go; what of it still hangs together in a ring goes now."""
        if self._model is not None:
            self._model.let_go_if_idle()
        gc.collect()

    def wait(self, seconds: float) -> None:
        """At most so long; less when a signal comes, when somebody asks for something, or when an agent writes.

        A pause is also one from the agents.
        """
        trim_log(os.path.join(self.places.data, LOG))
        if self._is_paused:
            wait_for(seconds, self._signals.wait, clock.monotonic_s, self._is_disturbed)
        else:
            self._following.wait(seconds, self._signals.wait, self._is_disturbed)
        if self._stamp() != self._seen:
            self._asked_s = clock.monotonic_s()

    def _is_disturbed(self) -> bool:
        """Asked again and again while it rests, which is when to see that callers find the socket, too."""
        if self._calls is not None:
            self._calls.look()
        return self._signals.is_ended or self._stamp() != self._seen or not self.is_here()

    def _stamp(self) -> object:
        return asked_stamp(self.places.data)

    def is_stopped(self) -> bool:
        """By a signal, by word, or by deleting the data folder.  Asked between batches: two looks at the disk."""
        return self._signals.is_ended or stop_asked(self.places.data, os.getpid()) or not self.is_here()

    def pause_left_s(self) -> float | None:
        """Seconds of the pause that are left; None without one."""
        self._seen = self._stamp()  # before it is read: what is asked for after that ends the next wait
        now_ms = clock.now_ms()
        wish = paused(self.places.data, now_ms)
        self._is_paused = wish is not None
        if wish is None:
            return None
        return NO_END if wish.until_ms is None else (wish.until_ms - now_ms) / 1000

    def is_here(self) -> bool:
        """Is the folder still the one that was locked?  One that was made again is another's."""
        return self._lock_file() == self._lock_id

    def _lock_file(self) -> tuple[int, int] | None:
        try:
            info = os.stat(os.path.join(self.places.data, LOCK))
        except OSError:
            return None
        return info.st_dev, info.st_ino

    def show(self, rest: Rest | None) -> None:
        """Say to `status` what is done, when it changes or the time of the next look does."""
        word, reason = (rest.word, rest.reason) if rest is not None else ("", "")
        now_ms = clock.now_ms()
        if (word, reason) != self._shown:
            self._shown, self._since_ms = (word, reason), now_ms
        elif rest is None:
            return
        next_ms = None if rest is None else now_ms + round(min(rest.for_s, self.wishes.poll_s) * 1000)
        self._say(RUNNING if rest is None else RESTING, word, reason, next_ms)

    def begun(self, because: str) -> None:
        """A chunk begins, and may last for minutes: say meanwhile why it was let."""
        self._say(RUNNING, "", f"vectors are made; {because}" if because else "", None)

    def _say(self, state: str, word: str, reason: str, next_ms: int | None) -> None:
        if self._calls is not None:
            self._calls.doing = {"state": state, "reason": reason}
        write_state(
            self.places.data,
            WorkerState(os.getpid(), state, word, reason, self._since_ms, next_ms, self._started_ms),
        )

    def note(self, kind: str, what: str) -> None:
        """An event; lost where it cannot be written."""
        if self.is_here():
            ledger, events = Ledger(self.places.database), [Event(clock.now_ms(), kind, what)]
            ledger.mention(lambda connection: note_events(connection, events))
            ledger.close()

    def close(self) -> None:
        """Leave nothing behind."""
        self._following.close()
        if self.is_here():
            forget_stop(self.places.data)
            forget_state(self.places.data)
