"""The commands that keep the archive: index, status, doctor."""

from __future__ import annotations

from cass.cli.rows_semantic import semantic_options
from cass.cli.table import CHOICE, Command, Option, agent_option


def index() -> Command:
    return Command(
        "index",
        "read what is new in the agents' files",
        "Keep",
        more=(
            "The first run reads everything, newest files first; later runs read what was appended. Bad files are"
            " listed and never stop it. Stopping it costs nothing but repeated work. With --watch it takes the worker's"
            " place, and prints a line whenever it has read something; with --json an object a line, the first that of"
            " a plain run."
        ),
        wakes=True,
        examples=(
            ("cass index", "read what is new"),
            ("cass index --dry-run", "only say what would be read"),
            ("cass index --watch", "read what is new, then what agents write, as they write it"),
            ("cass index --rebuild", "make the search index again from the archive"),
        ),
        aliases=("reindex",),
        options=(
            Option(("--full",), "read every file again"),
            Option(("--rebuild",), "make the derived files again from the archive"),
            Option(("--dry-run",), "say what would be read, and read nothing"),
            Option(("--watch",), "then go on reading what agents write, until Ctrl-C"),
            agent_option(),
            Option(
                ("--progress",), "how to show progress", CHOICE, "HOW", default="auto", values=("auto", "plain", "none")
            ),
        ),
    )


def status() -> Command:
    return Command(
        "status",
        "what is there, how fresh it is, and what needs doing",
        "Keep",
        examples=(
            ("cass status", "the state of the archive"),
            ("cass status --check", "exit 1 unless the state is ok or empty, for scripts"),
            ("cass status --brief", "one line"),
        ),
        aliases=("st",),
        options=(
            Option(("--check",), "exit 1 unless the state is ok or empty; settings are listed and change neither"),
            Option(("--brief",), "one line; with --json without the settings"),
            *semantic_options(),
        ),
    )


def doctor() -> Command:
    return Command(
        "doctor",
        "check everything, with the command that mends what is broken",
        "Keep",
        examples=(
            ("cass doctor", "look and report"),
            ("cass doctor --fix", "do the safe repairs"),
            ("cass doctor --interference", "does the worker slow searches down?  Half a minute of both"),
        ),
        options=(
            Option(("--fix",), "do the repairs that cannot lose anything"),
            Option(("--interference",), "search with and without a busy worker, and compare"),
            *semantic_options(),
        ),
    )


def secrets() -> Command:
    return Command(
        "secrets",
        "which passwords, keys and tokens stand in the archive",
        "Keep",
        more=(
            "A list to rotate by: of each its kind, a fingerprint, when it was first and last seen, and the sessions."
            " The secrets themselves are never printed. Equal fingerprints are equal secrets, on every machine."
        ),
        examples=(
            ("cass secrets", "what to replace"),
            ("cass secrets --json", "the same for a program"),
        ),
    )


ROWS = {"index": index, "status": status, "doctor": doctor, "secrets": secrets}
