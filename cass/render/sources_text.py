"""Where sessions come from, for people."""

from __future__ import annotations

from cass.render.layout import counted, number
from cass.render.narrow import fold
from cass.render.terminal import BOLD, DIM, visible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cass.indexing.rules import Rules
    from cass.indexing.sources import AgentSources, Place, Sources, StoredBefore
    from cass.render.terminal import Style

SHOWN, SHOWN_VERBOSE = 3, 20
# VS Code and its kin alone have dozens.
PLACES_SHOWN = 8
# Where the screen is narrower, labels have no column of their own.
NARROW = 64
DID = {"exclude": "left out from now on", "include": "no longer left out"}


def listing(found: Sources, home: str, look: Style, verbose: int, can_forget: bool) -> str:
    """An agent a paragraph; those that have nothing here in one line, unless more is asked for."""
    shown = [one for one in found.agents if verbose or _has_anything(one)]
    blocks = [_plain(one, home, verbose) if look.plain else _block(one, home, look, verbose) for one in shown]
    rest = [one.title for one in found.agents if one not in shown]
    if rest:
        text = f"Nothing found of {', '.join(rest)} (-v says where that was looked for)."
        blocks.append("\n".join([text] if look.plain else fold(text, look.width)) + "\n")
    blocks += filter(None, (_rules(found.rules), stored(found.before, can_forget)))
    return ("" if look.plain else "\n").join(blocks)


def _has_anything(one: AgentSources) -> bool:
    return bool(one.found or one.sessions or one.problem_count or not one.enabled)


def _facts(one: AgentSources, home: str, verbose: int) -> Iterator[tuple[str, str]]:
    if not one.enabled:
        yield "disabled", "by sources.disabled: its files are not read"
    shown = _shown_places(one, verbose)
    for place in shown:
        yield "looked in", _place(place, home)
    if verbose and len(shown) < len(one.places):
        yield "looked in", f"and {counted(len(one.places) - len(shown), 'more place')}: -vv lists them all"
    if verbose and one.variables:
        yield "elsewhere by", ", ".join(one.variables)
    yield (
        "files",
        (
            f"{number(one.found)} found, {number(one.read)} read, {number(one.unchanged)} unchanged,"
            f" {number(one.failed)} failed"
        ),
    )
    left = f"; {counted(one.left_out, 'session')} left out" if one.left_out else ""
    yield "stored", f"{counted(one.sessions, 'session')}, {counted(one.messages, 'message')}{left}"
    yield from _problems(one, home, verbose)


def _shown_places(one: AgentSources, verbose: int) -> Sequence[Place]:
    """What is there; where nothing is, or more is asked for, also some that are not."""
    there = [place for place in one.places if place.exists or place.added]
    if verbose > 1 or (there and not verbose):
        return one.places if verbose else there
    others = [place for place in one.places if place not in there]
    return [*there, *others[: max(0, PLACES_SHOWN - len(there))]]


def _place(place: Place, home: str) -> str:
    notes = [*(["not there"] if not place.exists else []), *(["sources.roots"] if place.added else [])]
    return _short(place.path, home) + (f" ({', '.join(notes)})" if notes else "")


def _problems(one: AgentSources, home: str, verbose: int) -> Iterator[tuple[str, str]]:
    most = len(one.problems) if verbose > 1 else SHOWN_VERBOSE if verbose else SHOWN
    for bad in one.problems[:most]:
        yield "problem", f"{_short(bad.path, home)}{f':{bad.line}' if bad.line else ''}: {visible(bad.what)}"
    more = one.problem_count - min(most, len(one.problems))
    if more:
        yield "problem", f"and {counted(more, 'more problem')}" + ("" if verbose > 1 else ": -vv lists more")


def _short(path: str, home: str) -> str:
    inside = home and path.startswith(home.rstrip("/\\")) and path[len(home.rstrip("/\\")) :][:1] in ("/", "\\")
    return visible("~" + path[len(home.rstrip("/\\")) :] if inside else path)


def _block(one: AgentSources, home: str, look: Style, verbose: int) -> str:
    lines = [f"{look.paint(one.title, BOLD)} {look.paint(f'({one.name})', DIM)}"]
    last = ""
    hang = " " * (16 if look.width >= NARROW else 4)
    for label, fact in _facts(one, home, verbose):
        shown = "" if label == last else label
        lines += fold(f"  {shown:<12}  {fact}" if look.width >= NARROW else f"  {label}: {fact}", look.width, hang)
        last = label
    return "\n".join(lines) + "\n"


def _plain(one: AgentSources, home: str, verbose: int) -> str:
    return "".join(f"{one.name}: {label}: {fact}\n" for label, fact in _facts(one, home, verbose))


def _rules(rules: Rules) -> str:
    lines = []
    if rules.roots:
        lines.append(f"Also looked for in: {', '.join(map(visible, rules.roots))}.\n")
    if rules.exclude:
        lines.append(f"Left out: {', '.join(map(visible, rules.exclude))}.\n")
    return "".join(lines)


def stored(before: StoredBefore | None, can_forget: bool) -> str:
    """What is in the archive although it would be left out today; empty where there is nothing."""
    if before is None or not before.sessions:
        return ""
    lines = [
        f"  {visible(folder)}: {counted(count, 'session')}"
        + (f", cass forget --workspace {visible(folder)}" if can_forget else "")
        for folder, count in sorted(before.by_workspace.items())
    ]
    if before.marked:
        lines.append(f"  {counted(before.marked, 'session')} that asked for it later")
    how = ": cass forget removes them" if can_forget else ""
    return f"Stored before that, and kept{how}:\n" + "".join(f"{line}\n" for line in lines)


def changed(action: str, what: Mapping[str, Sequence[str]], before: StoredBefore | None, can_forget: bool) -> str:
    """What `include` and `exclude` did, and what is stored already."""
    values = [visible(value) for each in what.values() for value in each]
    if not values:
        return "Nothing changed: that was so already.\n" + stored(before, can_forget)
    again = "" if action == "exclude" else " `cass index` reads what was not read meanwhile."
    return f"{', '.join(values)}: {DID[action]}.{again}\n" + stored(before, can_forget)
