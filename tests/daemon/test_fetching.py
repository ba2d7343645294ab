"""The worker fetches a model where the download policy lets it, and at no other time."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from cass.daemon.fetching import HOUR_MS, Fetching, due, run_apart
from cass.daemon.keeping import EVERY_S, Keeping, is_anything_due
from cass.daemon.spawn import python
from cass.semantic.models import consent_ms, note_consent, withdraw_consent
from cass.settings.quick import load
from cass.store.events import EVICTED, FETCH, Event, note_events
from cass.store.ledger import Ledger
from tests.archive import NOW_MS, Home, make_home

POLICY = "CASS_SEMANTIC_DOWNLOAD_POLICY"


class World:
    """A worker that fetches, with a clock and an installation that a test holds."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.now_ms, self.now_s = NOW_MS, 0.0
        self.quiet = True
        self.fails: str | None = None
        self.ran: list[list[str]] = []
        self.notes: list[tuple[str, str]] = []
        self.begun: list[str] = []

    def run(self, after_s: float = 0.0, flags: Mapping[str, object] | None = None, words: Sequence[str] = ()) -> bool:
        """What a worker does that has just begun."""
        self.now_ms += round(after_s * 1000)
        fetching = Fetching(self.home.places, self.home.env, flags, words, self.install)
        keeping = Keeping(
            self.home.places,
            self.home.env,
            lambda: self.now_ms,
            lambda: self.now_s,
            lambda: False,
            lambda: self.quiet,
            self.note,
            self.begun.append,
            fetching,
        )
        return keeping.run()

    def install(self, command: Sequence[str], env: Mapping[str, str], must_stop: Callable[[], bool]) -> str | None:
        self.ran.append(list(command))
        if self.fails is None:
            (self.home.data / "derived" / "models" / "minilm").mkdir(parents=True)
        return self.fails

    def note(self, kind: str, what: str) -> None:
        """As the worker does."""
        self.notes.append((kind, what))
        ledger = Ledger(self.home.places.database)
        ledger.note(lambda connection: note_events(connection, [Event(self.now_ms, kind, what)]))
        ledger.close()

    def due(self) -> bool:
        return is_anything_due(self.home.places, self.home.env, self.now_ms)


@pytest.fixture
def world(tmp_path: Path) -> World:
    home = make_home(tmp_path)
    home.env |= {"CASS_CONFIG_DIR": str(tmp_path / "config"), "CASS_CACHE_DIR": str(tmp_path / "cache")}
    home.env["CASS_ARCHIVE"] = "off"
    home.claude("one", "where is the quokka", "in its burrow")
    home.index()
    return World(home)


def test_nothing_is_fetched_unless_the_policy_says_so(world: World):
    """Whatever was agreed to."""
    note_consent(str(world.home.data), NOW_MS)

    assert not world.due()
    world.run()
    assert (world.ran, world.notes) == ([], [])


@pytest.mark.parametrize("policy", ["budget_gated", "automatic"])
def test_a_policy_that_is_set_fetches_the_model(world: World, policy: str):
    """As `cass models install` does, which makes it a worker's work; the agreement is written down with its date."""
    world.home.env[POLICY] = policy

    assert world.due()
    assert world.run()

    (command,) = world.ran
    assert command[-6:] == ["models", "install", "minilm", "--quiet", "--data-dir", str(world.home.data)]
    assert world.begun == ["the model minilm is fetched"]
    assert consent_ms(str(world.home.data)) == NOW_MS
    assert not world.due()
    assert not world.run(EVERY_S)
    assert len(world.ran) == 1


def test_nobody_is_disturbed_by_it(world: World):
    world.home.env[POLICY] = "automatic"
    world.quiet = False

    world.run()

    assert world.ran == []


def test_a_flag_holds_for_one_worker_and_is_not_written_down(world: World):
    """Its other options go along."""
    words = ["--semantic-download-policy=budget_gated"]

    assert world.run(flags={"download_policy": "budget_gated"}, words=words)

    assert world.ran[0][-1:] == words
    assert consent_ms(str(world.home.data)) is None


