"""A pipe in the place of a file that can be made anew: nobody waits for what will never be written to it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cass.semantic.manifest import FAST, QUALITY
from tests.archive import REPO, Home, make_home
from tests.search.tiers import backfill, install

if not hasattr(os, "mkfifo"):
    pytest.skip("this system has no named pipes", allow_module_level=True)
pytest.importorskip("onnxruntime")

LINES = 12
# No message has all of these words, so the quality tier is asked, too.
ASK = ("search", "what did the walrus say to the number of tusks", "--refresh", "off", "--semantic-wait", "60s")
DERIVED = [
    "vectors/*/current",
    "vectors/*/1.rows",
    "vectors/*/1.keys",
    "models/minilm/manifest.json",
    "models/minilm/model.onnx",
    "models/minilm/tokenizer.json",
    "lexical/current",
    "lexical/1/meta.json",
    "lexical/1/*.term",
]


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A session with vectors in both tiers."""
    home = make_home(tmp_path_factory.mktemp("good"))
    install(home)
    home.claude("old", *[f"walrus number {number} has tusks" for number in range(LINES)])
    home.index()
    backfill(home, FAST, QUALITY)
    return home.folder


@pytest.fixture
def home(good: Path, tmp_path: Path) -> Home:
    shutil.copytree(good, tmp_path, dirs_exist_ok=True, copy_function=shutil.copy2)
    return Home(tmp_path)


def put_pipes(home: Home, pattern: str) -> None:
    paths = list((home.data / "derived").glob(pattern))
    assert paths
    for path in paths:
        path.unlink()
        os.mkfifo(path)


def ended(home: Home, *words: str) -> int:
    """Its exit code.  Raises TimeoutExpired for one that waits, so that not everybody does."""
    env = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(REPO), **home.env}
    command = [sys.executable, "-m", "cass", *words]
    return subprocess.run(command, env=env, capture_output=True, timeout=120, check=False).returncode


@pytest.mark.parametrize("pattern", DERIVED)
def test_a_search_answers(home: Home, pattern: str) -> None:
    """From what is left, from the database alone at worst; status ends, too."""
    put_pipes(home, pattern)

    assert (ended(home, *ASK), ended(home, "status")) == (0, 0)


def test_a_lock_that_is_a_pipe_holds_up_nobody(home: Home) -> None:
    """Who asks for the worker is told that there is none."""
    (home.data / "worker.lock").unlink(missing_ok=True)
    os.mkfifo(home.data / "worker.lock")

    assert (ended(home, *ASK), ended(home, "status")) == (0, 0)


def test_vectors_are_made_in_its_place(home: Home) -> None:
    """The next backfill takes it away."""
    put_pipes(home, "vectors/fast/1.keys")

    assert ended(home, "backfill", "--tier", "fast") == 0
    assert all(path.is_file() for path in (home.data / "derived" / "vectors" / "fast").iterdir())
