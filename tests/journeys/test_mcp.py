"""`cass mcp` as an agent meets it: the official client talks to the program, in a process of its own."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.archive import REPO, Home, make_home

HELLO = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}},
}
KEY = "AKIA" + "ZQ3XW7RT5VB2NM4K"  # in two pieces, lest a scanner of this repository report it
needs_mcp = pytest.mark.skipif(
    subprocess.run([sys.executable, "-c", "import mcp_types"], capture_output=True, check=False).returncode != 0,
    reason="the package mcp is not installed: it is the extra cass-search[mcp]",
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = make_home(tmp_path_factory.mktemp("mcp"))
    home.claude("pool", "the pool timed out", *[f"raise the pool size, step {at}" for at in range(40)], title="Pool")
    home.claude("key", f"the pool of keys holds {KEY}")
    home.claude("mine", "a pool that I am in")
    home.index()
    return home


def environment(home: Home) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(REPO), "TZ": "UTC", "CODEX_THREAD_ID": "mine", **home.env}


def asking(home: Home, ask: Callable[[Any], Awaitable[Any]]) -> Any:
    """What `ask` makes of a client that has started the program."""
    from mcp import Client
    from mcp.client.stdio import StdioServerParameters, stdio_client

    async def session() -> Any:
        program = StdioServerParameters(
            command=sys.executable, args=["-m", "cass", "mcp"], env=environment(home), cwd=str(home.home)
        )
        async with Client(stdio_client(program)) as client:
            return await ask(client)

    return asyncio.run(session())


def call(home: Home, name: str, **given: Any) -> tuple[str, bool]:
    """The text of a tool's answer, and whether it says that it failed."""

    async def ask(client: Any) -> tuple[str, bool]:
        (block,) = (result := await client.call_tool(name, given)).content
        return block.text, bool(result.is_error)

    answer: tuple[str, bool] = asking(home, ask)
    return answer


@needs_mcp
def test_the_tools_are_listed_as_the_command_lists_them(home: Home) -> None:
    async def ask(client: Any) -> Any:
        return (await client.list_tools()).tools

    told = json.loads(home.cass("mcp", "--json").stdout)["tools"]
    tools = asking(home, ask)

    assert [tool.name for tool in tools] == [tool["name"] for tool in told] == ["search", "show", "pack", "status"]
    assert [tool.input_schema for tool in tools] == [tool["input_schema"] for tool in told]
    assert all(tool.annotations.read_only_hint for tool in tools)


@needs_mcp
def test_search_finds_and_show_reads_it(home: Home) -> None:
    """The id of a hit goes into show; the session that the agent is in is left out, unless it asks."""
    found, failed = call(home, "search", query="pool step 7", limit=1)
    shown = call(home, "show", id=found.split()[1])

    assert (failed, found.splitlines()[-1].startswith("left out as the current session")) == (False, True)
    assert "text: raise the pool size, step 7" in found
    assert "> " in shown[0] and "raise the pool size, step 7" in shown[0]
    assert "that I am in" not in call(home, "search", query="pool")[0]
    assert "that I am in" in call(home, "search", query="pool", include_current=True)[0]


@needs_mcp
def test_what_is_long_comes_in_pages(home: Home) -> None:
    """Of hits and of a session; every page is as small as was asked, and says where the next begins."""
    first, _ = call(home, "search", query="pool", limit=1)
    second, _ = call(home, "search", query="pool", limit=1, offset=1)
    assert "more with --offset 1" in first
    assert first.splitlines()[0] != second.splitlines()[0]

    session = first.split()[1].partition(":")[0]
    page, _ = call(home, "show", id=session, max_tokens=100)
    start = int(page.rpartition(" ")[2].rstrip(")"))
    rest, _ = call(home, "show", id=session, offset=start, max_tokens=20_000)
    whole, _ = call(home, "show", id=session, max_tokens=20_000)

    assert len(page) < 500
    assert whole == page.rpartition("\n\n(")[0] + "\n" * whole[start - 2 : start].count("\n") + rest


@needs_mcp
def test_pack_and_status_answer_in_words(home: Home) -> None:
    """Masked, as everywhere."""
    packed, failed = call(home, "pack", query="pool keys")
    status, _ = call(home, "status")

    assert not failed and packed.startswith("# Earlier sessions about: pool keys")
    assert "AKIA" in packed and KEY not in packed
    assert "messages" in status


