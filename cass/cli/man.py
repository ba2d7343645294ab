"""The manual pages in roff, written from the command table: cass(1), and one a command, such as cass-search(1)."""

from __future__ import annotations

import textwrap

from cass import __version__
from cass.cli.help import FIRST_STEPS, PURPOSE, TITLES, meaning, synopsis
from cass.cli.table import EVERYWHERE, GROUPS, HOME, Command, Option, command, commands, options_of
from cass.settings.table import CONSTANT, ROWS, Setting, default_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

WIDEST = 78  # of a line of roff, which mandoc wants below 80
EXIT_CODES = (
    ("0", "Done. With --json or --jsonl also when nothing was found."),
    ("1", "Nothing was found, an ID does not exist, or a check failed."),
    ("2", "The command line is not understood."),
    ("3", "There is no index yet, and cass was told not to look."),
    ("4", "The network, or a server, does not answer."),
    ("5", "The database is damaged."),
    ("6", "The database was written by a newer cass."),
    ("7", "Another process is busy with it; try again."),
    ("8", "Time ran out; what was seen so far is printed or counted."),
    ("9", "A bug in cass."),
    ("10", "The system refused: disk full, no permission."),
    ("11", "A file of settings cannot be read or changed, or a package that the command needs is not installed."),
    ("15", "Searching by meaning was demanded and cannot be had."),
    ("130", "Interrupted."),
)
ENVIRONMENT = (
    ("HOME", "Where the agents' files are looked for; another folder reads that folder's sessions."),
    ("CASS_DATA_DIR", "Where the archive is kept; --data-dir is stronger."),
    ("PAGER", "What long text is shown with on a terminal, if CASS_PAGER does not say; empty or cat for none."),
    ("CASS_CONFIG_DIR, CASS_CACHE_DIR, CASS_RUNTIME_DIR", "The other folders."),
    ("NO_COLOR", "No colour, if set and not empty."),
    ("FORCE_COLOR", "Colour also where the output is no terminal."),
    ("COLUMNS", "The width of the output."),
    ("TERM", "With the value dumb: no colour, no pager, as with --plain."),
)
FILES = (
    ("$XDG_DATA_HOME/cass, ~/.local/share/cass", "The archive on Linux and other Unix systems."),
    ("~/Library/Application Support/cass", "The archive on macOS."),
    ("%LOCALAPPDATA%\\cass", "The archive on Windows."),
    ("$XDG_CONFIG_HOME/cass, ~/.config/cass", "semantic.toml and cass.toml, the files of settings (cass config path)."),
    ("derived/", "Inside the archive: what can be deleted, and is made again."),
)


SEE_ALSO = {
    "search": ("show", "like", "pack", "sessions"),
    "show": ("search", "open", "export", "resume"),
    "sessions": ("search", "show", "stats"),
    "like": ("search",),
    "pack": ("search", "show"),
    "index": ("sources", "status", "worker"),
    "status": ("doctor", "worker"),
    "backfill": ("models", "worker"),
    "forget": ("restore", "sources"),
    "mcp": ("agent-context", "serve"),
    "serve": ("mcp", "worker"),
    "agent-context": ("mcp",),
}


def pages() -> dict[str, str]:
    """File name → page, of the program and of every command that can be typed."""
    return {"cass.1": page()} | {f"{name_of(row)}.1": command_page(row) for row in commands()}


def name_of(row: Command) -> str:
    """As `man` is asked for it."""
    return f"cass-{row.name}"


def page() -> str:
    """The page of the program: what it is for, its commands, and what holds for all of them."""
    return _text(
        *_head("cass", "find anything that you and your coding agents ever said"),
        ".SH SYNOPSIS",
        ".B cass",
        _plain("COMMAND [OPTIONS] [WORDS]"),
        ".SH DESCRIPTION",
        _plain(PURPOSE[0].upper() + PURPOSE[1:]),
        _plain("It reads the files that the agents write, keeps its own archive of them, and answers from that."),
        _plain("Nothing leaves the machine, unless you name a server that makes vectors (remote.base_url)."),
        _plain("Each command has a page of its own: man cass-search, or cass man search."),
        ".SH EXAMPLES",
        *_examples(FIRST_STEPS),
        ".SH COMMANDS",
        *_commands(),
        ".SH OPTIONS OF EVERY COMMAND",
        *_options(options_of(command(HOME))),
        *_section("SETTINGS", _settings()),
        *_section("EXIT STATUS", EXIT_CODES),
        *_section("ENVIRONMENT", ENVIRONMENT),
        *_section("FILES", FILES),
        *_see_also(commands()),
    )


