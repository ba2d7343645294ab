"""Whatever is done in whatever order: the budget holds, and the tier has what it was given, less what it was told."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from cass.semantic.vector_upkeep import compact, mend, verify
from tests.semantic.filling import RECIPES, Watch, many, used
from tests.semantic.shelves import MB, NOW_MS, ids_in, opened

BUDGET_MB = 0.4
BUDGET = BUDGET_MB * MB

ids = st.integers(1, 6_000)
counts = st.integers(1, 1_500)
tiers = st.sampled_from(sorted(RECIPES))
steps = st.lists(
    st.tuples(st.just("append"), tiers, ids, counts)
    | st.tuples(st.just("remove"), tiers, ids, counts)
    | st.tuples(st.just("compact"), tiers, ids, counts),
    max_size=14,
)


@settings(max_examples=25, deadline=None)
@given(steps, st.booleans())
def test_the_budget_holds_and_nothing_else_is_lost(work: list[tuple[str, str, int, int]], shares: bool) -> None:
    """A text is there once, with its own vector, unless it was refused, removed or evicted."""
    with tempfile.TemporaryDirectory() as folder:
        watch = Watch(Path(folder), BUDGET_MB, shares)
        shelf = watch.budget.shelf
        had: dict[str, set[int]] = {tier: set() for tier in RECIPES}
        for what, tier, first, count in work:
            span = range(first + count - 1, first - 1, -1)
            evicted = ()
            if what == "append":
                done = watch.writer(tier).append(many(tier, span))
                evicted = done.evicted
                had[tier] |= set(span) - set(done.refused)
            elif what == "remove":
                watch.writer(tier).remove(span)
                had[tier] -= set(span)
            else:
                compact(watch.budget, tier, lambda: NOW_MS)
            for name in RECIPES:
                now = set(ids_in(shelf, name))
                assert now <= had[name]
                assert now == had[name] or evicted or what == "remove"
                had[name] = now
                assert verify(shelf, name) == ()
        assert max(watch.used, default=0) <= BUDGET
        assert used(Path(folder)) == watch.budget.used_bytes()
        before = {name: sorted(had[name]) for name in RECIPES}
        assert [mend(shelf, name) for name in RECIPES] == [(), ()]
        assert {name: ids_in(shelf, name) for name in RECIPES} == before
        for name in RECIPES:
            if had[name]:
                tier_now = opened(shelf, name)
                assert tier_now.count == tier_now.documents == len(had[name])
