"""`cass mcp`: answer a coding agent over the Model Context Protocol."""

from __future__ import annotations

import gc
import signal
import sys

from cass import INTERRUPTED
from cass.cli.edge import end
from cass.cli.extras import missing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SCHEMA_VERSION = 1


def run(options: dict[str, Any]) -> int:
    """Serve until the agent closes standard input; with --json only list the tools.  Raises MissingExtra."""
    if options["json"]:
        sys.stdout.write(_listed())
        return 0
    if sys.stdin is None:
        return 0  # closed before it was opened
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        # Nothing has to be put in order.  As an exception it becomes a panic amid the library's half second of imports.
        signal.signal(signal.SIGINT, lambda number, frame: end(INTERRUPTED))
    gc.enable()  # main() switched it off for those who live for milliseconds
    try:
        import anyio

        from cass.cli.mcp_server import serve
    except ImportError as lost:
        raise missing("mcp", "cass mcp") from lost
    anyio.run(serve, options["data_dir"])
    return 0


def _listed() -> str:
    from cass.cli.mcp_tools import TOOLS
    from cass.render.json_text import dumps

    tools = [{"name": tool.name, "description": tool.says, "input_schema": tool.schema()} for tool in TOOLS.values()]
    return dumps({"schema_version": SCHEMA_VERSION, "tools": tools}) + "\n"
