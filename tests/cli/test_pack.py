"""The pack makes a cold start faster and must never make it different."""

from __future__ import annotations

import marshal
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import cass
from cass.cli import pack
from cass.cli.pack import write_pack

PACKAGE = Path(cass.__file__).parent
LOADERS = """
import os, sys
sys.argv = ["cass", "version"]
def end(code):
    print({type(sys.modules["cass.cli.edge"].__spec__.loader).__name__})
    sys.stdout.flush()
    sys.exit(code)
os._exit = end
from cass import main
main()
"""


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The package with a pack, in a folder that the pack knows; and another folder where all that is kept as it is."""
    site, kept = tmp_path_factory.mktemp("site"), tmp_path_factory.mktemp("kept") / "site"
    folder = site / "cass"
    shutil.copytree(PACKAGE, folder, ignore=shutil.ignore_patterns("__pycache__", "samples"))
    (site / "pyproject.toml").touch()  # somebody works on it
    (folder / "__pycache__").mkdir()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sys, "dont_write_bytecode", False)
        assert write_pack(str(_pack(folder)))
    shutil.copytree(site, kept)
    return site, kept


@pytest.fixture
def copy(packed: tuple[Path, Path]) -> Path:
    """The package with its pack, as it was made, to be changed."""
    site, kept = packed
    shutil.rmtree(site)
    shutil.copytree(kept, site)
    return site / "cass"


def _pack(folder: Path) -> Path:
    return folder / "__pycache__" / f"cass.{sys.implementation.cache_tag}.pack"


def _run(folder: Path) -> str:
    env = {**os.environ, "PYTHONPATH": str(folder.parent)}
    argv = [sys.executable, "-c", LOADERS]
    done = subprocess.run(argv, check=False, env=env, cwd=folder.parent, capture_output=True, text=True)
    return done.stdout + done.stderr


@pytest.fixture(autouse=True)
def bytecode_may_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)


def test_modules_come_from_the_pack(copy: Path) -> None:
    """What the pack has is loaded from it."""
    assert _run(copy) == f"cass {cass.__version__}\n{{'Pack'}}\n"


def test_a_changed_source_is_read_itself(copy: Path) -> None:
    """A source that is newer than the pack wins, as it wins over a .pyc."""
    edge = copy / "cli" / "edge.py"
    edge.write_text(edge.read_text() + "\nsys.stdout.write('changed ')\n")

    assert _run(copy) == f"changed cass {cass.__version__}\n{{'SourceFileLoader'}}\n"


@pytest.mark.parametrize("part", [0, 0.000002, 0.0002, 0.1, 0.5, 0.9])
def test_a_torn_pack_is_no_pack(copy: Path, part: float) -> None:
    """Half a file costs its gain, nothing else."""
    whole = _pack(copy).read_bytes()
    _pack(copy).write_bytes(whole[: int(len(whole) * part)])

    assert _run(copy) == f"cass {cass.__version__}\n{{'SourceFileLoader'}}\n"


def test_of_a_pack_that_lacks_its_end_the_rest_serves(copy: Path) -> None:
    """The last room's modules are read from their files, all others from the pack."""
    _pack(copy).write_bytes(_pack(copy).read_bytes()[:-1])

    last = (
        "import cass; pack = cass._pack(); room = [*pack._spans][-1]; print(pack.entry(room + '.x'), pack._rooms[room])"
    )
    assert _ran(copy, last) == "None {}\n"
    assert _run(copy) == f"cass {cass.__version__}\n{{'Pack'}}\n"


def test_a_pack_that_fits_is_left_alone(copy: Path) -> None:
    """Writing it again would cost every `cass index` some milliseconds."""
    assert not write_pack(str(_pack(copy)))


def test_it_is_written_where_it_is_looked_for() -> None:
    """The writer and the start of the program mean the same file."""
    assert pack.PACK == cass.PACK


