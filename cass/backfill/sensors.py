"""What this machine tells about itself: one function a sensor, with a twin for each system.

No child processes.  What cannot be read is None, and its gate lets everything pass.
"""

from __future__ import annotations

import os
import sys

from cass import clock
from cass.backfill.activity import last_seen_ms
from cass.backfill.gates import MemoryPressure, Sensors
from cass.backfill.idle import COMMAND, TERMINAL, Idle
from cass.backfill.memory import own_cpu_s, rss_bytes
from cass.disk import bytes_left

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from cass.paths import Places

# Tasks that wait for memory a tenth of the time make a machine slow for everybody.
MOST_WAITING = 0.10
MOST_IN_USE = 0.95
# As the kernel averages the load of the last minute.
MINUTE_S = 60.0
# As logind calls them.
DESKTOPS = ("x11", "wayland", "mir")
LINUX, MACOS, WINDOWS = "linux", "darwin", "win32"


def real_sensors(places: Places, root: str = "/", platform: str = sys.platform) -> Sensors:
    """The machine that this process runs on.  `root`: where the system's own files begin."""

    def marks() -> dict[str, int]:
        stamp_ms = last_seen_ms(places.data)
        return terminals(root, platform) | ({} if stamp_ms is None else {COMMAND: stamp_ms})

    return Sensors(
        now_ms=clock.now_ms,
        monotonic_s=clock.monotonic_s,
        load_per_core=Load(clock.monotonic_s, own_cpu_s, lambda: system_load(platform)),
        memory_pressure=lambda: memory_pressure(root, platform),
        on_battery=lambda: on_battery(root, platform),
        idle_s=Idle(
            clock.now_ms,
            clock.monotonic_s,
            marks,
            desktop_idle(platform),
            lambda: platform == LINUX and has_desktop(root),
        ),
        rss_bytes=rss_bytes,
        free_bytes=lambda: bytes_left(places.data),
        local_minutes=lambda: local_minutes(clock.now_ms()),
    )


def local_minutes(now_ms: int) -> int:
    """Minutes since midnight, on the local clock."""
    hour, _, minute = clock.local_text(now_ms, "%H:%M").partition(":")
    return 60 * int(hour) + int(minute)


class Load:
    """The load a core of everybody else: what this process does is taken off, averaged in the same way."""

    def __init__(
        self, monotonic_s: Callable[[], float], cpu_s: Callable[[], float], whole: Callable[[], float | None]
    ) -> None:
        self._monotonic_s = monotonic_s
        self._cpu_s = cpu_s
        self._whole = whole
        self._at_s, self._spent_s = monotonic_s(), cpu_s()
        self._own = 0.0

    def __call__(self) -> float | None:
        at_s, spent_s = self._monotonic_s(), self._cpu_s()
        passed_s = at_s - self._at_s
        if passed_s > 0:
            fades = 2.718281828 ** (-passed_s / MINUTE_S)
            self._own = self._own * fades + (spent_s - self._spent_s) / passed_s * (1 - fades)
            self._at_s, self._spent_s = at_s, spent_s
        whole = self._whole()
        return None if whole is None else max(0.0, whole - self._own) / (os.cpu_count() or 1)


def system_load(platform: str) -> float | None:
    """Processes that run or want to, over the last minute."""
    try:
        if platform != WINDOWS:
            return os.getloadavg()[0]
        import psutil  # type: ignore[import-untyped]

        share: float = psutil.cpu_percent() / 100  # since the last time it was asked
        return share * (os.cpu_count() or 1)
    except OSError:
        return None


def memory_pressure(root: str, platform: str) -> MemoryPressure | None:
    """How much of the time somebody waits for memory; where that is not told, how much of it is in use."""
    if platform == LINUX:
        return _waiting(root) or _in_use(root)
    import psutil

    return MemoryPressure(psutil.virtual_memory().percent / 100, MOST_IN_USE, "in use are")


def _waiting(root: str) -> MemoryPressure | None:
    for line in _lines(os.path.join(root, "proc/pressure/memory")):
        if line.startswith("some avg10="):
            share = _number(line.split()[1].partition("=")[2])
            return None if share is None else MemoryPressure(share / 100, MOST_WAITING, "programs waited for it")
    return None


