"""`cass models` as a process: what it prints, in words and as JSON, and how it ends."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from cass.semantic.known_models import MINILM
from cass.semantic.manifest import read_manifest
from cass.semantic.model_sources import Wish
from cass.semantic.models import consent_ms, installed, note_consent, standing, unreadable
from cass.store.connect import open_reader
from cass.store.events import REMOVED, last_events
from tests.archive import REPO, Home, make_home
from tests.schemas.checking import faults
from tests.semantic.installing import put
from tests.semantic.shelves import vector, writer_in
from tests.semantic.tiny_model import Tiny, config

pytest.importorskip("onnxruntime")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return make_home(tmp_path)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A user's folder with a tiny model."""
    folder = tmp_path_factory.mktemp("tiny")
    made = Tiny(folder / "files")
    put(made.known, folder / "user", Wish(from_path=str(made.folder)))
    return folder / "user" / "data"


@pytest.fixture
def full(home: Home, tiny: Path) -> Home:
    """A HOME in whose data folder that model is installed."""
    shutil.copytree(tiny, home.data, copy_function=shutil.copy2)
    return home


def said(home: Home, *words: str, code: int = 0, **env: str) -> Any:
    done = home.cass("models", *words, "--json", env=env)
    assert done.returncode == code, done.stdout + done.stderr
    return json.loads(done.stdout)


def test_without_a_model_it_says_how_to_get_one(home: Home) -> None:
    done = home.cass("models")

    assert done.returncode == 0
    assert done.stdout.splitlines() == ["minilm  not installed", "Install it: cass models install minilm"]


def test_models_are_listed(full: Home) -> None:
    """Those that are installed, then those that could be."""
    found = said(full)

    assert faults("models", found) == []
    assert [(each["name"], each["state"], each["verified"]) for each in found["models"]] == [
        ("tiny", "installed", True),
        ("minilm", "missing", False),
    ]
    assert found["models"][0]["revision"] in full.cass("models", "list").stdout


def test_verify_reads_every_byte(full: Home) -> None:
    """A byte that was changed behind everybody's back, its time kept, is found."""
    assert full.cass("models", "verify").stdout == "tiny: every byte and every vector as it should be\n"
    path = full.data / "derived" / "models" / "tiny" / "model.onnx"
    before, data = path.stat(), bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    found = said(full, "verify", code=1)

    assert faults("models", found) == []
    assert found["models"][0]["fault"] == "model.onnx is not what was installed"
    assert "Install it again" in full.cass("models", "verify", "tiny").stdout


def test_a_changed_file_is_noticed_without_reading_it(full: Home) -> None:
    (full.data / "derived" / "models" / "tiny" / "model.onnx").write_bytes(b"")

    found = said(full)

    assert faults("models", found) == []
    assert (found["models"][0]["state"], found["models"][0]["verified"]) == ("damaged", False)


def test_what_happened_is_written_down(full: Home) -> None:
    """An event, and the consent to fetch models, which goes with the last of them."""
    full.claude("one", "a walrus")
    full.index()
    note_consent(str(full.data), 1_767_323_045_000)
    note_consent(str(full.data), 1_767_323_045_999)
    assert consent_ms(str(full.data)) == 1_767_323_045_000

    full.cass("models", "remove", "tiny", "--yes")

    connection = open_reader(full.places.database)
    assert connection is not None
    assert [event.what.split(",")[0] for event in last_events(connection, 9, REMOVED)] == ["tiny"]
    assert consent_ms(str(full.data)) is None


ANOTHER_FORM = {
    "no object": "[]",
    "too deep": "[" * 100_000,
    "files in a list": {"files": []},
    "no files": {"files": {}},
    "half a file": {"files": {"model.onnx": ["0"]}},
    "a file elsewhere": {"files": {"model.onnx": ["0", 1, 1], "../../secret": ["0", 1, 1]}},
    "a word for a time": {"installed_ms": "x"},
    "a number for a name": {"name": 7},
    "another name": {"name": "other"},
    "a word for a share": {"agreement": "x"},
    "a list for a space": {"embedder_id": ["x"]},
}


