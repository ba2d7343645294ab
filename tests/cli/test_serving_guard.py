"""Who may ask `cass serve`."""

from __future__ import annotations

import pytest

from cass.cli.serving.guard import BURST, MOST_CALLERS, RATE_PER_S, Buckets, Guard

TOKEN = "a-token-of-some-length"


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def status(guard: Guard, **headers: str) -> int:
    """200 where nothing is refused."""
    environ = {"REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "127.0.0.1:8765", **headers}
    refusal = guard.refusal(environ)
    return 200 if refusal is None else refusal.status


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8765", "localhost:8765", "LOCALHOST", "[::1]:8765", "192.168.1.7", "app.localhost", "desk:80"]
)
def test_addresses_and_own_names_are_answered_to(host: str) -> None:
    assert status(Guard(Clock(), names=("Desk",)), HTTP_HOST=host) == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8765", "127.0.0.1.evil.example", "localhost.evil.example", "", "[::1", "a:b"]
)
def test_a_name_that_leads_here_by_now_is_not(host: str) -> None:
    """A page that let its own name lead to this machine would be of the same origin."""
    assert status(Guard(Clock()), HTTP_HOST=host) == 403


@pytest.mark.parametrize(
    "header",
    [
        {"HTTP_ORIGIN": "https://evil.example"},
        {"HTTP_ORIGIN": "http://localhost:3000"},
        {"HTTP_ORIGIN": "null"},
        {"HTTP_SEC_FETCH_SITE": "cross-site"},
        {"HTTP_SEC_FETCH_SITE": "same-site"},
    ],
)
def test_pages_of_other_sites_are_refused(header: dict[str, str]) -> None:
    """Whether or not their browser asked before."""
    assert status(Guard(Clock()), **header) == 403


def test_its_own_pages_would_not_be() -> None:
    own = {"HTTP_ORIGIN": "http://127.0.0.1:8765", "HTTP_SEC_FETCH_SITE": "same-origin"}

    assert status(Guard(Clock()), **own) == 200


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ({}, 401),
        ({"HTTP_AUTHORIZATION": "Bearer wrong"}, 401),
        ({"HTTP_AUTHORIZATION": f"Basic {TOKEN}"}, 401),
        ({"HTTP_AUTHORIZATION": "Bearer t\xf6ken"}, 401),
        ({"HTTP_AUTHORIZATION": f"Bearer {TOKEN}"}, 200),
        ({"HTTP_AUTHORIZATION": f"bearer {TOKEN}"}, 200),
        ({"HTTP_X_API_KEY": TOKEN}, 200),
    ],
)
def test_a_token_is_asked_for(header: dict[str, str], expected: int) -> None:
    assert status(Guard(Clock(), TOKEN), **header) == expected


def test_callers_from_elsewhere_are_slowed_down_before_anything_is_done() -> None:
    """Also those without a token; those of this machine are not."""
    guard = Guard(Clock(), TOKEN)
    found = [status(guard, REMOTE_ADDR="192.168.1.9") for _ in range(int(BURST) + 1)]

    assert (found[:-1], found[-1]) == ([401] * int(BURST), 429)
    assert [status(guard) for _ in range(int(BURST) + 1)][-1] == 401


def test_the_bucket_fills_again() -> None:
    clock = Clock()
    buckets = Buckets(clock)
    for _ in range(int(BURST)):
        assert buckets.take("192.168.1.9") == 0
    assert buckets.take("192.168.1.9") == 1 / RATE_PER_S
    clock.now_s += 1 / RATE_PER_S

    assert buckets.take("192.168.1.9") == 0


def test_callers_are_not_remembered_without_end() -> None:
    buckets = Buckets(Clock())
    for number in range(2 * MOST_CALLERS):
        buckets.take(f"10.0.{number // 256}.{number % 256}")

    assert len(buckets._left) == MOST_CALLERS
