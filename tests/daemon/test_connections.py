"""Those who call: what one of them does or has no room for costs nobody else anything."""

from __future__ import annotations

import os
import resource
import select
import socket
import sys
import threading
from collections.abc import Iterator

import pytest

from cass.addresses import parse
from cass.daemon import connections
from cass.daemon.connections import Connection, Connections
from cass.daemon.listening import listen_alone
from cass.frames import ASK, HELLO, MOST_HELLO_BYTES, Incoming, packed
from cass.semantic.embedders import wire
from tests.daemon import embedders
from tests.daemon.embedders import GONE_S, Caller

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cass.frames import Frame

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="unix sockets")


@pytest.fixture
def url() -> Iterator[str]:
    with embedders.short_folder() as folder:
        yield f"unix://{folder}/e.sock"


@pytest.fixture
def echo(url: str) -> Iterator[Connections]:
    """Whoever listens here says back what is said."""

    def handle(connection: Connection, frame: Frame) -> None:
        if frame[2] == b"stumble":
            raise ZeroDivisionError("one cannot divide by nothing")
        connection.send(packed(*frame))

    listening = Connections(listen_alone(parse(url)), lambda caller, head: wire.hello(), handle)
    listening.start()
    yield listening
    listening.stop()
    listening.close(GONE_S)


def test_a_hello_without_an_end_ends_the_connection(url: str, echo: Connections, monkeypatch: pytest.MonkeyPatch):
    """Its thread is free for somebody else."""
    monkeypatch.setattr(connections, "HELLO_S", 0.0)
    with socket.socket(socket.AF_UNIX) as caller:
        caller.settimeout(GONE_S)
        caller.connect(parse(url).path)

        assert caller.recv(1) == b""


def test_a_strangers_hello_takes_no_memory(url: str, echo: Connections):
    """It may claim to be as long as a frame; more than a hello is not read."""
    stranger, friend = Caller(url), Caller(url)
    with socket.socket(socket.AF_UNIX) as caller:
        caller.settimeout(GONE_S)
        caller.connect(parse(url).path)
        caller.sendall(packed(HELLO, b"", bytes(MOST_HELLO_BYTES))[:1000])
        _, head, _ = Incoming(caller.recv).next() or (b"", b"", b"")

    assert "are allowed" in str(wire.read_head(head)["message"])
    for each in (stranger, friend):
        assert (each.next() or (b"",))[0] == HELLO
        each.close()


def test_a_frame_in_pieces_is_waited_for(url: str, echo: Connections):
    """Who has said hello may take all the time: it is only its own thread that waits."""
    caller = Caller(url)
    caller.next()
    for byte in packed(ASK, b'{"a": 1}'):
        caller.send(bytes([byte]))

    assert caller.next() == (ASK, {"a": 1})
    caller.close()


def test_who_asks_with_its_hello_is_woken_once(url: str):
    """The greeting comes with the answer: every waking of a process takes a tenth of a millisecond."""
    asking, before = socket.socket(socket.AF_UNIX), []

    def handle(connection: Connection, frame: Frame) -> None:
        before.append(bool(select.select([asking], [], [], 0)[0]))
        connection.send(packed(*frame))

    listening = Connections(listen_alone(parse(url)), lambda caller, head: wire.hello(), handle)
    listening.start()
    asking.connect(parse(url).path)
    asking.sendall(wire.hello() + packed(ASK, tail=b"who"))
    heard = Incoming(asking.recv)
    kinds = [frame[0] for _ in range(2) if (frame := heard.next())]
    asking.close()
    listening.stop()
    listening.close(GONE_S)

    assert (before, kinds) == ([False], [HELLO, ASK])


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_panic_is_one_callers_alone(url: str):
    """It is no Exception, and ends the thread: nobody waits for that one, and the next caller has another."""

    def handle(connection: Connection, frame: Frame) -> None:
        if frame[2] == b"panic":
            raise BaseException("an index out of bounds")
        connection.send(packed(*frame))

    before = set(threading.enumerate())
    listening = Connections(listen_alone(parse(url)), lambda caller, head: wire.hello(), handle)
    listening.start()
    lost, other = Caller(url), Caller(url)
    lost.send(packed(ASK, tail=b"panic"))
    assert lost.is_hung_up_on()
    other.send(packed(ASK, tail=b"still there?"))
    kinds = [frame[0] for _ in range(2) if (frame := other.next())]
    other.close()
    listening.stop()
    listening.close(GONE_S)
    for thread in set(threading.enumerate()) - before:
        thread.join(GONE_S)  # the one that panicked says so, at its end

    assert (kinds, len(listening)) == ([HELLO, ASK], 0)


def test_what_goes_wrong_with_one_caller_is_told_to_that_one(url: str, echo: Connections):
    friend, unlucky = Caller(url), Caller(url)
    friend.next()
    unlucky.next()
    unlucky.send(packed(ASK, tail=b"stumble"))
    _, head = unlucky.next() or (b"", {})
    friend.send(packed(ASK, b'{"a": 1}'))

    assert (head["error"], head["message"]) == ("failed", "one cannot divide by nothing")
    assert unlucky.is_hung_up_on()
    assert friend.next() == (ASK, {"a": 1})
    friend.close()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="prlimit, /proc")
def test_without_descriptors_callers_are_hung_up_on(url: str):
    """They do not wait for what will not come; those who are there are still heard, and later ones again."""
    with embedders.running(embedders.slow(url, "/tmp", "0"), "/tmp") as process:
        friends = [caller(url)]
        used = len(os.listdir(f"/proc/{process.pid}/fd"))
        resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (used + 2, used + 2))
        while is_heard(friends[-1]):
            friends.append(caller(url))
        turned_away = [is_heard(caller(url)) for _ in range(3)]
        friends[0].sendall(embedders.asked(1, "a text"))

        assert turned_away == [False] * 3
        assert friends[0].recv(1)
        for friend in friends:
            friend.close()
        while not is_heard(caller(url)):
            pass


def caller(url: str) -> socket.socket:
    found = socket.socket(socket.AF_UNIX)
    found.settimeout(GONE_S)
    found.connect(parse(url).path)
    return found


def is_heard(caller: socket.socket) -> bool:
    """Is its hello answered?  Else it is hung up on."""
    try:
        caller.sendall(wire.hello())
        return caller.recv(65_536) != b""
    except (BrokenPipeError, ConnectionResetError):
        return False
