"""The table of settings is the one place where a setting is written."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from cass.cli.man import page
from cass.policy import CliSemanticOverrides, SemanticPolicy
from cass.settings.hot import OTHER_FILE, OTHER_VARIABLES, SEMANTIC_FILE
from cass.settings.kinds import accepted, check, unit_behind
from cass.settings.page import template
from cass.settings.table import CONSTANT, ROWS, Setting, default_of
from tests.settings.layering import Config

REPO = Path(__file__).resolve().parents[2]
each_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.key)
SEMANTIC = [row for row in ROWS if row.file == SEMANTIC_FILE]
OTHERS = [row for row in ROWS if row.file == OTHER_FILE]


def test_the_semantic_rows_are_the_policy():
    """In its order, and those with a flag are what one command may override."""
    assert [row.key for row in SEMANTIC] == list(SemanticPolicy.__match_args__)
    assert [row.key for row in SEMANTIC if row.flag] == list(CliSemanticOverrides.__match_args__)


@each_row
def test_a_default_is_a_good_value(row: Setting):
    if row.kind != CONSTANT:
        assert check(row, default_of(row)) == default_of(row)


@each_row
def test_a_row_says_what_it_is_and_what_it_takes(row: Setting):
    assert row.doc[0].islower() and not row.doc.endswith(".")
    assert accepted(row)


@each_row
def test_a_variable_follows_from_the_key(row: Setting):
    head = "CASS_SEMANTIC_" if row.file == SEMANTIC_FILE else "CASS_"

    assert row.variables[0] == head + row.key.replace(".", "_").upper()
    assert row.variable in (*row.variables, None)


def test_a_name_belongs_to_one_setting():
    variables = [variable for row in ROWS for variable in row.variables]
    flags = [row.flag for row in ROWS if row.flag]

    assert len({*variables, *OTHER_VARIABLES}) == len(variables) + len(OTHER_VARIABLES)
    assert len(set(flags)) == len(flags)


def test_every_setting_is_read_somewhere():
    """A semantic one through the typed policy, any other by its key."""
    texts: set[str] = set()
    for path in (REPO / "cass").rglob("*.py"):
        if path.relative_to(REPO / "cass").as_posix() not in ("settings/table.py", "cli/rows_config.py"):
            strings = (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Constant))
            texts |= {node.value for node in strings if isinstance(node.value, str)}

    assert {row.key for row in OTHERS if row.key not in texts} == set()


def test_every_documented_key_exists():
    text = (REPO / "docs" / "settings.md").read_text()

    assert re.findall(r"^\| `([a-z_.]+)` \|", text, re.M) == [row.key for row in ROWS]


@pytest.mark.parametrize("name", [SEMANTIC_FILE, OTHER_FILE])
def test_a_new_file_shows_every_setting_and_sets_none(config: Config, name: str):
    """With the # taken away each line is the default."""
    config.write(name, template(name))
    assert config.load().given == {}

    config.write(name, re.sub(r"^# ([a-z_.]+ = )", r"\1", template(name), flags=re.M))
    settings = config.load()
    rows = [row for row in ROWS if row.file == name and row.kind != CONSTANT]
    assert (list(settings.given), settings.problems) == ([row.key for row in rows], [])
    assert all(settings.value(row.key) == default_of(row) for row in rows)


def test_the_manual_explains_every_setting():
    text = page()

    assert [row.key for row in ROWS if f"\\fB{row.key}, {row.variable}" not in text and row.kind != CONSTANT] == []


@pytest.mark.parametrize(("unit", "said"), [("cores", " core"), ("s", " s"), ("MB", " MB"), (None, "")])
def test_one_is_one_core(unit: str | None, said: str):
    assert unit_behind(unit, 1) == said
    assert unit_behind(unit, 2) == (f" {unit}" if unit else "")
