"""`cass search --stdio`: one JSON request a line in, one object a line out, until standard input ends.

A request has the names of the command's options, and `query`; what it does not say is as the command line has it.
"""

from __future__ import annotations

import functools
import gc
import json
import os
import sys
from queue import Empty, SimpleQueue
from threading import Thread

from cass import clock
from cass.backfill.activity import stamp
from cass.cli.elsewhere import named_there, results_there
from cass.cli.failing import as_error, error_object
from cass.cli.lane import settle
from cass.cli.rows_semantic import GROUP
from cass.cli.standard_input import piped_bytes
from cass.cli.table import FLAG, OFF, SHARE, command
from cass.cli.verbs.search import freshen, json_text, order_of, request_of
from cass.errors import CassError, Superseded, UsageError
from cass.paths import current_folder, places
from cass.records import record
from cass.search.request import Freshness
from cass.search.warm import Warm
from cass.semantic.held_graphs import HeldGraphs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, BinaryIO

    from cass.cli.table import Command, Option
    from cass.paths import Places
    from cass.search.request import Results

# A `cass forget` waits five seconds for those who search; nothing is held open for longer while nobody asks.
REST_S = 3.0
# While somebody asks, files are looked at behind an answer, this far apart.
LOOK_S = 2.0
MOST_BYTES = 1 << 20
# The generation of objects that is looked through behind each answer: those of the last few.
BEHIND_AN_ANSWER = 1
# How an answer is printed is fixed: one object a line.
NOT_ASKED = ("--stdio", "--jsonl", "--format", "--null")


@record
class Asked:
    """One request.  `options` are the whole command's; `refreshes`: it says itself what is to be read first."""

    text: str
    options: dict[str, Any]
    request_id: str | None
    refreshes: bool


def serve(options: dict[str, Any]) -> int:
    """Answer until standard input ends; 0."""
    if options["query"] or options["jsonl"] or options["format"] is not None:
        what = "queries come from standard input and answers are one JSON object a line"
        raise UsageError(what, "--stdio", "leave QUERY, --jsonl and --format away")
    gc.freeze()  # what is loaded stays: to look through it takes as long as an answer
    gc.disable()  # it is done behind an answer
    lines: SimpleQueue[bytes | None] = SimpleQueue()
    Thread(target=_read, args=(piped_bytes("cass search --stdio"), lines), daemon=True).start()
    desk = Desk(places(os.environ, data_dir=options["data_dir"]), options)
    desk.look()
    while True:
        try:
            waiting = [lines.get(timeout=REST_S if desk.warm.is_open else None)]
        except Empty:
            desk.warm.let_go()
            gc.collect()
            continue
        while not lines.empty():
            waiting.append(lines.get())
        desk.answer([line for line in waiting if line is not None])
        if waiting[-1] is None:
            return 0
        if lines.empty():
            gc.collect(BEHIND_AN_ANSWER)
            desk.look()


def _read(stdin: BinaryIO, lines: SimpleQueue[bytes | None]) -> None:
    try:
        for line in _lines(stdin):
            lines.put(line)
    except (OSError, ValueError):
        pass  # whoever asked is gone
    lines.put(None)


def _lines(stdin: BinaryIO) -> Iterator[bytes]:
    """Lines, without the end of one that is longer than any request; those without anything in them are left out."""
    while line := stdin.readline(MOST_BYTES):
        rest = line
        while rest and not rest.endswith(b"\n"):
            rest = stdin.readline(MOST_BYTES)
        if line.strip():
            yield line


