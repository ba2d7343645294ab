"""A search that the worker answers is the search that the process itself would have made."""

from __future__ import annotations

import os
import re
import signal
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from cass import __version__
from cass.asking import socket_path
from cass.calling import PACKAGE, slow_stamp
from cass.frames import COMMAND, DECLINED, packed
from cass.paths import places
from cass.semantic.embedders import wire
from cass.semantic.manifest import FAST, QUALITY
from tests.archive import Home, make_home
from tests.daemon import embedders
from tests.daemon.embedders import Caller
from tests.journeys.processes import start
from tests.search.tiers import MODEL, backfill, install

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="unix sockets")
TOOK = re.compile(r'"took_ms": [0-9.]+')


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """Two sessions, indexed; the runtime folder's path is short enough for a socket."""
    home = make_home(tmp_path)
    home.claude("old", "walrus tusks are long", "the walrus eats clams", workspace="/w/one")
    home.claude("new", "a narwhal has one tooth", "so a walrus has two", title="teeth")
    with embedders.short_folder() as folder:
        home.env["CASS_RUNTIME_DIR"] = f"{folder}/run"
        home.index()
        yield home


@contextmanager
def worker(home: Home) -> Iterator[subprocess.Popen[str]]:
    """One that listens."""
    process = start(home, "worker", "run")
    try:
        while not can_be_called(home):
            assert process.poll() is None, process.communicate()[1]
        yield process
    except BaseException as bad:
        if process.poll() is not None:
            bad.add_note(f"the worker had left with {process.returncode}: {process.communicate()[1]}")
        raise
    finally:
        process.kill()
        process.communicate()


def socket_of(home: Home) -> str:
    return socket_path(places(home.env))


def can_be_called(home: Home) -> bool:
    try:
        Caller(f"unix://{socket_of(home)}").close()
    except OSError:
        return False
    return True


def answered(home: Home) -> int:
    """How many commands the worker has answered."""
    caller = Caller(f"unix://{socket_of(home)}", protocol=1)
    caller.next()
    caller.send(wire.plain_question(1, wire.STATS))
    frame = caller.next()
    caller.close()
    assert frame is not None
    return int(str(frame[1]["answered"]))


# The program with the patience of a busy machine: how fast an answer is, benchmarks measure.
PATIENT = "import cass.calling as calling, cass; calling.ANSWER_S = calling.WORK_S = 60.0; cass.main()"


def patient(home: Home, *argv: str, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    whole = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(embedders.REPO), "TZ": "UTC", **home.env, **(env or {})}
    command = [sys.executable, "-c", PATIENT, *argv]
    return subprocess.run(command, check=False, env=whole, cwd=home.home, input="", capture_output=True, text=True)


def said(home: Home, *argv: str) -> tuple[str, str, int]:
    done = patient(home, "search", *argv)
    return TOOK.sub("took", done.stdout), done.stderr, done.returncode


SAME = [
    ["--json", "walrus"],
    ["--json", "--mode", "lexical", "walrus"],
    ["--jsonl", "walrus", "--group", "none"],
    ["--json", "walrus", "--limit", "1", "--max-tokens", "10", "--fields", "id,content"],
    ["--json", "walruss", "narwal"],
    ["--json", "--workspace", "/w/one", "walrus"],
    ["--json", "nothing at all like it"],
    ["walrus"],
    ["-c", "walrus"],
    ["-q", "elephants"],
    ["-l", "walrus"],
    ["--json", "-F", "walrus tusks"],
    ["--json", "walrus", "--diverse"],
    ["--json", ""],
]


# A look at the sources takes 15 ms at most, and says so where that was too short: not the same on a busy machine.
AS_IT_IS = ("--refresh", "off")
NOT_LOOKED = "not every session file was looked at"


def test_the_same_answer(home: Home):
    """To the last byte, but for how long it took; and the same exit code."""
    alone = [said(home, *argv, *AS_IT_IS) for argv in SAME]
    with worker(home):
        asked = [said(home, *argv, *AS_IT_IS) for argv in SAME]

        assert answered(home) == len(SAME)
    assert asked == alone


DECLINED_HERE = [
    ["--json", "--agent", "nobody", "walrus"],
    ["--json", "--limit", "many", "walrus"],
    ["--nonsense", "walrus"],
    ["--json", "--cursor", "9-9", "walrus"],
    ["-h"],
]


def test_what_goes_wrong_is_said_by_the_process_itself(home: Home):
    """In the same words, with the same exit code."""
    alone = [said(home, *argv) for argv in DECLINED_HERE]
    with worker(home):
        asked = [said(home, *argv) for argv in DECLINED_HERE]

        assert answered(home) == 0
    assert asked == alone


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_an_answer_that_the_disk_does_not_take_is_no_success(home: Home):
    """A redirected answer that is cut is told, whoever has found it."""
    env = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(embedders.REPO), "TZ": "UTC", **home.env}
    command = [sys.executable, "-c", PATIENT, "search", "--json", "walrus", *AS_IT_IS]
    with worker(home), Path("/dev/full").open("w") as full:
        done = subprocess.run(command, check=False, env=env, stdout=full, stderr=subprocess.PIPE, text=True)

        assert answered(home) == 1
    assert (done.returncode, "no space left" in done.stderr) == (10, True)


def test_what_was_said_a_moment_ago_is_found(home: Home):
    """The worker may not have read it yet: then the process does, or says that it could not in the time."""
    with worker(home):
        home.append("old", "a manatee came by")
        answers = [said(home, "--json", "manatee")[0]]
        while '"count": 1' not in answers[-1]:
            assert '"behind_files": 1' in answers[-1] or NOT_LOOKED in answers[-1]
            answers.append(said(home, "--json", "manatee")[0])
        answers.append(said(home, "--json", "manatee")[0])

    assert '"count": 1' in answers[-1]


