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


@pytest.mark.parametrize("name, text", generate.files().items(), ids=lambda one: one.rpartition("/")[2][:24])
def test_the_files_in_the_repository_are_those_of_the_table(name: str, text: str):
    """After a change of the table: `python -m cass.cli.generate`."""
    assert (ROOT / name).read_text(encoding="utf-8") == text


PAGES = man.pages()
each_page = pytest.mark.parametrize("name", PAGES)


def test_there_is_a_page_of_the_program_and_of_every_command():
    """And none of a command that went away."""
    assert list(PAGES) == ["cass.1", *(f"cass-{row.name}.1" for row in commands())]
    assert {path.name for path in (ROOT / "man").iterdir()} == set(PAGES)


def test_the_page_of_the_program_says_every_command_and_exit_code():
    text = PAGES["cass.1"].replace("\\-", "-")

    assert all(f"\\fBcass {row.name}\\fR" in text and f".BR cass-{row.name} (1)" in text for row in commands())
    assert all(f"\\fB{code}\\fR" in text for code, _ in man.EXIT_CODES)


@each_row
def test_the_page_of_a_command_begins_with_examples_and_says_every_option(row: Command):
    text = PAGES[f"cass-{row.name}.1"].replace("\\-", "-")

    assert text.index(".SH EXAMPLES") < text.index(".SH DESCRIPTION")
    assert all(name in text for option in options_of(row) if not option.hidden for name in option.names)


def test_a_page_refers_to_commands_that_there_are():
    named = {*man.SEE_ALSO, *(other for others in man.SEE_ALSO.values() for other in others)}

    assert named <= {row.name for row in commands()}


@pytest.mark.skipif(not shutil.which("groff"), reason="groff is not installed")
@each_page
def test_a_manual_page_is_good_roff(name: str):
    done = subprocess.run(
        ["groff", "-man", "-Tutf8", "-ww"], input=PAGES[name], capture_output=True, text=True, check=True
    )

    assert done.stderr == ""
    assert "EXAMPLES" in _without_overstrike(done.stdout)


@pytest.mark.skipif(not shutil.which("mandoc"), reason="mandoc is not installed")
@each_page
def test_mandoc_finds_nothing_wrong_with_a_manual_page(name: str):
    """But that it has no date: the same table gives the same page on every day."""
    done = subprocess.run(["mandoc", "-Tlint"], input=PAGES[name], capture_output=True, text=True, check=False)

    assert [line for line in (done.stdout + done.stderr).splitlines() if "missing date" not in line] == []


@pytest.mark.skipif(not shutil.which("man"), reason="man is not installed")
@each_page
def test_man_shows_a_manual_page_without_a_warning(name: str):
    done = subprocess.run(
        ["man", "--warnings", "-l", str(ROOT / "man" / name)],
        env={"PATH": "/usr/bin:/bin", "MANPAGER": "cat", "MANWIDTH": "80", "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
    )
    if "--warnings" in done.stderr:
        pytest.skip("another man, which cannot warn")

    assert (done.stderr, done.returncode) == ("", 0)
    assert name.removesuffix(".1") in _without_overstrike(done.stdout)


def _without_overstrike(text: str) -> str:
    import re

    return re.sub(r".\x08|\x1b\[[0-9;]*m", "", text)


@pytest.mark.parametrize("argv, page", [((), "cass.1"), (("search",), "cass-search.1"), (("find",), "cass-search.1")])
def test_a_manual_page_is_printed_where_nobody_reads(argv: tuple[str, ...], page: str):
    done = cass("man", *argv)

    assert (done.stdout, done.returncode) == (PAGES[page], 0)


def test_a_manual_page_of_no_command_is_refused_with_the_nearest():
    done = cass("man", "serch")

    assert (done.returncode, done.stdout) == (2, "")
    assert "the nearest is `cass search`" in done.stderr.lower()
