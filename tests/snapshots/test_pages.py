"""What a terminal shows of each command at 40, 80 and 160 columns, and plainly, as it is checked in beside this file.

After a change that is meant: `CASS_RENEW_SNAPSHOTS=1 pytest tests/snapshots`, then look at the difference.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cass.cli.table import NAMES
from cass.render.layout import columns

if sys.platform == "win32":
    pytest.skip("paths are longer there", allow_module_level=True)

from tests.snapshots.world import PAGES, SHOWN, WIDTHS, World, world

FOLDER = Path(__file__).parent
RENEW = bool(os.environ.get("CASS_RENEW_SNAPSHOTS"))
# They open an editor or a pager, print files to be kept, speak to programs, run for ever, or are a tour of the others.
NOT_PICTURED = {
    *("open", "export", "import", "restore", "completion", "init", "man", "demo", "agent-context", "mcp", "serve"),
}
# These list what the tables hold and would change with every row, or say how much memory a piece of work took.
UNLIKE = {"help", "help-search", "schema", "config", "worker", "worker-log"}


@pytest.fixture(scope="module")
def machine() -> Iterator[World]:
    with world() as made:
        yield made


@pytest.mark.parametrize("name", [name for name in PAGES if name not in UNLIKE])
def test_a_page_looks_as_it_did(machine: World, name: str) -> None:
    """At each width; a difference is either a bug or a better page."""
    shown = "".join(f"{f' {width} ':=^40}\n{machine.page(PAGES[name], width)}" for width in WIDTHS)
    path = FOLDER / f"{name}.txt"
    if RENEW:
        path.write_text(shown, "utf-8")

    assert shown == path.read_text("utf-8")


@pytest.mark.parametrize(
    "name", ["sessions", "index", "status", "doctor", "config", "schema", "stats", "worker", "worker-log", "home"]
)
@pytest.mark.parametrize("width", [40, 80])
def test_what_has_columns_fits_the_screen(machine: World, name: str, width: int) -> None:
    """No line of a table is broken by the terminal; a path or a command may be."""
    lines = [line for line in machine.page(PAGES[name], str(width)).splitlines() if SHOWN not in line]

    whole = [line for line in lines if " " not in line.strip() or " messages in " in line]  # a word, a sentence
    assert [line for line in lines if columns(line) > width and line not in whole] == []


@pytest.mark.parametrize("name", PAGES)
def test_a_plain_page_has_no_movement_and_no_pictures(machine: World, name: str) -> None:
    """One fact a line: nothing that a screen reader would have to draw."""
    shown = machine.page(PAGES[name], "plain")

    assert not any(sign in shown for sign in "\x1b\r█▓▒░▁▂▃▄▅▆▇─│┌┐└┘")


def test_every_command_is_pictured() -> None:
    """A new command brings its pages."""
    pictured = {words[0] for words in PAGES.values() if words}

    assert set(NAMES) - pictured == NOT_PICTURED


def test_there_is_no_picture_of_nothing() -> None:
    assert {path.stem for path in FOLDER.glob("*.txt")} == set(PAGES) - UNLIKE