@needs_mcp
@pytest.mark.parametrize(
    "name, given, said, failed",
    [
        ("search", {"query": "zzyzx"}, "nothing found for zzyzx in 43 messages", False),
        ("search", {"query": "pool", "agent": ["clade"]}, "did you mean claude_code", True),
        ("search", {"query": "pool", "limt": 3}, "The nearest is limit.", True),
        ("show", {"id": "ffffffff"}, "no session has the id 'ffffffff'", True),
        ("show", {"id": "pool", "role": ["summary"]}, "no message of the role summary", False),
        ("forget", {"id": "x"}, "there is no tool 'forget': use search, show, pack, status", True),
    ],
)
def test_what_goes_wrong_is_said_so_that_it_can_be_put_right(
    home: Home, name: str, given: dict[str, Any], said: str, failed: bool
) -> None:
    text, is_error = call(home, name, **given)

    assert (said.lower() in text.lower(), is_error) == (True, failed), text


@needs_mcp
def test_a_line_that_is_no_message_costs_nothing_else(home: Home) -> None:
    """And when the agent closes its end, the program ends."""
    lines = "not JSON\n" + json.dumps(HELLO) + "\n"
    done = home.cass("mcp", stdin=lines)

    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["result"]["serverInfo"]["name"] == "cass"


@needs_mcp
@pytest.mark.skipif(sys.platform == "win32", reason="signals and pipes of Unix")
def test_an_interrupt_and_a_closed_pipe_end_it(home: Home) -> None:
    """At once, while its input is still open."""
    command = [sys.executable, "-m", "cass", "mcp"]
    for code, ended in ((130, False), (0, True)):
        running = subprocess.Popen(
            command,
            env=environment(home),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert running.stdin and running.stdout and running.stderr
        running.stdin.write(json.dumps(HELLO) + "\n")
        running.stdin.flush()
        assert running.stdout.readline()
        if ended:
            running.stdout.close()
            running.stdin.write(json.dumps({"jsonrpc": "2.0", "id": 2, "method": "ping"}) + "\n")
            running.stdin.flush()
        else:
            running.send_signal(signal.SIGINT)

        assert (running.wait(timeout=30), running.stderr.read()) == (code, "")


@pytest.mark.skipif(sys.platform == "win32", reason="signals of Unix")
def test_an_interrupt_while_the_library_is_loaded_ends_it(home: Home, tmp_path: Path) -> None:
    """A part of it in machine code makes a panic of an exception."""
    code = "import os, signal\ntry: os.kill(os.getpid(), signal.SIGINT)\nexcept KeyboardInterrupt: raise ValueError"
    (tmp_path / "anyio.py").write_text(code)

    done = home.cass("mcp", env={"PYTHONPATH": os.pathsep.join((str(REPO), str(tmp_path)))})

    assert (done.returncode, done.stderr) == (130, "")


@needs_mcp
def test_a_folder_of_our_name_where_the_agent_works_is_not_run(tmp_path: Path) -> None:
    """Nor any other module that lies there."""
    home = make_home(tmp_path)
    home.claude("s", "a pool")
    home.index()
    for name in ("cass", "json"):
        (home.home / name).mkdir()
        (home.home / name / "__init__.py").write_text("raise SystemExit('not ours')")

    async def ask(client: Any) -> str:
        text: str = (await client.call_tool("search", {"query": "pool"})).content[0].text
        return text

    from mcp import Client

    from cass.cli.mcp_server import make_server

    async def session() -> str:
        async with Client(make_server(str(home.data))) as client:
            return await ask(client)

    before = os.getcwd()
    os.chdir(home.home)
    try:
        assert "text: a pool" in asyncio.run(session())
    finally:
        os.chdir(before)


def test_without_the_package_the_command_that_installs_it_is_said(home: Home) -> None:
    """Instead of a traceback; everything else works without it."""
    hide = "import sys; sys.modules['mcp_types'] = None; from cass import main; sys.argv = ['cass', 'mcp']; main()"
    command = [sys.executable, "-c", hide]
    done = subprocess.run(command, env=environment(home), capture_output=True, text=True, check=False, stdin=-3)

    assert (done.returncode, done.stdout) == (11, "")
    assert done.stderr.startswith("cass: cass mcp needs the package mcp, which is not installed, or too old (cass-")
    assert "-m pip install 'mcp>=2,<3'" in done.stderr
