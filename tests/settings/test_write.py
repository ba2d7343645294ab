"""`cass config set` and `unset` change one line, and leave the rest of the file as its owner wrote it."""

from __future__ import annotations

import os
import stat
import tomllib
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cass.disk import try_lock
from cass.errors import SystemRefused
from cass.settings import write
from cass.settings.layers import MOST_BYTES, flat
from cass.settings.table import BY_KEY
from cass.settings.toml_lines import Scan
from cass.settings.write import BadConfiguration, set_value, unset_value, value_text, with_value, without
from tests.settings.layering import Config

LIMIT = BY_KEY["search.limit"]
SET = [
    ("", "search.limit = 5\n"),
    ("# mine\n", "# mine\nsearch.limit = 5\n"),
    ("# mine", "# mine\nsearch.limit = 5\n"),
    ("search.limit = 1  # why\n", "search.limit = 5  # why\n"),
    ("[search]\nlimit=1 # why\nrefresh='off'\n", "[search]\nlimit=5 # why\nrefresh='off'\n"),
    ("[search]\nrefresh = 'off'  # why\n\n[x]\n", "[search]\nrefresh = 'off'  # why\nlimit = 5\n\n[x]\n"),
    ("[search] # head\n[x]\n", "[search] # head\nlimit = 5\n[x]\n"),
    ("search.refresh = 'off'\ncolor = 'auto'\n", "search.refresh = 'off'\nsearch.limit = 5\ncolor = 'auto'\n"),
    ("color = 'auto'\n[x]\ny = 1\n", "color = 'auto'\n[x]\ny = 1\n\n[search]\nlimit = 5\n"),
    ("search = { limit = 1, refresh = 'off' }\n", "search = { limit = 5, refresh = 'off' }\n"),
    ("search.limit = [ # odd\n 1,\n] # why\n", "search.limit = 5 # why\n"),
    ("[search]\r\nlimit = 1\r\n", "[search]\r\nlimit = 5\r\n"),
    ("color = 'auto'\r\n", "color = 'auto'\r\nsearch.limit = 5\r\n"),
    ("color = 'auto'", "color = 'auto'\nsearch.limit = 5\n"),
    ('"search"."limit" = 1\n', '"search"."limit" = 5\n'),
]
UNSET = [
    ("search.limit = 1\n", ""),
    ("# about it\nsearch.limit = 1  # why\n\nplain = true\n", "# about it\n\nplain = true\n"),
    ("[search]\n  limit = 1\n", "[search]\n"),
    ("[search]\r\nlimit = 1\r\nrefresh = 'off'", "[search]\r\nrefresh = 'off'"),
    ("plain = true\nsearch.limit = 1", "plain = true\n"),
    ("search = { limit = 1, refresh = 'off' }\n", "search = { refresh = 'off' }\n"),
    ("search = { refresh = 'off', limit = 1 }\n", "search = { refresh = 'off' }\n"),
    ("search = { limit = 1 }\n", "search = {  }\n"),
    ("search.limit = [\n 1,\n]\nplain = true\n", "plain = true\n"),
    ("plain = true\n", "plain = true\n"),
]


@pytest.mark.parametrize("old, new", SET, ids=range(len(SET)))
def test_set_edits_in_place_or_adds_where_it_belongs(old: str, new: str):
    assert with_value(old, "search.limit", 5) == new


@pytest.mark.parametrize("old, new", UNSET, ids=range(len(UNSET)))
def test_unset_takes_the_line_out(old: str, new: str):
    assert without(old, "search.limit") == new


def test_a_key_without_a_table_stays_above_all_tables():
    assert with_value("[x]\ny = 1\n", "mode", "lexical_only") == 'mode = "lexical_only"\n\n[x]\ny = 1\n'


@pytest.mark.parametrize("old", ["search = 3\n", "[[search]]\n", "search = { refresh = 'off' }\n"])
def test_what_cannot_be_done_in_one_line_is_refused(old: str):
    with pytest.raises(BadConfiguration) as raised:
        with_value(old, "search.limit", 5)

    assert raised.value.exit_code == 11


