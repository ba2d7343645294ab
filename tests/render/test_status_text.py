"""The page of `cass status` keeps to a screen of 24 lines, whatever there is to say."""

from __future__ import annotations

import pytest

from cass.records import replace
from cass.render import status_text
from cass.render.layout import columns
from cass.render.terminal import Style
from cass.status.facts import Advice, Database, Lexical, Problem, Status
from cass.store.counts import AgentCount

NOW_MS = 1_767_323_045_000
SCREEN = 24
STATUS = Status(
    version="1.0",
    state="ok",
    data_dir="/home/somebody/.local/share/cass",
    database=Database("/d/cass.db", 2_000_000, 40, 12_345),
    lexical=Lexical(12_345, 800_000, 0, 9),
    sources={f"agent_{at}": AgentCount(3 + at, 4, 1234 - at, int(at == 19)) for at in range(20)},
    indexed_ms=NOW_MS - 300_000,
    behind_files=2,
)
PROBLEMS = tuple(Problem(f"value {at} is no value for a setting", f"/home/somebody/.config/{at}") for at in range(9))
ADVICE = tuple(Advice(f"cass config edit {at}.toml", "nothing in it counts until it is mended") for at in range(9))


def rows(page: str, width: int) -> int:
    """The lines of a screen, the one of the prompt among them."""
    return 1 + sum(max(1, -(-columns(line) // width)) for line in page.splitlines())


def look(width: int) -> Style:
    return Style(False, False, "", True, width)


@pytest.mark.parametrize("width", [40, 60, 80, 160])
@pytest.mark.parametrize(("problems", "advice"), [(0, 0), (0, 1), (1, 1), (2, 2), (9, 9), (9, 1)])
def test_the_page_fits_a_screen(width: int, problems: int, advice: int):
    """Many agents, problems and commands give way to each other, and the prompt stands below them."""
    status = replace(STATUS, problems=PROBLEMS[:problems], recommended=ADVICE[:advice])

    page = status_text.page(status, look(width), NOW_MS)

    assert rows(page, width) <= SCREEN
    assert page.count("problem:") >= min(1, problems) and page.count("next") >= min(1, advice)


def test_agents_that_find_no_room_are_counted():
    """Those with problems and most messages are shown, and which command lists the others."""
    page = status_text.page(STATUS, look(80), NOW_MS)

    assert "agent_0 " in page and "agent_19 " in page and "agent_18 " not in page
    assert page.splitlines()[-1].endswith(" agents more: cass sources")


def test_the_whole_page_leaves_nothing_out():
    """--verbose has no screen to keep to."""
    status = replace(STATUS, problems=PROBLEMS, recommended=ADVICE)

    page = status_text.page(status, look(80), NOW_MS, whole=True)

    assert (page.count("problem:"), page.count("next"), page.count("agent_")) == (9, 9, 20)


def test_colours_take_no_room():
    """What a terminal does not show is not counted."""
    status = replace(STATUS, problems=PROBLEMS, recommended=ADVICE)
    plain, painted = (status_text.page(status, Style(color, False, "", True, 80), NOW_MS) for color in (False, True))

    assert painted != plain
    assert painted.count("\n") == plain.count("\n")


def test_a_single_file_is_not_many():
    """One fact a line, and in the words that one would say."""
    status = replace(STATUS, sources={"aider": AgentCount(1, 2, 1, 1), "codex": AgentCount(0, 1, 1234, 0)})

    lines = status_text.page(status, Style(False, True, "", True, 80), NOW_MS).splitlines()

    assert lines[-2:] == [
        "aider: 1 file, 2 sessions, 1 message, 1 problem",
        "codex: 0 files, 1 session, 1,234 messages, 0 problems",
    ]
