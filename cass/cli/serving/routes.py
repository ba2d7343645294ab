"""The routes of `cass serve`, and how a request becomes the invocation of a command.

A route that runs a command takes that command's options, by their long names: the command table is the only list.
"""

from __future__ import annotations

import functools
from urllib.parse import parse_qsl

from cass.cli.lane import settle
from cass.cli.rows_semantic import GROUP
from cass.cli.suggest import nearest
from cass.cli.table import FLAG, INT, OFF, SHARE, command
from cass.errors import NotFound, UsageError
from cass.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from cass.cli.lane import Invocation
    from cass.cli.table import Option


@record
class Route:
    """`path` ends with `{id}` where it names something.  command: whose JSON it answers; "" for what only a server has.

    schema: the name of that JSON's schema.
    """

    method: str
    path: str
    says: str
    command: str = ""
    schema: str = ""


HEALTH, READY, METRICS, DOCUMENT = "/v1/health", "/v1/ready", "/metrics", "/v1/openapi.json"
EMBEDDINGS, INDEX = "/v1/embeddings", "/v1/index"
SESSION, MESSAGE = "/v1/sessions/{id}", "/v1/messages/{id}"
ROUTES = (
    Route("GET", HEALTH, "Is the process there?"),
    Route("GET", READY, "What can be answered now, part by part."),
    Route("GET", "/v1/status", "What is there, how fresh it is, and what needs doing.", "status", "status"),
    Route("GET", "/v1/search", "Find messages.", "search", "search"),
    Route("GET", "/v1/sessions", "List sessions, newest first.", "sessions", "sessions"),
    Route("GET", SESSION, "Read a session.", "show", "show"),
    Route("GET", MESSAGE, "Read a message (ID:N) with its neighbours.", "show", "show"),
    Route("GET", "/v1/pack", "Excerpts about something, cited, for a prompt.", "pack", "pack"),
    Route("GET", DOCUMENT, "This description."),
    Route("GET", METRICS, "Counts and times, for Prometheus."),
    Route("POST", EMBEDDINGS, "Texts as vectors, as OpenAI's embeddings."),
    Route("POST", INDEX, "Wake the worker, or start it.", "", "worker"),
)
ID = "{id}"
# Is answered as GET, without the body.
HEAD = "HEAD"
# How an answer is printed is fixed, and so is what only a terminal or a file of this machine gives a meaning to.
NOT_ASKED = (
    *("--stdio", "--jsonl", "--format", "--null", "--exit-zero", "--exit-status"),
    *("--raw", "--line", "--check"),
)
SECRETS = "--show-secrets"
MOST_PARAMETERS = 100
# A number that is larger is a mistake, or costs more memory than the archive has messages.
MOST_WHOLE, MOST_LENGTH = 10_000, 1_000_000
TRUE, FALSE = ("", "true", "1"), ("false", "0")
# What a share may be said as beside a number, and how its option has it.
SHARES = {**dict.fromkeys(TRUE, ""), "false": OFF}


def found(method: str, path: str) -> tuple[Route | None, str, tuple[str, ...]]:
    """The route and what its path names; None and the methods that this path knows, none of them for no such path."""
    methods: tuple[str, ...] = ()
    for route in ROUTES:
        named = _named(route.path, path)
        if named is None:
            continue
        known = (route.method, HEAD) if route.method == "GET" else (route.method,)
        if method in known:
            return route, named, ()
        methods += known
    return None, "", methods


def _named(pattern: str, path: str) -> str | None:
    """What stands in the place of `{id}`, "" where there is none; None for another path."""
    if not pattern.endswith(ID):
        return "" if path == pattern else None
    head = pattern.removesuffix(ID)
    rest = path.removeprefix(head)
    return rest if path.startswith(head) and rest and "/" not in rest else None


@functools.cache
def parameters(name: str) -> Mapping[str, Option]:
    """The options of a command that may be said in a query, by their long names without the dashes."""
    return {
        option.name[2:]: option
        for option in command(name).options
        if option.group != GROUP and not option.hidden and option.name not in NOT_ASKED
    }


def words_of(name: str) -> tuple[str, ...]:
    """The arguments of a command that are said in a query: those that no path names."""
    return tuple(argument.key for argument in command(name).arguments if argument.key != "id")


def most(option: Option) -> int:
    """The largest number that is taken."""
    return MOST_LENGTH if option.name.startswith("--max-") else MOST_WHOLE


def invocation(route: Route, named: str, query: str) -> Invocation:
    """What a request asks of the route's command.  Raises UsageError and NotFound."""
    if route.path == MESSAGE and ":" not in named:
        raise NotFound(f"{named!r} is no message", route.path, "write ID:N, as search gives it, or ask /v1/sessions/ID")
    given: dict[str, list[str]] = {}
    words = [named] if named else []
    for key, value in _pairs(query, route.path):
        if key in words_of(route.command):
            words.append(value)
        else:
            _add(given, _option(route, key), value)
    invoked = settle(command(route.command), words, given)
    invoked.options["json"] = True
    invoked.options.setdefault("jsonl", False)
    return invoked


def _pairs(query: str, where: str) -> list[tuple[str, str]]:
    try:
        pairs = parse_qsl(query, keep_blank_values=True, errors="replace", max_num_fields=MOST_PARAMETERS)
    except ValueError as bad:
        raise UsageError(f"more than {MOST_PARAMETERS} parameters", where, "say less") from bad
    for key, value in pairs:
        if "\0" in value:
            raise UsageError(f"{key} has a NUL character", where, "leave it out")
    return pairs


def _option(route: Route, key: str) -> Option:
    known = parameters(route.command)
    option = known.get(key)
    if option is None:
        names = (*words_of(route.command), *known)
        near = nearest(key, names)
        todo = f"the nearest is {near}" if near else f"it takes {', '.join(names)}"
        raise UsageError(f"there is no parameter {key!r}", route.path, todo)
    return option


def _add(given: dict[str, list[str]], option: Option, value: str) -> None:
    """As it would stand on the command line."""
    if option.kind == FLAG:
        if value not in (*TRUE, *FALSE):
            raise UsageError(f"{value!r} is neither true nor false", option.name[2:], "write true, or leave it out")
        if value in TRUE:
            given[option.name] = [""]
        return
    if option.kind == INT and value.isascii() and value.isdigit() and int(value[:19]) > most(option):
        raise UsageError(f"{value[:19]} is too much", option.name[2:], f"write {most(option)} at most")
    if option.name in given and not option.repeat:
        raise UsageError(f"{option.name[2:]} is said twice", None, "say it once")
    raw = SHARES.get(value, value) if option.kind == SHARE else value
    given.setdefault(option.name, []).append(raw)
