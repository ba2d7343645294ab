"""Where the material stands, and the archives that are made of it once and kept in `build/bench/quality`."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.places import CACHE, REPO
from cass.connectors.table import AGENTS
from cass.lexical.schema import VERSION
from cass.paths import Places, places

FOLDER = CACHE / "quality"
UNPACK = REPO.parent / "shared" / "unpack"


class NotHere(Exception):
    """The material is missing; the message says what, and how to name it."""


@dataclass(frozen=True)
class Archive:
    """An indexed HOME: its name, and cass's folders for it.  With `is_part` no agent's files are read any more."""

    name: str
    home: Path
    is_part: bool = False

    @property
    def folder(self) -> Path:
        return FOLDER / self.name

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def env(self) -> dict[str, str]:
        own = {f"CASS_{kind}_DIR": str(self.folder / kind.lower()) for kind in ("DATA", "CONFIG", "CACHE", "RUNTIME")}
        if self.is_part:
            own["CASS_SOURCES_DISABLED"] = ",".join(row.name for row in AGENTS)
        return {"PATH": os.environ["PATH"], "PYTHONPATH": str(REPO), "HOME": str(self.home), **own}

    @property
    def places(self) -> Places:
        return places(self.env)

    def connect(self) -> sqlite3.Connection:
        return sqlite3.connect(f"file:{self.data / 'cass.db'}?mode=ro", uri=True)

    def cass(self, *words: str) -> None:
        """Run this tree's cass on it; its progress goes to stderr."""
        command = [sys.executable, "-m", "cass", *words]
        subprocess.run(command, env=self.env, cwd=REPO, check=True, stdout=sys.stderr)


def material(named: Path | None) -> Path:
    """The folder with `corpus/home` and `relevance`.  Raises NotHere."""
    if named is None and UNPACK.exists():
        done = subprocess.run([sys.executable, str(UNPACK)], capture_output=True, text=True, check=True)
        named = Path(done.stdout.strip())
    if named is None or not (named / "corpus" / "home").is_dir():
        raise NotHere("no real sessions here: name a folder with corpus/home and relevance by --data FOLDER")
    return named


def sessions(root: Path) -> Archive:
    """The real sessions."""
    archive = Archive("real", root / "corpus" / "home")
    _build(archive)
    return archive


def collection(root: Path, name: str) -> Archive:
    """The documents of `relevance/NAME`, each the only message of a session that is called as the document."""
    archive = Archive(name, FOLDER / name / "home")
    lines = archive.home / ".claude" / "projects" / f"-w-{name}"
    if not lines.exists():
        made = lines.with_name(lines.name + ".new")
        made.mkdir(parents=True, exist_ok=True)
        for document in json_lines(root / "relevance" / name / "docs.jsonl"):
            (made / f"{document['id']}.jsonl").write_text(_session(document), encoding="utf-8")
        made.rename(lines)
    _build(archive)
    return archive


def without(archive: Archive, name: str, messages: Collection[int]) -> Archive:
    """The same archive with these messages (row ids) taken out; its vectors stay, for texts that are still there.

    Made anew when the archive has changed, or others are to go: questions would else find what they were taken from.
    Nothing is read for it: what went would come back, from its home and from the workspaces that its sessions name.
    """
    part = Archive(f"{archive.name}-{name}", archive.home, is_part=True)
    made, wanted = part.folder / "made", _stand(archive, messages)
    if not made.exists() or made.read_text(encoding="ascii") != wanted:
        shutil.rmtree(part.folder, ignore_errors=True)
        shutil.copytree(archive.data, part.data, ignore=shutil.ignore_patterns("lexical", "*.lock"))
        _delete(part.data / "cass.db", messages)
        made.write_text(wanted, encoding="ascii")
    _build(part)
    return part


def _stand(archive: Archive, messages: Collection[int]) -> str:
    """A hash of what goes, and of how long and how old the database, the vectors and the models are."""
    derived = (path for path in (archive.data / "derived").rglob("*") if "lexical" not in path.parts)
    looks = [(str(path), path.stat()) for path in (archive.data / "cass.db", *derived) if path.is_file()]
    kept = sorted((path, look.st_size, look.st_mtime_ns) for path, look in looks)
    return hashlib.sha256(repr((sorted(messages), kept)).encode()).hexdigest()


def embed(archive: Archive, models: Path | None) -> None:
    """Bring its vectors up to date; with `models` (a data folder's `derived/models`) those of MiniLM too."""
    for model in models.iterdir() if models is not None else ():
        if not (archive.data / "derived" / "models" / model.name).exists():
            shutil.copytree(model, archive.data / "derived" / "models" / model.name)
    archive.cass("backfill", "--force", *([] if models else ["--tier", "fast"]))


def json_lines(path: Path) -> Iterable[dict[str, str]]:
    """One object a line."""
    with path.open(encoding="utf-8") as file:
        yield from map(json.loads, file)


def _build(archive: Archive) -> None:
    """Index what is not indexed; an index of another version is made again."""
    current = archive.data / "derived" / "lexical" / "current"
    if not (archive.data / "cass.db").exists():
        archive.cass("index")
    elif not current.exists() or int(current.read_text().split()[1]) != VERSION:
        archive.cass("index", "--rebuild")


def _delete(database: Path, messages: Collection[int]) -> None:
    with sqlite3.connect(database) as connection:
        connection.execute("CREATE TEMP TABLE gone(id INTEGER PRIMARY KEY)")
        connection.executemany("INSERT INTO gone VALUES(?)", [(message,) for message in sorted(set(messages))])
        connection.execute("DELETE FROM blocks WHERE message IN (SELECT id FROM gone)")
        connection.execute("DELETE FROM messages WHERE id IN (SELECT id FROM gone)")


def _session(document: dict[str, str]) -> str:
    """A document as a session of Claude Code's with one message: its title, then its text.

    Cranfield's texts begin with their titles already: published figures count both.
    """
    line = {
        "type": "user",
        "sessionId": document["id"],
        "uuid": f"u{document['id']}",
        "parentUuid": None,
        "cwd": "/w",
        # All of one moment: what is newer must not come first.
        "timestamp": "2026-01-02T03:04:05.000Z",
        "message": {"role": "user", "content": f"{document['title']}\n{document['text']}"},
    }
    return json.dumps(line) + "\n"
