"""What the other commands print with --json, against their schemas; and errors, whoever meets them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cass import errors
from cass.cli import edge
from cass.cli.verbs import version
from tests.archive import Home, make_home
from tests.schemas.asking import ask, full_home
from tests.schemas.checking import faults, undescribed

KINDS = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, errors.CassError)]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return full_home(tmp_path_factory.mktemp("full"))


@pytest.fixture
def new_home(tmp_path: Path) -> Home:
    return make_home(tmp_path)


def listed(home: Home, *argv: str) -> list[dict[str, Any]]:
    said = ask(home, "sessions", "--json", "-n", "100", *argv)
    assert faults("sessions", said) == []
    sessions: list[dict[str, Any]] = said["sessions"]
    return sessions


def test_sessions_are_as_described(home: Home) -> None:
    """Of every agent, children and deleted ones too."""
    sessions = listed(home)

    assert {each["agent"] for each in sessions} == {"claude_code", "codex", "gemini", "aider"}
    assert any(each["parent_session_id"] for each in sessions)
    assert {each["source_state"] for each in sessions} == {"present", "gone"}


@pytest.mark.parametrize("argv", [("--limit", "0"), ("--agent", "codex"), ("--since", "2100-01-01")])
def test_a_shorter_list_is_as_described(home: Home, argv: tuple[str, ...]) -> None:
    assert faults("sessions", ask(home, "sessions", "--json", *argv)) == []


def test_a_list_says_why_nothing_can_be_in_it(home: Home) -> None:
    """What people are told, programs are told, too."""
    said = ask(home, "sessions", "--json", "--since", "2026-01-03", "--until", "2026-01-01")

    assert (said["total"], said["notes"]) == (0, ["since is later than until: nothing lies between them"])


def test_every_session_is_shown_as_described(home: Home) -> None:
    """Texts, calls, answers, thinking; messages that are gone."""
    shown = [ask(home, "show", each["session_id"], "--json") for each in listed(home)]
    messages = [message for each in shown for message in each["messages"]]
    blocks = [block for message in messages for block in message["blocks"]]

    assert [fault for each in shown for fault in faults("show", each)] == []
    assert {"text", "thinking", "tool_call", "tool_result"} <= {block["kind"] for block in blocks}
    assert {message["state"] for message in messages} == {"present", "gone"}


def test_part_of_a_session_is_shown_as_described(home: Home) -> None:
    """One message with its neighbours, by role, or none at all."""
    name = listed(home, "--agent", "codex")[0]["session_id"]
    shown = [
        ask(home, "show", *argv, "--json") for argv in ((f"{name}:1", "-C", "0"), (name, "--role", "summary"), (name,))
    ]

    assert [fault for each in shown for fault in faults("show", each)] == []


def test_a_run_is_as_described(new_home: Home) -> None:
    """On an empty machine, the first one, one with nothing new, one with bad lines, of one agent, a rebuild."""
    nothing, path = ask(new_home, "index", "--json"), new_home.claude("s1", "the pool", "timed out")
    first, again = ask(new_home, "index", "--json"), ask(new_home, "index", "--json")
    with path.open("ab") as file:
        file.write(b"{torn\n")
    torn, one = ask(new_home, "index", "--json"), ask(new_home, "index", "--json", "--agent", "codex", "--full")
    rebuilt = ask(new_home, "index", "--json", "--rebuild")
    runs = [nothing, first, again, torn, one, rebuilt]

    assert [fault for each in runs for fault in faults("index", each)] == []
    assert (torn["problems"][0]["line"], list(one["agents"]), rebuilt["lexical"]["rebuilt"]) == (3, ["codex"], True)


def test_a_dry_run_is_as_described(new_home: Home) -> None:
    new_home.claude("s1", "the pool timed out")

    assert faults("index-dry-run", ask(new_home, "index", "--dry-run", "--json")) == []


@pytest.mark.parametrize(
    "argv", [("help",), ("search", "--help"), ("man",), ("completion", "bash"), ("init", "zsh"), ("demo",)]
)
def test_a_text_is_one_object_too(new_home: Home, argv: tuple[str, ...]) -> None:
    """Whoever asks for JSON gets JSON, whatever the command."""
    said = ask(new_home, *argv, "--json")

    assert faults("text", said) == []
    assert "cass" in said["text"]


def test_the_version_is_as_described(new_home: Home) -> None:
    """As a command and as a flag."""
    assert faults("version", ask(new_home, "version", "--json")) == []
    assert faults("version", ask(new_home, "--version", "--json")) == []


@pytest.mark.parametrize(
    ("argv", "code"),
    [
        (("show", "0123456789abcdef"), 1),
        (("show",), 2),
        (("search", "walrus", "--colour"), 2),
        (("search", "walrus", "--limit", "-1"), 2),
        (("search", "walrus", "--since", "someday"), 2),
        (("search", "walrus", "--agent", "cluade"), 2),
        (("search", "walrus", "--cursor", "77-10"), 2),
        (("search", "walrus", "--mode", "strict"), 15),
        (("sarch", "walrus"), 2),
        (("schema", "serch"), 2),
        (("sessions", "--data-dir", "/dev/null/nowhere"), 3),
    ],
)
def test_an_error_is_as_described(home: Home, argv: tuple[str, ...], code: int) -> None:
    said = ask(home, *argv, "--json", codes=(code,))

    assert faults("error", said) == []


def test_errors_of_the_archive_are_as_described(new_home: Home) -> None:
    """Nothing indexed; a damaged database."""
    missing = ask(new_home, "search", "x", "--refresh", "off", "--json", codes=(3,))
    new_home.data.mkdir()
    Path(new_home.places.database).write_bytes(b"noise" * 9000)
    corrupt = ask(new_home, "sessions", "--json", codes=(5,))

    assert faults("error", missing) + faults("error", corrupt) == []
    assert [each["error"]["kind"] for each in (missing, corrupt)] == ["missing-index", "corrupt-database"]


@pytest.mark.parametrize("kind", [*KINDS, OSError, MemoryError, ValueError])
@pytest.mark.parametrize("flag", ["--json", "--robot-format=jsonl"])
def test_whatever_goes_wrong_is_as_described(
    kind: type[Exception], flag: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every kind of error, and what is none of ours, through the one function that prints them."""

    def fail(options: dict[str, object]) -> int:
        raise kind("it went wrong")

    monkeypatch.setattr(version, "run", fail)
    edge.run(["version", flag])

    assert faults("error", json.loads(capsys.readouterr().out)) == []


def test_a_key_that_no_schema_describes_is_found() -> None:
    """Wherever it is: else a new key would slip in unsaid."""
    whole = {
        "properties": {"a": {"$ref": "#/$defs/inner"}, "b": {"type": "array", "items": {"$ref": "#/$defs/inner"}}},
        "oneOf": [{"required": ["a"], "properties": {"c": {}}}, {"required": ["z"], "properties": {"d": {}}}],
        "$defs": {"inner": {"properties": {"x": {}}, "allOf": [{"additionalProperties": {"properties": {"y": {}}}}]}},
    }

    said = {"a": {"x": 1, "m": {"y": 1, "n": 1}}, "b": [{"x": {"p": 1}}], "c": 1, "d": 1}

    assert undescribed([whole], said, whole) == ["$.a.m.n", "$.b[0].x.p", "$.d"]
