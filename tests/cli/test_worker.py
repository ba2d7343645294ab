"""`cass worker` as people and programs use it; real processes where one has to be there."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cass.backfill import activity
from cass.cli import edge
from cass.cli.lane import parse
from cass.cli.table import NAMES, command
from cass.cli.verbs.worker import flag_words
from cass.cli.verbs.worker_service import install, uninstall, wanted
from cass.daemon import starting
from cass.errors import SystemRefused
from cass.paths import Places
from cass.policy import DEFAULT_FAST_DIMENSION
from cass.semantic.embedders.hash_version import identity
from cass.store.attempts import count_dead, note_failures
from cass.store.connect import open_reader
from cass.store.ledger import Ledger
from cass.store.worker_state import holder_of, read_state
from tests.archive import Home, make_home

# "Stamp 'user was here'": what a person does who looks for something.
STAMPING = {"search", "show", "sessions", "like", "pack", "stats", "resume", "open", "export", "forget", "restore"}
PAUSE = "worker.pause"
# The embedder that the fast tier is made of.
HASH = identity(DEFAULT_FAST_DIMENSION)[0]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """An archive; no worker of it is left behind."""
    home = make_home(tmp_path)
    home.claude("s1", "where is the walrus", "on the ice")
    home.index()
    yield home
    holder = holder_of(str(home.data))
    if holder is not None:
        os.kill(holder.pid, signal.SIGKILL)


def said(home: Home, *words: str) -> Any:
    return json.loads(home.cass("worker", *words, "--json").stdout)


def test_one_is_started_once_and_stopped_once(home: Home):
    """Twice is the same as once, and says so."""
    first, second = said(home, "start"), said(home, "start")
    gone, nothing = said(home, "stop"), said(home, "stop")

    assert (first["changed"], second["changed"], gone["changed"], nothing["changed"]) == (True, False, True, False)
    assert first["worker"]["pid"] == second["worker"]["pid"]
    assert (gone["worker"]["state"], gone["worker"]["reason"]) == ("stopped", "it was asked to stop")


def test_it_is_stopped_whatever_became_of_the_archive(home: Home):
    """What was asked for is done: that nothing can be told of before is no failure of it.

    It rests in a pause meanwhile: one that meets such an archive ends, and there is nothing to stop.
    """
    said(home, "start")
    said(home, "pause", "1h")
    while (state := read_state(str(home.data))) is None or state.word != "paused":
        os.sched_yield()
    for path in home.data.glob("cass.db*"):
        other = path.with_name("other")
        other.write_bytes(b"no database" * 1000)
        other.replace(path)  # what is mapped must not become shorter under whoever notes the pause
    done = {words: home.cass("worker", *words.split(), "--json") for words in ("pause 2h", "stop", "unpause")}

    assert [(one.returncode, json.loads(one.stdout)["changed"]) for one in done.values()] == [(0, True)] * 3
    assert json.loads(done["stop"].stdout)["worker"]["reason"] == "its log cannot be read; cass doctor tells more"


@pytest.mark.parametrize(
    ("said", "todo"), [("cass: no\n", "That file says why."), ("", "To see why, run: cass worker run.")]
)
def test_one_that_does_not_come(home: Home, monkeypatch: pytest.MonkeyPatch, said: str, todo: str):
    """On a full disk its log stays empty: nobody is sent there for the reason."""
    log = home.data / "worker.log"
    log.write_text("cass: what went wrong last week\n")

    def start(*about: object) -> None:
        with log.open("a") as file:
            file.write(said)

    monkeypatch.setattr(starting, "start_detached", start)
    monkeypatch.setattr(starting, "START_S", 0.0)
    monkeypatch.setattr(starting, "SAID_S", 0.0)

    with pytest.raises(SystemRefused) as refused:
        starting.start_and_wait(home.places, home.env)

    assert str(refused.value) == f"the worker did not start ({log}). {todo}"


def test_without_an_archive_there_is_nothing_to_start(tmp_path: Path):
    done = make_home(tmp_path).cass("worker", "start")

    assert (done.returncode, done.stderr) == (
        3,
        f"cass: nothing is indexed yet ({tmp_path / 'data'}). Run: cass index.\n",
    )


def test_it_says_that_it_does_nothing_where_nothing_is(tmp_path: Path):
    """Looking makes no folder."""
    home = make_home(tmp_path)

    assert home.cass("worker").stdout.splitlines()[0] == "worker   not running: nothing is indexed yet"
    assert not home.data.exists()


def test_a_pause_holds_until_it_is_taken_back(home: Home):
    forever, until = said(home, "pause"), said(home, "pause", "2h")
    shown = said(home, "status")
    over, none = said(home, "unpause"), said(home, "unpause")

    assert forever["did"] == "Paused until you take it back: cass worker unpause."
    assert until["did"].startswith("Paused until ")
    assert shown["paused"]["until"] is not None
    assert (over["changed"], none["changed"]) == (True, False)
    assert said(home, "status")["paused"] is None


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("dance",), "'dance' is not one of its values"),
        (("pause", "soon"), "'soon' is not a duration"),
        (("pause", "0"), "'0' is no pause"),
        (("pause", "1h", "2h"), "'2h' is one word too many"),
        (("stop", "now"), "'now' is one word too many"),
    ],
)
def test_what_it_does_not_understand_it_refuses(home: Home, words: tuple[str, ...], message: str):
    done = home.cass("worker", *words)

    assert done.returncode == 2
    assert message in done.stderr


def test_what_was_given_up_is_tried_again(home: Home):
    ledger = Ledger(home.places.database)
    for number in range(3):
        ledger.note(lambda connection, n=number: note_failures(connection, "fast", "x", {1: "odd"}, n))  # type: ignore[misc]
    ledger.close()

    first, second = said(home, "retry-dead"), said(home, "retry-dead")

    assert (first["retried"], second["retried"]) == (1, 0)
    connection = open_reader(home.places.database)
    assert connection is not None
    assert count_dead(connection, "fast", None) == 0
    connection.close()


def test_all_agree_on_what_was_given_up(home: Home):
    """A text that failed twice, where `worker.max_attempts` is three, and two."""
    ledger = Ledger(home.places.database)
    for _ in range(2):
        ledger.note(lambda connection: note_failures(connection, "fast", HASH, {1: "odd"}, 0))
    ledger.close()

    def told(most: str) -> tuple[object, ...]:
        env = {"CASS_WORKER_MAX_ATTEMPTS": most}
        worker, status, doctor, retried = (
            json.loads(home.cass(*words, "--json", env=env).stdout)
            for words in (("worker",), ("status",), ("doctor",), ("worker", "retry-dead"))
        )
        (check,) = (one for one in doctor["checks"] if one["name"] == "worker")
        return worker["backlog"]["dead"], status["semantic"]["backlog"]["dead"], check["evidence"], retried["retried"]

    assert told("3") == (0, 0, "stopped: it was never started", 0)
    assert told("2") == (1, 1, "1 text was given up, the last one because: odd", 1)


def test_the_log_tells_why_a_backfill_ran_and_ended(home: Home):
    home.cass("backfill", "--tier", "fast")

    (event,) = said(home, "log")["events"]

    assert (event["kind"], event["chunk"]["tier"], event["chunk"]["texts"]) == ("chunk", "fast", 2)
    assert (event["chunk"]["ran_because"], event["chunk"]["stopped_because"]) == ("you asked for it", None)
    assert home.cass("worker", "log", "-n0").stdout == ""


def test_the_status_shows_the_worker_and_what_is_left(home: Home):
    """A line on the page, the same facts in JSON."""
    home.cass("backfill", "--tier", "fast")
    home.claude("s2", "another walrus")
    home.index()

    status = json.loads(home.cass("status", "--json").stdout)

    assert "worker   not running: it was never started" in home.cass("status").stdout.splitlines()
    assert (status["worker"]["state"], status["worker"]["last_chunk"]["texts"]) == ("stopped", 2)
    assert status["semantic"]["backlog"]["fast"] == 1


def test_flags_of_the_command_are_those_of_the_worker():
    options = {"flags": {"semantic_budget_mb": "77", "mode": "lexical_only", "plain": True, "quality_weight": None}}

    assert flag_words(options) == ["--semantic-budget-mb=77", "--semantic-mode=lexical_only"]


# The service of the system; which files those are is tested where they are made.


@pytest.fixture
def where(home: Home, monkeypatch: pytest.MonkeyPatch) -> Places:
    for name, value in home.env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    return home.places


def test_a_service_is_written_and_switched_on_then_off_and_removed(where: Places):
    commands: list[tuple[str, ...]] = []

    def run(command: Any) -> int:
        commands.append(tuple(command))
        return 0

    files, _ = install(where, None, run)
    there = [os.path.exists(path) for path in files]
    gone, _ = uninstall(where, None, run)

    service = wanted(where)
    assert there == [True] * len(service.files)
    assert gone == files
    assert commands == [*service.enable, *service.disable, *service.forget]


def test_a_service_that_cannot_be_switched_on_says_which_command_failed(where: Places):
    with pytest.raises(SystemRefused) as refused:
        install(where, None, lambda command: 127)

    assert " ".join(wanted(where).enable[0]) in refused.value.what
    assert refused.value.todo is not None and "cass worker start" in refused.value.todo


@pytest.mark.skipif(sys.platform != "linux", reason="systemd is Linux'")
@pytest.mark.parametrize("is_there", [False, True])
def test_a_machine_without_a_session_says_what_it_needs(
    where: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_there: bool
):
    """Over ssh, under cron, in a container: running it again is no help there."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    if is_there:
        (tmp_path / "run" / "systemd" / "private").mkdir(parents=True)
    with pytest.raises(SystemRefused) as refused:
        install(where, None, lambda command: 1)

    assert refused.value.todo is not None
    assert ("loginctl enable-linger" in refused.value.todo) == (not is_there)
    assert ("cass worker start" in refused.value.todo) == (not is_there)


