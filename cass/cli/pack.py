"""Leave the compiled code of all our modules in one file, for `cass` to load from.

What Python caches in .pyc files, without docstrings, with the same check against the sources.  Written beside them
where Python may write, and only there.
"""

from __future__ import annotations
import __future__

import ast
import marshal
import os
import sys
from importlib.machinery import EXTENSION_SUFFIXES

import cass
from cass.disk import write_whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType
    from typing import TypeGuard

# Where `cass` looks: it loads nothing of ours before the pack, so it cannot be asked; a test compares.
PACK = os.path.join(os.path.dirname(cass.__file__), "__pycache__", f"cass.{sys.implementation.cache_tag}.pack")

# What `status` loads late; those settings and vectors cost it more than its own look.
# The first one is fetched by name when another asks for it: before that, or Python looks for it by itself.
STATUS = (
    "cass._policy_answers",
    "cass.cli.settled",
    "cass.settings.quick",
    "cass.settings.resolve",
    "cass.cli.verbs.status",
    "cass.status.kept",
    "cass.status.semantic",
    "cass.status.worker",
)
STATUS_JSON = ("cass.render.config_json", "cass.render.worker_json")
# What asks the worker, before anything else is loaded.
ASK = "ask"
# What a command line begins with → the modules that its verb loads late; all that these import come with them.
JOURNEYS = {
    ASK: ("cass.asking", "cass.paths"),
    "search": ("cass.cli.rows_search", "cass.cli.settled", "cass.cli.verbs.search", "cass.render.search_text"),
    "search --json": ("cass.cli.rows_search", "cass.cli.settled", "cass.cli.verbs.search", "cass.render.search_json"),
    "status": ("cass.cli.rows_keep", *STATUS, "cass.render.status_text", "cass.render.worker_text"),
    "status --json": ("cass.cli.rows_keep", *STATUS, "cass.render.status_json", *STATUS_JSON),
    "show": ("cass.cli.rows_find", "cass.cli.verbs.show"),
    "sessions": ("cass.cli.rows_find", "cass.cli.verbs.sessions"),
    "completion": ("cass.cli.rows_learn", "cass.cli.verbs.completion"),
}
# A module that a search loads only then → what comes with it, beside all that these import.
WITH = {"cass.search.refine": ("cass.search.together", "cass.search.confidence", "cass.lexical.scoring")}


def write_pack(pack: str = PACK) -> bool:
    """Write the pack if it is missing or does not fit the sources; was it written?"""
    package = os.path.dirname(os.path.dirname(pack))
    if sys.dont_write_bytecode or not os.access(os.path.dirname(pack), os.W_OK):
        return False
    if _is_current(pack, package):
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


def _is_current(pack: str, package: str) -> bool:
    """Does it fit every source, and all that its journeys compare?"""
    try:
        with open(pack, "rb") as file:
            data = file.read()
        start = 8 + int.from_bytes(data[:8], "little")
        journeys, natives, spans = marshal.loads(data[8:start])
        rooms = [marshal.loads(data[start + first : start + end]) for first, end in spans.values()]
        compared = {stamp for first, _ in journeys.values() for stamp in marshal.loads(data[start + first :])[0]}
        listed = sorted([entry[1:4] for room in rooms for entry in room.values()])
        compared |= set(natives.values())
        there = sorted([_stamp(path) for path in _sources(package)])
        return listed == there and all(_stamp(one[0]) == one for one in compared)
    except (OSError, ValueError, EOFError, TypeError, AttributeError, LookupError):
        return False


def _packed(package: str) -> bytes:
    index: dict[str, tuple[bool, str, int, int, int, int]] = {}
    # The trees of all modules would take 100 MB: none is kept.
    imports: dict[str, list[str]] = {}
    codes: dict[str, CodeType] = {}
    body = bytearray()
    for path in _sources(package):
        name = _module_name(package, path)
        with open(path, "rb") as file:
            tree = ast.parse(file.read(), path)
        _, mtime_ns, size = _stamp(path)
        imports[name], codes[name] = _imported(tree), _compiled(tree, path)
        index[name] = (path.endswith("__init__.py"), path, mtime_ns, size, *_appended(body, marshal.dumps(codes[name])))
    journeys = {}
    for words, late in (JOURNEYS | WITH).items():
        order = _loaded(words, late, imports)
        files = [(index[name][1], index[name][2], index[name][3]) for name in order]
        modules = tuple((name, *index[name][:2], codes[name]) for name in order)
        journeys[words] = _appended(body, marshal.dumps((tuple(_compared(package, files)), modules)))
    rooms: dict[str, dict[str, tuple[bool, str, int, int, int, int]]] = {}
    for name, entry in index.items():
        rooms.setdefault(name.rpartition(".")[0], {})[name] = entry
    spans = {room: _appended(body, marshal.dumps(entries)) for room, entries in rooms.items()}
    head = marshal.dumps((journeys, _natives(), spans))
    return len(head).to_bytes(8, "little") + head + body


def _appended(body: bytearray, part: bytes) -> tuple[int, int]:
    """Where it stands now: from, to."""
    body += part
    return len(body) - len(part), len(body)


