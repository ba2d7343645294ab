"""What `cass status` recommends for a setting that cannot be read does mend it."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from cass.status.settings_faults import advice
from tests.archive import make_home
from tests.permissions import bound
from tests.settings.layering import Config


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config(tmp_path)


def link_to_itself(path: Path) -> None:
    path.symlink_to(path)


def link_to_nothing(path: Path) -> None:
    path.symlink_to(path.with_name("away"))


def unreadable(path: Path) -> None:
    path.write_text("mode = 'off'\n")
    path.chmod(0)


@pytest.mark.skipif(os.name == "nt", reason="these are of Unix")
@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo, link_to_itself, link_to_nothing, unreadable])
def test_the_command_mends_what_is_no_file(config: Config, make: Callable[[Path], object]):
    """A folder, a pipe, a link in a circle or to nothing; an editor could open none of them."""
    if make is unreadable and os.geteuid() == 0:
        pytest.skip("root may read everything")
    make(config.path("semantic.toml"))
    (one,) = advice(config.load().problems)

    subprocess.run(one.command, shell=True, check=True)

    assert config.load().problems == []


def test_a_bad_line_is_mended_in_the_editor(config: Config):
    config.write("semantic.toml", "mode = 3\n")

    assert [one.command for one in advice(config.load().problems)] == ["cass config edit semantic.toml"]


def test_a_folder_with_a_colon_in_its_name(tmp_path: Path):
    """The line behind a file's name is no part of it."""
    folder = tmp_path / "a:b c"
    folder.mkdir()
    config = Config(folder)
    config.path("cass.toml").mkdir()

    (one,) = advice(config.load().problems)

    assert one.command == f"mv '{config.path('cass.toml')}' '{config.path('cass.toml')}.aside'"


def test_a_folder_of_settings_that_may_not_be_entered_is_opened(tmp_path: Path):
    """Not a file in it moved away that nobody can reach."""
    words = bound()
    home = make_home(tmp_path)
    folder = tmp_path / "config"
    folder.mkdir()
    (folder / "cass.toml").write_text("[search]\nlimit = 3\n")
    home.env["CASS_CONFIG_DIR"] = str(folder)
    folder.chmod(0)

    commands = {one["command"] for one in json.loads(home.cass("status", "--json", before=words).stdout)["recommended"]}
    subprocess.run(f"chmod -R u+rwX {folder}", shell=True, check=True)

    assert f"chmod -R u+rwX {folder}" in commands
    assert json.loads(home.cass("status", "--json", before=words).stdout)["problems"] == []


def test_a_line_names_the_file_of_a_bad_setting(tmp_path: Path):
    """And what mends it."""
    home = make_home(tmp_path)
    folder = tmp_path / "config"
    folder.mkdir()
    (folder / "semantic.toml").write_text("\nmode = 3\n")
    home.env["CASS_CONFIG_DIR"] = str(folder)

    done = home.cass("status", "--brief", "--check")

    assert done.returncode == 0
    assert f"3 is no value for mode ({folder}/semantic.toml:2)" in done.stdout
    assert "cass config edit semantic.toml" in done.stdout


def test_a_closed_folder_above_that_of_the_settings_is_opened(tmp_path: Path):
    """No file below it can be moved or edited; what is beside cass's own stays as it is."""
    words = bound()
    home = make_home(tmp_path)
    folder = tmp_path / "above" / "config"
    folder.mkdir(parents=True)
    (folder / "cass.toml").write_text("[search]\nlimit = 3\n")
    home.env["CASS_CONFIG_DIR"] = str(folder)
    folder.parent.chmod(0)

    commands = {one["command"] for one in json.loads(home.cass("status", "--json", before=words).stdout)["recommended"]}
    folder.parent.chmod(0o700)

    assert f"chmod u+rwx {folder.parent}" in commands
    assert not any(command.startswith("mv ") for command in commands)


def test_a_file_of_settings_that_is_roots_is_made_ones_own(tmp_path: Path):
    """`sudo cass config set` leaves one; moved away it would say nothing any more."""
    words = bound()
    if os.geteuid() != 0:
        pytest.skip("only root may give a file away")
    home = make_home(tmp_path)
    path = tmp_path / "config" / "cass.toml"
    path.parent.mkdir()
    path.write_text("[search]\nlimit = 3\n")
    path.chmod(0o600)
    os.chown(path, 65534, 65534)
    home.env["CASS_CONFIG_DIR"] = str(path.parent)

    recommended = json.loads(home.cass("status", "--json", before=words).stdout)["recommended"]

    assert recommended[0]["command"] == f'sudo chown -R "$(id -un)" {path}'
