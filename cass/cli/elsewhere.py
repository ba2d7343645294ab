"""Commands that are recommended where the command line named a data folder: they name it, too."""

from __future__ import annotations

import os

from cass.cli.table import NAMES
from cass.records import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TextIO

    from cass.backfill.report import BackfillReport, TierReport
    from cass.search.request import Results
    from cass.status.facts import Status

OPTION = "--data-dir"


def named_there(text: str, folder: str | None) -> str:
    """The text, in which each command of ours says which data folder is meant; as it is where none was named."""
    if folder is None:
        return text
    import re  # most command lines name none, and a search waits for neither
    import shlex

    there = shlex.quote(_whole(folder))
    ours = rf"\bcass ({'|'.join(map(re.escape, NAMES))})(?![\w-])(?! {OPTION})"
    return re.sub(ours, lambda found: f"{found[0]} {OPTION} {there}", text)


def results_there(results: Results, folder: str | None) -> Results:
    """An answer whose notes name the folder, if one was named."""
    if folder is None:
        return results
    return replace(results, notes=tuple([named_there(note, folder) for note in results.notes]))


def status_there(status: Status, folder: str | None) -> Status:
    """What is recommended, for the folder that was named."""
    if folder is None:
        return status
    advices = [replace(advice, command=named_there(advice.command, folder)) for advice in status.recommended]
    meaning = status.semantic
    if meaning is not None and meaning.next_step is not None:
        meaning = replace(meaning, next_step=named_there(meaning.next_step, folder))
    return replace(status, recommended=tuple(advices), semantic=meaning)


def backfill_there(report: BackfillReport, folder: str | None) -> BackfillReport:
    """What each tier that stopped needs, for the folder that was named."""
    return replace(report, tiers=tuple([_tier_there(tier, folder) for tier in report.tiers]))


def _tier_there(tier: TierReport, folder: str | None) -> TierReport:
    if tier.stopped is None:
        return tier
    reason, todo = named_there(tier.stopped.reason, folder), named_there(tier.stopped.todo or "", folder)
    return replace(tier, stopped=replace(tier.stopped, reason=reason, todo=todo or None))


def writing_there(stream: TextIO, folder: str) -> TextIO:
    """The stream, on which each command of ours names the folder."""
    return _There(stream, folder)  # type: ignore[return-value]


class _There:
    def __init__(self, stream: TextIO, folder: str) -> None:
        self._stream = stream
        self._folder = folder

    def write(self, text: str) -> int:
        return self._stream.write(named_there(text, self._folder))

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)


def _whole(folder: str) -> str:
    """From the root on; as it was typed where the current folder has been deleted."""
    try:
        return os.path.abspath(folder)
    except OSError:
        return folder


def before_words(argv: Sequence[str]) -> Sequence[str]:
    """The part of `argv` that may hold options."""
    return argv[: argv.index("--")] if "--" in argv else argv


def folder_in(argv: Sequence[str]) -> str | None:
    """The data folder that a command line names; the last one counts."""
    found, asked = None, before_words(argv)
    for at, word in enumerate(asked):
        if word == OPTION and at + 1 < len(asked):
            found = asked[at + 1]
        elif word.startswith(f"{OPTION}="):
            found = word.partition("=")[2]
    return found
