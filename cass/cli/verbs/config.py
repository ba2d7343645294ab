"""`cass config`: show and change settings."""

from __future__ import annotations

import os
import shlex
import sys

from cass import clock
from cass.cli.editor import find_editor, require_terminal
from cass.connectors.table import find_agent
from cass.errors import BadConfiguration, UsageError
from cass.paths import places
from cass.policy import ModelDownloadPolicy
from cass.render import config_json, config_text
from cass.render.notices import notify
from cass.render.terminal import page, style
from cass.semantic.models import note_consent
from cass.settings import page as pages
from cass.settings.hot import FILES, OTHER_FILE
from cass.settings.kinds import accepted, check
from cass.settings.problems import bad_flag, unknown_key
from cass.settings.quick import load
from cass.settings.table import AGENTS, BY_KEY, CONSTANT, PATTERNS, ROOTS, Setting
from cass.settings.write import set_value, unset_value
from cass.status.misfits import misfits, unknown_agent, unknown_embedder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from cass.paths import Places
    from cass.settings.problems import SettingProblem
    from cass.settings.quick import Settings


def run(options: dict[str, Any]) -> int:
    """Do what the first word says; with none, show."""
    action, *rest = options["words"] or ["show"]
    if action not in ACTIONS:
        raise _unknown_action(action, rest)
    if options["origin"] and action not in ("show", "get"):
        raise UsageError("--origin is of no use here", f"cass config {action}", "it belongs to show and get")
    if len(rest) > 1 and action != "set":
        raise UsageError(f"{rest[1]!r} is one word too many", f"cass config {action}", "see `cass config -h`")
    where = places(os.environ, data_dir=options["data_dir"])
    named = {"key": rest[0] if rest else None, "value": rest[1:]}
    return ACTIONS[action](where, options | named) or 0


def _load(where: Places, options: dict[str, Any]) -> Settings:
    settings = load(where, os.environ, options["flags"])
    settings.problems += misfits(settings, where.data)
    return settings


def _show(where: Places, options: dict[str, Any]) -> None:
    settings = _load(where, options)
    found = settings.effective().settings
    if options["key"] is not None:
        found = (settings.effective().get(_row(options).key),)
    if options["json"]:
        sys.stdout.write(config_json.listing(found, settings.problems, where.config, _files(where)))
        return
    page(config_text.listing(found, style(sys.stdout, options, os.environ), options["origin"]), options)
    _complain(settings.problems)


def _get(where: Places, options: dict[str, Any]) -> None:
    if options["origin"] and not options["json"]:  # JSON says it anyway
        _show(where, options | {"key": _row(options).key})
    else:
        _print_one(where, _row(options), options)


def _set(where: Places, options: dict[str, Any]) -> None:
    row = _row(options)
    value = _value(row, options["value"], where.data)
    stood = set_value(where, row, value)
    if row.key == "download_policy" and value != ModelDownloadPolicy.OPT_IN:
        _agree(where)
    _report_change(where, row, options, f"{row.key} = {config_text.value(value)} ({stood})\n")


def _agree(where: Places) -> None:
    """Whoever lets the worker fetch a model has agreed, also after having removed one."""
    if os.path.isdir(where.data):
        note_consent(where.data, clock.now_ms())


def _unset(where: Places, options: dict[str, Any]) -> None:
    row = _row(options)
    stood = unset_value(where, row)
    if stood is None and not options["quiet"]:
        _say(f"{row.key} was not set in {os.path.join(where.config, row.file)}")
    _report_change(where, row, options, f"{row.key} = {{value}}\n")


def _path(where: Places, options: dict[str, Any]) -> None:
    files = _files(where)
    if options["key"] is not None:
        files = [os.path.join(where.config, _file_of(options["key"]))]
    if options["json"]:
        sys.stdout.write(config_json.files(where.config, files))
    else:
        sys.stdout.write("".join(f"{path}\n" for path in files))


def _edit(where: Places, options: dict[str, Any]) -> int:
    """The person's work is never undone: what is wrong is said, and exit 11 tells scripts."""
    name = _file_of(options["key"] or _only_file(where))
    path = os.path.join(where.config, name)
    new = not os.path.exists(path)
    if not new and not os.path.isfile(path):
        raise BadConfiguration("it is not a file", path, "move it away")
    command = _editor(path, options["json"])
    if new:
        pages.write_template(path, name)
    try:
        failed = _edited([*command, path], options["json"])
    finally:
        if new:
            pages.drop_unused_template(path, name)
    problems = [one for one in _load(where, {"flags": {}}).problems if f"{one.origin}:".startswith(f"{path}:")]
    if options["json"]:
        sys.stdout.write(config_json.edited(path, problems))
    _complain([] if options["json"] else problems)
    return BadConfiguration.exit_code if problems or failed else 0


ACTIONS: dict[str, Callable[[Places, dict[str, Any]], int | None]] = {
    "show": _show,
    "get": _get,
    "set": _set,
    "unset": _unset,
    "path": _path,
    "edit": _edit,
}


