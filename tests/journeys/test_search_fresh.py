"""What a search reads before it answers, and what it says about the rest."""

from __future__ import annotations

import itertools
import json
import os
from pathlib import Path
from typing import Any

import pytest

from cass import clock
from cass.cli.first_read import first_read
from cass.disk import try_lock
from cass.indexing.rules import Rules
from tests.archive import Home, make_home
from tests.journeys.processes import start


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = make_home(tmp_path)
    home.claude("first", "the walrus sleeps")
    home.index()
    return home


def ask(home: Home, *words: str) -> dict[str, Any]:
    done = home.cass("search", "--json", *words)
    assert done.returncode == 0, done.stdout
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def names(answer: dict[str, Any]) -> set[str]:
    return {hit["external_id"] for hit in answer["hits"]}


def test_a_line_appended_to_a_known_file_is_found(home: Home) -> None:
    """A moment after it was written; not with `--refresh off`."""
    home.append("first", "a penguin wakes it")

    assert names(ask(home, "penguin", "--refresh", "off")) == set()
    answer = ask(home, "penguin")
    assert (names(answer), answer["meta"]["index"]["behind_files"]) == ({"first"}, 0)
    assert names(ask(home, "penguin", "--refresh", "off")) == {"first"}


def test_a_new_file_in_a_known_folder_is_found(home: Home) -> None:
    """A session that began after the index was made."""
    home.claude("second", "a penguin walks")

    assert names(ask(home, "penguin", "--refresh", "off")) == set()
    assert names(ask(home, "penguin")) == {"second"}


def test_a_new_folder_is_found(home: Home) -> None:
    """The first session in another workspace."""
    folder = home.path("first").parent
    moved = home.claude("second", "a penguin walks", workspace="/w/zoo")
    beside = folder.with_name("-w-zoo")
    beside.mkdir()
    moved.rename(beside / moved.name)

    assert names(ask(home, "penguin")) == {"second"}


def test_wait_reads_everything(home: Home) -> None:
    """Many new files, all of them read first."""
    for at in range(40):
        home.claude(f"new{at}", f"penguin {at} " + "walks on and on " * 500)
    answer = ask(home, "penguin", "--refresh", "wait", "--limit", "100")

    assert (len(names(answer)), answer["meta"]["index"]["behind_files"]) == (40, 0)


def test_an_answer_does_not_wait_for_a_long_document(home: Home) -> None:
    """It has no place to stop at; a short one is read."""
    chat = home.home / ".gemini/tmp/abc/chats/session-2026-01-02T03-04-x.json"
    chat.parent.mkdir(parents=True)

    def write(*texts: str) -> None:
        sent = [{"id": f"{at}", "type": "user", "content": text} for at, text in enumerate(texts)]
        chat.write_text(json.dumps({"sessionId": "chat", "messages": sent}))

    write("a penguin")
    home.index()
    write("a penguin", "a walrus sings")
    assert names(ask(home, "sings")) == {"chat"}

    write("a penguin", "a walrus sings", "a walrus jumps " + "high " * 600_000)
    answer = ask(home, "jumps")

    assert (names(answer), answer["meta"]["index"]["behind_files"]) == (set(), 1)
    assert names(ask(home, "jumps", "--refresh", "wait")) == {"chat"}


def test_an_answer_does_not_wait_for_another_process(home: Home) -> None:
    """It says how many files it knows to have changed."""
    home.append("first", "a penguin wakes it")
    lock = try_lock(home.places.index_lock)
    assert lock is not None

    with lock:
        answer = ask(home, "walrus OR penguin")

    assert names(answer) == {"first"}
    assert answer["meta"]["index"]["behind_files"] == 1


def test_a_deleted_file_is_gone_and_still_found(home: Home) -> None:
    """The agent cleans up, the archive remembers."""
    home.claude("second", "another walrus")
    ask(home, "walrus")
    home.path("second").unlink()
    states = {hit["external_id"]: hit["source_state"] for hit in ask(home, "walrus")["hits"]}

    assert states == {"first": "present", "second": "gone"}


def test_the_first_search_reads_for_a_while(tmp_path: Path) -> None:
    """Nobody has run `cass index` yet: a small archive is whole at once."""
    home = make_home(tmp_path)
    home.claude("first", "the walrus sleeps")
    answer = ask(home, "walrus")

    assert (names(answer), answer["meta"]["notes"]) == ({"first"}, [])


