"""The server of `cass mcp`: the protocol on one side, a `cass` for each call on the other.

Each call is a process of its own, as cheap as a search at the prompt: it sees what has been written since, it ends with
all that it opened, it can be given up, and a cass that was upgraded meanwhile answers as the new one.
"""

from __future__ import annotations

import subprocess
import sys
from typing import Any, cast

import anyio
import mcp_types as types
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server

from cass import __version__
from cass.cli.edge import end
from cass.cli.mcp_tools import INSTRUCTIONS, TOOLS, Tool, page_of, tokens_of
from cass.daemon.spawn import PACKAGE_PARENT
from cass.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mcp.server.context import ServerRequestContext

# Longer than the first search of all, which reads for a while; an agent that waits has given up long before.
TIMEOUT_S = 60.0
NOTHING_FOUND = 1
# Not `-m cass`: that would take a package of that name from the folder that the agent works in.
CASS = f"import sys; sys.path.append({PACKAGE_PARENT!r}); from cass import main; main()"


class Wire:
    """Standard output.  When nobody reads it any more the process ends; the library would wait for a line of input."""

    def __init__(self) -> None:
        self._file = anyio.wrap_file(sys.stdout)

    async def write(self, text: str) -> None:
        try:
            await self._file.write(text)
            await self._file.flush()
        except BrokenPipeError:
            end(0)

    async def flush(self) -> None:
        """Done with each message already."""


async def serve(data_dir: str | None) -> None:
    """Answer on standard input and output until they are closed."""
    sys.stdin.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
    server, wire = make_server(data_dir), cast("Any", Wire())
    async with stdio_server(anyio.wrap_file(sys.stdin), wire) as (reading, writing):
        await server.run(reading, writing, server.create_initialization_options())


def make_server(data_dir: str | None) -> Server[Any]:
    """The server with its tools."""

    async def list_tools(context: ServerRequestContext[Any], params: object) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[described(tool) for tool in TOOLS.values()])

    async def call_tool(
        context: ServerRequestContext[Any], params: types.CallToolRequestParams
    ) -> types.CallToolResult:
        return await answer(params.name, params.arguments or {}, data_dir)

    return Server(
        "cass", version=__version__, instructions=INSTRUCTIONS, on_list_tools=list_tools, on_call_tool=call_tool
    )


def described(tool: Tool) -> types.Tool:
    """As the protocol lists it."""
    hints = types.ToolAnnotations(read_only_hint=True, destructive_hint=False, open_world_hint=False)
    return types.Tool(name=tool.name, description=tool.says, input_schema=tool.schema(), annotations=hints)


async def answer(name: str, given: dict[str, Any], data_dir: str | None) -> types.CallToolResult:
    """What a call is answered.  What goes wrong is told in words that the agent can act on."""
    tool = TOOLS.get(name)
    if tool is None:
        return _result(f"there is no tool {name!r}: use {', '.join(TOOLS)}", is_error=True)
    try:
        argv = tool.argv(given)
    except UsageError as wrong:
        return _result(str(wrong), is_error=True)
    where = ["--data-dir", data_dir] if data_dir else []
    try:
        with anyio.fail_after(TIMEOUT_S):
            done = await anyio.run_process(
                [sys.executable, "-P", "-c", CASS, argv[0], *where, *argv[1:]], stdin=subprocess.DEVNULL, check=False
            )
    except TimeoutError:
        return _result(f"cass {name} took longer than {TIMEOUT_S:.0f} s and was stopped. Narrow it.", is_error=True)
    return _told(tool, given, done)


def _told(tool: Tool, given: dict[str, Any], done: subprocess.CompletedProcess[bytes]) -> types.CallToolResult:
    """What the command printed, a page of it where it may be long; then what it said beside."""
    text, said = (stream.decode("utf-8", "replace").strip("\n") for stream in (done.stdout, done.stderr))
    if tool.pages and text:
        text = page_of(text, int(given.get("offset", 0)), tokens_of(given))
    # Without a result 1 is what a search of nothing ends with, and what an unknown id does, which prints nothing.
    is_unknown = done.returncode == NOTHING_FOUND and not tool.elsewhere and not done.stdout
    failed = is_unknown or done.returncode not in (0, 8, NOTHING_FOUND)
    return _result("\n\n".join(filter(None, (text, said))), failed)


def _result(text: str, is_error: bool) -> types.CallToolResult:
    return types.CallToolResult(content=[types.TextContent(type="text", text=text)], is_error=is_error)
