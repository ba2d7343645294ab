"""`cass search --stdio`: a process that answers as long as somebody asks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cass.cli.lane import parse
from cass.cli.verbs import search_stdio
from cass.cli.verbs.search_stdio import Desk
from tests.archive import Home, make_home
from tests.journeys.processes import Conversation
from tests.schemas.checking import faults


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = make_home(tmp_path)
    home.claude("s1", "the connection pool timed out", "raise the pool size", title="Pool")
    home.claude("s2", "a walrus sleeps", title="Walrus")
    home.index()
    return home


@pytest.fixture
def talk(home: Home) -> Iterator[Conversation]:
    with Conversation(home, "search", "--stdio") as talk:
        yield talk


class AtDesk:
    """Lines that wait together, answered in this process."""

    def __init__(self, home: Home, capsys: pytest.CaptureFixture[str], *argv: str) -> None:
        found = parse(["search", "--stdio", "--refresh", "off", *argv])
        assert found is not None
        self._desk = Desk(home.places, found.options | {"settings": {}})
        self._capsys = capsys

    def __call__(self, *lines: str) -> list[Any]:
        self._desk.answer([line.encode() for line in lines])
        return [json.loads(line) for line in self._capsys.readouterr().out.splitlines()]


@pytest.fixture
def at_desk(home: Home, capsys: pytest.CaptureFixture[str]) -> AtDesk:
    return AtDesk(home, capsys)


def test_one_line_in_is_one_object_out(talk: Conversation):
    first = talk.ask({"query": "pool", "request_id": "1"})
    second = talk.ask({"query": "walrus", "request_id": "2"})

    assert [(each["query"], each["meta"]["request_id"]) for each in (first, second)] == [("pool", "1"), ("walrus", "2")]
    assert faults("search", first) + faults("search", second) == []


def test_an_answer_is_that_of_a_new_process(home: Home, talk: Conversation):
    """Byte for byte, but for how long it took."""
    line = talk.say({"query": "pool OR walrus", "limit": 1, "fields": "id,score"})
    alone = home.cass("search", "--json", "pool OR walrus", "--limit", "1", "--fields", "id,score").stdout.rstrip("\n")

    assert _without_time(line) == _without_time(alone)


def _without_time(line: str) -> str:
    took = json.loads(line)["meta"]["took_ms"]
    return line.replace(f'"took_ms": {took}', "")


def test_it_ends_with_standard_input(talk: Conversation):
    """Exit code 0, and nothing on standard error."""
    talk.ask({"query": "pool"})

    assert talk.end() == (0, "")


def test_what_waits_at_the_end_is_answered(home: Home):
    done = home.cass("search", "--stdio", stdin='{"query": "pool"}')

    assert (json.loads(done.stdout)["count"], done.returncode) == (1, 0)


def test_a_bad_line_gets_an_error_and_the_next_an_answer(talk: Conversation):
    bad = talk.ask_line("{torn")

    assert faults("error", bad) == [] and (bad["error"]["kind"], bad["request_id"]) == ("usage", None)
    assert talk.ask({"query": "pool"})["count"] == 1


def test_what_is_indexed_meanwhile_is_found(home: Home, talk: Conversation):
    """A commit, then a new generation of the index, then a new database."""
    assert talk.ask({"query": "penguin"})["count"] == 0

    home.claude("s3", "a penguin")
    home.index()
    assert talk.ask({"query": "penguin"})["count"] == 1

    home.claude("s4", "another penguin")
    home.index(rebuild=True)
    assert talk.ask({"query": "penguin"})["count"] == 2

    for path in sorted(home.data.rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    home.path("s3").unlink()
    home.index()
    assert talk.ask({"query": "penguin"})["count"] == 1


def test_what_an_agent_writes_is_read_before_the_first_answer(home: Home):
    """As a search does that starts anew."""
    home.append("s1", "a penguin came by")

    done = home.cass("search", "--stdio", stdin='{"query": "penguin"}\n')

    assert json.loads(done.stdout)["count"] == 1


def test_a_request_may_ask_for_what_is_new(home: Home, talk: Conversation):
    talk.ask({"query": "pool"})
    home.append("s1", "a penguin came by")

    assert talk.ask({"query": "penguin", "refresh": "wait"})["count"] == 1


def test_without_an_archive_it_says_so_until_there_is_one(tmp_path: Path):
    home = make_home(tmp_path)
    with Conversation(home, "search", "--stdio", "--refresh", "off") as talk:
        assert talk.ask({"query": "pool", "request_id": "1"})["error"]["kind"] == "missing-index"
        home.claude("s1", "the pool")
        home.index()
        assert talk.ask({"query": "pool"})["count"] == 1


def test_the_newest_request_wins(at_desk: AtDesk):
    """Those before it are told so."""
    first, second, answer = at_desk(
        '{"query": "poo", "request_id": "1"}', '{"query": "pool", "request_id": "2"}', '{"query": "walrus"}'
    )

    assert [(said["error"]["kind"], said["request_id"]) for said in (first, second)] == [
        ("superseded", "1"),
        ("superseded", "2"),
    ]
    assert faults("error", first) == [] and answer["query"] == "walrus"


def test_a_bad_line_takes_no_requests_place(at_desk: AtDesk):
    bad, answer = at_desk('{"query": "pool", "request_id": "1"}', '{"query": 5, "request_id": "2"}')

    assert (bad["error"]["kind"], bad["request_id"]) == ("usage", "2")
    assert answer["meta"]["request_id"] == "1"


@pytest.mark.parametrize(
    "line",
    [
        "[]",
        '"pool"',
        "null",
        '{"query": ["pool"]}',
        '{"query": "pool", "limit": -1}',
        '{"query": "pool", "limit": true}',
        '{"query": "pool", "literal": "yes"}',
        '{"query": "pool", "nope": 1}',
        '{"query": "pool", "jsonl": true}',
        '{"query": "pool", "data_dir": "/"}',
        '{"query": "pool", "agent": {"a": 1}}',
        '{"query": "pool", "sort": "best"}',
        "[" * 100_000,
        '{"query": "' + "x" * search_stdio.MOST_BYTES,
        "\udcff",
    ],
)
def test_what_is_no_request_is_said(line: str, at_desk: AtDesk):
    at_desk._desk.answer([line.encode("utf-8", "surrogateescape")[: search_stdio.MOST_BYTES]])
    (said,) = [json.loads(out) for out in at_desk._capsys.readouterr().out.splitlines()]

    assert faults("error", said) == [] and said["error"]["kind"] == "usage"


@pytest.mark.parametrize(
    ("line", "kind"),
    [('{"query": "agent:nobody", "request_id": 7}', "unknown-agent"), ('{"query": "", "since": "soon"}', "bad-date")],
)
def test_what_cannot_be_answered_is_said(line: str, kind: str, at_desk: AtDesk):
    (said,) = at_desk(line)

    assert faults("error", said) == [] and said["error"]["kind"] == kind


def test_a_request_says_what_a_command_line_says(at_desk: AtDesk):
    """Lists for what may be repeated, true for flags, and null for what is left as it is."""
    (answer,) = at_desk(
        '{"query": "po", "live": true, "role": ["user", "assistant"], "group": "none", "limit": 1, "agent": "claude",'
        ' "since": null, "literal": false, "max-tokens": 4000, "request_id": 7}'
    )

    assert (answer["limit"], answer["count"], answer["total_matches"]) == (1, 1, 2)
    assert answer["meta"]["request_id"] == "7"


def test_the_command_line_says_what_requests_do_not(home: Home, capsys: pytest.CaptureFixture[str]):
    at_desk = AtDesk(home, capsys, "--live", "--limit", "1", "--fields", "id")
    (begun,) = at_desk('{"query": "walr"}')
    (whole,) = at_desk('{"query": "walr", "live": false, "match": "all"}')

    assert (begun["count"], list(begun["hits"][0])) == (1, ["id"])
    assert (whole["limit"], whole["count"]) == (1, 0)


def test_each_answer_has_its_own_notes(at_desk: AtDesk):
    (first,), (second,) = at_desk('{"query": "agent:codex x"}'), at_desk('{"query": "pool"}')

    assert first["meta"]["notes"] == ["nothing of codex is indexed"]
    assert second["meta"]["notes"] == []


def test_nothing_is_held_open_while_nobody_asks(at_desk: AtDesk):
    """Or `cass forget` would wait for an editor that is open all day."""
    at_desk('{"query": "pool"}')
    assert at_desk._desk.warm.is_open

    at_desk._desk.warm.let_go()
    assert not at_desk._desk.warm.is_open
    assert at_desk('{"query": "pool"}')[0]["count"] == 1


@pytest.mark.parametrize("words", [("pool",), ("--jsonl",), ("--format", "{id}")])
def test_what_a_stream_of_objects_excludes_is_refused(home: Home, words: tuple[str, ...]):
    done = home.cass("search", "--stdio", *words)

    assert (done.returncode, done.stdout and json.loads(done.stdout)["error"]["kind"]) in [(2, ""), (2, "usage")]