@pytest.mark.parametrize("policy", ["budget_gated", "automatic"])
def test_who_removed_the_last_model_does_not_find_it_again(world: World, policy: str):
    """Until they ask for one, or set the policy anew."""
    world.home.env[POLICY] = policy
    withdraw_consent(str(world.home.data))

    assert not world.due()
    world.run()
    assert world.ran == []

    world.home.cass("config", "set", "download_policy", policy)
    assert world.due()


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"CASS_SEMANTIC_MODE": "lexical_only"}, "no vectors are wanted"),
        ({"CASS_SEMANTIC_EMBEDDER": "hash"}, "the quality tier is off"),
        ({"CASS_SEMANTIC_EMBEDDER": "org/other"}, "it is pinned nowhere"),
        ({"CASS_SEMANTIC_MAX_MODEL_SIZE_MB": "10"}, "it is too large"),
        ({"CASS_SEMANTIC_BUDGET_MB": "10"}, "it does not fit"),
        ({"CASS_SEMANTIC_MIN_FREE_DISK_MB": "1000000000"}, "the disk is nearly full"),
    ],
)
def test_what_may_not_be_written_is_not_fetched(world: World, settings: dict[str, str], why: str):
    world.home.env |= {POLICY: "budget_gated", **settings}

    assert not world.due(), why


def test_vectors_go_for_it_by_the_automatic_policy_alone(world: World):
    """They take what the budget leaves beside it; the worker makes the room, whose lock keeps others from it."""
    world.home.cass("backfill", "--tier", "fast")
    world.home.env |= {POLICY: "budget_gated", "CASS_SEMANTIC_BUDGET_MB": "24"}
    filler = world.home.data / "derived" / "vectors" / "fast" / "graph.data"
    filler.write_bytes(bytes(2_000_000))

    assert not world.due()
    world.home.env[POLICY] = "automatic"
    assert world.run()

    assert EVICTED in [kind for kind, _ in world.notes]
    assert not filler.exists()


def test_a_failure_is_an_event_and_tried_again_later_each_time(world: World):
    """Across workers: each that starts would ask the network otherwise."""
    world.home.env[POLICY] = "automatic"
    world.fails = "the hub does not answer"
    hour_s = HOUR_MS / 1000

    tried = []
    for after_s in (0, hour_s / 2, hour_s / 2, hour_s, hour_s):
        world.run(after_s)
        tried.append(len(world.ran))

    assert tried == [1, 1, 2, 2, 3]
    assert world.notes[0] == (FETCH, "minilm could not be fetched: the hub does not answer")
    assert not world.due()


def test_a_damaged_model_is_not_fetched_again(world: World):
    """It is there, and `cass doctor` says what mends it."""
    world.home.env[POLICY] = "automatic"
    (world.home.data / "derived" / "models" / "minilm").mkdir(parents=True)

    assert due(world.home.places, load(world.home.places, world.home.env), NOW_MS) is None


def test_it_is_a_process_of_its_own_that_says_why_it_failed(world: World):
    """Without a network, the last line of what it says."""
    env = {**os.environ, **world.home.env, "HF_HUB_OFFLINE": "1", "PIP_NO_INDEX": "1", "UV_OFFLINE": "1"}
    command = [*python(), "-m", "cass", "models", "install", "minilm", "--quiet", "--data-dir", str(world.home.data)]

    said = run_apart(command, env, lambda: False)

    assert said is not None and said.strip()
    assert "Traceback" not in said


def test_it_ends_when_somebody_comes_back():
    """Within half a second, however long it would take."""
    waits = [*python(), "-c", "import signal; signal.pause()"] if hasattr(os, "fork") else None
    if waits is None:
        pytest.skip("needs signal.pause")

    assert run_apart(waits, dict(os.environ), lambda: True) is not None
