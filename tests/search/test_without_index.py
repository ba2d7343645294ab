"""The lexical index is gone or broken: SQLite answers."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from cass.search.engine import search
from cass.search.request import Freshness, Request
from tests.archive import make_home
from tests.permissions import bound
from tests.search.asking import found, names, say

SAID = {f"s{at:02}": f"walrus {at} {'penguin ' * (at % 3)}{'connected ' * (at % 2)}" for at in range(20)}
QUERIES = ["walrus", "walrus penguin", "connection", '"walrus 7"', "pengu*", "walrus -penguin", "17 OR 18", "since:30d"]


def _write(path: Path, content: bytes) -> None:
    """A new file in the place of the old one, which an earlier search of this process may still have mapped."""
    beside = path.with_name("beside")
    beside.write_bytes(content)
    beside.replace(path)


def _gone(folder: Path) -> None:
    shutil.rmtree(folder)


def _cut(folder: Path) -> None:
    for path in folder.glob("[0-9]*/*"):
        if path.suffix in (".term", ".store", ".idx", ".pos", ".fast"):
            _write(path, path.read_bytes()[: path.stat().st_size // 2])


def _noise(folder: Path) -> None:
    for path in folder.glob("[0-9]*/*.*"):
        _write(path, bytes(at * 37 % 251 for at in range(path.stat().st_size)))


def _pointer(folder: Path) -> None:
    (folder / "current").write_bytes(b"\xff\x00 nonsense")


def _old(folder: Path) -> None:
    (folder / "current").write_text("1 0\n")


def _meta(folder: Path) -> None:
    for path in folder.glob("[0-9]*/meta.json"):
        path.write_text("{}")


@pytest.mark.parametrize("damage", [_gone, _cut, _noise, _pointer, _old, _meta])
def test_a_damaged_index_does_not_stop_a_search(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    """The same messages are found, newest first among those with as many words, and the answer says what to do."""
    home = say(make_home(tmp_path), **SAID)
    before = {text: found(home, text) for text in QUERIES}
    damage(Path(home.places.lexical))

    assert {text: found(home, text) for text in QUERIES} == before
    results = home.search("walrus", limit=20)
    assert names(results) == sorted(SAID, reverse=True)
    assert results.answered_by == ("database",)
    assert (results.total, results.exact_total, results.rung) == (20, True, "all")
    assert "cass index" in " ".join(results.notes)


@pytest.mark.parametrize("text", ["walrus zebrafish", "zebrafish", "walrus penguin", "pengu* zebra* okapi"])
def test_words_that_stand_nowhere_are_named(tmp_path: Path, text: str) -> None:
    """As with an index, where all was looked through."""
    home = say(make_home(tmp_path), **SAID)
    with_index = home.search(text)
    _gone(Path(home.places.lexical))

    answer = home.search(text)

    assert answer.dropped == with_index.dropped
    assert home.search(text, since="2d").dropped == ()


def test_that_no_word_was_corrected_is_said(tmp_path: Path) -> None:
    """Nobody is told that slips were looked for."""
    home = say(make_home(tmp_path), **SAID)
    _gone(Path(home.places.lexical))

    said = home.cass("search", "walruss", "--refresh", "off").stderr

    assert "nowhere found: walruss" in said
    assert "words are corrected only with an index" in said and "differ by" not in said


def test_only_forms_of_a_word_are_the_word(tmp_path: Path) -> None:
    """`err` is no form of error, `connected` one of connection: with an index and without."""
    home = say(make_home(tmp_path), error="an error", errors="two errors", err="to err is human", to="connected to it")

    for _ in range(2):
        assert found(home, "error", strict=True) == {"error", "errors"}
        assert found(home, "connection", strict=True) == {"to"}
        shutil.rmtree(home.places.lexical, ignore_errors=True)


def test_one_broken_file_is_enough(tmp_path: Path) -> None:
    """Whichever it is, whether it is noticed at opening or in the middle of an answer."""
    home = say(make_home(tmp_path), **SAID)
    folder = Path(home.places.lexical)
    kept = tmp_path / "kept"
    shutil.copytree(folder, kept)
    for path in sorted(kept.glob("[0-9]*/*")):
        broken = folder / path.relative_to(kept)
        for content in (path.read_bytes()[: path.stat().st_size // 2], b"\xff" * path.stat().st_size):
            _write(broken, content)
            assert found(home, "walrus") == set(SAID), path.name
            assert found(home, "walrus 7", literal=True) == {"s07"}, path.name
        _write(broken, path.read_bytes())


def test_noise_under_a_sound_ending_is_survived(tmp_path: Path) -> None:
    """The index looks whole when it is opened, and fails, or lies, while it is searched: there is still an answer."""
    home = say(make_home(tmp_path), **SAID)
    for path in sorted(Path(home.places.lexical).glob("[0-9]*/*.*")):
        content = path.read_bytes()
        noise = max(0, len(content) - 180)
        _write(path, b"\xff" * noise + content[noise:])
        assert home.search("walrus").request.text == "walrus", path.name
        assert home.search("wal* 7", sort="newest").exact_total, path.name
        _write(path, content)


def test_a_scan_ends_after_two_seconds(tmp_path: Path) -> None:
    """What was found so far is printed, and that there may be more."""
    home = say(make_home(tmp_path), **{f"s{at:03}": "walrus" + " and more" * at for at in range(150)})
    shutil.rmtree(home.places.lexical)
    ticks = iter(range(1000))

    results = search(
        home.places,
        Request("walrus", limit=1000),
        home.now_ms,
        lambda: next(ticks) * 0.9,
        str(home.home),
        Freshness(),
    )

    assert not results.exact_total
    assert 0 < results.total < 150
    assert any("not everything was looked at" in note for note in results.notes)


def test_pages_go_on_without_an_index(tmp_path: Path) -> None:
    """Its cursor expires once there is an index again."""
    home = say(make_home(tmp_path), **SAID)
    shutil.rmtree(home.places.lexical)
    whole = names(home.search("walrus penguin", limit=50))
    first = home.search("walrus penguin", limit=8)
    second = home.search("walrus penguin", limit=8, cursor=first.next_cursor)

    assert [*names(first), *names(second)] == whole[:16]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_enough(tmp_path: Path) -> None:
    """With an index and without."""
    home = say(make_home(tmp_path), **SAID)
    folders = [home.data, *[path for path in home.data.rglob("*") if path.is_dir()]]
    for folder in folders:
        folder.chmod(0o500)
    try:
        asked = home.cass("search", "walrus", "-c")
        assert (asked.returncode, asked.stdout) == (0, "20\n")
    finally:
        for folder in folders:
            folder.chmod(0o700)


@pytest.mark.parametrize("name", ["", "cass.db", "index.lock", "derived"])
def test_a_search_that_may_not_look_answers_from_what_is_there(tmp_path: Path, name: str) -> None:
    """New messages it would have waited for; that it could not is a note."""
    words, home = bound(), say(make_home(tmp_path), one="a walrus")
    path = home.data / name
    path.chmod(0 if name == "derived" else 0o500 if path.is_dir() else 0o400)

    done = home.cass("search", "walrus", "--refresh", "wait", "--json", before=words)

    path.chmod(0o700)
    said = json.loads(done.stdout)
    assert (done.returncode, said["total_matches"]) == (0, 1)
    assert any("new messages could not be looked for" in note for note in said["meta"]["notes"])
