"""A git repository made by hand: loose objects, trees from paths, a branch."""

from __future__ import annotations

import hashlib
import zlib
from pathlib import Path
from typing import Any

Files = dict[str, bytes]


class Repository:
    """Writes below `folder`/.git, without git."""

    def __init__(self, folder: Path) -> None:
        self.git = folder / ".git"
        (self.git / "objects").mkdir(parents=True)
        (self.git / "HEAD").write_text("ref: refs/heads/main\n")

    def add(self, kind: str, data: bytes) -> bytes:
        """A loose object; its name."""
        whole = f"{kind} {len(data)}\0".encode() + data
        name = hashlib.sha1(whole, usedforsecurity=False)
        path = self.git / "objects" / name.hexdigest()[:2] / name.hexdigest()[2:]
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(zlib.compress(whole))
        return name.digest()

    def tree(self, files: Files) -> bytes:
        """The tree of these files by their paths."""
        inner: dict[str, Any] = {}
        for path, data in files.items():
            name, slash, rest = path.partition("/")
            if slash:
                inner.setdefault(name, {})[rest] = data
            else:
                inner[name] = data
        rows = b""
        for name in sorted(inner):
            mode, made = ("40000", self.tree(inner[name])) if isinstance(inner[name], dict) else ("100644", None)
            rows += f"{mode} {name}\0".encode() + (made or self.add("blob", inner[name]))
        return self.add("tree", rows)

    def commit(self, files: Files, ref: str) -> str:
        """Let a reference stand at a commit with these files."""
        head = f"tree {self.tree(files).hex()}\nauthor A <a> 0 +0000\ncommitter A <a> 0 +0000\n\nx\n"
        name = self.add("commit", head.encode()).hex()
        path = self.git / ref
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{name}\n")
        return name
