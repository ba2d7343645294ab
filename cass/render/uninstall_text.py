"""What `cass uninstall` removed, or would remove, for people."""

from __future__ import annotations

import shlex

from cass.render.layout import counted, size
from cass.render.terminal import visible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from cass.daemon.traces import Mention, Trace
    from cass.daemon.uninstall import Removal

WORDS = {
    "service": "the worker's service",
    "completion": "completions and manual pages",
    "cache": "caches",
    "runtime": "renderings of sessions",
    "derived": "search index, vectors and models",
    "state": "what the worker notes for itself",
    "archive": "the archive",
    "settings": "the settings",
}


def question(goes: Sequence[Trace]) -> str:
    """What is going to be gone, and whether that is meant."""
    total = sum([trace.bytes for trace in goes])
    lines = ["This removes:", *_listed(goes), f"{size(total)} in all, with every message that was ever read."]
    lines.append("What agents have deleted since is nowhere else. It cannot be undone. Remove it? [y/N] ")
    return "\n".join(lines)


def summary(
    removal: Removal, stays: Sequence[Trace], mentions: Sequence[Mention], program: Sequence[str], done: bool
) -> str:
    """What went, or would go; what stays, and what is not cass's to remove."""
    lines = [f"Process {removal.stopped} has stopped."] if removal.stopped is not None else []
    if removal.removed:
        lines += [f"{'Removed' if done else 'Would remove'}:", *_listed(removal.removed)]
    else:
        lines.append("There is nothing to remove.")
    if stays:
        lines += [f"{'Kept' if done else 'Would keep'} ({_how(stays)}):", *_listed(stays)]
    if mentions:
        lines += ["These lines of yours run cass; take them out:"]
        lines += [f"  {visible(each.path)}:{each.line}  {visible(each.text)}" for each in mentions]
    lines.append(f"The program itself goes with: {shlex.join(program)}")
    return "\n".join(lines) + "\n"


def _how(stays: Sequence[Trace]) -> str:
    return f"{size(sum([trace.bytes for trace in stays]))}; --data removes that, too"


def _listed(traces: Sequence[Trace]) -> list[str]:
    """By kind, and below each the places; many of one folder as one line."""
    lines = []
    for kind, words in WORDS.items():
        of_kind = [trace for trace in traces if trace.kind == kind]
        if of_kind:
            lines.append(f"  {words}, {size(sum([trace.bytes for trace in of_kind]))}")
            lines += [f"    {line}" for line in _places(of_kind)]
    return lines


def _places(traces: Sequence[Trace]) -> list[str]:
    folders: dict[str, list[str]] = {}
    for trace in traces:
        folder, name = _split(trace.path)
        folders.setdefault(folder, []).append(name)
    return [
        visible(folder + names[0]) if len(names) == 1 else f"{visible(folder)}: {counted(len(names), 'file')}"
        for folder, names in folders.items()
    ]


def _split(path: str) -> tuple[str, str]:
    cut = max(path.rfind("/"), path.rfind("\\")) + 1
    return path[:cut], path[cut:]
