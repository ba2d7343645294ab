"""`cass like`: sessions like a session, or like a text."""

from __future__ import annotations

import os
import sys

from cass import clock
from cass.cli.elsewhere import results_there
from cass.cli.standard_input import piped_text
from cass.cli.verbs.search import current_of
from cass.errors import UsageError
from cass.lexical.reader import open_reader
from cass.paths import current_folder, places
from cass.records import replace
from cass.redact import hides, mask
from cass.search.engine import search
from cass.search.like import by_session, telling_words, text_of
from cass.search.request import Freshness, Request
from cass.search.target import find_target, require_message
from cass.store import catalog, connect

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from cass.paths import Places
    from cass.search.request import Results

# What the printer of a search is told beside what this command takes.
PRINTED = {"count": False, "sessions_only": False, "null": False, "format": None, "max_tokens": None}


# Without a telling word nothing is like a text; no words at all would list everything, this finds nothing.
NOTHING = '"nothing" -nothing'


def run(options: dict[str, Any]) -> int:
    """Find and print; 1 when there is nothing like it, 0 with --json."""
    where = places(os.environ, data_dir=options["data_dir"])
    text, itself = _asked(where, options["id"])
    if hides(options["settings"], options["show_secrets"]):
        text = mask(text)  # a key is rare, so it would be among the words that the answer names
    words = telling_words(text, open_reader(where.lexical))
    results = results_there(_results(where, words, itself, options), options["data_dir"])
    if options["json"]:
        from cass.render.search_json import answer

        sys.stdout.write(answer(results, None, "chars", str) + "\n")
        return 0
    from cass.render.search_text import write

    write(results, {**options, **PRINTED}, sys.stdout, sys.stderr, os.environ)
    return 0 if results.hits or (results.total and not options["limit"]) else 1


def _asked(where: Places, asked: str) -> tuple[str, tuple[str, ...]]:
    """The text to compare with, and the session that it is itself."""
    connection = connect.require_reader(where.database, where.data)
    if asked != "-":
        target = find_target(connection, asked, None, current_folder())
        if target.ordinal is not None:
            require_message(connection, target.session, target.ordinal, asked.rpartition(":")[0] or asked)
        return text_of(connection, target), (catalog.session_with(connection, target.session).sid,)
    text = piped_text("cass like -")
    if not text.strip():
        raise UsageError("there is no text on standard input", "cass like -", "pipe one: git diff | cass like -")
    return text, ()


def _results(where: Places, words: list[str], itself: tuple[str, ...], options: dict[str, Any]) -> Results:
    request = Request(
        text=" ".join(words) or NOTHING,
        limit=options["limit"],
        agents=tuple(options["agent"]),
        workspaces=tuple(options["workspace"]),
        since=options["since"],
        until=options["until"],
        mode="lexical_only",
        match="any",
        exclude_sessions=(*itself, *options["exclude_session"]),
        current_sessions=current_of(options["exclude_session"]),
        short_ids=not options["json"],
        masked=hides(options["settings"], options["show_secrets"]),
    )
    told = f"compared by: {' '.join(words)}" if words else "there is no word in it that tells anything"
    freshness = Freshness(notes=(told,))
    found = search(where, request, clock.now_ms(), clock.monotonic_s, current_folder(), freshness, after=by_session)
    # There is no next page: whoever wants more asks for more.
    return replace(found, has_more=False, request=replace(request, text=" ".join(words)))
