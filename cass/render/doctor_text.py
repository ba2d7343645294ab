"""What the doctor found: a line a check, with the mending command below it."""

from __future__ import annotations

from cass.render.json_text import dumps
from cass.render.layout import counted
from cass.render.narrow import fold
from cass.render.terminal import BOLD, GREEN, RED, YELLOW, visible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from cass.render.terminal import Style
    from cass.status.findings import Finding

SCHEMA_VERSION = 1
# Where the screen is narrower, what was found stands below its name.
NARROW = 64
COLORS = {"ok": GREEN, "warn": YELLOW, "fail": RED}


def as_json(findings: Sequence[Finding], done: Sequence[str]) -> str:
    """Everything as one object; `healthy` is false when a check fails."""
    checks = [
        {"name": each.name, "level": each.level, "evidence": each.evidence, "command": each.command}
        for each in findings
    ]
    healthy = all(each.level != "fail" for each in findings)
    said = {"schema_version": SCHEMA_VERSION, "healthy": healthy, "checks": checks, "fixed": list(done)}
    return dumps(said) + "\n"


def page(findings: Sequence[Finding], done: Sequence[str], look: Style) -> str:
    """What was mended, every finding, and the sum."""
    lines = [f"mended: {visible(said)}" for said in done]
    width = max(len(finding.name) for finding in findings)
    for finding in findings:
        lines += _lines(finding, 0 if look.plain else width, look)
    lines += ["", _sum(findings)]
    return "".join(line + "\n" for line in lines)


def _lines(finding: Finding, width: int, look: Style) -> list[str]:
    level = look.paint(f"{finding.level:<4}" if width else finding.level, COLORS[finding.level])
    text = visible(finding.evidence)
    command = look.paint(visible(finding.command or ""), BOLD)
    if not width:
        mend = [f"mend {finding.name}: {command}"] if finding.command else []
        return [f"{level}: {finding.name}: {text}", *mend]
    narrow = look.width < NARROW
    indent = " " * (6 if narrow else width + 8)
    first, *rest = fold(indent + text, look.width, indent)
    lines = [f"{level}  {finding.name}", first] if narrow else [f"{level}  {finding.name:<{width}}  {first.lstrip()}"]
    return [*lines, *rest, *([f"{indent}mend it: {command}"] if finding.command else [])]


def _sum(findings: Sequence[Finding]) -> str:
    failed = sum(finding.level == "fail" for finding in findings)
    warned = sum(finding.level == "warn" for finding in findings)
    if not failed and not warned:
        return f"{counted(len(findings), 'check')}, nothing wrong"
    parts = [f"{counted(len(findings), 'check')}: {failed} failed" if failed else counted(len(findings), "check")]
    if warned:
        parts.append(counted(warned, "warning"))
    return ", ".join(parts)
