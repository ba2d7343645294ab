"""Whether strict mode is answered, as `status` and `doctor` say it: by the rule that a search follows."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from cass.policy import SemanticCapabilityReport, SemanticMode, SemanticPolicy
from cass.records import replace
from cass.semantic.manifest import FAST, QUALITY
from cass.status.semantic import is_answered, report
from cass.store.connect import open_reader
from tests.archive import DAY_MS, MINUTE_MS, NOW_MS, Home, make_home
from tests.status.tiers import HERE, Named, backfilling, model_in

LINES = 30


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = make_home(tmp_path)
    home.claude("s", *[f"walrus number {n} has tusks" for n in range(LINES)])
    home.index()
    return home


def with_both_tiers(home: Home) -> SemanticPolicy:
    """All vectors, under a policy that asks for them."""
    made = backfilling(home)
    made.policy = replace(made.policy, mode=SemanticMode.STRICT_SEMANTIC)
    made.embedders["minilm"] = Named("minilm-384")
    made.run(FAST, QUALITY)
    model_in(home)
    return made.policy


def found(home: Home, policy: SemanticPolicy) -> SemanticCapabilityReport:
    connection = open_reader(home.places.database)
    assert connection is not None
    try:
        return report(policy, home.places, connection, remote=HERE)
    finally:
        connection.close()


def is_search_answered(home: Home, policy: SemanticPolicy) -> bool:
    connection = open_reader(home.places.database)
    assert connection is not None
    try:
        said = report(policy, home.places, connection, remote=HERE)
        return is_answered(said, policy, home.places, connection, home.now_ms)
    finally:
        connection.close()


def test_strict_asks_for_the_fast_tier_too(home: Home) -> None:
    """Where only the better one was made, no such search is answered, and that is what is said."""
    policy = with_both_tiers(home)
    before = is_search_answered(home, policy)
    shutil.rmtree(Path(home.places.vectors, FAST))

    said = found(home, policy)

    assert (before, is_search_answered(home, policy)) == (True, False)
    assert (said.reason, said.next_step) == ("no vectors of the fast tier are built yet", "cass backfill")


@pytest.mark.parametrize(("lines", "age_ms", "answered"), [(1, DAY_MS, True), (2, DAY_MS, False), (9, MINUTE_MS, True)])
def test_strict_asks_for_what_is_old_enough(home: Home, lines: int, age_ms: int, answered: bool) -> None:
    """A twentieth of that may be missing, as for a search; the worker has not had its turn with what is younger."""
    policy = with_both_tiers(home)
    lines_said = [f"wombat number {number} digs" for number in range(lines)]
    home.claude("later", *lines_said, start_ms=NOW_MS - age_ms)
    home.index()

    assert is_search_answered(home, policy) is answered


def test_strict_is_not_content_with_what_is_young(home: Home) -> None:
    """However much of all texts the tiers have: most are younger than what they lack."""
    home.claude(
        "young", *[f"quokka number {number} smiles" for number in range(9 * LINES)], start_ms=NOW_MS - MINUTE_MS
    )
    home.index()
    policy = with_both_tiers(home)
    assert is_search_answered(home, policy)
    home.claude("old", *[f"bilby number {number} hides" for number in range(3)])
    home.index()

    assert found(home, policy).quality_tier.coverage > 0.95
    assert not is_search_answered(home, policy)
