"""A cold start loads only what it needs."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.heavy import HEAVY

# -S: what the site's .pth files import is no doing of ours.
LOADED = """
import sys
sys.path[:] = {path!r}
{code}
sys.stderr.write(" ".join(sys.modules))
"""


def loaded_by(code: str) -> set[str]:
    program = LOADED.format(path=sys.path, code=code)
    done = subprocess.run([sys.executable, "-S", "-E", "-c", program], capture_output=True, text=True, check=True)
    return set(done.stderr.split())


@pytest.mark.parametrize(
    "code",
    [
        "from cass.cli.edge import run; run(['version'])",
        "from cass.cli.lane import parse; parse(['search', 'lost', '-n5']); import cass.cli.verbs.search",
        "from cass.cli.lane import parse; parse(['status', '--json']); import cass.cli.verbs.status",
        "from cass.cli.lane import parse; parse(['show', 'x']); import cass.cli.verbs.show",
        "from cass.cli.lane import parse; parse(['completion', 'zsh']); import cass.cli.verbs.completion",
        "from cass.cli.lane import parse; parse([]); import cass.cli.verbs.home",
        "import cass.render.terminal",
    ],
)
def test_the_fast_lane_loads_nothing_heavy(code: str):
    assert not loaded_by(code) & HEAVY


def test_a_search_builds_only_its_own_rows():
    loaded = loaded_by("from cass.cli.lane import parse; parse(['search', 'lost'])")

    assert not loaded & {"cass.cli.rows_keep", "cass.cli.rows_learn", "cass.cli.app", "cass.cli.help"}


def test_what_goes_wrong_is_loaded_when_something_does():
    code = "from cass.cli.edge import run; from cass.cli.lane import parse; {}; import cass.cli.verbs.search"

    assert not loaded_by(code.format("parse(['search', 'lost'])")) & {"cass.error_kinds", "cass.cli.failing"}
    assert {"cass.error_kinds", "cass.cli.failing"} <= loaded_by(code.format("run(['search', '-n', 'x'])"))


def test_a_tab_loads_neither_the_index_nor_other_rows():
    """What a shell asks for at every TAB needs a few rows of the database."""
    loaded = loaded_by(
        "from cass.cli.edge import run; run(['completion', 'zsh', '--sessions=', '--data-dir=/nowhere'])"
    )

    assert not loaded & {
        "tantivy",
        "cass.cli.completion",
        "cass.cli.rows_search",
        "cass.connectors.table",
        "cass.query",
    }