def spoilt(home: Home, how: str) -> Home:
    """That model, its manifest of another form."""
    path = home.data / "derived" / "models" / "tiny" / "manifest.json"
    spoil = ANOTHER_FORM[how]
    path.write_text(spoil if isinstance(spoil, str) else json.dumps(json.loads(path.read_text()) | spoil))
    return home


@pytest.mark.parametrize("how", ANOTHER_FORM)
def test_a_manifest_of_another_form_is_no_model(full: Home, how: str) -> None:
    """Whatever somebody wrote into it: it is a reason, and never an error."""
    data = str(spoilt(full, how).data)

    assert installed(data) == []
    assert [(one.name, one.looks_whole, one.damage()) for one in standing(data)] == [
        ("tiny", False, "its manifest.json cannot be read")
    ]


def test_a_manifest_of_another_form_costs_no_answer(full: Home) -> None:
    """The words answer as ever, and every command that looks at models says what it is."""
    full.claude("one", "a walrus sleeps")
    full.index()
    env = {"CASS_SEMANTIC_EMBEDDER": "tiny", "CASS_SEMANTIC_WAIT_MS": "20000"}
    full.cass("backfill", env=env)
    spoilt(full, "files in a list")

    found = full.cass("search", "--json", "walrus sleeping", env=env)
    codes = {word: full.cass(word, env=env).returncode for word in ("status", "doctor", "backfill")}

    assert [each["snippet"] for each in json.loads(found.stdout)["hits"]] == ["a walrus sleeps"]
    assert "the quality tier did not take part" in found.stdout
    assert 9 not in codes.values()


def test_what_is_left_of_a_model_is_listed_and_removed(full: Home) -> None:
    """A folder whose manifest is torn takes room, so it is shown, and goes as a whole model does."""
    (full.data / "derived" / "models" / "tiny" / "manifest.json").write_text("{")

    listed, verified = said(full), said(full, "verify", code=1)
    gone = said(full, "remove", "tiny", "--yes")

    assert faults("models", listed) == faults("models", verified) == []
    assert [(one["name"], one["state"], one["fault"]) for one in listed["models"]] == [
        ("tiny", "damaged", "its manifest.json cannot be read"),
        ("minilm", "missing", None),
    ]
    assert gone["freed_bytes"] > 10_000
    assert standing(str(full.data)) == []


def described(folder: Path, **pooling: bool) -> Path:
    """The tiny model as a folder in which its makers say what it is."""
    Tiny(folder)
    (folder / "config.json").write_text(json.dumps(config() | {"max_position_embeddings": 300}))
    (folder / "1_Pooling").mkdir()
    said = pooling or {"pooling_mode_mean_tokens": True, "pooling_mode_cls_token": False}
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(said))
    return folder


def trusting(error: dict[str, str]) -> list[str]:
    """The options that an error tells to say."""
    words = error["hint"].split()
    return words[words.index("--trust") :]


def test_another_model_comes_from_its_folder(home: Home, tmp_path: Path) -> None:
    """Nobody has pinned its files, so both have to be trusted; then it makes vectors of its own length."""
    home.claude("one", "a walrus sleeps", "on the ice")
    home.index()
    words = ["install", "org/Small.v2", "--from", str(described(tmp_path / "small"))]
    refused = said(home, *words, code=2)["error"]

    made = said(home, *words, *trusting(refused))["models"][0]
    env = {"CASS_SEMANTIC_EMBEDDER": "org/Small.v2"}
    filled = json.loads(home.cass("backfill", "--json", env=env).stdout)["tiers"]["quality"]
    found = json.loads(home.cass("search", "--json", "--mode", "strict", "walrus", env=env).stdout)
    status = json.loads(home.cass("status", "--json", env=env).stdout)["semantic"]

    assert len(trusting(refused)) == 4
    assert (made["name"], made["dimension"], made["state"]) == ("org/Small.v2", 32, "installed")
    assert filled["embedder_id"] == made["embedder_id"]
    assert (filled["texts"], filled["stopped"]) == (2, None)
    assert found["meta"]["answered_by"][-1] == "quality"
    assert (status["capability"], status["next_step"]) == ("full_quality", None)
    assert home.cass("models", "verify", "org/Small.v2").returncode == 0
    assert said(home, "remove", "org/Small.v2", "--yes")["freed_bytes"] > 50_000


