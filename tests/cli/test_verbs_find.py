"""`cass show`, `cass sessions` and the text page of `cass search`, as anyone would type them."""

from __future__ import annotations

import json
import shutil
from itertools import count
from pathlib import Path

import pytest

from cass.cli import edge
from cass.cli.lane import parse
from cass.cli.verbs import show
from cass.cli.verbs.search import exit_code, request_of
from cass.search.engine import search
from cass.search.request import Freshness
from tests.archive import DAY_MS, FIRST_MS, Home, answers, calls, make_home, says


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = make_home(tmp_path)
    home.claude(
        "s1",
        "the pool timed out",
        says("assistant", "I look", calls("Bash", "c1", command="ls /w")),
        says("user", answers("c1", "a.py\nb.py\nc.py", is_error=True)),
        says("assistant", "raise the pool size"),
        "thanks",
    )
    home.claude("s2", "a deadlock here", start_ms=FIRST_MS + DAY_MS, workspace="/w/other", title="Deadlock")
    home.index()
    return home


def sid(home: Home, words: str) -> str:
    return home.search(words).hits[0].sid


def test_sessions_are_listed_newest_first(home: Home):
    done = home.cass("sessions")

    assert [line.split()[-1] for line in done.stdout.splitlines()] == ["title", "Deadlock", "out"]
    assert (done.returncode, done.stderr) == (0, "2 sessions\n")


def test_sessions_are_filtered(home: Home):
    by_folder = json.loads(home.cass("sessions", "--workspace", "/w/other", "--json").stdout)
    by_time = json.loads(home.cass("sessions", "--until", "2026-01-02T23:00:00", "--json").stdout)
    none = home.cass("sessions", "--agent", "codex")

    assert [session["title"] for session in by_folder["sessions"]] == ["Deadlock"]
    assert [session["external_id"] for session in by_time["sessions"]] == ["s1"]
    assert (none.returncode, none.stdout) == (1, "")
    assert home.cass("sessions", "--agent", "nobody").returncode == 2


def test_a_session_as_json_says_how_to_resume_it(home: Home):
    said = json.loads(home.cass("sessions", "-n", "1", "--json").stdout)

    assert (said["count"], said["total"]) == (1, 2)
    assert said["sessions"][0] == {
        "session_id": sid(home, "deadlock"),
        "parent_session_id": None,
        "external_id": "s2",
        "agent": "claude_code",
        "title": "Deadlock",
        "workspace": "/w/other",
        "git_branch": "main",
        "model": None,
        "started_at": FIRST_MS + DAY_MS,
        "ended_at": FIRST_MS + DAY_MS,
        "messages": 1,
        "source_path": str(home.path("s2")),
        "source_state": "present",
        "resume": ["claude", "--resume", "s2"],
    }


def test_show_folds_what_tools_did(home: Home):
    name = sid(home, "pool")
    done = home.cass("show", name[:8])

    assert done.stdout.splitlines()[:3] == [
        "the pool timed out",
        f"{name[:8]}  claude_code  large-1  5 messages",
        "/w/app (main)",
    ]
    assert done.stdout.splitlines()[5:] == [
        "",
        f"{name[:8]}:0  user  2026-01-02 03:04",
        "the pool timed out",
        "",
        f"{name[:8]}:1  assistant  2026-01-02 03:05",
        "I look",
        "[Bash] ls /w",
        "",
        f"{name[:8]}:2  tool  2026-01-02 03:06",
        "[Bash failed] a.py  (+2 lines)",
        "",
        f"{name[:8]}:3  assistant  2026-01-02 03:07",
        "raise the pool size",
        "",
        f"{name[:8]}:4  user  2026-01-02 03:08",
        "thanks",
    ]
    assert "  b.py" in home.cass("show", name, "--tools").stdout


def test_the_message_that_was_asked_for_is_open(home: Home):
    """A search may have found the last line of what a tool answered."""
    lines = home.cass("show", f"{sid(home, 'pool')}:2").stdout.splitlines()

    assert "  c.py" in lines and "[Bash] ls /w" in lines


def test_show_of_a_message_has_its_neighbours(home: Home):
    name = sid(home, "pool")

    said = json.loads(home.cass("show", f"{name}:3", "-C", "1", "--json").stdout)

    assert said["session"]["session_id"] == name
    assert [message["message_index"] for message in said["messages"]] == [2, 3, 4]
    assert said["messages"][0] == {
        "id": f"{name}:2",
        "message_index": 2,
        "role": "tool",
        "created_at": FIRST_MS + 120_000,
        "line_number": 3,
        "state": "present",
        "off_path": False,
        "blocks": [
            {"kind": "tool_result", "text": "a.py\nb.py\nc.py", "tool": "Bash", "call_id": "c1", "is_error": True}
        ],
    }


def test_show_takes_a_file_and_a_line(home: Home):
    """The same message by its id, by FILE:LINE, and by FILE -n LINE."""
    path = home.path("s1")
    pages = [
        home.cass("show", f"{sid(home, 'pool')}:3").stdout,
        home.cass("show", f"{path}:4").stdout,
        home.cass("show", str(path), "-n", "4").stdout,
    ]

    assert "> " in pages[0]
    assert pages[0] == pages[1] == pages[2]
    assert "thanks" in home.cass("show", str(path)).stdout