def test_doctor_knows_a_service_that_starts_another_program(home: Home, where: Places):
    path = Path(wanted(where).files[0][0])
    path.parent.mkdir(parents=True)
    path.write_text("[Service]\nExecStart=/usr/bin/other\n")

    checks = json.loads(home.cass("doctor", "--json").stdout)["checks"]

    (worker,) = [check for check in checks if check["name"] == "worker"]
    assert (worker["level"], worker["command"]) == ("warn", "cass worker install")
    assert worker["evidence"] == f"{path} starts another program, or an older one"


# Somebody is here.


def test_commands_for_people_say_that_somebody_is_here():
    """Status, doctor and their like may be asked by a hook or a prompt."""
    assert {name for name in NAMES if command(name).stamps} == STAMPING


def test_the_stamp_has_one_name():
    assert edge.ACTIVITY == activity.NAME


def test_a_search_stamps_and_a_status_does_not(home: Home):
    stamp = home.data / activity.NAME
    home.cass("status")
    before = stamp.exists()
    home.cass("search", "walrus")
    made = stamp.exists()
    os.utime(stamp, (1, 1))
    home.cass("sessions")

    assert (before, made, stamp.stat().st_mtime > 1) == (False, True, True)


def test_the_help_of_a_command_stamps_nothing():
    found = parse(["search", "-h"])

    assert found is not None
    assert not found.stamps