def test_a_budget_of_a_flag_removes_no_vectors(home: Home, tmp_path: Path) -> None:
    """Where a model does not fit into it beside what stands, the model stays away."""
    home.data.mkdir(exist_ok=True)
    one = vector(1)
    writer_in(home.data).append([(id, 0, id, one) for id in range(14_000)])
    before = read_manifest(str(home.data / "derived" / "vectors" / "fast"))
    words = ["install", "small", "--from", str(described(tmp_path / "small"))]
    trust = trusting(said(home, *words, code=2)["error"])

    refused = home.cass("models", *words, *trust, "--semantic-budget-mb", "1")
    stands = read_manifest(str(home.data / "derived" / "vectors" / "fast"))
    made = said(home, *words, *trust)

    assert refused.returncode != 0
    assert "the budget is 1" in refused.stderr
    assert stands == before
    assert before is not None
    assert made["models"][0]["state"] == "installed"


def test_a_damaged_model_makes_no_vectors(home: Home, tmp_path: Path) -> None:
    """Not one: the tier stops with the reason and the command that mends it."""
    home.claude("one", "a walrus sleeps")
    home.index()
    words = ["install", "small", "--from", str(described(tmp_path / "small"))]
    trust = trusting(said(home, *words, code=2)["error"])
    path = Path(said(home, *words, *trust)["models"][0]["folder"]) / "model.onnx"
    before, data = path.stat(), bytearray(path.read_bytes())
    data[-100] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    env = {"CASS_SEMANTIC_EMBEDDER": "small"}

    tier = json.loads(home.cass("backfill", "--json", env=env).stdout)["tiers"]["quality"]
    mended = said(home, *words, *trust)
    again = json.loads(home.cass("backfill", "--json", env=env).stdout)["tiers"]["quality"]

    assert (tier["texts"], tier["stopped"]["next_step"]) == (0, "cass models install small --from FOLDER")
    assert "model.onnx is not what was installed" in tier["stopped"]["reason"]
    assert (mended["was_there"], again["texts"], again["stopped"]) == (False, 1, None)


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("config.json", '{"model_type": "mpnet"}', "only BERT models"),
        ("config.json", "[1]", "no JSON object"),
        ("config.json", "{", "cannot be read as JSON"),
        ("1_Pooling/config.json", '{"pooling_mode_cls_token": true}', "not the mean"),
        ("modules.json", '[{"type": "a.Transformer"}, {"type": "a.Dense"}]', "a step that cannot be made here: Dense"),
        ("1_Pooling/config.json", None, "there is no"),
        ("model.safetensors", None, "there is no model.safetensors"),
    ],
)
def test_a_model_that_cannot_be_made_here_is_refused(
    home: Home, tmp_path: Path, name: str, text: str | None, reason: str
) -> None:
    """Before anything is written, with what is in the way."""
    path = described(tmp_path / "small") / name
    if text is None:
        path.unlink()
    else:
        path.write_text(text)

    error = said(home, "install", "small", "--from", str(tmp_path / "small"), code=2)["error"]

    assert reason in error["message"]


def test_removing_asks_first(full: Home) -> None:
    """And where nobody can be asked it wants a yes."""
    refused = full.cass("models", "remove", "tiny")
    found = said(full, "remove", "tiny", "--yes")

    assert (refused.returncode, "--yes" in refused.stderr) == (2, True)
    assert faults("models", found) == []
    assert (found["removed"], found["freed_bytes"] > 50_000) == ("tiny", True)
    assert full.cass("models", "remove", "tiny", "--yes").returncode == 1


