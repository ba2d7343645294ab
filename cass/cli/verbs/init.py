"""`cass init SHELL`: code that gives a shell a key for searching."""

from __future__ import annotations

import os
import sys

from cass.render.text_json import as_object

FOLDER = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(__file__))), "shell")
# Alt-S, as each shell writes it.
KEYS = {"bash": r"\es", "zsh": "^[s", "fish": r"\es"}
HEAD = "# What `cass init {}` prints: a key that searches your sessions as you type.\n"


def run(options: dict[str, object]) -> int:
    text = code(str(options["shell"]), str(options["key"] or ""))
    sys.stdout.write(as_object(text) if options["json"] else text)
    return 0


def code(shell: str, key: str = "") -> str:
    """What the shell is to evaluate; `key` empty for Alt-S."""
    choose, own = _text("choose.sh"), _text(f"init.{shell}")
    key = key or KEYS[shell]
    if shell == "fish":
        own = own.replace("KEY", key)
        return HEAD.format(shell) + own.replace("CHOOSE", choose.replace("\\", r"\\").replace("'", r"\'").rstrip())
    return HEAD.format(shell) + choose + "\n" + own.replace("KEY", key.replace("'", r"'\''"))


def _text(name: str) -> str:
    with open(os.path.join(FOLDER, name), encoding="utf-8") as file:
        return file.read()
