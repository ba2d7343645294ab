"""The manual page cass(1), in roff, written from the command table."""

from __future__ import annotations

from cass import __version__
from cass.cli.help import FIRST_STEPS, PURPOSE, meaning, synopsis
from cass.cli.table import HOME, Command, Option, command, commands, options_of
from cass.settings.table import CONSTANT, ROWS, Setting, default_of

EXIT_CODES = (
    ("0", "Done. With --json or --jsonl also when nothing was found."),
    ("1", "Nothing was found, an ID does not exist, or a check failed."),
    ("2", "The command line is not understood."),
    ("3", "There is no index yet, and cass was told not to look."),
    ("4", "The network failed; only cass models install ever uses it."),
    ("5", "The database is damaged."),
    ("6", "The database was written by a newer cass."),
    ("7", "Another process is busy with it; try again."),
    ("8", "Time ran out; what was found is printed."),
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


def page() -> str:
    """The whole page as roff text."""
    parts = [
        '.\\" Written from the command table of cass; change the table and generate it again.',
        f'.TH CASS 1 "" "cass {__version__}" "User Commands"',
        ".nh",
        ".SH NAME",
        _plain("cass - find anything that you and your coding agents ever said"),
        ".SH SYNOPSIS",
        ".B cass",
        _plain("COMMAND [OPTIONS] [WORDS]"),
        ".SH DESCRIPTION",
        _plain(PURPOSE[0].upper() + PURPOSE[1:]),
        _plain("It reads the files that the agents write, keeps its own archive of them, and answers from that."),
        _plain("Nothing leaves the machine, unless you name a server that makes vectors (remote.base_url)."),
        ".SH EXAMPLES",
        *_examples(FIRST_STEPS),
        ".SH COMMANDS",
    ]
    for row in commands():
        parts += _command(row)
    parts += [".SH OPTIONS OF EVERY COMMAND", *_options(options_of(command(HOME)))]
    sections = (("SETTINGS", _settings()), ("EXIT STATUS", EXIT_CODES), ("ENVIRONMENT", ENVIRONMENT), ("FILES", FILES))
    for title, pairs in sections:
        parts += [f".SH {title}", *(line for pair in pairs for line in _tagged(*pair))]
    return "\n".join(parts) + "\n"


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


def _command(row: Command) -> list[str]:
    parts = [f".SS {_escaped(synopsis(row))}", _plain(row.doc[0].upper() + row.doc[1:] + ".")]
    if row.more:
        parts += [".PP", _plain(row.more)]
    if row.aliases:
        parts += [".PP", _plain(f"Also spelled {', '.join(row.aliases)}.")]
    for argument in row.arguments:
        parts += _tagged(argument.metavar, argument.doc)
    parts += _options(row.options)
    if row.examples:
        parts += [".PP", "Examples:", *_examples(row.examples)]
    return parts


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
    """A line of running text: what roff would read as a request begins with an empty character."""
    escaped = _escaped(text)
    return "\\&" + escaped if escaped[:1] in (".", "'") else escaped


def _escaped(text: str) -> str:
    """Backslashes, and the signs that typesetting would turn into others and so break a copied command."""
    signs = {"\\": "\\e", "-": "\\-", "'": "\\(aq", "`": "\\(ga", "^": "\\(ha", "~": "\\(ti"}
    return "".join(signs.get(sign, sign) for sign in text)
