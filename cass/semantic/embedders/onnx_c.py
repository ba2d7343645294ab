"""A model's graph by onnxruntime's C interface: for a single question, to which its Python binding, which loads all of
numpy, would add half of what opening the model takes.

The functions stand in a table, whose order onnxruntime promises never to change (onnxruntime_c_api.h, `OrtApi`).  What
is not there, or not as expected, is an OSError: then the binding does the same.
"""

from __future__ import annotations

import ctypes
import os
import sys
from array import array
from importlib.machinery import PathFinder

from cass.semantic.silence import silence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# The first version that has all that is used here.
VERSION = 5
FATAL, CPU_ARENA, DEFAULT_MEMORY, INT64 = 4, 0, 0, 7
_ANY, _TEXT, _INT, _SIZE = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int, ctypes.c_size_t
# Place in the table, and what is given to it; a pointer to where the result goes is a pointer like any other.
_FUNCTIONS = {
    "CreateEnv": (3, (_INT, _TEXT, _ANY)),
    "CreateSession": (7, (_ANY, _TEXT, _ANY, _ANY)),
    "Run": (9, (_ANY, _ANY, _ANY, _ANY, _SIZE, _ANY, _SIZE, _ANY)),
    "CreateSessionOptions": (10, (_ANY,)),
    "DisableMemPattern": (17, (_ANY,)),
    "DisableCpuMemArena": (19, (_ANY,)),
    "SetSessionLogSeverityLevel": (22, (_ANY, _INT)),
    "SetIntraOpNumThreads": (24, (_ANY, _INT)),
    "SetInterOpNumThreads": (25, (_ANY, _INT)),
    "CreateTensorWithDataAsOrtValue": (49, (_ANY, _ANY, _SIZE, _ANY, _SIZE, _INT, _ANY)),
    "GetTensorMutableData": (51, (_ANY, _ANY)),
    "GetTensorShapeElementCount": (64, (_ANY, _ANY)),
    "GetTensorTypeAndShape": (65, (_ANY, _ANY)),
    "CreateCpuMemoryInfo": (69, (_INT, _INT, _ANY)),
    "AddSessionConfigEntry": (130, (_ANY, _TEXT, _TEXT)),
}
_RELEASE = {"Env": 92, "Status": 93, "MemoryInfo": 94, "Session": 95, "Value": 96, "Shape": 99, "Options": 100}
_ERROR_MESSAGE = 2
_LENGTH = 131
LIBRARIES = ("libonnxruntime.so.", "libonnxruntime.1")  # the second on macOS


class _Base(ctypes.Structure):
    _fields_ = (("GetApi", ctypes.CFUNCTYPE(_ANY, ctypes.c_uint32)), ("GetVersionString", ctypes.CFUNCTYPE(_TEXT)))


class Api:
    """The table of one library.  `call(name, …)` raises RuntimeError in onnxruntime's words."""

    def __init__(self, library: str) -> None:
        """Raises OSError."""
        silence()
        try:
            base = ctypes.CDLL(library).OrtGetApiBase
        except AttributeError as bad:
            raise OSError(f"{library} is no onnxruntime") from bad
        base.restype = ctypes.POINTER(_Base)
        table = base().contents.GetApi(VERSION)
        if not table:
            raise OSError(f"{library} is older than version 1.{VERSION}")
        self._table = (_ANY * _LENGTH).from_address(table)
        self._message = ctypes.CFUNCTYPE(_TEXT, _ANY)(self._at(_ERROR_MESSAGE))

    def _at(self, place: int) -> int:
        return int(self._table[place] or 0)

    def call(self, name: str, *given: object) -> None:
        place, types = _FUNCTIONS[name]
        status = ctypes.CFUNCTYPE(_ANY, *types)(self._at(place))(*given)
        if status:
            said = self._message(status)
            self.release("Status", status)
            raise RuntimeError(said.decode("utf-8", "replace"))

    def made(self, name: str, *given: object) -> ctypes.c_void_p:
        """What a function that makes something has made."""
        found = _ANY()
        self.call(name, *given, ctypes.byref(found))
        return found

    def release(self, kind: str, what: object) -> None:
        ctypes.CFUNCTYPE(None, _ANY)(self._at(_RELEASE[kind]))(what)


