"""Searches that the worker answers for other processes: the same verb, with the archive and the model warm.

What another process would do by the way is not done for it here: then it has to answer itself.
"""

from __future__ import annotations

import io
import os

from cass import clock
from cass.backfill.activity import stamp
from cass.cli.edge import FORGETTING, settled_values
from cass.cli.lane import parse
from cass.cli.settled import settle
from cass.cli.verbs import search as verb
from cass.daemon.calls import Printed
from cass.search.request import Freshness
from cass.search.warm import Warm
from cass.semantic.embedders.base import EmbedderNotLoaded
from cass.semantic.embedders.table import embedder_options, embedder_row
from cass.settings.hot import identities
from cass.settings.quick import load
from cass.store import connect
from cass.store.look import look

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from cass.daemon.calls import Command
    from cass.daemon.warm import WarmModel
    from cass.paths import Places
    from cass.settings.quick import Settings

SETTLING = ("CASS_", "XDG_")
SETTLING_TOO = ("HOME", "TZ", "LC_ALL", "LC_TIME")
# What says where the folders are is compared as folders; the session is each caller's own.
NOT_SETTLING = ("CASS_DATA_DIR", "CASS_CONFIG_DIR", "CASS_CACHE_DIR", "CASS_RUNTIME_DIR", "CASS_SESSION_ID")


class Searches:
    """Answers the searches of one data folder."""

    def __init__(self, where: Places, env: Mapping[str, str], model: WarmModel) -> None:
        self._where = where
        self._env = env
        self._settling = settling(env)
        self._model = model
        self._named: tuple[object, str, str] | None = None
        self._warm = Warm(where)

    def __call__(self, command: Command) -> Printed | None:
        """What it prints; None for what its own process has to do.  Raises whatever a search raises."""
        where = self._where
        if command.folders != (where.data, where.config, where.cache) or settling(command.env) != self._settling:
            return None
        found = parse(list(command.argv))
        if found is None or found.command != "search" or os.path.exists(os.path.join(where.data, FORGETTING)):
            return None
        err = io.StringIO()
        settle(found, where, settled_values(found, where, command.env), command.env, err)
        freshness = self._fresh(found.options)
        if freshness is None:
            return None
        if found.stamps:
            stamp(where.data)
        return self._answered(found.options, command, freshness, err)

    def _fresh(self, options: dict[str, Any]) -> Freshness | None:
        """What a look at the sources says; None where something has to be read first, or from elsewhere."""
        if options["query"] == ["-"] or options["refresh"] == "wait" or options["data_dir"] or options["stdio"]:
            return None
        if options["refresh"] == "off" or options["live"]:
            return Freshness()
        connection = connect.require_reader(self._where.database, self._where.data)
        changed = look(connection, clock.monotonic_s)
        connection.close()
        return None if changed.files or changed.folders else verb.unchanged(changed)

    def _answered(
        self, options: dict[str, Any], command: Command, freshness: Freshness, err: io.StringIO
    ) -> Printed | None:
        if options["explain"]:
            return None
        out, env = io.StringIO(), command.env
        request = verb.request_of(options, " ".join(options["query"]), env)
        about = request, clock.now_ms(), clock.monotonic_s, command.cwd, freshness
        results = self._warm.search(*about, after=verb.order_of(options), keep=self._model.offer)
        if results.long_tail and options["refresh"] != "off" and not request.live:
            return None
        verb.show(results, options, out, err, env)
        return Printed(verb.exit_code(results, options), _bytes(out), _bytes(err))

    def model_name(self) -> str:
        """The model of the quality tier by the settings as they are now.  Raises EmbedderNotLoaded without one."""
        seen = identities(self._where)
        if self._named is None or self._named[0] != seen:
            self._named = seen, *_model_of(load(self._where, self._env))
        _, name, why_not = self._named
        if why_not:
            raise EmbedderNotLoaded(why_not)
        return name

    def rest(self) -> None:
        """Nobody has asked for a moment: what is forgotten or replaced can be deleted."""
        self._warm.let_go()


def settling(env: Mapping[str, str]) -> dict[str, str]:
    """What of the environment an answer depends on: a worker that was started with another would give another one."""
    return {
        name: value
        for name, value in env.items()
        if (name.startswith(SETTLING) or name in SETTLING_TOO) and name not in NOT_SETTLING
    }


def _model_of(settings: Settings) -> tuple[str, str]:
    """Its name, and why it is not for others."""
    policy = settings.policy()
    name = policy.quality_tier_embedder
    if not policy.wants_quality_tier:
        return name, "the quality tier is switched off"
    if embedder_options(settings).beside.has(embedder_row(name)):
        return name, "another process embeds for this one: ask at embedder.url"
    return name, ""


def _bytes(text: io.StringIO) -> bytes:
    return text.getvalue().encode("utf-8", "backslashreplace")
