"""`cass sources` says where sessions come from, and what is left out; include and exclude change that."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from cass.connectors.table import AGENTS, load
from cass.indexing.sources import variables_of
from tests.archive import Home, make_home, says
from tests.schemas.checking import faults
from tests.torn_name import inside_torn_name

MARK = "DO NOT INDEX THIS CHAT"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = make_home(tmp_path)
    home.env["CASS_CONFIG_DIR"] = str(tmp_path / "config")
    home.claude("one", "where is the quokka", "in the zoo")
    home.claude("two", "a wombat", workspace="/w/hidden")
    return home


def asked(home: Home, *argv: str) -> Any:
    """What `cass sources … --json` says, checked against its schema."""
    done = home.cass("sources", *argv, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    said = json.loads(done.stdout)
    assert faults("sources-change" if argv and argv[0] in ("include", "exclude") else "sources", said) == []
    return said


def test_what_was_found_and_read(home: Home) -> None:
    """Before the first run, after it, after an append, with a torn line."""
    figures = []
    for step in ("new", "read", "grown"):
        if step == "read":
            home.index()
        if step == "grown":
            with home.append("one", "one more").open("ab") as file:
                file.write(b"{torn\n")
        figures.append(asked(home)["agents"]["claude_code"]["files"])
    home.index()
    said = asked(home)["agents"]["claude_code"]

    assert [(f["seen"], f["read"], f["unchanged"], f["failed"]) for f in figures] == [
        (2, 0, 0, 0),
        (2, 2, 2, 0),
        (2, 2, 1, 0),
    ]
    assert (said["sessions"], said["messages"], said["problem_count"]) == (2, 4, 1)
    assert [(Path(bad["path"]).name, bad["line"]) for bad in said["problems"]] == [("one.jsonl", 4)]


def test_where_it_was_looked(home: Home) -> None:
    """Places that exist and places that do not, those of the settings too, and the variables that name others."""
    home.env["CASS_SOURCES_ROOTS"] = f"claude_code={home.folder}/elsewhere"
    said = asked(home)["agents"]["claude_code"]

    places = {place["path"]: (place["exists"], place["added"]) for place in said["places"]}
    assert places[f"{home.home}/.claude/projects"] == (True, False)
    assert places[f"{home.home}/.config/claude/projects"] == (False, False)
    assert places[f"{home.folder}/elsewhere"] == (False, True)
    assert "CLAUDE_CONFIG_DIR" in said["variables"]


@pytest.mark.parametrize("agent", AGENTS, ids=[agent.name for agent in AGENTS])
def test_a_variable_names_another_place(agent: Any, tmp_path: Path) -> None:
    """Those that are listed move the agent's places or add to them; some only together with a file or a system."""
    from cass.connectors.base import Surroundings

    connector = load(agent)
    usual = connector.roots(Surroundings(str(tmp_path), {}))
    names = variables_of(connector)
    elsewhere = [Surroundings(str(tmp_path), {name: str(tmp_path / "else" / "where")}) for name in names]

    assert all(name.isidentifier() and name.isupper() for name in names)
    assert not names or any(connector.roots(around) != usual for around in elsewhere)


def test_the_page(home: Home) -> None:
    """For people: what is there first, the rest in one line, what is wrong with its place."""
    home.index()
    with home.path("one").open("ab") as file:
        file.write(b"{torn\n")
    home.index()

    said = home.cass("sources")

    assert said.returncode == 0, said.stderr
    assert "looked in     ~/.claude/projects\n" in said.stdout
    assert "files         2 found, 2 read, 2 unchanged, 0 failed\n" in said.stdout
    assert "~/.claude/projects/-w-app/one.jsonl:3: not JSON" in said.stdout
    assert "Nothing found of Codex, " in said.stdout
    assert "CODEX_HOME" in home.cass("sources", "-v").stdout


def test_the_page_without_columns(home: Home) -> None:
    """One fact a line, each with its agent."""
    lines = home.cass("sources", "--plain").stdout.splitlines()

    assert "claude_code: files: 2 found, 0 read, 0 unchanged, 0 failed" in lines


