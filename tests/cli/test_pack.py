"""The pack makes a cold start faster and must never make it different."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import cass
from cass import __main__
from cass.cli import pack
from cass.cli.pack import write_pack

PACKAGE = Path(cass.__file__).parent
LOADERS = """
import os, sys
sys.argv = ["cass", "version"]
def end(code):
    print({type(sys.modules["cass.cli.edge"].__spec__.loader).__name__})
    sys.stdout.flush()
    sys.exit(code)
os._exit = end
from cass.__main__ import main
main()
"""


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The package in a folder of its own, with a pack."""
    folder = tmp_path / "site" / "cass"
    shutil.copytree(PACKAGE, folder, ignore=shutil.ignore_patterns("__pycache__", "samples"))
    (folder / "__pycache__").mkdir()
    assert write_pack(str(_pack(folder)))
    return folder


def _pack(folder: Path) -> Path:
    return folder / "__pycache__" / f"all.{sys.implementation.cache_tag}.pack"


def _run(folder: Path) -> str:
    env = {**os.environ, "PYTHONPATH": str(folder.parent)}
    argv = [sys.executable, "-c", LOADERS]
    done = subprocess.run(argv, check=False, env=env, cwd=folder.parent, capture_output=True, text=True)
    return done.stdout + done.stderr


@pytest.fixture(autouse=True)
def bytecode_may_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)


def test_modules_come_from_the_pack(copy: Path) -> None:
    """What the pack has is loaded from it."""
    assert _run(copy) == f"cass {cass.__version__}\n{{'Pack'}}\n"


def test_a_changed_source_is_read_itself(copy: Path) -> None:
    """A source that is newer than the pack wins, as it wins over a .pyc."""
    edge = copy / "cli" / "edge.py"
    edge.write_text(edge.read_text() + "\nsys.stdout.write('changed ')\n")

    assert _run(copy) == f"changed cass {cass.__version__}\n{{'SourceFileLoader'}}\n"


@pytest.mark.parametrize("size", [0, 5, 500])
def test_a_torn_pack_is_no_pack(copy: Path, size: int) -> None:
    """Half a file costs its gain, nothing else."""
    _pack(copy).write_bytes(_pack(copy).read_bytes()[:size])

    assert _run(copy) == f"cass {cass.__version__}\n{{'SourceFileLoader'}}\n"


def test_a_pack_that_fits_is_left_alone(copy: Path) -> None:
    """Writing it again would cost every `cass index` some milliseconds."""
    assert not write_pack(str(_pack(copy)))


def test_it_is_written_where_it_is_looked_for() -> None:
    """The writer and the start of the program mean the same file."""
    assert pack.PACK == __main__.PACK


def test_nothing_is_written_where_python_may_not_write(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """PYTHONDONTWRITEBYTECODE holds for the pack too."""
    _pack(copy).unlink()
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    assert not write_pack(str(_pack(copy)))
    assert not _pack(copy).exists()