def test_nothing_is_written_where_python_may_not_write(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """PYTHONDONTWRITEBYTECODE holds for the pack too."""
    _pack(copy).unlink()
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    assert not write_pack(str(_pack(copy)))
    assert not _pack(copy).exists()


RECORDS = """
import sys
sys.argv = ["cass", *{argv!r}]
import cass as program
pack = program._pack()
program._load(pack, "ask")
program._load(pack, "search --json")
from cass.search.request import Freshness, Request
request = Request("words", limit=3)
print(request == Request("words", 3), hash(request) == hash(Request("words", 3)), request.limit, request.offset)
print(Freshness(), Request.__slots__[:2], Request.__match_args__[:2], request.is_filtered)
try:
    request.limit = 4
except AttributeError as bad:
    print(bad)
try:
    Request()
except TypeError as bad:
    print(bad)
print(type(sys.modules["cass.search.request"].__spec__.loader).__name__)
"""


def test_a_record_from_the_pack_is_the_record_of_the_source(copy: Path, tmp_path: Path) -> None:
    """The pack writes records down differently; nobody can tell."""

    def said(folder: Path) -> list[str]:
        env = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
        code = RECORDS.format(argv=["search", "--json", "x"])
        done = subprocess.run(
            [sys.executable, "-c", code], check=False, env=env, cwd=folder, capture_output=True, text=True
        )
        return (done.stdout + done.stderr).splitlines()

    packed = said(copy.parent)
    _pack(copy).unlink()

    assert packed[-1] == "Pack"
    assert said(copy.parent)[:-1] == packed[:-1]
    assert packed[0] == "True True 3 0"


# What a command line needs besides.
NEEDS = {"show": ("x",), "completion": ("zsh", "--sessions=")}


@pytest.mark.parametrize("words", [words for words in pack.JOURNEYS if words != pack.ASK])
def test_a_journey_loads_what_its_verb_needs(copy: Path, words: str) -> None:
    """Nothing of a common command is looked for one by one."""
    code = f"""
import sys
import cass as program
pack = program._pack()
program._load(pack, "ask")
program._load(pack, {words!r})
before = set(sys.modules)
from cass.cli.edge import parse
found = parse({[*words.split(), *NEEDS.get(words, ())]!r})
__import__("cass.cli.verbs." + found.command)
print(sorted(name for name in set(sys.modules) - before if name.startswith("cass")))
"""
    env = {**os.environ, "PYTHONPATH": str(copy.parent)}
    done = subprocess.run(
        [sys.executable, "-c", code], check=False, env=env, cwd=copy.parent, capture_output=True, text=True
    )

    assert (done.stdout, done.stderr) == ("[]\n", "")


@pytest.mark.parametrize("change", [False, True])
def test_what_is_loaded_together_comes_in_one_go(copy: Path, change: bool) -> None:
    """Unless a source has changed: then each module is looked at by itself."""
    if change:
        together = copy / "search" / "together.py"
        together.write_text(together.read_text() + "\nprint('changed')\n")
    code = """
import sys
import cass as program
pack = program._pack()
program._load(pack, "ask")
program._load(pack, "search --json")
before = set(sys.modules)
looked_for = []
find_spec = type(pack).find_spec
type(pack).find_spec = lambda self, name, *more: looked_for.append(name) or find_spec(self, name, *more)
import cass.search.refine, cass.search.together, cass.search.confidence
print(looked_for[:1], len(looked_for) > 1, len(set(sys.modules) - before) > 5)
print(cass.search.together.gains.__module__)
"""
    said = f"['cass.search.refine'] {change} True\ncass.search.together\n"
    assert _ran(copy, code) == (f"changed\n{said}" if change else said)


def test_what_only_a_type_checker_reads_is_left_out(copy: Path) -> None:
    """A function has no annotations there; the fields of a class, which make words and records, are all there."""
    code = (
        "import cass; cass._load(cass._pack(), 'status');"
        "from cass.policy import SemanticMode; from cass.paths import places, Places;"
        "print(places.__annotations__, len(list(SemanticMode)) > 2, Places.__match_args__[:1])"
    )

    assert _ran(copy, code) == "{} True ('data',)\n"


def test_a_journey_with_a_changed_source_is_not_taken(copy: Path) -> None:
    """One changed file, and each module is looked at by itself."""
    request = copy / "search" / "request.py"
    request.write_text(request.read_text() + "\nprint('changed')\n")
    code = "import cass as p; p._load(p._pack(), 'search'); print('loaded'); import cass.search.request"
    env = {**os.environ, "PYTHONPATH": str(copy.parent)}
    done = subprocess.run(
        [sys.executable, "-c", code], check=False, env=env, cwd=copy.parent, capture_output=True, text=True
    )

    assert done.stdout == "loaded\nchanged\n"


@pytest.mark.parametrize("change", ["a new version", "an edit in its place"])
def test_an_installed_source_is_compared_by_its_folder(copy: Path, change: str) -> None:
    """A new version is seen at once, an edit in its place by the next `cass index`."""
    (copy.parent / "pyproject.toml").unlink()
    _pack(copy).unlink()
    assert write_pack(str(_pack(copy)))
    request = copy / "search" / "request.py"
    text = request.read_text() + "\nprint('changed')\n"
    if change == "a new version":
        request.unlink()
    request.write_text(text)
    code = "import cass as p; p._load(p._pack(), 'search'); print('loaded'); import cass.search.request"
    env = {**os.environ, "PYTHONPATH": str(copy.parent)}
    argv = [sys.executable, "-c", code]

    done = subprocess.run(argv, check=False, env=env, cwd=copy.parent, capture_output=True, text=True)

    assert done.stdout == ("loaded\nchanged\n" if change == "a new version" else "loaded\n")
    assert write_pack(str(_pack(copy)))


def test_a_pack_of_another_form_is_no_pack(copy: Path) -> None:
    """Such as another version leaves behind."""
    head = marshal.dumps(({"version": (0, 4)}, "what", 3))
    _pack(copy).write_bytes(len(head).to_bytes(8, "little") + head)

    assert _run(copy) == f"cass {cass.__version__}\n{{'SourceFileLoader'}}\n"


NATIVES = """
import sys
import cass as program
program._load(program._pack(), "search")
import fcntl, zlib
natives = program.Pack(program.PACK).natives
print("tantivy" in natives, {type(sys.modules[name].__loader__).__name__ for name in natives})
print("tantivy.tantivy" in sys.modules)
"""


def _ran(copy: Path, code: str) -> str:
    env = {**os.environ, "PYTHONPATH": str(copy.parent), "PYTHONDONTWRITEBYTECODE": "1"}
    argv = [sys.executable, "-c", code]
    done = subprocess.run(argv, check=False, env=env, cwd=copy.parent, capture_output=True, text=True)
    return done.stdout + done.stderr


def test_modules_in_machine_code_are_not_looked_for(copy: Path) -> None:
    """Their files are known, and tantivy's is loaded without the package around it."""
    assert _ran(copy, NATIVES) == "True {'ExtensionFileLoader'}\nFalse\n"


THREADS = """
import os, sys, threading, types
import cass
sys.setswitchinterval(1e-6)
pack = cass._pack()
rooms = ("cass.query", "cass.connectors", "cass.render")
names = [f"{room}.{name}"[:-3] for room in rooms for name in os.listdir(room.replace(".", "/")) if name[-3:] == ".py"]
names = [name for name in names if pack.entry(name)]
def load(first):
    for name in names[first:] + names[:first]:
        __import__(name)
threads = [threading.Thread(target=load, args=(first,)) for first in range(0, len(names), len(names) // 4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
own = [(sys.modules[name], value) for name in names for value in vars(sys.modules[name]).values()]
own = [(module, value) for module, value in own if isinstance(value, types.FunctionType)]
own = [(module, value.__code__.co_filename) for module, value in own if value.__module__ == module.__name__]
print(len(own) > 100, [module.__name__ for module, path in own if path != module.__file__])
"""


def test_several_threads_may_import(copy: Path) -> None:
    """Each gets the code of its own module, whoever reads from the pack meanwhile."""
    assert [_ran(copy, THREADS) for _ in range(5)] == ["True []\n"] * 5


def test_another_tantivy_is_looked_for(copy: Path) -> None:
    """After an upgrade its file has another time; the pack then leaves the search to Python."""
    data = _pack(copy).read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    journeys, natives, spans = marshal.loads(data[8:start])
    assert "tantivy" in natives
    natives = {name: (path, mtime_ns + 1, size) for name, (path, mtime_ns, size) in natives.items()}
    head = marshal.dumps((journeys, natives, spans))
    _pack(copy).write_bytes(len(head).to_bytes(8, "little") + head + data[start:])

    assert _ran(copy, NATIVES).splitlines()[-1] == "True"
    assert write_pack(str(_pack(copy)))


def test_the_worker_writes_it_too(copy: Path, tmp_path: Path) -> None:
    """After an upgrade nobody may index for days."""
    _pack(copy).unlink()
    home = {name: str(tmp_path) for name in ("HOME", "USERPROFILE", "CASS_DATA_DIR", "CASS_CONFIG_DIR")}
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    # Without vectors to make it asks for nobody's peace, which a busy machine would give it reason to wait for.
    wishes = {"CASS_WORKER_IDLE_EXIT_S": "0", "CASS_SEMANTIC_MODE": "lexical_only"}
    env = {**kept, **home, **wishes, "PYTHONPATH": str(copy.parent)}

    done = subprocess.run([sys.executable, "-m", "cass", "worker", "run"], check=False, env=env, cwd=tmp_path)

    assert done.returncode == 0
    assert _pack(copy).exists()
