"""Who may ask: looked at before anything is done for a request.

A page in a browser may send requests to this machine.  One that came from another site is refused by its Origin, one
that reached us under a name that leads to this machine only now (DNS rebinding) by its Host: we answer to addresses and
to this machine's own names.
"""

from __future__ import annotations

import hmac
from collections import OrderedDict
from threading import Lock

from cass.addresses import Address
from cass.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from typing import Any

# Of callers from elsewhere: so many requests at once, then so many a second.  Those of this machine have it anyway.
BURST, RATE_PER_S = 100.0, 20.0
MOST_CALLERS = 1024
# Browsers say whether a page of another site asks.
OWN_SITES = ("none", "same-origin")
LOCAL_NAMES = ("localhost",)


@record
class Refusal:
    """Why not: the status, a stable word, and what to do; `headers` go with it."""

    status: int
    kind: str
    what: str
    todo: str
    headers: tuple[tuple[str, str], ...] = ()


class Guard:
    """token: what callers have to know, "" for nothing · names: hosts that we answer to, beside addresses."""

    def __init__(self, monotonic_s: Callable[[], float], token: str = "", names: Collection[str] = ()) -> None:
        self._token = token.encode("utf-8", "replace")
        self._names = frozenset([*LOCAL_NAMES, *[name.lower() for name in names if name]])
        self._buckets = Buckets(monotonic_s)

    @property
    def knows_callers(self) -> bool:
        """Does everybody have to show a token?"""
        return bool(self._token)

    def refusal(self, environ: Mapping[str, Any]) -> Refusal | None:
        """Why this request is not answered; None where it may be."""
        wait_s = self._buckets.take(str(environ.get("REMOTE_ADDR", "")))
        if wait_s > 0:
            after = ("Retry-After", str(int(wait_s) + 1))
            return Refusal(429, "rate-limited", "too many requests", "ask again in a moment", (after,))
        host = str(environ.get("HTTP_HOST", ""))
        if not self._is_ours(host):
            return Refusal(403, "forbidden", f"nobody here is called {host[:80]!r}", "ask 127.0.0.1 or localhost")
        if not _is_own_page(environ, host):
            return Refusal(403, "forbidden", "a page of another site asks", "ask without a browser")
        if self._token and not self._knows(environ):
            asked = ("WWW-Authenticate", 'Bearer realm="cass"')
            return Refusal(401, "unauthorized", "the token is missing or wrong", "send Authorization: Bearer", (asked,))
        return None

    def _is_ours(self, host: str) -> bool:
        name = _name_of(host)
        return bool(name) and (name in self._names or name.endswith(".localhost") or _is_address(name))

    def _knows(self, environ: Mapping[str, Any]) -> bool:
        scheme, _, given = str(environ.get("HTTP_AUTHORIZATION", "")).partition(" ")
        if scheme.lower() != "bearer":
            given = str(environ.get("HTTP_X_API_KEY", ""))
        return hmac.compare_digest(given.strip().encode("latin-1", "replace"), self._token)


def _name_of(host: str) -> str:
    """The host of `host:port`, in lower case, an IPv6 address without its brackets; "" for what is none."""
    if host.startswith("["):
        inner, closed, port = host[1:].partition("]")
        return inner.lower() if closed and (not port or _is_port(port[1:])) else ""
    name, colon, port = host.partition(":")
    return name.lower().rstrip(".") if not colon or _is_port(port) else ""


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _is_address(name: str) -> bool:
    """An address is nobody's name: it cannot lead to another machine later."""
    from ipaddress import ip_address

    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _is_own_page(environ: Mapping[str, Any], host: str) -> bool:
    origin = environ.get("HTTP_ORIGIN")
    site = str(environ.get("HTTP_SEC_FETCH_SITE", "none")).lower()
    return site in OWN_SITES and (origin is None or str(origin).lower() == f"http://{host}".lower())


class Buckets:
    """A token bucket for each caller from elsewhere; the callers that asked longest ago are forgotten."""

    def __init__(self, monotonic_s: Callable[[], float]) -> None:
        self._monotonic_s = monotonic_s
        self._lock = Lock()
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, caller: str) -> float:
        """Seconds to wait; 0 where the request may go on."""
        if caller in ("", "localhost") or Address(host=caller).is_private:
            return 0.0
        now_s = self._monotonic_s()
        with self._lock:
            left, at_s = self._left.pop(caller, (BURST, now_s))
            left = min(BURST, left + (now_s - at_s) * RATE_PER_S)
            wait_s = 0.0 if left >= 1 else (1 - left) / RATE_PER_S
            self._left[caller] = (left - 1 if left >= 1 else left, now_s)
            if len(self._left) > MOST_CALLERS:
                self._left.popitem(last=False)
        return wait_s
