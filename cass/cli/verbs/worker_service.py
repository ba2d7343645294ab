"""Let the system start the worker: write its file, switch it on; and take both back."""

from __future__ import annotations

import os
import sys

from cass.daemon import service as services
from cass.daemon.manners import LOG
from cass.daemon.spawn import worker_command
from cass.errors import SystemRefused
from cass.paths import home_folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cass.daemon.service import Service
    from cass.paths import Places

    Run = Callable[[Sequence[str]], int]

# Below the runtime folder, either of them leads to the user's own systemd.
SOCKETS = (("systemd", "private"), ("bus",))
# What a shell says of a program that is not there.
NOT_FOUND = 127
STDERR = 2


def wanted(where: Places, data_dir: str | None = None) -> Service:
    """The service of this machine for this very program."""
    log = os.path.join(where.data, LOG)
    env = dict(os.environ)
    return services.service(sys.platform, worker_command(data_dir), env, home_folder(env), where.config, log)


def install(where: Places, data_dir: str | None, run: Run | None = None) -> tuple[list[str], str]:
    """The files that were written, and a sentence.  Raises SystemRefused where it cannot be switched on."""
    service = wanted(where, data_dir)
    files = [path for path, _ in service.files]
    failed = services.install(service, run or run_command)
    if failed is not None:
        command, code = failed
        what = f"`{' '.join(command)}` failed with {code}"
        todo = _todo(code, has_session(os.environ))
        raise SystemRefused(f"the service is written and not switched on: {what}", files[-1], todo)
    return files, f"Installed as {files[0]}; it starts after a login."


def has_session(env: Mapping[str, str], platform: str = sys.platform) -> bool:
    """Does a systemd of this user's own run?  There is none in containers, nor over ssh without lingering."""
    if platform != "linux":
        return True
    return any([os.path.exists(os.path.join(runtime_folder(env), *name)) for name in SOCKETS])


def runtime_folder(env: Mapping[str, str]) -> str:
    """Where its sockets are; `su` and `sudo` forget the variable."""
    return env.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}"


def _todo(code: int, is_there: bool) -> str:
    by_hand = "`cass worker start` starts it, and so do commands at a terminal"
    if code == NOT_FOUND:
        return f"nothing starts it here by itself; {by_hand}"
    if not is_there:
        return (
            "no systemd of yours runs here: `loginctl enable-linger` lets it, where there is one at all; then run this"
            f" again. Until then {by_hand}"
        )
    return "see what it says about that, then run this again"


def uninstall(where: Places, data_dir: str | None, run: Run | None = None) -> tuple[list[str], str]:
    """The files that are gone, and a sentence."""
    gone = list(services.uninstall(wanted(where, data_dir), run or run_command, home_folder(os.environ)))
    return gone, f"Removed {', '.join(gone)}." if gone else "There was no service."


def run_command(command: Sequence[str]) -> int:
    """Its exit code; what it says comes out on stderr."""
    import subprocess

    env = dict(os.environ)
    if sys.platform == "linux" and has_session(env):
        env["XDG_RUNTIME_DIR"] = runtime_folder(env)
    try:
        return subprocess.run(list(command), stdin=subprocess.DEVNULL, stdout=STDERR, env=env, check=False).returncode
    except OSError:
        return NOT_FOUND
