"""`cass search`: find messages."""

from __future__ import annotations

import os
import sys

from cass import clock, errors
from cass.paths import current_folder, home_folder, places
from cass.redact import hides
from cass.search.engine import search
from cass.search.request import Freshness, Request
from cass.store import connect

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any, TextIO

    from cass.paths import Places
    from cass.search.engine import Search
    from cass.search.request import Found, Results
    from cass.store.look import Look

# Who types waits no longer for an answer without an index; the next key asks again.
LIVE_SCAN_S = 0.2
# The index and the database stay open until the process ends: closing them takes longer than ending it.
_kept: list[object] = []


def run(options: dict[str, Any]) -> int:
    """Search, print, and say by the exit code whether something was found."""
    if options["stdio"]:
        from cass.cli.verbs.search_stdio import serve

        return serve(options)
    where = places(os.environ, data_dir=options["data_dir"])
    words = options["query"]
    request = request_of(options, query_text(words, "cass search -"))
    freshness = freshen(where, "off" if request.live else options["refresh"], options["settings"])
    find, order = _finder(options), order_of(options)
    results = find(where, request, clock.now_ms(), clock.monotonic_s, current_folder(), freshness, _kept.append, order)
    show(results, options, sys.stdout, sys.stderr, os.environ)
    if results.long_tail and options["refresh"] != "off" and not request.live:
        _catch_up(where)
    return exit_code(results, options)


def query_text(words: list[str], command: str) -> str:
    """The query: the words, or for `-` what is piped in.  Raises UsageError."""
    if words != ["-"]:
        return " ".join(words)
    from cass.cli.standard_input import piped_text

    return piped_text(command).strip()


def order_of(options: dict[str, Any]) -> Callable[[Search, Found], Found] | None:
    """What orders the candidates anew, where that is asked for or set."""
    share = diversity_of(options)
    if share is None:
        return None
    from cass.search.diverse import spread

    return spread(share, options["diverse"] is not None)


def diversity_of(options: dict[str, Any]) -> float | None:
    """How much relevance counts where hits that say the same thing are put apart; None where they are not.

    What is set holds for an order by relevance that is printed, what is asked for always.
    """
    share = options["diverse"]
    if share is None and options["sort"] == "relevance" and not options["count"]:
        share = options["settings"].get("search.diversity")
    return share if isinstance(share, float) else None


def _finder(options: dict[str, Any]) -> Callable[..., Results]:
    if not options["explain"]:
        return search
    from cass.search.explain import explained_search

    return explained_search


def request_of(options: dict[str, Any], text: str, env: Mapping[str, str] = os.environ) -> Request:
    """What is asked.  Raises UsageError for options that exclude each other, and for fields that no hit has."""
    mode = options["mode"] or "hybrid_preferred"
    if options["live"] and mode == "strict_semantic":
        if "mode" in options.get("given", ()):
            raise errors.UsageError("--live and --mode strict contradict each other", "cass search", "keep one of them")
        mode = "hybrid_preferred"  # of a setting, which gives way to what is said here
    if options["null"] and not options["sessions_only"]:
        raise errors.UsageError("-0 is about the lines of -l alone", "cass search", "add -l, or leave out -0")
    return Request(
        text=text,
        limit=options["limit"],
        offset=options["offset"],
        cursor=options["cursor"],
        agents=tuple(options["agent"]),
        workspaces=tuple(options["workspace"]),
        sessions=tuple(options["session"]),
        roles=tuple(options["role"]),
        since=options["since"],
        until=options["until"],
        mode=mode,
        match=options["match"],
        sort=options["sort"],
        grouped=options["group"] == "session",
        literal=options["literal"],
        include_self=options["include_self"],
        exclude_sessions=tuple(options["exclude_session"]),
        context=options["context"],
        timeout_s=options["timeout_s"] or (LIVE_SCAN_S if options["live"] else 0.0),
        counts_only=options["count"],
        strict=options["count"] or options["sessions_only"],
        current_sessions=current_of(options["exclude_session"], env),
        content="content" in (_fields(options) or ()),
        request_id=options["request_id"],
        semantic=_semantic(options),
        short_ids=not (options["json"] or options["jsonl"]),
        masked=hides(options["settings"], options["show_secrets"]),
        live=options["live"],
        diverse=diversity_of(options) is not None,
        tier=options["tier"],
    )


def _semantic(options: dict[str, Any]) -> tuple[tuple[str, object], ...]:
    """The settings; with `--tier` no other tier has any weight.  Raises UsageError where none or both are asked for."""
    settings, tier = options["settings"], options["tier"]
    if tier is None:
        return tuple(settings.items())
    mode = options["mode"] or "hybrid_preferred"
    if options["live"] or mode != "hybrid_preferred":
        raise _more_or_none(tier, None if options["live"] else mode)
    from cass.query.blend import WEIGHTS, weights_of

    weights = weights_of(str(settings.get("search.weights", WEIGHTS)))
    # One whose weight is set to nothing counts as it would without that setting: it is asked for.
    alone = {"lexical": weights["lexical"], tier: weights[tier] or weights_of(WEIGHTS)[tier]}
    asked = ",".join([f"{name}={alone.get(name, 0.0)}" for name in weights])
    return tuple({**settings, "search.weights": asked}.items())


