"""What cass has written on this machine, file by file, for `cass uninstall`.

Only what is named or marked as cass names and marks it: a file of somebody else's in one of its folders is not listed.
"""

from __future__ import annotations

import os
import stat

import cass
from cass.asking import socket_path
from cass.backfill import activity
from cass.calling import slow_stamp
from cass.daemon import autostart, control, manners, reading, served
from cass.disk import folder_bytes, try_lock
from cass.indexing.forget import MARK
from cass.indexing.places import CACHEDIR_TAG, README
from cass.records import record
from cass.semantic import models
from cass.semantic.model_install import DOWNLOADS
from cass.settings import hot, write
from cass.store import raw_size, worker_state

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from cass.paths import Places

SERVICE, COMPLETION, CACHE, RUNTIME, DERIVED, STATE, ARCHIVE, SETTINGS = KINDS = (
    "service",
    "completion",
    "cache",
    "runtime",
    "derived",
    "state",
    "archive",
    "settings",
)
# These go only when they are asked for.
KEPT = (ARCHIVE, SETTINGS)

NOTE = "README.txt"
DATABASES = ("cass.db", raw_size.NAME)
BESIDE_A_DATABASE = ("", "-wal", "-shm", "-journal")
LOCKS = ("index.lock", worker_state.LOCK, models.LOCK)
STATES = (
    worker_state.STATE,
    control.STOP,
    control.PAUSE,
    control.LOOK,
    autostart.STAMP,
    manners.LOG,
    reading.DONE,
    activity.NAME,
    models.CONSENT,
)
CACHES = (hot.CACHE, write.LOCK)
COST = "_ms"  # the end of the names that search/quality.py gives
SOCKET = ".sock"
TIERS = ("fast", "quality")
# What the scripts and manual pages begin with that cass prints, wherever they were kept; a test compares.
MARKS = ("Completion for cass, written from its command table", "Written from the command table of cass")
MARK_BYTES = 400


@record
class Trace:
    """A file, a link, or a folder with all in it."""

    path: str
    kind: str
    bytes: int


@record
class Mention:
    """A line in a file of the user's that runs cass."""

    path: str
    line: int
    text: str


def traces(where: Places, service: Iterable[str], kept: Iterable[str], pack: str = cass.PACK) -> list[Trace]:
    """All that is there, in the order of KINDS.

    service: the files of the worker's service, and the links to them · kept: where completions may have been kept
    """
    found = {
        SERVICE: service,
        COMPLETION: [path for path in kept if _has_mark(path)],
        CACHE: [*_in_cache(where.cache), *_pack(pack)],
        RUNTIME: [*_renderings(where.renderings), *_sockets(where.runtime), *_calls(where)],
        SETTINGS: _named(where.config, hot.FILES),
    }
    if is_data_folder(where.data):
        found[DERIVED] = _derived(os.path.join(where.data, "derived"))
        found[STATE] = _named(where.data, (*STATES, *LOCKS, *served.locks(where.data)))
        found[ARCHIVE] = _archive(where.data)
    return [Trace(path, kind, _bytes(path)) for kind in KINDS for path in found.get(kind, ()) if os.path.lexists(path)]


def folders(where: Places) -> list[str]:
    """The folders that are cass's own while something of its stands in them, those inside others first."""
    derived, passing = os.path.join(where.data, "derived"), where.renderings
    inner = [os.path.join(derived, "vectors"), os.path.join(derived, "lexical"), derived, passing]
    return [*inner, os.path.join(where.cache, DOWNLOADS), where.runtime, where.data, where.cache, where.config]


def is_data_folder(path: str) -> bool:
    """Has cass written here?  A variable may lead to a folder that holds other things, too."""
    marks = ((NOTE, README), (os.path.join("derived", "CACHEDIR.TAG"), CACHEDIR_TAG))
    if any([_begins(os.path.join(path, name), text.split("\n")[0]) for name, text in marks]):
        return True
    return any([_begins(os.path.join(path, name), "SQLite format 3") for name in DATABASES])


def _derived(folder: str) -> Iterator[str]:
    lexical, vectors = os.path.join(folder, "lexical"), os.path.join(folder, "vectors")
    yield from [os.path.join(lexical, name) for name in _listed(lexical) if name.isdigit()]
    yield from _named(lexical, ("current",))
    yield from [os.path.join(vectors, tier) for tier in TIERS]
    yield from [os.path.join(folder, name) for name in ("models", "models-passing")]
    tag = os.path.join(folder, "CACHEDIR.TAG")
    if _begins(tag, CACHEDIR_TAG):
        yield tag


def _archive(data: str) -> Iterator[str]:
    yield from [os.path.join(data, f"{name}{end}") for name in DATABASES for end in BESIDE_A_DATABASE]
    yield from _named(data, (MARK,))
    note = os.path.join(data, NOTE)
    if _begins(note, README.split("\n")[0]):
        yield note


