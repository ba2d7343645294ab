"""The rules of the house, read from the source with `ast`: who may import whom, and who may touch the world.

A rule that present code breaks is a finding, not a reason to weaken the rule.
"""

from __future__ import annotations

import ast
import builtins
import functools
import json
import re
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.heavy import HEAVY

REPO = Path(__file__).resolve().parents[1]
PACKAGE = REPO / "cass"

# Arrows point down: a room imports from lower lines only, or from itself.
LEVELS: tuple[tuple[str, ...], ...] = (
    ("__main__", "__init__", "embedder"),
    ("cli",),
    ("demo",),
    ("render",),
    ("daemon",),
    ("indexing", "search", "backfill", "status"),
    ("store", "lexical", "semantic"),
    ("settings", "connectors", "query"),
    (
        "errors",
        "error_kinds",
        "records",
        "paths",
        "clock",
        "disk",
        "document",
        "native_sqlite",
        "native_tantivy",
        "policy",
        "_policy_words",
        "_policy_answers",
        "redact",
        "secret_forms",
        "frames",
        "addresses",
        "asking",
        "calling",
    ),
)
LEVEL = {room: level for level, rooms in enumerate(LEVELS) for room in rooms}
GROUND = len(LEVELS) - 1

# The demo is a journey told on stdout: it sits between the command line and the printers.
MAY_PRINT = ("cli", "render", "demo", "embedder")
MAY_WRITE_SQL = ("store", "connectors")
MAY_LOAD_SQLITE = (*MAY_WRITE_SQL, "native_sqlite")
OUTSIDE_WORLD = ("fcntl", "resource", "pwd", "socket", "_socket")
MAY_TOUCH_THE_SYSTEM = ("disk", "paths", "addresses", "calling", "daemon")
WALL_CLOCK = ("now", "utcnow", "today")
SQL = re.compile(
    r"^\s*(SELECT\s.+\sFROM\s|INSERT\s+(OR\s+\w+\s+)?INTO\s|REPLACE\s+INTO\s|UPDATE\s+\w+\s+SET\s|DELETE\s+FROM\s|PRAGMA\s|ATTACH\s"
    r"|(CREATE|DROP|ALTER)\s+(TEMP\s+)?(TABLE|INDEX|VIEW|TRIGGER|UNIQUE|VIRTUAL)\s)",
    re.DOTALL,
)
FUTURE = "__future__.annotations"
MAX_LINES = 400
TABLES = ("cass/cli/table.py", "cass/settings/table.py")  # flat rows may be of any length


def _name(path: Path) -> str:
    return path.relative_to(REPO).as_posix()


def _room(path: Path) -> str:
    """`cass/store/files.py` → store, `cass/clock.py` → clock."""
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


@functools.cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), str(path))


def _modules() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py") if "samples" not in path.parts)


def _imported(path: Path) -> Iterator[tuple[int, str]]:
    """(line, dotted name) of everything imported; `from a import b` gives `a.b`.  Relative imports are made whole."""
    package = path.relative_to(REPO).with_suffix("").parts[:-1]
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            module = ".".join(part for part in (base, node.module) if part)
            yield from ((node.lineno, f"{module}.{alias.name}") for alias in node.names)


def _typing_lines(path: Path) -> set[int]:
    """The lines below `if TYPE_CHECKING`: never run."""
    blocks = (node for node in ast.walk(_tree(path)) if isinstance(node, ast.If))
    checked = (node.body for node in blocks if ast.unparse(node.test) == "TYPE_CHECKING")
    return {line for body in checked for line in range(body[0].lineno, (body[-1].end_lineno or 0) + 1)}


def _calls(path: Path) -> Iterator[ast.Call]:
    return (node for node in ast.walk(_tree(path)) if isinstance(node, ast.Call))


