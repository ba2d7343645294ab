"""What `cass` alone says fits on its line, however many agents there are."""

from __future__ import annotations

import pytest

from cass.render.home_text import agents_shown

COUNTS = {"claude_code": 104, "codex": 83, "gemini": 7, "goose": 0, "opencode": 15}


@pytest.mark.parametrize(
    ("width", "said"),
    [
        (80, "claude_code, codex, opencode, gemini"),
        (35, "claude_code, codex and 2 more"),
        (20, "4 agents"),
    ],
)
def test_agents_are_named_by_how_much_they_were_used(width: int, said: str):
    assert agents_shown(COUNTS, width) == said


def test_one_agent_is_always_named():
    assert agents_shown({"claude_code": 1, "codex": 0}, 5) == "claude_code"
    assert agents_shown({}, 5) == ""