def test_show_raw_is_the_agents_own_line(home: Home):
    name = f"{sid(home, 'pool')}:3"
    own = home.path("s1").read_text("utf-8").splitlines()[3]

    assert home.cass("show", name, "--raw").stdout == own + "\n"

    home.path("s1").unlink()
    gone = home.cass("show", name, "--raw")
    assert (gone.returncode, "deleted this file" in gone.stderr) == (1, True)


def test_show_keeps_what_the_agent_has_dropped(home: Home):
    """A message that left the file stands at the end, under an ordinal of its own."""
    name = sid(home, "thanks")
    home.claude("s1", "the pool timed out")
    home.index()

    lines = home.cass("show", name).stdout.splitlines()

    assert lines.index("No longer in the agent's file:") > lines.index("the pool timed out")
    assert home.cass("show", f"{name}:-1").returncode == 0
    assert json.loads(home.cass("show", name, "--json").stdout)["messages"][-1]["state"] == "gone"


@pytest.mark.parametrize("more", [(), ("--json",), ("--role", "user"), ("--raw",)])
def test_a_session_that_is_read_in_pieces_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], more: tuple[str, ...]
):
    """Every message once, those that are gone last, wherever one piece ends and the next begins."""
    home = make_home(tmp_path)
    home.claude("long", *[f"message {number}" for number in range(11)])
    home.index()
    home.claude("long", *[f"message {number}" for number in range(8)])
    home.index()
    for name, value in home.env.items():
        monkeypatch.setenv(name, value)
    words = ["show", sid(home, "message"), "--no-pager", *more]
    edge.run(words)
    whole = capsys.readouterr().out
    monkeypatch.setattr(show, "FIRST", 2)
    monkeypatch.setattr(show, "CHUNK", 3)
    edge.run(words)

    assert capsys.readouterr().out == whole
    assert whole.count("message 7" if more != ("--role", "user") else "message 6") == 1


@pytest.mark.parametrize(
    "words, code, kind",
    [
        (("0123456789abcdef",), 1, "not-found"),
        (("/no/such/file.jsonl",), 1, "not-found"),
        (("deadbeef:7",), 1, "not-found"),
        (("\udcff",), 1, "not-found"),
        (("/no/such/\udcff.jsonl",), 1, "not-found"),
        (("deadbeef", "-n", "4"), 2, "usage"),
    ],
)
def test_show_of_what_is_not_there(home: Home, words: tuple[str, ...], code: int, kind: str):
    done = home.cass("show", *words, "--json")

    assert (done.returncode, json.loads(done.stdout)["error"]["kind"]) == (code, kind)


def test_show_of_a_message_that_is_not_there_names_the_way(home: Home):
    done = home.cass("show", f"{sid(home, 'pool')}:99")

    assert (done.returncode, done.stdout) == (1, "")
    assert "has no message 99" in done.stderr


@pytest.mark.parametrize(
    ("command", "numbers"), [("show", "1:2"), ("show", "0:1:2"), ("export", "9:1"), ("show", ":1")]
)
def test_an_id_with_two_colons_is_refused(home: Home, command: str, numbers: str):
    """What stands between them would be passed over."""
    done = home.cass(command, name := f"{sid(home, 'pool')}:{numbers}")

    forms = "Give a session (ID), a message (ID:N), a file or FILE:LINE."
    assert (done.returncode, done.stderr) == (2, f"cass: it has more than one colon ({name}). {forms}\n")


def test_show_by_role(home: Home):
    said = json.loads(home.cass("show", sid(home, "pool"), "--role", "user", "--json").stdout)

    assert [message["role"] for message in said["messages"]] == ["user", "user"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((), 1, "no message of the role system\n"),
        (("--role", "summary", "-q"), 1, ""),
        (("--role", "user"), 0, ""),
        (("--json",), 0, ""),
    ],
)
def test_a_role_that_nobody_has_is_said(home: Home, words: tuple[str, ...], code: int, said: str):
    """The head of a session alone would look as if nobody had spoken in it."""
    done = home.cass("show", sid(home, "pool"), "--role", "system", *words)

    assert (done.returncode, done.stderr) == (code, said)


def test_raw_lines_of_a_role_that_nobody_has_are_none(home: Home):
    """It is not said that the messages have no lines of their own: there are no such messages."""
    name = sid(home, "pool")
    done = home.cass("show", name, "--raw", "--role", "system", "--role", "summary")

    said = f"cass: no message of the role system or summary ({name}). Leave --role away.\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", said)


def test_hostile_text_is_only_shown(tmp_path: Path):
    home = make_home(tmp_path)
    home.claude("s1", "before \x1b]0;owned\x07 after", "fine", title="\x1b[2Jtitle")
    home.index()
    name = sid(home, "before")

    for argv in (("show", name, "--color", "always"), ("sessions",), ("search", "before"), ("show", name, "--tools")):
        out = home.cass(*argv).stdout
        assert "␛]0;owned␇" in out or "␛[2Jtitle" in out
        assert "\x1b]" not in out and "\x1b[2J" not in out


