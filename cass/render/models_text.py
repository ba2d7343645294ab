"""Models for people."""

from __future__ import annotations

from cass.render.layout import date, duration, size
from cass.render.narrow import table
from cass.render.terminal import visible
from cass.semantic.known_models import RERANKER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from cass.render.terminal import Style
    from cass.semantic.known_models import KnownModel
    from cass.semantic.models import Model


def listing(models: Sequence[Model], missing: Sequence[KnownModel], look: Style) -> str:
    """One a line; then the command that installs what is not there."""
    rows = [(model.name, *_facts(model)) for model in models]
    rows += [(known.name, "not installed", "", "", "") for known in missing]
    if look.plain:
        lines = [f"{name}: {', '.join(filter(None, facts))}" for name, *facts in rows]
    else:
        lines = table((), rows, look)
    hints = [f"Install it: cass models install {known.name}" for known in missing[:1]]
    return "".join(f"{line}\n" for line in (*lines, *hints))


def _facts(model: Model) -> tuple[str, str, str, str]:
    if not model.is_known:
        return "", size(model.bytes), "", f"{model.damage()}; install it again, or: cass models remove {model.name}"
    state = "verified" if model.looks_whole else "changed since it was installed: cass models verify"
    what = f"{model.kind} {model.variant}" if model.kind == RERANKER else model.variant
    return f"{what} {model.revision}", size(model.bytes), f"installed {date(model.installed_ms)}", state


def installed(model: Model, was_there: bool, took_s: float) -> str:
    """What stands now, and where it came from."""
    if was_there:
        return f"{model.name} is already installed and whole: {model.variant} {model.revision}, {size(model.bytes)}\n"
    agrees = f", agrees with the original to {model.agreement:.4f}" if model.agreement is not None else ""
    what = f"installed {model.name}: {model.variant} {model.revision}, {size(model.bytes)}{agrees}"
    return f"{what} ({duration(took_s)}, from {visible(model.source)})\nNext: {_next(model)}\n"


def _next(model: Model) -> str:
    return "cass config set search.rerank true" if model.kind == RERANKER else "cass backfill"


def verified(found: Sequence[tuple[Model, str | None]]) -> str:
    """A line a model, and what mends it."""
    return "".join(_verdict(model, fault) for model, fault in found)


def _verdict(model: Model, fault: str | None) -> str:
    if fault is None:
        return f"{model.name}: every byte and every vector as it should be\n"
    if not model.is_known:
        return f"{model.name}: {visible(fault)}. Install it again, or: cass models remove {model.name}\n"
    return f"{model.name}: {visible(fault)}. Install it again: cass models install {model.name}\n"


def removed(name: str, freed_bytes: int) -> str:
    return f"removed {name}: {size(freed_bytes)} are free again\n"
