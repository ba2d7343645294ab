"""Narrow screens: lines folded at their spaces, tables that become paragraphs, messages as people read them."""

from __future__ import annotations

import pytest

from cass.render.layout import columns
from cass.render.narrow import fold, table
from cass.render.prose import laid_out
from cass.render.terminal import Style

LOOK = Style(color=False, plain=False, links="", terminal=True, width=24)
COLOURED = Style(color=True, plain=False, links="", terminal=True, width=24)


@pytest.mark.parametrize(
    "text, width, lines",
    [
        ("short", 10, ["short"]),
        ("", 10, [""]),
        ("one two three four", 9, ["one two", "three", "four"]),
        ("  indented words fold", 12, ["  indented", "words fold"]),
        ("see /a/very/long/path/that/stays whole", 12, ["see", "/a/very/long/path/that/stays", "whole"]),
        ("/a/very/long/path first", 8, ["/a/very/long/path", "first"]),
        ("two  blanks  stay", 40, ["two  blanks  stay"]),
        ("接続プールが枯渇します", 10, ["接続プール", "が枯渇しま", "す"]),
        ("a 接続プールが枯渇 b", 10, ["a", "接続プール", "が枯渇 b"]),
    ],
)
def test_lines_are_folded_at_spaces(text: str, width: int, lines: list[str]) -> None:
    """A word that is too long stays whole, to be copied; wide letters need no spaces."""
    assert fold(text, width) == lines


def test_lines_behind_the_first_hang() -> None:
    assert fold("name  what it is about", 16, "      ") == ["name  what it is", "      about"]


def test_nothing_is_lost_by_folding() -> None:
    """Whatever the width."""
    text = "  a few words, 接続プールが枯渇, /and/a/path/that/is/long and 🦭 more"

    for width in range(1, 60):
        assert "".join(fold(text, width)).replace(" ", "") == text.replace(" ", "")


def test_a_long_line_of_wide_letters_is_measured_once() -> None:
    """Chinese has no spaces: each row was cut off what was measured as a whole again."""
    rows = fold("- " + "接" * 150_000, 24, "  ")

    assert rows[:2] == ["-", "  " + "接" * 11]
    assert sum(row.count("接") for row in rows) == 150_000


@pytest.mark.parametrize("width", [20, 30, 101, 102])
def test_an_item_that_begins_beyond_the_screen_is_folded(width: int) -> None:
    """Where nothing fits behind the blanks that its rows hang by, they hang by none."""
    line = " " * 100 + "- " + "接" * 60

    rows = fold(line, width, " " * 102)

    assert "".join(rows).replace(" ", "") == line.replace(" ", "")
    assert max(map(columns, rows[1:])) <= width


def test_a_table_that_does_not_fit_is_a_paragraph_a_row() -> None:
    """What counts and how many stay together."""
    heads, rows = ("agent", "files", "sessions"), [("claude_code", "5", "12"), ("codex", "3", "2")]

    assert table(heads, rows, LOOK, right=(1, 2)) == [
        "claude_code",
        "  files 5, sessions 12",
        "codex",
        "  files 3, sessions 2",
    ]
    assert table((), [("minilm", "not installed yet, but")], LOOK) == ["minilm", "  not installed yet, but"]
    assert table(heads, rows, Style(False, False, "", True, 40), right=(1, 2)) == [
        "agent        files  sessions",
        "claude_code      5        12",
        "codex            3         2",
    ]


MARKDOWN = """# A heading that is rather long
A paragraph with `code` that is folded.
- an item that goes on below its first word
12. a numbered item that goes on
> quoted words that go on

```python
a_line_of_code = that_is_never_folded(at_all)
# no heading
```
| a table | that is never folded |
    indented_code_is_left_as_it_is()
"""


def test_a_message_is_folded_as_markdown_means_it() -> None:
    """Code, tables and indented lines are left alone."""
    assert laid_out(MARKDOWN, LOOK) == [
        "# A heading that is",
        "rather long",
        "A paragraph with `code`",
        "that is folded.",
        "- an item that goes on",
        "  below its first word",
        "12. a numbered item that",
        "    goes on",
        "> quoted words that go",
        "  on",
        "",
        "```python",
        "a_line_of_code = that_is_never_folded(at_all)",
        "# no heading",
        "```",
        "| a table | that is never folded |",
        "    indented_code_is_left_as_it_is()",
        "",
    ]


def test_where_nobody_looks_a_message_is_what_was_written() -> None:
    piped = Style(color=True, plain=False, links="", terminal=False, width=24)
    plain = Style(color=False, plain=True, links="", terminal=True, width=24)

    assert "\n".join(laid_out(MARKDOWN, piped)) == "\n".join(laid_out(MARKDOWN, plain)) == MARKDOWN


def test_headings_and_code_stand_out_and_nothing_is_taken_away() -> None:
    """Colour carries no meaning alone: every sign of the text stays."""
    shown = laid_out("# Title\nuse `x` and **y**\nan odd ` alone\n```\ncode\n```", COLOURED)

    assert shown[0] == "\x1b[1m# Title\x1b[0m"
    assert shown[1] == "use \x1b[36m`x`\x1b[0m and **y**"
    assert shown[2:] == ["an odd ` alone", "\x1b[2m```\x1b[0m", "code", "\x1b[2m```\x1b[0m"]


def test_a_fence_that_is_never_closed_is_code_to_the_end() -> None:
    assert laid_out("~~~\nwords that would be folded otherwise", LOOK)[1:] == ["words that would be folded otherwise"]