def _in_use(root: str) -> MemoryPressure | None:
    sizes = {line.partition(":")[0]: line.split()[1:2] for line in _lines(os.path.join(root, "proc/meminfo"))}
    total, free = [_number("".join(sizes.get(name, []))) for name in ("MemTotal", "MemAvailable")]
    return None if not total or free is None else MemoryPressure(1 - free / total, MOST_IN_USE, "in use are")


def on_battery(root: str, platform: str) -> bool | None:
    """Does a battery feed the machine?  False with mains, None where there is neither or nobody tells."""
    if platform == LINUX:
        return _discharges(os.path.join(root, "sys/class/power_supply"))
    import psutil

    battery = psutil.sensors_battery()
    return None if battery is None or battery.power_plugged is None else not battery.power_plugged


def _discharges(folder: str) -> bool | None:
    supplies = [os.path.join(folder, name) for name in _names(folder)]
    words = [[_word(one, name) for name in ("type", "online", "status", "scope")] for one in supplies]
    if any([kind != "Battery" and online == "1" for kind, online, _, _ in words]):
        return False
    # A mouse has a battery as well; its scope is the device.
    batteries = [status for kind, _, status, scope in words if kind == "Battery" and scope != "Device"]
    return any([status == "Discharging" for status in batteries]) if batteries else None


def terminals(root: str, platform: str) -> dict[str, int]:
    """Name → when something was last typed there (ms), of this user's terminals.

    Reading dates a terminal, printing does not: what agents print is nobody's presence.
    """
    if platform == WINDOWS:
        return {}
    return {f"{TERMINAL}/{path}": at_ms for path, at_ms in _own_devices(os.path.join(root, "dev"))}


def has_desktop(root: str) -> bool:
    """Is this user at a Linux desktop, whose keys and mouse nothing tells of that can be read without its bus?"""
    folder = os.path.join(root, "run/systemd/sessions")
    for name in _names(folder):
        said = dict([line.partition("=")[::2] for line in _lines(os.path.join(folder, name))])
        if said.get("UID") == str(os.getuid()) and said.get("TYPE") in DESKTOPS and said.get("STATE") != "closing":
            return True
    return False


def _own_devices(folder: str) -> Iterator[tuple[str, int]]:
    numbered = [f"pts/{name}" for name in _names(os.path.join(folder, "pts")) if name.isdigit()]
    consoles = [name for name in _names(folder) if name.startswith("tty") and name[3:4].isalnum()]
    for name in [*numbered, *consoles]:
        try:
            info = os.stat(os.path.join(folder, name))
        except OSError:
            continue
        if info.st_uid == os.getuid():
            # Its number is used again when it is closed: the next one of it is another terminal.
            yield f"{name} {info.st_ctime_ns}" if name.startswith("pts/") else name, info.st_atime_ns // 1_000_000


def desktop_idle(platform: str) -> Callable[[], float | None]:
    """Seconds since a key was pressed or the mouse moved, where the system tells for nothing."""
    if platform == MACOS:
        return _macos_idle
    return _windows_idle if platform == WINDOWS else lambda: None


def _macos_idle() -> float | None:
    from ctypes import c_double, c_int32, c_uint32, cdll

    try:
        graphics = cdll.LoadLibrary("/System/Library/Frameworks/ApplicationServices.framework/ApplicationServices")
        ask = graphics.CGEventSourceSecondsSinceLastEventType
    except (OSError, AttributeError):
        return None
    ask.restype, ask.argtypes = c_double, (c_int32, c_uint32)
    return float(ask(0, 0xFFFFFFFF))  # of the whole session, any input


def _windows_idle() -> float | None:
    import ctypes

    class LastInput(ctypes.Structure):
        _fields_ = (("size", ctypes.c_uint), ("at_ms", ctypes.c_uint))

    try:
        windows: Any = ctypes.windll  # type: ignore[attr-defined,unused-ignore]
        found = LastInput(ctypes.sizeof(LastInput))
        if not windows.user32.GetLastInputInfo(ctypes.byref(found)):
            return None
        now_ms: int = windows.kernel32.GetTickCount() & 0xFFFFFFFF
    except (OSError, AttributeError):
        return None
    since_ms: int = (now_ms - found.at_ms) & 0xFFFFFFFF
    return since_ms / 1000


def _lines(path: str) -> list[str]:
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            return file.read(4096).splitlines()
    except OSError:
        return []


def _names(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def _word(folder: str, name: str) -> str:
    return "".join(_lines(os.path.join(folder, name))[:1]).strip()


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
