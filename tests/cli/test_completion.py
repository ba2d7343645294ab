"""Completions, in the shells that are here."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cass.cli.completion import script
from cass.cli.table import commands, options_of
from tests.archive import Home, make_home
from tests.cli.test_edge import ROOT, cass

needs = {
    name: pytest.mark.skipif(not shutil.which(name), reason=f"{name} is not installed")
    for name in ("bash", "zsh", "fish", "pwsh")
}
CASES = [
    ("cass sea", ["search"]),
    ("cass search --lim", ["--limit"]),
    ("cass find --sor", ["--sort"]),
    ("cass search --match ", ["all", "any", "most"]),
    ("cass --color never statu", ["status"]),
    ("cass completion f", ["fish"]),
    ("cass help ind", ["index"]),
    ("cass search --agent codex --agent claude_c", ["claude_code"]),
]
# What stands behind a command's action: a setting's name, never the action once more.
BEHIND_ACTIONS = [
    ("cass config uns", ["unset"]),
    ("cass config set search.lim", ["search.limit"]),
    ("cass config get quality_w", ["quality_weight"]),
    ("cass config set mode s", []),
    ("cass worker pause st", []),
    ("cass models remove ", []),
]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_a_script_knows_every_command_and_option(shell: str):
    text = script(shell)
    names = [name for row in commands() for option in options_of(row) if not option.hidden for name in option.names]

    assert all(row.name in text for row in commands())
    assert all(
        (f"-l {name[2:]} " if shell == "fish" and name[:2] == "--" else name.strip("-")) in text for name in names
    )


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_a_script_offers_nothing_hidden(shell: str):
    assert "robot" not in script(shell)


def test_the_command_prints_the_script():
    assert cass("completion", "bash").stdout == script("bash")


@needs["bash"]
@pytest.mark.parametrize(
    "line, wanted", [*CASES, *BEHIND_ACTIONS, ("cass search --match=m", ["most"]), ("cass search lost", [])]
)
def test_bash_completes(line: str, wanted: list[str]):
    assert sorted(bash_offers(line.replace("=", " = ")).split()) == wanted


@needs["fish"]
@pytest.mark.parametrize("line, wanted", [*CASES, *BEHIND_ACTIONS])
def test_fish_completes(line: str, wanted: list[str], tmp_path):
    program = f"source {ROOT}/completions/cass.fish; complete -C '{line}'"
    env = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(["fish", "-N", "-c", program], capture_output=True, text=True, check=True, env=env)

    assert sorted(found.split("\t")[0] for found in done.stdout.splitlines()) == wanted


# Ctrl-T prints the line as the completion left it; behind Ctrl-X zsh would wait for a second key.
ZSH_PTY = r"""
zmodload zsh/zpty
zpty inner zsh -f -i
zpty -w inner "tell() { print -r -- \"<\$BUFFER>\" }; zle -N tell; bindkey '^T' tell"
zpty -w inner "autoload -U compinit; compinit -u -D; source $1; print LOA''DED"
zpty -r -m inner shown '*LOADED*'
zpty -w -n inner "$2"$'\t\x14'
zpty -r -m inner shown '*<cass*>*'
print -r -- "${${shown##*<}%%>*}"
zpty -d inner
"""


def zsh_completed(line: str, **where: Any) -> str:
    """The line as a TAB leaves it, in a real interactive zsh behind a pseudo-terminal."""
    command = ["zsh", "-f", "-c", ZSH_PTY, "zsh", str(ROOT / "completions" / "_cass"), line]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, **where).stdout


def bash_offers(line: str, **where: Any) -> str:
    """What bash is offered at the line's end, one a line."""
    quoted = " ".join(f"'{word}'" for word in line.split(" "))
    program = (
        f"source {ROOT}/completions/cass.bash; COMP_WORDS=({quoted}); COMP_CWORD={line.count(' ')}; _cass;"
        ' printf "%s\\n" "${COMPREPLY[@]}"'
    )
    return subprocess.run(["bash", "--norc", "-c", program], capture_output=True, text=True, check=True, **where).stdout


@needs["zsh"]
@pytest.mark.parametrize(
    "line, wanted",
    [
        ("cass sea", "cass search "),
        ("cass find --sor", "cass find --sort="),
        ("cass search --match mo", "cass search --match most "),
        ("cass search --mode=lex", "cass search --mode=lexical "),
        ("cass completion fi", "cass completion fish "),
        ("cass config set search.lim", "cass config set search.limit "),
        ("cass config set mode sh", "cass config set mode sh"),
    ],
)
def test_zsh_completes(line: str, wanted: str):
    assert zsh_completed(line) == wanted + "\n"


@needs["pwsh"]
@pytest.mark.parametrize("line, wanted", CASES)
def test_powershell_completes(line: str, wanted: list[str]):
    program = (
        f". {ROOT}/completions/cass.ps1; (TabExpansion2 -inputScript '{line}' -cursorColumn {len(line)})"
        ".CompletionMatches | ForEach-Object CompletionText"
    )
    done = subprocess.run(["pwsh", "-NoProfile", "-c", program], capture_output=True, text=True, check=True)

    assert sorted(done.stdout.split()) == wanted