def command_page(row: Command) -> str:
    """The page of one command, examples first."""
    parts = [*_head(name_of(row), row.doc), ".SH SYNOPSIS", _plain(synopsis(row))]
    if row.examples:
        parts += [".SH EXAMPLES", *_examples(row.examples)]
    parts += [".SH DESCRIPTION", _plain(row.more or row.doc[0].upper() + row.doc[1:] + ".")]
    if row.aliases:
        parts += [".PP", _plain(f"Also spelled {', '.join('cass ' + alias for alias in row.aliases)}.")]
    for argument in row.arguments:
        parts += _tagged(argument.metavar, argument.doc)
    for group in dict.fromkeys(option.group for option in row.options if not option.hidden):
        parts += [f".SH {group.upper()}", *_options(tuple(each for each in row.options if each.group == group))]
    parts += [f".SH {TITLES[EVERYWHERE].upper()}", _plain("These options are explained in cass(1):")]
    parts += [_plain(", ".join(each.name for each in options_of(command(HOME)) if not each.hidden) + ".")]
    parts += [".SH EXIT STATUS", _plain("0 done, 1 nothing found, 2 not understood; cass(1) has all of them.")]
    return _text(*parts, *_see_also([command(name) for name in SEE_ALSO.get(row.name, ())]))


def _head(name: str, doc: str) -> list[str]:
    return [
        '.\\" Written from the command table of cass; change the table and generate it again.',
        f'.TH {name.upper()} 1 "" "cass {__version__}" "User Commands"',
        ".nh",
        ".SH NAME",
        _plain(f"{name} - {doc}"),
    ]


def _commands() -> list[str]:
    """By group, as the help has them."""
    lines = []
    for group in GROUPS:
        lines.append(f".SS {TITLES[group]}")
        for row in commands():
            if row.group == group:
                other = f" Also spelled {', '.join(row.aliases)}." if row.aliases else ""
                lines += _tagged(f"cass {row.name}", f"{row.doc[0].upper()}{row.doc[1:]}.{other}")
    return lines


def _section(title: str, pairs: tuple[tuple[str, str], ...]) -> list[str]:
    return [f".SH {title}", *(line for pair in pairs for line in _tagged(*pair))]


def _see_also(rows: Sequence[Command]) -> list[str]:
    names = ["cass", *(name_of(row) for row in rows)] if len(rows) < len(commands()) else [name_of(row) for row in rows]
    pages = [f".BR {_escaped(name)} (1)" for name in names]
    return [".SH SEE ALSO", *(f"{line} ," for line in pages[:-1]), pages[-1]]


def _text(*lines: str) -> str:
    return "\n".join(lines) + "\n"


def _settings() -> tuple[tuple[str, str], ...]:
    """Each with its variable, what it means and its default."""
    return tuple((_names(row), f"{row.doc[0].upper()}{row.doc[1:]}.{_default(row)}") for row in ROWS)


def _names(row: Setting) -> str:
    return ", ".join(filter(None, (row.key, row.variable)))


def _default(row: Setting) -> str:
    default = default_of(row)
    if row.kind == CONSTANT or default in ("", (), None):
        return ""
    value = ("true" if default else "false") if isinstance(default, bool) else str(getattr(default, "value", default))
    return f" Default: {value}{f' {row.unit}' if row.unit else ''}."


def _options(options: tuple[Option, ...]) -> list[str]:
    return [line for option in options if not option.hidden for line in _option(option)]


def _option(option: Option) -> list[str]:
    names = ", ".join(f"\\fB{_escaped(name)}\\fR" for name in option.names)
    value = f" \\fI{_escaped(option.metavar)}\\fR" + ("..." if option.repeat else "") if option.metavar else ""
    return [".TP", names + value, _plain(meaning(option))]


def _tagged(label: str, text: str) -> list[str]:
    return [".TP", f"\\fB{_escaped(label)}\\fR", _plain(text)]


def _examples(examples: tuple[tuple[str, str], ...]) -> list[str]:
    return [line for typed, what in examples for line in (".TP", f"\\fB{_escaped(typed)}\\fR", _plain(what))]


def _plain(text: str) -> str:
    """Running text: what roff would read as a request begins with an empty character."""
    lines = textwrap.wrap(_escaped(text), WIDEST, break_long_words=False, break_on_hyphens=False)
    return "\n".join("\\&" + line if line[:1] in (".", "'") else line for line in lines)


def _escaped(text: str) -> str:
    """Backslashes, and the signs that typesetting would turn into others and so break a copied command."""
    signs = {"\\": "\\e", "-": "\\-", "'": "\\(aq", "`": "\\(ga", "^": "\\(ha", "~": "\\(ti"}
    return "".join(signs.get(sign, sign) for sign in text)