def test_a_workspace_is_excluded_and_included(home: Home) -> None:
    """It stands in cass.toml; what was stored before is told and stays."""
    home.index()
    out = asked(home, "exclude", "/w/hidden", "secret-*")
    page = home.cass("sources").stdout
    back = asked(home, "include", "/w/hidden")
    last = asked(home, "include", "secret-*")

    assert out["changed"] == {"sources.exclude": ["/w/hidden", "secret-*"]}
    assert out["stored_before"] == {"sessions": 1, "workspaces": {"/w/hidden": 1}, "marked": 0}
    assert "Left out: /w/hidden, secret-*.\n" in page
    assert "/w/hidden: 1 session" in page
    assert (back["exclude"], last["exclude"]) == (["secret-*"], [])
    assert "exclude" not in (home.folder / "config" / "cass.toml").read_text()


def test_an_agent_is_excluded_by_its_name(home: Home) -> None:
    """In whatever spelling; its files are not looked for any more."""
    out = asked(home, "exclude", "claude-code")
    said = asked(home)["agents"]["claude_code"]
    asked(home, "include", "claude")

    assert out["changed"] == {"sources.disabled": ["claude_code"]}
    assert (said["enabled"], said["files"]["seen"]) == (False, 0)
    assert asked(home)["agents"]["claude_code"]["enabled"]


def test_the_folder_one_stands_in(home: Home) -> None:
    """`.` and relative folders are written down whole."""
    (home.home / "app").mkdir()

    assert asked(home, "exclude", ".", "./app")["exclude"] == [str(home.home), str(home.home / "app")]


def test_what_is_left_out_is_counted(home: Home) -> None:
    """By a setting, by the chat's own wish; what asked for it later, too."""
    home.claude("three", "a secret", says("user", MARK))
    home.index()
    home.append("one", says("user", MARK))
    asked(home, "exclude", "/w/hidden")
    home.index()

    said = asked(home)
    assert said["agents"]["claude_code"]["left_out"] == 2
    assert said["stored_before"] == {"sessions": 2, "workspaces": {"/w/hidden": 1}, "marked": 1}


def test_index_says_what_is_left_out(home: Home) -> None:
    """In one line, with where to read more."""
    home.index()
    asked(home, "exclude", "/w/hidden")
    home.claude("three", "a secret", says("user", MARK))

    said = home.cass("index").stderr

    assert "1 session left out, 1 session stored before that, and kept: cass sources says more\n" in said


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (("include", "/w/app"), "'/w/app' is not left out by sources.exclude"),
        (("exclude",), "nothing was named"),
        (("exclude", " "), "is no folder"),
        (("forget",), "Use show, include, exclude"),
        (("show", "x"), "one word too many"),
    ],
)
def test_what_cannot_be_done_is_said(home: Home, argv: tuple[str, ...], words: str) -> None:
    done = home.cass("sources", *argv)

    assert done.returncode == 2
    assert words in done.stderr


def test_a_folder_that_no_file_can_name_is_refused(home: Home) -> None:
    """Settings are UTF-8, a folder's name may be in another coding."""
    done = home.cass("sources", "exclude", ".", before=inside_torn_name(home.folder))

    assert (done.returncode, "is no folder that can be written down" in done.stderr) == (2, True)


def test_what_the_environment_says_is_not_ours_to_change(home: Home) -> None:
    """The message names the variable."""
    home.env["CASS_SOURCES_EXCLUDE"] = os.pathsep.join(("/w/a", "/w/b"))
    done = home.cass("sources", "include", "/w/b")

    assert asked(home)["exclude"] == ["/w/a", "/w/b"]
    assert done.returncode == 2
    assert "CASS_SOURCES_EXCLUDE" in done.stderr


def test_saying_it_twice_changes_nothing(home: Home) -> None:
    asked(home, "exclude", "/w/x")

    assert asked(home, "exclude", "/w/x/")["changed"] == {}
