"""Which session `--exclude-session current` leaves out, and what is said about it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cass.clock import now_ms
from cass.search.current import VARIABLES, folders_of, named_sessions
from tests.archive import MINUTE_MS, NOW_MS, Home, as_bytes, make_home
from tests.search.asking import names
from tests.torn_name import inside_torn_name

CURRENT = ("current",)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A minute ago somebody spoke to an agent in the folder that the searches run in, and a day ago, too."""
    home = make_home(tmp_path)
    here = str(home.home)
    home.claude("now", "where is the walrus", workspace=here, start_ms=NOW_MS - MINUTE_MS)
    home.claude("before", "an older walrus", workspace=here)
    home.claude("elsewhere", "a walrus in another folder", start_ms=NOW_MS - 1)
    home.index()
    return home


def without_current(home: Home, **more: object) -> tuple[set[str], tuple[str, ...]]:
    """The sessions that are found, and what is said."""
    found = home.search("walrus", exclude_sessions=CURRENT, **more)
    return set(names(found)), found.notes


@pytest.mark.parametrize("variable", VARIABLES)
def test_agents_name_their_session_in_a_variable(variable: str) -> None:
    assert named_sessions({"HOME": "/h", variable: "4f0c", "OTHER": "x"}) == ((variable, "4f0c"),)


def test_an_agent_inside_an_agent_is_in_two_sessions() -> None:
    env = {"CODEX_THREAD_ID": "inner", "CLAUDE_CODE_SESSION_ID": "outer"}

    assert named_sessions(env) == (("CLAUDE_CODE_SESSION_ID", "outer"), ("CODEX_THREAD_ID", "inner"))


def test_what_a_person_says_is_stronger() -> None:
    assert named_sessions({"CASS_SESSION_ID": "mine", "CODEX_THREAD_ID": "its"}) == (("CASS_SESSION_ID", "mine"),)


def test_the_named_session_is_left_out(home: Home) -> None:
    """The answer says which, and who said so."""
    sid = home.search("older").hits[0].sid
    found, notes = without_current(home, current_sessions=(("CLAUDE_CODE_SESSION_ID", "before"),))

    assert found == {"now", "elsewhere"}
    assert notes == (f"left out as the current session: {sid[:8]} (CLAUDE_CODE_SESSION_ID)",)


def test_a_session_that_is_not_stored_yet_hides_nothing(home: Home) -> None:
    found, notes = without_current(home, current_sessions=(("CODEX_THREAD_ID", "unheard-of"),))

    assert len(found) == 3
    assert notes == ("the current session (CODEX_THREAD_ID) is not in the archive: there is nothing to leave out",)


def test_without_a_name_it_is_the_one_that_changed_last_in_this_folder(home: Home) -> None:
    sid = home.search("where").hits[0].sid
    found, notes = without_current(home)

    assert found == {"before", "elsewhere"}
    assert notes == (f"taken for the current session: {sid[:8]} of claude_code, changed in this folder 60 s ago",)


def test_a_session_of_this_morning_is_nobodys_current_one(home: Home) -> None:
    """That it cannot be told is said, and nothing is left out."""
    home.now_ms += 5 * MINUTE_MS
    found, notes = without_current(home)

    assert len(found) == 3
    assert notes == ("which session is the current one is not known here: CASS_SESSION_ID can name it",)


def test_of_two_that_change_at_once_the_newer_is_taken_and_that_is_said(home: Home) -> None:
    home.claude("beside", "a walrus beside", workspace=str(home.home), start_ms=NOW_MS - 2 * MINUTE_MS)
    home.index()
    found, notes = without_current(home)

    assert found == {"before", "beside", "elsewhere"}
    assert notes[0].endswith("changed in this folder 60 s ago, the newest of 2")


def test_its_subagents_are_left_out_with_it(home: Home) -> None:
    """They were told what the session was told; named is the session, or one of them."""
    below = home.path("now").with_suffix("") / "subagents" / "agent-a1.jsonl"
    below.parent.mkdir(parents=True)
    said = {"type": "user", "message": {"role": "user", "content": "look for a walrus"}, "uuid": "a-1"}
    below.write_bytes(as_bytes([said | {"sessionId": "now", "agentId": "a1", "isSidechain": True, "cwd": "/w/app"}]))
    home.index()
    assert len(home.search("walrus", grouped=False).hits) == 4

    for named in (), (("CLAUDE_CODE_SESSION_ID", "now"),), (("CASS_SESSION_ID", home.search("look").hits[0].sid),):
        assert without_current(home, current_sessions=named)[0] == {"before", "elsewhere"}


def test_an_agent_may_have_gone_deeper_into_its_repository(tmp_path: Path) -> None:
    """Outside a repository the folders above mean nothing."""
    deep = tmp_path / "app" / "src" / "deep"
    deep.mkdir(parents=True)
    assert folders_of(str(deep)) == [str(deep)]

    (tmp_path / "app" / ".git").mkdir()
    assert folders_of(str(deep)) == [str(deep), str(deep.parent), str(tmp_path / "app")]


@pytest.mark.parametrize("command", ["search", "pack"])
def test_the_program_asks_its_surroundings(home: Home, command: str) -> None:
    """Search and pack, by a variable; other ids may be left out beside it."""
    words = (command, "walrus", "--json", "--exclude-session", "current", "--exclude-session", "elsewhere")
    said = json.loads(home.cass(*words, env={"CODEX_THREAD_ID": "now"}).stdout)
    left = said["hits"] if command == "search" else said["excerpts"]

    assert [hit["session_id"] for hit in left] == [home.search("older").hits[0].sid]
    assert "(CODEX_THREAD_ID)" in " ".join(said["meta"]["notes"] if command == "search" else said["notes"])


@pytest.mark.parametrize("env", [{}, {"CASS_SESSION_ID": "\udcff"}], ids=["by the folder", "by a variable"])
def test_a_name_that_is_no_text_hides_nothing(home: Home, env: dict[str, str]) -> None:
    """A folder, or an id, in another coding is that of no session that was read."""
    words = ("search", "walrus", "--json", "--exclude-session", "current")
    done = home.cass(*words, env=env, before=inside_torn_name(home.home))

    assert (done.returncode, len(json.loads(done.stdout)["hits"])) == (0, 3)


def test_what_is_like_this_is_looked_for_elsewhere(home: Home) -> None:
    words = ("like", "-", "--json", "--exclude-session", "current")
    said = json.loads(home.cass(*words, env={"CODEX_THREAD_ID": "now"}, stdin="where is the older walrus").stdout)

    assert {hit["external_id"] for hit in said["hits"]} == {"before", "elsewhere"}


def test_the_clock_of_this_machine_tells_what_is_current(home: Home) -> None:
    home.claude("live", "this very walrus", workspace=str(home.home), start_ms=now_ms() - 1000)
    home.index()
    done = home.cass("search", "walrus", "--exclude-session", "current", "--refresh", "off")

    assert "this very" not in done.stdout
    assert "taken for the current session" in done.stderr
