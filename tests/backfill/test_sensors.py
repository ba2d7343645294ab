"""What a machine's own files tell; where they are missing, nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cass.backfill.gates import Sensors
from cass.backfill.idle import TERMINAL
from cass.backfill.sensors import (
    LINUX,
    MACOS,
    WINDOWS,
    Load,
    desktop_idle,
    has_desktop,
    local_minutes,
    memory_pressure,
    on_battery,
    real_sensors,
    terminals,
)
from cass.paths import places

posix_only = pytest.mark.skipif(os.name == "nt", reason="Windows has no terminals as files")


def put(root: Path, name: str, text: str) -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def supply(root: Path, name: str, **words: str) -> None:
    for word, text in words.items():
        put(root, f"sys/class/power_supply/{name}/{word}", f"{text}\n")


def test_programs_that_wait_for_memory(tmp_path: Path) -> None:
    """The kernel's own figure, where it has one."""
    put(tmp_path, "proc/pressure/memory", "some avg10=12.50 avg60=1.00 avg300=0.10 total=7\nfull avg10=0.00\n")
    found = memory_pressure(str(tmp_path), LINUX)

    assert found is not None
    assert (found.share, found.share > found.most) == (0.125, True)


def test_memory_in_use_where_nobody_tells_who_waits(tmp_path: Path) -> None:
    put(tmp_path, "proc/meminfo", "MemTotal:  1000 kB\nMemFree: 1 kB\nMemAvailable:  250 kB\n")
    found = memory_pressure(str(tmp_path), LINUX)

    assert found is not None
    assert (found.share, found.share > found.most) == (0.75, False)


@pytest.mark.parametrize("text", ["", "some avg10=\n", "nonsense\n"])
def test_no_figure_of_memory(tmp_path: Path, text: str) -> None:
    put(tmp_path, "proc/pressure/memory", text)

    assert memory_pressure(str(tmp_path), LINUX) is None


def test_mains_and_battery(tmp_path: Path) -> None:
    """A battery that discharges feeds the machine, unless mains do; a mouse's battery feeds a mouse."""
    root = str(tmp_path)
    assert on_battery(root, LINUX) is None
    supply(tmp_path, "mouse", type="Battery", status="Discharging", scope="Device")
    assert on_battery(root, LINUX) is None
    supply(tmp_path, "BAT0", type="Battery", status="Discharging")
    assert on_battery(root, LINUX) is True
    supply(tmp_path, "AC", type="Mains", online="1")
    assert on_battery(root, LINUX) is False
    supply(tmp_path, "AC", type="Mains", online="0")
    assert on_battery(root, LINUX) is True


@posix_only
def test_terminals_are_dated_by_what_is_typed(tmp_path: Path) -> None:
    """Not by what is printed; what is no terminal's name is none."""
    for name in ("pts/0", "tty2", "pts/ptmx", "tty", "null"):
        os.utime(put(tmp_path, f"dev/{name}", ""), (500, 900))

    made_ns = os.stat(tmp_path / "dev/pts/0").st_ctime_ns
    named = {f"{TERMINAL}/pts/0 {made_ns}": 500_000, f"{TERMINAL}/tty2": 500_000}
    assert terminals(str(tmp_path), LINUX) == named
    assert terminals(str(tmp_path / "nothing"), LINUX) == {}
    assert terminals(str(tmp_path), WINDOWS) == {}


@posix_only
@pytest.mark.parametrize(
    ("said", "is_there"),
    [
        ("TYPE=wayland\nSTATE=active", True),
        ("TYPE=x11\nSTATE=online", True),
        ("TYPE=x11\nSTATE=closing", False),
        ("TYPE=tty\nSTATE=active", False),
        ("", False),
    ],
)
def test_a_desktop_of_ours(tmp_path: Path, said: str, is_there: bool) -> None:
    """As logind writes it down; another user's does not count."""
    put(tmp_path, "run/systemd/sessions/c1", f"UID={os.getuid()}\nUSER=somebody\n{said}\n")
    assert has_desktop(str(tmp_path)) == is_there
    put(tmp_path, "run/systemd/sessions/c1", f"UID={os.getuid() + 1}\n{said}\n")
    assert not has_desktop(str(tmp_path))


def test_the_load_of_everybody_else() -> None:
    """What this process itself has done for a minute is not the user's doing."""
    clock, cores = [0.0, 0.0], os.cpu_count() or 1
    load = Load(lambda: clock[0], lambda: clock[1], lambda: 1.0)
    for _ in range(600):
        clock[0] += 1
        clock[1] += 1

    assert load() == pytest.approx(0, abs=0.01)
    clock[0] += 600
    assert load() == pytest.approx(1 / cores, abs=0.01)


def test_a_load_that_nobody_tells() -> None:
    assert Load(lambda: 0.0, lambda: 0.0, lambda: None)() is None


@pytest.mark.skipif(os.name == "nt", reason="there it tells")
@pytest.mark.parametrize("platform", [LINUX, MACOS, WINDOWS])
def test_the_desktop_of_another_system(platform: str) -> None:
    """Its functions are not here: that is no error, and no presence."""
    if os.uname().sysname != "Darwin":
        assert desktop_idle(platform)() is None


def test_minutes_of_the_day() -> None:
    assert 0 <= local_minutes(1_767_400_000_000) < 24 * 60
    assert local_minutes(1_767_400_000_000 + 60_000) == (local_minutes(1_767_400_000_000) + 1) % (24 * 60)


def test_this_machine(tmp_path: Path) -> None:
    """Every sensor answers here, or says that it cannot."""
    sensors = real_sensors(places({"HOME": str(tmp_path)}))

    assert all(hasattr(sensors, name) for name in Sensors.__match_args__)
    assert sensors.rss_bytes() > 1_000_000
    assert sensors.free_bytes() > 0
    assert sensors.idle_s() is not None
    for name in ("load_per_core", "memory_pressure", "on_battery", "local_minutes"):
        getattr(sensors, name)()
