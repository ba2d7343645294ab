"""`cass search`, and the filters that other commands share with it."""

from __future__ import annotations

from cass.cli.rows_semantic import MODES, SHOWN_MODES, semantic_options
from cass.cli.table import (
    CHOICE,
    DAYS,
    DURATION,
    INT,
    PATH,
    SHARE,
    SWITCH,
    TEXT,
    Argument,
    Command,
    Option,
    agent_option,
    secrets_option,
)

ROLES = ("user", "assistant", "tool", "system", "summary")


def search() -> Command:
    return Command(
        "search",
        "find messages",
        "Find",
        more=(
            "Several words find the messages that have any of them; having all of them counts for most. Quote a phrase"
            ' ("connection refused"), say how near words must be ("refused connection"~5), end a word with * for'
            " its beginnings (migrat*) or put it between two for what may stand inside one (*token*), put + before a"
            " word that must be there and - before one that must not, and combine with AND, OR, NOT and parentheses."
            " Fields narrow the search inside the query: agent: workspace: role: title: path: tool: session:"
            " entity: since: until:, with ! to exclude (agent:!codex). A query that starts with - goes after --. The"
            " query - reads it from standard input. No query at all lists the newest messages."
        ),
        stamps=True,
        wakes=True,
        examples=(
            ("cass search connection refused", "messages with these words, best first"),
            ("cass search '\"connection refused\"' --since 7d", "this phrase, during the last seven days"),
            ("cass search -F 'foo::bar(' --workspace .", "exactly this text, in the repository you are in"),
            ("cass search flaky test --agent codex --role user", "what you yourself told one agent"),
            ("cass search deadlock --json --limit 5", "the same for a program"),
            ("cass search -l deadlock", "only the sessions, one a line"),
            ("cass search --live deadl", "while you type: deadl, deadlock, deadlocked"),
            ('echo \'{"query": "deadlock"}\' | cass search --stdio', "a request a line, an answer a line"),
        ),
        aliases=("find", "query", "grep"),
        arguments=(Argument("query", "QUERY", "words, phrases, fields; - reads it from standard input", repeat=True),),
        options=(*_search_filters(), *_search_ways(), *semantic_options(), *_search_output(), *_search_times()),
    )


def _search_filters() -> tuple[Option, ...]:
    f = "Filters"
    return (
        agent_option(),
        workspace_option(),
        Option(
            ("--session",), "only this session; the beginning of its id is enough", TEXT, "ID", repeat=True, group=f
        ),
        exclude_session_option(),
        role_option(),
        *time_options(),
        Option(("--include-self",), "also what cass itself printed into a session", group=f),
    )


def _search_ways() -> tuple[Option, ...]:
    g = "Searching"
    return (
        Option(
            ("--mode",),
            "hybrid: by words, and by meaning where possible; lexical: words only; strict: an error without meaning",
            CHOICE,
            "MODE",
            values=SHOWN_MODES,
            means=MODES,
            setting="mode",
            group=g,
        ),
        Option(
            ("--tier",),
            "only this tier's vectors beside the words, to compare them",
            CHOICE,
            "TIER",
            values=("fast", "quality"),
            group=g,
        ),
        Option(
            ("--match",),
            "how many of the words a message must have",
            CHOICE,
            "HOW",
            values=("all", "most", "any"),
            group=g,
        ),
        Option(("-F", "--literal"), "the text exactly so, punctuation included", group=g),
        Option(("--live",), "as you type: the last word may go on; nothing is read first, by words alone", group=g),
        Option(
            ("--sort",),
            "the order",
            CHOICE,
            "ORDER",
            default="relevance",
            values=("relevance", "newest", "oldest"),
            group=g,
        ),
        Option(
            ("--diverse",),
            "hits that say the same thing apart; relevance counts so much against difference, else half; or =off",
            SHARE,
            "[SHARE]",
            value=0.5,
            group=g,
        ),
        Option(
            ("--group",),
            "one hit a session, or every hit",
            CHOICE,
            "BY",
            default="session",
            values=("session", "none"),
            group=g,
        ),
        Option(
            ("--refresh",),
            "read new messages first: a moment at most, all of them, or none",
            CHOICE,
            "HOW",
            default="auto",
            values=("auto", "wait", "off"),
            setting="search.refresh",
            group=g,
        ),
        Option(
            ("--timeout",),
            "stop after this long and print what was found: 500ms, 2s",
            DURATION,
            "TIME",
            key="timeout_s",
            setting="search.timeout_s",
            group=g,
        ),
    )


