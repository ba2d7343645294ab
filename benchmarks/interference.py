"""Does background work slow searches down, and what does it cost?  Over an archive of generated sessions.

    python -m benchmarks.interference [--messages 20000] [--data FOLDER] [--new 1000]

Searches with and without a busy worker in one run (`cass doctor --interference`); then so many new messages, and the
processor seconds that each tier takes for them.  --data: a data folder with an installed model, else the quality tier
is left out.  It is worked on.  Exits with 1 if the p95 beside a busy worker is more than 1.5 times that without.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.generate import generate
from tests.archive import REPO

MOST_RATIO = 1.5
PER_MESSAGES = 1000


def main() -> int:
    args = _args()
    with tempfile.TemporaryDirectory() as folder:
        env = _env(Path(folder), args.data)
        generate(Path(env["HOME"]), seed=1, messages=args.messages)
        _cass(env, "index")
        found = _cass(env, "doctor", "--interference")
        _tell(found)
        _cost(env, Path(env["HOME"]), args.new)
    return 1 if found["ratio"]["p95"] > MOST_RATIO else 0


def _args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--new", type=int, default=1000)
    parser.add_argument("--data", type=Path)
    return parser.parse_args()


def _env(folder: Path, data: Path | None) -> dict[str, str]:
    home = folder / "home"
    home.mkdir()
    places = {
        "HOME": str(home),
        "CASS_DATA_DIR": str(data or folder / "data"),
        "CASS_CONFIG_DIR": str(folder / "config"),
    }
    return {
        "PATH": os.environ.get("PATH", ""),
        "PYTHONPATH": str(REPO),
        **places,
        "CASS_CACHE_DIR": str(folder / "cache"),
    }


def _cass(env: dict[str, str], *words: str) -> Any:
    done = subprocess.run(
        [sys.executable, "-m", "cass", *words, "--json"], env=env, cwd=REPO, stdout=subprocess.PIPE, check=True
    )
    return json.loads(done.stdout)


def _tell(found: Any) -> None:
    for name in ("median", "p95"):
        free, busy = found["without"][f"{name}_ms"], found["beside"][f"{name}_ms"]
        ratio = found["ratio"][name]
        sys.stdout.write(f"{name}: {free} ms without, {busy} ms beside a busy worker, {ratio} times\n")
    sys.stdout.write(f"meanwhile: {json.dumps(found['load'])}\n")


def _cost(env: dict[str, str], home: Path, new: int) -> None:
    """Processor seconds per 1,000 new messages, once everything older is done."""
    _cass(env, "backfill")
    before = _cass(env, "status")["database"]["messages"]
    generate(home / "later", seed=2, messages=new)
    _moved(home / "later", home)
    _cass(env, "index")
    came = _cass(env, "status")["database"]["messages"] - before
    _cass(env, "backfill")
    spent: dict[str, float] = {}
    for event in _cass(env, "worker", "log", "-n", "2")["events"]:
        if event["chunk"] is not None:
            spent[event["chunk"]["tier"]] = event["chunk"]["cpu_s"]
    for tier, cpu_s in spent.items():
        sys.stdout.write(f"{tier} tier: {cpu_s * PER_MESSAGES / came:.2f} CPU s per 1,000 messages ({came} new)\n")


def _moved(source: Path, into: Path) -> None:
    """The files of another home, under names of their own."""
    for path in sorted(source.rglob("*.jsonl")):
        target = into / path.relative_to(source)
        target = target.with_name(f"{target.stem}-later.jsonl") if target.exists() else target
        target.parent.mkdir(parents=True, exist_ok=True)
        path.rename(target)


if __name__ == "__main__":
    raise SystemExit(main())
