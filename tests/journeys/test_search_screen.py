"""`cass search` at a terminal: hostile text, a reader that leaves, Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.archive import REPO, Home, make_home
from tests.journeys.processes import start

pty = pytest.importorskip("pty")

HOSTILE = (
    "walrus \x1b[31mred\x1b]0;title\x07 \x9b31m \x9d0;x\x9c \x1b]8;;http://x\x1b\\link \u202eback\u2066 \x08\x7f\r\n ok"
)
WAYS = [
    (),
    ("--plain",),
    ("-C", "2"),
    ("--color", "always"),
    ("--group", "none"),
    ("--format", "{title} {snippet} {workspace} {path}"),
    ("-F",),
    ("--json",),
    ("--jsonl",),
    ("--json", "--fields", "content"),
]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = make_home(tmp_path_factory.mktemp("screen"))
    home.claude("one", HOSTILE, HOSTILE, title=f"title {HOSTILE}", workspace=f"/w/{HOSTILE.splitlines()[0]}")
    folder = home.home / ".claude" / "projects" / "-w-\x1b[31m"
    folder.mkdir()
    home.claude("two", "a walrus in a strange folder").rename(folder / "tw\x1b]0;x\x07o.jsonl")
    home.index()
    return home


def on_a_terminal(home: Home, *argv: str) -> str:
    """All that a terminal gets to see of a run."""
    master, slave = pty.openpty()
    env = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(REPO), "TERM": "xterm-256color", "COLUMNS": "100", **home.env}
    command = [sys.executable, "-m", "cass", *argv]
    running = subprocess.Popen(
        command, env={**env, "CASS_PAGER": "cat"}, stdin=slave, stdout=slave, stderr=slave, cwd=home.home
    )
    os.close(slave)
    seen = b""
    try:
        while data := os.read(master, 65536):
            seen += data
    except OSError:
        pass  # the other end is closed: the program has ended
    os.close(master)
    running.wait()
    return seen.decode("utf-8")


def _without_our_own(screen: str) -> str:
    """Colours and links that cass itself writes are taken away."""
    import re

    screen = re.sub(r"\x1b\[[0-9;]*m", "", screen)
    return re.sub(r"\x1b\]8;;(?:file://[!-~]*)?\x1b\\", "", screen)


@pytest.mark.parametrize("way", WAYS)
def test_hostile_text_is_shown_and_not_obeyed(home: Home, way: tuple[str, ...]) -> None:
    """In snippets, titles, folders and paths: no control character reaches the screen."""
    screen = on_a_terminal(home, "search", "walrus", *way)
    rest = _without_our_own(screen)

    assert "walrus" in rest
    bad = {char for char in rest if char not in "\r\n" and (ord(char) < 0x20 or 0x7F <= ord(char) < 0xA0)}
    assert (bad, {char for char in rest if char in "\u202e\u2066"}) == (set(), set())
    # The samples' own colour and title would have been read as ours.
    assert "\x1b[31mred" not in screen
    assert "http://x" not in screen or "]8;;http://x" in rest


def test_hostile_words_of_the_query_are_shown(home: Home) -> None:
    """What is said about an empty answer, or an error, repeats them."""
    for words in (["zzqx\x1b[31m\u202e"], ["walrus", "--agent", "\x1b]0;x\x07"], ["-F", "\x1b[2Jzz"]):
        rest = _without_our_own(on_a_terminal(home, "search", *words))
        assert not {char for char in rest if char not in "\r\n" and not char.isprintable()}, rest


def test_a_reader_that_leaves_ends_it_quietly(home: Home) -> None:
    """`cass search … | head -1`."""
    home.claude("long", *[f"walrus number {at}" for at in range(300)])
    running = start(home, "search", "walrus", "--group", "none", "--limit", "500", "--json", "--fields", "content,id")
    assert running.stdout is not None
    assert running.stderr is not None
    running.stdout.close()

    assert (running.wait(), running.stderr.read()) == (0, "")
    running.stderr.close()


def test_an_interrupt_exits_130(home: Home, tmp_path: Path) -> None:
    """In the middle of reading; nothing is printed, nothing is broken."""
    home = make_home(tmp_path)
    for at in range(30):
        home.claude(f"s{at}", f"walrus {at} " + "and more words of it " * 20_000)
    running = start(home, "search", "walrus", "--refresh", "wait")
    while running.poll() is None and not os.path.exists(home.places.database):
        pass
    running.send_signal(signal.SIGINT)
    out, err = running.communicate()

    assert (running.returncode, out) == (130, "")
    assert "Traceback" not in err
    assert home.cass("search", "walrus", "--refresh", "wait", "-c").stdout == "30\n"
