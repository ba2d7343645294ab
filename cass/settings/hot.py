"""What the settings' files and variables say, for every command, before it does anything.

Mostly nothing: two looks at the disk and one through the variables tell.  Files that were read before are taken from a
small file in the cache folder, as long as their identities have not changed.  For anything else the caller loads
`quick.py`, which knows the table of settings.
"""

from __future__ import annotations

import marshal
import os
from _imp import source_hash  # the checksum of Python's own .pyc files: no module to load for it
from stat import S_ISLNK

from cass import __version__
from cass.paths import at_once

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from cass.paths import Places

    # A file as it was read: its identity, (key, plain value, line) of each statement, and what is wrong with it.
    Identity = tuple[int, ...]
    FileText = tuple[Identity | None, tuple[tuple[str, object, int], ...], tuple[str, int] | None]
    Kept = tuple[dict[str, FileText], dict[str, object] | None]

SEMANTIC_FILE = "semantic.toml"
OTHER_FILE = "cass.toml"
FILES = (SEMANTIC_FILE, OTHER_FILE)
# Variables of ours that are no settings.
OTHER_VARIABLES = (
    "CASS_DATA_DIR",
    "CASS_CONFIG_DIR",
    "CASS_CACHE_DIR",
    "CASS_RUNTIME_DIR",
    "CASS_PROJECT_ROOTS",
    "CASS_SESSION_ID",
    "CASS_REMOTE_API_KEY",
    "CASS_EMBEDDER_TOKEN",
)
CACHE = "settings.bin"
CHECKSUM_KEY = 0x0CA55


def plain_values(places: Places, env: Mapping[str, str]) -> dict[str, object] | None:
    """Setting → plain value, of those that are set; None where it takes more than a look to tell."""
    ours = [name for name in env if name[:5] == "CASS_" and name not in OTHER_VARIABLES]
    if ours and any_meant(ours):
        return None
    stamps = identities(places)
    if not stamps:
        return {}
    texts, values = read_kept(places)
    return values if {name: text[0] for name, text in texts.items()} == stamps else None


def any_meant(names: list[str]) -> bool:
    """Is any of these variables meant for us?"""
    from cass.settings.foreign import is_foreign  # only where there is one

    return not all([is_foreign(name) for name in names])


def identities(places: Places) -> dict[str, Identity]:
    """What changes when a file does, of each file that there is."""
    found: dict[str, Identity] = {}
    for name in FILES:
        try:
            identity = _identity(os.path.join(places.config, name))
        except NotADirectoryError:
            # Said of one is enough: neither can be there.  Who names /dev/null wants none.
            return {name: ()} if places.config != os.devnull else {}
        if identity is not None:
            found[name] = identity
    return found


def _identity(path: str) -> Identity | None:
    """None where there is no file, () where nobody can tell.  Raises NotADirectoryError where its folder is none."""
    try:
        info = os.lstat(path)
    except FileNotFoundError:
        return None
    except NotADirectoryError:
        raise
    except (OSError, ValueError):
        return ()
    try:
        return stamp(os.stat(path) if S_ISLNK(info.st_mode) else info)
    except OSError:
        return ()  # a link that leads nowhere was meant to say something


def stamp(info: os.stat_result) -> Identity:
    """The identity of a file's content."""
    return info.st_size, info.st_mtime_ns, info.st_ino, info.st_dev, info.st_ctime_ns


def read_kept(places: Places) -> Kept:
    """What was kept of the files in this config folder, by their names, and the values that all of them give.

    ({}, None) if that is missing, torn or another's; no values where something is wrong in a file, which must be said.
    """
    try:
        with open(os.path.join(places.cache, CACHE), "rb", 0, opener=at_once) as file:
            data = file.read()
        if source_hash(CHECKSUM_KEY, data[8:]) != data[:8]:
            return {}, None
        maker, folder, texts, values = marshal.loads(data[8:])
    except (OSError, ValueError, EOFError, TypeError):
        return {}, None
    return (texts, values) if (maker, folder) == (__version__, places.config) else ({}, None)


def kept_bytes(places: Places, texts: dict[str, FileText], values: dict[str, object] | None) -> bytes:
    """What `read_kept` reads."""
    data = marshal.dumps((__version__, places.config, texts, values))
    return source_hash(CHECKSUM_KEY, data) + data


def plain_word(value: object) -> object:
    """A word of an enumeration as the text that it is."""
    return str.__str__(value) if isinstance(value, str) else value
