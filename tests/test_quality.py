"""The measure of what is found: known lists have known scores."""

from __future__ import annotations

import math
import os
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from benchmarks.quality import places
from benchmarks.quality.asking import why_not
from benchmarks.quality.scores import Scores, mean, score
from benchmarks.quality.table import markdown, picture
from tests.archive import make_home

PERFECT = Scores(ndcg10=1.0, mrr10=1.0, hit1=1.0, hit5=1.0, recall50=1.0, empty=0.0, copies=0.0)
NOTHING = Scores(ndcg10=0.0, mrr10=0.0, hit1=0.0, hit5=0.0, recall50=0.0, empty=1.0, copies=0.0)


def test_the_right_order_is_perfect() -> None:
    assert score(["best", "good", "other"], {"best": 2, "good": 1}, copies=0) == PERFECT


def test_an_empty_answer_is_worth_nothing() -> None:
    assert score([], {"best": 1}, copies=0) == NOTHING


def test_the_second_place_is_worth_less() -> None:
    """Found at rank two: the reciprocal rank is a half, the gain is divided by the logarithm."""
    got = score(["other", "best"], {"best": 1}, copies=1)

    assert (got.mrr10, got.hit1, got.hit5, got.copies) == (0.5, 0.0, 1.0, 1.0)
    assert got.ndcg10 == pytest.approx(1 / math.log2(3))


def test_a_mean_is_taken_of_each_column() -> None:
    assert mean([PERFECT, NOTHING]) == Scores(0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.0)


def test_a_table_has_a_row_for_each_way() -> None:
    table = markdown({("a", "fts5"): NOTHING, ("a", "lexical"): PERFECT}, {"a": 7})

    assert table.splitlines()[2:] == [
        "| a | 7 | fts5 | .000 | .000 | .000 | .000 | .000 | 100.0% | 0.00 |",
        "|  |  | lexical | 1.0 | 1.0 | 1.0 | 1.0 | 1.0 | 0.0% | 0.00 |",
    ]


def test_a_picture_is_whole() -> None:
    """An SVG with a bar for each set and way."""
    drawn = ET.fromstring(picture({("a <b>", "lexical"): PERFECT, ("c", "lexical"): NOTHING}))

    assert len(drawn.findall("{http://www.w3.org/2000/svg}rect")) == 2 + 1


def test_without_material_it_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "UNPACK", tmp_path / "unpack")

    with pytest.raises(places.NotHere, match="--data FOLDER"):
        places.material(None)


def test_an_archive_without_some_messages_follows_what_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A part that stands from before, without other messages, would let questions find what they were taken from."""
    monkeypatch.setattr(places, "FOLDER", tmp_path)
    home = make_home(tmp_path / "there")
    home.claude("one", "a walrus sleeps", "a penguin walks", workspace=str(tmp_path / "work"))
    told = tmp_path / "work" / ".aider.chat.history.md"
    told.parent.mkdir()
    told.write_text("\n# aider chat started at 2026-01-02 03:04:05\n\n#### a seal dives\n")
    archive = places.Archive("some", home.home)
    archive.cass("index")
    with archive.connect() as connection:
        first, *rest = [message for (message,) in connection.execute("SELECT id FROM messages ORDER BY id")]
    os.utime(told)  # to be read again, by whoever reads

    def left(gone: list[int]) -> int:
        with places.without(archive, "part", gone).connect() as connection:
            (count,) = connection.execute("SELECT count(*) FROM messages").fetchone()
        return int(count)

    assert (left([first]), left([first]), left([first, *rest]), left([])) == (2, 2, 0, 3)


def test_without_a_reranker_that_way_is_left_out(tmp_path: Path) -> None:
    """And says how to get one; the other ways are asked."""
    archive = places.Archive("nothing", tmp_path)

    assert "cass models install ms-marco-minilm" in str(why_not(archive, "reranked"))
    assert why_not(archive, "hybrid") is None