def _functions(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{_name(path)}:{node.name}", (node.end_lineno or node.lineno) - node.lineno + 1


def _outside(rooms: tuple[str, ...]) -> list[Path]:
    return [path for path in _modules() if _room(path) not in rooms]


def test_every_room_has_a_level() -> None:
    """A new room says where it stands."""
    assert {_room(path) for path in _modules()} <= LEVEL.keys()


def test_arrows_point_down() -> None:
    """A room knows only the rooms below it, never a neighbour on its own level and never one above."""
    wrong = [
        f"{_name(path)}:{line} imports {name}"
        for path in _modules()
        for line, name in _imported(path)
        if not _may_know(_room(path), name)
    ]

    assert wrong == []


def _may_know(room: str, imported: str) -> bool:
    """Within a room, and within the ground, all is allowed; so is what is not ours."""
    package, _, rest = imported.partition(".")
    other = rest.split(".")[0]
    if package != "cass" or other == room or other not in LEVEL:
        return True
    below = LEVEL[other] > LEVEL.get(room, GROUND)
    return below or LEVEL[other] == LEVEL.get(room) == GROUND


def test_only_the_edge_prints() -> None:
    """What reaches a person's terminal passes through `render` or `cli`."""
    printed = [
        f"{_name(path)}:{call.lineno}"
        for path in _outside(MAY_PRINT)
        for call in _calls(path)
        if (isinstance(call.func, ast.Name) and call.func.id == "print")
        or ast.unparse(call.func) in ("sys.stdout.write", "sys.stdout.buffer.write", "sys.stderr.write")
    ]

    assert printed == []


def test_only_the_clock_knows_the_time() -> None:
    """Everywhere else the time is an argument, so every test holds the clock."""
    clocks = [
        f"{_name(path)}:{line} imports {name}"
        for path in _outside(("clock",))
        for line, name in _imported(path)
        if name.split(".")[0] == "time"
    ]
    clocks += [
        f"{_name(path)}:{call.lineno} calls {ast.unparse(call.func)}"
        for path in _outside(("clock",))
        for call in _calls(path)
        if isinstance(call.func, ast.Attribute)
        and call.func.attr in WALL_CLOCK
        and ast.unparse(call.func.value).split(".")[-1] in ("datetime", "date")
    ]

    assert clocks == []


def test_the_operating_system_is_met_in_few_places() -> None:
    """What differs between platforms stands in files that say so."""
    met = [
        f"{_name(path)}:{line} imports {name}"
        for path in _outside(MAY_TOUCH_THE_SYSTEM)
        for line, name in _imported(path)
        if name.split(".")[0] in OUTSIDE_WORLD
    ]

    assert met == []


def test_our_sql_lives_in_the_store() -> None:
    """Statements over our own files stand in `store`; connectors may ask other programs' databases."""
    statements = [
        f"{_name(path)}:{node.lineno}"
        for path in _outside(MAY_WRITE_SQL)
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and SQL.match(node.value)
    ]
    statements += [
        f"{_name(path)}:{line} imports {name}"
        for path in _outside(MAY_LOAD_SQLITE)
        for line, name in _imported(path)
        if name.split(".")[0] in ("sqlite3", "_sqlite3") and line not in _typing_lines(path)
    ]

    assert statements == []


def test_annotations_are_never_evaluated() -> None:
    """Evaluating them would import `typing` and cost every cold search its share."""
    evaluated = [path for path in _modules() if any(_annotations(path))]

    assert [_name(path) for path in evaluated if FUTURE not in {name for _, name in _imported(path)}] == []


def _annotations(path: Path) -> Iterator[str]:
    """Every annotation that would have to be evaluated: all but those in quotes, and bare names of built-in types."""
    for node in ast.walk(_tree(path)):
        for name in ("annotation", "returns"):
            value = getattr(node, name, None)
            built_in = isinstance(value, ast.Name) and hasattr(builtins, value.id)
            if value is not None and not isinstance(value, ast.Constant) and not built_in:
                yield ast.unparse(value)


def test_files_have_one_subject() -> None:
    """A file past four hundred lines has two subjects; only flat tables may grow."""
    sources = [path for folder in ("cass", "tests", "benchmarks") for path in (REPO / folder).rglob("*.py")]
    lines = {_name(path): path.read_text("utf-8").count("\n") for path in sources}

    assert {name: count for name, count in lines.items() if count > MAX_LINES and name not in TABLES} == {}


def test_functions_are_short() -> None:
    """Most functions fit a glance: half within 12 lines, four in five within 20, at most one in 25 past 50."""
    lengths = dict(function for path in _modules() for function in _functions(path))
    long = sorted((name for name, lines in lengths.items() if lines > 50), key=lengths.__getitem__, reverse=True)

    assert statistics.median(lengths.values()) <= 12
    assert sum(lines <= 20 for lines in lengths.values()) >= 0.8 * len(lengths)
    assert len(long) <= 0.04 * len(lengths), long


def test_no_drawer_for_everything() -> None:
    """A file is named after its subject."""
    assert [_name(path) for path in _modules() if path.stem in ("utils", "util", "helpers", "misc", "manager")] == []


@pytest.mark.parametrize("module", ["cass.cli.lane", "cass.records", "cass.errors"])
def test_the_fast_lane_stays_light(module: str) -> None:
    """A cold search pays for every import: the lane brings in nothing heavy."""
    code = f"import sys, {module}; sys.stdout.write('\\n'.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {json.dumps(str(REPO))}); {code}"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert set(done.stdout.split()) & set(HEAVY) == set()
