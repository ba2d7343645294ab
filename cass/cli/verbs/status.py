"""`cass status`: what is there, how fresh it is, what needs doing."""

from __future__ import annotations

import os
import sys

from cass import clock
from cass.cli.settled import JUDGED
from cass.paths import places
from cass.records import replace
from cass.semantic.embedders.table import embedder_options
from cass.status.facts import Problem, collect

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from cass.paths import Places
    from cass.policy import EffectiveSetting
    from cass.render.terminal import Style
    from cass.settings.quick import Settings
    from cass.status.facts import Status


# The index and the database stay open until the process ends: closing them takes longer than ending it.
_held: list[object] = []


def run(options: dict[str, Any]) -> int:
    """Look and print; 1 only where --check finds a state that is neither ok nor empty."""
    status = _status(places(os.environ, data_dir=options["data_dir"]), options, _held.append)
    if options["json"]:
        sys.stdout.write(_as_json(status, options) + "\n")
    else:
        from cass.render.terminal import page, style

        look = style(sys.stdout, options, os.environ)
        page(_as_text(status, look, options), options)
    return 1 if options["check"] and not status.healthy else 0


def json_text(where: Places, options: dict[str, Any]) -> str:
    """What --json prints."""
    return _as_json(_status(where, options), options)


def _status(where: Places, options: dict[str, Any], hold: Callable[[object], None] | None = None) -> Status:
    settings: Settings = options["loaded"]
    remote, most = embedder_options(settings).remote, settings.whole("worker.max_attempts")
    found = collect(where, clock.monotonic_s, settings.policy(), settings, clock.now_ms(), remote, hold, most)
    found = _with_settings(found, settings, where)
    if options["data_dir"] is None:
        return found
    from cass.cli.elsewhere import status_there

    return status_there(found, options["data_dir"])


def _as_json(status: Status, options: dict[str, Any]) -> str:
    from cass.render.status_json import answer

    return answer(status, _shown(options["loaded"], options))


def _as_text(status: Status, look: Style, options: dict[str, Any]) -> str:
    from cass.render import status_text

    if options["brief"]:
        return status_text.brief(status, clock.now_ms())
    return status_text.page(status, look, clock.now_ms(), whole=bool(options["verbose"]))


def _shown(settings: Settings, options: dict[str, Any]) -> tuple[EffectiveSetting, ...]:
    """The settings to print: the semantic ones, all of them with --verbose, none with --brief."""
    if options["brief"]:
        return ()
    if options["verbose"]:
        return settings.effective().settings
    from cass.settings.resolve import semantic

    return semantic(settings).settings


def _with_settings(status: Status, settings: Settings, where: Places) -> Status:
    """What is wrong among the settings is listed; the archive is as healthy as it was."""
    wrong = list(settings.problems)
    if any([key in settings.given for key in JUDGED]):
        from cass.status.misfits import misfits

        wrong += misfits(settings, where.data)
    if not wrong:
        return status
    from cass.status.settings_faults import advice, in_its_place

    meaning = status.semantic
    if meaning is not None and meaning.next_step is not None:
        meaning = replace(meaning, next_step=in_its_place(meaning.next_step, wrong))
    problems = [Problem(one.what, one.origin, one.key, one.text, one.accepted) for one in wrong]
    before, mending = status.recommended, tuple(advice(wrong))
    # What mends something goes before what only brings in what is new.
    recommended = before + mending if status.problems else mending + before
    return replace(status, problems=(*status.problems, *problems), recommended=recommended, semantic=meaning)