def test_an_index_made_anew_is_seen(home: Home):
    """Its generation is part of the answer."""
    with worker(home):
        before = said(home, "--json", "walrus", "--limit", "1", *AS_IT_IS)
        home.cass("index", "--rebuild")
        asked = said(home, "--json", "walrus", "--limit", "1", *AS_IT_IS)
    alone = said(home, "--json", "walrus", "--limit", "1", *AS_IT_IS)

    assert before != asked == alone


def test_other_surroundings_are_not_the_workers(home: Home):
    """A variable that settles something is different here: the process answers itself."""
    with worker(home):
        done = patient(home, "search", "--json", "walrus", env={"CASS_SEARCH_LIMIT": "1"})

        assert '"count": 1' in done.stdout
        assert answered(home) == 0


def test_another_version_is_declined(home: Home):
    """And so is another installation of the same one."""
    with worker(home):
        for version, package in (("0.0.1", PACKAGE), (__version__, "/elsewhere/cass")):
            caller = Caller(f"unix://{socket_of(home)}", protocol=1)
            caller.next()
            caller.send(packed(COMMAND, tail=f"{version}\0{package}\0/\0a\0b\0c\0001\0search".encode()))

            assert (caller.next() or (b"",))[0] == DECLINED


def test_only_this_user_can_call(home: Home):
    with worker(home):
        path = socket_of(home)

        assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
        assert stat.S_IMODE(os.stat(os.path.dirname(path)).st_mode) == 0o700


def test_it_leaves_no_socket_behind(home: Home):
    with worker(home) as process:
        process.send_signal(signal.SIGTERM)
        process.communicate()

    assert os.listdir(os.path.dirname(socket_of(home))) == []


def test_what_a_killed_worker_left_holds_nobody_up(home: Home):
    """A search is answered, and the next worker listens there."""
    with worker(home) as process:
        process.kill()
        process.wait()
        alone = said(home, "--json", "walrus", *AS_IT_IS)
        with worker(home):
            asked = said(home, "--json", "walrus", *AS_IT_IS)

            assert answered(home) == 1
    assert alone == asked


def test_garbage_ends_its_own_connection(home: Home):
    with worker(home):
        for garbage in embedders.garbage():
            caller = Caller(f"unix://{socket_of(home)}", protocol=1)
            caller.next()
            caller.send(garbage)
            caller.socket.shutdown(socket.SHUT_WR)
            assert caller.is_hung_up_on()

        assert said(home, "--json", "walrus")[2] == 0
        assert answered(home) == 1


def test_who_does_not_answer_at_once_is_left_alone(home: Home):
    """For a minute: the first search waits a moment, the next one not at all."""
    path = socket_of(home)
    os.makedirs(os.path.dirname(path), mode=0o700)
    calls: list[socket.socket] = []
    with socket.socket(socket.AF_UNIX) as deaf:
        deaf.bind(path)
        deaf.listen()
        hearing = threading.Thread(target=lambda: calls.append(deaf.accept()[0]))
        hearing.start()
        first = home.cass("search", "--json", "walrus")
        hearing.join()
        deaf.setblocking(False)
        second = home.cass("search", "--json", "walrus")

        with pytest.raises(BlockingIOError):
            deaf.accept()
    assert (first.returncode, second.returncode) == (0, 0)
    assert os.path.exists(slow_stamp(path))


def test_the_model_is_warm(home: Home):
    """Meaning takes part as it does in a process of its own; also when the model's file is not there any more."""
    pytest.importorskip("onnxruntime")
    install(home)
    backfill(home, FAST, QUALITY)
    home.env["CASS_SEMANTIC_WAIT_MS"] = "30000"
    asking = ["--json", "which of the animals has teeth like that one", *AS_IT_IS]
    alone = said(home, *asking)
    with worker(home):
        first = said(home, *asking)
        (home.data / "derived" / "models" / MODEL / "model.onnx").unlink()
        second = said(home, *asking)

        assert answered(home) == 2
    assert '"answered_by": ["lexical", "fast", "quality"]' in alone[0]
    assert first == second == alone


MODULES = """
import os, sys
sys.argv = ["cass", "search", "--json", "walrus"]
import cass
if not {only_ask}:
    import cass.calling
    cass.calling.ANSWER_S = cass.calling.WORK_S = 60.0
def stop(code):
    sys.stderr.write(" ".join(sys.modules))
    sys.stderr.flush()
    really(code)
really, os._exit = os._exit, stop
if {only_ask}:
    from cass.asking import ask
    from cass.paths import places
    ask(["search"], places(os.environ))
    os._exit(0)
cass.main()
"""


def modules(home: Home, only_ask: bool = False) -> set[str]:
    env = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(embedders.REPO), "TZ": "UTC", **home.env}
    code = MODULES.format(only_ask=only_ask)
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, check=False, env=env, cwd=home.home, capture_output=True, text=True)
    return set(done.stderr.split())


def test_whoever_asks_loads_almost_nothing(home: Home):
    """Five files of ours, and the smaller half of Python's sockets; without a worker not even that."""
    alone = modules(home, only_ask=True)
    with worker(home):
        asking = modules(home)

    ours = {name for name in asking if name.startswith("cass")}
    assert ours == {f"cass{name}" for name in ("", ".records", ".paths", ".asking", ".calling", ".clock", ".frames")}
    assert "_socket" in asking and not {"socket", "json", "re", "select"} & asking
    assert not {"_socket", "cass.calling", "cass.frames"} & alone