class Desk:
    """Answers requests over one data folder."""

    def __init__(self, where: Places, options: dict[str, Any]) -> None:
        self.warm = Warm(where, HeldGraphs(where.data))
        self._where = where
        self._options = options
        self._freshness = Freshness()
        self._looked_s: float | None = None

    def answer(self, lines: list[bytes]) -> None:
        """An object for each line: the last request's answer, and errors for those before it and what is none."""
        newest: Asked | None = None
        for line in lines:
            asked = self._asked(line)
            if asked is not None and newest is not None:
                self._refuse(Superseded("a newer request came"), newest.request_id)
            newest = asked or newest
        if newest is None:
            return
        stamp(self._where.data)
        try:
            _print(json_text(results_there(self._found(newest), self._options["data_dir"]), newest.options))
        except (KeyboardInterrupt, SystemExit, BrokenPipeError):
            raise
        except BaseException as lost:  # a panic inside an extension is no Exception
            self._refuse(as_error(lost), newest.request_id)

    def look(self) -> None:
        """Read what is new while nobody waits, as far as the command line allows; at most every `LOOK_S`."""
        how, now_s = self._options["refresh"], clock.monotonic_s()
        if how == "off" or self._options["live"] or (self._looked_s is not None and now_s < self._looked_s + LOOK_S):
            return
        try:
            self._freshness = freshen(self._where, how, self._options["settings"])
        except CassError as lost:
            self._freshness = Freshness(notes=(f"nothing new was read: {lost}",))
        self._looked_s = clock.monotonic_s()

    def _asked(self, line: bytes) -> Asked | None:
        """The request of a line; None for what is none, which was answered."""
        request_id: str | None = None
        try:
            said = _parsed(line)
            request_id = _text_id(said)
            return _read_request(said, self._options, request_id)
        except UsageError as bad:
            self._refuse(bad, request_id)
            return None

    def _found(self, asked: Asked) -> Results:
        options, freshness = asked.options, self._freshness
        request = request_of(options, asked.text)
        if asked.refreshes and not request.live:
            freshness = freshen(self._where, options["refresh"], options["settings"])
        about = request, clock.now_ms(), clock.monotonic_s, current_folder(), freshness
        if options["explain"]:
            from cass.search.explain import explained_search

            return explained_search(self._where, *about, after=order_of(options))
        return self.warm.search(*about, after=order_of(options))

    def _refuse(self, error: CassError, request_id: str | None) -> None:
        error.todo = named_there(error.todo, self._options["data_dir"]) if error.todo else None
        _print(json.dumps({"error": error_object(error), "request_id": request_id}, sort_keys=True))


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _parsed(line: bytes) -> dict[str, Any]:
    if len(line) == MOST_BYTES:
        raise UsageError(f"a request has at most {MOST_BYTES >> 20} MB", "--stdio", "ask for less")
    try:
        said = json.loads(line)
    except (ValueError, RecursionError) as bad:
        raise UsageError(f"a line is no JSON: {bad}", "--stdio", 'write {"query": "…"} on one line') from bad
    if not isinstance(said, dict):
        raise UsageError("a request is a JSON object", "--stdio", 'write {"query": "…"} on one line')
    return said


def _text_id(said: dict[str, Any]) -> str | None:
    given = said.get("request_id")
    return None if given is None or isinstance(given, (dict, list)) else str(given)


def _read_request(said: dict[str, Any], base: dict[str, Any], request_id: str | None) -> Asked:
    """Names and values mean what they mean on the command line.  Raises UsageError."""
    known = _known()
    text = said.get("query", "")
    if not isinstance(text, str):
        raise UsageError("the query is a text", "query", 'write {"query": "…"}')
    given, off = {}, {}
    for key, value in said.items():
        option = known.get(key.replace("-", "_"))
        if option is None and key != "query":
            raise UsageError(f"{key!r} is not part of a request", "--stdio", f"use query, {', '.join(known)}")
        if option is not None and value is False and option.kind in (FLAG, SHARE):
            off[option.dest] = OFF if option.kind == SHARE else option.default
        elif option is not None and value is not None:
            given[option.name] = _raws(key, option, value)
    found = settle(_row(), [], given)
    options = base | {key: found.options[key] for key in found.given} | off
    options["given"] = frozenset(base.get("given", ())) | frozenset(found.given)
    return Asked(text, options | {"json": True, "request_id": request_id}, request_id, "refresh" in found.given)


@functools.cache
def _row() -> Command:
    return command("search")


@functools.cache
def _known() -> dict[str, Option]:
    """What a request may say, by its key."""
    return {
        option.name[2:].replace("-", "_"): option
        for option in _row().options
        if option.group != GROUP and not option.hidden and option.name not in NOT_ASKED
    }


def _raws(key: str, option: Option, value: object) -> list[str]:
    """A JSON value as it would stand on the command line."""
    if isinstance(value, list) and option.repeat:
        return [raw for one in value for raw in _raws(key, option, one)]
    if value is True and option.kind in (FLAG, SHARE):
        return [""]
    if isinstance(value, (str, int, float)) and not isinstance(value, bool) and option.kind != FLAG:
        return [str(value)]
    raise UsageError(f"{value!r} is no value of {key!r}", "--stdio", f"see {option.name} in `cass search --help`")