@pytest.mark.skipif(sys.platform == "win32", reason="a terminal of POSIX")
@pytest.mark.parametrize(
    ("command", "terminal", "asked"), [("sessions", True, True), ("sessions", False, False), ("status", True, False)]
)
def test_only_at_a_terminal_a_command_asks_whether_a_worker_is_wanted(
    home: Home, command: str, terminal: bool, asked: bool
):
    """The pause keeps it from starting one; that it looked is in the stamp."""
    (home.data / PAUSE).write_text("0 \n")
    done = in_terminal(home, command) if terminal else home.cass(command, env={"CASS_DATA_DIR": "", **person(home)})

    assert (home.data / "worker.asked").exists() is asked
    assert holder_of(str(home.data)) is None
    assert done is not None


def person(home: Home) -> dict[str, str]:
    """The data folder where it always is."""
    link = home.folder / "share" / "cass"
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(home.data)
    return {"XDG_DATA_HOME": str(link.parent)}


def in_terminal(home: Home, command: str) -> str:
    """What it printed there."""
    import pty

    env = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(Path(__file__).resolve().parents[2]), "HOME": str(home.home)}
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(sys.executable, [sys.executable, "-m", "cass", "--no-pager", command], env | person(home))
    text = b""
    try:
        while part := os.read(terminal, 4096):
            text += part
    except OSError:
        pass  # Linux ends a terminal with an error
    os.waitpid(pid, 0)
    os.close(terminal)
    return text.decode()
