"""What the worker says at its socket about itself, asked as others ask it: so it is also seen whether it answers."""

from __future__ import annotations

from cass import clock
from cass.addresses import connect, parse
from cass.asking import socket_path
from cass.frames import PROTOCOL, BadFrame, Incoming, receiver
from cass.records import record
from cass.semantic.embedders import wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from cass.paths import Places

# A worker that is there and at work answers within a few milliseconds.
REPORT_S = 0.2


@record
class Heard:
    """Where it listens, and what it has done there for others; `why_not`: nobody can ask it, and why."""

    url: str
    commands: int = 0
    texts: int = 0
    since_ms: int | None = None
    why_not: str | None = None


def heard(where: Places, most_s: float = REPORT_S) -> Heard:
    """What the worker of this data folder says now."""
    url = f"unix://{socket_path(where)}"
    try:
        said = _report(url, most_s)
        return Heard(url, int(said["answered"]), int(said["embedded"]), int(said["since_ms"]))
    except TimeoutError:
        why_not = f"it did not answer within {1000 * most_s:.0f} ms"
    except FileNotFoundError:
        why_not = "it does not listen; cass worker log says why"
    except (OSError, ValueError) as bad:
        why_not = getattr(bad, "strerror", None) or str(bad)
    except (BadFrame, KeyError, TypeError):
        why_not = "what answers there is not this version's worker"
    return Heard(url, why_not=why_not)


def _report(url: str, most_s: float) -> Mapping[str, Any]:
    """Raises OSError, ValueError for a path that is none for a socket, and BadFrame."""
    end_s = clock.monotonic_s() + most_s
    asked = connect(parse(url), most_s)
    try:
        asked.sendall(wire.hello(protocol=PROTOCOL) + wire.plain_question(1, wire.STATS))
        incoming = Incoming(receiver(asked, lambda: end_s - clock.monotonic_s()))
        incoming.next()
        frame = incoming.next()
    finally:
        asked.close()
    if frame is None:
        raise BadFrame("it hung up")
    return wire.read_head(frame[1])
