"""What a search is limited to: agents, workspaces, sessions, times."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cass.errors import AmbiguousId, BadDate, CassError, NotFound, UnknownAgent, UsageError
from cass.search.engine import search
from cass.search.request import Freshness, Request
from tests.archive import DAY_MS, FIRST_MS, Home, as_bytes, make_home
from tests.search.asking import found, names, say


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = make_home(tmp_path_factory.mktemp("filters"))
    home.claude("app", "walrus in the app", workspace="/w/app")
    home.claude("deep", "walrus below the app", workspace="/w/app/src/deep")
    home.claude("apple", "walrus in the apple", workspace="/w/apple")
    home.claude("old", "walrus of old", workspace="/w/Old Times, 1999", start_ms=FIRST_MS - 30 * DAY_MS)
    home.index()
    return home


@pytest.fixture
def _at_greenwich(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Dates are local; the samples' are UTC."""
    with monkeypatch.context() as patched:
        patched.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.parametrize("name", ["claude", "claude-code", "claude_code", "Claude Code"])
def test_an_agent_has_several_names(home: Home, name: str) -> None:
    """What people call it."""
    assert len(found(home, "walrus", agents=(name,))) == 4
    assert found(home, "walrus", agents=("codex", name)) == found(home, "walrus")


def test_an_agent_without_sessions_has_none(home: Home) -> None:
    """Known, but nothing of it is stored: said, not an error."""
    results = home.search("walrus", agents=("codex",))

    assert (results.total, results.notes) == (0, ("nothing of codex is indexed",))


def test_an_unknown_agent_is_refused(home: Home) -> None:
    """With the nearest name and the list."""
    with pytest.raises(UnknownAgent, match="claud") as refused:
        home.search("walrus", agents=("claud",))

    assert (refused.value.exit_code, refused.value.kind) == (2, "unknown-agent")
    assert "Did you mean claude_code" in str(refused.value)
    assert "codex" in str(refused.value)
    with pytest.raises(UnknownAgent):
        home.search("walrus agent:nobody")
    with pytest.raises(UnknownAgent):
        home.search("walrus OR agent:nobody")


@pytest.mark.parametrize(
    ("workspace", "expected"),
    [
        ("/w/app", {"app", "deep"}),
        ("/w/app/", {"app", "deep"}),
        ("/w", {"app", "deep", "apple", "old"}),
        ("/", {"app", "deep", "apple", "old"}),
        ("app", {"app", "deep"}),
        ("APPLE", {"apple"}),
        ("deep", {"deep"}),
        ("/w/ap", set()),
        ("/w/Old Times, 1999", {"old"}),
        ("Old Times, 1999", {"old"}),
    ],
)
def test_a_workspace_is_a_folder_and_all_below_it(home: Home, workspace: str, expected: set[str]) -> None:
    """None of these folders exists any more; a word without a slash is a folder's name."""
    assert found(home, "walrus", workspaces=(workspace,)) == expected


@pytest.mark.parametrize("asked", [r"c:\w\App", r"C:\W\app\\", "C:/w/App", r"c:\w\sea\..\app"])
def test_a_folder_of_windows_is_found_as_it_is_shown(tmp_path: Path, asked: str) -> None:
    """Whatever machine the sessions came to, and however another agent there writes the same folder."""
    home = make_home(tmp_path)
    for name, folder in (("app", r"c:\w\App"), ("deep", "C:/w/app/src"), ("apple", r"c:\w\apple"), ("here", "/w/app")):
        home.claude(name, f"walrus in {name}", workspace=folder)
    home.index()

    assert found(home, "walrus", workspaces=(asked,)) == {"app", "deep"}


def test_a_workspace_without_sessions_is_said(home: Home) -> None:
    """A mistyped folder does not look like a word that is not there."""
    assert home.search("walrus", workspaces=("/w/zoo",)).notes == ("no session was in a workspace like /w/zoo",)


def test_here_is_the_repository_with_its_worktrees(tmp_path: Path) -> None:
    """`.` deep inside a worktree means the main checkout and all its worktrees."""
    home = make_home(tmp_path)
    main, tree, other = tmp_path / "main", tmp_path / "tree", tmp_path / "other"
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@localhost", "-C", str(main)]
    for folder in (main, other, main / "sub"):
        folder.mkdir()
    subprocess.run(["git", "init", "-q", str(main)], check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "first"], check=True)
    subprocess.run([*git, "worktree", "add", "-q", str(tree)], check=True, capture_output=True)
    for folder in (main, tree, other, main / "sub"):
        home.claude(folder.name, f"walrus in {folder.name}", workspace=str(folder))
    home.index()

    assert _here(home, main / "sub") == {"main", "sub", "tree"}
    assert _here(home, tree) == {"main", "sub", "tree"}
    assert _here(home, other) == {"other"}


