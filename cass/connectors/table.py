"""One row an agent: its name, the words people use for it, its connector, and how it resumes a session.

The connectors themselves are imported only when something is to be read.
"""

from __future__ import annotations

from cass import errors
from cass.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cass.connectors.base import Connector


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


AGENTS = (
    Agent("claude_code", "Claude Code", "claude_code", ("claude",), ("claude", "--resume", "{id}")),
    Agent("codex", "Codex", "codex", ("codex_cli",), ("codex", "resume", "{id}")),
    Agent("gemini", "Gemini CLI", "gemini", ("gemini_cli",), ("gemini", "--resume", "{id}"), after_others=True),
    Agent("aider", "Aider", "aider", (), ("aider", "--restore-chat-history"), after_others=True),
    Agent("opencode", "OpenCode", "opencode", (), ("opencode", "--session", "{id}"), after_others=True),
    Agent("cursor", "Cursor", "cursor"),
    Agent("goose", "Goose", "goose", (), ("goose", "session", "--resume", "--session-id", "{id}")),
    Agent("zed", "Zed", "zed"),
    Agent("crush", "Crush", "crush", (), ("crush", "--session", "{id}"), after_others=True),
    Agent("pi", "Pi", "pi", (), ("pi", "--session", "{id}")),
    Agent("openclaw", "OpenClaw", "openclaw"),
    Agent("clawdbot", "Clawdbot", "clawdbot"),
    Agent("oh_my_pi", "Oh My Pi", "oh_my_pi", ("omp",)),
    Agent("qwen", "Qwen Code", "qwen", ("qwen_code",), ("qwen", "--resume", "{id}")),
    Agent("factory", "Factory droid", "factory", ("droid",), ("droid", "--resume", "{id}")),
    Agent("mistral_vibe", "Mistral Vibe", "mistral_vibe", ("vibe",), ("vibe", "--resume", "{id}")),
    Agent("antigravity", "Antigravity CLI", "antigravity", ("agy",), ("agy", "--conversation", "{id}")),
    Agent("grok", "Grok", "grok"),
    Agent("kimi", "Kimi CLI", "kimi", ("kimi_cli",), ("kimi", "--session", "{id}")),
    Agent("kimi_code", "Kimi Code", "kimi_code"),
    Agent("amp", "Amp", "amp", (), ("amp", "threads", "continue", "{id}")),
    Agent("openhands", "OpenHands", "openhands", (), ("openhands", "--resume", "{id}")),
    Agent("hermes", "Hermes Agent", "hermes", ("hermes_agent",), ("hermes", "--resume", "{id}")),
    Agent("copilot", "GitHub Copilot Chat", "copilot_chat", ("copilot_chat", "github_copilot")),
    Agent("entire", "Entire", "entire", (), after_others=True),
    Agent("specstory", "SpecStory", "specstory", (), after_others=True),
    Agent("cline", "Cline", "cline"),
    Agent("roo_code", "Roo Code", "roo_code", ("roo", "roo_cline")),
    Agent("kilo_code", "Kilo Code", "kilo_code", ("kilo", "kilocode")),
    Agent("copilot_cli", "GitHub Copilot CLI", "copilot_cli", (), ("copilot", "--resume", "{id}")),
    Agent("continue", "Continue", "continue_dev", ("continue_dev",)),
    Agent("chatgpt", "ChatGPT", "chatgpt", ("chat_gpt",)),
    Agent("claude_ai", "Claude.ai", "claude_ai", ("claude.ai", "claudeai")),
)


def find_agent(word: str) -> Agent:
    """The agent a person means: `claude`, `claude-code` and `claude_code` are one.  Raises UnknownAgent."""
    plain = word.strip().lower().replace("-", "_").replace(" ", "_")
    for agent in AGENTS:
        if plain == agent.name or plain in agent.aliases:
            return agent
    raise errors.UnknownAgent(f"{word!r} is not an agent that cass reads", "--agent", _advice(plain))


def _advice(word: str) -> str:
    from difflib import get_close_matches

    words = {name: agent.name for agent in AGENTS for name in (agent.name, *agent.aliases)}
    near = get_close_matches(word, words, 1)
    known = ", ".join(agent.name for agent in AGENTS)
    return f"did you mean {words[near[0]]}? It reads {known}" if near else f"use one of {known}"


def agent_row(name: str) -> Agent | None:
    """The row of a stored name; None for an agent that this version does not know."""
    for agent in AGENTS:
        if agent.name == name:
            return agent
    return None


def load(agent: Agent) -> Connector:
    """The agent's connector."""
    from importlib import import_module

    module: Connector = import_module(f"cass.connectors.{agent.module}")
    return module
