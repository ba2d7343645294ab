"""A conversation of Antigravity's command line, with a tool's step."""

from __future__ import annotations

import json
from pathlib import Path

from cass.connectors.base import Surroundings
from tests.connectors.pi_files import lines
from tests.connectors.samples import write

ID = "f1e2d3c4-0000-4000-8000-000000000001"
ASKED = """<USER_REQUEST>
find it
</USER_REQUEST>
<ADDITIONAL_METADATA>
The current local time is noon.
</ADDITIONAL_METADATA>
<USER_SETTINGS_CHANGE>
The user changed setting `Model Selection` from None to Gemini 3.1 Pro (High). No need to comment on it.
</USER_SETTINGS_CHANGE>"""


def step(number: int, source: str, kind: str, **more: object) -> dict[str, object]:
    """A line of a transcript."""
    common = {"step_index": number, "source": source, "type": kind, "status": "DONE"}
    return {**common, "created_at": "2026-01-02T03:04:05Z", **more}


SAMPLE = lines(
    step(0, "USER_EXPLICIT", "USER_INPUT", content=ASKED),
    step(1, "SYSTEM", "CONVERSATION_HISTORY"),
    step(2, "SYSTEM", "EPHEMERAL_MESSAGE", content="remember to be kind"),
    step(3, "MODEL", "PLANNER_RESPONSE", content="I look.", thinking="hm",
         tool_calls=[{"name": "run_command", "id": "c1", "arguments": '{"command": "ls"}'}]),
    step(5, "MODEL", "RUN_COMMAND", content="quokka.txt"),
    step(6, "MODEL", "PLANNER_RESPONSE", content="In the zoo."),
)  # fmt: skip


def sample(home: Path) -> Surroundings:
    """Write it."""
    base = home / ".gemini/antigravity-cli"
    write(base / "brain" / ID / ".system_generated/logs/transcript.jsonl", SAMPLE)
    write(
        base / "history.jsonl", json.dumps({"display": "find it", "workspace": "/w/app", "conversationId": ID}) + "\n"
    )
    return Surroundings(str(home), {})
