"""`cass open`: a session in the editor, at the message; editors are played by real programs."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from cass.cli.editor import at_line
from tests.archive import Home, calls, make_home, says
from tests.schemas.checking import faults

# It says how it was called, and what it was shown.
PLAYED = '#!/bin/sh\nfor last; do echo "$last"; done\ncat "${last%:*}"\n'

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the editors are shell scripts")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = make_home(tmp_path)
    home.env["CASS_RUNTIME_DIR"] = str(tmp_path / "run")
    home.claude(
        "s1", "the pool timed out", says("assistant", "I\nlook", calls("Bash", "c1", command="ls /w")), "thanks"
    )
    home.index()
    return home


def sid(home: Home) -> str:
    return home.search("pool").hits[0].sid


def editor(home: Home, name: str) -> dict[str, str]:
    folder = home.folder / "bin"
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(PLAYED)
    (folder / name).chmod(0o755)
    return {"PATH": f"{folder}:/usr/bin:/bin", "EDITOR": name}


def renderings(home: Home) -> list[Path]:
    return list((home.folder / "run" / "open").glob("*"))


def test_the_editor_is_at_the_message(home: Home):
    """It is asked to wait, so that the rendering can go afterwards."""
    done = home.cass("open", f"{sid(home)}:2", env=editor(home, "code"))
    wait, goto, place, *text = done.stdout.splitlines()
    path, _, line = place.rpartition(":")

    assert (wait, goto, path) == ("--wait", "--goto", str(home.folder / "run" / "open" / f"{sid(home)}.md"))
    assert text[int(line) - 1] == f"## user · 2026-01-02 03:06 · {sid(home)[:8]}:2"
    assert text[int(line) + 1] == "thanks"
    assert (done.returncode, done.stderr, renderings(home)) == (0, "", [])


def test_an_unknown_editor_opens_it_at_its_beginning(home: Home):
    """It may have returned at once, so the rendering stays: for its user alone, and not to be written to."""
    done = home.cass("open", f"{sid(home)}:2", env=editor(home, "scribble"))
    (path,) = renderings(home)

    assert done.stdout.splitlines()[:2] == [str(path), "# the pool timed out"]
    assert path.stat().st_mode & 0o777 == 0o400
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_what_earlier_calls_left_goes(home: Home):
    home.cass("open", sid(home), "--json")
    (first,) = renderings(home)
    old = first.with_name("old.md")
    old.write_text("x")
    os.utime(old, (0, 0))
    home.cass("open", sid(home), "--json")

    assert renderings(home) == [first]


def test_source_is_the_agents_file_at_the_line(home: Home):
    done = home.cass("open", f"{sid(home)}:2", "--source", env=editor(home, "code"))

    assert done.stdout.splitlines()[:2] == ["--goto", f"{home.path('s1')}:3"]
    assert done.stdout.splitlines()[2:] == home.path("s1").read_text().splitlines()
    assert home.path("s1").exists()


def test_a_plugin_gets_the_file_and_the_line(home: Home):
    rendered = json.loads(home.cass("open", f"{sid(home)}:1", "--json", env={"VISUAL": "nvim"}).stdout)
    source = json.loads(home.cass("open", sid(home), "--source", "--json").stdout)
    lines = Path(rendered["path"]).read_text().splitlines()

    assert faults("open", rendered) + faults("open", source) == []
    assert lines[rendered["line_number"] - 1].endswith(f"{sid(home)[:8]}:1")
    assert rendered["editor"] == ["nvim", f"+{rendered['line_number']}", rendered["path"]]
    assert (source["path"], source["line_number"], source["editor"]) == (str(home.path("s1")), None, [])


def test_an_editors_link_is_followed_where_no_editor_is_set(home: Home):
    env = editor(home, "xdg-open") | {"EDITOR": "", "CASS_HYPERLINK_FORMAT": "vscode://file{path}:{line}"}
    done = home.cass("open", f"{sid(home)}:2", "--source", env=env)

    assert done.stdout.splitlines()[0] == f"vscode://file{home.path('s1')}:3"


def test_secrets_are_masked(home: Home):
    token = "ghp_" + "a1B2c3D4e5" * 4
    home.claude("s2", f"a walrus wants {token}")
    home.index()
    name = home.search("walrus").hits[0].sid
    texts = [
        Path(json.loads(home.cass("open", name, "--json", *more).stdout)["path"]).read_text()
        for more in ((), ("--show-secrets",))
    ]

    assert [token in text for text in texts] == [False, True]


def test_what_cannot_be_opened_is_said(home: Home):
    """No terminal for an editor that needs one, no editor at all, a deleted file, an editor that fails."""
    name = sid(home)
    terminal = home.cass("open", name, env={"EDITOR": "vim"})
    none = home.cass("open", name, env={"PATH": "/nowhere"})
    failing = home.cass("open", name, env={"EDITOR": "false"})
    home.path("s1").unlink()
    gone = home.cass("open", name, "--source", env=editor(home, "code"))

    assert [each.returncode for each in (terminal, none, failing, gone)] == [2, 2, 10, 1]
    assert terminal.stderr == "cass: vim needs a terminal (cass open). Use cass show, or cass open --json.\n"
    assert none.stderr.startswith("cass: there is no editor (VISUAL, EDITOR).")
    assert "exit status 1" in failing.stderr
    assert gone.stderr.startswith(f"cass: this session's file is not there ({home.path('s1')}).")


@pytest.mark.parametrize(
    "command, wait, argv",
    [
        (["vim"], True, ["vim", "+7", "/a b.md"]),
        (["/usr/bin/nvim", "-R"], True, ["/usr/bin/nvim", "-R", "+7", "/a b.md"]),
        (["hx"], True, ["hx", "/a b.md:7"]),
        (["code", "--wait"], True, ["code", "--wait", "--goto", "/a b.md:7"]),
        (["Code.exe"], False, ["Code.exe", "--goto", "/a b.md:7"]),
        (["subl"], True, ["subl", "--wait", "/a b.md:7"]),
        (["pycharm"], False, ["pycharm", "--line", "7", "/a b.md"]),
        (["kate"], True, ["kate", "--block", "-l", "7", "/a b.md"]),
        (["scribble"], True, ["scribble", "/a b.md"]),
    ],
)
def test_every_editor_is_told_the_line_in_its_own_way(command: list[str], wait: bool, argv: list[str]):
    assert at_line(command, "/a b.md", 7, wait) == argv


def test_without_a_line_none_is_told():
    assert at_line(["vim"], "/a", None, wait=True) == ["vim", "/a"]