def _more_or_none(tier: str, mode: str | None) -> errors.UsageError:
    """`--tier` beside a mode that asks for another number of tiers; None: beside `--live`."""
    if mode is None:
        what, todo = "--live for no vectors", "leave one of them out"
    else:
        what = f"the mode {mode} for {'both tiers' if mode == 'strict_semantic' else 'no vectors'}"
        todo = "add --mode hybrid, or leave out --tier"
    return errors.UsageError(f"--tier {tier} asks for one tier, and {what}", "cass search", todo)


def _fields(options: dict[str, Any]) -> Sequence[str] | None:
    """What `--fields` names, in words as in JSON; None for all.  Raises UsageError."""
    if options["fields"] is None:
        return None
    from cass.render.search_json import chosen_fields

    return chosen_fields(options["fields"])


def current_of(excluded: Sequence[str], env: Mapping[str, str] = os.environ) -> tuple[tuple[str, str], ...]:
    """Which sessions the surroundings call current, where `current` is to be left out."""
    if "current" not in excluded:
        return ()
    from cass.search.current import named_sessions

    return named_sessions(env)


def freshen(where: Places, how: str, settings: Mapping[str, object]) -> Freshness:
    """Read what is new, as much as `--refresh` allows."""
    if how == "off":
        return Freshness()
    connection = connect.open_reader(where.database)
    if connection is None or how == "wait":
        from cass.cli.first_read import FIRST_READ_S, first_read  # once

        return first_read(where, FIRST_READ_S if how == "auto" else None, settings)
    from cass.store.look import look

    changed = look(connection, clock.monotonic_s)
    connection.close()
    if not changed.files and not changed.folders:
        return unchanged(changed)
    from cass.cli.reading import wanted_rules
    from cass.indexing.refresh import READ_S, refresh

    home, rules = home_folder(os.environ), wanted_rules(settings)
    done = refresh(where, home, os.environ, changed, clock.now_ms, clock.monotonic_s, READ_S, rules)
    return Freshness(done.behind_files, done.notes)


def unchanged(looked: Look) -> Freshness:
    """Nothing is new, as far as that could be seen in time."""
    return Freshness() if looked.complete else Freshness(notes=("not every session file was looked at",))


def _catch_up(where: Places) -> None:
    """The answer is out; nobody waits for this but the process itself."""
    from cass.indexing.refresh import catch_up

    sys.stdout.flush()
    catch_up(where, clock.monotonic_s)


def show(results: Results, options: dict[str, Any], out: TextIO, err: TextIO, env: Mapping[str, str]) -> None:
    """Print the answer, as it was asked for."""
    if options["data_dir"] is not None:
        from cass.cli.elsewhere import results_there, writing_there

        results, err = results_there(results, options["data_dir"]), writing_there(err, options["data_dir"])
    if options["json"] or options["jsonl"]:
        out.write(json_text(results, options) + "\n")
        return
    from cass.render.search_text import write

    write(results, options, out, err, env)


def json_text(results: Results, options: dict[str, Any]) -> str:
    """The answer as --json or --jsonl prints it: all hits, or those that fit where the tokens are limited."""
    show = _as_json(options)
    if options["max_tokens"] is None:
        return show(results, None)
    from cass.render.fitting import fitting

    return fitting(results, options["max_tokens"], show)


def _as_json(options: dict[str, Any]) -> Callable[[Results, int | None], str]:
    from cass.render import search_json

    fields = _fields(options)
    write = search_json.lines if options["jsonl"] else search_json.answer
    most_chars = options["max_content_length"]
    return lambda results, tokens: write(results, fields, options["offsets"], _cutter(most_chars, tokens))


def _cutter(most_chars: int | None, left: int | None) -> Callable[[str], str]:
    """Bounds the texts of `content` and `context`: each to characters, all together to tokens of four UTF-8 bytes."""

    def cut(text: str) -> str:
        nonlocal left
        if most_chars is not None and len(text) > most_chars:
            text = text[: most_chars - 1] + "…" if most_chars else ""
        if left is not None:
            encoded = text.encode("utf-8", "replace")[: left * 4]
            text = encoded.decode("utf-8", "ignore")
            left -= (len(encoded) + 3) // 4
        return text

    return cut


def exit_code(results: Results, options: dict[str, Any]) -> int:
    """Was something found?"""
    if results.timed_out:
        return 8  # also with nothing seen yet: that is no proof
    if results.total or results.hits or options["exit_zero"]:
        return 0
    if options["json"] or options["jsonl"]:
        return 1 if options["exit_status"] else 0
    return 1