def test_a_first_search_that_runs_out_of_time_names_the_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The others come with `cass index`."""
    home = make_home(tmp_path)
    for at in range(12):
        home.claude(f"s{at:02}", f"walrus {at}")
    for name, value in home.env.items():
        monkeypatch.setenv(name, value)

    said = first_read(home.places, budget_s=-1.0, settings={})

    assert said.behind_files == 12
    assert "cass index" in said.notes[0]


def test_a_first_search_reads_the_newest_file_however_slow_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here each look at the clock is a minute after the one before: nothing found would be said of what is there."""
    home = make_home(tmp_path)
    for at in range(2):
        os.utime(home.claude(f"s{at}", f"walrus {at}"), (1_800_000_000 + at,) * 2)
    for name, value in home.env.items():
        monkeypatch.setenv(name, value)
    minutes = itertools.count(0, 60)
    monkeypatch.setattr(clock, "monotonic_s", lambda: float(next(minutes)))

    said = first_read(home.places, budget_s=1.5, settings={})

    assert names(ask(home, "walrus", "--refresh", "off")) == {"s1"}
    assert said.notes == ("1 session file is not read yet: run cass index",)


def test_what_was_never_read_is_said_until_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By every search and by status, however the first run ended: nothing found is not nothing there."""
    home = make_home(tmp_path)
    for at in range(12):
        home.claude(f"s{at:02}", f"walrus {at}")
    for name, value in home.env.items():
        monkeypatch.setenv(name, value)
    first_read(home.places, budget_s=-1.0, settings={})

    def said() -> tuple[int, bool]:
        answer = json.loads(home.cass("search", "walrus", "--json").stdout)
        status = json.loads(home.cass("status", "--json").stdout)
        assert status["index"]["behind_files"] == answer["meta"]["index"]["behind_files"]
        return answer["meta"]["index"]["behind_files"], "cass index" in " ".join(answer["meta"]["notes"])

    assert said() == (12, True)
    home.index(rules=Rules(agents=("codex",)), some=True)
    assert said() == (12, True)
    home.index()
    assert said() == (0, False)


def test_a_search_beside_a_first_index_that_has_stored_nothing_says_who_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is nothing to run then, but to wait for: whoever holds the lock reads them."""
    home = make_home(tmp_path)
    home.claude("first", "the walrus sleeps")
    for name, value in home.env.items():
        monkeypatch.setenv(name, value)
    first_read(home.places, budget_s=-1.0, settings={})
    lock = try_lock(home.places.index_lock)
    assert lock is not None

    with lock:
        done = home.cass("search", "walrus")
    left = home.cass("search", "walrus", "--json")

    assert done.stderr.splitlines()[-2:] == [
        f"1 session file is not read yet: process {os.getpid()} is indexing",
        "ask again in a moment",
    ]
    assert json.loads(left.stdout)["meta"]["notes"] == ["1 session file is not read yet: run cass index"]


def test_a_search_beside_the_first_index_answers(tmp_path: Path) -> None:
    """With what is there so far, at every moment."""
    home = make_home(tmp_path)
    for at in range(1200):
        home.claude(f"s{at:04}", f"walrus {at}", "and a long answer " * 40)
    running = start(home, "index")
    seen = []
    try:
        while running.poll() is None:
            done = home.cass("search", "walrus", "--json")
            assert done.returncode == 0, done.stdout
            seen.append(json.loads(done.stdout)["total_matches"])
    finally:
        running.communicate()

    assert running.returncode == 0
    assert seen == sorted(seen)
    assert ask(home, "walrus", "-c")["total_matches"] == 1200


def test_after_a_long_tail_the_index_is_brought_up_to_date(home: Home) -> None:
    """Each search would match all the new messages one by one; one of them pays for all."""
    home.append("first", *[f"penguin number {at}" for at in range(400)])
    first = ask(home, "penguin", "--group", "none")
    second = home.search("penguin", grouped=False)

    assert first["total_matches"] == second.total == 400
    assert json.loads(home.cass("status", "--json").stdout)["lexical"]["behind_messages"] == 0
