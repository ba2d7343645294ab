"""The nearest right command or option for one that does not exist: refused, never guessed."""

from __future__ import annotations

import difflib
import shlex
from collections.abc import Iterable

from cass.cli.table import ALIASES, HOME, NAMES, Command, Option, command, commands, options_of
from cass.errors import UsageError

# Commands of the Rust tool of the same name that are not here, and what comes nearest.
ELSEWHERE = {
    "analytics": "stats",
    "answer": "pack QUERY",
    "api-version": "version",
    "capabilities": "agent-context",
    "completions": "completion bash",
    "context": "like ID",
    "current": "sessions --workspace .",
    "daemon": "worker",
    "diag": "doctor",
    "explain": "search QUERY --explain",
    "export-html": "export ID -o session.html",
    "get": "show ID",
    "handoff": "pack QUERY",
    "health": "status --check",
    "html-export": "export ID -o session.html",
    "idx": "index",
    "info": "stats",
    "introspect": "schema",
    "lookup": "search QUERY",
    "mirror": "config get archive.budget_mb",
    "pages": "export ID -o session.html",
    "preflight": "status --check",
    "q": "search QUERY",
    "rca": "pack QUERY",
    "ready": "status --check",
    "rebuild": "index --rebuild",
    "robot": "search QUERY --json",
    "robot-docs": "agent-context",
    "robot-help": "agent-context",
    "schedule": "worker install",
    "settings": "config show",
    "state": "status",
    "summary": "stats",
    "swarm": "sessions",
    "triage": "status --check",
    "tui": "search QUERY",
    "upgrade": "version",
    "why": "pack QUERY",
}

# What people and agents write for an option that is spelled otherwise here.
MEANT = {
    "--after": "--since",
    "--before": "--until",
    "--connector": "--agent",
    "--current": "--workspace",
    "--force-rebuild": "--rebuild",
    "--from": "--since",
    "--group-by": "--by",
    "--include-tools": "--tools",
    "--last": "--since",
    "--max": "--limit",
    "--max-results": "--limit",
    "--output": "--json",
    "--project": "--workspace",
    "--provider": "--agent",
    "--to": "--until",
    "--tool": "--agent",
    "--top-k": "--limit",
    "--yesterday": "--since",
}


def command_named(name: str) -> Command:
    """The row of a command or alias.  Raises UsageError with the nearest one."""
    name = ALIASES.get(name, name)
    if name in NAMES:
        return command(name)
    raise unknown_command(name, [])


def unknown_command(word: str, rest: list[str]) -> UsageError:
    """What to say about a first word that is no command; `rest` are the words after it."""
    what = f"there is no command {word!r}"
    if word.lower() in ELSEWHERE:
        return UsageError(what, todo=f"the nearest is `cass {ELSEWHERE[word.lower()]}`")
    near = nearest(word.lower(), (*NAMES, *ALIASES))
    search = f"`cass search {shlex.join(_query([word, *rest]))}`"
    if near:
        return UsageError(what, todo=f"the nearest is `cass {near}`; to search for the words, type {search}")
    return UsageError(what, todo=f"to search for it, type {search}")


def _query(words: list[str]) -> list[str]:
    """Options behind the words stay; a first word that looks like one needs `--`."""
    return ["--", *words] if words[0].startswith("-") else words


def unknown_option(row: Command, spelled: str, typed: list[str]) -> UsageError:
    """What to say about an option that `row` does not have; `typed` is all that stood behind the command."""
    where = "cass" if row.name == HOME else f"cass {row.name}"
    what = f"there is no option {spelled}"
    shown = [option for option in options_of(row) if not option.hidden]
    near = _near_option(spelled, shown)
    if near:
        return UsageError(what, where, f"the nearest is {near}")
    others = [other.name for other in commands() if spelled in _spellings(other.options)]
    if others:
        return UsageError(what, where, f"it belongs to `cass {others[0]}`")
    if row.name == "search":
        line = shlex.join(_behind_dashes(spelled, typed))
        return UsageError(what, where, f"a word that starts with - goes after --: `cass search {line}`")
    return UsageError(what, where, f"see `{where} -h`")


def _behind_dashes(spelled: str, typed: list[str]) -> list[str]:
    """What was typed, with that word where it is one of the query; the others stay."""
    at = typed.index("--") if "--" in typed else len(typed)
    meant = [word for word in typed[:at] if word.partition("=")[0] == spelled] or [spelled]
    return [*(word for word in typed[:at] if word not in meant), "--", *meant, *typed[at + 1 :]]


def _near_option(spelled: str, shown: list[Option]) -> str | None:
    """By its words alone (`-limit`, `--Max_Tokens`), by what it was meant to be, or by likeness."""
    names = _spellings(shown)
    plain = "--" + spelled.lstrip("-").partition("=")[0].replace("_", "-").lower()
    if len(plain) < 4:
        return None
    if plain in names:
        return plain
    if MEANT.get(plain) in names:
        return MEANT[plain]
    return nearest(plain, [name for name in names if name.startswith("--")])


def _spellings(options: Iterable[Option]) -> list[str]:
    return [name for option in options for name in option.names]


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The most similar of `known`, or None if nothing is similar."""
    return next(iter(difflib.get_close_matches(word, sorted(known), n=1, cutoff=0.7)), None)
