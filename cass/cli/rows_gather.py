"""The commands that gather: pack, stats."""

from __future__ import annotations

from cass.cli.rows_search import search
from cass.cli.table import CHOICE, INT, Argument, Command, Option, secrets_option

# What pack and stats take as search does, word for word.
FILTERS = ("--agent", "--workspace", "--since", "--until")


def pack() -> Command:
    return Command(
        "pack",
        "gather what was said about something, cited and short enough for a prompt",
        "Find",
        more=(
            "The messages that search would list, best first, as excerpts in Markdown: of each its session, id, agent,"
            " role, time, and the file and line that it comes from. Secrets are masked. No more is printed than was"
            " allowed, headings included. No message takes more than two fifths of that: a longer one is cut at line"
            " ends around what was found. The same query over the same index with the same limits gives the same text."
            " It works by words alone."
        ),
        stamps=True,
        wakes=True,
        examples=(
            ("cass pack connection refused", "about 8,000 tokens, to paste into a prompt"),
            ("cass pack deadlock --workspace . --max-tokens 2000", "short, and of this repository alone"),
            ("cass pack flaky test --max-sessions 3 > context.md", "from three sessions at most, as a file"),
            ("cass pack deadlock --json", "the same for a program"),
        ),
        arguments=(Argument("query", "QUERY", "as for cass search; - reads it from standard input", repeat=True),),
        options=(
            *_as_search(*FILTERS, "--session", "--exclude-session", "--role", "--include-self"),
            *_as_search("--match", "--literal", "--refresh"),
            *_budget(),
            secrets_option(),
        ),
    )


def _budget() -> tuple[Option, ...]:
    g = "Output"
    tokens = "print at most N tokens of four bytes; 8000 if not said"
    return (
        Option(("--max-tokens",), tokens, INT, "N", least=1, setting="pack.max_tokens", group=g),
        Option(
            ("--max-chars",), "count at most N characters, instead or too", INT, "N", setting="pack.max_chars", group=g
        ),
        Option(("--max-sessions",), "excerpts of at most N sessions", INT, "N", least=1, group=g),
    )


def _as_search(*names: str) -> tuple[Option, ...]:
    options = {option.name: option for option in search().options}
    return tuple(options[name] for name in names)


def stats() -> Command:
    by = "only this table, whole; --json always has all"
    return Command(
        "stats",
        "how much was said, when, where and with whom",
        "Find",
        more=(
            "Messages by day, by weekday and hour, and by agent, workspace and model. Days and hours are local. What"
            " forks and resumed sessions repeat counts in each of them. With --since and --until only the messages of"
            " that time count."
        ),
        stamps=True,
        wakes=True,
        examples=(
            ("cass stats", "days, the map of the week, agents, workspaces, models"),
            ("cass stats --by day --since 30d", "a line a day, also as cass timeline"),
            ("cass stats --by workspace --agent codex", "where one agent worked"),
            ("cass stats --json", "the numbers for a program"),
        ),
        aliases=("timeline",),
        options=(
            Option(("--by",), by, CHOICE, "WHAT", values=("agent", "workspace", "model", "day", "hour")),
            *_as_search(*FILTERS),
        ),
    )


ROWS = {"pack": pack, "stats": stats}