@pytest.mark.parametrize(
    "value, text",
    [
        (True, "true"),
        (5, "5"),
        (0.25, "0.25"),
        ('a "b" \\ ü\n', '"a \\"b\\" \\\\ ü\\n"'),
        ((), "[]"),
        (("codex", "aider"), '["codex", "aider"]'),
    ],
)
def test_a_value_as_toml(value: object, text: str):
    assert value_text(value) == text


def test_set_then_unset_leaves_the_file_as_it_was(config: Config):
    """Comments, order, line ends, byte order mark."""
    text = "\ufeff# mine\r\n\r\n[sources] # which\r\n  disabled = ['codex'] # never\r\n"
    path = config.write("cass.toml", text)

    stood = set_value(config.places, LIMIT, 5)
    assert (stood, config.load().value("search.limit")) == (f"{path}:7", 5)

    unset_value(config.places, LIMIT)
    assert config.text("cass.toml") == text + "\r\n[search]\r\n"


def test_set_makes_the_file_and_its_folder(config: Config):
    """Readable by this user alone."""
    config.folder.rmdir()

    assert set_value(config.places, LIMIT, 5) == f"{config.path('cass.toml')}:1"
    if os.name != "nt":
        assert stat.S_IMODE(config.folder.stat().st_mode) == 0o700
        assert stat.S_IMODE(config.path("cass.toml").stat().st_mode) == 0o600


def test_unset_of_what_is_not_set_touches_nothing(config: Config):
    assert unset_value(config.places, LIMIT) is None
    assert not config.path("cass.toml").exists()


def test_a_link_stays_a_link(config: Config, tmp_path: Path):
    """People keep such files in a repository of their own."""
    target = tmp_path / "dotfiles" / "cass.toml"
    target.parent.mkdir()
    target.write_text("# mine\n")
    config.path("cass.toml").symlink_to(target)

    set_value(config.places, LIMIT, 5)

    assert config.path("cass.toml").is_symlink()
    assert target.read_text() == "# mine\nsearch.limit = 5\n"


@pytest.mark.skipif(os.name == "nt", reason="Windows has other rights")
def test_the_mode_of_the_file_stays(config: Config):
    config.write("cass.toml", "").chmod(0o644)

    set_value(config.places, LIMIT, 5)

    assert stat.S_IMODE(config.path("cass.toml").stat().st_mode) == 0o644


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everything")
def test_a_file_that_may_not_be_written_is_refused(config: Config):
    config.write("cass.toml", "").chmod(0o444)

    with pytest.raises(SystemRefused):
        set_value(config.places, LIMIT, 5)


@pytest.mark.parametrize("content", [b"search.limit = ", b"\xff\xfe", b"a = 1\na = 2\n", b"x = " + b"[" * 100_000])
def test_a_file_that_cannot_be_parsed_is_not_changed(config: Config, content: bytes):
    config.path("cass.toml").write_bytes(content)

    with pytest.raises(BadConfiguration) as raised:
        set_value(config.places, LIMIT, 5)

    assert config.path("cass.toml").read_bytes() == content
    assert (raised.value.exit_code, raised.value.todo) == (
        11,
        "nothing was changed; mend it with: cass config edit cass.toml",
    )


def test_a_folder_in_the_place_of_the_file_is_said(config: Config):
    config.path("cass.toml").mkdir()

    with pytest.raises(BadConfiguration, match="it is not a file"):
        set_value(config.places, LIMIT, 5)


def test_a_link_to_itself_in_the_place_of_the_file_is_said(config: Config):
    config.path("cass.toml").symlink_to(config.path("cass.toml"))

    with pytest.raises(SystemRefused, match="the file cannot be read: too many levels"):
        set_value(config.places, LIMIT, 5)


def test_a_file_in_the_place_of_the_config_folder_is_said(config: Config):
    folder = config.path("cass.toml").parent
    folder.rmdir()
    folder.write_text("not a folder")

    with pytest.raises(SystemRefused, match="the file cannot be read: not a directory"):
        set_value(config.places, LIMIT, 5)


