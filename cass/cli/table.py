"""The command table: every command and every option of `cass` is one row here, and nowhere else.

The fast lane, the Typer app, help, completions, the man page and the tests read these rows.  What does not work
yet has no row, so nothing promises it.  Only the wanted command's row is built: a cold search pays for one.
"""

from __future__ import annotations

FLAG, COUNT, INT, TEXT, CHOICE, DURATION, PATH = "flag", "count", "int", "text", "choice", "duration", "path"
DAYS = "days"  # a whole number that becomes the text `<n>d` under `key`
# A number from 0 to 1, with `=` or without, or `=off`; `=on`, or nothing, is what `value` says.
SHARE, ON, OFF = "share", "on", "off"
ASK = "ask"  # a flag that runs another verb instead: help or version
SWITCH = "switch"  # a choice whose word names the flag that it turns on


class Option:
    """One option.  `names` are its spellings, the long one last; the default of a repeatable one is the empty list.

    values: a choice's words, as shown · means: (word, what it stands for), where more spellings are accepted than shown
    least: the smallest whole number accepted · dest: the key of its value among the options (a switch and what asks
    for help have none) · value: what a flag writes there · setting: the key that it sets for one command; its default
    is that setting's.
    """

    # Not a @record: those compile their initialiser when first used, half a millisecond for one of this size.
    __slots__ = (
        "default",
        "dest",
        "doc",
        "group",
        "hidden",
        "kind",
        "least",
        "means",
        "metavar",
        "name",
        "names",
        "repeat",
        "setting",
        "takes_value",
        "value",
        "values",
    )

    def __init__(
        self,
        names: tuple[str, ...],
        doc: str,
        kind: str = FLAG,
        metavar: str = "",
        *,
        default: object = None,
        values: tuple[str, ...] = (),
        means: tuple[tuple[str, str], ...] = (),
        repeat: bool = False,
        least: int = 0,
        key: str = "",
        value: object = True,
        setting: str = "",
        group: str = "Options",
        hidden: bool = False,
    ) -> None:
        self.names = names
        self.name = names[-1]  # the long spelling, which is also the option's identity
        self.doc = doc
        self.kind = kind
        self.metavar = metavar
        self.default = False if kind == FLAG and value is True else default
        self.values = values
        self.means = means
        self.repeat = repeat
        self.least = least
        self.dest = "" if kind in (ASK, SWITCH) else key or self.name[2:].replace("-", "_")
        self.value = value
        self.setting = setting
        self.group = group
        self.hidden = hidden
        self.takes_value = kind not in (FLAG, COUNT, ASK, SHARE)


class Argument:
    """One positional word, or with `repeat` all that are left.  signed: `-5` may be one, and no option."""

    __slots__ = ("doc", "key", "metavar", "repeat", "required", "signed", "values")

    def __init__(
        self,
        key: str,
        metavar: str,
        doc: str,
        *,
        required: bool = False,
        repeat: bool = False,
        signed: bool = False,
        values: tuple[str, ...] = (),
    ) -> None:
        self.key = key
        self.metavar = metavar
        self.doc = doc
        self.required = required
        self.signed = signed
        self.repeat = repeat
        self.values = values


class Command:
    """One command.  `examples` are (line, what it does); `more` is for the full help and the man page.

    stamps: whoever runs it is at the machine, which background work waits for · wakes: at a terminal it may start the
    worker.
    """

    __slots__ = (
        *("aliases", "arguments", "doc", "every_option", "examples", "group", "more", "name", "options", "stamps"),
        "wakes",
    )

    def __init__(
        self,
        name: str,
        doc: str,
        group: str,
        *,
        more: str = "",
        examples: tuple[tuple[str, str], ...] = (),
        aliases: tuple[str, ...] = (),
        arguments: tuple[Argument, ...] = (),
        options: tuple[Option, ...] = (),
        stamps: bool = False,
        wakes: bool = False,
    ) -> None:
        self.name = name
        self.doc = doc
        self.group = group
        self.stamps = stamps
        self.wakes = wakes
        self.more = more
        self.examples = examples
        self.aliases = aliases
        self.arguments = arguments
        self.options = options
        self.every_option: tuple[Option, ...] | None = None  # what `options_of` gives, once it was asked


EVERYWHERE = "Everywhere"


