"""What a user installs: everything that the program needs, and nothing of the workshop."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

import cass

REPO = Path(__file__).resolve().parents[1]


def _build(kind: str, folder: Path) -> Path:
    pytest.importorskip("hatchling", reason="building needs hatchling, which the dev group brings")
    command = [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(folder)]
    subprocess.run(command, cwd=REPO, capture_output=True, check=True)
    (built,) = folder.iterdir()
    return built


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    return zipfile.ZipFile(_build("wheel", tmp_path_factory.mktemp("wheel")))


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> tarfile.TarFile:
    return tarfile.open(_build("sdist", tmp_path_factory.mktemp("sdist")))


def _kept(folder: str) -> set[str]:
    """The files of a folder of the repository, without what Python leaves behind."""
    files = (path for path in (REPO / folder).rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(REPO).as_posix() for path in files}


def test_the_wheel_carries_the_whole_package(wheel: zipfile.ZipFile) -> None:
    """Modules, samples, schemas and the mark that says it is typed."""
    assert _kept("cass") <= set(wheel.namelist())
    assert {"cass/py.typed", "cass/samples/home/projects/mossgarden/dot-aider.chat.history.md"} <= set(wheel.namelist())


def test_the_wheel_leaves_the_workshop_at_home(wheel: zipfile.ZipFile) -> None:
    """Nothing beside the package, its metadata and the shared files."""
    tops = {name.split("/")[0] for name in wheel.namelist()}

    assert tops == {"cass", f"cass_search-{cass.__version__}.dist-info", f"cass_search-{cass.__version__}.data"}


def test_the_wheel_brings_completions_and_the_manual(wheel: zipfile.ZipFile) -> None:
    """Shells and `man` find them where they look by themselves."""
    head = f"cass_search-{cass.__version__}.data/data/"

    assert {name.removeprefix(head) for name in wheel.namelist() if name.startswith(head)} == {
        "share/bash-completion/completions/cass",
        "share/cass/cass.ps1",
        "share/fish/vendor_completions.d/cass.fish",
        *(f"share/man/man1/{path.name}" for path in (REPO / "man").iterdir()),
        "share/zsh/site-functions/_cass",
    }


def test_the_wheel_puts_one_command_in_the_path(wheel: zipfile.ZipFile) -> None:
    entry_points = wheel.read(f"cass_search-{cass.__version__}.dist-info/entry_points.txt").decode()

    assert entry_points.split() == ["[console_scripts]", "cass", "=", "cass:main"]


def test_the_wheel_carries_the_licence(wheel: zipfile.ZipFile) -> None:
    assert f"cass_search-{cass.__version__}.dist-info/licenses/LICENSE" in wheel.namelist()


def test_the_source_archive_can_be_tested_and_built(sdist: tarfile.TarFile) -> None:
    """Whoever packages it for a system finds tests, docs, completions and the manual."""
    names = {name.split("/", 1)[1] for name in sdist.getnames() if "/" in name}

    assert _kept("tests") | _kept("docs") | _kept("completions") | _kept("man") <= names
    assert {"Makefile", "LICENSE", "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "pyproject.toml"} <= names
