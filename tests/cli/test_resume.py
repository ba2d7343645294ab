"""`cass resume`: the agent's own command, printed, as JSON, and run for real."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from cass.render.resume_view import shell_line
from tests.archive import Home, make_home, says
from tests.connectors.samples import write_sample
from tests.schemas.checking import faults

# It says where it runs and what it was given.
PLAYED = '#!/bin/sh\npwd\nprintf "%s\\n" "$@"\n'


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = make_home(tmp_path)
    workspace = tmp_path / "my app"
    workspace.mkdir()
    home.claude("s1", "the pool timed out", says("assistant", "I look"), workspace=str(workspace))
    home.index()
    return home


def sid(home: Home, words: str = "pool") -> str:
    return home.search(words).hits[0].sid


def with_claude(home: Home) -> dict[str, str]:
    """An environment whose PATH has a program that plays the agent."""
    folder = home.folder / "bin"
    folder.mkdir()
    (folder / "claude").write_text(PLAYED)
    (folder / "claude").chmod(0o755)
    return {"PATH": f"{folder}:/usr/bin:/bin"}


def test_the_command_is_printed_with_the_way_to_its_folder(home: Home):
    """A line to paste: quoted, and from wherever one is."""
    done = home.cass("resume", sid(home)[:8])

    assert done.stdout == f"cd {shlex.quote(str(home.folder / 'my app'))} && claude --resume s1\n"
    assert (done.returncode, done.stderr) == (0, "")


def test_a_program_gets_the_argument_list(home: Home):
    said = json.loads(home.cass("resume", f"{sid(home)}:1", "--json").stdout)

    assert faults("resume", said) == []
    assert said["resume"] == ["claude", "--resume", "s1"]
    assert (said["workspace"], said["workspace_exists"]) == (str(home.folder / "my app"), True)
    assert (said["source_path"], said["source_state"]) == (str(home.path("s1")), "present")


def test_exec_runs_it_in_the_sessions_folder(home: Home):
    done = home.cass("resume", sid(home), "--exec", env=with_claude(home))

    assert done.stdout.splitlines() == [str(home.folder / "my app"), "--resume", "s1"]
    assert (done.returncode, done.stderr) == (0, "")


def test_a_deleted_file_is_said_and_not_run(home: Home):
    """Also when it was deleted since the last index."""
    home.path("s1").unlink()
    name = sid(home)
    printed, run = home.cass("resume", name), home.cass("resume", name, "--exec", env=with_claude(home))
    said = json.loads(home.cass("resume", name, "--json").stdout)

    assert printed.stdout.endswith("claude --resume s1\n")
    assert printed.stderr == (
        f"cass: the agent has deleted this session's file ({home.path('s1')}), so it will not find it:"
        f" cass show {name} still reads it\n"
    )
    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr == (
        f"cass: the agent has deleted this session's file ({home.path('s1')}). Read it: cass show {name}.\n"
    )
    assert (said["source_state"], faults("resume", said)) == ("gone", [])


def test_a_folder_that_is_gone_is_said_and_not_entered(home: Home):
    folder = home.folder / "my app"
    folder.rmdir()
    printed = home.cass("resume", sid(home))
    run = home.cass("resume", sid(home), "--exec", env=with_claude(home))

    assert printed.stdout == "claude --resume s1\n"
    assert printed.stderr == f"cass: the session's folder is no longer there ({folder})\n"
    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr.startswith(f"cass: the session's folder cannot be entered ({folder}).")


def test_an_agent_that_is_not_installed_is_named(home: Home):
    done = home.cass("resume", sid(home), "--exec", env={"PATH": "/nowhere"})

    assert done.returncode == 10
    assert done.stderr == "cass: there is no program 'claude' here (PATH). Install the agent, or add it to PATH.\n"


def test_of_a_subagent_it_is_the_session_that_started_it(tmp_path: Path):
    """Agents resume no subagents."""
    from cass.demo import restore_samples

    home = make_home(tmp_path)
    restore_samples(home.home)
    home.index()
    listed = json.loads(home.cass("sessions", "--json").stdout)["sessions"]
    child = next(each for each in listed if each["parent_session_id"])
    said = json.loads(home.cass("resume", child["session_id"], "--json").stdout)

    assert (said["session_id"], said["part_session_id"]) == (child["parent_session_id"], child["session_id"])
    assert said["resume"][-1] == said["external_id"] != child["external_id"]
    assert "a subagent's session" in home.cass("resume", child["session_id"]).stderr


def test_an_id_that_looks_like_an_option_is_never_handed_on(tmp_path: Path):
    """A planted file must not choose how the agent runs."""
    home = make_home(tmp_path)
    home.claude("--yolo", "a walrus")
    home.index()
    done = home.cass("resume", sid(home, "walrus"))

    assert (done.returncode, done.stdout) == (1, "")
    assert "looks like an option" in done.stderr


def test_an_agent_without_such_a_command_is_told(tmp_path: Path):
    home = make_home(tmp_path)
    write_sample("grok", home.home)
    home.index()
    name = json.loads(home.cass("sessions", "--json").stdout)["sessions"][0]["session_id"]
    done = home.cass("resume", name)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"cass: Grok has no command that goes on with a session. Read it: cass show {name}.\n"


def test_exec_and_json_are_two_answers(home: Home):
    """Both would write to stdout."""
    assert home.cass("resume", sid(home), "--exec", "--json").returncode == 2


def test_windows_has_its_own_way_to_write_it():
    assert shell_line(["claude", "--resume", "s1"], "C:\\my app", "nt") == 'cd /d "C:\\my app" && claude --resume s1'


@pytest.mark.parametrize("command", ["show", "export", "resume"])
@pytest.mark.parametrize("word", ["", " "])
def test_an_empty_id_is_called_empty(home: Home, command: str, word: str):
    """A variable of a script that holds nothing: not the folder one is in, nor a file that no agent wrote."""
    done = home.cass(command, word)

    forms = "Give a session (ID), a message (ID:N), a file or FILE:LINE."
    assert (done.returncode, done.stderr) == (2, f"cass: the ID is empty. {forms}\n")


def test_a_colon_without_a_number_is_told(home: Home):
    """There is one colon, not more; and digits of another script are no number: never silently the whole session."""
    name = sid(home)

    bare, wide = home.cass("show", f"{name}:"), home.cass("show", f"{name}:\uff11")

    assert bare.returncode == 2
    assert bare.stderr.startswith(f"cass: there is no number behind the colon ({name}:).")
    assert (wide.returncode, wide.stdout) == (1, "")
