"""Help for people, from the command table: `-h` is the short one, `--help` the full one with examples first."""

from __future__ import annotations

import textwrap

from cass.cli.table import EVERYWHERE, GROUPS, HOME, Argument, Command, Option, command, commands, options_of
from cass.render.terminal import BOLD, DIM, Style

PURPOSE = "cass finds anything that you and your coding agents ever said on this machine."
WIDEST = 100  # longer lines are hard to read
TITLES = {
    "Find": "Find and read",
    "Keep": "Keep it fresh and sound",
    "Learn": "Learn more",
    EVERYWHERE: "On every command",
}
FIRST_STEPS = (
    ("cass", "what it has, how fresh it is, and one next command"),
    ("cass index", "read what is new"),
    ("cass search connection refused", "messages with these words, best first"),
    ("cass search deadlock --agent codex --since 7d", "of one agent, during the last seven days"),
    ("cass show 3fa9c2e1:42 -C 3", "one message and its neighbours"),
    ("cass search deadlock --json --limit 5", "for a program"),
)

Pair = tuple[str, str]


def main_help(look: Style, full: bool) -> str:
    """What `cass --help` (full) and `cass -h` print."""
    parts = [_wrapped(PURPOSE, look) + "\n"]
    if full:
        parts.append(_section("Examples", FIRST_STEPS, look))
    parts.append(_usage("cass COMMAND [OPTIONS] [WORDS]", look))
    for group in GROUPS:
        rows = [(row.name, row.doc) for row in commands() if row.group == group]
        parts.append(_section(TITLES[group], rows, look, column=12))
    if full:
        everywhere = [option for option in options_of(command(HOME)) if not option.hidden]
        parts.append(_section(TITLES[EVERYWHERE], [_option_pair(option) for option in everywhere], look))
        aliases = [(row.name, ", ".join(row.aliases)) for row in commands() if row.aliases]
        parts.append(_section("Also spelled", aliases, look, column=12))
        parts.append(
            _wrapped("Exit status: 0 done, 1 nothing found, 2 not understood; cass man has them all.", look) + "\n"
        )
    parts.append(_wrapped("Next: cass COMMAND --help explains one command, with examples.", look) + "\n")
    return "\n".join(parts)


def command_help(row: Command, look: Style, full: bool) -> str:
    """What `cass COMMAND --help` (full) and `cass COMMAND -h` print."""
    title = f"cass {row.name}"
    parts = [_wrapped(f"{title}: {row.doc}", look).replace(title, look.paint(title, BOLD), 1) + "\n"]
    if full and row.examples:
        parts.append(_section("Examples", row.examples, look))
    parts.append(_usage(synopsis(row), look))
    if full and row.more:
        parts.append(_wrapped(row.more, look) + "\n")
    arguments = [(argument.metavar, argument.doc) for argument in row.arguments]
    titled = [("Words", arguments), *_grouped(row, full)]
    column = _column([pair for _, pairs in titled for pair in pairs])
    parts += [_section(TITLES.get(title, title), pairs, look, column) for title, pairs in titled if pairs]
    if full and row.aliases:
        parts.append(_wrapped(f"Also spelled: {', '.join('cass ' + alias for alias in row.aliases)}", look) + "\n")
    if not full:
        shared = [option.name for option in options_of(command(HOME)) if not option.hidden]
        parts.append(_wrapped(f"{TITLES[EVERYWHERE]}: {', '.join(shared)}", look) + "\n")
        parts.append(_wrapped(f"Next: cass {row.name} --help says more, with examples.", look) + "\n")
    return "\n".join(parts)


def synopsis(row: Command) -> str:
    """`cass search [OPTIONS] [QUERY]...`"""
    return " ".join(("cass", row.name, "[OPTIONS]", *(_argument(argument) for argument in row.arguments)))


def spelling(option: Option) -> str:
    """`-n, --limit N`; without a short spelling `    --json`, so that the long ones stand in line; `...` repeats."""
    names = ", ".join(option.names)
    indent = "    " if option.names[0].startswith("--") else ""
    return f"{indent}{names} {option.metavar}{'...' if option.repeat else ''}".rstrip()


def meaning(option: Option) -> str:
    """The option's line, with its words and its default."""
    notes = [", ".join(option.values)] if option.values else []
    if option.takes_value and option.default:
        notes.append(f"default {option.default}")
    return f"{option.doc} ({'; '.join(notes)})" if notes else option.doc


def _argument(argument: Argument) -> str:
    text = argument.metavar if argument.required else f"[{argument.metavar}]"
    return text + "..." if argument.repeat else text


def _option_pair(option: Option) -> Pair:
    return spelling(option), meaning(option)


def _grouped(row: Command, full: bool) -> list[tuple[str, list[Pair]]]:
    """(title, options) in the order of the table, in the short help without those of every command."""
    groups: dict[str, list[Pair]] = {}
    for option in options_of(row) if full else row.options:
        if not option.hidden:
            groups.setdefault(option.group, []).append(_option_pair(option))
    return list(groups.items())


def _usage(line: str, look: Style) -> str:
    return f"{look.paint('Usage', BOLD)}: {line}\n"


def _section(title: str, pairs: list[Pair] | tuple[Pair, ...], look: Style, column: int = 0) -> str:
    """A bold title and its pairs: in two columns where they fit, else one below the other."""
    head = look.paint(title, BOLD)
    if look.plain:
        return "\n".join((f"{title}:", *(f"{label.strip()}: {text}" for label, text in pairs))) + "\n"
    column = column or _column(list(pairs))
    lay = _beside if column <= _width(look) * 0.45 else _below
    return "\n".join((head, *(lay(label, text, column, look) for label, text in pairs))) + "\n"


def _column(pairs: list[Pair]) -> int:
    return max((len(label) for label, _ in pairs), default=0)


def _beside(label: str, text: str, column: int, look: Style) -> str:
    lines = textwrap.wrap(text, _width(look) - column - 4, break_long_words=False, break_on_hyphens=False) or [""]
    indent = "\n" + " " * (column + 4)
    return f"  {label:<{column}}  " + indent.join(lines)


def _below(label: str, text: str, column: int, look: Style) -> str:
    lines = textwrap.wrap(text, _width(look) - 8, break_long_words=False, break_on_hyphens=False)
    return "\n".join((f"  {label}", *("      " + look.paint(line, DIM) for line in lines)))


def _wrapped(text: str, look: Style) -> str:
    return text if look.plain else textwrap.fill(text, _width(look), break_long_words=False, break_on_hyphens=False)


def _width(look: Style) -> int:
    return max(40, min(look.width, WIDEST))
