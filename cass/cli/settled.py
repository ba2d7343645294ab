"""Where a setting stands behind an option: what the person did not say on the command line comes from there.

Entered only when something is set, and by the commands that show the settings.
"""

from __future__ import annotations

import os
import sys

from cass.cli.edge import SHOW_SETTINGS
from cass.cli.table import command, options_of
from cass.settings.hot import plain_word

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, TextIO

    from cass.cli.lane import Invocation
    from cass.paths import Places
    from cass.settings.quick import Settings


# Settings whose values other rooms have to judge: status/misfits.py does.
JUDGED = ("sources.disabled", "sources.roots", "quality_tier_embedder", "quality_dimension")
# These and `owner/model` need no judge, whom a search would have to load.
SURE_EMBEDDERS = ("minilm", "hash", "openai")


def settle(
    found: Invocation,
    where: Places,
    values: dict[str, object] | None,
    env: Mapping[str, str] = os.environ,
    err: TextIO | None = None,
) -> None:
    """Fill in the options that were not given.  `options` gains `settings`: key → value of all that are set.

    Where `values` are not known yet they are read with all layers, which `loaded` then holds, and whatever is wrong in
    them is said once.  Raises UsageError for a bad flag.
    """
    if values is None or not is_sure(values):
        values = _loaded(found, where, env, err or sys.stderr)
    for option in options_of(command(found.command)):
        if option.setting in values and option.dest not in found.given and option.setting != "pager":
            found.options[option.dest] = values[option.setting]
    found.options["settings"] = values


def is_sure(values: Mapping[str, object]) -> bool:
    """Can nothing of it be wrong that only other rooms know?"""
    embedder = str(values.get("quality_tier_embedder", "hash"))
    if "quality_dimension" in values or ("/" not in embedder and embedder not in SURE_EMBEDDERS):
        return False
    if not (_words(values, "sources.disabled") or _words(values, "sources.roots")):
        return True
    from cass.connectors.table import agent_row, agent_word  # only where an agent is named

    named = [*_words(values, "sources.disabled"), *map(agent_word, _words(values, "sources.roots"))]
    return all([word is None or agent_row(word) is not None for word in named])


def _words(values: Mapping[str, object], key: str) -> tuple[str, ...]:
    words = values.get(key)
    return words if isinstance(words, tuple) else ()


def settings_of(where: Places, options: dict[str, Any]) -> Settings:
    """All layers, for a verb that needs them whatever was set: as they were loaded before it began, or now."""
    from cass.settings.quick import load

    loaded: Settings | None = options.get("loaded")
    return load(where, os.environ) if loaded is None else loaded


def _loaded(found: Invocation, where: Places, env: Mapping[str, str], err: TextIO) -> dict[str, object]:
    from cass.settings.quick import load  # with its table: not where the files were read before

    flags = {option.setting: _said(found, option.dest) for option in options_of(command(found.command))}
    flags.pop("", None)
    settings = found.options["loaded"] = load(where, env, flags)
    found.options["flags"] = flags
    wrong = list(settings.problems)
    if any([key in settings.given for key in JUDGED]):
        from cass.status.misfits import misfits

        wrong += misfits(settings, where.data)
    if wrong and found.command not in SHOW_SETTINGS:
        from cass.render.config_text import problems
        from cass.render.notices import notify

        notify(problems(wrong), err)
    return {key: plain_word(given[-1][1]) for key, given in settings.given.items()}


def _said(found: Invocation, dest: str) -> object:
    """What a flag says for its setting; None where it was not given."""
    if dest not in found.given:
        return None
    return "" if dest == "no_pager" else found.options[dest]
