"""Forgetting: what goes, what goes with it, and that nothing of it is left or comes back."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from cass.indexing import forget
from cass.indexing.forgotten import speaks
from cass.store.forgetting import Leaving, Selection
from cass.store.schema import ROLES
from tests.archive import DAY_MS, FIRST_MS, MINUTE_MS, Home, answers, calls, make_home, says
from tests.indexing.invariants import check_invariants, one, opened, present, rows
from tests.remains import remains

SECRET = "xylophonequartz"
TOOL, USER = (ROLES.index("tool"),), (ROLES.index("user"),)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """One session with a secret in a prompt, an answer, a call and its result; one without."""
    home = make_home(tmp_path)
    home.claude(
        "told",
        f"my key is {SECRET}",
        says("assistant", {"type": "thinking", "thinking": f"they said {SECRET}"}, calls("Bash", "c1", command=SECRET)),
        says("user", answers("c1", f"used {SECRET}")),
        says("assistant", "never mind"),
    )
    home.claude("other", "where is the wombat", "in its burrow", start_ms=FIRST_MS + DAY_MS)
    home.index()
    return home


def sid(home: Home, name: str) -> str:
    found: str = one(home.data, "SELECT sid FROM sessions WHERE external_id=?", name)
    return found


def tick() -> float:
    return 0.0


def forgotten(home: Home, **fields: object) -> Leaving:
    """Forget, as the command does; what went."""
    forget.write_wish(home.places, Selection(**fields), home.now_ms)  # type: ignore[arg-type]
    leaving = forget.take_from_database(home.places, tick)
    assert forget.finish(home.places, lambda: home.now_ms, tick) is None
    assert leaving is not None
    check_invariants(home.data)
    home.now_ms += 1
    return leaving


def test_nothing_is_left_of_a_session(home: Home):
    """Not in the database's pages, not in its log, not in the index; the agent's own file is the agent's."""
    assert remains(home, SECRET) != []

    leaving = forgotten(home, sessions=(sid(home, "told"),))

    assert remains(home, SECRET) == []
    assert (leaving.messages, leaving.copies, len(leaving.sessions)) == (4, 0, 1)
    assert leaving.files == (str(home.path("told")),)
    assert SECRET in home.path("told").read_text()
    assert home.search("wombat").total == 1


def test_nothing_is_left_of_a_prompt_of_one_word(home: Home):
    """A password that was pasted by itself is the title, too, which the connector had noted for the next read."""
    home.claude("pasted", SECRET, "that looks like a password")
    home.index()

    forgotten(home, sessions=(sid(home, "pasted"), sid(home, "told")))
    home.append("pasted", "a new quokka")
    home.index()

    assert remains(home, SECRET) == []


@pytest.mark.parametrize("full", [False, True])
def test_reading_again_does_not_bring_it_back(home: Home, full: bool):
    """Neither by a run that reads every file, nor when the agent writes on: what is new is new."""
    forgotten(home, sessions=(sid(home, "told"),))
    if not full:
        home.append("told", "a new quokka")

    home.index(full=full)

    assert remains(home, SECRET) == []
    assert home.search("quokka").total == (not full)
    assert sorted(present(home.data)) == (["other"] if full else ["other", "told"])
    check_invariants(home.data)


def test_a_session_that_goes_on_has_its_description_and_no_old_title(home: Home):
    forgotten(home, sessions=(sid(home, "told"),))
    home.append("told", "a new quokka")
    home.index()

    with opened(home.data) as database:
        found = rows(
            database,
            "SELECT title, (SELECT text FROM strings WHERE id=workspace) FROM sessions WHERE external_id='told'",
        )
    assert found == [(None, "/w/app")]


def test_a_fork_forgets_with_it(home: Home):
    """A copy of a message is the same message to whoever said it; what the fork said itself stays."""
    shutil.copy2(home.path("told"), home.path("fork"))
    home.append("fork", "a quokka of its own")
    home.index()

    leaving = forgotten(home, sessions=(sid(home, "told"),))

    assert (leaving.messages, leaving.copies) == (8, 4)
    assert leaving.parts == (sid(home, "fork"),)
    assert remains(home, SECRET) == []
    assert home.search("quokka").total == 1


def test_a_fork_that_is_made_later_does_not_bring_it_back(home: Home):
    forgotten(home, sessions=(sid(home, "told"),))
    shutil.copy2(home.path("told"), home.path("fork"))
    home.append("fork", "a quokka of its own")

    home.index()
    home.index(full=True)

    assert remains(home, SECRET) == []
    assert [turn[3] for turn in present(home.data)["fork"]] == [("a quokka of its own",)]


