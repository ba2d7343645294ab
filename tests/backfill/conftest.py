"""Archives for ticks."""

from __future__ import annotations

from pathlib import Path

import pytest

from cass.backfill import tier as tier_module
from cass.backfill.tier import Batch
from cass.semantic.manifest import FAST, QUALITY
from tests.backfill.working import Fussy, Working, home_with


@pytest.fixture
def working(tmp_path: Path) -> Working:
    return Working(home_with(tmp_path), fast=Fussy())


@pytest.fixture
def batches_of_four(monkeypatch: pytest.MonkeyPatch) -> None:
    batch = Batch(4, 100_000, 4)
    monkeypatch.setattr(tier_module, "BATCHES", {FAST: batch, QUALITY: batch})
