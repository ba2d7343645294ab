"""Leave the compiled code of all our modules in one file, for `cass.__main__` to load from.

What Python caches in .pyc files, without docstrings, with the same check against the sources.  Written beside them
where Python may write, and only there.
"""

from __future__ import annotations

import marshal
import os
import sys

import cass
from cass.disk import write_whole

# Where `cass.__main__` looks: it loads nothing of ours before the pack, so it cannot be asked; a test compares.
PACK = os.path.join(os.path.dirname(cass.__file__), "__pycache__", f"all.{sys.implementation.cache_tag}.pack")


def write_pack(pack: str = PACK) -> bool:
    """Write the pack if it is missing or does not fit the sources; was it written?"""
    package = os.path.dirname(os.path.dirname(pack))
    if sys.dont_write_bytecode or not os.access(os.path.dirname(pack), os.W_OK):
        return False
    stamps = [_stamp(path) for path in _sources(package)]
    if _stamps_in(pack) == stamps:
        return False
    try:
        write_whole(pack, _packed(package))
    except OSError:
        return False
    return True


def _sources(package: str) -> list[str]:
    found = []
    for folder, folders, names in os.walk(package):
        folders[:] = sorted(name for name in folders if name not in ("__pycache__", "samples"))
        found += [os.path.join(folder, name) for name in sorted(names) if name.endswith(".py")]
    return found


def _stamp(path: str) -> tuple[str, int, int]:
    info = os.stat(path)
    return path, info.st_mtime_ns, info.st_size


def _stamps_in(pack: str) -> list[tuple[str, int, int]]:
    try:
        with open(pack, "rb") as file:
            size = int.from_bytes(file.read(8), "little")
            index = marshal.loads(file.read(size))
        return [(entry[1], entry[2], entry[3]) for entry in index.values()]
    except (OSError, ValueError, EOFError, TypeError, AttributeError):
        return []


def _packed(package: str) -> bytes:
    index: dict[str, tuple[bool, str, int, int, int, int]] = {}
    code = b""
    for path in _sources(package):
        name = _module_name(package, path)
        with open(path, "rb") as file:
            # Without docstrings and assertions: less to read for those who wait.
            compiled = marshal.dumps(compile(file.read(), path, "exec", dont_inherit=True, optimize=2))
        _, mtime_ns, size = _stamp(path)
        index[name] = (path.endswith("__init__.py"), path, mtime_ns, size, len(code), len(code) + len(compiled))
        code += compiled
    head = marshal.dumps(index)
    return len(head).to_bytes(8, "little") + head + code


def _module_name(package: str, path: str) -> str:
    relative = os.path.relpath(path, os.path.dirname(package)).removesuffix(".py")
    return relative.replace(os.sep, ".").removesuffix(".__init__")