def test_equal_words_of_another_time_stay(home: Home):
    """Only copies of the same message go: who says the same once more has said something else."""
    home.claude("again", f"my key is {SECRET}", start_ms=FIRST_MS + 2 * DAY_MS)
    home.index()

    forgotten(home, sessions=(sid(home, "told"),))

    assert home.search(SECRET).total == 1


def test_subagents_go_with_their_session(home: Home):
    path = home.path("told").parent / "told" / "subagents" / "agent-a1.jsonl"
    path.parent.mkdir(parents=True)
    line = {"isSidechain": True, "agentId": "a1", "sessionId": "told", "cwd": "/w/app"}
    path.write_text(json.dumps(line | says("user", f"look for {SECRET}") | {"timestamp": "2026-01-02T04:00:00Z"}))
    home.index()

    leaving = forgotten(home, sessions=(sid(home, "told"),))

    assert len(leaving.sessions) == 2
    assert remains(home, SECRET) == []


def test_one_message(home: Home):
    """The others keep their numbers; the title that was taken from it goes, and does not come back."""
    leaving = forgotten(home, messages=((sid(home, "told"), 0),))
    home.index(full=True)

    assert (leaving.messages, leaving.parts) == (1, (sid(home, "told"),))
    assert [turn[0] for turn in present(home.data)["told"]] == [1, 2, 3]
    assert home.search(f'"my key is {SECRET}"').total == 0
    assert one(home.data, "SELECT title FROM sessions WHERE external_id='told'") is None


def test_by_role(home: Home):
    """What tools answered goes, from every session; what was said stays."""
    leaving = forgotten(home, roles=TOOL)
    home.index(full=True)

    assert leaving.messages == 1
    assert {turn[1] for turns in present(home.data).values() for turn in turns} == {"user", "assistant"}
    assert one(home.data, "SELECT title FROM sessions WHERE external_id='other'") == "where is the wombat"


def test_by_time(home: Home):
    """What was said before a moment goes, message by message."""
    leaving = forgotten(home, before_ms=FIRST_MS + 2 * MINUTE_MS)

    assert (leaving.messages, leaving.sessions) == (2, ())
    assert [turn[0] for turn in present(home.data)["told"]] == [2, 3]


def test_conditions_hold_together(home: Home):
    """All that was said by the user before then: one prompt."""
    assert forgotten(home, before_ms=FIRST_MS + DAY_MS, roles=USER).messages == 1


def test_by_workspace(home: Home):
    """Its name is not kept either."""
    home.claude("private", "where is the bilby", workspace=f"/w/{SECRET}")
    home.index()
    workspace = one(home.data, "SELECT id FROM strings WHERE text=?", f"/w/{SECRET}")

    forgotten(home, workspaces=(workspace,))
    home.index(full=True)

    assert home.search("bilby").total == 0
    assert "private" not in present(home.data)
    assert one(home.data, "SELECT count(*) FROM strings WHERE text=?", f"/w/{SECRET}") == 0


def test_no_condition_is_nothing(home: Home):
    assert forget.preview(home.places, Selection()) == Leaving()


def test_a_preview_changes_nothing(home: Home):
    before = (home.data / "cass.db").read_bytes()

    leaving = forget.preview(home.places, Selection(sessions=(sid(home, "told"),)))

    assert leaving.messages == 4
    assert (home.data / "cass.db").read_bytes() == before


def test_an_answer_that_had_grown_leaves_no_earlier_form(home: Home):
    """Texts that nothing refers to any more go with whatever is forgotten."""
    path = home.claude("grows", "say it", says("assistant", f"I think {SECRET}first"))
    home.index()
    path.write_bytes(path.read_bytes().replace(f"{SECRET}first".encode(), f"{SECRET}first and more".encode()))
    home.index()
    path.write_bytes(path.read_bytes().replace(f"I think {SECRET}first".encode(), b"I think nothing"))
    home.index()

    forgotten(home, sessions=(sid(home, "grows"),))

    assert remains(home, f"{SECRET}first") == []


def test_a_queued_prompt_is_not_kept_for_the_next_read(home: Home):
    """Claude Code notes prompts before they are said; what a reader keeps of that goes too."""
    queued = {"type": "queue-operation", "operation": "enqueue", "content": f"next {SECRET}"}
    path = home.claude("waits", f"now {SECRET}", "yes")
    with path.open("ab") as file:
        file.write(json.dumps(queued | {"timestamp": "2026-01-02T05:00:00Z"}).encode() + b"\n")
    home.index()
    assert SECRET in one(home.data, "SELECT state FROM files WHERE path=?", str(path))

    forgotten(home, sessions=(sid(home, "waits"), sid(home, "told")))

    assert remains(home, SECRET) == []


