"""Files that people made by hand to break readers, where they are at hand: each is read, or named with what is wrong.

Those of Pi, Qwen Code, ChatGPT, Copilot and SpecStory stand in the tests of their connectors.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from tests.connectors.databases_made import read_file
from tests.connectors.reading import messages, problems, read
from tests.corpus import corpus_folder

READERS = {"claude-code": "claude_code", "codex": "codex", "gemini": "gemini", "opencode-db": "opencode"}
# What the program writes about itself, and nothing that anybody said.
SILENT = {"session-system-only.jsonl"}


def given(folder: str) -> Iterator[tuple[Path, list[Any]]]:
    """(file, all that is read of it)."""
    connector = import_module(f"cass.connectors.{READERS[folder]}")
    for path in sorted((corpus_folder("corpus/fixtures") / folder).rglob("*")):
        if path.suffix == ".db":
            yield path, read_file(connector, path)
        elif path.is_file():
            yield path, read(connector, path.read_bytes(), str(path))


@pytest.mark.parametrize("folder", READERS)
def test_every_fixture_is_read(folder: str) -> None:
    """It says something, save where nothing was said."""
    told = {path.name: bool(messages(items)) for path, items in given(folder)}

    assert told
    assert {name for name, says in told.items() if not says} <= SILENT


@pytest.mark.parametrize("folder", READERS)
def test_every_torn_line_of_a_fixture_is_named(folder: str) -> None:
    """By its number, and no other line is."""
    for path, items in given(folder):
        lines = path.read_bytes().splitlines() if path.suffix == ".jsonl" else []
        torn = [number for number, line in enumerate(lines, 1) if line.strip() and not is_object(line)]
        assert [problem.line for problem in problems(items)] == torn, path


def is_object(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False
