"""The worker's model serves other processes, and the worker says what it has done for them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cass.daemon.heard import Heard, heard
from cass.render.worker_text import answering
from cass.semantic.embedders import wire
from cass.semantic.embedders.onnx import open_model
from cass.semantic.embedders.sidecar import SidecarEmbedder, Wanted
from cass.semantic.manifest import FAST, QUALITY
from cass.store.worker_state import read_state
from tests.archive import Home, make_home
from tests.daemon import embedders
from tests.journeys.test_asking_the_worker import AS_IT_IS, answered, patient, said, socket_of, worker
from tests.search.tiers import MODEL, backfill, install

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="unix sockets")


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    home = make_home(tmp_path)
    home.claude("old", "walrus tusks are long", "the walrus eats clams", workspace="/w/one")
    home.claude("new", "a narwhal has one tooth", "so a walrus has two", title="teeth")
    with embedders.short_folder() as folder:
        home.env["CASS_RUNTIME_DIR"] = f"{folder}/run"
        home.index()
        yield home


@pytest.fixture
def beyond(home: Home) -> Home:
    """With vectors of both tiers, and time for a busy machine."""
    pytest.importorskip("onnxruntime")
    install(home)
    backfill(home, FAST, QUALITY)
    home.env["CASS_SEMANTIC_WAIT_MS"] = "30000"
    return home


def test_what_the_command_line_says_of_meaning_holds_there(beyond: Home):
    """An option for a setting counts for more than the file, in the worker as well."""
    del beyond.env["CASS_SEMANTIC_WAIT_MS"]
    asking = ["--json", "which of the animals has teeth like that one", *AS_IT_IS]
    ways = [["--semantic-wait", "30s"], ["--semantic-embedder", "hash"], ["--semantic-mode", "lexical"]]
    alone = [said(beyond, *asking, *way) for way in ways]
    with worker(beyond):
        asked = [said(beyond, *asking, *way) for way in ways]

        assert answered(beyond) == len(ways)
    assert asked == alone
    assert ['"quality"]' in each[0] for each in alone] == [True, False, False]


TEXTS = ["which of the animals has teeth", "", "walrus", "which of the animals has teeth"]


@pytest.mark.parametrize("purpose", [wire.QUERY, wire.BACKFILL])
def test_it_embeds(beyond: Home, purpose: str):
    """What its model makes of each text by itself, for whoever speaks its frames."""
    model = open_model(str(beyond.data), MODEL)
    assert model is not None
    model.load()
    with worker(beyond):
        embedder = SidecarEmbedder(f"unix://{socket_of(beyond)}", Wanted(model.embedder_id), purpose)
        embedder.load()
        found = embedder.embed(TEXTS)
        told = embedder.ping()

    assert found == [model.embed([text])[0] for text in TEXTS]
    assert (told["embedded"], told["answered"], told["data"]) == (len(TEXTS), 0, str(beyond.data))


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [(Wanted(dimension=768), "floats, not 768"), (Wanted(model="other-1"), "not other-1"), (Wanted(revision="9"), "9")],
)
def test_it_embeds_for_nobody_who_wants_another_model(beyond: Home, wanted: Wanted, reason: str):
    """It says which one it has."""
    with worker(beyond):
        embedder = SidecarEmbedder(f"unix://{socket_of(beyond)}", wanted)
        embedder.load()

    assert embedder.status == "error"
    assert reason in str(embedder.reason)


def test_without_a_model_it_embeds_nothing(home: Home):
    """It is asked for, and says what is missing; searches are answered all the same."""
    with worker(home):
        embedder = SidecarEmbedder(f"unix://{socket_of(home)}")
        embedder.load()

        assert "no model minilm is installed" in str(embedder.reason)
        assert said(home, "--json", "walrus")[2] == 0


def test_who_searches_by_itself_asks_its_model(beyond: Home):
    """Where that is open: a screen, say, or `--explain`, which the worker does not write."""
    asking = ["--json", "which of the animals has teeth like that one", *AS_IT_IS]
    with worker(beyond):
        said(beyond, *asking)
        (beyond.data / "derived" / "models" / MODEL / "model.onnx").unlink()
        explained = said(beyond, *asking, "--explain")
        without = patient(beyond, "search", *asking, "--explain", env={"CASS_EMBEDDER_MODE": "inline"})

        assert answered(beyond) == 1
    assert '"answered_by": ["lexical", "fast", "quality"]' in explained[0]
    assert '"answered_by": ["lexical", "fast"]' in without.stdout


def test_it_says_what_it_has_done(home: Home):
    """Whoever asks `cass worker` hears it from the worker itself; without one there is nothing to hear."""
    with worker(home):
        said(home, "--json", "walrus")
        while (state := read_state(str(home.data))) is None:
            pass
        told = heard(home.places, embedders.GONE_S)
    url = f"unix://{socket_of(home)}"

    assert told == Heard(url, commands=1, texts=0, since_ms=told.since_ms)
    assert str(answering(told)).startswith("other processes: 1 search and 0 texts since ")
    # Since it began to listen, not since it took its last rest.
    assert told.since_ms is not None and told.since_ms <= state.started_ms
    assert heard(home.places).why_not is not None
