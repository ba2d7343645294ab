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

    _Row: TypeAlias = tuple[str, str, str, tuple[str, ...], tuple[str, ...], bool]
    AGENTS: tuple["Agent", ...]


@record
class Agent:
    """`resume` is an argv in which `{id}` stands for the agent's own session id; empty where it has none.

    `after_others`: its places or workspaces are found through the sessions of other agents.
    """

    name: str
    title: str
    module: str
    aliases: tuple[str, ...] = ()
    resume: tuple[str, ...] = ()
    after_others: bool = False


# name, title, module, aliases, resume, after_others
_ROWS: tuple[_Row, ...] = (
    ("claude_code", "Claude Code", "claude_code", ("claude",), ("claude", "--resume", "{id}"), False),
    ("codex", "Codex", "codex", ("codex_cli",), ("codex", "resume", "{id}"), False),
    ("gemini", "Gemini CLI", "gemini", ("gemini_cli",), ("gemini", "--resume", "{id}"), True),
    ("aider", "Aider", "aider", (), ("aider", "--restore-chat-history"), True),
    ("opencode", "OpenCode", "opencode", (), ("opencode", "--session", "{id}"), True),
    ("cursor", "Cursor", "cursor", (), (), False),
    ("goose", "Goose", "goose", (), ("goose", "session", "--resume", "--session-id", "{id}"), False),
    ("zed", "Zed", "zed", (), (), False),
    ("crush", "Crush", "crush", (), ("crush", "--session", "{id}"), True),
    ("pi", "Pi", "pi", (), ("pi", "--session", "{id}"), False),
    ("openclaw", "OpenClaw", "openclaw", (), (), False),
    ("clawdbot", "Clawdbot", "clawdbot", (), (), False),
    ("oh_my_pi", "Oh My Pi", "oh_my_pi", ("omp",), (), False),
    ("qwen", "Qwen Code", "qwen", ("qwen_code",), ("qwen", "--resume", "{id}"), False),
    ("factory", "Factory droid", "factory", ("droid",), ("droid", "--resume", "{id}"), False),
    ("mistral_vibe", "Mistral Vibe", "mistral_vibe", ("vibe",), ("vibe", "--resume", "{id}"), False),
    ("antigravity", "Antigravity CLI", "antigravity", ("agy",), ("agy", "--conversation", "{id}"), False),
    ("grok", "Grok", "grok", (), (), False),
    ("kimi", "Kimi CLI", "kimi", ("kimi_cli",), ("kimi", "--session", "{id}"), False),
    ("kimi_code", "Kimi Code", "kimi_code", (), (), False),
    ("amp", "Amp", "amp", (), ("amp", "threads", "continue", "{id}"), False),
    ("openhands", "OpenHands", "openhands", (), ("openhands", "--resume", "{id}"), False),
    ("hermes", "Hermes Agent", "hermes", ("hermes_agent",), ("hermes", "--resume", "{id}"), False),
    ("copilot", "GitHub Copilot Chat", "copilot_chat", ("copilot_chat", "github_copilot"), (), False),
    ("entire", "Entire", "entire", (), (), True),
    ("specstory", "SpecStory", "specstory", (), (), True),
    ("cline", "Cline", "cline", (), (), False),
    ("roo_code", "Roo Code", "roo_code", ("roo", "roo_cline"), (), False),
    ("kilo_code", "Kilo Code", "kilo_code", ("kilo", "kilocode"), (), False),
    ("copilot_cli", "GitHub Copilot CLI", "copilot_cli", (), ("copilot", "--resume", "{id}"), False),
    ("continue", "Continue", "continue_dev", ("continue_dev",), (), False),
    ("chatgpt", "ChatGPT", "chatgpt", ("chat_gpt",), (), False),
    ("claude_ai", "Claude.ai", "claude_ai", ("claude.ai", "claudeai"), (), False),
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


def find_agent(word: str) -> Agent:
    """The agent a person means: `claude`, `claude-code` and `claude_code` are one.  Raises UnknownAgent."""
    plain = word.strip().lower().replace("-", "_").replace(" ", "_")
    for agent in _agents():
        if plain == agent.name or plain in agent.aliases:
            return agent
    raise errors.UnknownAgent(f"{word!r} is not an agent that cass reads", "--agent", _advice(plain))


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


def load(agent: Agent) -> Connector:
    """The agent's connector."""
    from importlib import import_module

    module: Connector = import_module(f"cass.connectors.{agent.module}")
    return module
