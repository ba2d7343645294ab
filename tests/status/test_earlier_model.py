"""Vectors of an earlier model: they serve, and `status` says that they are owed."""

from __future__ import annotations

import shutil
from pathlib import Path

from cass.semantic.embedders.hash_version import FEATURES
from cass.semantic.manifest import FAST, QUALITY
from cass.semantic.models import folder_of
from tests.archive import make_home
from tests.status.test_semantic import Named, backfilling, model_in, said

LINES = 7


def test_what_an_earlier_model_made_serves_and_is_owed(tmp_path: Path) -> None:
    """The model was installed anew: the same space of vectors, in other numbers."""
    home = make_home(tmp_path)
    home.claude("s", *[f"walrus number {n} has tusks" for n in range(LINES)])
    home.index()
    made = backfilling(home)
    made.embedders["minilm"] = Named("minilm-384")
    made.run(FAST, QUALITY)
    model_in(home, FEATURES)
    before = said(home, made.policy)
    shutil.rmtree(folder_of(home.places.data, "minilm"))
    model_in(home, "another")

    report = said(home, made.policy)

    assert (before.backlog.quality, report.backlog.quality) == (0, LINES)
    assert (report.quality_tier.documents, report.quality_tier.coverage) == (LINES, 1.0)
    assert "quality 100% (some of an earlier model, to be made anew)" in home.cass("status").stdout
    owed = f"{LINES} texts of the quality tier (until then the vectors of an earlier model serve)"
    assert owed in " ".join(home.cass("worker").stdout.split())
