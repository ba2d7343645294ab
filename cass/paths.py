"""Where things are kept: the platform's folders, or the CASS_*_DIR variables.

The platform comes in as an argument, so that each system's rules are tested on every system.
"""

from __future__ import annotations

import os
import sys

from cass.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from cass.errors import SystemRefused

NAME = "cass"
VARIABLES = ("CASS_DATA_DIR", "CASS_CONFIG_DIR", "CASS_CACHE_DIR", "CASS_RUNTIME_DIR")


@record
class Places:
    """The four folders of this user; none of them need exist."""

    data: str
    config: str
    cache: str
    runtime: str

    @property
    def database(self) -> str:
        return os.path.join(self.data, "cass.db")

    @property
    def lexical(self) -> str:
        """The folder of the lexical index's generations."""
        return os.path.join(self.data, "derived", "lexical")

    @property
    def vectors(self) -> str:
        """The folder of the tiers' vectors."""
        return vectors_folder(self.data)

    @property
    def models(self) -> str:
        """The folder of the installed models."""
        return models_folder(self.data)

    @property
    def has_vectors(self) -> bool:
        return os.path.exists(self.vectors)

    @property
    def renderings(self) -> str:
        """The folder of sessions that were written out for an editor."""
        return os.path.join(self.runtime, "open")

    @property
    def index_lock(self) -> str:
        return os.path.join(self.data, "index.lock")


def vectors_folder(data: str) -> str:
    """Where the vectors of all tiers stand, below the data folder."""
    return os.path.join(data, "derived", "vectors")


def models_folder(data: str) -> str:
    """Where the installed models lie, below the data folder."""
    return os.path.join(data, "derived", "models")


def places(env: Mapping[str, str], platform: str = sys.platform, data_dir: str | None = None) -> Places:
    """This user's folders; `data_dir` is what `--data-dir` named."""
    home = home_folder(env, platform)
    find = {"darwin": _macos, "win32": _windows}.get(platform, _xdg)
    data, config, cache, runtime = find(env, home)
    try:
        return Places(
            data=os.path.abspath(data_dir or env.get("CASS_DATA_DIR") or data),
            config=os.path.abspath(env.get("CASS_CONFIG_DIR") or config),
            cache=os.path.abspath(env.get("CASS_CACHE_DIR") or cache),
            runtime=os.path.abspath(env.get("CASS_RUNTIME_DIR") or runtime),
        )
    except FileNotFoundError as gone:
        raise _nowhere(env, data_dir) from gone


def _nowhere(env: Mapping[str, str], data_dir: str | None) -> SystemRefused:
    """A folder is named from the current one on, which has been deleted."""
    from cass.errors import SystemRefused

    named = {"--data-dir": data_dir or ""} | {name: env.get(name, "") for name in (*VARIABLES, "HOME")}
    where = next((name for name, folder in named.items() if folder and not os.path.isabs(folder)), None)
    what = "the folder that you are in was deleted, and a folder is named from it on"
    return SystemRefused(what, where, "name it from the root on, or go to a folder that is there")


def home_folder(env: Mapping[str, str], platform: str = sys.platform) -> str:
    """HOME as the environment gives it, so that another folder's sessions can be read by setting it."""
    if platform == "win32":
        return env.get("HOME") or env.get("USERPROFILE") or os.path.expanduser("~")
    return env.get("HOME") or os.path.expanduser("~")


def current_folder(env: Mapping[str, str] = os.environ) -> str:
    """Where the command was given; of a folder that was deleted meanwhile, the name that the shell has for it."""
    try:
        return os.getcwd()
    except OSError:
        return env.get("PWD") or home_folder(env)


def _xdg(env: Mapping[str, str], home: str) -> tuple[str, str, str, str]:
    def folder(variable: str, fallback: str) -> str:
        value = env.get(variable, "").strip()
        return os.path.join(value if value.startswith("/") else os.path.join(home, fallback), NAME)

    cache = folder("XDG_CACHE_HOME", ".cache")
    runtime = env.get("XDG_RUNTIME_DIR", "").strip()
    return (
        folder("XDG_DATA_HOME", ".local/share"),
        folder("XDG_CONFIG_HOME", ".config"),
        cache,
        os.path.join(runtime, NAME) if runtime.startswith("/") else os.path.join(cache, "run"),
    )


def _macos(env: Mapping[str, str], home: str) -> tuple[str, str, str, str]:
    support = os.path.join(home, "Library", "Application Support", NAME)
    caches = os.path.join(home, "Library", "Caches")
    return support, support, os.path.join(caches, NAME), os.path.join(caches, "TemporaryItems", NAME)


def _windows(env: Mapping[str, str], home: str) -> tuple[str, str, str, str]:
    local = env.get("LOCALAPPDATA") or os.path.join(home, "AppData", "Local")
    base = os.path.join(local, NAME)
    return base, base, os.path.join(base, "Cache"), os.path.join(local, "Temp", NAME)


def at_once(path: str, flags: int) -> int:
    """An opener for `open`: a pipe in a file's place would have everybody wait for who writes to it; so it is empty."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
