"""Help, completions and the manual page come from the table and say all of it."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from cass.cli import generate, man
from cass.cli.help import command_help, main_help
from cass.cli.table import Command, command, commands, options_of
from cass.render.terminal import Style
from tests.cli.test_edge import ROOT, cass

PLAIN = Style(color=False, plain=False, links="", terminal=False, width=80)
each_row = pytest.mark.parametrize("row", commands(), ids=lambda row: row.name)


def test_the_main_help_begins_with_examples_and_names_every_command():
    text = main_help(PLAIN, full=True)

    assert text.index("Examples") < text.index("Usage") < text.index("Find and read")
    assert all(f"\n  {row.name} " in text for row in commands())


@each_row
def test_the_full_help_of_a_command_says_every_option(row: Command):
    text = command_help(row, PLAIN, full=True)

    assert text.index("Examples") < text.index("Usage")
    assert all(name in text for option in options_of(row) if not option.hidden for name in option.names)


@each_row
def test_the_short_help_has_no_examples(row: Command):
    text = command_help(row, PLAIN, full=False)

    assert "Examples" not in text
    assert text.endswith(f"Next: cass {row.name} --help says more, with examples.\n")


@pytest.mark.parametrize("width", [40, 80, 200])
@each_row
def test_no_line_of_help_is_wider_than_the_screen(row: Command, width: int):
    """Commands to copy apart: those are never broken."""
    look = Style(color=False, plain=False, links="", terminal=False, width=width)
    typed = {f"  {line}" for line, _ in row.examples}
    lines = [line for line in command_help(row, look, full=True).splitlines() if line not in typed]

    assert max(len(line) for line in lines) <= width


def test_plain_help_is_one_fact_a_line():
    look = Style(color=False, plain=True, links="", terminal=False, width=80)

    assert "-n, --limit N: how many sessions (default 20)\n" in command_help(command("sessions"), look, full=True)


def test_bold_only_where_there_is_colour():
    look = Style(color=True, plain=False, links="file", terminal=True, width=80)

    assert "\x1b[1mUsage\x1b[0m" in main_help(look, full=False)
    assert "\x1b" not in main_help(PLAIN, full=True)


@pytest.mark.parametrize("argv", [("help", "search"), ("search", "--help"), ("find", "--help"), ("help", "find")])
def test_help_can_be_asked_in_many_ways(argv: tuple[str, ...]):
    done = cass(*argv)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == command_help(command("search"), PLAIN, full=True)


def test_help_for_a_command_that_is_none_is_a_usage_error():
    done = cass("help", "serch")

    assert done.returncode == 2
    assert "the nearest is `cass search`" in done.stderr.lower()


@pytest.mark.parametrize("name, text", generate.files().items(), ids=lambda one: one.rpartition("/")[2][:12])
def test_the_files_in_the_repository_are_those_of_the_table(name: str, text: str):
    """After a change of the table: `python -m cass.cli.generate`."""
    assert (ROOT / name).read_text(encoding="utf-8") == text


def test_the_manual_page_says_every_command_option_and_exit_code():
    text = man.page().replace("\\-", "-")

    assert all(
        name in text for row in commands() for option in row.options if not option.hidden for name in option.names
    )
    assert all(f"\\fB{code}\\fR" in text for code, _ in man.EXIT_CODES)


@pytest.mark.skipif(not shutil.which("groff"), reason="groff is not installed")
def test_the_manual_page_is_good_roff():
    done = subprocess.run(
        ["groff", "-man", "-Tutf8", "-ww"], input=man.page(), capture_output=True, text=True, check=True
    )

    assert done.stderr == ""
    assert "-n, --limit N" in _without_overstrike(done.stdout)


def _without_overstrike(text: str) -> str:
    import re

    return re.sub(r".\x08|\x1b\[[0-9;]*m", "", text)


def test_the_manual_page_is_printed_where_nobody_reads():
    done = cass("man")

    assert (done.stdout, done.returncode) == (man.page(), 0)
