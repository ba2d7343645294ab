"""The pictures of the README show what the program prints now."""

from __future__ import annotations

import sys

import pytest
from rich.text import Text

if sys.platform == "win32":
    pytest.skip("paths are longer there", allow_module_level=True)

from tests.snapshots.pictures import FOLDER, PICTURES, letters_of, picture, screen
from tests.snapshots.world import world

REPO = FOLDER.parents[1]


def test_a_picture_shows_what_is_printed() -> None:
    """Letter by letter; how it is drawn is Rich's.  After a change: python -m tests.snapshots.pictures."""
    with world(hostile=False) as made:
        printed = {name: "".join(Text.from_ansi(screen(made, name)).plain.split()) for name in PICTURES}

    assert {name: letters_of((FOLDER / f"{name}.svg").read_text("utf-8")) for name in PICTURES} == printed


def test_a_picture_fetches_nothing() -> None:
    """No font, no style, no script from elsewhere."""
    drawn = picture("$ cass \x1b[1mbold\x1b[0m", "x")

    assert "url(http" not in drawn
    assert "@import" not in drawn
    assert "<script" not in drawn


def test_the_readme_shows_them() -> None:
    text = (REPO / "README.md").read_text("utf-8")

    assert [name for name in PICTURES if f"docs/pictures/{name}.svg" not in text] == []
    assert {path.stem for path in FOLDER.iterdir()} == set(PICTURES)
