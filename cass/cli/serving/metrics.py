"""Counts and times in the text form of Prometheus.  Labels are routes and statuses: there is a bounded set of them."""

from __future__ import annotations

from threading import Lock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    Sample = tuple[str, str, str, float]  # name, kind, what it is, value

KIND = "text/plain; version=0.0.4; charset=utf-8"
# Seconds: from an answer out of memory to one that waits for a model.
BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
OTHER = "other"


class Metrics:
    """What was asked of each route, how it ended, and how long that took."""

    def __init__(self, routes: Iterable[str]) -> None:
        self._lock = Lock()
        self._routes = frozenset(routes)
        self._ended: dict[tuple[str, int], int] = {}
        self._took: dict[str, list[int]] = {}
        self._sum_s: dict[str, float] = {}
        self.in_flight = 0

    def begin(self) -> None:
        with self._lock:
            self.in_flight += 1

    def end(self, route: str, status: int, took_s: float) -> None:
        """`route`: its path as in the table; what is none is counted as other."""
        route = route if route in self._routes else OTHER
        at = next((at for at, bound in enumerate(BOUNDS) if took_s <= bound), len(BOUNDS))
        with self._lock:
            self.in_flight -= 1
            self._ended[route, status] = self._ended.get((route, status), 0) + 1
            self._took.setdefault(route, [0] * (len(BOUNDS) + 1))[at] += 1
            self._sum_s[route] = self._sum_s.get(route, 0.0) + took_s

    def text(self, more: Iterable[Sample] = ()) -> str:
        """All of them; `more` are those that others know."""
        with self._lock:
            lines = [*self._requests(), *self._times()]
            more = [("cass_http_in_flight", "gauge", "Requests that are being answered.", self.in_flight), *more]
        for name, kind, what, value in more:
            lines += [*_head(name, kind, what), f"{name} {value:g}"]
        return "".join([line + "\n" for line in lines])

    def _requests(self) -> list[str]:
        name = "cass_http_requests_total"
        ended = sorted(self._ended.items())
        return [
            *_head(name, "counter", "Requests, by route and status."),
            *[f'{name}{{route="{route}",status="{status}"}} {count}' for (route, status), count in ended],
        ]

    def _times(self) -> list[str]:
        name = "cass_http_request_seconds"
        lines = _head(name, "histogram", "How long a request took.")
        for route, counts in sorted(self._took.items()):
            below = 0
            for bound, count in zip((*map(str, BOUNDS), "+Inf"), counts, strict=True):
                below += count
                lines.append(f'{name}_bucket{{route="{route}",le="{bound}"}} {below}')
            lines.append(f'{name}_sum{{route="{route}"}} {self._sum_s[route]:.6f}')
            lines.append(f'{name}_count{{route="{route}"}} {below}')
        return lines


def _head(name: str, kind: str, what: str) -> list[str]:
    return [f"# HELP {name} {what}", f"# TYPE {name} {kind}"]
