"""How long searches took beside a busy worker and without one, side by side."""

from __future__ import annotations

from cass.records import record
from cass.render.json_text import dumps
from cass.render.layout import aligned, counted, wrap
from cass.render.terminal import BOLD, DIM, visible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from cass.render.terminal import Style

SCHEMA_VERSION = 1
HEADS = ("a search took", "without", "beside a busy worker", "ratio")


@record
class Latency:
    """Milliseconds over `count` searches."""

    median_ms: float
    p95_ms: float
    count: int

    @classmethod
    def of(cls, took_ms: Sequence[float]) -> Latency:
        """Of at least one."""
        ordered = sorted(took_ms)
        count = len(ordered)
        middle = (ordered[(count - 1) // 2] + ordered[count // 2]) / 2
        return cls(middle, ordered[max(0, -(-95 * count // 100) - 1)], count)


@record
class Load:
    """What the worker did meanwhile: texts that were owed, pieces of texts that it embedded again for nothing.

    held: who makes what is owed, "" for nobody.
    """

    owed: int
    again: int
    embedder_id: str
    held: str = ""


@record
class Interference:
    without: Latency
    beside: Latency
    load: Load


def as_json(found: Interference) -> str:
    """All of it as one object."""
    said = {
        "schema_version": SCHEMA_VERSION,
        "without": _latency(found.without),
        "beside": _latency(found.beside),
        "ratio": {
            "median": _ratio(found.without.median_ms, found.beside.median_ms),
            "p95": _ratio(found.without.p95_ms, found.beside.p95_ms),
        },
        "load": {
            "owed_texts": found.load.owed,
            "embedded_again": found.load.again,
            "embedder_id": found.load.embedder_id or None,
        },
    }
    return dumps(said) + "\n"


def _latency(one: Latency) -> dict[str, object]:
    return {"searches": one.count, "median_ms": round(one.median_ms, 1), "p95_ms": round(one.p95_ms, 1)}


def _ratio(without_ms: float, beside_ms: float) -> float:
    return round(beside_ms / without_ms, 2)


def page(found: Interference, look: Style) -> str:
    """Two lines of numbers, and what they are worth."""
    pairs = [
        ("median", found.without.median_ms, found.beside.median_ms),
        ("p95", found.without.p95_ms, found.beside.p95_ms),
    ]
    rows = [(name, f"{free:.1f} ms", f"{busy:.1f} ms", f"{_ratio(free, busy):.2f}") for name, free, busy in pairs]
    if look.plain:
        lines = [
            f"{name}: {free} without, {busy} beside a busy worker, {ratio} times" for name, free, busy, ratio in rows
        ]
    else:
        head, *numbers = aligned([HEADS, *rows], right=range(1, len(HEADS)))
        lines = [look.paint(head, DIM), *[look.paint(line, BOLD) for line in numbers]]
    said = visible(_said(found))
    return "".join([line + "\n" for line in [*lines, "", *[said[start:end] for start, end in wrap(said, look.width)]]])


def _said(found: Interference) -> str:
    load = found.load
    each = f"{counted(found.without.count, 'search', 'searches')} each, in turns, every one a process of its own."
    owed = f" The worker made vectors of {counted(load.owed, 'text')} that {'was' if load.owed == 1 else 'were'} owed."
    again = f" {'Then nothing' if load.owed else 'Nothing'} was owed that it could make: it embedded"
    if load.held:
        again = f" What is owed is made by {load.held}: it embedded"
    again += f" {counted(load.again, 'piece')} of the newest texts once more ({load.embedder_id}) and threw that away."
    return each + (owed if load.owed else "") + (again if load.again else "")
