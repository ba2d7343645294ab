"""Frames on a socket: whole ones come out as they went in, anything else is refused."""

from __future__ import annotations

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as some

from cass.addresses import Address, parse
from cass.frames import ASK, HELLO, KINDS, MOST_BYTES, MOST_HELLO_BYTES, BadFrame, Incoming, packed, receiver


def incoming(data: bytes, at_a_time: int = 7) -> Incoming:
    """What arrives in small pieces."""
    pieces = [data[start : start + at_a_time] for start in range(0, len(data), at_a_time)]
    return Incoming(lambda most: pieces.pop(0) if pieces else b"")


@given(some.lists(some.tuples(some.sampled_from(sorted(KINDS)), some.binary(max_size=40), some.binary(max_size=40))))
def test_frames_arrive_as_they_were_sent(frames: list[tuple[bytes, bytes, bytes]]):
    """Whatever they hold, and however the network cuts them."""
    read = incoming(b"".join(packed(*frame) for frame in frames))

    assert [read.next() for _ in frames] == frames
    assert read.next() is None


@given(some.integers(min_value=1, max_value=20))
def test_half_a_frame_is_refused(cut: int):
    whole = packed(ASK, b"{}", b"0123456789")

    with pytest.raises(BadFrame, match="ended within"):
        incoming(whole[:-cut]).next()


@pytest.mark.parametrize("length", [0, 4, MOST_BYTES + 1, 2**32 - 1])
def test_a_length_that_no_frame_has_is_refused(length: int):
    """Before anything of it is read: nobody makes this process take four gigabytes."""
    with pytest.raises(BadFrame, match=str(length)):
        incoming(length.to_bytes(4, "little") + b"x" * 20).next()


def test_a_strangers_first_frame_is_a_short_one():
    with pytest.raises(BadFrame, match="65537 bytes"):
        incoming(packed(HELLO, tail=bytes(MOST_HELLO_BYTES - 4)), 4096).next(MOST_HELLO_BYTES)


def test_who_sends_byte_after_byte_wins_no_time():
    """All of it counts, and not only how long there was silence."""
    ours, theirs = socket.socketpair()
    left_s = iter([30.0, 20.0, 10.0, 0.0])
    with ours, theirs:
        theirs.sendall(packed(ASK, b"{}"))
        slow = receiver(ours, lambda: next(left_s))

        with pytest.raises(TimeoutError):
            Incoming(lambda most: slow(1)).next()


@given(some.binary(min_size=1, max_size=200))
def test_garbage_is_refused_or_no_frame(data: bytes):
    """It never raises anything else."""
    try:
        incoming(data).next()
    except BadFrame:
        pass


def test_what_is_too_long_is_not_sent():
    with pytest.raises(ValueError, match="too many"):
        packed(ASK, tail=bytes(MOST_BYTES))


@pytest.mark.parametrize(
    ("url", "address", "is_private"),
    [
        ("unix:///run/e.sock", Address("/run/e.sock"), True),
        ("tcp://127.0.0.1:8000", Address(host="127.0.0.1", port=8000), True),
        ("tcp://[::1]:0", Address(host="::1"), True),
        ("tcp://0.0.0.0:80", Address(host="0.0.0.0", port=80), False),
        ("tcp://127.0.0.1.example:80", Address(host="127.0.0.1.example", port=80), False),
    ],
)
def test_addresses(url: str, address: Address, is_private: bool):
    """A name is private only if no other machine can have it."""
    assert parse(url) == address
    assert str(address) == url
    assert address.is_private == is_private


@pytest.mark.parametrize(
    "url",
    [
        "",
        "unix://x",
        "unix:///" + "x" * 200,
        "http://a:1",
        "tcp://a",
        "tcp://a:b",
        "tcp://:1",
        "tcp://u:p@a:1",
        "tcp://a b:1",
    ],
)
def test_what_is_no_address(url: str):
    with pytest.raises(ValueError, match=r"."):
        parse(url)
