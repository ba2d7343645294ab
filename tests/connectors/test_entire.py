"""Sessions are read out of Entire's git branch, each as its newest checkpoint has it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cass.connectors import entire
from cass.connectors.base import Surroundings
from cass.indexing.discover import Survey
from tests.connectors.git_made import Repository
from tests.connectors.reading import messages, problems, read, session, texts

HEADS, REMOTE = "refs/heads/entire/checkpoints/v1", "refs/remotes/origin/entire/checkpoints/v1"


def said(role: str, text: str, uuid: str) -> dict[str, Any]:
    content: Any = text if role == "user" else [{"type": "text", "text": text}]
    return {"type": role, "uuid": uuid, "parentUuid": None, "sessionId": "x", "cwd": "/else", "isSidechain": False,
            "timestamp": "2026-01-02T03:04:05Z", "message": {"id": uuid, "role": role, "content": content}}  # fmt: skip


def jsonl(*values: Any) -> bytes:
    return b"".join(json.dumps(value).encode() + b"\n" for value in values)


def checkpoint(at: str, name: str, *lines: Any, day: int = 2, number: int = 0, **about: Any) -> dict[str, bytes]:
    known = {"session_id": name, "agent": "Claude Code", "created_at": f"2026-01-{day:02}T00:00:00Z", **about}
    folder = f"{at[:2]}/{at[2:]}/{number}"
    return {f"{folder}/full.jsonl": jsonl(*lines), f"{folder}/metadata.json": json.dumps(known).encode(),
            f"{at[:2]}/{at[2:]}/metadata.json": b"{}"}  # fmt: skip


def branch(folder: Path, files: dict[str, bytes], ref: str = HEADS) -> Path:
    if not (folder / ".git").exists():
        Repository(folder)
    repository = Repository.__new__(Repository)
    repository.git = folder / ".git"
    repository.commit(files, ref)
    return folder / ".git" / ref


def give(path: Path) -> list[Any]:
    return read(entire, path.read_bytes(), str(path))


def test_a_session_is_read_as_its_agent_wrote_it(tmp_path):
    """Its workspace is the repository, wherever it ran; lines of a file there are none."""
    path = branch(tmp_path, checkpoint("abcdef", "s1", said("user", "mend it", "1"), branch="fix"))
    items = give(path)

    assert texts(items) == [("user", [("text", "mend it")])]
    assert [(m.session, m.line, m.start) for m in messages(items)] == [("s1", None, None)]
    told = session(items, "s1")
    assert (told.workspace, told.git_branch, told.title) == (str(tmp_path), "fix", "mend it")


def test_the_newest_checkpoint_counts(tmp_path):
    """Each holds its sessions from their beginnings; one may hold several."""
    first, second = said("user", "a", "1"), said("assistant", "b", "2")
    files = checkpoint("ff0000", "s1", first, day=2) | checkpoint("000000", "s1", first, second, day=3)
    files |= checkpoint("ff0000", "s2", said("user", "c", "3"), number=1)

    assert sorted((m.session, m.blocks[0].text) for m in messages(give(branch(tmp_path, files)))) == [
        ("s1", "a"), ("s1", "b"), ("s2", "c")]  # fmt: skip


def test_long_transcripts_are_cut_into_pieces(tmp_path):
    """And put together again."""
    files = checkpoint("abcdef", "s1", said("user", "a", "1"))
    files["ab/cdef/0/full.jsonl.001"] = jsonl(said("assistant", "b", "2"))

    assert [m.role for m in messages(give(branch(tmp_path, files)))] == ["user", "assistant"]


def test_sub_agents_are_children(tmp_path):
    """Their transcripts stand beside, in whichever checkpoint they ended."""
    files = checkpoint("abcdef", "s1", said("user", "go", "1"))
    files["ab/cdef/tasks/c1/agent-7.jsonl"] = jsonl(said("user", "look", "9"))
    items = give(branch(tmp_path, files | checkpoint("bbbbbb", "s1", said("user", "go", "1"), day=4)))

    assert sorted((m.session, m.blocks[0].text) for m in messages(items)) == [("s1", "go"), ("s1.agent-7", "look")]
    assert session(items, "s1.agent-7").parent_external_id == "s1"


@pytest.mark.parametrize(("agent", "lines"), [
    ("Codex", [{"timestamp": "2026-01-02T03:04:05Z", "type": "session_meta", "payload": {"id": "other", "cwd": "/x"}},
               {"timestamp": "2026-01-02T03:04:05Z", "type": "response_item",
                "payload": {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hello"}]}}]),
    ("Gemini CLI", [{"sessionId": "other", "messages": [{"id": "1", "type": "user", "content": "hello"}]}]),
    ("Copilot CLI", [{"type": "user.message", "data": {"content": "hello"}}]),
    ("Pi", [{"type": "session", "version": 3, "id": "other", "timestamp": "2026-01-02T03:04:05Z", "cwd": "/x"},
            {"type": "message", "id": "1", "parentId": None, "message": {"role": "user", "content": "hello"}}]),
    ("Factory AI Droid", [{"type": "session_start", "id": "other", "cwd": "/x"},
                          {"type": "message", "id": "1", "message": {"role": "user", "content": "hello"}}]),
    ("Cursor", [said("user", "hello", "1")]), ("Somebody New", [said("user", "hello", "1")]),
])  # fmt: skip
def test_transcripts_of_other_agents(tmp_path, agent, lines):
    """Each is read by that agent's connector; an unknown one as Claude Code's."""
    items = give(branch(tmp_path, checkpoint("abcdef", "s1", *lines, agent=agent)))

    assert [(m.session, m.role, m.blocks[0].text) for m in messages(items)] == [("s1", "user", "hello")]


def test_a_form_that_nobody_reads_is_told(tmp_path):
    """By the session's name."""
    items = give(branch(tmp_path, checkpoint("abcdef", "s1", {}, agent="OpenCode")))

    assert [p.what for p in problems(items)] == ["s1: transcripts of opencode are not read"]


