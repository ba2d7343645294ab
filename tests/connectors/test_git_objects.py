"""Objects of a repository are read without git, loose and packed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from cass.connectors import git_objects
from cass.connectors.git_objects import GitDamage, Objects
from tests.connectors.git_made import Repository

GIT = shutil.which("git")


def files(objects: Objects, commit: str) -> dict[str, bytes]:
    """All files of a commit by their paths."""

    def walk(tree: dict[str, tuple[bool, bytes]], at: str) -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        for name, (is_folder, object_name) in tree.items():
            if is_folder:
                found |= walk(objects.tree(object_name), f"{at}{name}/")
            else:
                found[f"{at}{name}"] = objects.blob(object_name)
        return found

    return walk(objects.tree_of(commit), "")


def test_loose_objects(tmp_path):
    """A commit's files, in folders too."""
    written = {"a/b/c.txt": b"c", "a/d.txt": b"", "e": b"\0\xff" * 100_000}
    commit = Repository(tmp_path).commit(written, "refs/heads/x")

    assert files(Objects(str(tmp_path / ".git")), commit) == written


@pytest.mark.skipif(GIT is None, reason="there is no git to make a pack with")
def test_packed_objects(tmp_path):
    """Most are told as changes of others, in long chains."""
    repository = Repository(tmp_path)
    text = "".join(f"line {number}: {number * 7919 % 1000}\n" for number in range(3000)).encode()
    written = {f"{number:02}/full.jsonl": text + b"more\n" * number for number in range(40)}
    written["big"] = bytes(range(256)) * 2000
    commit = repository.commit(written, "refs/heads/x")
    pack(tmp_path)

    assert not (tmp_path / ".git/objects" / commit[:2]).exists()
    assert len(list((tmp_path / ".git/objects/pack").glob("*.pack"))) == 1
    objects = Objects(str(tmp_path / ".git"))
    assert files(objects, commit) == written
    objects.close()


@pytest.mark.skipif(GIT is None, reason="there is no git to make a pack with")
def test_a_damaged_pack_is_told(tmp_path):
    """Wherever the damage is, nothing else than GitDamage is raised."""
    commit = Repository(tmp_path).commit({f"{n}": b"text %d\n" % n * 50 for n in range(9)}, "refs/heads/x")
    pack(tmp_path)
    for path in (tmp_path / ".git/objects/pack").iterdir():
        whole = path.read_bytes()
        path.chmod(0o644)
        for at in range(0, len(whole), 41):
            path.write_bytes(whole[:at] + b"\xff" + whole[at + 1 :])
            try:
                files(Objects(str(tmp_path / ".git")), commit)
            except GitDamage as told:
                assert str(told)
        path.write_bytes(whole)


def pack(folder: Path) -> None:
    subprocess.run([GIT or "git", "-C", str(folder), "-c", "gc.auto=0", "repack", "-adfq", "--depth=50"], check=True)
    subprocess.run([GIT or "git", "-C", str(folder), "prune-packed", "-q"], check=True)


def test_objects_of_another_repository_are_borrowed(tmp_path):
    """As clones on one machine do."""
    commit = Repository(tmp_path / "a").commit({"x": b"1"}, "refs/heads/x")
    other = Repository(tmp_path / "b").git / "objects/info/alternates"
    other.parent.mkdir()
    other.write_text(f"{tmp_path}/a/.git/objects\n")

    assert files(Objects(str(tmp_path / "b/.git")), commit) == {"x": b"1"}


@pytest.mark.parametrize("damage", [b"", b"\0", b"not zlib", None])
def test_a_damaged_object_is_told(tmp_path, damage):
    """By its name."""
    commit = Repository(tmp_path).commit({"x": b"1"}, "refs/heads/x")
    path = tmp_path / ".git/objects" / commit[:2] / commit[2:]
    path.unlink() if damage is None else path.write_bytes(damage)

    with pytest.raises(GitDamage, match="commit" if damage == b"" else commit):
        Objects(str(tmp_path / ".git")).tree_of(commit)


def test_one_kind_is_not_another(tmp_path):
    """A tree is no file, a file no tree."""
    repository = Repository(tmp_path)
    objects = Objects(str(repository.git))
    blob, tree = repository.add("blob", b"1"), repository.tree({"x": b"1"})

    for ask, name in ((objects.tree, blob), (objects.blob, tree)):
        with pytest.raises(GitDamage):
            ask(name)


def test_a_large_object_is_told(tmp_path, monkeypatch):
    """It is not held."""
    commit = Repository(tmp_path).commit({"x": b"1" * 5000}, "refs/heads/x")
    pack(tmp_path)
    monkeypatch.setattr(git_objects, "MAX_OBJECT_BYTES", 1000)

    with pytest.raises(GitDamage, match="over 64 MB"):
        files(Objects(str(tmp_path / ".git")), commit)
