"""Why a hit stands where it stands, and what each stage did, for people.  Loaded only with --explain."""

from __future__ import annotations

from cass.render.terminal import visible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any


def hit_lines(explain: Mapping[str, Any]) -> list[str]:
    """One line for its place, one for its words."""
    lists = [f"{name} #{place['rank']} ({place['score']:g})" for name, place in explain.get("lists", {}).items()]
    fused = [f"score {explain['score']:g}"] if "score" in explain else []
    lines = [", ".join([f"rung {explain['rung']}", *lists, *fused])]
    for field, words in explain.get("words", {}).items():
        told = sorted(words.items(), key=lambda pair: -pair[1])
        lines.append(f"{field}: " + visible(", ".join(f"{word} {part:g}" for word, part in told)))
    return lines


def stage_lines(stages: Sequence[Mapping[str, Any]]) -> list[str]:
    """What each stage did, or why it did nothing, and its milliseconds."""
    return [f"{stage['stage']}: {visible(stage['did'])} ({stage['ms']:g} ms)" for stage in stages]
