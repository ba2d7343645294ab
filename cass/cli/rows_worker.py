"""The command for the one resident process of a data folder."""

from __future__ import annotations

from cass.cli.rows_semantic import semantic_options
from cass.cli.table import CHOICE, INT, Argument, Command, Option

ACTIONS = (
    "status",
    "start",
    "stop",
    "pause",
    "unpause",
    "log",
    "retry-dead",
    "install",
    "uninstall",
    "run",
)
WORDS = "status, start, stop, pause [2h], unpause, log, retry-dead, install, uninstall or run; status if not said"


def worker() -> Command:
    return Command(
        "worker",
        "the process that prepares search by meaning while you are away",
        "Keep",
        more=(
            "One a data folder. It reads what is new and makes the vectors that are owed, with the lowest priority,"
            " only while nobody is at the machine, on mains, and while nobody else needs the processor or the memory;"
            " `cass config` shows the limits (worker.*). Where nothing tells whether keys are pressed (in a container,"
            " on some desktops) it waits five times idle_delay_seconds after it began, or after the last sign of you."
            " It leaves by itself when nothing is owed. A command at a"
            " terminal may start it; `cass config set worker.background off` ends that. pause holds until unpause, or"
            " for a time such as 2h, and `cass backfill` too. install lets the system start it after a login: systemd,"
            " launchd or the Windows task scheduler; uninstall takes that back. run works in the foreground. A search"
            " never needs it."
        ),
        examples=(
            ("cass worker", "what it does, and why"),
            ("cass worker log", "what it did, how fast, and why it rested"),
            ("cass worker pause 2h", "peace for two hours"),
            ("cass worker start", "start it now; it still waits until you are away"),
            ("cass worker retry-dead", "give texts that were given up as many tries again"),
            ("cass worker install", "start it after every login"),
        ),
        arguments=(Argument("words", "ACTION", WORDS, repeat=True, values=ACTIONS),),
        options=(
            Option(("-n", "--limit"), "log: print so many events", INT, "N", default=20, key="limit"),
            Option(("--tier",), "retry-dead: only this tier", CHOICE, "TIER", values=("fast", "quality")),
            *semantic_options(),
        ),
    )


ROWS = {"worker": worker}
