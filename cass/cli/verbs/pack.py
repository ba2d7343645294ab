"""`cass pack`: what was said about something, cited and short enough for a prompt."""

from __future__ import annotations

import os
import sys

from cass import clock
from cass.cli.elsewhere import results_there
from cass.cli.verbs.search import current_of, freshen, query_text
from cass.errors import UsageError
from cass.paths import current_folder, places
from cass.redact import hides, mask
from cass.render.fitting import approx_tokens
from cass.render.layout import counted
from cass.render.packing import Budget, packed
from cass.search.engine import search
from cass.search.request import Request

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from cass.render.packing import Excerpt, Show
    from cass.search.request import Results

# More short messages than this do not fit into the default budget; a larger one wants more of each.
MOST_HITS = 100
DEFAULT_TOKENS = 8_000


def run(options: dict[str, Any]) -> int:
    """Print the pack; 1 when nothing was found, 0 with --json."""
    where = places(os.environ, data_dir=options["data_dir"])
    words = options["query"]
    request = request_of(options, query_text(words, "cass pack -"))
    freshness = freshen(where, options["refresh"], options["settings"])
    results = search(where, request, clock.now_ms(), clock.monotonic_s, current_folder(), freshness)
    results = results_there(results, options["data_dir"])
    if options["json"]:
        sys.stdout.write(json_text(results, options) + "\n")
        return 0
    return _print(_query(request), results, _budget(options), options)


def json_text(results: Results, options: dict[str, Any]) -> str:
    """What --json prints.  Raises UsageError where nothing fits."""
    from cass.render.pack_json import answer

    query, budget = _query(results.request), _budget(options)
    text, _ = _fitted(results, budget, options, lambda some: answer(query, results, budget, some))
    return text


def _query(request: Request) -> str:
    return mask(request.text) if request.masked else request.text


def _fitted(results: Results, budget: Budget, options: dict[str, Any], show: Show) -> tuple[str, list[Excerpt]]:
    excerpts = packed(results.hits, budget, options["max_sessions"], show)
    if results.hits and not excerpts:
        raise UsageError("no excerpt fits into so little", "--max-tokens, --max-chars", "allow more")
    return show(excerpts), excerpts


def _print(query: str, results: Results, budget: Budget, options: dict[str, Any]) -> int:
    from cass.render.pack_text import about, document
    from cass.render.terminal import page

    text, excerpts = _fitted(results, budget, options, lambda some: document(query, some))
    page(text, options)
    if not options["quiet"]:
        sizes = f"{counted(approx_tokens(text), 'token')}, {counted(len(text), 'character')}"
        sys.stderr.write(about(results, excerpts, sizes))
    return 0 if excerpts else 1


def _budget(options: dict[str, Any]) -> Budget:
    """Both limits where both are said; tokens where neither is."""
    tokens, chars = options["max_tokens"], options["max_chars"] or None
    return Budget(DEFAULT_TOKENS if tokens is None and chars is None else tokens, chars)


def request_of(options: dict[str, Any], text: str) -> Request:
    """What is asked."""
    return Request(
        text=text,
        limit=MOST_HITS,
        agents=tuple(options["agent"]),
        workspaces=tuple(options["workspace"]),
        sessions=tuple(options["session"]),
        roles=tuple(options["role"]),
        since=options["since"],
        until=options["until"],
        # How long vectors take decides whether they join: the same query would not always give the same pack.
        mode="lexical_only",
        match=options["match"],
        grouped=False,
        literal=options["literal"],
        include_self=options["include_self"],
        exclude_sessions=tuple(options["exclude_session"]),
        current_sessions=current_of(options["exclude_session"]),
        content=True,
        short_ids=False,
        masked=hides(options["settings"], options["show_secrets"]),
    )
