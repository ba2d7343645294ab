"""Fetch the quality tier's model where the download policy lets the worker do that, and the user has agreed once.

`cass models install` does it, as a process of its own: its memory goes with it, and what it has downloaded when
somebody comes back waits for the next try.
"""

from __future__ import annotations

import os
import subprocess

from cass.daemon.spawn import PACKAGE_PARENT, python
from cass.disk import bytes_left, folder_bytes
from cass.policy import MB, ModelDownloadPolicy, SemanticArtifactKind
from cass.semantic.artifacts import Shelf
from cass.semantic.budget import Budget
from cass.semantic.embedders.table import embedder_row
from cass.semantic.known_models import KNOWN
from cass.semantic.models import consent_ms, folder_of, is_withdrawn, note_consent
from cass.settings.quick import load
from cass.store.connect import open_reader
from cass.store.events import EVICTED, FETCH, gone_text, last_events
from cass.store.refusals import SqliteErrors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cass.paths import Places
    from cass.policy import BudgetDecision, SemanticPolicy
    from cass.semantic.known_models import KnownModel
    from cass.settings.quick import Settings

    Run = Callable[[Sequence[str], Mapping[str, str], Callable[[], bool]], str | None]

HOUR_MS = 3_600_000
# After a failure; twice as long after each that follows, up to a day.
MOST_DOUBLINGS = 5
LONGEST_REST_MS = 24 * HOUR_MS
LOOK_S = 0.5
REASON_CHARS = 200


class Fetching:
    """One worker's.  flags, words: those of its command line · run: see `run_apart`."""

    def __init__(
        self,
        places: Places,
        env: Mapping[str, str],
        flags: Mapping[str, object] | None = None,
        words: Sequence[str] = (),
        run: Run | None = None,
    ) -> None:
        self._places = places
        self._env = env
        self._flags = flags
        self._words = words
        self._run = run or run_apart

    def fetch_if_due(
        self,
        now_ms: int,
        must_stop: Callable[[], bool],
        note: Callable[[str, str], None],
        begin: Callable[[str], None],
    ) -> bool:
        """Fetch what is missing, if it may be; True if it is there now.  A failure is an event.

        The caller holds the worker's lock.  Raises CassError where the archive cannot be read.
        """
        settings = load(self._places, self._env, self._flags)
        model = due(self._places, settings, now_ms)
        if model is None:
            return False
        if settings.source("download_policy") != "cli":
            note_consent(self._places.data, now_ms)
        self._make_room(settings.policy(), model, note)
        begin(f"the model {model.name} is fetched")
        command = [*python(), "-m", "cass", "models", "install", model.name, "--quiet"]
        lost = self._run([*command, "--data-dir", self._places.data, *self._words], self._env, must_stop)
        if lost is not None and not must_stop():
            note(FETCH, f"{model.name} could not be fetched: {lost}")
        return lost is None

    def _make_room(self, policy: SemanticPolicy, model: KnownModel, note: Callable[[str, str], None]) -> None:
        """Who asks for it beside a worker is refused where vectors would have to go for it."""
        data = self._places.data
        budget = Budget(policy, Shelf.below(data), lambda: bytes_left(data))
        for gone in budget.make_room(SemanticArtifactKind.MODEL_FILES, _bytes(model)).evicted:
            note(EVICTED, gone_text(gone.kind, gone.name, gone.size_bytes, gone.why))


def due(places: Places, settings: Settings, now_ms: int) -> KnownModel | None:
    """The model that the settings ask for, that is not there, and that a worker may fetch now; None without one.

    Raises CassError where the archive cannot be read.
    """
    policy = settings.policy()
    if policy.download_policy == ModelDownloadPolicy.OPT_IN or not policy.wants_quality_tier:
        return None
    model = KNOWN.get(embedder_row(policy.quality_tier_embedder).name)
    if model is None or os.path.exists(folder_of(places.data, model.name)) or is_withdrawn(places.data):
        return None
    # Whoever sets the policy has agreed by that.
    consented = consent_ms(places.data) is not None or settings.source("download_policy") != "compiled_default"
    if not policy.download_policy.lets_worker_fetch(_decision(places, policy, model), consented):
        return None
    return None if _rests(places, now_ms) else model


def _decision(places: Places, policy: SemanticPolicy, model: KnownModel) -> BudgetDecision:
    used = folder_bytes(places.models) + folder_bytes(places.vectors)
    return policy.check_budget_bytes(_bytes(model), used, bytes_left(places.data), policy.max_model_size_mb * MB)


def _bytes(model: KnownModel) -> int:
    """What it takes in the form that is tried first."""
    return min(model.sizes.values())


def _rests(places: Places, now_ms: int) -> bool:
    """Did it fail not long ago?"""
    with SqliteErrors(places.database):
        connection = open_reader(places.database)
        if connection is None:
            return False
        try:
            failed = last_events(connection, MOST_DOUBLINGS + 1, FETCH)
        finally:
            connection.close()
    if not failed:
        return False
    rest_ms = min(HOUR_MS << (len(failed) - 1), LONGEST_REST_MS)
    return failed[0].at_ms <= now_ms < failed[0].at_ms + rest_ms


def run_apart(command: Sequence[str], env: Mapping[str, str], must_stop: Callable[[], bool]) -> str | None:
    """Run it until it is done or `must_stop`; why it failed, None where it did not."""
    try:
        process = subprocess.Popen(
            list(command),
            env=dict(env),
            cwd=PACKAGE_PARENT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        )
    except OSError as bad:
        return f"it cannot be started: {bad.strerror}"
    with process:
        while True:
            try:
                said = process.communicate(timeout=LOOK_S)[1]
            except subprocess.TimeoutExpired:
                if must_stop():
                    process.terminate()
                continue
            break
    if process.returncode == 0:
        return None
    return (said.strip().splitlines() or [f"exit {process.returncode}"])[-1][:REASON_CHARS]
