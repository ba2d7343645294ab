"""`cass stats`: counts by day, weekday, hour, agent, workspace and model, as pictures, facts and JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cass.cli.app import parse as parse_slowly
from cass.cli.lane import parse
from tests.archive import DAY_MS, FIRST_MS, Home, make_home, says
from tests.schemas.asking import ask, full_home
from tests.schemas.checking import faults

# 2026-01-02 03:04:05 UTC is a Friday.
HOUR_MS = 3_600_000
PAGE = """\
6 messages in 3 sessions
2026-01-02 to 2026-01-05

Messages a day (at most 4)
  █  ▄
  2026-01-02    2026-01-05

Weekdays and hours (at most 3)
      00    03    06    09    12    15    18    21
  Mon       ▓▓
  Tue
  Wed
  Thu
  Fri       ██▒▒
  Sat
  Sun

agent        sessions  messages  first       last
claude_code         3         6  2026-01-02  2026-01-05

workspace  sessions  messages  first       last
/w/app            2         4  2026-01-02  2026-01-02
/w/other          1         2  2026-01-05  2026-01-05

model       sessions  messages  first       last
(not said)         2         3  2026-01-02  2026-01-05
large-1            1         3  2026-01-02  2026-01-02
"""
NARROW = """\
6 messages in 3 sessions
2026-01-02 to 2026-01-05

Messages a day (at most 4)
  █  ▄
  2026-01-02    2026-01-05

Weekdays and hours (at most 3)
      00 03 06 09 12 15 18 21
  Mon    ▓
  Tue
  Wed
  Thu
  Fri    █▒
  Sat
  Sun

agent        sessions  messages
claude_code         3         6

workspace  sessions  messages
/w/app            2         4
/w/other          1         2

model       sessions  messages
(not said)         2         3
large-1            1         3
"""
FACTS = """\
messages: 6
sessions: 3
first: 2026-01-02 03:04
last: 2026-01-05 03:05
agent claude_code: 6 messages in 3 sessions, 2026-01-02 to 2026-01-05
workspace /w/app: 4 messages in 2 sessions, 2026-01-02 to 2026-01-02
workspace /w/other: 2 messages in 1 session, 2026-01-05 to 2026-01-05
model (not said): 3 messages in 2 sessions, 2026-01-02 to 2026-01-05
model large-1: 3 messages in 1 session, 2026-01-02 to 2026-01-02
2026-01-02: 4 messages
2026-01-05: 2 messages
Monday 03:00: 2 messages
Friday 03:00: 3 messages
Friday 04:00: 1 message
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = make_home(tmp_path_factory.mktemp("stats"))
    home.claude("s1", "the pool timed out", says("assistant", "raise it"), "thanks")
    home.claude("s2", "an hour later", start_ms=FIRST_MS + HOUR_MS)
    home.claude("s3", "on Monday", "again", start_ms=FIRST_MS + 3 * DAY_MS, workspace="/w/other")
    home.path("s3").write_text(home.path("s3").read_text().replace("large-1", ""))
    home.index()
    return home


