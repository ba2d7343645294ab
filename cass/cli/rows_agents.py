"""The commands that are there for coding agents: agent-context, mcp."""

from __future__ import annotations

from cass.cli.table import Command


def mcp() -> Command:
    return Command(
        "mcp",
        "answer a coding agent over the Model Context Protocol",
        "Learn",
        more=(
            "It speaks on standard input and output until the agent closes them, and offers search, show, pack and"
            " status: the commands of the same names, with small answers and a way to the next page. Nothing can be"
            " changed by it. Register it under the name cass, so that what it answers is not found by later searches."
            " It needs the package mcp: the extra cass-search[mcp]."
        ),
        examples=(
            ("cass mcp", "what an agent is told to start"),
            ("claude mcp add cass -- cass mcp", "tell Claude Code"),
            ("codex mcp add cass -- cass mcp", "tell Codex"),
            ("cass mcp --json", "only list the tools, with what they take"),
        ),
    )


def agent_context() -> Command:
    return Command(
        "agent-context",
        "print a page that teaches a coding agent to use cass",
        "Learn",
        more=(
            "Forty lines of Markdown, the same everywhere: what to type to find, to read and to reuse, and what to make"
            " of the answers. For an agent's instructions, or to be read by it once."
        ),
        examples=(
            ("cass agent-context", "the page"),
            ("cass agent-context >> AGENTS.md", "into what agents are told in this repository"),
        ),
    )


ROWS = {"agent-context": agent_context, "mcp": mcp}