@pytest.mark.parametrize(
    ("words", "code", "hint"),
    [
        (("frobnicate",), 2, "use list, install, verify, remove"),
        (("install", "nobody"), 2, "use minilm"),
        (("install", "--from", "/nowhere"), 2, "there is nothing at that path"),
        (("install", "--from", os.devnull), 2, "that is neither a folder nor a file"),
        (("list", "minilm", "more"), 2, "one word too many"),
        (("remove",), 2, "NAME is missing"),
        (("verify",), 1, "cass models install"),
        (("verify", "minilm"), 1, "cass models install minilm"),
        (("list", "nobody"), 1, "'nobody' is not installed"),
        (("verify", "nobody"), 1, "see them all: cass models"),
    ],
)
def test_what_cannot_be_done_is_said(home: Home, words: tuple[str, ...], code: int, hint: str) -> None:
    done = home.cass("models", *words)

    assert (done.returncode, done.stdout) == (code, "")
    assert hint.lower() in done.stderr.lower()


def test_without_a_network_the_error_says_what_to_do(home: Home) -> None:
    """Exit 4, and nothing on disk that looks like a model."""
    env = {"HF_ENDPOINT": "http://127.0.0.1:9", "PIP_INDEX_URL": "http://127.0.0.1:9", "PIP_CONFIG_FILE": "/dev/null"}

    found = said(home, "install", code=4, **env)["error"]

    assert (found["kind"], found["retryable"]) == ("network", True)
    assert "--from" in found["hint"] and found["message"].count("it cannot be reached") == 2
    assert said(home)["models"][0]["state"] == "missing"


def test_the_settings_count(home: Home) -> None:
    """A budget without room refuses before anything is fetched."""
    done = home.cass("models", "install", env={"CASS_SEMANTIC_BUDGET_MB": "10"})

    assert (done.returncode, done.stdout) == (10, "")
    assert "the budget is 10" in done.stderr and "semantic_budget_mb" in done.stderr


def test_what_is_pinned_is_the_published_model() -> None:
    """Its weights have the hash under which they are known everywhere."""
    pinned = {name: sha256 for name, (sha256, _) in MINILM.files.items()}

    assert pinned["model.safetensors"] == "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
    assert all(len(sha256) == 64 for sha256 in pinned.values())


def test_a_copy_with_other_times_is_whole_once_it_was_verified(full: Home) -> None:
    """A data folder that came out of a backup is not suspected for ever."""
    [model] = installed(str(full.data))
    for one in model.files:
        os.utime(Path(model.folder) / one.name)
    assert not model.looks_whole

    full.cass("models", "verify")

    assert installed(str(full.data))[0].looks_whole


def test_a_model_without_a_readable_manifest_is_told_from_none(full: Home) -> None:
    """Its files are there; to install it again mends it."""
    [model] = installed(str(full.data))
    assert unreadable(str(full.data), model.name) is None
    (Path(model.folder) / "manifest.json").write_bytes(b"{")

    assert unreadable(str(full.data), model.name) == f"the model {model.name}'s manifest.json cannot be read"
    assert unreadable(str(full.data), "nobody") is None


BLOCKED = """
import sys
class Nothing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("numpy", "onnxruntime"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Nothing())
"""


def test_where_libraries_are_missing_that_is_what_is_said(home: Home, tmp_path: Path) -> None:
    """Before anything is fetched; a model that is there already says so, too, and the words answer."""
    home.claude("one", "a walrus sleeps")
    home.index()
    folder = described(tmp_path / "small")
    trust = trusting(said(home, "install", "small", "--from", str(folder), code=2)["error"])
    said(home, "install", "small", "--from", str(folder), *trust)
    (tmp_path / "block").mkdir()
    (tmp_path / "block" / "sitecustomize.py").write_text(BLOCKED)
    env = {"PYTHONPATH": f"{tmp_path / 'block'}{os.pathsep}{REPO}", "CASS_SEMANTIC_EMBEDDER": "small"}

    error = json.loads(home.cass("models", "install", "--json", env=env).stdout)["error"]
    verdict = home.cass("models", "verify", env=env)
    tier = json.loads(home.cass("backfill", "--json", env=env).stdout)["tiers"]["quality"]

    assert error["message"] == "no model runs without numpy, onnxruntime, which cannot be imported"
    assert "it does not run: numpy, onnxruntime cannot be imported" in verdict.stdout
    assert (tier["texts"], tier["stopped"]["next_step"]) == (0, "install cass again, with its dependencies")
    assert home.cass("search", "walrus", env=env).returncode == 0