def said(home: Home, *argv: str, **env: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(home.cass("stats", "--json", *argv, env=env).stdout)
    assert faults("stats", answer) == []
    return answer


@pytest.mark.parametrize(
    "argv, columns, page", [((), "80", PAGE), ((), "160", PAGE), ((), "40", NARROW), (("--plain",), "80", FACTS)]
)
def test_the_page(home: Home, argv: tuple[str, ...], columns: str, page: str):
    """At every width, and one fact a line."""
    assert home.cass("stats", *argv, env={"COLUMNS": columns}).stdout == page


def test_no_line_is_wider_than_the_screen(tmp_path: Path):
    """Also with long names, and with more days than columns."""
    home = make_home(tmp_path)
    for at in range(20):
        workspace = f"/w/{'long' * 30}/{at}"
        home.claude(f"s{at}", "x", start_ms=FIRST_MS + at * 17 * DAY_MS, workspace=workspace)
    home.index()

    for width in (40, 63, 64, 80, 160):
        page = home.cass("stats", env={"COLUMNS": str(width)}).stdout
        assert max(map(len, page.splitlines())) <= width
    assert "12 more: cass stats --by workspace" in page


def test_by_day_has_every_day(home: Home):
    lines = home.cass("stats", "--by", "day", env={"COLUMNS": "24"}).stdout.splitlines()

    assert lines == ["2026-01-02  4  █████████", "2026-01-03  0", "2026-01-04  0", "2026-01-05  2  █████"]


def test_a_time_that_is_wrong_by_millennia(tmp_path: Path):
    """What lies between is neither listed nor gone through day by day."""
    home = make_home(tmp_path)
    home.claude("now", "x")
    home.claude("then", "x", start_ms=253_402_300_799_000)
    home.index()

    by_day = home.cass("stats", "--by", "day", env={"COLUMNS": "24"}).stdout.splitlines()
    page = home.cass("stats", env={"COLUMNS": "40"}).stdout.splitlines()

    assert by_day == ["2026-01-02        1  ███", "… 2,912,440 days  0", "9999-12-31        1  ███"]
    assert page[3:6] == [
        "Messages every 76,644 days (at most 1)",
        "  █" + " " * 36 + "█",
        "  2026-01-02                  9999-12-31",
    ]


def test_by_hour(home: Home):
    lines = home.cass("stats", "--by", "hour").stdout.splitlines()

    assert [line.split()[:2] for line in lines[2:6]] == [["02:00", "0"], ["03:00", "5"], ["04:00", "1"], ["05:00", "0"]]
    assert home.cass("stats", "--by", "hour", "--plain").stdout == "03:00: 5 messages\n04:00: 1 message\n"


@pytest.mark.parametrize("kind", ["agent", "workspace", "model"])
def test_one_table_alone(home: Home, kind: str):
    table = home.cass("stats", "--by", kind).stdout

    assert table.startswith(kind) and table in PAGE


def test_timeline_is_the_days():
    """On either way; what is said again counts."""
    for read in (parse, parse_slowly):
        found, other = read(["timeline", "--since", "7d"]), read(["timeline", "--by", "hour"])
        assert found is not None and other is not None
        assert (found.command, found.options["by"], found.options["since"]) == ("stats", "day", "7d")
        assert other.options["by"] == "hour"


def test_the_numbers_as_json(home: Home):
    answer = said(home)
    week = answer["week"]

    assert (answer["sessions"], answer["messages"], answer["undated_messages"]) == (3, 6, 0)
    assert answer["days"] == [{"day": "2026-01-02", "messages": 4}, {"day": "2026-01-05", "messages": 2}]
    assert (week[4][3], week[4][4], week[0][3]) == (3, 1, 2)
    assert answer["hours"] == [sum(day[hour] for day in week) for hour in range(24)]
    assert answer["models"][1] | {"first_at": 0, "last_at": 0} == {
        "name": "large-1", "sessions": 1, "messages": 3, "first_at": 0, "last_at": 0
    }  # fmt: skip


def test_days_and_hours_are_local(home: Home):
    """In New York it was still Thursday, in Kathmandu a quarter to nine."""
    west, east = said(home, TZ="America/New_York"), said(home, TZ="Asia/Kathmandu")

    assert west["days"][0]["day"] == "2026-01-01" and west["week"][3][22] == 3
    assert east["week"][4][8] == 3 and east["week"][4][9] == 1


@pytest.mark.parametrize(
    "argv, messages, sessions",
    [
        (("--workspace", "/w/app"), 4, 2),
        (("--agent", "claude"), 6, 3),
        (("--agent", "codex"), 0, 0),
        (("--since", "2026-01-02T03:05:00"), 5, 3),
        (("--since", "2026-01-02T03:05:00", "--until", "2026-01-03", "--workspace", "/w/app"), 3, 2),
    ],
)
def test_filters(home: Home, argv: tuple[str, ...], messages: int, sessions: int):
    """Of a session only the messages of that time count, in each of the tables."""
    answer = said(home, *argv)

    assert (answer["messages"], answer["sessions"]) == (messages, sessions)
    for key in ("agents", "workspaces", "models", "days"):
        assert sum(each["messages"] for each in answer[key]) == messages
    assert sum(answer["hours"]) == messages


def test_what_the_agents_dropped_counts_as_in_status(tmp_path: Path):
    """One archive, one number of messages."""
    home = full_home(tmp_path)
    answer = said(home)

    assert answer["messages"] == ask(home, "status", "--json")["database"]["messages"]
    assert answer["messages"] == sum(answer["hours"]) + answer["undated_messages"]


def test_no_message_fits(home: Home):
    done = home.cass("stats", "--agent", "codex")

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "nothing of codex is indexed\nno message fits\n"


def test_nothing_indexed_yet(tmp_path: Path):
    done = make_home(tmp_path).cass("stats", "--json")

    assert (done.returncode, json.loads(done.stdout)["error"]["kind"]) == (3, "missing-index")
