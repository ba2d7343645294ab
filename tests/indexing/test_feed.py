"""What the search index is handed, and when: never twice, never too much at once."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from cass.indexing import feed
from tests.archive import NOW_MS, make_home, says
from tests.indexing.invariants import check_invariants

FEW_BYTES = 2_000


def answer(text: str) -> dict[str, Any]:
    """A part of one answer, whatever it says."""
    record = says("assistant", text)
    record["message"]["id"] = "m-1"
    return record


def test_a_changed_message_does_not_make_all_be_read_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Until its transaction ends nothing is handed over: that ends before there is too much to hold."""
    home = make_home(tmp_path)
    home.claude("grown", "where do quokkas live", answer("on Rottnest"))
    home.index()
    home.append("grown", answer("and on Bald Island"))
    for number in range(12):
        path = home.claude(f"other{number}", f"numbat {number} " + f"termites{number} " * 30)
        os.utime(path, (NOW_MS // 1000 - 100 - number,) * 2)
    os.utime(home.path("grown"), (NOW_MS // 1000,) * 2)
    monkeypatch.setattr(feed, "HELD_BYTES", FEW_BYTES)
    asked: list[feed.Feed] = []

    def read_back(one: feed.Feed) -> None:
        asked.append(one)

    monkeypatch.setattr(feed.Feed, "read_back", read_back)

    home.index()

    assert asked == []

    check_invariants(home.data)
    assert home.search("numbat").total == 12
    assert home.search("Bald").total == home.search("Rottnest").total == 1


def test_what_is_too_much_to_hold_is_read_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One long session, stored in one part."""
    home = make_home(tmp_path)
    home.claude("long", *[f"numbat {number} " + f"termites{number} " * 30 for number in range(12)])
    monkeypatch.setattr(feed, "HELD_BYTES", FEW_BYTES)

    home.index()

    check_invariants(home.data)
    assert home.search("numbat").total == 12