@pytest.mark.parametrize("bytes_left", [-1, 3])
def test_a_file_that_would_not_be_read_is_not_written(config: Config, bytes_left: int):
    """Nobody is told "done" where nothing takes effect."""
    path = config.write("cass.toml", "#" * (MOST_BYTES - bytes_left))

    with pytest.raises(BadConfiguration, match=f"more than {MOST_BYTES} bytes") as refused:
        set_value(config.places, LIMIT, 5)

    assert refused.value.exit_code == 11
    assert path.read_bytes() == b"#" * (MOST_BYTES - bytes_left)


def test_two_at_once_wait_for_each_other(config: Config, monkeypatch: pytest.MonkeyPatch):
    """And not for ever."""
    monkeypatch.setattr(write, "PATIENCE_S", 0.0)
    config.cache.mkdir()
    held = try_lock(str(config.cache / write.LOCK))
    assert held is not None

    with held, pytest.raises(write.Busy):
        set_value(config.places, LIMIT, 5)
    assert set_value(config.places, LIMIT, 5).endswith(":1")


def test_without_a_cache_folder_it_is_done_all_the_same(config: Config):
    config.cache.write_text("in the way")

    set_value(config.places, LIMIT, 5)

    assert config.load().value("search.limit") == 5


# Any file

COMMENTS = st.sampled_from(["", "# a comment\n", "\n", "  # 'x' [y] = {z}\n\n"])
TAILS = st.sampled_from(["", " # why", "  "])
VALUES = st.sampled_from(
    (
        "1",
        "'x = 2 # no'",
        '"a\\"]"',
        "[1, [2], {a = 3}]",
        "[\n 1, # one\n]",
        "1979-05-27",
        "'''\n[a]\nb=1'''",
        "{a = 1, 'b c' = {d = [2]}}",
    )
)
KEYS = st.permutations(["plain", "color", "search.limit", "'search'.refresh", "other.deep.key", '"odd key"'])
TABLES = st.permutations(["[sources]\n", "[pack.deep] # t\n", '["odd table"]\n', "[[list]]\n", "[[list]]\n"])


@st.composite
def files(draw: st.DrawFn) -> str:
    """TOML as people write it: keys in any order, comments anywhere, then tables."""
    parts = []
    for heading in ("", *draw(TABLES)[: draw(st.integers(0, 5))]):
        parts.append(heading)
        for key in draw(KEYS)[: draw(st.integers(0, 4))]:
            parts += [draw(COMMENTS), f"{key} = {draw(VALUES)}{draw(TAILS)}\n"]
    text = "".join(parts) + draw(COMMENTS)
    return text.replace("\n", "\r\n") if draw(st.booleans()) else text


def settings_of(text: str) -> dict[str, object]:
    return {key: value for key, value in flat(tomllib.loads(text)) if value != {}}


@given(files())
def test_every_key_of_any_file_is_found_with_its_value(text: str):
    """What stands between the offsets of a value is its TOML."""
    found = {one.key: text[one.value_start : one.value_end] for one in Scan(text).statements}

    for key, value in settings_of(text).items():
        assert key == "list" or tomllib.loads(f"x = {found[key]}")["x"] == value


@given(files(), st.sampled_from(["search.limit", "plain", "sources.disabled", "new.key", "pack.deep.x"]))
def test_only_what_is_set_changes_in_any_file(text: str, key: str):
    """The same settings but for this one, and no line lost; unset takes it away again."""
    before = settings_of(text)
    assume(not any(name.startswith(f"{key}.") for name in before))  # a table of that name is another test's

    new = with_value(text, key, 5)

    assert settings_of(new) == {**before, key: 5}
    assert key in before or not Counter(text.splitlines()) - Counter(new.splitlines())
    assert settings_of(without(new, key)) == {name: value for name, value in before.items() if name != key}


def test_a_setting_does_not_take_the_place_of_a_table():
    """What stands in it would be lost: refused, and the file stays as it is."""
    with pytest.raises(BadConfiguration):
        with_value("search.limit = {a = 1, 'b c' = {d = [2]}}\n", "search.limit", 5)
