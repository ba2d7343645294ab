"""What was read from the files is kept, and never believed when it may be stale, torn or another's."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cass.paths import places
from cass.settings import hot
from cass.settings.hot import CACHE, kept_bytes, read_kept
from cass.settings.layers import read_file, read_files
from tests.cli.test_cold import loaded_by
from tests.heavy import HEAVY
from tests.settings.layering import Config

TEXT = "search.limit = 7\nsources.disabled = ['codex']\nbad = 2020-01-01\n"


@pytest.fixture
def remembered(config: Config) -> Config:
    config.write("cass.toml", TEXT)
    config.remember()
    return config


def believed(config: Config) -> bool:
    """Is the cache used as it stands?  It is given another content under the same identity."""
    cached = read_kept(config.places)[0]
    lie = {name: (identity, (("search.limit", 99, 1),), None) for name, (identity, _, _) in cached.items()}
    (config.cache / CACHE).write_bytes(kept_bytes(config.places, lie, None))
    return config.load().value("search.limit") == 99


def test_what_is_kept_says_the_same_as_the_file(remembered: Config):
    """Values, origins and problems."""
    from_cache = remembered.load()
    (remembered.cache / CACHE).unlink()
    from_file = remembered.load()

    assert (from_cache.given, from_cache.problems) == (from_file.given, from_file.problems)
    assert from_file.value("search.limit") == 7 and len(from_file.problems) == 1


def test_an_unchanged_file_is_not_read_again(remembered: Config):
    assert believed(remembered)


def test_a_file_that_has_just_changed_is_not_kept(config: Config):
    """It may change again within the same time stamp."""
    config.write("cass.toml", TEXT)
    changed_ms = os.stat(config.path("cass.toml")).st_mtime_ns // 1_000_000

    for waited_ms, kept in ((0, False), (2_000, False), (4_000, True)):
        read_files(config.places, ("cass.toml",), {}, lambda waited_ms=waited_ms: changed_ms + waited_ms)
        assert (config.cache / CACHE).exists() is kept


def test_a_file_from_the_future_is_not_kept(config: Config):
    path = config.write("cass.toml", TEXT)
    os.utime(path, (4e9, 4e9))

    config.load()

    assert not config.cache.exists()


def test_another_file_of_the_same_size_and_time_is_read(remembered: Config):
    """As after `cp -p` or `git checkout` with times restored."""
    path = remembered.path("cass.toml")
    info = os.stat(path)
    path.with_suffix(".new").write_text(TEXT.replace("7", "8"))
    os.utime(path.with_suffix(".new"), ns=(info.st_atime_ns, info.st_mtime_ns))
    os.replace(path.with_suffix(".new"), path)

    assert remembered.load().value("search.limit") == 8


@pytest.mark.skipif(os.name == "nt", reason="Windows has no time of the last change of a file's properties")
def test_the_same_file_with_its_time_put_back_is_read(remembered: Config):
    path = remembered.path("cass.toml")
    info = os.stat(path)
    while os.stat(path).st_ctime_ns == info.st_ctime_ns:  # the clock of the file system ticks in milliseconds
        path.write_text(TEXT.replace("7", "8"))
        os.utime(path, ns=(info.st_atime_ns, info.st_mtime_ns))

    assert remembered.load().value("search.limit") == 8


def test_a_file_that_came_or_went_is_noticed(remembered: Config):
    remembered.write("semantic.toml", "mode = 'off'")
    assert (remembered.load().value("mode"), remembered.load().value("search.limit")) == ("lexical_only", 7)

    remembered.path("cass.toml").unlink()
    assert remembered.load().value("search.limit") == 10


def test_a_cache_torn_at_any_byte_is_none(remembered: Config):
    path = remembered.cache / CACHE
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        assert read_kept(remembered.places)[0] == {}
    assert remembered.load().value("search.limit") == 7


def test_a_cache_with_any_byte_changed_is_none(remembered: Config):
    path = remembered.cache / CACHE
    whole = path.read_bytes()
    for at in range(len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x41]) + whole[at + 1 :])
        assert read_kept(remembered.places)[0] == {}


def test_a_cache_of_another_version_is_none(remembered: Config, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(hot, "__version__", "0.0.0")

    assert read_kept(remembered.places)[0] == {}
    assert remembered.load().value("search.limit") == 7


def test_a_cache_of_another_config_folder_is_none(remembered: Config):
    other = remembered.folder.parent / "elsewhere"
    os.rename(remembered.folder, other)
    remembered.folder.mkdir()
    remembered.write("cass.toml", "search.limit = 3")

    assert remembered.load().value("search.limit") == 3


@pytest.mark.parametrize("obstacle", ["a file", "a folder"])
def test_a_cache_that_cannot_be_written_costs_only_time(config: Config, obstacle: str):
    config.write("cass.toml", TEXT)
    if obstacle == "a file":
        config.cache.write_text("in the way")
    else:
        (config.cache / CACHE).mkdir(parents=True)

    config.remember()

    assert config.load().value("search.limit") == 7


def test_a_torn_file_is_kept_as_torn(config: Config):
    """Its problem is said every time, and it is not parsed every time."""
    config.write("cass.toml", "search.limit = ")
    config.remember()

    assert [problem.origin for problem in config.load().problems] == [str(config.path("cass.toml"))]
    assert read_kept(config.places)[0]["cass.toml"] == read_file(str(config.path("cass.toml")))


CODE = """
from cass.paths import places
from cass.settings.quick import load
settings = load(places({env!r}), {env!r}, {{"search.limit": None}})
assert settings.value("search.limit") == {limit}, settings.value("search.limit")
assert not settings.problems
"""


@pytest.mark.parametrize("files, limit", [({}, 10), ({"cass.toml": "search.limit = 7\n"}, 7)])
def test_a_cold_command_parses_no_toml(config: Config, files: dict[str, str], limit: int):
    """Nor does it load anything else that takes milliseconds."""
    for name, text in files.items():
        config.write(name, text)
        config.remember()
    env = {"HOME": "/nowhere", "CASS_CONFIG_DIR": str(config.folder), "CASS_CACHE_DIR": str(config.cache)}
    loaded = loaded_by(CODE.format(env=env, limit=limit))

    assert not loaded & (HEAVY | {"cass.settings.layers", "cass.settings.resolve", "cass.policy", "difflib"})


def test_without_files_nothing_is_opened(config: Config):
    """Two looks at the disk, and that is all."""
    code = (
        "import sys\nfrom cass.paths import Places\nfrom cass.settings.quick import load\n"
        f"where = Places('/d', {str(config.folder)!r}, {str(config.cache)!r}, '/r')\n"
        "sys.addaudithook(lambda name, about: name == 'open' and sys.stdout.write(str(about[0])))\n"
        "load(where, {})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == ""


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_in_place_of_the_cache_is_waited_for_by_nobody(tmp_path: Path):
    where = places({"HOME": str(tmp_path), "CASS_CACHE_DIR": str(tmp_path)})
    os.mkfifo(tmp_path / CACHE)

    assert read_kept(where) == ({}, None)
