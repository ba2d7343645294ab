"""Session folders as they should not be: listed where something could not be read, everything else indexed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.archive import REPO, Home, as_bytes, make_home, says
from tests.indexing.invariants import check_invariants, present

MB = 1 << 20


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = make_home(tmp_path)
    home.claude("good", "where is the quokka", "in the zoo")
    return home


def put(home: Home, name: str, data: bytes) -> Path:
    path = home.path("good").parent / name
    path.write_bytes(data)
    return path


def line(text: str) -> bytes:
    return as_bytes([says("user", text)])


def problems(done: Any) -> list[tuple[str, int | None, str]]:
    return [(Path(bad["path"]).name, bad["line"], bad["what"]) for bad in json.loads(done.stdout)["problems"]]


LINES = {
    "nested 100,000 deep": (b'{"type":"user","message":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deeply"),
    "open 100,000 deep": (b'{"a":' * 100_000, "not JSON"),
    "no object": (b'["user"]', "not a JSON object"),
    "a number of 5,000 digits": (b'{"type":"user","message":' + b"9" * 5_000 + b"}", "not JSON"),
    "noise": (bytes(range(1, 10)) + bytes(range(11, 256)), "not JSON"),
}


@pytest.mark.parametrize(("bad", "what"), LINES.values(), ids=LINES.keys())
def test_a_bad_line_is_listed_with_its_number(home: Home, bad: bytes, what: str) -> None:
    """The lines around it are indexed."""
    put(home, "bad.jsonl", line("before the wombat") + bad + b"\n" + line("behind the wombat"))

    done = home.cass("index", "--json")

    assert done.returncode == 0, done.stderr
    ((name, number, said),) = problems(done)
    assert (name, number) == ("bad.jsonl", 2)
    assert what in said
    assert home.search("wombat", grouped=False).total == 2
    check_invariants(home.data)


# A process that is started from a large one is told to have been as large; this small one stands in between.
WEIGHED = """
import resource, subprocess, sys
done = subprocess.run([sys.executable, "-m", "cass", "index", "--json"], stdout=subprocess.PIPE)
sys.stdout.buffer.write(done.stdout)
sys.stderr.write(f" {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss}")
sys.exit(done.returncode)
"""


def test_a_line_of_100_mb_is_passed_over(home: Home) -> None:
    """It is never held in memory as a whole, and the lines around it are indexed."""
    path = put(home, "bad.jsonl", line("before the wombat"))
    with path.open("ab") as file:
        file.write(b'{"type":"user","message":{"role":"user","content":"')
        for _ in range(100):
            file.write(b"a" * MB)
        file.write(b'"}}\n' + line("behind the wombat"))

    env = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(REPO), **home.env}
    argv = [sys.executable, "-c", WEIGHED]
    done = subprocess.run(argv, env=env, cwd=home.home, capture_output=True, text=True, check=False)
    peak_bytes = int(done.stderr.split()[-1]) * 1024

    assert done.returncode == 0
    assert problems(done) == [("bad.jsonl", 2, "a record of over 16 MB was passed over")]
    assert home.search("wombat", grouped=False).total == 2
    assert peak_bytes < 400 * MB
    check_invariants(home.data)


TEXTS = {
    "NUL": (b"the \\u0000 wombat", "wombat"),
    "half a surrogate pair": (b"the \\ud800 wombat \\udfff", "wombat"),
    "invalid UTF-8": (b"the \xff\xfe\x80 wombat", "wombat"),
    "control characters": (b"the \\u001b[31m wombat \\u0007", "wombat"),
    "right to left": ("the \u202e wombat".encode(), "wombat"),
    "no character": (b"the \\uffff \\ufdd0 wombat", "wombat"),
}


@pytest.mark.parametrize(("text", "word"), TEXTS.values(), ids=TEXTS.keys())
def test_odd_text_is_found_all_the_same(home: Home, text: bytes, word: str) -> None:
    """Whatever else stands in a message, its words are indexed."""
    put(home, "odd.jsonl", b'{"type":"user","message":{"role":"user","content":"' + text + b'"}}\n')

    done = home.cass("index", "--json")

    assert (done.returncode, problems(done)) == (0, []), done.stderr
    assert home.search(word).total == 1
    assert home.cass("search", "--refresh", "off", word).returncode == 0
    check_invariants(home.data)


def _fifo(folder: Path) -> None:
    os.mkfifo(folder / "bad.jsonl")


def _folder(folder: Path) -> None:
    (folder / "bad.jsonl").mkdir()


def _link_to_itself(folder: Path) -> None:
    (folder / "bad.jsonl").symlink_to(folder / "bad.jsonl")


def _link_to_nothing(folder: Path) -> None:
    (folder / "bad.jsonl").symlink_to(folder / "nowhere")


def _circle(folder: Path) -> None:
    (folder / "circle").symlink_to(folder)
    (folder.parent / "circle").symlink_to(folder.parent)


def _no_text(folder: Path) -> None:
    name = os.fsencode(folder) + b"/\xff\xfe.jsonl"
    with open(name, "wb") as file:
        file.write(line("never"))
    os.mkdir(os.fsencode(folder.parent) + b"/\xff")


def _empty(folder: Path) -> None:
    (folder / "empty.jsonl").touch()
    (folder / "lines.jsonl").write_bytes(b"\n" * 1000)
    (folder / "blanks.jsonl").write_bytes(b"  \r\n\t\n\0\n")


THINGS: dict[str, tuple[Callable[[Path], None], set[str]]] = {
    "FIFO": (_fifo, {"not a regular file"}),
    "folder": (_folder, set()),
    "link to itself": (_link_to_itself, {"Too many levels of symbolic links"}),
    "link to nothing": (_link_to_nothing, {"No such file or directory"}),
    "circle of links": (_circle, set()),
    "name that is no text": (_no_text, {"its name is not UTF-8"}),
    "nothing in it": (_empty, set()),
}


@pytest.mark.parametrize(("make", "expected"), THINGS.values(), ids=THINGS.keys())
def test_odd_things_in_a_session_folder(home: Home, make: Callable[[Path], None], expected: set[str]) -> None:
    """No hang, no crash: what cannot be read is listed, the sessions beside it are indexed, once."""
    make(home.path("good").parent)

    done = home.cass("index", "--json")
    again = home.cass("index", "--json")
    asked = home.cass("search", "quokka")

    assert (done.returncode, again.returncode, asked.returncode) == (0, 0, 0), done.stderr + again.stderr
    assert {what for _, _, what in problems(done)} == expected
    assert list(present(home.data)) == ["good"]
    check_invariants(home.data)


NAMES = ("two\nlines", "x" * 200, "a b", "quote'\"", "%41?#", "-rf", "日本語", "e\u0301", "\x1b[31m")


def test_odd_names_are_names(home: Home) -> None:
    """A session is found under whatever name its file has."""
    for number, name in enumerate(NAMES):
        put(home, f"{name}.jsonl", line(f"the wombat {number}"))

    done = home.cass("index", "--json")

    assert (done.returncode, problems(done)) == (0, []), done.stderr
    assert set(present(home.data)) == {"good", *NAMES}
    assert home.search("wombat", limit=50).total == len(NAMES)
    check_invariants(home.data)


def test_a_folder_that_may_not_be_entered(home: Home) -> None:
    """Its files are not taken for deleted."""
    if os.geteuid() == 0:
        pytest.skip("root may enter every folder")
    home.index()
    folder = home.path("good").parent
    folder.chmod(0)
    try:
        report = home.index()
    finally:
        folder.chmod(0o700)

    assert [bad.what for bad in report.problems] == ["Permission denied"]
    assert [hit.state for hit in home.search("quokka").hits] == ["present"]


def test_a_folder_that_turned_into_a_circle_takes_nothing_away(home: Home) -> None:
    """What cannot be looked at is listed, and its sessions are not taken for deleted."""
    home.index()
    folder = home.path("good").parent
    folder.rename(home.folder / "away")
    folder.symlink_to(folder)

    report = home.index()

    assert [bad.what for bad in report.problems] == ["Too many levels of symbolic links"]
    assert [hit.state for hit in home.search("quokka").hits] == ["present"]
