"""Settings for people: a list of values and their layers, and what is wrong with them."""

from __future__ import annotations

from cass.render.layout import aligned, columns
from cass.render.narrow import fold
from cass.render.terminal import DIM, Style, visible
from cass.settings.kinds import unit_behind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from cass.policy import EffectiveSetting
    from cass.settings.problems import SettingProblem

LAYERS = {"compiled_default": "default", "config": "file", "environment": "environment", "cli": "option"}


def value(found: object) -> str:
    """As it can be typed again: true, 0.7, aider,codex."""
    if isinstance(found, bool):
        return "true" if found else "false"
    if isinstance(found, (tuple, list)):
        return visible(",".join(map(str, found)))
    return visible(str(found))


def listing(settings: Sequence[EffectiveSetting], look: Style, origin: bool) -> str:
    """All settings, one a line; with `origin` also where each stands and what it hides."""
    if look.plain:
        return "".join(_fact(one, origin) for one in settings)
    rows = [_row(one, origin) for one in settings]
    lines = aligned(rows)
    if max(map(columns, lines), default=0) > look.width:
        lines = ["\n".join(_paragraph(row, look)) for row in rows]
    return "".join(_painted(one, line, look, origin) for one, line in zip(settings, lines, strict=True))


def _row(one: EffectiveSetting, origin: bool) -> tuple[str, ...]:
    row = (one.name, value(one.value) + unit_behind(one.unit, one.value), LAYERS[one.source.value])
    return (*row, visible(one.origin or "")) if origin else row


def _paragraph(row: tuple[str, ...], look: Style) -> list[str]:
    """On a narrow screen the key stands alone, and below it its value and where that comes from."""
    name, shown, *where = row
    return [name, *fold(f"  {shown} ({', '.join(filter(None, where))})", look.width, "  ")]


def _painted(one: EffectiveSetting, line: str, look: Style, origin: bool) -> str:
    """What a layer says is plain, a default is dim."""
    text = look.paint(line, DIM) if one.source == "compiled_default" else line
    hidden = [f"    hides {_layer(each)}" for each in one.hides] if origin else []
    return "".join(f"{part}\n" for part in (text, *(look.paint(each, DIM) for each in hidden)))


def _layer(hidden: EffectiveSetting.Hidden) -> str:
    where = f", {visible(hidden.origin)}" if hidden.origin else ""
    return f"{value(hidden.value)} ({LAYERS[hidden.source.value]}{where})"


def _fact(one: EffectiveSetting, origin: bool) -> str:
    _, shown, layer, *where = _row(one, origin)
    line = f"{one.name}: {shown} ({', '.join(filter(None, (layer, *where)))})\n"
    return line + "".join(f"{one.name} hides: {_layer(each)}\n" for each in (one.hides if origin else ()))


def problems(found: Sequence[SettingProblem]) -> str:
    """A line each, for stderr."""
    return "".join(f"cass: {visible(str(one))}\n" for one in found)
