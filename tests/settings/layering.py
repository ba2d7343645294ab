"""A config folder for tests, and values to put into its layers."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from cass.paths import Places
from cass.settings import table
from cass.settings.hot import FILES
from cass.settings.layers import read_files
from cass.settings.quick import Settings, load
from cass.settings.table import Setting

# Of each kind three good values (as text, as typed), so that every layer can say something else, and a bad one.
GOOD: dict[str, tuple[tuple[str, object], ...]] = {
    table.MODE: (("off", "lexical_only"), (" Strict ", "strict_semantic"), ("hybrid-preferred", "hybrid_preferred")),
    table.POLICY: (("auto", "automatic"), ("budget-gated", "budget_gated"), ("opt_in", "opt_in")),
    table.NAME: (("hash", "hash"), ("minilm", "minilm"), ("org/model-2", "org/model-2")),
    table.CHOICE: (),
    table.WHOLE: (("11", 11), ("22", 22), ("33", 33)),
    table.HOST: (("::1", "::1"), (" [::]", "::"), ("my-host.lan", "my-host.lan")),
    table.PORT: (("0", 0), ("8080", 8080), ("65535", 65535)),
    table.FRACTION: (("0", 0.0), ("0.25", 0.25), ("1.0", 1.0)),
    table.NUMBER: (("0", 0), ("0.7", 0.7), ("3", 3)),
    table.HOURS: (("22:00-7:00", "22:00-07:00"), ("", ""), (" 0:05 - 9:30 ", "00:05-09:30")),
    table.SECONDS: (("500ms", 0.5), ("2m", 120), ("7.5", 7.5)),
    table.SOME_SECONDS: (("500ms", 0.5), ("2m", 120), ("7.5", 7.5)),
    table.MILLISECONDS: (("20", 20), ("1.5s", 1500), ("250ms", 250)),
    table.SWITCH: (("yes", True), ("off", False), ("1", True)),
    table.COMMAND: (("less -R", "less -R"), ("", ""), ("more", "more")),
    table.AGENTS: (("codex, Aider", ("codex", "aider")), ("claude-code", ("claude_code",)), ("", ())),
    table.ROOTS: (("codex=/a, ~/b", ("codex=/a", "~/b")), ("/c", ("/c",)), ("", ())),
    table.PATTERNS: (("~/a, b-*,", ("~/a", "b-*")), ("/w/**/c", ("/w/**/c",)), ("", ())),
    table.LINK: (("none", "none"), ("cursor", "cursor://file{path}:{line}"), ("x://{path}", "x://{path}")),
    table.WEIGHTS: (
        ("lexical=1,fast=0.3,quality=1", "lexical=1,fast=0.3,quality=1"),
        ("quality=2", "lexical=1,fast=0.3,quality=2"),
        (" Fast = 0, lexical=0.5 ", "lexical=0.5,fast=0,quality=1"),
    ),
    table.SHARE_OR_OFF: ((" On", 0.5), ("1", 1.0), ("false", "off")),
    table.ADDRESS: (("http://localhost:1", "http://localhost:1"), ("", ""), (" https://a.b/v1 ", "https://a.b/v1")),
    table.SOCKET: (("unix:///run/e.sock", "unix:///run/e.sock"), ("", ""), (" tcp://[::1]:80 ", "tcp://[::1]:80")),
    table.VARIABLE: (("MY_KEY", "MY_KEY"), ("", ""), (" KEY2 ", "KEY2")),
}
BAD = {
    table.MODE: "hybird",
    table.POLICY: "sometimes",
    table.NAME: "two words",
    table.CHOICE: "perhaps",
    table.WHOLE: "-1",
    table.HOST: "300.1.1.1",
    table.PORT: "65536",
    table.FRACTION: "1.01",
    table.NUMBER: "-1",
    table.HOURS: "at night",
    table.SECONDS: "soon",
    table.SOME_SECONDS: "0",
    table.MILLISECONDS: "1.5",
    table.SWITCH: "2",
    table.COMMAND: "less\x1b",
    table.AGENTS: "a;b",
    table.ROOTS: "/a\x1b",
    table.PATTERNS: "/a\x1b",
    table.LINK: "nowhere",
    table.WEIGHTS: "fast=0.5",
    table.SHARE_OR_OFF: "1.5",
    table.ADDRESS: "https://me:secret@example",
    table.SOCKET: "unix://here",
    table.VARIABLE: "sk-secret",
    table.CONSTANT: "2",
}
SETTABLE = [row for row in table.ROWS if row.kind != table.CONSTANT]


def told(row: Setting) -> str:
    """What a problem quotes of the bad value: nothing that may be a secret."""
    return "***" if "secret" in BAD[row.kind] else BAD[row.kind]


def good(row: Setting, at: int) -> tuple[str, object]:
    """(text, typed value) number 0, 1 or 2 of a row."""
    if row.kind == table.CHOICE:
        word = row.values[at % len(row.values)]
        return word.upper(), word
    return GOOD[row.kind][at]


class Config:
    """A user's config and cache folders."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "config"
        self.cache = folder / "cache"
        self.folder.mkdir(exist_ok=True)
        self.places = Places(str(folder / "data"), str(self.folder), str(self.cache), str(folder / "run"))

    def path(self, name: str) -> Path:
        return self.folder / name

    def write(self, name: str, text: str) -> Path:
        """The file's bytes, line ends as they are."""
        path = self.path(name)
        path.write_bytes(text.encode())
        return path

    def text(self, name: str) -> str:
        return self.path(name).read_bytes().decode()

    def load(self, env: Mapping[str, str] | None = None, flags: Mapping[str, object] | None = None) -> Settings:
        return load(self.places, env or {}, flags)

    def remember(self) -> None:
        """What a command that runs some seconds later leaves in the cache."""
        names = tuple(name for name in FILES if self.path(name).exists())
        changed = max(max(os.stat(self.path(name))[7:10]) for name in names)
        read_files(self.places, names, {}, lambda: (changed + 10) * 1000)
