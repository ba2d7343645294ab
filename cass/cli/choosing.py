"""What a command is about that lists or counts: the values of its filters, by the options that such commands share."""

from __future__ import annotations

from cass import clock
from cass.paths import current_folder
from cass.search.filters import Resolver
from cass.search.request import Request

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sqlite3 import Connection
    from typing import Any


def chosen(connection: Connection, options: dict[str, Any]) -> tuple[dict[str, tuple[Any, ...]], list[str]]:
    """Field → values, of --agent, --workspace, --since and --until as far as they are given; and notes."""
    resolver = Resolver(connection, clock.now_ms(), current_folder())
    request = Request(
        text="",
        agents=tuple(options["agent"]),
        workspaces=tuple(options["workspace"]),
        since=options["since"],
        until=options["until"],
    )
    return {each.field: each.values for each in resolver.of_request(request)}, resolver.notes
