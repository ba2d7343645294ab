"""The archive as `cass serve` answers from it: by the verbs' own functions, with database and index held open.

Several threads answer, each with its own view.  Nothing is held open while nobody asks, as a `cass forget` waits five
seconds for those who search.
"""

from __future__ import annotations

import io
import os
from queue import Empty, SimpleQueue
from threading import Event, Lock, Thread

from cass import clock
from cass.backfill.activity import stamp
from cass.cli.edge import FORGETTING
from cass.cli.settled import settle
from cass.cli.verbs import pack, search, sessions, show, status
from cass.errors import CassError
from cass.paths import current_folder
from cass.records import record
from cass.search.request import Freshness
from cass.search.warm import Warm
from cass.semantic.held_graphs import HeldGraphs
from cass.settings.hot import identities, plain_word
from cass.settings.quick import load
from cass.store import connect

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from cass.cli.lane import Invocation
    from cass.daemon.warm import WarmModel
    from cass.paths import Places
    from cass.search.request import Request, Results
    from cass.settings.quick import Settings

    Options = dict[str, Any]

# A search uses one core; more threads than that only help when one waits for a model.
THREADS = 3
REST_S = 3.0
# Files are looked at this far apart: an answer is never older.
LOOK_S = 2.0
# Whoever has asked is gone by then.
ANSWER_S = 30.0


class TookTooLong(Exception):
    """There is no answer within `ANSWER_S`."""


class Around:
    """What all threads share: the settings as they are now, how fresh the archive is, and the model.

    flags: setting → value, as the command line of `cass serve` has it.
    """

    def __init__(self, where: Places, env: Mapping[str, str], model: WarmModel, flags: Mapping[str, object]) -> None:
        self.where = where
        self.env = env
        self.model = model
        self._flags = dict(flags)
        self._lock = Lock()
        self._looking = Lock()
        self._seen: object = None
        self._settings: Settings | None = None
        self._freshness = Freshness()
        self._looked_s = float("-inf")

    def settings(self) -> Settings:
        """All layers, read again when a file of settings has changed."""
        now = identities(self.where)
        with self._lock:
            if self._settings is None or now != self._seen:
                self._seen, self._settings = now, load(self.where, self.env, self._flags)
            return self._settings

    def change(self, **flags: object) -> None:
        """Another value of a flag, `embedder_url` for embedder.url, from now on."""
        with self._lock:
            self._flags |= {key.replace("_", ".", 1): value for key, value in flags.items()}
            self._settings = None

    def freshness(self, how: str, values: Mapping[str, object], said: bool) -> Freshness:
        """Read what is new as a search does; at most every `LOOK_S`, unless a request says itself how (`said`)."""
        if how == "off":
            return Freshness()
        if said and how == "wait":
            return search.freshen(self.where, how, values)
        if clock.monotonic_s() - self._looked_s >= LOOK_S and self._looking.acquire(blocking=False):
            try:
                self._freshness = search.freshen(self.where, how, values)
            except CassError as lost:
                self._freshness = Freshness(notes=(f"nothing new was read: {lost}",))
            finally:
                self._looked_s = clock.monotonic_s()
                self._looking.release()
        return self._freshness


