"""Where the benchmarks keep things, and how they call the installed `cass`.

Nothing here loads much: whoever measures has to stay small (see measure.py), so sessions are made by another process.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path

from benchmarks.measure import Command

REPO = Path(__file__).resolve().parents[1]
CACHE = Path(os.environ.get("CASS_BENCH_DIR", REPO / "build" / "bench"))


def installed(folder: Path = CACHE / "venv") -> Path:
    """The bin folder of a virtual environment with `cass` as users get it: a wheel, put in by the newest pip.

    Installed anew whenever a source file is newer; an editable install would time another start.
    """
    made, python = folder / "made", folder / "bin" / "python"
    newest = max(path.stat().st_mtime for path in [*(REPO / "cass").rglob("*.py"), REPO / "pyproject.toml"])
    if made.exists() and made.stat().st_mtime > newest:
        return folder / "bin"
    if not python.exists():
        venv.create(folder, with_pip=True)
        _pip(python, "install", "--upgrade", "pip")
        _pip(python, "uninstall", "--yes", "setuptools")  # its .pth file is read at every start, and 3.12 has it not
    _pip(python, "install", str(REPO))
    _pip(python, "install", "--force-reinstall", "--no-deps", str(REPO))
    made.touch()
    return folder / "bin"


def ensure_home(folder: Path, messages: int, per_session: int = 65, lengths: str = "short") -> dict[str, int]:
    """A HOME with so many messages in `folder`, and its `Totals`: made once, found again by the note beside it."""
    note = folder.with_name(folder.name + ".json")
    if not note.exists():
        sizes = ["--messages", str(messages), "--per-session", str(per_session), "--lengths", lengths]
        note.parent.mkdir(parents=True, exist_ok=True)
        note.write_bytes(_own_module("generate", *sizes, "--out", str(folder)))
    totals: dict[str, int] = json.loads(note.read_bytes())
    return totals


def words_at(ranks: Sequence[int]) -> list[str]:
    """The words of these ranks in the generator's list: a high rank is a rare word."""
    words: list[str] = json.loads(_own_module("prose", *map(str, ranks)))
    return words


def _own_module(name: str, *words: str) -> bytes:
    command = [sys.executable, "-m", f"benchmarks.{name}", *words]
    return subprocess.run(command, cwd=REPO, check=True, stdout=subprocess.PIPE).stdout


def _pip(python: Path, *words: str) -> None:
    subprocess.run([python, "-m", "pip", "-q", "--disable-pip-version-check", *words], check=True, stdout=sys.stderr)


def environment(home: Path, data: Path) -> dict[str, str]:
    """The variables that tie `cass` to one HOME and one folder of its own, and to nothing of the user's."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "TMPDIR") if name in os.environ}
    own = {f"CASS_{kind}_DIR": str(data / kind.lower()) for kind in ("DATA", "CONFIG", "CACHE", "RUNTIME")}
    return kept | own | {"HOME": str(home)}


def cass(name: str, bin_folder: Path, env: dict[str, str], *words: str, allowed: tuple[int, ...] = (0,)) -> Command:
    """An installed `cass` with these words; other exit codes than `allowed` end the benchmark."""
    return Command(name, [str(bin_folder / "cass"), *words], env, allowed)


def json_from(command: Command) -> dict[str, object]:
    """What a `--json` command prints."""
    done = subprocess.run(list(command.argv), env=command.env, capture_output=True, check=True)
    answer: dict[str, object] = json.loads(done.stdout)
    return answer


def folder_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
