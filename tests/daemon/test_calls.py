"""Whoever answers may fail in any way: the caller is told at once, and the next one is answered."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from cass import __version__
from cass.asking import socket_path
from cass.calling import PACKAGE
from cass.daemon.calls import Calls, Command, Printed
from cass.daemon.warm import NotOpen
from cass.frames import COMMAND, DECLINED, EXIT, OPENING, packed
from cass.paths import places
from tests.daemon.embedders import Caller, short_folder

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="unix sockets")


class Panic(BaseException):
    """What an extension raises that had a panic: no Exception."""


class Answers:
    """Fails at the first command, and answers the later ones."""

    def __init__(self, bad: BaseException) -> None:
        self.bad: list[BaseException] = [bad]

    def __call__(self, command: Command) -> Printed | None:
        if self.bad:
            raise self.bad.pop()
        return Printed(0)

    def rest(self) -> None:
        """Nothing is held."""


def asked(path: str) -> bytes:
    """The kind of the last frame of what one caller hears."""
    return last_frame(path)[0]


def last_frame(path: str) -> tuple[bytes, bytes]:
    """Its kind and its tail."""
    caller = Caller(f"unix://{path}", protocol=1)
    caller.next()
    caller.send(packed(COMMAND, tail=f"{__version__}\0{PACKAGE}\0/\0a\0b\0c\0001\0search".encode()))
    last = (b"", b"")
    while last[0] not in (DECLINED, EXIT) and (frame := caller.incoming.next()) is not None:
        last = frame[0], frame[2]
    caller.close()
    return last


def test_a_model_that_is_being_opened_is_named(tmp_path: Path) -> None:
    """Who is declined for it need not come back for a vector."""
    with short_folder() as folder:
        where = places({"HOME": str(tmp_path), "CASS_DATA_DIR": str(tmp_path), "CASS_RUNTIME_DIR": f"{folder}/run"})
        calls = Calls(where, Answers(NotOpen()))
        calls.open()
        last = last_frame(socket_path(where))
        calls.close()

    assert last == (DECLINED, OPENING)


@pytest.mark.parametrize("bad", [ZeroDivisionError(), Panic("an index out of bounds")])
def test_a_command_that_ends_badly(tmp_path: Path, bad: BaseException) -> None:
    """Its caller has to answer itself; nobody after it waits for one who does not come back."""
    with short_folder() as folder:
        where = places({"HOME": str(tmp_path), "CASS_DATA_DIR": str(tmp_path), "CASS_RUNTIME_DIR": f"{folder}/run"})
        calls = Calls(where, Answers(bad))
        calls.open()
        heard = [asked(socket_path(where)) for _ in range(2)]
        calls.close()

        assert heard == [DECLINED, EXIT]
        assert os.listdir(f"{folder}/run") == []


def test_a_socket_that_was_taken_away(tmp_path: Path) -> None:
    """With its folder, as when the user leaves and comes back: it is made again, and whoever asks is answered."""
    with short_folder() as folder:
        where = places({"HOME": str(tmp_path), "CASS_DATA_DIR": str(tmp_path), "CASS_RUNTIME_DIR": f"{folder}/run"})
        calls = Calls(where, Answers(ZeroDivisionError()))
        calls.open()
        shutil.rmtree(f"{folder}/run")
        calls.look()
        heard = [asked(socket_path(where)) for _ in range(2)]
        calls.look()
        calls.close()

        assert heard == [DECLINED, EXIT]
        assert os.listdir(f"{folder}/run") == []