def _here(home: Home, folder: Path) -> set[str]:
    request = Request("walrus", workspaces=(".",))
    return set(names(search(home.places, request, home.now_ms, lambda: 0.0, str(folder), Freshness())))


def test_a_session_is_named_by_any_beginning_of_its_id(home: Home) -> None:
    """Or by the agent's own id; with a message's number it is still the session."""
    sid = home.search("apple").hits[0].sid

    for name in (sid, sid[:6], f"{sid[:9]}:3", sid.upper(), "apple"):
        assert found(home, "walrus", sessions=(name,)) == {"apple"}
        assert found(home, "walrus", exclude_sessions=(name,)) == {"app", "deep", "old"}


@pytest.mark.parametrize("number", ["", ":1", "x", "1x", "99999999999999999999"])
def test_a_word_behind_a_session_that_is_no_message_is_not_passed_over(home: Home, number: str) -> None:
    """`cass show ID:x` does not show the whole session."""
    sid = home.search("").hits[0].sid

    with pytest.raises(NotFound):
        home.search("", sessions=(f"{sid}:{number}",))
    assert home.search("", sessions=(f"{sid}:1",)).total


def test_an_unknown_session_is_not_found(home: Home) -> None:
    """Which is another thing than no hits."""
    with pytest.raises(NotFound) as missing:
        home.search("walrus", sessions=("ffffffffffff",))

    assert (missing.value.exit_code, missing.value.kind) == (1, "not-found")


def test_an_ambiguous_session_is_refused(tmp_path: Path) -> None:
    """With what it may be: two sessions whose ids begin alike."""
    import sqlite3

    home = say(make_home(tmp_path), one="first walrus", two="second walrus")
    connection = sqlite3.connect(home.places.database)
    connection.executescript("UPDATE sessions SET sid='aaaaaa000000000' || id")
    connection.close()

    with pytest.raises(AmbiguousId, match="first walrus") as refused:
        home.search("walrus", sessions=("aaaaaa",))
    assert (refused.value.exit_code, refused.value.kind) == (2, "ambiguous-id")


@pytest.mark.usefixtures("_at_greenwich")
@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        ("7d", None, 3),
        (None, "7d", 1),
        ("40d", "20d", 1),
        ("2026-01-02", None, 3),
        ("2026-01-02", "2026-01-02", 3),
        ("2026-01-02T03:04:05", "2026-01-02T03:04:05", 3),
        ("2026-01-02T03:04:06", None, 0),
        (None, "2026-01-01", 1),
        (str(FIRST_MS), str(FIRST_MS), 3),
        (str(FIRST_MS // 1000), None, 3),
        ("2025", "2025", 1),
        ("2025-12", "2025-12", 1),
        ("now", None, 0),
        ("0001-01-01", None, 4),
        (None, "1969-12-31", 0),
    ],
)
def test_both_ends_of_a_time_are_inside(home: Home, since: str | None, until: str | None, expected: int) -> None:
    """A day lasts to its last millisecond."""
    assert home.search("walrus", since=since, until=until).total == expected


def test_an_unreadable_date_is_refused(home: Home) -> None:
    """With three forms that are accepted."""
    with pytest.raises(BadDate, match="someday") as refused:
        home.search("walrus", since="someday")

    assert all(form in str(refused.value) for form in ("7d", "yesterday", "2026-01-31"))


@pytest.mark.parametrize("empty", ["", " ", ","])
@pytest.mark.parametrize(
    ("field", "error"),
    [("agents", UnknownAgent), ("sessions", NotFound), ("roles", UsageError)],
)
def test_a_name_of_nothing_is_refused(home: Home, field: str, error: type[CassError], empty: str) -> None:
    """A variable that a script left empty neither opens the filter nor finds nothing without a word."""
    with pytest.raises(error) as refused:
        home.search("walrus", **{field: (empty,)})

    assert refused.value.exit_code == (1 if error is NotFound else 2)


