"""Where Entire's checkpoints stand in a git folder: a branch of all of them, or a reference for each."""

from __future__ import annotations

import os

from cass.connectors.common import names_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

GIT, BRANCH, PACKED = ".git", "entire/checkpoints/v1", "packed-refs"
# Entire appends to it with every checkpoint that has a reference of its own.
QUEUE = "entire-checkpoint-push-queue.jsonl"

_SINGLE = "refs/entire/checkpoints/"
_ANY = b"entire/checkpoints/"
_REFS_BYTES = 64 << 20


def inside(path: str) -> list[str]:
    """The names below `.git`; none outside of it."""
    parts = path.replace("\\", "/").split("/")
    return parts[parts.index(GIT) + 1 :] if GIT in parts else []


def git_of(path: str) -> str | None:
    """The git folder of a file that may tell of checkpoints; None for any other file."""
    way = "/".join(inside(path))
    is_branch = way.startswith("refs/") and way.endswith(f"/{BRANCH}")
    return path[: -len(way) - 1] if is_branch or way in (PACKED, QUEUE) else None


def leads_to_branch(way: list[str]) -> bool:
    """Is this folder below `.git` on the way to the branch?"""
    branch = BRANCH.split("/")
    if way[:2] == ["refs", "remotes"]:
        return way[3:] == branch[: max(0, len(way) - 3)]
    return way == ["refs"] or (way[:2] == ["refs", "heads"] and way[2:] == branch[: len(way) - 2])


def watched(git: str) -> str | None:
    """The one file of this git folder that changes with its checkpoints; None where there are none."""
    queue, packed = os.path.join(git, QUEUE), os.path.join(git, PACKED)
    names = list(references(git))
    if os.path.isfile(queue) and any(name.startswith(_SINGLE) for name in names):
        return queue
    for name in sorted(names):
        if name.endswith(f"/{BRANCH}") and os.path.isfile(path := os.path.join(git, *name.split("/"))):
            return path
    return packed if names and os.path.isfile(packed) else None


def references(git: str) -> dict[str, str]:
    """The commits of the branch, here and as fetched from elsewhere, and of single checkpoints, by their references."""
    return dict(_packed(os.path.join(git, PACKED))) | dict(_loose(git))


def is_single(name: str) -> bool:
    """Is this the reference of one checkpoint?"""
    return name.startswith(_SINGLE)


def git_folder(workspace: str) -> str:
    """The git folder of a workspace; of a work tree, that of its repository."""
    path = os.path.join(workspace, GIT)
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            named = file.read(4096).strip()
    except (OSError, ValueError):
        return path
    folder = os.path.join(workspace, named.removeprefix("gitdir:").strip())
    return os.path.normpath(folder.partition(f"{os.sep}worktrees{os.sep}")[0])


def _packed(path: str) -> Iterator[tuple[str, str]]:
    try:
        with open(path, "rb") as file:
            text = file.read(_REFS_BYTES)
    except OSError:
        return
    for line in text.decode("utf-8", "replace").split("\n") if _ANY in text else ():
        commit, _, name = line.partition(" ")
        is_branch = name.startswith(("refs/heads/", "refs/remotes/")) and name.endswith(f"/{BRANCH}")
        if (is_branch or name.startswith(_SINGLE)) and _is_commit(commit):
            yield name, commit


def _loose(git: str) -> Iterator[tuple[str, str]]:
    names = [f"refs/heads/{BRANCH}", *(f"refs/remotes/{name}/{BRANCH}" for name in _listed(git, "refs/remotes"))]
    for shard in _listed(git, _SINGLE):
        names += [f"{_SINGLE}{shard}/{name}" for name in _listed(git, f"{_SINGLE}{shard}")]
    for name in names:
        try:
            with open(os.path.join(git, *name.split("/")), "rb") as file:
                commit = file.read(100).strip().decode("ascii", "replace")
        except OSError:
            continue
        if _is_commit(commit):
            yield name, commit


def _listed(git: str, folder: str) -> list[str]:
    return names_in(os.path.join(git, *folder.strip("/").split("/")))


def _is_commit(word: str) -> bool:
    return len(word) == 40 and all(letter in "0123456789abcdef" for letter in word)
