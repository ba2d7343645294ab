"""What `cass config` prints with --json, against its schemas."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.archive import Home, make_home
from tests.schemas.checking import faults


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = make_home(tmp_path)
    (tmp_path / "config").mkdir()
    return home


def said(home: Home, *words: str, **env: str) -> Any:
    config = {"CASS_CONFIG_DIR": str(home.folder / "config"), "CASS_CACHE_DIR": str(home.folder / "cache")}
    return json.loads(home.cass("config", *words, "--json", env=config | env).stdout)


def test_show_is_as_described(home: Home):
    """With every layer, and with something wrong in each."""
    (home.folder / "config" / "cass.toml").write_text("color = 'often'\nsearch.limit = 3\nserach.limit = 4\n")
    (home.folder / "config" / "semantic.toml").write_text("mode = ")

    shown = said(home, "show", CASS_SEARCH_LIMIT="5", CASS_SEMANTIC_BUDGET_MB="-1", CASS_PLAIN="1")

    assert faults("config", shown) == []
    assert len(shown["problems"]) == 4


@pytest.mark.parametrize("words", [("get", "search.limit"), ("set", "search.limit", "4"), ("unset", "color")])
def test_one_setting_is_as_described(home: Home, words: tuple[str, ...]):
    assert faults("config-one", said(home, *words)) == []


def test_paths_are_as_described(home: Home):
    assert faults("config-path", said(home, "path")) == []


def test_an_edit_is_as_described(home: Home):
    assert faults("config-edit", said(home, "edit", VISUAL="true")) == []
