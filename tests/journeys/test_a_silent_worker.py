"""A worker that is slow, stopped, killed or somebody else: a search is answered all the same, once, and whole."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cass import asking
from cass.asking import socket_path
from cass.calling import slow_stamp
from cass.frames import ANSWER, DECLINED, EXIT, OUT, SAID, WORKING, packed
from cass.paths import places
from cass.semantic.embedders import wire
from tests.archive import Home, make_home
from tests.daemon import embedders
from tests.journeys.test_asking_the_worker import TOOK, patient, worker

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="unix sockets")
ASKED = ("search", "--json", "walrus", "--refresh", "off")


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    home = make_home(tmp_path)
    home.claude("old", "walrus tusks are long", "the walrus eats clams")
    with embedders.short_folder() as folder:
        home.env["CASS_RUNTIME_DIR"] = f"{folder}/run"
        home.index()
        yield home


def said(done: subprocess.CompletedProcess[str]) -> tuple[str, str, int]:
    return TOOK.sub("took", done.stdout), done.stderr, done.returncode


def stamp(home: Home) -> str:
    return slow_stamp(socket_path(places(home.env)))


@contextmanager
def instead(home: Home, says: bytes, hangs_up: bool = False, most: int = 1) -> Iterator[list[socket.socket]]:
    """Somebody at the worker's place who says this to each of `most` callers, and then nothing; the calls that came."""
    path = socket_path(places(home.env))
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    calls: list[socket.socket] = []
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path)
        listening.listen()

        def answer() -> None:
            for _ in range(most):
                calls.append(listening.accept()[0])
                calls[-1].sendall(says)
                if hangs_up:
                    calls[-1].recv(1 << 20)  # what is not read would make it a connection that was reset
                    calls[-1].close()

        threading.Thread(target=answer, daemon=True).start()
        yield calls
    for call in calls:
        call.close()


HI = wire.hello()
HALF = [
    b"",
    HI[:5],
    HI,
    HI + packed(WORKING),
    HI + packed(OUT, tail=b"half an answer\n"),
    HI + packed(OUT, tail=b"all of an answer, without its end\n") + packed(SAID, tail=b"and a notice\n"),
    HI + packed(OUT, tail=b"half a frame of it")[:-5],
    HI + packed(EXIT, tail=b"\0")[:-1],
]


@pytest.mark.parametrize("says", HALF)
def test_one_that_falls_silent_is_given_up_and_left_alone(home: Home, says: bytes):
    """Wherever that happens; nothing of a half answer is seen, and nothing twice."""
    alone = said(home.cass(*ASKED))
    with instead(home, says) as calls:
        first = said(home.cass(*ASKED))
        second = said(home.cass(*ASKED))

    assert first == second == alone
    assert len(calls) == 1
    assert os.path.exists(stamp(home))


@pytest.mark.parametrize("says", HALF)
def test_one_that_dies_in_the_middle_is_not_waited_for(home: Home, says: bytes):
    """Its successor is asked at once: nobody is left alone."""
    alone = said(home.cass(*ASKED))
    with instead(home, says, hangs_up=True):
        asked = said(patient(home, *ASKED))

    assert asked == alone
    assert not os.path.exists(stamp(home))


@pytest.mark.parametrize(
    "says",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"\xff\xff\xff\xff" + b"x" * 100,
        HI + packed(ANSWER, b"{}"),
        HI + packed(EXIT),
        HI + packed(DECLINED),
        wire.error(None, wire.REFUSED, "this is protocol 9, not 1"),
    ],
)
def test_one_that_says_something_else_changes_nothing(home: Home, says: bytes):
    """A worker of another version, or no worker at all."""
    alone = said(home.cass(*ASKED))
    with instead(home, says):
        assert said(home.cass(*ASKED)) == alone


IMPATIENT = "import cass.calling as calling, cass; calling.ANSWER_S, calling.WORK_S = 60.0, 0.2; cass.main()"


def test_one_that_is_at_work_for_ever_is_not_waited_for(home: Home):
    """However often it says so."""
    alone = said(home.cass(*ASKED))
    env = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(embedders.REPO), "TZ": "UTC", **home.env}
    command = [sys.executable, "-c", IMPATIENT, *ASKED]
    with instead(home, HI + packed(WORKING) * 3):
        done = subprocess.run(command, check=False, env=env, cwd=home.home, capture_output=True, text=True)

    assert said(done) == alone
    assert os.path.exists(stamp(home))


def test_a_worker_that_is_stopped_is_left_alone_until_it_is_back(home: Home):
    """By SIGSTOP, say: the kernel takes calls for it, and nobody answers."""
    alone = said(home.cass(*ASKED))
    with worker(home) as process:
        process.send_signal(signal.SIGSTOP)
        stopped = [said(home.cass(*ASKED)) for _ in range(2)]
        was_left_alone = os.path.exists(stamp(home))
        process.send_signal(signal.SIGCONT)

    assert stopped == [alone, alone]
    assert was_left_alone


def test_what_belongs_to_somebody_else_is_not_asked(home: Home, monkeypatch: pytest.MonkeyPatch):
    """The environment goes there, and whatever secrets are in it."""
    with instead(home, b"", most=0):
        path = socket_path(places(home.env))
        ours = asking.is_ours(path)
        uid = os.getuid()
        monkeypatch.setattr(os, "getuid", lambda: uid + 1)

        assert (ours, asking.is_ours(path)) == (True, False)


@pytest.mark.parametrize("how", ["too long", "a file", "no socket"])
def test_where_nothing_can_listen_nobody_misses_it(home: Home, tmp_path: Path, how: str):
    """The worker works, says why nobody can ask it, and a search is answered."""
    alone = said(home.cass(*ASKED))
    runtime = Path(home.env["CASS_RUNTIME_DIR"])
    if how == "too long":
        home.env["CASS_RUNTIME_DIR"] = str(tmp_path / ("x" * 100))
    elif how == "a file":
        runtime.write_text("not a folder")
    else:
        Path(socket_path(places(home.env))).parent.mkdir(parents=True)
        Path(socket_path(places(home.env))).write_text("not a socket")
    home.cass("worker", "start")
    asked = said(home.cass(*ASKED))
    told = json.loads(home.cass("worker", "--json").stdout)["socket"]
    shown = home.cass("worker").stdout
    home.cass("worker", "stop")

    assert asked == alone
    assert told["answers"] is False and told["why_not"]
    assert "answers" in shown and "nobody" in shown
