"""One line that says how far a long job is."""

from __future__ import annotations

import io

import pytest

from cass.render.progress import LINE, LINES, NONE, Progress, chosen, line
from cass.render.terminal import Style

SCREEN = Style(True, False, True, True, 80)
PIPE = Style(False, False, False, False, 80)


class Watch:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.mark.parametrize(
    "wish, quiet, look, kind",
    [
        ("auto", False, SCREEN, LINE),
        ("auto", False, PIPE, NONE),
        ("auto", False, Style(False, True, False, True, 80), LINES),
        ("plain", False, PIPE, LINES),
        ("none", False, SCREEN, NONE),
        ("plain", True, SCREEN, NONE),
    ],
)
def test_progress_is_for_terminals_and_for_those_who_ask(wish: str, quiet: bool, look: Style, kind: str):
    assert chosen(wish, quiet, look) == kind


def test_one_file_is_not_counted():
    """Nor is anything where only the name of the work is known."""
    assert line("fetching it", 0, 0, 50_000_000, 200_000_000, 0.0) == "fetching it  50/200 MB"
    assert line("unpacking", 0, 0, 0, 0, 5.0) == "unpacking"


def test_a_line_tells_files_bytes_rate_and_rest():
    assert line("reading", 5, 20, 50_000_000, 200_000_000, 2.0) == "reading  5/20 files  50/200 MB  25 MB/s  6 s left"


def test_the_first_moment_promises_nothing():
    assert line("reading", 1, 20, 5_000_000, 200_000_000, 0.2) == "reading  1/20 files  5/200 MB"


def test_a_rebuild_counts_messages():
    assert line("rebuilding", 500, 1500, 0, 0, 2.0) == "rebuilding  500/1,500 messages  4 s left"


def test_a_terminal_gets_ten_lines_a_second_at_most_and_no_trace_remains():
    stream, watch = io.StringIO(), Watch()
    progress = Progress(stream, LINE, 80, watch)

    for tick in range(50):
        watch.now_s = tick / 100
        progress("reading", tick, 50, 0, 1)
    progress.close()
    progress.close()

    assert stream.getvalue().count("reading") == 5
    assert stream.getvalue().endswith("\r\x1b[K")
    assert "\n" not in stream.getvalue()


def test_a_log_gets_whole_lines_now_and_then():
    stream, watch = io.StringIO(), Watch()
    progress = Progress(stream, LINES, 80, watch)

    for second in range(12):
        watch.now_s = float(second)
        progress("reading", second, 12, second * 1_000_000, 12_000_000)
    progress.close()

    assert stream.getvalue().splitlines() == [
        "reading  0/12 files  0/12 MB",
        "reading  5/12 files  5/12 MB  1 MB/s  7 s left",
        "reading  10/12 files  10/12 MB  1 MB/s  2 s left",
    ]