def _everywhere() -> tuple[Option, ...]:
    """The options of every command."""
    g = EVERYWHERE
    return (
        Option(("--json",), "print one JSON object and nothing else", group=g),
        Option(("--data-dir",), "where cass keeps its archive", PATH, "FOLDER", group=g),
        Option(
            ("--color",),
            "when to use colour",
            CHOICE,
            "WHEN",
            default="auto",
            values=("auto", "always", "never"),
            setting="color",
            group=g,
        ),
        Option(("--plain",), "no columns, boxes or movement: one fact a line", setting="plain", group=g),
        Option(("--no-pager",), "never open a pager", setting="pager", group=g),
        Option(("-q", "--quiet"), "no notices and no progress", group=g),
        Option(("-v", "--verbose"), "say more; twice says more still", COUNT, default=0, group=g),
        Option(("-h",), "the short help", ASK, group=g),
        Option(("--help",), "the full help, examples first", ASK, group=g),
        Option(("--version",), "the version", ASK, group=g),
        Option(("--robot",), "the same as --json", key="json", group=g, hidden=True),
        Option(("--robot-format",), "json or jsonl", SWITCH, values=("json",), group=g, hidden=True),
    )


def secrets_option() -> Option:
    return Option(("--show-secrets",), "print passwords, keys and tokens as they are, not masked", group="Output")


def agent_option() -> Option:
    """The filter that search, sessions and index share."""
    doc = "only this agent, such as claude_code or codex"
    return Option(("--agent",), doc, TEXT, "NAME", repeat=True, group="Filters")


NAMES = (
    "search",
    "show",
    "sessions",
    "like",
    "resume",
    "open",
    "export",
    "pack",
    "stats",
    "index",
    "status",
    "doctor",
    "sources",
    "import",
    "forget",
    "restore",
    "secrets",
    "config",
    "models",
    "backfill",
    "worker",
    "uninstall",
    "agent-context",
    "mcp",
    "serve",
    "demo",
    "schema",
    "completion",
    "init",
    "man",
    "help",
    "version",
)
HOME = "home"  # what `cass` alone does; it is not a name that can be typed
GROUPS = ("Find", "Keep", "Learn")

# Written out once more, so that reading an alias builds no other row; a test compares.
ALIASES = {
    "find": "search",
    "query": "search",
    "grep": "search",
    "read": "show",
    "view": "show",
    "expand": "show",
    "ls": "sessions",
    "list": "sessions",
    "related": "like",
    "reindex": "index",
    "st": "status",
    "timeline": "stats",
    "docs": "man",
}
# What an alias says besides its command; said again, the last one counts.
ALIAS_WORDS = {"timeline": ("--by", "day")}


# Rows that were built: whoever answers many command lines reads the same few.
_built: dict[str, Command] = {}


def command(name: str) -> Command:
    """The row of a command, without its global options.  KeyError for a name that is not in the table."""
    if name not in _built:
        _built[name] = _build(name)
    return _built[name]


def _build(name: str) -> Command:
    if name == "search":
        from cass.cli.rows_search import ROWS  # only the file of the wanted row: a cold search pays for it
    elif name in ("show", "sessions", "like"):
        from cass.cli.rows_find import ROWS
    elif name in ("resume", "open", "export"):
        from cass.cli.rows_read import ROWS
    elif name in ("index", "status", "doctor", "secrets"):
        from cass.cli.rows_keep import ROWS
    elif name in ("pack", "stats"):
        from cass.cli.rows_gather import ROWS
    elif name in ("sources", "import"):
        from cass.cli.rows_sources import ROWS
    elif name in ("forget", "restore", "uninstall"):
        from cass.cli.rows_archive import ROWS
    elif name == "config":
        from cass.cli.rows_config import ROWS
    elif name == "models":
        from cass.cli.rows_models import ROWS
    elif name == "backfill":
        from cass.cli.rows_backfill import ROWS
    elif name == "worker":
        from cass.cli.rows_worker import ROWS
    elif name in ("agent-context", "mcp", "serve"):
        from cass.cli.rows_agents import ROWS
    else:
        from cass.cli.rows_learn import ROWS
    return ROWS[name]()


def options_of(command: Command) -> tuple[Option, ...]:
    """Its own options, then those of every command that it does not spell itself."""
    if command.every_option is None:
        own = {name for option in command.options for name in option.names}
        rest = [option for option in _everywhere() if option.name not in own]
        command.every_option = (*command.options, *rest)
    return command.every_option


def commands() -> tuple[Command, ...]:
    """All rows that a person may type, in the order of the help."""
    return tuple(command(name) for name in NAMES)
