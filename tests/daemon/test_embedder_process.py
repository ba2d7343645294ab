"""`python -m cass.embedder` as a real process: who may ask, what it answers, and how it ends."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cass.frames import ERROR, HELLO
from cass.semantic.embedders.hash import HashEmbedder
from cass.semantic.embedders.sidecar import SidecarEmbedder, Wanted
from tests.daemon import embedders
from tests.daemon.embedders import REPO, Caller

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="unix sockets and signals of POSIX")
TEXTS = ["how to rotate the log files", "", "wie man Protokolle rotiert 🌀", "how to rotate the log files"]


@pytest.fixture
def folder() -> Iterator[str]:
    with embedders.short_folder() as folder:
        yield folder


@pytest.fixture
def url(folder: str) -> str:
    return f"unix://{folder}/e.sock"


def settings(folder: str, text: str) -> None:
    """What `cass.toml` says there."""
    config = Path(folder, ".config", "cass")
    config.mkdir(parents=True)
    (config / "cass.toml").write_text(text)


def test_it_gives_what_the_model_gives(folder: str, url: str):
    """To the last bit, over a socket that nobody else can open."""
    with embedders.running(embedders.real(url), folder):
        embedder = SidecarEmbedder(url)
        embedder.load()
        found = embedder.embed(TEXTS)

        assert found == HashEmbedder().embed(TEXTS)
        assert (embedder.embedder_id, embedder.dim) == ("hash-256-v2", 256)
        assert stat.S_IMODE(os.stat(f"{folder}/e.sock").st_mode) == 0o600


def test_many_texts_of_one_caller(folder: str, url: str):
    """More than go into one frame, in their order."""
    texts = [f"text number {number}" for number in range(150)]
    with embedders.running(embedders.real(url), folder):
        embedder = SidecarEmbedder(url)
        embedder.load()

        assert embedder.embed(texts) == HashEmbedder().embed(texts)


def test_texts_of_a_backfill_go_in_smaller_batches(folder: str, url: str):
    """As many at a time as `worker.batch` says."""
    settings(folder, "worker.batch = 2\n")
    with embedders.running(embedders.real(url), folder):
        embedder = SidecarEmbedder(url)
        embedder.load()
        embedder.embed(["one", "two", "three", "four", "five", "six"])

        assert embedder.ping()["batches"] == 3


@pytest.mark.parametrize(
    ("level", "options", "lines"),
    [
        ("info", (), 3),
        ("warning", (), 0),
        ("warning", ("--log-level", "debug"), 3),
        ("info", ("--log-level=error",), 0),
    ],
)
def test_how_much_is_said_is_a_setting(folder: str, url: str, level: str, options: tuple[str, ...], lines: int):
    """`log.level`, unless the command says it: where it answers, what it leaves behind, and what it did."""
    settings(folder, f'log.level = "{level}"\n')
    with embedders.running(embedders.real(url, *options), folder) as process:
        process.terminate()
        _, said = process.communicate(timeout=embedders.GONE_S)

    assert len(said.splitlines()) == lines


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        (Wanted(dimension=768), "has vectors of 256 floats, not 768"),
        (Wanted(model="minilm-384"), "has the model hash-256-v2, not minilm-384"),
        (Wanted(revision="9"), "has revision"),
    ],
)
def test_another_model_is_refused_by_name(folder: str, url: str, wanted: Wanted, reason: str):
    with embedders.running(embedders.real(url), folder):
        embedder = SidecarEmbedder(url, wanted)
        embedder.load()

    assert embedder.status == "error"
    assert reason in str(embedder.reason)


@pytest.mark.parametrize("dimension", ["768", 768.5, [768], True])
def test_a_dimension_that_is_no_number_is_refused(folder: str, url: str, dimension: object):
    """And not taken for none: the caller would be given vectors of any length."""
    with embedders.running(embedders.real(url), folder):
        caller = Caller(url, protocol=1, dimension=dimension)
        told = caller.next()
        caller.close()

    assert told == (b"E", {"id": None, "error": "refused", "message": f"{dimension!r} is no dimension"})


def test_a_model_of_another_dimension_does_not_start(folder: str, url: str):
    done = run(folder, *embedders.real(url, "--dimension", "384"), "2")

    assert done.returncode == 2
    assert done.stderr == (
        "python -m cass.embedder: hash-256-v2 makes vectors of 256 floats, not 384 (--dimension)."
        " Leave it out, or name another --model.\n"
    )


@pytest.mark.parametrize("number", ["777", "5000", "-4"])
def test_an_owner_who_cannot_be_watched(folder: str, url: str, number: str):
    done = run(folder, *embedders.real(url, "--owner-fd", number), "2")

    assert done.returncode == 2
    assert done.stderr.startswith(f"python -m cass.embedder: {number} is no descriptor that can be read from")


@pytest.mark.parametrize("number", ["3", "6", "777", "-4"])
def test_a_descriptor_that_nobody_handed_on(folder: str, url: str, number: str):
    """Such a number is soon that of the socket, which would be closed once READY is told."""
    done = run(folder, *embedders.real(url), number)

    assert done.returncode == 2
    assert done.stderr.startswith(f"python -m cass.embedder: {number} is no descriptor that can be written to")


def test_with_its_owner_it_ends(folder: str, url: str):
    """However that one ended, the system has closed its end of the pipe."""
    read, held = os.pipe()
    with embedders.running(embedders.real(url, "--owner-fd", str(read)), folder, read) as process:
        os.close(read)
        os.close(held)

        assert process.wait(embedders.GONE_S) == 0


def test_off_this_machine_only_with_a_token(folder: str):
    done = run(folder, *embedders.real("tcp://0.0.0.0:0"), "2")

    assert done.returncode == 2
    assert "token" in done.stderr


def test_who_does_not_know_the_token_is_refused(folder: str, url: str):
    """Also on this machine, where one is named."""
    token = os.path.join(folder, "token")
    with open(token, "w", encoding="ascii") as file:
        file.write("a word\n")
    with embedders.running(embedders.real(url, "--token-file", token), folder):
        stranger, friend = SidecarEmbedder(url, env={}), SidecarEmbedder(url, env={"CASS_EMBEDDER_TOKEN": "a word"})
        stranger.load()
        friend.load()

    assert (stranger.reason, friend.status) == ("the token is missing or wrong", "ok")


def test_a_second_one_on_the_same_path_says_who_is_there(folder: str, url: str):
    """And takes nothing from the first."""
    with embedders.running(embedders.real(url), folder) as first:
        second = run(folder, *embedders.real(url), "2")
        embedder = SidecarEmbedder(url)
        embedder.load()

        assert second.returncode == 7
        assert f"process {first.pid} listens there already" in second.stderr
        assert embedder.is_loaded


def test_what_a_killed_one_left_is_replaced(folder: str, url: str):
    with embedders.running(embedders.real(url), folder) as first:
        first.kill()
        first.wait()
        with embedders.running(embedders.real(url), folder):
            embedder = SidecarEmbedder(url)
            embedder.load()

            assert embedder.is_loaded


def test_it_leaves_nothing_behind(folder: str, url: str):
    with embedders.running(embedders.real(url), folder) as process:
        process.terminate()

        assert process.wait(embedders.GONE_S) == 0
    assert not os.path.exists(f"{folder}/e.sock")


def test_a_socket_that_became_anothers_is_left_alone(folder: str, url: str):
    """Somebody deleted it, and another program listens at the same path now."""
    path = f"{folder}/e.sock"
    with embedders.running(embedders.real(url), folder) as process:
        os.unlink(path)
        with open(path, "w", encoding="ascii"):
            pass
        process.terminate()
        process.wait(embedders.GONE_S)

    assert os.path.exists(path)


@pytest.mark.parametrize("number", range(len(embedders.garbage())))
def test_garbage_costs_its_sender_the_connection_and_nobody_else_anything(folder: str, url: str, number: int):
    with embedders.running(embedders.real(url), folder):
        friend, stranger = SidecarEmbedder(url), Caller(url)
        friend.load()
        assert stranger.next() is not None
        stranger.send(embedders.garbage()[number])
        stranger.socket.shutdown(1)

        assert stranger.is_hung_up_on()
        assert friend.embed(TEXTS) == HashEmbedder().embed(TEXTS)


def test_who_does_not_say_hello_is_not_heard(folder: str, url: str):
    with embedders.running(embedders.real(url), folder):
        stranger = Caller(url, protocol=9)
        kind, head = stranger.next() or (b"", {})

        assert (kind, head["message"]) == (ERROR, "this is protocol 1, not 9")
        assert stranger.is_hung_up_on()


def test_a_question_that_is_wrong_is_told_so(folder: str, url: str):
    """The next one is answered: a frame that is whole ends no connection."""
    with embedders.running(embedders.real(url), folder):
        caller = Caller(url)
        assert (caller.next() or (b"",))[0] == HELLO
        caller.send(embedders.wire.plain_question(1, "dance"))
        caller.send(embedders.asked(2, "a text"))
        wrong, right = caller.next(), caller.next()

        assert wrong is not None and wrong[1]["message"] == "'dance' cannot be asked for"
        assert right is not None and right[1]["count"] == 1


def test_callers_who_say_nothing_do_not_hold_it_up(folder: str, url: str):
    with embedders.running(embedders.real(url), folder) as process:
        callers = [Caller(url) for _ in range(5)]
        for caller in callers:
            caller.next()
        process.terminate()

        assert process.wait(embedders.GONE_S) == 0
        assert all(caller.is_hung_up_on() for caller in callers)


@pytest.mark.parametrize("again", range(5))
def test_every_question_in_flight_is_answered_or_refused_at_the_end(folder: str, url: str, again: int):
    """Two hundred of them, when the signal comes."""
    with embedders.running(embedders.slow(url, folder, "20"), folder) as process:
        callers = [Caller(url) for _ in range(20)]
        for caller in callers:
            caller.next()
            for number in range(10):
                caller.send(embedders.asked(number, f"text {number} of {id(caller)}"))
        process.send_signal(signal.SIGTERM)
        ends = [end for caller in callers for end in embedders.answers_of(caller, 10)]

        assert process.wait(embedders.GONE_S) == 0
    assert len(ends) == 200
    assert set(ends) <= {"answered", "shutting-down"}


def test_a_model_that_hangs_does_not_hold_the_end_up(folder: str, url: str):
    with embedders.running(embedders.slow(url, folder, "for ever"), folder) as process:
        caller = Caller(url)
        caller.next()
        caller.send(embedders.asked(1, "a text"))
        process.terminate()

        assert embedders.answers_of(caller, 1) == ["shutting-down"]
        assert process.wait(embedders.GONE_S) == 0


def test_a_caller_finds_the_next_one(folder: str, url: str):
    """A connection that was lost is made once more."""
    with embedders.running(embedders.real(url), folder) as process:
        embedder = SidecarEmbedder(url)
        embedder.load()
        process.terminate()
        process.wait()
    with embedders.running(embedders.real(url), folder):
        assert embedder.embed(TEXTS) == HashEmbedder().embed(TEXTS)


def test_a_caller_who_finds_nobody_says_so(folder: str, url: str):
    with embedders.running(embedders.real(url), folder):
        embedder = SidecarEmbedder(url)
        embedder.load()
    with pytest.raises(Exception, match="no embedder answers at unix://"):
        embedder.embed(TEXTS)

    assert embedder.status == "error"


def run(home: str, *command: str) -> subprocess.CompletedProcess[str]:
    env = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(REPO), "HOME": home}
    done = [sys.executable, *command]
    return subprocess.run(done, check=False, env=env, capture_output=True, text=True, timeout=60)