@pytest.mark.parametrize(
    ("query", "options"),
    [
        ("walrus", {"since": "2026-01-03", "until": "2026-01-01"}),
        ("walrus since:2026-01-03 until:2026-01-01", {}),
        ("walrus AND until:2026-01-01 AND since:2026-01-03", {}),
        ("walrus AND (tusk since:2026-01-03) until:2026-01-01", {}),
        ("(walrus since:2026-01-03) AND (tusk AND (walrus until:2026-01-01))", {}),
        ("since:2026-01-03", {"until": "2026-01-01"}),
        ("walrus until:2026-01-01", {"since": "2026-01-03", "until": "2026-01-04"}),
    ],
)
def test_times_in_the_wrong_order_are_said(home: Home, query: str, options: dict[str, Any]) -> None:
    """Nothing found would otherwise be taken for an answer, wherever the two times were written."""
    results = home.search(query, **options)

    assert (results.total, results.notes) == (0, ("since is later than until: nothing lies between them",))


@pytest.mark.parametrize(
    ("query", "options"),
    [
        ("walrus", {"since": "2026-01-01", "until": "2026-01-01"}),
        ("walrus since:2026-01-03 until:!2026-01-01", {}),
        ("(walrus until:2026-01-01) OR (walrus since:2026-01-03)", {}),
    ],
)
def test_times_with_something_between_them_are_no_matter_for_a_note(
    home: Home, query: str, options: dict[str, Any]
) -> None:
    """One day is a time, what is excluded does not limit, and one or the other need not hold together."""
    assert home.search(query, **options).notes == ()


def test_what_has_no_time_is_told_where_a_filter_by_time_leaves_nothing(tmp_path: Path) -> None:
    """Some agents write no times: nothing found would be taken for not there."""
    home = make_home(tmp_path)
    home.claude("timed", "a wombat")
    home.path("untimed").write_bytes(as_bytes([{"type": "user", "message": {"role": "user", "content": "a walrus"}}]))
    home.index()
    note = "1 message has no time: filters by time leave out what has none"

    assert home.search("walrus", since="2000-01-01").notes == (note,)
    assert home.search("walrus until:2100-01-01").notes == (note,)
    assert home.search("wombat", since="2000-01-01").notes == ()
    assert note not in home.search("walrus", agents=("codex",)).notes


@pytest.mark.parametrize("asked", [{"since": ""}, {"until": " "}, {"workspaces": ("",)}, {"workspaces": ("/w", " ")}])
def test_an_empty_value_is_no_filter_for_everything(home: Home, asked: dict[str, Any]) -> None:
    """`--since ""` and `--workspace ""` are refused."""
    with pytest.raises(UsageError):
        home.search("walrus", **asked)


@pytest.mark.parametrize("value", ['""', '" "', '","'])
@pytest.mark.parametrize("field", ["agent", "session", "role", "since"])
def test_a_field_without_a_value_is_said_or_refused(home: Home, field: str, value: str) -> None:
    """Nothing is passed over without a word."""
    try:
        assert home.search(f"walrus {field}:{value}").notes
    except CassError as refused:
        assert refused.exit_code in (1, 2)


def test_an_empty_name_among_others_is_passed_over(home: Home) -> None:
    """A trailing comma means nothing."""
    assert found(home, "walrus", agents=("claude,",)) == found(home, "walrus", agents=("claude",))


def test_an_unknown_role_is_refused(home: Home) -> None:
    """Also inside a query."""
    with pytest.raises(UsageError, match="nobody"):
        home.search("walrus role:nobody")


def test_a_copy_is_found_in_the_session_that_is_asked_for(tmp_path: Path) -> None:
    """A resumed session repeats its parent's lines; asked for it, its own line is shown."""
    home = make_home(tmp_path)
    first = home.claude("first", "walrus in the beginning", "an answer to it")
    resumed = first.with_name("resumed.jsonl")
    resumed.write_bytes(first.read_bytes().replace(b'"sessionId":"first"', b'"sessionId":"resumed"'))
    home.index()

    whole = home.search("walrus")
    assert (len(whole.hits), whole.hits[0].also) in ((1, 0), (1, 1))
    for name in ("first", "resumed"):
        hit = home.search("walrus", sessions=(name,)).hits[0]
        assert (hit.external_id, os.path.basename(hit.path or "")) == (name, f"{name}.jsonl")
