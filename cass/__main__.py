"""The program `cass`: argv to one verb, and an exit code.

A cold search loads some forty small files of ours; finding them one by one is a tenth of its time.  `cass index`
leaves their compiled code in one file (cli/pack.py), from which they are taken here, each checked against its source
as Python checks a .pyc.  Without that file, or where anything does not fit, Python's own import does the same.
"""

from __future__ import annotations

import gc

# A search lives for some milliseconds and makes no garbage worth looking for: 4 % of its time.  Whoever works for
# longer switches it on again.
gc.disable()

import marshal  # noqa: E402
import os  # noqa: E402
import sys  # noqa: E402

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import CodeType, ModuleType

PACK = os.path.join(os.path.dirname(__file__), "__pycache__", f"all.{sys.implementation.cache_tag}.pack")


class Pack:
    """Finds and loads modules from the pack.  `index`: name → (is package, path, source's mtime and size, from, to)."""

    def __init__(self, path: str) -> None:
        self.file = open(path, "rb", 0)  # noqa: SIM115 - for as long as the process may import
        size = int.from_bytes(self.file.read(8), "little")
        self.index: dict[str, tuple[bool, str, int, int, int, int]] = marshal.loads(self.file.read(size))
        self.start = 8 + size

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: object = None) -> ModuleSpec | None:
        entry = self.index.get(name)
        if entry is None or not _is_current(entry[1], entry[2], entry[3]):
            return None
        make = type(sys.__spec__)  # importlib.machinery.ModuleSpec, without importing importlib
        spec = make(name, self, origin=entry[1], is_package=entry[0])  # type: ignore[arg-type]
        spec.has_location = True
        if spec.submodule_search_locations is not None:
            spec.submodule_search_locations.append(os.path.dirname(entry[1]))
        return spec

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        entry = self.index[module.__name__]
        self.file.seek(self.start + entry[4])
        code: CodeType = marshal.loads(self.file.read(entry[5] - entry[4]))
        exec(code, module.__dict__)


def _is_current(path: str, mtime_ns: int, size: int) -> bool:
    try:
        info = os.stat(path)
    except OSError:
        return False
    return info.st_mtime_ns == mtime_ns and info.st_size == size


def _use_pack() -> None:
    try:
        sys.meta_path.insert(0, Pack(PACK))
    except (OSError, ValueError, EOFError, TypeError):
        pass  # not written yet, or half of it


def main() -> None:
    """Run the command line of this process, and end it."""
    _use_pack()
    from cass.cli.edge import end, run

    end(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
