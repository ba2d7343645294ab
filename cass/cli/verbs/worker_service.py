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
    from collections.abc import Callable, Sequence

    from cass.daemon.service import Service
    from cass.paths import Places

    Run = Callable[[Sequence[str]], int]

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
    failed = services.install(service, run or _run)
    if failed is not None:
        command, code = failed
        what = f"`{' '.join(command)}` failed with {code}"
        raise SystemRefused(f"the service is written and not switched on: {what}", files[-1], _todo(code))
    return files, f"Installed as {files[0]}; it starts after a login."


def _todo(code: int) -> str:
    if code == NOT_FOUND:
        return "nothing starts it here by itself; `cass worker start` does, and so do commands at a terminal"
    return "see what it says about that, then run this again"


def uninstall(where: Places, data_dir: str | None, run: Run | None = None) -> tuple[list[str], str]:
    """The files that are gone, and a sentence."""
    gone = list(services.uninstall(wanted(where, data_dir), run or _run))
    return gone, f"Removed {', '.join(gone)}." if gone else "There was no service."


def _run(command: Sequence[str]) -> int:
    """Its exit code; what it says comes out on stderr."""
    import subprocess

    try:
        return subprocess.run(list(command), stdin=subprocess.DEVNULL, stdout=STDERR, check=False).returncode
    except OSError:
        return NOT_FOUND