def test_what_describes_a_deleted_file_goes_with_its_last_session(home: Home):
    path = home.path("told")
    path.unlink()
    home.index()

    forgotten(home, sessions=(sid(home, "told"),))

    assert remains(home, path.name) == []


def test_a_message_that_its_file_has_lost_is_forgotten_too(home: Home):
    path = home.path("told")
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[1:]))
    home.index()
    assert one(home.data, "SELECT count(*) FROM messages WHERE ordinal<0") > 0

    forgotten(home, sessions=(sid(home, "told"),))

    assert remains(home, SECRET) == []


def test_numbers_of_texts_are_not_given_twice(home: Home):
    """Vectors are keyed by them, and may be older than the text that would get one."""
    last = one(home.data, "SELECT max(id) FROM texts")
    forgotten(home, before_ms=home.now_ms + DAY_MS)
    home.claude("new", "a numbat")
    home.index()

    assert one(home.data, "SELECT min(id) FROM texts") == last + 1


def test_counts_are_right_afterwards(home: Home):
    forgotten(home, sessions=(sid(home, "told"),))

    said = json.loads(home.cass("status", "--json").stdout)

    assert (said["state"], said["database"]["sessions"], said["database"]["messages"]) == ("ok", 1, 2)


def test_a_wish_holds_no_words(home: Home):
    """What is written down beforehand are ids and times."""
    forget.write_wish(home.places, Selection(sessions=(sid(home, "told"),), before_ms=5), home.now_ms)

    said = json.loads((home.data / forget.MARK).read_text())

    assert {key: value for key, value in said.items() if value} == {
        "sessions": [sid(home, "told")],
        "before_ms": 5,
        "at_ms": home.now_ms,
    }


@pytest.mark.parametrize(
    ("state", "answer"),
    [
        ({}, False),
        ({"threads": [["", {"turns": 4, "model": "large-1"}]], "calls": {"toolu_01": "Bash"}}, False),
        ({"queue": [["fix it please", 5]]}, True),
        ({"unqueued": ["修正してください"]}, True),
        ({"seen": "x" * 200}, True),
        ({"threads": [["", {"title": None}]], "queue": []}, False),
        ({"threads": [["", {"title": "swordfish"}]]}, True),
        ({"queue": [["swordfish", 5]]}, True),
    ],
)
def test_a_resume_value_with_words_in_it(state: object, answer: bool):
    """Ids and names are kept for the next read, sentences are not."""
    assert speaks(state) is answer


def test_a_message_without_a_time_has_no_copies(home: Home):
    """Too many say the same: only what was chosen goes, and what is left of it is found."""
    for name in ("one", "two"):
        home.claude(name, *[says(role, "where is the numbat") | {"timestamp": None} for role in ("user", "assistant")])
    home.index()

    leaving = forgotten(home, sessions=(sid(home, "one"),))
    home.index(full=True)

    assert (leaving.messages, leaving.copies) == (2, 0)
    assert sorted(present(home.data)) == ["other", "told", "two"]
    assert home.search("numbat", grouped=False).total == 2
    check_invariants(home.data)


def test_what_was_forgotten_before_its_time_was_known_stays_away(tmp_path: Path):
    """Continue lists when a session began after it has written the session: it is read again then."""
    home = make_home(tmp_path)
    sessions = home.home / ".continue" / "sessions"
    sessions.mkdir(parents=True)
    said = [{"message": {"role": "user", "content": f"{what}, {SECRET}"}} for what in ("one", "two", "three")]
    (sessions / "s1.json").write_text(json.dumps({"sessionId": "s1", "history": said}))
    home.index()
    forgotten(home, messages=((sid(home, "s1"), 0),))
    (sessions / "sessions.json").write_text(json.dumps([{"sessionId": "s1", "dateCreated": str(FIRST_MS)}]))

    home.index()

    with opened(home.data) as database:
        assert rows(database, "SELECT ordinal, created_ms FROM messages") == [(1, FIRST_MS), (2, FIRST_MS)]
    assert home.search("one", grouped=False).total == 0


def test_a_search_between_database_and_index(home: Home):
    """The index still knows the words; what it finds is not there any more."""
    forget.write_wish(home.places, Selection(sessions=(sid(home, "told"),)), home.now_ms)
    forget.take_from_database(home.places, tick)

    assert home.search(SECRET).hits == ()
    assert home.search("wombat").total == 1