def _in_cache(cache: str) -> Iterator[str]:
    yield from _named(cache, CACHES)
    yield from [os.path.join(cache, name) for name in _listed(cache) if name.endswith(COST)]
    downloads = os.path.join(cache, DOWNLOADS)
    yield from [os.path.join(downloads, name) for name in _listed(downloads) if _is_hex(name)]


def _pack(pack: str) -> list[str]:
    """The compiled code: installers do not know it.  Where somebody works on the sources it stays with the others."""
    root = os.path.dirname(os.path.dirname(os.path.dirname(pack)))
    return [] if os.path.exists(os.path.join(root, "pyproject.toml")) else [pack]


def _renderings(folder: str) -> list[str]:
    return [os.path.join(folder, name) for name in _listed(folder) if _is_hex(name.removesuffix(".md"))]


def _sockets(folder: str) -> Iterator[str]:
    """Sockets and their locks, of which nobody listens any more."""
    for name in _listed(folder):
        path = os.path.join(folder, name)
        if name.endswith(SOCKET) and stat.S_ISSOCK(os.lstat(path).st_mode) and not os.path.exists(f"{path}.lock"):
            yield path
        if name.endswith(f"{SOCKET}.lock") and (lock := try_lock(path)) is not None:
            lock.release()
            yield from (path.removesuffix(".lock"), path)


def _calls(where: Places) -> list[str]:
    """What a killed worker leaves where it listened, and the note of a search that it did not answer in time."""
    path = socket_path(where)
    return [each for each in (path, slow_stamp(path)) if os.path.lexists(each)]


def _named(folder: str, names: tuple[str, ...]) -> list[str]:
    """These files, with what a write that was killed has left beside them."""
    return [os.path.join(folder, name) for name in _listed(folder) if name in names or _unfinished(name) in names]


def _unfinished(name: str) -> str:
    """`x.4711.new` and `x.new` → x."""
    whole = name.removesuffix(".new")
    head, _, number = whole.rpartition(".")
    return "" if whole == name else head if number.isdigit() else whole


def _is_hex(name: str) -> bool:
    return len(name) == 16 and not name.strip("0123456789abcdef")


def _listed(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def _begins(path: str, text: str) -> bool:
    return text.encode() in _head(path)[: len(text.encode())]


def _has_mark(path: str) -> bool:
    head = _head(path)
    return any([mark.encode() in head for mark in MARKS])


def _head(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(MARK_BYTES)
    except OSError:
        return b""


def _bytes(path: str) -> int:
    if os.path.isdir(path) and not os.path.islink(path):
        return folder_bytes(path)
    try:
        return os.lstat(path).st_size
    except OSError:
        return 0


def kept_pages(env: Mapping[str, str], home: str) -> list[str]:
    """Where people keep completions and manual pages that a program printed for them."""
    data = env.get("XDG_DATA_HOME") or os.path.join(home, ".local", "share")
    config = env.get("XDG_CONFIG_HOME") or os.path.join(home, ".config")
    zsh = env.get("ZDOTDIR") or home
    folders = [os.path.join(zsh, name) for name in (".zfunc", ".zsh", ".zsh/completions", ".zsh/functions")]
    folders += [os.path.join(home, ".oh-my-zsh", name) for name in ("completions", "custom/completions")]
    folders += [os.path.join(data, "zsh", "site-functions"), "/usr/local/share/zsh/site-functions"]
    pages = os.path.join(data, "man", "man1")
    return [
        os.path.join(data, "bash-completion", "completions", "cass"),
        os.path.join(data, "bash-completion", "completions", "cass.bash"),
        *[os.path.join(folder, "_cass") for folder in folders],
        os.path.join(config, "fish", "completions", "cass.fish"),
        *[os.path.join(pages, name) for name in _listed(pages) if name.partition(".")[0].partition("-")[0] == "cass"],
    ]


def mentions(env: Mapping[str, str], home: str) -> list[Mention]:
    """Lines by which shells run cass when they start: they are the user's, who is told."""
    config = env.get("XDG_CONFIG_HOME") or os.path.join(home, ".config")
    zsh = env.get("ZDOTDIR") or home
    files = [os.path.join(home, name) for name in (".bashrc", ".bash_profile", ".profile")]
    files += [os.path.join(zsh, ".zshrc"), os.path.join(config, "fish", "config.fish")]
    files += [os.path.join(config, "powershell", "Microsoft.PowerShell_profile.ps1")]
    return [found for path in files for found in _mentioned(path)]


def _mentioned(path: str) -> list[Mention]:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            lines = [(at, line.strip()) for at, line in enumerate(file, 1)]
    except OSError:
        return []
    return [
        Mention(path, at, line)
        for at, line in lines
        if line[:1] != "#" and ("cass completion" in line or "cass init" in line)
    ]
