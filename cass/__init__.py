"""cass finds anything that a developer and their coding agents ever said on this machine.

Here is the program's start: argv to one verb, and an exit code.  A cold search loads some forty small files of ours;
finding them one by one is a tenth of its time.  `cass index` leaves their compiled code in one file (cli/pack.py), from
which they are taken here, each checked against its source as Python checks a .pyc.  Without that file, or where
anything does not fit, Python's own import does the same.  This stands in the package itself, since to find and load one
more file takes 1 % of a cold search.
"""

# Nothing from __future__ here: importing that module costs a cold search 2 %, and the pack's modules do without.
# `_signal` is in memory already; `signal` would load enumerations for it.
import _signal  # type: ignore[import-not-found]
import marshal
import os
import sys
from _thread import allocate_lock

__version__ = "0.1.0"

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import CodeType, ModuleType
    from typing import Any

    Entry = tuple[bool, str, int, int, int, int]

INTERRUPTED = 130
PACK = os.path.join(os.path.dirname(__file__), "__pycache__", f"cass.{sys.implementation.cache_tag}.pack")


class Pack:
    """Finds and loads modules from the pack.

    `journeys`: what a command line begins with → (from, to) of the stamps to compare, and of the modules that it will
    load as (name, is package, path, code), those first that others need; the same for a module that others are loaded
    with.  `natives`: modules in machine code by name, with the stamps of their files; Python's own search for two of
    them takes 1 % of a cold search.
    """

    def __init__(self, path: str) -> None:
        self.file = open(path, "rb", 0)  # noqa: SIM115 - for as long as the process may import
        # Between going to a place and reading there another thread may go elsewhere: it would get the code of another
        # module.
        self._reading = allocate_lock()
        size = int.from_bytes(self.file.read(8), "little")
        self.journeys: "dict[str, tuple[int, int]]"
        self.natives: "dict[str, tuple[str, int, int]]"
        self._spans: "dict[str, tuple[int, int]]"
        self.journeys, self.natives, self._spans = marshal.loads(self.file.read(size))
        if type(self.natives) is not dict or type(self._spans) is not dict:
            raise ValueError("a pack of another form")
        self.start = 8 + size
        self._rooms: "dict[str, dict[str, Entry]]" = {}

    def entry(self, name: str) -> "Entry | None":
        """(is package, path, source's mtime and size, from, to) of a module; its room's are read with it."""
        room = name.rpartition(".")[0]
        if room not in self._rooms:
            try:
                self._rooms[room] = self._read(*self._spans[room])
            except (OSError, ValueError, EOFError, TypeError, KeyError):
                self._rooms[room] = {}  # half a file, or no room of ours
        return self._rooms[room].get(name)

    def load_journey(self, words: str) -> None:
        """Load a journey's modules in one go: for Python to find and load them one by one takes twice as long."""
        span = self.journeys.get(words)
        if span is None:
            return
        stamps: "tuple[tuple[str, int, int], ...]"
        modules: "tuple[tuple[str, bool, str, CodeType], ...]"
        stamps, modules = self._read(*span)
        if all([_is_current(*stamp) for stamp in stamps]):
            for name, is_package, path, code in modules:
                if name not in sys.modules:
                    self._load(name, is_package, path, code)

    def _load(self, name: str, is_package: bool, path: str, code: "CodeType") -> None:
        spec = self._spec(name, is_package, path)
        module = type(sys)(name)
        module.__spec__, module.__loader__, module.__file__ = spec, spec.loader, path
        package, _, last = name.rpartition(".")
        if is_package:
            module.__path__ = spec.submodule_search_locations or []
            module.__package__ = name
        else:
            module.__package__ = package
        sys.modules[name] = module
        try:
            exec(code, module.__dict__)
        except BaseException:
            del sys.modules[name]
            raise
        setattr(sys.modules[package], last, module)

    def _spec(self, name: str, is_package: bool, path: str) -> "ModuleSpec":
        make = type(sys.__spec__)  # importlib.machinery.ModuleSpec, without importing importlib
        spec = make(name, self, origin=path, is_package=is_package)  # type: ignore[arg-type]
        spec.has_location = True
        if spec.submodule_search_locations is not None:
            spec.submodule_search_locations.append(os.path.dirname(path))
        return spec

    def _read(self, start: int, end: int) -> "Any":
        with self._reading:
            self.file.seek(self.start + start)
            code = self.file.read(end - start)
        return marshal.loads(code)

    # What Python's import asks of a finder and loader

    def find_spec(self, name: str, path: "Sequence[str] | None" = None, target: object = None) -> "ModuleSpec | None":
        native = self.natives.get(name)
        if native is not None:
            return _native_spec(name, native[0]) if _is_current(*native) else None
        if name in self.journeys:
            _load(self, name)
        entry = self.entry(name) if name[:5] == "cass." else None
        return self._spec(name, *entry[:2]) if entry is not None and _is_current(*entry[1:4]) else None

    def create_module(self, spec: "ModuleSpec") -> "ModuleType | None":
        return None

    def exec_module(self, module: "ModuleType") -> None:
        entry = self.entry(module.__name__)
        assert entry is not None  # it was found by it
        exec(self._read(*entry[4:]), module.__dict__)


