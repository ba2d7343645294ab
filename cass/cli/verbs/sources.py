"""`cass sources`: where sessions come from, and what is left out."""

from __future__ import annotations

import os
import sys

from cass.cli.reading import wanted_rules
from cass.cli.rows_sources import ACTIONS
from cass.cli.table import NAMES
from cass.connectors.table import find_agent
from cass.errors import UnknownAgent, UsageError
from cass.indexing.sources import collect, stored_before
from cass.paths import home_folder, places
from cass.render import sources_json, sources_text
from cass.render.terminal import page, style
from cass.settings.quick import CONFIG, load
from cass.settings.table import BY_KEY
from cass.settings.write import set_value, unset_value
from cass.store.connect import open_reader
from cass.store.refusals import SqliteErrors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from cass.indexing.rules import Rules
    from cass.indexing.sources import StoredBefore
    from cass.paths import Places

EXCLUDE, DISABLED = "sources.exclude", "sources.disabled"


def run(options: dict[str, Any]) -> int:
    """Do what the first word says; with none, show."""
    action, *words = options["words"] or ["show"]
    if action not in ACTIONS:
        raise UsageError(f"{action!r} is not one of its values", "WORD", f"use {', '.join(ACTIONS)}")
    where = places(os.environ, data_dir=options["data_dir"])
    if action == "show":
        if words:
            raise UsageError(f"{words[0]!r} is one word too many", "cass sources show", "see `cass sources -h`")
        return _show(where, options)
    if not words:
        raise UsageError("nothing was named", f"cass sources {action}", "give a folder, a name, a glob or an agent")
    return _change(where, action, words, options)


def _show(where: Places, options: dict[str, Any]) -> int:
    with SqliteErrors(where.database):
        found = collect(where, home_folder(os.environ), os.environ, wanted_rules(options["settings"]))
    if options["json"]:
        sys.stdout.write(sources_json.answer(found))
        return 0
    look = style(sys.stdout, options, os.environ)
    home = home_folder(os.environ)
    page(sources_text.listing(found, home, look, options["verbose"], "forget" in NAMES), options)
    return 0


def _change(where: Places, action: str, words: list[str], options: dict[str, Any]) -> int:
    changed: dict[str, list[str]] = {}
    for word in words:
        key, value = _meant(word)
        if _set(where, key, value, wanted=action == "exclude"):
            changed.setdefault(key, []).append(value)
    rules = _rules_now(where)
    before = _before(where, rules) if action == "exclude" else None
    if options["json"]:
        sys.stdout.write(sources_json.changed(action, changed, rules, before))
    elif not options["quiet"]:
        sys.stdout.write(sources_text.changed(action, changed, before, "forget" in NAMES))
    return 0


def _meant(word: str) -> tuple[str, str]:
    """(setting, value) that a word stands for: an agent's name is that agent, all else is of workspaces.

    Raises UsageError for what could be no folder.
    """
    try:
        return DISABLED, find_agent(word).name
    except UnknownAgent:
        pass
    folder = _folder(word)
    # Of the folder that one is in, too: a settings file holds no bytes that are no UTF-8.
    if not word.strip() or not folder.isprintable():
        what = f"{folder!r} is no folder that can be written down"
        raise UsageError(what, "cass sources", "give a folder, a name, a glob or an agent")
    return EXCLUDE, folder


def _folder(word: str) -> str:
    """A path from here as a whole one; a name, a glob and what begins with ~ as they are."""
    if not word.strip("./\\") or word.startswith(("./", "../", ".\\", "..\\")):
        return os.path.abspath(word)
    if os.sep in word and not word.startswith("~") and os.path.isdir(word):
        return os.path.abspath(word)
    return word.rstrip("/") or word


def _set(where: Places, key: str, value: str, wanted: bool) -> bool:
    """Add a value to a setting in its file, or take it out; False where that changes nothing.  Raises UsageError."""
    given: list[tuple[str, tuple[str, ...], str]] = load(where, os.environ).given.get(key, [])  # type: ignore[assignment]
    stands = next((words for source, words, _ in given if source == CONFIG), ())
    if wanted:
        if value in stands:
            return False
        set_value(where, BY_KEY[key], (*stands, value))
        return True
    if value not in stands:
        raise _not_there(key, value, stands, [origin for _, words, origin in given if value in words])
    rest = tuple(word for word in stands if word != value)
    if rest:
        set_value(where, BY_KEY[key], rest)
    else:
        unset_value(where, BY_KEY[key])
    return True


def _not_there(key: str, value: str, stands: tuple[str, ...], elsewhere: list[str]) -> UsageError:
    if elsewhere:
        return UsageError(f"{value!r} does not stand in cass.toml", elsewhere[0], "take it out there")
    todo = f"left out are: {', '.join(stands)}" if stands else "nothing is"
    return UsageError(f"{value!r} is not left out by {key}", "cass sources include", todo)


def _rules_now(where: Places) -> Rules:
    return wanted_rules({key: given[-1][1] for key, given in load(where, os.environ).given.items()})


def _before(where: Places, rules: Rules) -> StoredBefore | None:
    """What is stored of it already; None without an archive."""
    with SqliteErrors(where.database):
        connection = open_reader(where.database)
        if connection is None:
            return None
        try:
            return stored_before(connection, rules, home_folder(os.environ))
        finally:
            connection.close()
