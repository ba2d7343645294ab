"""Every command: what it says, what it says as JSON and whether its schema agrees, and how it ends.

A command in the table without a row here fails.  What each of them does is tested where it is made.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from cass.cli import edge
from cass.cli.table import ALIASES, HOME, NAMES
from tests.archive import Home
from tests.connectors.export_files import write_json, zoo
from tests.indexing.keeping import home_with_old, take
from tests.schemas.checking import faults, names

Words = tuple[str, ...]
MEMORY = "CASS_SEMANTIC_MAX_BACKFILL_RSS_MB"
# {sid} is a session, {kept} one whose file its agent has deleted, {export} a file of ChatGPT's, {out} a file to write.
MISUSED: Sequence[tuple[Words, int]] = ((("--no-such-option",), 2),)


class Row(NamedTuple):
    """`words` succeed; `says` is a pattern of what stands on stdout then, and `schema` what `--json` makes of it.

    `ends`: words behind the command's name, and the exit code they end with.
    """

    words: Words
    says: str
    schema: str
    ends: Sequence[tuple[Words, int]]


ROWS: dict[str, Row] = {
    "search": Row(
        ("quokka",),
        r"where is the quokka",
        "search",
        (
            (("zebrafish",), 1),
            (("zebrafish", "--exit-zero"), 0),
            (("quokka", "--since", "someday"), 2),
            (("x", "-n", "-1"), 2),
        ),
    ),
    "show": Row(("{sid}",), r"on its island", "show", ((("ffffffff",), 1), (("{sid}:99",), 1), ((), 2))),
    "sessions": Row((), r"where is the quokka", "sessions", ((("--agent", "codex"), 1), (("--agent", "codx"), 2))),
    "like": Row(("{sid}",), r"where is the wombat", "search", ((("ffffffff",), 1), ((), 2))),
    "resume": Row(("{sid}",), r"claude --resume new", "resume", ((("ffffffff",), 1), ((), 2))),
    "open": Row(("{sid}",), r"^$", "open", ((("ffffffff",), 1), (("{kept}", "--source"), 1), ((), 2))),
    "export": Row(("{sid}", "-o", "{out}"), r"", "export", ((("ffffffff",), 1), (("{sid}", "--format", "pdf"), 2))),
    "pack": Row(
        ("quokka",),
        r"# Earlier sessions about: quokka",
        "pack",
        ((("zebrafish",), 1), (("quokka", "--max-tokens", "few"), 2)),
    ),
    "stats": Row((), r"4 messages in 2 sessions", "stats", ((("--by", "colour"), 2),)),
    "index": Row((), r"4 messages in 2 sessions", "index", ((("--agent", "codx"), 2),)),
    "status": Row((), r"archive  4 messages in 2 sessions", "status", ((("--semantic-mode", "soon"), 2),)),
    "doctor": Row((), r"\d+ checks", "doctor", ()),
    "sources": Row((), r"Claude Code \(claude_code\)", "sources", ((("dance",), 2),)),
    "import": Row(("{export}",), r"in 1 new session", "import", ((("/no/such/file.zip",), 2), ((), 2))),
    "forget": Row(
        ("{sid}", "--dry-run"), r"Would forget 2 messages", "forget", ((("{sid}",), 2), ((), 2), (("ffffffff",), 1))
    ),
    "restore": Row(("{kept}",), r"old\.jsonl", "restore", ((("ffffffff",), 1), ((), 2))),
    "secrets": Row((), r"^$", "secrets", ()),
    "config": Row((), r"search\.limit", "config", ((("get", "no.such.key"), 2), (("set", "search.limit", "many"), 2))),
    "models": Row((), r"minilm  not installed", "models", ((("remove", "minilm", "--yes"), 1), (("dance",), 2))),
    "backfill": Row(("--tier", "fast"), r"fast tier: .* 4 texts", "backfill", ((("--tier", "slow"), 2),)),
    "worker": Row((), r"worker   not running", "worker", ((("dance",), 2),)),
    "uninstall": Row(("--dry-run",), r"Would remove:", "uninstall", ((("--data",), 2),)),
    "agent-context": Row((), r"# cass: what was said", "text", ()),
    "mcp": Row(("--json",), r'"name": "search"', "mcp", ()),
    "serve": Row(
        ("--json",),
        r'"/v1/search"',
        "serve",
        ((("--workers", "4"), 2), (("--host", "192.0.2.1"), 2), (("--port", "x"), 2)),
    ),
    "demo": Row((), r"Now yours:", "text", ()),
    "schema": Row((), r"cass search --json", "schema", ((("serch",), 2),)),
    "completion": Row(("bash",), r"_cass\(\)", "text", ((("csh",), 2), ((), 2))),
    "init": Row(("zsh",), r"bindkey", "text", ((("powershell",), 2), ((), 2))),
    "man": Row((), r"\.TH CASS 1", "text", ()),
    "help": Row(("search",), r"cass search: find messages", "text", ((("serch",), 2),)),
    "version": Row((), r"cass \d", "version", ()),
    HOME: Row((), r"4 messages in 2 sessions", "status", ()),
}
# What cannot be asked of a folder that was never indexed, and which code says so.
WITHOUT_AN_ARCHIVE = {
    **dict.fromkeys(
        ("show", "sessions", "like", "resume", "open", "export", "stats", "forget", "restore", "secrets"), 3
    ),
}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """Two sessions, the file of one kept and deleted; the process is in it."""
    home = home_with_old(tmp_path)
    take(home)
    home.path("old").unlink()
    home.index()
    # A process that runs tests takes more memory than work in the background may.
    env = {"PATH": "/usr/bin:/bin", "TZ": "UTC", "EDITOR": "true", MEMORY: "100000", **home.env}
    for name in [*env, "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR", "VISUAL", "COLUMNS"]:
        monkeypatch.delenv(name, raising=False)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(home.home)
    return home


def argv(home: Home, command: str, words: Words) -> list[str]:
    """The command line; what stands in braces is there."""
    given = {
        "sid": home.search("quokka").hits[0].sid,
        "kept": home.search("wombat").hits[0].sid,
        "out": str(home.folder / "out.md"),
        "export": str(home.folder / "conversations.json"),
    }
    write_json(home.folder / "conversations.json", [zoo()])
    return [*([] if command == HOME else [command]), *[word.format(**given) for word in words]]


def test_every_command_has_its_row() -> None:
    """Also the one that has no name; and each alias is one of them."""
    assert set(ROWS) == {*NAMES, HOME}
    assert set(ALIASES.values()) <= set(ROWS)


@pytest.mark.parametrize("command", ROWS)
def test_it_says_what_it_did(home: Home, command: str, capfd: pytest.CaptureFixture[str]) -> None:
    """In words, on stdout, without a sign that a terminal would act on."""
    code = edge.run(argv(home, command, ROWS[command].words))

    said = capfd.readouterr()
    assert code == 0, said.err
    assert re.search(ROWS[command].says, said.out)
    assert "\x1b" not in said.out + said.err


@pytest.mark.parametrize("command", ROWS)
def test_it_says_the_same_to_programs(home: Home, command: str, capfd: pytest.CaptureFixture[str]) -> None:
    """One object on one line, which its schema accepts and describes to the last key."""
    code = edge.run([*argv(home, command, ROWS[command].words), "--json"])

    said = capfd.readouterr()
    assert code == 0, said.err
    assert said.out.count("\n") == 1
    assert faults(ROWS[command].schema, json.loads(said.out)) == []


ENDS = [(command, *end) for command, row in ROWS.items() for end in (*row.ends, *MISUSED)]


@pytest.mark.parametrize(("command", "words", "code"), ENDS, ids=[f"{each[0]} {' '.join(each[1])}" for each in ENDS])
def test_it_ends_as_it_should(
    home: Home, command: str, words: Words, code: int, capfd: pytest.CaptureFixture[str]
) -> None:
    """The exit code; one line on stderr that says what is wrong and nothing on stdout; an object with --json."""
    given = argv(home, command, words)

    assert edge.run(given) == code
    said = capfd.readouterr()
    assert "Traceback" not in said.err
    if code > 1:
        assert said.out == ""
        assert said.err.startswith("cass: ")
        assert edge.run([*given, "--json"]) == code
        assert faults("error", json.loads(capfd.readouterr().out)) == []


@pytest.mark.parametrize("command", ROWS)
def test_without_an_archive_it_says_so(
    home: Home, tmp_path: Path, command: str, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit 3 with the command that makes one, or an answer about nothing; never a bug, and nothing is made."""
    given = argv(home, command, ROWS[command].words)
    monkeypatch.setenv("CASS_DATA_DIR", str(tmp_path / "nowhere"))

    code = edge.run(given)

    assert code in (WITHOUT_AN_ARCHIVE.get(command, 0), 0, 1)
    assert (code == 3) == (command in WITHOUT_AN_ARCHIVE), capfd.readouterr().err


def test_every_schema_belongs_to_a_command() -> None:
    """Those that are not in the rows are further forms of the same commands."""
    mine = {row.schema for row in ROWS.values()}
    further = {
        name
        for name in names()
        if name.rpartition("-")[0] in mine or name.rpartition("-")[0].rpartition("-")[0] in mine
    }

    assert set(names()) - mine - further == {"error"}