def _search_output() -> tuple[Option, ...]:
    g = "Output"
    return (
        Option(
            ("-n", "--limit"),
            "how many hits; 0 gives the totals alone",
            INT,
            "N",
            default=10,
            setting="search.limit",
            group=g,
        ),
        Option(("--offset",), "leave out the first N hits", INT, "N", default=0, group=g),
        Option(("--cursor",), "go on where the last answer ended (its next_cursor)", TEXT, "CURSOR", group=g),
        Option(("-C", "--context"), "also show N messages before and after", INT, "N", default=0, group=g),
        Option(("-l", "--sessions-only"), "only the sessions, one a line", group=g),
        Option(("-c", "--count"), "only how many messages match", group=g),
        Option(("-0", "--null"), "end each line of -l with a NUL character", group=g),
        Option(("--jsonl",), "one JSON object a line: the hits, then meta", group=g),
        Option(("--fields",), "minimal, summary, or a comma list of a hit's fields", TEXT, "LIST", group=g),
        Option(
            ("--stdio",), "answer one JSON request a line of standard input, an object a line, until it ends", group=g
        ),
        Option(("--format",), "print each hit so, such as '{agent} {title}'", TEXT, "TEMPLATE", group=g),
        Option(("--max-content-length",), "cut each text after N characters", INT, "N", group=g),
        Option(("--max-tokens",), "print only as many hits as fit into N tokens of four bytes", INT, "N", group=g),
        Option(
            ("--offsets",),
            "what the matches of a hit count",
            CHOICE,
            "UNIT",
            default="chars",
            values=("chars", "utf8", "utf16"),
            group=g,
        ),
        Option(("--explain",), "say why each hit stands where it stands, and what each stage did", group=g),
        Option(("--request-id",), "repeated in meta, to tell answers apart", TEXT, "TEXT", group=g),
        secrets_option(),
        Option(("--exit-zero",), "exit 0 also when nothing is found", group=g),
        Option(("--exit-status",), "with --json, exit 1 when nothing is found", group=g),
    )


def _search_times() -> tuple[Option, ...]:
    """Other spellings of --since and of --jsonl, accepted and not shown."""
    return (
        Option(("--days",), "the last N days", DAYS, "N", key="since", hidden=True),
        Option(("--today",), "since midnight", key="since", value="today", hidden=True),
        Option(("--week",), "the last seven days", key="since", value="7d", hidden=True),
        Option(("--robot-format",), "json or jsonl", SWITCH, "FORMAT", values=("json", "jsonl"), hidden=True),
    )


def workspace_option() -> Option:
    doc = "only this folder and all below it; . is the current repository; a bare word is a folder's name"
    return Option(("--workspace",), doc, PATH, "PATH", repeat=True, group="Filters")


def exclude_session_option() -> Option:
    doc = "not this session; current is the one you are in, with its subagents"
    return Option(("--exclude-session",), doc, TEXT, "ID", repeat=True, group="Filters")


def role_option() -> Option:
    return Option(("--role",), "only messages of this role", CHOICE, "ROLE", values=ROLES, repeat=True, group="Filters")


def time_options() -> tuple[Option, Option]:
    return (
        Option(("--since",), "not before: 7d, 24h, yesterday, 2025-06-01", TEXT, "WHEN", group="Filters"),
        Option(("--until",), "not after: the same forms; both ends count", TEXT, "WHEN", group="Filters"),
    )


ROWS = {"search": search}
