"""A machine for pictures: invented sessions in a HOME whose path has a fixed length, and a clock that stands still.

`python -m tests.snapshots.world COLUMNS [PAGE…]` prints pages as a terminal of that width gets them; `plain` for
--plain.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path

from cass import clock
from cass.cli import edge
from cass.demo import restore_samples
from cass.status import checks_around
from tests.archive import Home, answers, calls, says

# As long as what `mkdtemp` makes, so that lines break where they always do.
SHOWN = "/home/developer"
PREFIX = "/tmp/c-"
# 2026-02-12 15:00 UTC: two days after the last of the samples.
NOW_MS = 1_770_908_400_000
WIDTHS = ("40", "80", "160", "plain")
VARIABLES = ("HOME", "USERPROFILE", "PATH", "TZ", "LANG", "NO_COLOR", "PAGER", "COLUMNS", "TERM")
# Sizes and scores, which differ a little between versions of the libraries; the versions themselves.
MEASURED = re.compile(r"\d+\.\d(?= CPU s)|\d+(\.\d+)?(?= (bytes|kB|MB|GB)\b)|(?<=\()\d\.\d{4}(?=\))|\b\d\.\d{3,6}\b")
VERSIONS = re.compile(r"(ok:? +libraries:?\s+).*?\n(?=\n|$|\d+ checks)", re.DOTALL)
FREE_BYTES = 50 << 30

# The name of a page → the words of its command.  {sid} is a session with calls of tools, {wide} one of wide letters.
PAGES: dict[str, tuple[str, ...]] = {
    "home": (),
    "search": ("search", "pool", "timeout"),
    "search-nothing": ("search", "zebrafish", "quasar"),
    "search-context": ("search", "pool", "timeout", "-n1", "-C1"),
    "search-messages": ("search", "pool", "--group", "none", "-n4"),
    "search-explain": ("search", "pool", "timeout", "-n1", "--explain"),
    "search-count": ("search", "pool", "-c"),
    "search-wide": ("search", "接続"),
    "like": ("like", "{sid}"),
    "show": ("show", "{sid}"),
    "show-tools": ("show", "{wide}", "--tools"),
    "show-message": ("show", "{sid}:3"),
    "sessions": ("sessions",),
    "resume": ("resume", "{sid}"),
    "pack": ("pack", "pool", "timeout", "--max-tokens", "400"),
    "stats": ("stats",),
    "stats-by-day": ("stats", "--by", "day"),
    "stats-by-hour": ("stats", "--by", "hour"),
    "stats-by-agent": ("stats", "--by", "agent"),
    "stats-by-workspace": ("stats", "--by", "workspace"),
    "index": ("index", "--progress", "none"),
    "index-dry-run": ("index", "--dry-run"),
    "status": ("status",),
    "status-brief": ("status", "--brief"),
    "status-verbose": ("status", "-v"),
    "doctor": ("doctor",),
    "sources": ("sources",),
    "forget": ("forget", "{sid}", "--dry-run"),
    "uninstall": ("uninstall", "--data", "--dry-run"),
    "secrets": ("secrets",),
    "config": ("config",),
    "config-get": ("config", "get", "search.limit"),
    "models": ("models",),
    "backfill": ("backfill", "--tier", "fast"),
    "worker": ("worker",),
    "worker-log": ("worker", "log"),
    "help": ("help",),
    "help-search": ("search", "-h"),
    "help-show": ("show", "--help"),
    "schema": ("schema",),
    "version": ("version",),
    "error-command": ("serach", "pool"),
    "error-option": ("search", "pool", "--limt", "3"),
    "error-id": ("show", "0123456789"),
}


class Terminal(io.StringIO):
    """A stream that says that somebody looks at it."""

    def isatty(self) -> bool:
        return True


class World:
    """The machine, and what its screen shows."""

    def __init__(self, folder: Path) -> None:
        self.home = Home(folder)
        self.home.home = folder
        self.home.data = folder / ".local" / "share" / "cass"
        self.env = {"HOME": str(folder), "USERPROFILE": str(folder), "PATH": "/usr/bin:/bin", "TZ": "UTC"}
        self.names: Mapping[str, str] = {}
        self.aider: list[str] = []

    def fill(self, hostile: bool) -> None:
        """Sessions of four agents, one of wide letters and hostile signs; indexed, with vectors of the fast tier."""
        restore_samples(self.home.home)
        if hostile:
            self._tell_of_hostile_signs()
        for words in (("index",), ("backfill", "--tier", "fast")):
            self.page(words, "80")
        self.aider = re.findall(
            r'"session_id": ?"([0-9a-f]{16})"', self._run(("sessions", "--json", "--agent", "aider"), {})
        )
        self.names = {"sid": self.sid("--agent", "claude_code", "--workspace", "tideline"), "wide": self.sid()}

    def _tell_of_hostile_signs(self) -> None:
        self.home.claude(
            "wide",
            "接続プールが枯渇します。タイムアウトは三十秒です 🦭",
            says("assistant", "I look at \x1b[31mthe pool\x1b[0m.", calls("Bash", "c1", command="grep -rn pool src")),
            says("user", answers("c1", "src/pool.py:12: size = 5\nsrc/pool.py:40: timeout = 30", is_error=False)),
            says("assistant", "プールの大きさは五です。\n\n```python\npool = Pool(size=5, timeout=30)\n```"),
            workspace="/w/接続プール",
            start_ms=NOW_MS - 7_200_000,
            title="接続プールが枯渇する問題を調べてタイムアウトの設定を見直す、とても長い題名の会話",
        )

    def sid(self, *words: str) -> str:
        """The newest session's id."""
        found = re.search(r'"session_id": ?"([0-9a-f]{16})"', self._run(("sessions", "--json", *words), {}))
        assert found is not None
        return found.group(1)

    def page(self, words: tuple[str, ...], width: str) -> str:
        """What a terminal of that width shows of a command, errors included."""
        given = tuple(word.format(**self.names) for word in words)
        if width == "plain":
            return self._shown(self._run((*given, "--plain"), {"COLUMNS": "80"}))
        return self._shown(self._run(given, {"COLUMNS": width}))

    def coloured(self, words: tuple[str, ...], width: int) -> str:
        """The same with the colours of a terminal, links apart; as it is, sizes and all."""
        more = {"COLUMNS": str(width), "NO_COLOR": "", "CASS_HYPERLINK_FORMAT": "none"}
        return self._placed(self._run((*words, "--color", "always"), more))

    def _run(self, words: tuple[str, ...], more: Mapping[str, str]) -> str:
        stdout, before = Terminal(), dict(os.environ)
        os.environ.clear()
        os.environ.update(self.env | {"NO_COLOR": "1", "PAGER": "cat", "TERM": "xterm", "CI": "1"} | more)
        if words[:1] == ("backfill",):  # a process that runs tests takes more memory than that may
            os.environ["CASS_SEMANTIC_MAX_BACKFILL_RSS_MB"] = "100000"
        folder = os.getcwd()
        os.chdir(self.home.home)
        try:
            with redirect_stdout(stdout), redirect_stderr(stdout):
                edge.run(list(words))
        finally:
            os.chdir(folder)
            os.environ.clear()
            os.environ.update(before)
        return stdout.getvalue()

    def _placed(self, text: str) -> str:
        """The HOME where everybody has it, whole or its end."""
        folder = str(self.home.home)
        text = text.replace(folder, SHOWN)
        for at in range(1, len(folder)):
            text = text.replace(f"…{folder[at:]}/", f"…{SHOWN[at:]}/")
        return text

    def _shown(self, text: str) -> str:
        """Without what differs from machine to machine."""
        text = self._placed(text).replace(sys.executable, "python3")
        for at, sid in enumerate(self.aider):  # an id made of a path that is new each time
            text = text.replace(sid[:8], f"a1de{at:04}")
        text = MEASURED.sub(lambda found: re.sub(r"\d", "9", found.group()), text)
        text = VERSIONS.sub(r"\1…\n", text)
        return "".join(line.rstrip() + "\n" for line in text.splitlines())


