"""Which workspaces a pattern, and a `.cassignore`, leaves out; where `sources.roots` makes us look."""

from __future__ import annotations

from pathlib import Path

import pytest

from cass.connectors import claude_code
from cass.connectors.base import Root, Surroundings
from cass.indexing.rules import BY_FILE, BY_SETTING, NAMED_DEPTH, Exclusion, added_roots

HOME = "/home/ada"


@pytest.mark.parametrize(
    ("pattern", "inside", "outside"),
    [
        ("/w/app", ("/w/app", "/w/app/", "/w/app/src/deep"), ("/w/apple", "/w", "/v/w/app")),
        ("~/private", ("/home/ada/private/diary",), ("/home/ada", "/w/private")),
        ("~", ("/home/ada", "/home/ada/x"), ("/home/adam",)),
        ("private", ("/w/private", "/w/private/x", "/private"), ("/w/private2", "/w/unprivate")),
        ("client-*", ("/w/client-a", "/w/client-b/src"), ("/w/clients",)),
        ("clients/acme", ("/w/clients/acme", "/v/w/clients/acme/x"), ("/w/clients/other", "/w/acme")),
        ("/w/*/secret", ("/w/a/secret", "/w/a/secret/x"), ("/w/a/b/secret", "/w/secret")),
        ("/w/**/secret", ("/w/secret", "/w/a/b/secret"), ("/v/secret",)),
        ("/w/app-?", ("/w/app-1",), ("/w/app-", "/w/app-12")),
        ("/w/[ab]*", ("/w/a", "/w/b1"), ("/w/c",)),
        ("/w/[!ab]", ("/w/c",), ("/w/a",)),
        ("/w/a+b(1)", ("/w/a+b(1)",), ("/w/aab1",)),
        ("/w/[", ("/w/[",), ("/w/a",)),
        ("C:\\work\\app", ("C:\\work\\app", "c:/Work/APP/src"), ("D:\\work\\app",)),
        ("/", ("/w", "/"), ()),
    ],
)
def test_a_pattern(pattern: str, inside: tuple[str, ...], outside: tuple[str, ...]) -> None:
    """A folder and all below it; `*` stays within a name."""
    exclusion = Exclusion([pattern], HOME)

    assert [exclusion.why(folder) for folder in inside] == [BY_SETTING] * len(inside)
    assert [exclusion.why(folder) for folder in outside] == [None] * len(outside)


def test_no_workspace_is_no_reason() -> None:
    assert Exclusion(["*"], HOME).why(None) is None
    assert Exclusion(["*"], HOME).why("") is None


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("", (".", "a", "a/b"), ()),
        ("# nothing\n\n", (".", "a"), ()),
        ("*\n", (".", "a", "a/b"), ()),
        (".\n", (".", "a"), ()),
        ("secret\n", ("secret", "a/secret/b"), (".", "a")),
        ("/secret\n", ("secret", "secret/b"), (".", "a/secret")),
        ("a/b/\nc*\n", ("a/b", "cc", "d/c/e"), (".", "a", "b")),
    ],
)
def test_a_file_in_a_workspace(tmp_path: Path, text: str, inside: tuple[str, ...], outside: tuple[str, ...]) -> None:
    """Without a line it leaves all of its folder out, else what its lines match below it."""
    (tmp_path / ".cassignore").write_text(text)
    exclusion = Exclusion((), HOME)

    assert [exclusion.why(str(tmp_path / folder)) for folder in inside] == [BY_FILE] * len(inside)
    assert [exclusion.why(str(tmp_path / folder)) for folder in outside] == [None] * len(outside)


def test_what_stands_there_instead_of_a_file_is_none(tmp_path: Path) -> None:
    (tmp_path / ".cassignore").mkdir()

    assert Exclusion((), HOME).why(str(tmp_path)) is None


def test_roots_that_are_named() -> None:
    """An agent's own folder, a home folder as it lies on another disk, another agent's."""
    roots = ("claude-code=/mnt/claude", "/mnt/home", "~/old", "codex=/mnt/codex", "nobody=/x")

    assert added_roots(claude_code, roots, HOME) == [
        Root("/mnt/claude", NAMED_DEPTH),
        *(root for home in ("/mnt/home", "/home/ada/old") for root in claude_code.roots(Surroundings(home, {}))),
    ]
