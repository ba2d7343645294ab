"""The command table is the one place where commands and options are written."""

from __future__ import annotations

import shlex

import pytest

from cass.cli.lane import parse, settle
from cass.cli.table import ALIASES, CHOICE, GROUPS, HOME, NAMES, Command, command, commands, options_of
from cass.cli.verbs import __path__ as verbs_path

ROWS = [*commands(), command(HOME)]
each_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)


def test_the_quick_aliases_are_those_of_the_rows():
    """The lane reads an alias without building all rows, so they are written twice."""
    assert {alias: row.name for row in ROWS for alias in row.aliases} == ALIASES


def test_an_alias_hides_no_command():
    assert not set(ALIASES) & set(NAMES)


@each_row
def test_a_row_knows_its_name_and_its_group(row: Command):
    assert command(row.name).name == row.name
    assert row.group in GROUPS


@each_row
def test_a_spelling_belongs_to_one_option(row: Command):
    spelled = [name for option in options_of(row) for name in option.names]

    assert len(spelled) == len(set(spelled))


@each_row
def test_every_command_has_the_global_options(row: Command):
    everywhere = {"--json", "--data-dir", "--color", "--plain", "--no-pager", "--quiet", "--verbose"}

    assert everywhere | {"-h", "--help", "--version"} <= {option.name for option in options_of(row)}


@each_row
def test_a_default_is_one_of_the_choices(row: Command):
    for option in options_of(row):
        assert option.kind != CHOICE or option.default is None or option.default in option.values


@each_row
def test_every_word_of_a_choice_is_accepted(row: Command):
    for option in options_of(row):
        for word in option.values:
            settle(
                row,
                [(argument.values or ("x",))[0] for argument in row.arguments if argument.required],
                {option.name: [word]},
            )


@pytest.mark.parametrize(
    "line", [line for row in ROWS for line, _ in row.examples if line.startswith("cass ")], ids=lambda line: line
)
def test_every_example_is_understood(line: str):
    """What help tells people to type works."""
    words = shlex.split(line.partition(" >")[0].partition(" | ")[0])

    assert parse(words[1:]) is not None


@each_row
def test_every_command_has_a_verb(row: Command):
    from pathlib import Path

    assert (Path(verbs_path[0]) / f"{row.name.replace('-', '_')}.py").exists()
