"""When an embedder fails: a text that is to blame is given up alone, and no text pays for the embedder's own faults."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from cass.backfill import tier as tier_module
from cass.backfill.embedding import TOO_MANY
from cass.backfill.tier import Batch
from cass.semantic.embedders.base import EmbedderTransportError
from cass.semantic.manifest import FAST, QUALITY
from cass.store import ledger
from cass.store.attempts import BACK_OFF_MS, MAX_ATTEMPTS
from tests.backfill.working import POISON, Fussy, Working, home_with

HOUR_MS = 3_600_000


class Dead(Fussy):
    """Cannot do anything, and does not say that it is its own fault."""

    def embed(self, texts: Sequence[str]) -> Any:
        self.asked += texts
        raise EmbedderTransportError("the server is away")


class Away(Fussy):
    """A server that went away, knows it, and says when to ask again."""

    def embed(self, texts: Sequence[str]) -> Any:
        self.status = "error"
        self.reason = "connection refused"
        raise EmbedderTransportError("connection refused", retry_after_s=30)


class GoesAway(Fussy):
    """Works for some calls, then no more."""

    calls = 2

    def embed(self, texts: Sequence[str]) -> Any:
        self.calls -= 1
        if self.calls < 0:
            raise EmbedderTransportError("the server is away")
        return super().embed(texts)


def poisoned(folder: Path, texts: int = 300) -> Working:
    """An archive of that many texts, one of them poison."""
    home = home_with(folder, sessions=texts // 50, lines=50)
    home.claude("bad", f"this text is {POISON}")
    home.index()
    return Working(home, fast=Fussy())


def attempts(working: Working) -> list[Any]:
    return working.ask("SELECT text, tier, embedder, count, error FROM attempts")


def test_one_poisoned_text_is_found_among_many(tmp_path: Path) -> None:
    """Its neighbours get their vectors; only it counts an attempt, with the error in its words."""
    working = poisoned(tmp_path)

    done = working.fast()

    assert (done.texts, done.failed, done.left) == (300, 1, 1)
    assert POISON not in " ".join(working.texts())
    ((text, tier, embedder, count, error),) = attempts(working)
    assert working.all_texts()[text] == f"this text is {POISON}"
    assert (tier, embedder, count, error) == ("fast", "hash-64-v2", 1, "poison was refused")


def test_a_poisoned_text_is_given_up(tmp_path: Path) -> None:
    """It is tried three times, longer and longer apart, and never again."""
    working = poisoned(tmp_path, texts=50)
    tried = []
    for _ in range(MAX_ATTEMPTS + 2):
        tried.append(working.fast())
        working.now_ms += HOUR_MS

    assert [done.failed for done in tried] == [1, 1, 1, 0, 0]
    assert [done.left for done in tried] == [1, 1, 0, 0, 0]
    assert [done.dead for done in tried] == [0, 0, 1, 1, 1]
    assert tried[-1].coverage == 50 / 51


def test_after_how_many_failures_is_a_wish(tmp_path: Path) -> None:
    """Of each run: what one gave up is tried again by another that allows more."""
    working = poisoned(tmp_path, texts=50)
    tried = []
    for most in (1, 1, 2, 2):
        tried.append(working.fast(max_attempts=most))
        working.now_ms += HOUR_MS

    assert [(done.failed, done.dead, done.left) for done in tried] == [(1, 1, 0), (0, 1, 0), (1, 1, 0), (0, 1, 0)]


def test_a_failed_text_waits(tmp_path: Path) -> None:
    """Not due yet, it is left alone, and still owed."""
    working = poisoned(tmp_path, texts=50)
    working.fast()
    working.now_ms += BACK_OFF_MS[0] - 1

    waiting = working.fast()
    working.now_ms += 1

    assert (waiting.failed, waiting.left) == (0, 1)
    assert working.fast().failed == 1


def test_what_waits_is_owed(tmp_path: Path) -> None:
    """Whoever comes back knows when: not before, since it would find nothing to do, and not never."""
    working = poisoned(tmp_path, texts=50)
    stops = []
    for _ in range(MAX_ATTEMPTS):
        stops.append(working.fast().stopped)
        working.now_ms += 1000
        stops.append(working.fast().stopped)
        working.now_ms += HOUR_MS

    soon, later = BACK_OFF_MS[0] / 1000, BACK_OFF_MS[1] / 1000
    assert [stop and (stop.word, stop.retry_after_s) for stop in stops] == [
        *[("waiting", soon), ("waiting", soon - 1)],
        *[("waiting", later), ("waiting", later - 1)],
        *[None, None],
    ]
    assert stops[0] is not None
    assert stops[0].reason == "a text that failed waits for its next try"


def test_force_does_not_wait(tmp_path: Path) -> None:
    working = poisoned(tmp_path, texts=50)
    working.fast()

    assert working.fast(force=True).failed == 1


def test_a_text_that_goes_in_at_last_is_forgotten(tmp_path: Path) -> None:
    """An attempt that succeeded leaves no trace of those before."""
    working = poisoned(tmp_path, texts=50)
    working.fast()
    working.embedders["hash"] = Fussy(refuses="no such word")
    working.now_ms += HOUR_MS

    assert working.fast().texts == 1
    assert attempts(working) == []


def test_two_poisoned_texts_that_are_left_alone_are_given_up_too(tmp_path: Path) -> None:
    """That all of a batch failed says nothing where the embedder can still do other texts."""
    working = poisoned(tmp_path, texts=50)
    working.home.claude("worse", f"this too is {POISON}")
    working.home.index()
    for _ in range(MAX_ATTEMPTS):
        done = working.fast()
        working.now_ms += HOUR_MS

    assert (done.dead, done.left) == (2, 0)


def test_many_poisoned_texts_that_are_left_alone_are_given_up_too(tmp_path: Path) -> None:
    """Each failed while its neighbours did not: that only they are left does not make it the embedder's fault."""
    working = poisoned(tmp_path, texts=50)
    for number in range(TOO_MANY):
        working.home.claude(f"worse{number}", f"this too is {POISON}, number {number}")
    working.home.index()
    for _ in range(MAX_ATTEMPTS):
        done = working.fast()
        working.now_ms += HOUR_MS

    assert (done.dead, done.left, done.stopped) == (TOO_MANY + 1, 0, None)