class CSession:
    """One model, for which all is ready.  Raises OSError where there is no such library."""

    def __init__(self, path: str, threads: int = 1) -> None:
        self._held: list[tuple[str, ctypes.c_void_p]] = []
        self._api = Api(find_library())
        self._memory = self._hold("MemoryInfo", "CreateCpuMemoryInfo", CPU_ARENA, DEFAULT_MEMORY)
        env = self._hold("Env", "CreateEnv", FATAL, b"cass")
        self._about = env, os.fsencode(path), self._options(threads)

    def open(self) -> CSession:
        """The same with its graph, all in the library, where Python may do something else.

        Raises RuntimeError where the model is wrong.
        """
        self._session = self._hold("Session", "CreateSession", *self._about)
        return self

    def _options(self, threads: int) -> ctypes.c_void_p:
        """As the binding's; what they mean stands there (onnx.py)."""
        options = self._hold("Options", "CreateSessionOptions")
        self._api.call("DisableMemPattern", options)
        self._api.call("DisableCpuMemArena", options)
        self._api.call("SetSessionLogSeverityLevel", options, FATAL)
        self._api.call("SetIntraOpNumThreads", options, threads)
        self._api.call("SetInterOpNumThreads", options, 1)
        for key, value in ((b"session.intra_op.allow_spinning", b"0"), (b"session.disable_prepacking", b"1")):
            self._api.call("AddSessionConfigEntry", options, key, value)
        return options

    def _hold(self, kind: str, name: str, *given: object) -> ctypes.c_void_p:
        made = self._api.made(name, *given)
        self._held.append((kind, made))
        return made

    def run(self, output: str, given: Mapping[str, array[int]], rows: int) -> list[array[float]]:
        """`given`: input → rows × width numbers of 8 bytes; the output's rows of floats."""
        api, values = self._api, (_ANY * len(given))()
        names, wanted, found = (_TEXT * len(given))(*map(str.encode, given)), (_TEXT * 1)(output.encode()), (_ANY * 1)()
        try:
            for at, numbers in enumerate(given.values()):
                values[at] = self._tensor(numbers, rows).value
            api.call("Run", self._session, None, names, values, len(given), wanted, 1, found)
            return self._rows(ctypes.c_void_p(found[0]), rows)
        finally:
            for value in (*values, found[0]):
                if value:
                    api.release("Value", value)

    def _tensor(self, numbers: array[int], rows: int) -> ctypes.c_void_p:
        """It stands in the memory of `numbers`."""
        shape = (ctypes.c_int64 * 2)(rows, len(numbers) // rows)
        place, count = numbers.buffer_info()
        size = count * numbers.itemsize
        return self._api.made("CreateTensorWithDataAsOrtValue", self._memory, place, size, shape, 2, INT64)

    def _rows(self, value: ctypes.c_void_p, rows: int) -> list[array[float]]:
        shape = self._api.made("GetTensorTypeAndShape", value)
        count = _SIZE()
        try:
            self._api.call("GetTensorShapeElementCount", shape, ctypes.byref(count))
        finally:
            self._api.release("Shape", shape)
        floats = array("f")
        place = self._api.made("GetTensorMutableData", value).value or 0
        floats.frombytes(ctypes.string_at(place, count.value * floats.itemsize))
        width = count.value // rows
        return [floats[row * width : (row + 1) * width] for row in range(rows)]

    def __del__(self) -> None:
        """Let go of all that the library holds: when nobody runs it any more, as somebody may who was given up."""
        while self._held and not sys.is_finalizing():
            self._api.release(*self._held.pop())


def find_library(platform: str = sys.platform, find: Callable[[str], object] = PathFinder.find_spec) -> str:
    """The library that the installed package brings for programs in C.  Raises OSError."""
    if platform == "win32":
        raise OSError("paths are of another kind there")
    spec = find("onnxruntime")
    for folder in getattr(spec, "submodule_search_locations", None) or ():
        inside = os.path.join(folder, "capi")
        for name in sorted(os.listdir(inside)):
            if name.startswith(LIBRARIES):
                return os.path.join(inside, name)
    raise OSError("onnxruntime brings no library for programs in C")