class View:
    """One thread's archive."""

    def __init__(self, around: Around) -> None:
        self._around = around
        self._where = around.where
        self._warm = Warm(around.where, HeldGraphs(around.where.data))
        self._is_behind = False

    def answer(self, asked: Invocation) -> str:
        """What the command prints with --json, without its line end.  Raises what the command raises."""
        where, settings = self._where, self._around.settings()
        if os.path.exists(os.path.join(where.data, FORGETTING)):
            return self._while_forgetting(asked, settings)
        return self._answered(asked, settings)

    def tidy(self) -> None:
        """The answer is out: bring the lexical index up to date where too much is missing in it."""
        if self._is_behind:
            from cass.indexing.refresh import catch_up

            self._is_behind = False
            catch_up(self._where, clock.monotonic_s)

    def rest(self) -> None:
        """Nobody has asked for a moment: what is forgotten or replaced can be deleted."""
        self._warm.let_go()

    def _while_forgetting(self, asked: Invocation, settings: Settings) -> str:
        """What was to be forgotten is not found any more, and its files are not held."""
        from cass.cli import forgetting

        self._warm.let_go()
        forgetting.begin(self._where, quiet=True)
        try:
            return self._answered(asked, settings)
        finally:
            self._warm.let_go()

    def _answered(self, asked: Invocation, settings: Settings) -> str:
        values = {key: plain_word(given[-1][1]) for key, given in settings.given.items()}
        settle(asked, self._where, values, self._around.env, io.StringIO())
        asked.options["loaded"] = settings
        if asked.stamps:
            stamp(self._where.data)
        return self.ANSWERS[asked.command](self, asked)

    def _search(self, asked: Invocation) -> str:
        options: Options = asked.options
        request = search.request_of(options, " ".join(options["query"]), self._around.env)
        how = "off" if request.live else options["refresh"]
        fresh = self._around.freshness(how, options["settings"], "refresh" in asked.given)
        results = self._results(options, request, fresh)
        self._is_behind = results.long_tail and how != "off"
        return search.json_text(results, options)

    def _results(self, options: Options, request: Request, fresh: Freshness) -> Results:
        about = request, clock.now_ms(), clock.monotonic_s, current_folder(), fresh
        if options["explain"]:
            from cass.search.explain import explained_search

            return explained_search(self._where, *about, after=search.order_of(options))
        return self._warm.search(*about, search.order_of(options), self._around.model.offer_open)

    def _pack(self, asked: Invocation) -> str:
        options: Options = asked.options
        request = pack.request_of(options, " ".join(options["query"]))
        fresh = self._around.freshness(options["refresh"], options["settings"], "refresh" in asked.given)
        results = self._warm.search(request, clock.now_ms(), clock.monotonic_s, current_folder(), fresh)
        return pack.json_text(results, options)

    def _from_database(self, asked: Invocation) -> str:
        text = {"sessions": sessions.json_text, "show": show.json_text}[asked.command]
        connection = connect.require_reader(self._where.database, self._where.data)
        try:
            return text(connection, asked.options)
        finally:
            connection.close()

    def _status(self, asked: Invocation) -> str:
        return status.json_text(self._where, asked.options)

    ANSWERS: Mapping[str, Callable[[View, Any], str]] = {
        "search": _search,
        "pack": _pack,
        "sessions": _from_database,
        "show": _from_database,
        "status": _status,
    }


class _Asked:
    def __init__(self, invocation: Invocation) -> None:
        self.invocation = invocation
        self.done = Event()
        self.text = ""
        self.lost: BaseException | None = None
        self.is_given_up = False


class Archive:
    """Answers invocations, in threads that hold the archive open."""

    def __init__(self, around: Around, threads: int = THREADS) -> None:
        self.around = around
        self._asked: SimpleQueue[_Asked] = SimpleQueue()
        for number in range(threads):
            Thread(target=self._work, args=(View(around),), name=f"archive-{number}", daemon=True).start()

    def answer(self, invocation: Invocation, most_s: float = ANSWER_S) -> str:
        """As `View.answer`.  Raises TookTooLong, too."""
        asked = _Asked(invocation)
        self._asked.put(asked)
        if not asked.done.wait(most_s):
            asked.is_given_up = True
            raise TookTooLong(f"there was no answer within {most_s:.0f} s")
        if asked.lost is not None:
            raise asked.lost
        return asked.text

    def _next(self, view: View) -> _Asked:
        try:
            return self._asked.get(timeout=REST_S)
        except Empty:
            view.rest()
        return self._asked.get()

    def _work(self, view: View) -> None:
        while True:
            asked = self._next(view)
            if not asked.is_given_up:
                try:
                    asked.text = view.answer(asked.invocation)
                except BaseException as lost:  # a panic inside an extension is no Exception
                    asked.lost = lost
            asked.done.set()
            _tidied(view)


def _tidied(view: View) -> None:
    try:
        view.tidy()
    except Exception:  # the answer is out, and the next search tries the same
        return


@record
class Part:
    """A part of what answers: `ok`, or a word for what it is instead, and why."""

    name: str
    state: str
    reason: str | None = None


def archive_parts(where: Places) -> tuple[Part, ...]:
    """The archive and its lexical index, as they can be read now."""
    from cass.lexical.opening import Damage, opened
    from cass.lexical.sound import Glance

    try:
        connect.require_reader(where.database, where.data).close()
    except CassError as lost:
        return (Part("archive", "missing" if lost.kind == "missing-index" else "broken", str(lost)),)
    reader = opened(where.lexical, Glance)
    if isinstance(reader, Damage):
        return Part("archive", "ok"), Part("lexical", "missing", "searches are answered from the archive, slowly")
    return Part("archive", "ok"), Part("lexical", "ok")