def test_an_embedder_that_always_fails_is_nobodys_fault(tmp_path: Path) -> None:
    """No text counts an attempt, however often it is tried; the tier rests and says why."""
    dead = Dead()
    working = Working(home_with(tmp_path), fast=dead)
    for _ in range(5):
        done = working.fast()
        working.now_ms += HOUR_MS

    assert [text for text, *_ in attempts(working)] == [0]
    assert done.stopped is not None
    assert (done.stopped.word, done.left, done.dead) == ("embedder_failed", 12, 0)
    assert "the server is away" in done.stopped.reason
    # All texts at once, then a word that says nothing: the texts are not tried one by one.
    assert len(dead.asked) == 5 * (12 + 1)


def test_an_embedder_that_refuses_every_text_is_nobodys_fault(tmp_path: Path) -> None:
    """It can do the probe and nothing else: that many texts are not poison."""
    working = Working(home_with(tmp_path), fast=Fussy(refuses="walrus"))

    done = working.fast()

    assert (done.failed, done.left) == (0, 12)
    assert [text for text, *_ in attempts(working)] == [0]


def test_a_tier_rests_after_a_failure(tmp_path: Path) -> None:
    """As long as the embedder advises; --force does not wait."""
    away = Away()
    working = Working(home_with(tmp_path), fast=away)
    failed = working.fast()
    working.embedders["hash"] = Fussy()
    working.now_ms += 29_000

    resting = working.fast()

    assert failed.stopped is not None
    assert resting.stopped is not None
    assert (failed.stopped.retry_after_s, resting.stopped.retry_after_s) == (30, 1)
    assert (resting.stopped.word, resting.texts, resting.left) == ("resting", 0, 12)
    assert working.fast(force=True).texts == 12


def test_a_rest_ends(tmp_path: Path) -> None:
    """Then the tier works again, and nothing is left of the rest."""
    working = Working(home_with(tmp_path), fast=Away())
    working.fast()
    working.embedders["hash"] = Fussy()
    working.now_ms += 30_000

    assert working.fast().texts == 12
    assert attempts(working) == []


def test_what_was_embedded_before_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An embedder that goes away in the middle of a batch loses nothing of what it did."""
    batch = Batch(100, 100_000, 4)
    monkeypatch.setattr(tier_module, "BATCHES", {FAST: batch, QUALITY: batch})
    working = Working(home_with(tmp_path), fast=GoesAway())

    done = working.fast()

    assert (done.texts, done.left) == (8, 4)
    assert len(working.ids()) == 8


def test_an_embedder_that_cannot_be_loaded(tmp_path: Path) -> None:
    """It says why; the other tier does its work."""

    class Broken(Fussy):
        def load(self) -> None:
            self.reason = "the file is torn"

        @property
        def is_loaded(self) -> bool:
            return False

    working = Working(home_with(tmp_path), quality=Broken())

    fast, quality = working.run(FAST, QUALITY).tiers

    assert (fast.texts, quality.texts) == (12, 0)
    assert quality.stopped is not None
    assert (quality.stopped.word, quality.stopped.todo) == ("embedder_failed", "cass models verify")
    assert "the file is torn" in quality.stopped.reason


def test_a_locked_archive_loses_no_attempt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process writes for long: the vectors stand, and what failed is simply tried again."""
    monkeypatch.setattr(ledger, "WAIT_S", 0.0)
    working = poisoned(tmp_path, texts=50)
    other = sqlite3.connect(working.home.places.database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    done = working.fast()
    other.execute("ROLLBACK")
    other.close()

    assert (done.texts, done.failed, done.left) == (50, 1, 1)
    assert attempts(working) == []
    assert working.fast().failed == 1
