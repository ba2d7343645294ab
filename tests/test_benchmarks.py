"""The benchmarks' own tools: what they make is what agents write, and a seed names the same bytes."""

from __future__ import annotations

import io
import itertools
import json
import random
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks import claude_lines, codex_lines, fts5, prose, repeat_claude
from benchmarks.measure import Command, compare, run, table
from benchmarks.sessions import Author, Made
from cass.connectors import claude_code, codex
from cass.connectors.base import Message, Source, Surroundings


@pytest.fixture(scope="module")
def small_prose() -> prose.Prose:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prose, "RIVER_WORDS", 20_000)
        patch.setattr(prose, "library_sources", lambda: itertools.islice(_sources(), 40))
        return prose.Prose(seed=1)


_sources = prose.library_sources


def _author(words: prose.Prose) -> Author:
    return Author(words, random.Random(7))


def _values(made: Made) -> list[dict[str, Any]]:
    return [json.loads(line) for line in made.lines]


def test_claude_sessions_are_one_unbranched_conversation(small_prose: prose.Prose) -> None:
    """Every line names the one before it, and every tool result answers a call."""
    path, made = claude_lines.write(_author(small_prose), started_ms=1_760_000_000_000, wanted=30)

    lines = [line for line in _values(made) if "parentUuid" in line]
    assert [line["parentUuid"] for line in lines] == [None, *(line["uuid"] for line in lines[:-1])]
    blocks = [b for line in lines for b in line.get("message", {}).get("content", []) if isinstance(b, dict)]
    called, answered = ({b[key] for b in blocks if key in b} for key in ("id", "tool_use_id"))
    assert called == answered
    assert path.endswith(f"/{made.id}.jsonl")


def test_codex_output_is_json_inside_json(small_prose: prose.Prose) -> None:
    """A command's output comes wrapped twice, as the agent writes it."""
    _, made = codex_lines.write(_author(small_prose), started_ms=1_760_000_000_000, wanted=30)

    payloads = [line["payload"] for line in _values(made)]
    outputs = [json.loads(p["output"]) for p in payloads if p.get("type") == "function_call_output"]
    assert outputs
    assert all(output["output"] and output["metadata"]["exit_code"] == 0 for output in outputs)


@pytest.mark.parametrize("agent", [claude_lines, codex_lines])
def test_a_seed_names_the_same_session(small_prose: prose.Prose, agent: Any) -> None:
    """Two machines with the same Python measure the same bytes."""
    once, again = (agent.write(_author(small_prose), 1_760_000_000_000, 20) for _ in range(2))

    assert once == again


@pytest.mark.parametrize(("agent", "connector"), [(claude_lines, claude_code), (codex_lines, codex)])
def test_the_generator_counts_like_the_connector(small_prose: prose.Prose, agent: Any, connector: Any) -> None:
    """`--messages 200000` makes as many as an index will hold."""
    _, made = agent.write(_author(small_prose), 1_760_000_000_000, 40)
    content = ("\n".join(made.lines) + "\n").encode()
    source = Source(f"/{made.id}.jsonl", io.BytesIO(content), len(content), 0, None, Surroundings("/", {}), None)

    assert sum(isinstance(item, Message) for item in connector.read(source)) == made.messages


def test_a_third_of_the_bytes_is_text(small_prose: prose.Prose) -> None:
    """Half envelope, half text: what real session files hold."""
    author = _author(small_prose)
    made = [claude_lines.write(author, 1_760_000_000_000, 60)[1] for _ in range(10)]

    source = sum(len(line) + 1 for each in made for line in each.lines)
    assert sum(each.text_bytes for each in made) > source / 3


def test_a_repeated_file_keeps_its_shape_and_loses_its_identity(tmp_path: Path, small_prose: prose.Prose) -> None:
    """Copies have new ids and new words, and the same lines, lengths, types and times."""
    relative, made = claude_lines.write(_author(small_prose), 1_760_000_000_000, 20)
    original = tmp_path / "home" / relative
    original.parent.mkdir(parents=True)
    original.write_text("\n".join(made.lines) + "\n")

    repeat_claude.repeat(tmp_path / "home", tmp_path / "out", megabytes=0.000_001)

    (copy,) = repeat_claude.claude_files(tmp_path / "out")
    before, after = original.read_text(), copy.read_text()
    assert copy.name != original.name
    assert made.id not in after
    assert [len(line) for line in before.splitlines()] == [len(line) for line in after.splitlines()]
    for old, new in zip(_values(made), map(json.loads, after.splitlines()), strict=True):
        assert (old["type"], old.get("timestamp")) == (new["type"], new.get("timestamp"))
        if old["type"] in ("user", "assistant"):
            assert list(fts5.texts_of(old["message"]["content"])) != list(fts5.texts_of(new["message"]["content"]))


def test_the_table_names_each_command_with_its_ratio() -> None:
    """The baseline's ratio is one."""
    commands = [Command(name, [sys.executable, "-I", "-S", "-c", "pass"]) for name in ("bare", "other")]

    rows = table(compare(commands, rounds=1, warm_up=0), "bare").splitlines()

    assert rows[0] == "| command | median ms | min-max ms | cpu ms | peak MB | x bare |"
    assert [row.split(" | ")[0] for row in rows[2:]] == ["| bare", "| other"]
    assert rows[2].endswith(" 1.00 |")


def test_a_command_that_fails_ends_the_measurement() -> None:
    """A benchmark of errors is fast and worthless."""
    with pytest.raises(SystemExit, match="broken ended with 3"):
        run(Command("broken", [sys.executable, "-c", "raise SystemExit(3)"]))