@pytest.mark.skipif(sys.platform == "win32" or not shutil.which("bash"), reason="bash is not installed")
def test_a_file_name_with_spaces_is_one_completion(tmp_path):
    (tmp_path / "two words.jsonl").touch()
    program = (
        f"cd '{tmp_path}'; source {ROOT}/completions/cass.bash; COMP_WORDS=(cass show two); COMP_CWORD=2; _cass;"
        ' printf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(["bash", "--norc", "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout == "two words.jsonl\n"


# Each with what a TAB adds to it in a folder that holds `export.zip` and the folder `exiled`.
FILE_LINES = [
    ("cass import exp", "ort.zip"),
    ("cass models install --from exp", "ort.zip"),
    ("cass export 3fa9c2e1 -o exp", "ort.zip"),
    ("cass sources exclude exi", "led"),
]
NO_FOLDER = ("cass sources exclude exp", "")  # zsh offers files where no folder begins so


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "export.zip").touch()
    (tmp_path / "exiled").mkdir()
    return tmp_path


@needs["bash"]
@pytest.mark.parametrize("line, added", [*FILE_LINES, NO_FOLDER])
def test_bash_completes_files_where_files_are_taken(line: str, added: str, folder: Path):
    assert bash_offers(line, cwd=folder).strip() == (line.rsplit(" ", 1)[1] + added if added else "")


@needs["fish"]
@pytest.mark.parametrize("line, added", [*FILE_LINES, NO_FOLDER])
def test_fish_completes_files_where_files_are_taken(line: str, added: str, folder: Path):
    program = f"source {ROOT}/completions/cass.fish; complete -C '{line}'"
    env = {"HOME": str(folder), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        ["fish", "-N", "-c", program], capture_output=True, text=True, check=True, cwd=folder, env=env
    )

    found = done.stdout.partition("\t")[0].strip().rstrip("/")
    assert found == (line.rsplit(" ", 1)[1] + added if added else "")


@needs["zsh"]
@pytest.mark.parametrize("line, added", FILE_LINES)
def test_zsh_completes_files_where_files_are_taken(line: str, added: str, folder: Path):
    assert zsh_completed(line, cwd=folder).rstrip("/ \n") == line + added


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Two sessions, and the program on the PATH."""
    home = make_home(tmp_path)
    home.claude("older", "the pool timed out", title="It's a pool: small")
    home.claude("newer", "a walrus sleeps", start_ms=home.now_ms - 1000, title="Walrus")
    home.index()
    program = tmp_path / "bin" / "cass"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m cass "$@"\n')
    program.chmod(0o755)
    path = f"{program.parent}:{os.environ['PATH']}"
    home.env |= {"PATH": path, "PYTHONPATH": str(ROOT), "TERM": "xterm", "COLUMNS": "120"}
    return home


def ids(home: Home) -> list[str]:
    """Of the newer session, and of the older one."""
    return [home.search(words).hits[0].sid for words in ("walrus", "pool")]


ID_LINES = ("cass show ", "cass resume ", "cass forget ", "cass search --session ")


@needs["bash"]
@pytest.mark.parametrize("line", ID_LINES)
def test_bash_completes_sessions(line: str, home: Home):
    """The newest ones; the shell may sort them."""
    assert bash_offers(line, env=home.env).split() == ids(home)


@needs["fish"]
@pytest.mark.parametrize("line", ID_LINES)
def test_fish_completes_sessions_with_their_titles(line: str, home: Home):
    program = f"cd {home.folder / 'bin'}; source {ROOT}/completions/cass.fish; complete -C '{line}'"
    done = subprocess.run(["fish", "-N", "-c", program], capture_output=True, text=True, check=True, env=home.env)
    newer, older = ids(home)

    found = [line for line in done.stdout.splitlines() if not line.startswith("cass")]  # the files beside `show`
    assert found == [f"{newer}\tclaude_code Walrus", f"{older}\tclaude_code It's a pool: small"]


@needs["zsh"]
@pytest.mark.parametrize("line", ID_LINES)
def test_zsh_completes_sessions(line: str, home: Home):
    newer, _ = ids(home)

    assert zsh_completed(line + newer[:6], env=home.env) == f"{line}{newer} \n"


@pytest.mark.parametrize("digits", [0, 6, 16])
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_a_script_asks_for_sessions_that_begin_so(shell: str, digits: int, home: Home):
    """Those and no others, the newest first, however old."""
    newer, older = ids(home)
    done = home.cass("completion", shell, f"--sessions={older[:digits]}")

    found = [line[:16] for line in done.stdout.splitlines()]
    assert (found, done.stderr, done.returncode) == ([older] if digits else [newer, older], "", 0)


@pytest.mark.parametrize("typed", ["--no-such-option", "./file name", "a'b\"c$(d)"])
def test_what_begins_no_session_is_no_error(typed: str, home: Home):
    done = home.cass("completion", "bash", f"--sessions={typed}")

    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)


def test_a_tab_before_anything_is_indexed_offers_nothing(tmp_path: Path):
    done = make_home(tmp_path).cass("completion", "zsh", "--sessions=")

    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)


def test_what_a_tab_shows_is_masked_and_harmless(tmp_path: Path):
    """Titles are what agents and web pages wrote."""
    home = make_home(tmp_path)
    token = "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0dF3gH6"
    home.claude("s1", "hello", title=f"red \x1b[31m alert, use ghp_{token}")
    home.index()

    shown = home.cass("completion", "fish", "--sessions=").stdout

    assert shown.partition("\t")[2] == f"claude_code red ␛[31m alert, use ghp_{'•' * 36}\n"
