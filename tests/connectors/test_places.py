"""Where each connector looks, whatever the home folder and the variables are called: asked of each row of the table."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from cass.connectors.base import Surroundings, at_home
from cass.connectors.table import AGENTS, Agent, load
from cass.indexing.sources import variables_of


def looked_in(agent: Agent, home: str, env: Mapping[str, str]) -> list[str]:
    return [root.path for root in load(agent).roots(Surroundings(home, env))]


@pytest.mark.parametrize("path", ["~", "~/x", "~\\x"])
def test_a_tilde_in_front_is_the_home_folder(path: str):
    assert at_home(path, "/home/ada") == "/home/ada" + path[1:]


@pytest.mark.parametrize("path", ["/a~b", "a/~", "~ada/x", "/~/x", ""])
def test_a_tilde_elsewhere_is_part_of_a_name(path: str):
    assert at_home(path, "/home/ada") == path


@pytest.mark.parametrize("agent", AGENTS, ids=[agent.name for agent in AGENTS])
def test_a_home_folder_may_have_a_tilde_in_its_name(agent: Agent):
    """As short names of Windows have: `ADALOV~1`."""
    short = looked_in(agent, "/home/ADALOV~1", {})

    assert short == [path.replace("/home/ada", "/home/ADALOV~1") for path in looked_in(agent, "/home/ada", {})]


@pytest.mark.parametrize("agent", AGENTS, ids=[agent.name for agent in AGENTS])
def test_a_variable_may_name_a_folder_with_a_tilde_in_its_name(agent: Agent):
    names = variables_of(load(agent))
    plain, named = (looked_in(agent, "/home/ada", dict.fromkeys(names, folder)) for folder in ("/disk", "/di~k"))

    assert named == [path.replace("/disk", "/di~k") for path in plain]


@pytest.mark.parametrize("agent", AGENTS, ids=[agent.name for agent in AGENTS])
def test_a_variable_may_name_a_folder_below_the_home_folder(agent: Agent):
    """Nobody reads the `~` where no shell does: in a unit of systemd, in an editor's settings."""
    names = [name for name in variables_of(load(agent)) if name != "PI_CONFIG_DIR"]  # it holds a name, and no path
    whole, short = (looked_in(agent, "/home/ada", dict.fromkeys(names, f)) for f in ("/home/ada/disk", "~/disk"))

    assert short == whole
