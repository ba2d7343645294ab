"""A session of Claude Code with a sub-agent's beside it."""

from __future__ import annotations

from pathlib import Path

from cass.connectors.base import Surroundings
from tests.connectors.claude_code_files import answer, as_bytes, call, line, result, text, user
from tests.connectors.samples import write

_SESSION = (
    user("find the quokka", uuid="a"),
    answer("m1", {"type": "thinking", "thinking": "In the zoo?", "signature": "x"}, uuid="b", parentUuid="a"),
    answer("m1", text("I look."), call("Bash", "c1", command="ls zoo"), uuid="c", parentUuid="b"),
    user([result("c1", "quokka.txt")], uuid="d", parentUuid="c"),
    answer("m2", text("It is in the zoo."), uuid="e", parentUuid="d"),
    line("ai-title", aiTitle="The quokka"),
)
_AGENT = (
    user("look into the pond", isSidechain=True, agentId="a1", uuid="f"),
    answer("m3", text("Nothing there."), isSidechain=True, agentId="a1", uuid="g", parentUuid="f"),
)


def sample(home: Path) -> Surroundings:
    """Write it."""
    folder = home / ".claude" / "projects" / "-w-app"
    write(folder / "s1.jsonl", as_bytes(*_SESSION))
    write(folder / "s1" / "subagents" / "agent-a1.jsonl", as_bytes(*_AGENT))
    return Surroundings(str(home), {})
