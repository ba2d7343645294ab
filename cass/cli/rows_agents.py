"""The commands that are there for programs: agent-context, mcp, serve."""

from __future__ import annotations

from cass.cli.table import CHOICE, INT, PATH, TEXT, Command, Option

LEVELS = ("debug", "info", "warning", "error")
# Those that settings know, and the order in which they are to be read.
EMBEDDER_MODES = ("inline", "sidecar", "auto")


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


def serve() -> Command:
    return Command(
        "serve",
        "answer programs of this machine over HTTP",
        "Learn",
        more=(
            "GET /v1/search, /v1/sessions, /v1/sessions/ID, /v1/messages/ID:N, /v1/pack and /v1/status answer what the"
            " commands of these names print with --json; parameters have the names of their options. POST /v1/index"
            " wakes the worker, POST /v1/embeddings is what OpenAI calls it; /v1/health, /v1/ready and /metrics are for"
            " those who watch. It keeps the archive open, and it ends with Ctrl-C. Anybody who can reach it can read"
            " everything: it listens on this machine alone, elsewhere only with --token-file. With --embedder-mode"
            " sidecar the model is in a process of its own, which is started again when it ends. --json only prints the"
            " OpenAPI document. It needs the package waitress: the extra cass-search[serve]."
        ),
        examples=(
            ("cass serve", "on http://127.0.0.1:8765"),
            ("cass serve --unix ~/.cache/cass.http", "on a socket that only you can open"),
            ("cass serve --host 0.0.0.0 --token-file token.txt", "for other machines that know the token"),
            ("curl '127.0.0.1:8765/v1/search?query=deadlock&limit=3'", "ask it"),
            ("cass serve --json", "only what it answers, as an OpenAPI document"),
        ),
        options=(
            Option(("--host",), "the address to listen at", TEXT, "ADDRESS", default="127.0.0.1", setting="serve.host"),
            Option(("--port",), "the port; 0 for any that is free", INT, "N", default=8765, setting="serve.port"),
            Option(("--unix",), "listen at this unix socket instead", PATH, "PATH"),
            Option(("--token-file",), "what callers must know: the file's first line", PATH, "FILE"),
            Option(
                ("--log-level",),
                "how much to say",
                CHOICE,
                "LEVEL",
                default="info",
                values=LEVELS,
                setting="log.level",
            ),
            Option(
                ("--embedder",),
                "the embedder to ask: unix:///folder/name or tcp://127.0.0.1:PORT",
                TEXT,
                "URL",
                setting="embedder.url",
            ),
            Option(
                ("--embedder-mode",),
                "where the model runs: here, in a process that is started for it, or at the URL if one answers there",
                CHOICE,
                "MODE",
                default="auto",
                values=EMBEDDER_MODES,
                setting="embedder.mode",
            ),
            # Others have it, and whoever knows them tries it: what it says is why there is none.
            Option(("--workers",), "refused: one process is enough", TEXT, "N", hidden=True),
        ),
    )


ROWS = {"agent-context": agent_context, "mcp": mcp, "serve": serve}