def _native_spec(name: str, path: str) -> "ModuleSpec":
    from _frozen_importlib_external import ExtensionFileLoader

    spec = type(sys.__spec__)(name, ExtensionFileLoader(name, path), origin=path)
    spec.has_location = True
    return spec


def _is_current(path: str, mtime_ns: int, size: int) -> bool:
    try:
        info = os.stat(path)
    except OSError:
        return False
    return info.st_mtime_ns == mtime_ns and info.st_size == size


def _pack() -> "Pack | None":
    """In use from now on; None where it is not written yet, or half of it."""
    try:
        pack = Pack(PACK)
        sys.meta_path.insert(0, pack)
    except Exception:
        return None
    return pack


def _load(pack: "Pack | None", words: str) -> None:
    """What is really wrong shows, and is told, when a module is imported."""
    try:
        if pack is not None:
            pack.load_journey(words)
    except Exception:
        pass


def _answered(pack: "Pack | None", argv: "list[str]") -> "int | None":
    """The exit code, if the worker has answered; whatever is wrong with that, the command is run here."""
    try:
        _load(pack, "ask")
        from cass.asking import ask
        from cass.paths import places

        return ask(argv, places(os.environ))
    except Exception:
        return None


def _leave(number: int, frame: object) -> None:
    """An interrupt before the command begins.  As an exception it would print one, or be lost, amid an import."""
    os._exit(INTERRUPTED)


def _interrupts(now: object, then: object) -> None:
    """Who is told of an interrupt, unless it is somebody else than until now: it may be ignored."""
    if _signal.getsignal(_signal.SIGINT) is now:
        _signal.signal(_signal.SIGINT, then)


def main() -> None:
    """Run the command line of this process, and end it."""
    try:
        _interrupts(_signal.default_int_handler, _leave)
        _run()
    except KeyboardInterrupt:  # behind the command
        os._exit(INTERRUPTED)


def _stand_in() -> None:
    """Where a stream is closed, what is opened first would get its number, and what libraries say aside."""
    if None in (sys.stdin, sys.stdout, sys.stderr):
        while (nowhere := os.open(os.devnull, os.O_RDWR)) <= 2:
            os.set_inheritable(nowhere, True)
        os.close(nowhere)


def _run() -> None:
    import gc

    _stand_in()
    # A search lives for some milliseconds and makes no garbage worth looking for: 4 % of its time.  Whoever works for
    # longer switches it on again.
    gc.disable()
    os.umask(0o077)  # libraries make files of their own, which are as private as ours
    pack, argv = _pack(), sys.argv[1:]
    code = _answered(pack, argv) if argv[:1] == ["search"] else None
    if code is not None:
        os._exit(code)
    _load(pack, " ".join([word for at, word in enumerate(argv) if at == 0 or word == "--json"]))
    from cass.cli.edge import end, run

    end(run(argv, lambda: _interrupts(_leave, _signal.default_int_handler)))