def test_damage_costs_one_checkpoint(tmp_path):
    """What else the branch holds is read."""
    path = branch(
        tmp_path,
        checkpoint("abcdef", "s1", said("user", "a", "1")) | checkpoint("bbbbbb", "s2", said("user", "b", "2")),
    )
    lost = Repository.__new__(Repository)
    lost.git = tmp_path / ".git"
    name = lost.add("blob", jsonl(said("user", "a", "1"))).hex()
    (tmp_path / ".git/objects" / name[:2] / name[2:]).unlink()
    items = give(path)

    assert [m.session for m in messages(items)] == ["s2"]
    assert [p.what.startswith("s1: ") for p in problems(items)] == [True]


def test_a_bad_line_is_told_with_its_session(tmp_path):
    """The file that it stands in is the branch."""
    path = branch(
        tmp_path, checkpoint("abcdef", "s1", said("user", "a", "1")) | {"ab/cdef/0/full.jsonl": b"not json\n"}
    )

    assert [(p.path, p.what.partition(": ")[0]) for p in problems(give(path))] == [(str(path), "s1, line 1")]


# Places


def found(around: Surroundings) -> list[str]:
    return [each.path for each in Survey(entire, around).files()]


def test_the_branch_is_found_in_projects_and_workspaces(tmp_path):
    """Here, as another repository's, or packed: one file of each repository."""
    files = checkpoint("abcdef", "s1", said("user", "a", "1"))
    here, there = branch(tmp_path / "projects/a", files), branch(tmp_path / "b", files, REMOTE)
    branch(tmp_path / "b", {"x": b""}, "refs/heads/main")

    assert found(Surroundings(str(tmp_path), {}, (str(tmp_path / "b"),))) == [str(there), str(here)]


def test_a_packed_branch_is_read(tmp_path):
    """It stands in a list of all."""
    path = branch(tmp_path / "projects/a", checkpoint("abcdef", "s1", said("user", "a", "1")))
    packed = tmp_path / "projects/a/.git/packed-refs"
    packed.write_text(f"# pack-refs with: peeled\n{path.read_text().strip()} {HEADS}\n")
    assert not entire.claims(str(packed))

    path.unlink()

    assert found(Surroundings(str(tmp_path), {})) == [str(packed)]
    assert len(messages(give(packed))) == 1


def test_what_was_fetched_is_read_too(tmp_path):
    """Others' sessions are there before one's own branch has them."""
    branch(tmp_path, checkpoint("bbbbbb", "s2", said("user", "b", "2")), REMOTE)
    path = branch(tmp_path, checkpoint("abcdef", "s1", said("user", "a", "1")))

    assert {m.session for m in messages(give(path))} == {"s1", "s2"}


def test_checkpoints_with_references_of_their_own(tmp_path):
    """Their trees are the checkpoints; a list of those to be pushed changes with each."""
    for name, day, texts_said in (("01A", 2, "a"), ("01B", 3, "ab")):
        lines = [said("user", text, text) for text in texts_said]
        files = {path[8:]: data for path, data in checkpoint("000000", "s1", *lines, day=day).items()}
        branch(tmp_path / "projects/a", files, f"refs/entire/checkpoints/{name[-2:]}/{name}")
    assert found(Surroundings(str(tmp_path), {})) == []

    queue = tmp_path / "projects/a/.git/entire-checkpoint-push-queue.jsonl"
    queue.write_text("{}\n")

    assert found(Surroundings(str(tmp_path), {})) == [str(queue)]
    assert [m.blocks[0].text for m in messages(give(queue))] == ["a", "b"]


def test_a_fetch_is_noticed(tmp_path):
    """The file that is watched stays as it was; where the others stand is part of what was read."""
    path = branch(tmp_path, checkpoint("abcdef", "s1", said("user", "a", "1")))
    before = give(path)[-1].state["stand"]
    assert entire.stand(str(path)) == before

    branch(tmp_path, checkpoint("bbbbbb", "s2", said("user", "b", "2")), REMOTE)

    assert entire.stand(str(path)) != before


def test_a_work_tree_leads_to_its_repository(tmp_path):
    """Its `.git` is a file."""
    (tmp_path / "wt").mkdir()
    (tmp_path / "wt/.git").write_text(f"gitdir: {tmp_path}/a/.git/worktrees/wt\n")

    assert entire.roots(Surroundings("/h", {}, (str(tmp_path / "wt"),)))[0].path == f"{tmp_path}/a/.git"


@pytest.mark.parametrize(("folder", "entered"), [
    ("refs", True), ("refs/heads", True), ("refs/heads/entire", True), ("refs/heads/entire/checkpoints", True),
    ("refs/remotes/origin/entire", True), ("refs/heads/feature", False), ("objects", False), ("refs/tags", False),
])  # fmt: skip
def test_only_the_way_to_the_branch_is_entered(folder, entered):
    """A repository's other folders are large."""
    assert entire.enters(f"/w/app/.git/{folder}") is entered


@pytest.mark.parametrize("data", [b"", b"7", b"ref: refs/heads/main\n", b"0" * 40, b"\xff" * 40])
def test_a_branch_that_leads_nowhere_is_told_or_empty(tmp_path, data):
    """Nothing is raised."""
    path = branch(tmp_path, {"x": b"1"})
    path.write_bytes(data)

    assert messages(give(path)) == []
    assert len(problems(give(path))) == (data == b"0" * 40)
