"""A tick of the worker, by the settings as they stand at that moment."""

from __future__ import annotations

from pathlib import Path

import pytest

from cass.backfill.gates import Manners
from cass.daemon.control import pause, unpause
from cass.daemon.ticking import Ticks
from cass.policy import SemanticPolicy
from tests.archive import Home, make_home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = make_home(tmp_path)
    home.claude("one", "where is the walrus", "on the ice")
    home.index()
    return home


def _tick(home: Home) -> str:
    calm = Manners(on_battery=True, max_load_per_core=1e9)
    # A process that runs tests takes more than a worker may.
    flags = {"idle_delay_seconds": 0, "max_backfill_rss_mb": 100_000}
    hold = Ticks(home.places, home.env, flags, lambda _: calm)(lambda: False)().hold
    return "" if hold is None else hold.word


def _vectors(home: Home) -> dict[str, bytes]:
    folder = home.data / "derived" / "vectors"
    return {path.name: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("name", ["semantic.toml", "cass.toml"])
def test_a_half_saved_file_of_settings_drops_nothing(home: Home, name: str) -> None:
    """By the defaults the vectors would be of another size; mended, the work goes on."""
    config = Path(home.places.config)
    config.mkdir(parents=True, exist_ok=True)
    (config / "semantic.toml").write_text("fast_dimension = 128\n", encoding="utf-8")
    _tick(home)
    made = _vectors(home)
    whole = (config / name).read_text(encoding="utf-8") if name == "semantic.toml" else ""

    (config / name).write_text(whole + "semantic_budget", encoding="utf-8")
    assert _tick(home) == "settings"
    assert made
    assert _vectors(home) == made
    (config / name).write_text(whole, encoding="utf-8")
    assert _tick(home) != "settings"
    assert _vectors(home) == made


def test_who_asks_for_peace_is_not_disturbed_by_other_work_either(home: Home) -> None:
    """A pause holds what makes no vectors, too, and ends it when it is under way."""
    config = Path(home.places.config)
    config.mkdir(parents=True, exist_ok=True)
    (config / "semantic.toml").write_text("idle_delay_seconds = 0\n", encoding="utf-8")
    ticks = Ticks(home.places, home.env, manners=lambda _: Manners(on_battery=True, max_load_per_core=1e9))
    assert ticks.is_quiet()

    pause(str(home.data), 0)
    assert not ticks.is_quiet()

    unpause(str(home.data))
    assert ticks.is_quiet()


def test_the_default_is_another_one() -> None:
    """Or the test above would show nothing."""
    assert SemanticPolicy().fast_dimension != 128
