"""One row an agent: its name, the words people use for it, its connector, and how it resumes a session.

The connectors themselves are imported only when something is to be read.
"""

from __future__ import annotations

from cass import errors
from cass.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

    from cass.connectors.base import Connector

    _Row: TypeAlias = tuple[str, str, str, tuple[str, ...], tuple[str, ...], bool, int]
    AGENTS: tuple["Agent", ...]


@record
class Agent:
    """`resume` is an argv in which `{id}` stands for the agent's own session id; empty where it has none.

    `after_others`: its places or workspaces are found through the sessions of other agents.  `reader`: the version of
    its connector.
    """

    name: str
    title: str
    module: str
    aliases: tuple[str, ...] = ()
    resume: tuple[str, ...] = ()
    after_others: bool = False
    reader: int = 1


# name, title, module, aliases, resume, after_others, reader
#
# Raise `reader` by one with a change to the connector, or to anything it reads with, that gives something else for
# files as they stand: the next `cass index` then reads all of the agent's files anew, once.  Not for what only reads
# sooner.  With what several agents share it is raised for each of them.
_ROWS: tuple[_Row, ...] = (
    ("claude_code", "Claude Code", "claude_code", ("claude",), ("claude", "--resume", "{id}"), False, 1),
    ("codex", "Codex", "codex", ("codex_cli",), ("codex", "resume", "{id}"), False, 1),
    ("gemini", "Gemini CLI", "gemini", ("gemini_cli",), ("gemini", "--resume", "{id}"), True, 1),
    ("aider", "Aider", "aider", (), ("aider", "--restore-chat-history"), True, 1),
    ("opencode", "OpenCode", "opencode", (), ("opencode", "--session", "{id}"), True, 1),
    ("cursor", "Cursor", "cursor", (), (), False, 1),
    ("goose", "Goose", "goose", (), ("goose", "session", "--resume", "--session-id", "{id}"), False, 1),
    ("zed", "Zed", "zed", (), (), False, 1),
    ("crush", "Crush", "crush", (), ("crush", "--session", "{id}"), True, 1),
    ("pi", "Pi", "pi", (), ("pi", "--session", "{id}"), False, 1),
    ("openclaw", "OpenClaw", "openclaw", (), (), False, 1),
    ("clawdbot", "Clawdbot", "clawdbot", (), (), False, 1),
    ("oh_my_pi", "Oh My Pi", "oh_my_pi", ("omp",), (), False, 1),
    ("qwen", "Qwen Code", "qwen", ("qwen_code",), ("qwen", "--resume", "{id}"), False, 1),
    ("factory", "Factory droid", "factory", ("droid",), ("droid", "--resume", "{id}"), False, 1),
    ("mistral_vibe", "Mistral Vibe", "mistral_vibe", ("vibe",), ("vibe", "--resume", "{id}"), False, 1),
    ("antigravity", "Antigravity CLI", "antigravity", ("agy",), ("agy", "--conversation", "{id}"), False, 1),
    ("grok", "Grok", "grok", (), (), False, 2),
    ("kimi", "Kimi CLI", "kimi", ("kimi_cli",), ("kimi", "--session", "{id}"), False, 1),
    ("kimi_code", "Kimi Code", "kimi_code", (), (), False, 1),
    ("amp", "Amp", "amp", (), ("amp", "threads", "continue", "{id}"), False, 1),
    ("openhands", "OpenHands", "openhands", (), ("openhands", "--resume", "{id}"), False, 1),
    ("hermes", "Hermes Agent", "hermes", ("hermes_agent",), ("hermes", "--resume", "{id}"), False, 1),
    ("copilot", "GitHub Copilot Chat", "copilot_chat", ("copilot_chat", "github_copilot"), (), False, 1),
    ("entire", "Entire", "entire", (), (), True, 1),
    ("specstory", "SpecStory", "specstory", (), (), True, 1),
    ("cline", "Cline", "cline", (), (), False, 1),
    ("roo_code", "Roo Code", "roo_code", ("roo", "roo_cline"), (), False, 1),
    ("kilo_code", "Kilo Code", "kilo_code", ("kilo", "kilocode"), (), False, 1),
    ("copilot_cli", "GitHub Copilot CLI", "copilot_cli", (), ("copilot", "--resume", "{id}"), False, 1),
    ("continue", "Continue", "continue_dev", ("continue_dev",), (), False, 1),
    ("chatgpt", "ChatGPT", "chatgpt", ("chat_gpt",), (), False, 1),
    ("claude_ai", "Claude.ai", "claude_ai", ("claude.ai", "claudeai"), (), False, 1),
)


def __getattr__(name: str) -> object:
    # Made when they are asked for: a search asks for the row of one agent or two.
    if name == "AGENTS":
        globals()[name] = tuple(Agent(*row) for row in _ROWS)
        return globals()[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _agents() -> tuple[Agent, ...]:
    from cass.connectors.table import AGENTS

    return AGENTS


def find_agent(word: str, where: str = "--agent") -> Agent:
    """The agent a person means: `claude`, `claude-code` and `claude_code` are one.

    Raises UnknownAgent, which says `where` it was asked for.
    """
    plain = word.strip().lower().replace("-", "_").replace(" ", "_")
    for agent in _agents():
        if plain == agent.name or plain in agent.aliases:
            return agent
    raise errors.UnknownAgent(f"{word!r} is not an agent that cass reads", where, _advice(plain))


def agent_word(root: str) -> str | None:
    """The agent that an entry of `sources.roots` names, as in `codex=FOLDER`; None where it is somebody's home."""
    word, is_named, _ = root.partition("=")
    return word.strip() if is_named and "/" not in word and "\\" not in word else None


def _advice(word: str) -> str:
    from difflib import get_close_matches

    words = {name: agent.name for agent in _agents() for name in (agent.name, *agent.aliases)}
    near = get_close_matches(word, words, 1)
    known = ", ".join(agent.name for agent in _agents())
    return f"did you mean {words[near[0]]}? It reads {known}" if near else f"use one of {known}"


_known: dict[str, Agent | None] = {}


def agent_row(name: str) -> Agent | None:
    """The row of a stored name; None for an agent that this version does not know."""
    if name not in _known:
        _known[name] = next((Agent(*row) for row in _ROWS if row[0] == name), None)
    return _known[name]


def readers() -> dict[str, int]:
    """Each agent's version of its reader."""
    return {row[0]: row[-1] for row in _ROWS}


def load(agent: Agent) -> Connector:
    """The agent's connector."""
    from importlib import import_module

    module: Connector = import_module(f"cass.connectors.{agent.module}")
    return module
