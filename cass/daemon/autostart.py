"""May a command leave a worker behind?  Asked after the answer was printed; mostly one `stat` says no.

Nothing is imported before it is decided that somebody has to look closer: once in ten minutes at most.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cass.paths import Places

    Start = Callable[[Places, Mapping[str, str]], None]

STAMP = "worker.asked"
EVERY_MS = 600_000
# Any of these says that a program, not a person, is at work, and that the machine goes away afterwards.
NO_PERSON = ("CI", "CASS_DATA_DIR")
CONTAINER_MARKS = ("/.dockerenv", "/run/.containerenv")
TOLD = (
    "cass: started a worker: it prepares search by meaning while you are away, and leaves when nothing is left to do."
    " The switch: cass config set worker.background off\n"
)


def wants(env: Mapping[str, str], background: object, named_folder: bool, on_terminal: bool) -> bool:
    """Without looking at the disk: may this command start a worker?  `named_folder`: --data-dir was given."""
    if background == "off" or not on_terminal or named_folder:
        return False
    return not any([env.get(name) for name in NO_PERSON])


def is_due(stamp_ms: int | None, now_ms: int) -> bool:
    """Is it ten minutes since somebody looked?  A stamp of the future is a clock that was set back."""
    return stamp_ms is None or not 0 <= now_ms - stamp_ms < EVERY_MS


def is_homeless(home: str, is_container: bool, exists: Callable[[str], bool] = os.path.isdir) -> bool:
    """A container whose user has no home keeps nothing, so there is nothing to prepare."""
    return is_container and (home in ("", "/") or not exists(home))


def after_command(
    places: Places,
    env: Mapping[str, str],
    settings: Mapping[str, object],
    now_ms: int,
    named_folder: bool,
    on_terminal: bool,
    start: Start | None = None,
) -> str:
    """Start a worker if one is wanted, due and of use; what to say on stderr, mostly "".  Never raises.

    settings: key → value of those that are set · start: how a worker is started.  Costs one `stat`, and once in ten
    minutes some milliseconds.
    """
    if not wants(env, settings.get("worker.background"), named_folder, on_terminal):
        return ""
    try:
        info = os.stat(os.path.join(places.data, STAMP))
        stamp_ms, told = info.st_mtime_ns // 1_000_000, info.st_size > 0
    except OSError:
        stamp_ms, told = None, False
    if not is_due(stamp_ms, now_ms) or not _has_started(places, env, now_ms, start) or told:
        return ""
    try:
        _stamp(places, now_ms, b"told\n")
    except OSError:
        return ""  # better never than with every worker
    return TOLD


def _has_started(places: Places, env: Mapping[str, str], now_ms: int, start: Start | None) -> bool:
    """Look closer, and start one."""
    from cass.daemon import starting

    try:
        # Before anything else: where this cannot be written, every command would look, and might start one.
        _stamp(places, now_ms)
        if is_homeless(env.get("HOME", ""), _in_container(env)) or not starting.is_of_use(places, env, now_ms):
            return False
        (start or starting.start)(places, env)
    except Exception:  # an answer was printed already; the worker was only for the better
        return False
    return True


def _in_container(env: Mapping[str, str], exists: Callable[[str], bool] = os.path.exists) -> bool:
    return bool(env.get("container")) or any([exists(mark) for mark in CONTAINER_MARKS])


def _stamp(places: Places, now_ms: int, said: bytes = b"") -> None:
    """The time is that of the last look, and what stands in it that somebody was told."""
    path = os.path.join(places.data, STAMP)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(descriptor, said)
    finally:
        os.close(descriptor)
    os.utime(path, ns=(now_ms * 1_000_000, now_ms * 1_000_000))
