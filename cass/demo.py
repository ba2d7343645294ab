"""A short tour on invented sessions: `cass demo`.

The sessions come with the package.  They are copied into a temporary folder that plays HOME, beside a data folder of
its own, so nothing of the user's is read, written or shown.  The commands are run as anyone would type them.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

SAMPLES = Path(__file__).parent / "samples" / "home"
HIDDEN = "dot-"  # packaging tools and ignore rules like to drop names that begin with a dot
SEARCHES = (("search", "-n", "2", "pool", "timeout"), ("search", "-n", "2", "deadlock", "--agent", "codex"))

# Variables by which agents, or the user, say that sessions and settings lie elsewhere.
ELSEWHERE = ("CLAUDE_", "CODEX_", "GEMINI_", "AIDER_", "CASS_", "XDG_")


def main(options: Mapping[str, object]) -> int:
    """Index the samples, search them twice, say what to type next.  Gives the first exit code that is not 0."""
    with tempfile.TemporaryDirectory(prefix="cass-demo-") as folder:
        home = restore_samples(Path(folder) / "home")
        env = surroundings(os.environ, home, Path(folder))
        print("Invented sessions of four agents, in a folder that goes away again.")
        for words in (("index",), *SEARCHES):
            code = _show(words, env, kept=bool(options["json"]))
            if code != 0:
                return code
    print("\nNow yours:\n  cass index\n  cass search WORDS\n  cass --help")
    return 0


def restore_samples(home: Path) -> Path:
    """Copy the samples to `home` under the names that the agents use: `dot-codex` becomes `.codex`."""
    for source in sorted(SAMPLES.rglob("*")):
        if source.is_file():
            target = home.joinpath(*(_own_name(part) for part in source.relative_to(SAMPLES).parts))
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
    return home


def _own_name(part: str) -> str:
    return "." + part.removeprefix(HIDDEN) if part.startswith(HIDDEN) else part


def surroundings(env: Mapping[str, str], home: Path, folder: Path) -> dict[str, str]:
    """The environment of the tour: `home` is HOME, our own folders lie in `folder`, and no variable leads out."""
    kept = {name: value for name, value in env.items() if not name.startswith(ELSEWHERE)}
    own = {f"CASS_{kind}_DIR": str(folder / kind.lower()) for kind in ("DATA", "CONFIG", "CACHE", "RUNTIME")}
    package = str(Path(__file__).resolve().parents[1])
    path = os.pathsep.join(filter(None, (package, env.get("PYTHONPATH"))))
    return kept | own | {"HOME": str(home), "USERPROFILE": str(home), "PYTHONPATH": path}


def _show(words: tuple[str, ...], env: Mapping[str, str], kept: bool) -> int:
    """Run one step of the tour; `kept`: what it prints goes through this process's stdout, which may be a text."""
    print(f"\n$ {shlex.join(('cass', *words))}", flush=True)
    # -P: a folder named cass where the user happens to stand is not this program.
    command = [sys.executable, "-P", "-m", "cass", *words]
    if not kept:
        return subprocess.run(command, env=dict(env), check=False).returncode
    done = subprocess.run(command, env=dict(env), check=False, stdout=subprocess.PIPE, encoding="utf-8")
    print(done.stdout, end="")
    return done.returncode
