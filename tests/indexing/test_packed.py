"""A session whose file its agent compresses, and unpacks again to go on with it: always the same one, told once."""

from __future__ import annotations

from pathlib import Path

import pytest

from cass.connectors.codex import AGENT
from tests.archive import Home, make_home
from tests.connectors.codex_files import ID, SAMPLE, TIME_MS, answer, file
from tests.connectors.packing import packed
from tests.indexing.invariants import check_invariants, gone, one, present


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return make_home(tmp_path)


def _plain(home: Home) -> Path:
    path = home.home / f".codex/sessions/2026/01/02/rollout-2026-01-02T03-04-05-{ID}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _pack(home: Home, keep: bool = False) -> Path:
    plain = _plain(home)
    path = plain.with_name(plain.name + ".zst")
    path.write_bytes(packed(plain.read_bytes()))
    if not keep:
        plain.unlink()
    return path


def _state(home: Home) -> tuple[list[str], list[str], dict[str, object]]:
    """Sessions that are stored, texts of them that are there once, and what is gone."""
    check_invariants(home.data)
    said = [turn[3] for turns in present(home.data).values() for turn in turns]
    return list(present(home.data)), [texts[-1] for texts in said], dict(gone(home.data))


def _is_deleted(home: Home) -> bool:
    """Is the file that has the session counted as deleted by its agent?"""
    return bool(one(home.data, "SELECT f.gone FROM sessions s JOIN files f ON f.id=s.file WHERE s.external_id=?", ID))


def test_a_session_that_was_compressed_is_read(home: Home) -> None:
    """Under the id that it has in any case."""
    _plain(home).write_bytes(SAMPLE)
    _pack(home)

    home.index()

    assert list(present(home.data)) == [ID]
    assert present(home.data)[ID][0] == (1, "user", TIME_MS, ("fix it",))
    check_invariants(home.data)


def test_compressed_or_not_it_is_the_same_session(home: Home) -> None:
    """Indexed plain, then compressed, then unpacked again and gone on with: nothing is told twice or is gone."""
    _plain(home).write_bytes(SAMPLE)
    home.index()
    before = _state(home)

    path = _pack(home)
    home.index()
    assert (_state(home), _is_deleted(home)) == (before, False)

    path.unlink()
    _plain(home).write_bytes(SAMPLE + file(answer("Back again.")))
    home.index()
    sessions, texts, lost = _state(home)
    assert (sessions, texts[:-1], lost) == (before[0], before[1][:-1], {})
    assert texts[-1] == "Back again."
    assert not _is_deleted(home)


def test_a_plain_file_that_was_there_for_a_while_is_not_missed(home: Home) -> None:
    """Somebody unpacked it beside the compressed one, looked at it, and removed it."""
    _plain(home).write_bytes(SAMPLE)
    _pack(home)
    home.index()
    before = _state(home)

    _plain(home).write_bytes(SAMPLE)
    home.index()
    _plain(home).unlink()
    home.index()

    assert (_state(home), _is_deleted(home)) == (before, False)


def test_while_both_are_there_the_plain_one_counts(home: Home) -> None:
    """As when it is being compressed."""
    _plain(home).write_bytes(SAMPLE)
    _pack(home, keep=True)

    report = home.index()

    assert report.agents[AGENT].seen == 1
    assert list(present(home.data)) == [ID]


def test_what_cannot_be_decompressed_is_named(home: Home) -> None:
    """With what to do; and what was read before is not gone."""
    _plain(home).write_bytes(SAMPLE)
    home.index()
    before = _state(home)
    path = _pack(home)
    path.write_bytes(path.read_bytes()[:-20])

    report = home.index()

    assert [(problem.path, problem.what) for problem in report.problems] == [
        (
            str(path),
            "it could not be decompressed: it ends too early; cass reads it once this was done: zstd -d --rm FILE",
        )
    ]
    assert _state(home) == before


def test_a_search_does_not_wait_for_it(home: Home) -> None:
    """Decompressing takes longer than a search may: the next `cass index` reads it."""
    path = _plain(home)
    home.index()
    path.write_bytes(SAMPLE)
    _pack(home)

    home.cass("search", "thanks")

    assert present(home.data) == {}
