"""Entire: sessions of other agents in a git repository, which teams share.

A checkpoint holds a folder a session, with its transcript so far as its agent wrote it; the newest one of each session
is read, by the connector of that agent.  Checkpoints stand in the branch `entire/checkpoints/v1`, or each has a
reference of its own.  Sessions have the repository's folder as their workspace, wherever they ran.  When any of these
references has moved, all is read.
"""

from __future__ import annotations

import hashlib
import io
import json
import os

from cass.connectors.base import Checkpoint, Message, Root, Session, Source, SourceProblem
from cass.connectors.common import any_ms
from cass.connectors.entire_refs import GIT, git_folder, git_of, inside, is_single, leads_to_branch, references, watched
from cass.connectors.git_objects import GitDamage, Objects
from cass.connectors.projects import enters_project, project_roots
from cass.connectors.table import find_agent, load
from cass.connectors.telling import string
from cass.connectors.values import fields
from cass.records import record, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from cass.connectors.base import Connector, Item, Surroundings

    _Tree = dict[str, tuple[bool, bytes]]

AGENT = "entire"
TRANSCRIPT, ABOUT = "full.jsonl", "metadata.json"
MAX_TRANSCRIPT_BYTES = 128 << 20

_DEPTH = 5  # of refs/remotes/<name>/entire/checkpoints below .git
# The agents by Entire's names: the row that reads their transcripts, and what their files are called.
_FORMS = {
    "codex": ("codex", "rollout-{id}.jsonl"),
    "gemini cli": ("gemini", "chats/session-{id}.json"),
    "copilot cli": ("copilot_cli", "session-state/{id}/events.jsonl"),
    "pi": ("pi", "{id}.jsonl"),
    "factory ai droid": ("factory", "{id}.jsonl"),
    "qwen code": ("qwen", "{id}.jsonl"),
}
_NOT_READ = ("opencode",)


def roots(around: Surroundings) -> list[Root]:
    """The git folders of known workspaces, then the folders where people keep their projects."""
    known = [Root(git_folder(folder), _DEPTH, watch=False) for folder in around.workspaces]
    others = [root for root in project_roots(around, GIT) if root.depth]
    return list(dict.fromkeys(known)) + [replace(root, depth=root.depth + _DEPTH) for root in others]


def enters(folder: str) -> bool:
    """Projects, and in their git folders the way to the branch."""
    way = inside(folder)
    return leads_to_branch(way) if way else enters_project(folder, GIT)


def claims(path: str) -> bool:
    """The one file of a repository that changes with its checkpoints."""
    git = git_of(path)
    return git is not None and path == watched(git)


def stand(path: str) -> str:
    """Where all references to checkpoints are: others than that of the watched file may move, as after a fetch."""
    found = sorted(references(git_of(path) or "").items())
    return hashlib.sha1(repr(found).encode("utf-8", "replace"), usedforsecurity=False).hexdigest()


def read(source: Source) -> Iterator[Item]:
    """Give the newest state of all sessions of a repository."""
    git = git_of(source.path)
    objects = Objects(git or "")
    try:
        yield from _Branch(source, objects, git or "").items()
    finally:
        objects.close()


@record
class _Found:
    """A session's folder in a checkpoint, and what is said of it there."""

    made_ms: int
    tree: _Tree
    about: dict[str, Any]