def _loaded(words: str, late: tuple[str, ...], imports: dict[str, list[str]]) -> list[str]:
    """A journey's modules.  A search has asked the worker before, and has what that takes."""
    if words == ASK:
        return _in_order(late, imports)
    if words in WITH:
        there = {
            name
            for journey in (ASK, "search", "search --json")
            for name in _loaded(journey, JOURNEYS[journey], imports)
        }
        return [name for name in _in_order((*late, words), imports) if name not in there and name != words]
    before = _in_order(JOURNEYS[ASK], imports) if words.startswith("search") else []
    return [name for name in _in_order(("cass.cli.edge", *late), imports) if name not in before]


def _natives() -> dict[str, tuple[str, int, int]]:
    """The modules in machine code that a search and `status` load.

    tantivy is a package that hands on all names of a module of the same name, which does as well alone.
    """
    from importlib.util import find_spec

    from cass import native_sqlite, native_tantivy  # noqa: F401 - so that both are loaded

    found = {}
    for name, loaded in (("_sqlite3", "_sqlite3"), ("tantivy", "tantivy.tantivy"), ("tantivy", "tantivy")):
        path = getattr(sys.modules.get(loaded), "__file__", None)
        if path is not None and path.endswith(tuple(EXTENSION_SUFFIXES)):
            found[name] = _stamp(path)
    for name in ("fcntl", "zlib"):  # Some Pythons have them built in.
        spec = find_spec(name)
        if spec is not None and spec.has_location and spec.origin is not None:
            found[name] = _stamp(spec.origin)
    return found


def _compared(package: str, files: list[tuple[str, int, int]]) -> list[tuple[str, int, int]]:
    """What tells that the sources have changed: each of them where somebody works on them.

    Where they are installed their folders, a quarter as many: whoever installs another version replaces files, and
    that changes a folder's time.  A source that is written to in its place is seen by the next `cass index`.
    """
    if os.path.exists(os.path.join(os.path.dirname(package), "pyproject.toml")):
        return files
    return [_stamp(folder) for folder in sorted({os.path.dirname(path) for path, _, _ in files})]


def _compiled(tree: ast.Module, path: str) -> CodeType:
    """A module's code without docstrings and assertions, and without what only costs time when it is loaded."""
    # A flag does what importing __future__ asks for.
    kept = [node for node in tree.body if not (isinstance(node, ast.ImportFrom) and node.module == "__future__")]
    flags = __future__.annotations.compiler_flag
    body = _untyped([_record_at_once(node) for node in kept])
    code: CodeType = compile(ast.Module(body, []), path, "exec", flags, dont_inherit=True, optimize=2)
    return code


def _untyped(body: list[ast.stmt]) -> list[ast.stmt]:
    """These statements without what only a type checker reads, a twelfth of what a search would load and never use.

    The fields of a class stay: of those its base may be made.
    """
    kept = [each for node in body for each in (node.orelse if _is_for_checkers(node) else [node])]
    for node in kept:
        if isinstance(node, ast.FunctionDef):
            node.returns = None
            for given in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs):
                given.annotation = None
            for rest in (node.args.vararg, node.args.kwarg):
                if rest is not None:
                    rest.annotation = None
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            node.body = _untyped(node.body)
    return kept


def _is_for_checkers(node: ast.stmt) -> TypeGuard[ast.If]:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def _record_at_once(node: ast.stmt) -> ast.stmt:
    """`@record` makes a slotted class out of a plain one; here the slotted one is written down, and made alone."""
    if not isinstance(node, ast.ClassDef) or [ast.unparse(each) for each in node.decorator_list] != ["record"]:
        return node
    fields = [each for each in node.body if isinstance(each, ast.AnnAssign)]
    names = tuple(ast.unparse(field.target) for field in fields)
    defaults = [f"{name!r}: {ast.unparse(f.value)}" for name, f in zip(names, fields, strict=True) if f.value]
    made = f"__slots__ = __match_args__ = {names!r}; _defaults = {{{', '.join(defaults)}}}; _made = 0"
    body = [*ast.parse(made).body, *[each for each in node.body if each not in fields]]
    base = ast.parse("record.base", mode="eval").body
    return ast.fix_missing_locations(ast.copy_location(ast.ClassDef(node.name, [base], [], body, []), node))


def _in_order(roots: tuple[str, ...], imports: dict[str, list[str]]) -> list[str]:
    """These modules and all that they import when they are loaded, those first that others need."""
    order: list[str] = []

    def visit(name: str) -> None:
        if name in imports and name not in order and name != "cass":
            visit(name.rpartition(".")[0])
            for other in imports[name]:
                visit(other)
            if name not in order:
                order.append(name)

    for root in roots:
        visit(root)
    return order


def _imported(tree: ast.Module) -> list[str]:
    """The modules that may be meant by the import statements at a module's top."""
    found = []
    for node in tree.body:
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found += [node.module, *[f"{node.module}.{alias.name}" for alias in node.names]]
    return found


def _module_name(package: str, path: str) -> str:
    relative = os.path.relpath(path, os.path.dirname(package)).removesuffix(".py")
    return relative.replace(os.sep, ".").removesuffix(".__init__")