def test_search_says_how_to_open_what_it_found(home: Home):
    """The first word of a hit goes straight into `cass show`."""
    found = home.cass("search", "deadlock")
    name = found.stdout.split()[0]

    assert (found.returncode, found.stderr) == (0, "1 message with all the words\n")
    assert "a deadlock here" in home.cass("show", name).stdout


@pytest.mark.parametrize("form", [(), ("--plain",), ("--json",), ("--jsonl",), ("-c",)])
def test_a_field_that_no_hit_has_is_refused(home: Home, form: tuple[str, ...]):
    """Also where the answer is in words, which have no fields: it was mistyped all the same."""
    done = home.cass("search", "deadlock", "--fields", "id,nope", *form)

    assert done.returncode == 2
    assert "'nope' is not a field of a hit" in done.stdout + done.stderr
    assert "deadlock here" not in done.stdout


@pytest.mark.parametrize("form", [(), ("-c",), ("--json",), ("--format", "{id}")])
def test_nul_characters_without_lines_of_sessions_are_refused(home: Home, form: tuple[str, ...]):
    """Whoever pipes hits into `xargs -0` would get them all as one word."""
    done = home.cass("search", "deadlock", "-0", *form)

    assert done.returncode == 2
    assert "-0 is about the lines of -l alone" in done.stdout + done.stderr


def code_where_a_look_takes_a_second(home: Home, *words: str) -> int:
    """The exit code of a search whose clock goes on by a second whenever it is looked at."""
    asked = parse(["search", *words])
    assert asked is not None
    options, seconds = {**asked.options, "settings": {}}, count()
    request = request_of(options, " ".join(words[:1]))
    found = search(home.places, request, home.now_ms, lambda: float(next(seconds)), "/", Freshness())
    return exit_code(found, options)


@pytest.fixture
def crowd(tmp_path: Path) -> Home:
    """As many messages as a search looks at between two looks at its clock, twice."""
    home = make_home(tmp_path)
    for at in range(150):
        home.claude(f"s{at}", f"walrus number {at}")
    home.index()
    return home


@pytest.mark.parametrize("how", [("-c",), ("--limit", "0"), ("-l",), ("--json",)])
def test_a_search_that_was_cut_is_partial(crowd: Home, how: tuple[str, ...]):
    """Whatever was seen until then, and however it is told, there may be more."""
    assert code_where_a_look_takes_a_second(crowd, "walrus", "-F", "--timeout", "2s", *how) == 8


@pytest.mark.parametrize(("asked", "code"), [("walrus", 0), ("penguin", 8)])
def test_the_two_seconds_of_a_scan_prove_nothing(crowd: Home, asked: str, code: int):
    """What was found by then is an answer; that nothing was found yet is none."""
    shutil.rmtree(crowd.places.lexical)

    assert code_where_a_look_takes_a_second(crowd, asked) == code


def test_a_count_of_nothing_names_the_way_to_those_with_some_of_the_words(home: Home):
    """Relevance would have shown them."""
    done = home.cass("search", "-c", "pool", "zebra", "unicorn")

    assert (done.returncode, done.stdout) == (1, "0\n")
    assert "tried: all the words, most of them; try --match any: messages with some of them" in done.stderr


@pytest.mark.parametrize("command", ["forget", "stats", "sessions", "search"])
def test_a_workspace_that_nothing_is_in_is_repeated_without_its_escapes(home: Home, command: str):
    """It may come from elsewhere than the keyboard."""
    done = home.cass(command, "--workspace", "/w/\x1b]0;owned\x07", *(["--dry-run"] if command == "forget" else []))

    assert "no session was in a workspace like /w/␛]0;owned␇" in done.stderr
    assert not {"\x1b", "\x07"} & set(done.stdout + done.stderr)


def test_show_says_plainly_one_fact_a_line(home: Home):
    """No columns; what was said stands as it was written."""
    name = sid(home, "raise")
    whole = home.cass("show", name, "--plain").stdout.split("\n\n")
    one = home.cass("show", f"{name}:3", "-C", "0", "--plain").stdout.split("\n\n")

    assert whole[0].splitlines() == [
        "title: the pool timed out",
        f"id: {name[:8]}",
        "agent: claude_code",
        "model: large-1",
        "messages: 5",
        "workspace: /w/app",
        "branch: main",
        "started: 2026-01-02 03:04",
        "ended: 2026-01-02 03:08",
        f"file: {home.path('s1')}",
    ]
    assert whole[1] == f"message: {name[:8]}:0\nrole: user\nwhen: 2026-01-02 03:04\nthe pool timed out"
    assert one[1].splitlines() == [
        f"message: {name[:8]}:3",
        "asked for: yes",
        "role: assistant",
        "when: 2026-01-02 03:07",
        "raise the pool size",
    ]