class _Branch:
    def __init__(self, source: Source, objects: Objects, git: str) -> None:
        self.source = source
        self.objects = objects
        self.git = git
        self.folder = os.path.dirname(git)
        self.found: dict[str, _Found] = {}
        self.helpers: dict[tuple[str, str], bytes] = {}  # (session, file) of sub-agents -> their transcript
        self.known: set[str] = set()
        self.problems: list[SourceProblem] = []

    def items(self) -> Iterator[Item]:
        state = {"stand": stand(self.source.path)}
        for name, tip in references(self.git).items():
            try:
                tree = self.objects.tree_of(tip)
                self._checkpoint(tree) if is_single(name) else self._look(tree)
            except (GitDamage, ValueError) as bad:
                self._problem(name, bad)
        for session in sorted(self.found, key=lambda key: (self.found[key].made_ms, key)):
            yield from self._session(session, self.found[session])
        yield from self.problems
        yield Checkpoint(self.source.size, 0, state, resumable=False)

    def _problem(self, what: str, bad: Exception) -> None:
        self.problems.append(SourceProblem(self.source.path, None, f"{what}: {bad}"))

    def _look(self, root: _Tree) -> None:
        for start, (is_folder, shard) in root.items():
            for end, (is_checkpoint, name) in (
                self.objects.tree(shard) if is_folder and len(start) == 2 else {}
            ).items():
                if is_checkpoint:
                    try:
                        self._checkpoint(self.objects.tree(name))
                    except (GitDamage, ValueError) as bad:
                        self._problem(f"checkpoint {start}{end}", bad)

    def _checkpoint(self, tree: _Tree) -> None:
        """Note the sessions of a checkpoint where it is newer than what was seen of them."""
        folders = [
            self.objects.tree(name)
            for part, (is_folder, name) in sorted(tree.items())
            if is_folder and part.isdecimal()
        ]
        sessions = [session for each in folders or [tree] if (session := self._note(each))]
        if sessions and "tasks" in tree:
            self._note_helpers(sessions[0], self.objects.tree(tree["tasks"][1]))

    def _note(self, tree: _Tree) -> str | None:
        about = self._json(tree)
        session = string(about.get("session_id"))
        if session is None or TRANSCRIPT not in tree:
            return None
        found = _Found(any_ms(about.get("created_at")) or 0, tree, about)
        before = self.found.get(session)
        if before is None or before.made_ms <= found.made_ms:
            self.found[session] = found
        return session

    def _note_helpers(self, session: str, tasks: _Tree) -> None:
        for is_folder, name in tasks.values():
            for file, (_, blob) in (self.objects.tree(name) if is_folder else {}).items():
                if file.startswith("agent-") and file.endswith(".jsonl"):
                    self.helpers[session, file.removesuffix(".jsonl")] = blob

    def _json(self, tree: _Tree) -> dict[str, Any]:
        if ABOUT not in tree:
            return {}
        try:
            return fields(json.loads(self.objects.blob(tree[ABOUT][1]).decode("utf-8", "replace")))
        except (ValueError, RecursionError):
            return {}

    def _session(self, session: str, found: _Found) -> Iterator[Item]:
        agent = str(found.about.get("agent") or "").lower()
        if agent.startswith(_NOT_READ):
            yield SourceProblem(self.source.path, None, f"{session}: transcripts of {agent} are not read")
            return
        try:
            data = self._transcript(found.tree)
        except (GitDamage, ValueError) as bad:
            self._problem(session, bad)
            return
        connector, name = _reader(agent)
        branch = string(found.about.get("branch"))
        yield from self._told(connector, name.format(id=session), session, data, None, branch)
        for (owner, helper), blob in self.helpers.items():
            if owner == session:
                yield from self._helper(connector, session, helper, blob)

    def _helper(self, connector: Connector, session: str, helper: str, blob: bytes) -> Iterator[Item]:
        try:
            data = self.objects.blob(blob)
        except GitDamage as bad:
            self._problem(f"{session} {helper}", bad)
            return
        yield from self._told(connector, f"{helper}.jsonl", f"{session}.{helper}", data, session, None)

    def _transcript(self, tree: _Tree) -> bytes:
        """A long transcript is cut into `full.jsonl`, `full.jsonl.001` and so on."""
        pieces = [self.objects.blob(tree[name][1]) for name in sorted(tree) if name.startswith(TRANSCRIPT)]
        if sum(map(len, pieces)) > MAX_TRANSCRIPT_BYTES:
            raise ValueError("a transcript of over 128 MB was passed over")
        return b"".join(pieces)

    def _told(
        self, connector: Connector, name: str, session: str, data: bytes, parent: str | None, branch: str | None
    ) -> Iterator[Item]:
        """What the agent's connector says, with the places that are true here."""
        path = f"{self.source.path}/{name}"
        inner = Source(path, io.BytesIO(data), len(data), self.source.mtime_ms, None, self.source.around, session)
        for item in connector.read(inner):
            if isinstance(item, Session):
                own = item.external_id == session
                mother = (parent if own else None) or item.parent_external_id
                first = item.external_id not in self.known
                self.known.add(item.external_id)
                workspace = self.folder if first or item.workspace else None
                given = item.git_branch or (branch if own and first else None)
                yield replace(item, parent_external_id=mother, workspace=workspace, git_branch=given)
            elif isinstance(item, Message):
                yield replace(item, line=None, start=None, end=None)
            elif isinstance(item, SourceProblem):
                yield SourceProblem(self.source.path, None, f"{session}, line {item.line}: {item.what}")
            elif not isinstance(item, Checkpoint):
                yield item


def _reader(agent: str) -> tuple[Connector, str]:
    """The connector for an agent's transcripts, and the name it expects; Claude Code's for those it does not know."""
    name, form = _FORMS.get(agent, ("claude_code", "{id}.jsonl"))
    return load(find_agent(name)), form