@contextmanager
def world(hostile: bool = True) -> Iterator[World]:
    """A machine that goes away again; `hostile`: with a session that no picture would be made of."""
    folder = Path(tempfile.mkdtemp(prefix=PREFIX.rpartition("/")[2], dir=PREFIX.rpartition("/")[0]))
    assert len(str(folder)) == len(SHOWN)
    free = checks_around.free_bytes
    kept = clock.now_ms, clock.monotonic_s, os.environ.get("TZ")
    clock.now_ms, clock.monotonic_s = (lambda: NOW_MS), (lambda: 0.0)
    checks_around.free_bytes = lambda path: FREE_BYTES
    os.environ["TZ"] = "UTC"
    time.tzset()
    try:
        made = World(folder)
        made.fill(hostile)
        yield made
    finally:
        clock.now_ms, clock.monotonic_s, checks_around.free_bytes = *kept[:2], free
        if kept[2] is None:
            del os.environ["TZ"]
        else:
            os.environ["TZ"] = kept[2]
        time.tzset()
        shutil.rmtree(folder)


def main(width: str, names: list[str]) -> None:
    with world() as made:
        for name in names or PAGES:
            shown = made.page(PAGES[name], width)
            over = [line for line in shown.splitlines() if width.isdigit() and columns(line) > int(width)]
            sys.stdout.write(f"\n##### {name}: {' '.join(PAGES[name])}  ({len(over)} too wide)\n{shown}")


if __name__ == "__main__":
    from cass.render.layout import columns

    main(sys.argv[1], sys.argv[2:])