def _unknown_action(word: str, rest: list[str]) -> UsageError:
    """With the nearest; who named a setting wants to see it, or to set it."""
    from difflib import get_close_matches  # as slow as all else here, only where something is wrong

    what = f"{word!r} is not one of its values"
    # Words of three letters: one of two may be mistyped.
    near = next(iter(get_close_matches(word, ACTIONS, 1, cutoff=0.6)), None)
    if word in BY_KEY:
        near = shlex.join(["set", word, *rest] if rest else ["get", word])
    first = f"the nearest is `cass config {near}`; " if near else ""
    return UsageError(what, "ACTION", f"{first}use {', '.join(ACTIONS)}")


def _only_file(where: Places) -> str:
    """The file of settings that there is; cass.toml where there are both or none."""
    there = [name for name in FILES if os.path.lexists(os.path.join(where.config, name))]
    return there[0] if len(there) == 1 else OTHER_FILE


def _row(options: dict[str, Any]) -> Setting:
    key = options["key"]
    if key is None:
        raise UsageError("KEY is missing", "cass config", "give a setting, such as search.limit")
    if key not in BY_KEY:
        raise unknown_key(key)
    return BY_KEY[key]


def _value(row: Setting, words: list[str], data: str) -> object:
    """The typed value of the words on the command line.  Raises UsageError."""
    if row.kind == CONSTANT:
        raise UsageError(f"{row.key} is a constant of the program", todo="leave it as it is")
    if not words:
        raise UsageError("VALUE is missing", "cass config set", f"give {accepted(row)}")
    if len(words) > 1 and row.kind not in (AGENTS, PATTERNS, ROOTS):
        raise UsageError(f"{words[1]!r} is one word too many", "cass config set", "put the value in quotes")
    try:
        value = check(row, ",".join(words) if row.kind == AGENTS or len(words) == 1 else words)
    except ValueError:
        raise bad_flag(row, " ".join(words), None) from None
    return _fitting(row, value, data)


def _fitting(row: Setting, value: object, data: str) -> object:
    """The value as other rooms know it: agents by their names.  Raises UsageError for what they do not know."""
    if row.key == "quality_tier_embedder" and (wrong := unknown_embedder(str(value), data, "")):
        raise UsageError(wrong.what, None, wrong.todo)
    if not isinstance(value, tuple) or row.kind not in (AGENTS, ROOTS):
        return value
    for word in value:
        if unknown := unknown_agent(row.key, word):
            raise unknown
    return tuple(find_agent(name).name for name in value) if row.kind == AGENTS else value


def _print_one(where: Places, row: Setting, options: dict[str, Any], text: str = "{value}\n") -> None:
    settings = _load(where, options)
    found = settings.effective().get(row.key)
    if options["json"]:
        sys.stdout.write(config_json.one(found, settings.problems))
        return
    sys.stdout.write(text.replace("{value}", config_text.value(found.value)))
    _complain(settings.problems)


def _report_change(where: Places, row: Setting, options: dict[str, Any], text: str) -> None:
    _print_one(where, row, options, "" if options["quiet"] else text)
    found = load(where, os.environ).effective().get(row.key)
    if found.source.value == "environment" and not options["quiet"]:
        _say(f"the environment is stronger: {found.origin} says {config_text.value(found.value)}")


def _file_of(word: str) -> str:
    """The file that a key belongs to, or that a word names: `semantic`, `cass.toml`."""
    if word in BY_KEY:
        return BY_KEY[word].file
    for name in FILES:
        if word in (name, name.removesuffix(".toml")):
            return name
    raise unknown_key(word)


def _files(where: Places) -> list[str]:
    return [os.path.join(where.config, name) for name in FILES]


def _editor(path: str, is_json: bool) -> list[str]:
    """The person's.  Raises UsageError where there is none, or no terminal for it."""
    command = find_editor(os.environ)
    todo = f"use cass config set KEY VALUE, or edit {path} yourself"
    require_terminal(command, sys.stderr if is_json else sys.stdout, "cass config edit", todo)
    return command


def _edited(command: list[str], is_json: bool) -> bool:
    """Wait for the editor; did it fail?  Raises UsageError where it cannot be started."""
    import subprocess

    sys.stdout.flush()
    try:
        # With --json stdout belongs to the answer.
        code = subprocess.run(command, stdout=sys.stderr if is_json else None, check=False).returncode
    except OSError as lost:
        todo = f"set EDITOR, or edit {command[-1]} yourself"
        raise UsageError(f"the editor {command[0]!r} cannot be started", None, todo) from lost
    if code:
        _say(f"the editor ended with exit status {code}")
    return code != 0


def _say(notice: str) -> None:
    notify(f"cass: {notice}\n", sys.stderr)


def _complain(problems: list[SettingProblem]) -> None:
    notify(config_text.problems(problems), sys.stderr)
