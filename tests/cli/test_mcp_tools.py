"""What `cass mcp` offers, and which command line a call becomes."""

from __future__ import annotations

import os
import sys
import tomllib
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from cass.cli import extras
from cass.cli.lane import parse
from cass.cli.mcp_tools import TOKENS, TOOLS, page_of
from cass.cli.table import command, options_of
from cass.errors import UsageError
from tests.cli.test_edge import ROOT

each_tool = pytest.mark.parametrize("tool", TOOLS.values(), ids=TOOLS)


@each_tool
def test_a_tool_takes_what_its_command_takes(tool) -> None:
    """Each option has a row, and its words are the row's."""
    rows = {option.name: option for option in options_of(command(tool.name))}
    properties = tool.schema()["properties"]

    assert set(tool.takes) <= set(rows)
    for name in set(tool.takes) - {"--max-tokens"}:
        assert properties[name[2:].replace("-", "_")]["description"] == rows[name].doc


@each_tool
def test_a_schema_is_one(tool) -> None:
    Draft202012Validator.check_schema(tool.schema())


@each_tool
def test_what_an_agent_sends_by_the_schema_is_understood(tool) -> None:
    """Every argument at once; the command line is one that the command reads."""
    samples = {"string": "7d", "integer": 60, "boolean": True}
    given = {}
    for key, schema in tool.schema()["properties"].items():
        item = schema.get("items", schema)
        value = item["enum"][0] if "enum" in item else samples[item["type"]]
        given[key] = [value, value] if schema["type"] == "array" else value
    Draft202012Validator(tool.schema()).validate(given)

    assert parse(tool.argv(given)) is not None


@each_tool
def test_a_tool_changes_nothing_and_says_little(tool) -> None:
    """None of the commands writes; where an answer could be long, there is a bound."""
    assert tool.name in ("search", "show", "pack", "status")
    assert tool.name == "status" or tool.schema()["properties"]["max_tokens"]["default"] == TOKENS


@pytest.mark.parametrize(
    "name, given, argv",
    [
        ("search", {"query": "flaky test"}, "--plain --exclude-session current --max-tokens=1000 -- flaky test"),
        (
            "search",
            {"query": "--json", "agent": "codex", "include_current": True, "max_tokens": 200},
            "--plain --max-tokens=200 --agent=codex -- --json",
        ),
        ("search", {"workspace": [".", "/w"]}, "--plain --exclude-session current --max-tokens=1000"
         " --workspace=. --workspace=/w --"),
        ("show", {"id": "3fa9c2e1:4", "context": 1, "offset": 9}, "--no-pager --context=1 -- 3fa9c2e1:4"),
        ("pack", {"query": "x", "literal": False, "since": None}, "--exclude-session current --max-tokens=1000 -- x"),
        ("status", {}, "--plain --"),
    ],
)  # fmt: skip
def test_a_call_becomes_a_command_line(name: str, given: dict[str, object], argv: str) -> None:
    """What was said stands behind `--`, whatever it looks like."""
    assert " ".join(TOOLS[name].argv(given)) == f"{name} {argv}"


@pytest.mark.parametrize(
    "name, given, said",
    [
        ("search", {"limitt": 3}, "there is no argument 'limitt' (search). The nearest is limit."),
        ("show", {}, "id is missing (show). Give a session (ID), a message (ID:N), a file or FILE:LINE."),
        ("search", {"limit": "three"}, "limit is 'three' (search). Give a whole number."),
        ("search", {"limit": True}, "limit is True (search). Give a whole number."),
        ("show", {"id": "3fa9c2e1", "tools": "yes"}, "tools is 'yes' (show). Give true or false."),
        ("show", {"id": "x", "max_tokens": 9}, "max_tokens is 9 (show). Give 50 or more, 20000 at most."),
    ],
)  # fmt: skip
def test_a_wrong_call_is_told_what_is_right(name: str, given: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError) as refused:
        TOOLS[name].argv(given)

    assert str(refused.value) == said


def test_pages_together_are_the_whole_text() -> None:
    """Cut at line ends, inside a line where one is longer than a page, never inside a character."""
    text = "".join(f"line {at} — naïve 🦭\n" for at in range(200)) + "🦭" * 900
    start, pages = 0, []
    while True:
        page = page_of(text, start, 100)
        shown, told, rest = page.rpartition("\n\n(")
        if not told:
            pages.append(page)
            break
        assert len(shown.encode()) <= 400
        pages.append(shown)
        start = int(rest.rpartition(" ")[2].rstrip(")"))

    assert "".join("".join(pages).split()) == "".join(text.split())
    assert len(pages) > 15 and page_of(text, len(text), 100) == ""


def test_the_package_that_is_missing_is_the_extra() -> None:
    """Named once more where it must be said without the metadata."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())

    for extra, requirement in extras.REQUIREMENTS.items():
        assert project["project"]["optional-dependencies"][extra] == [requirement]
        assert requirement in project["dependency-groups"]["dev"]


def test_the_command_that_installs_it_is_that_of_the_environment(tmp_path: Path) -> None:
    """Those of pipx and uv have no pip of their own."""
    python = os.path.join(str(tmp_path), "bin", "python")
    assert extras.install_command("mcp", str(tmp_path), python) == f"{python} -m pip install 'mcp>=2,<3'"
    (tmp_path / "uv-receipt.toml").touch()
    assert extras.install_command("mcp", str(tmp_path), python) == f"uv pip install --python {python} 'mcp>=2,<3'"
    (tmp_path / "pipx_metadata.json").touch()
    assert extras.install_command("mcp", str(tmp_path), python) == "pipx inject cass-search 'mcp>=2,<3'"
    assert sys.executable in str(extras.missing("mcp", "cass mcp"))
    assert "cass serve needs the package waitress" in str(extras.missing("serve", "cass serve"))
