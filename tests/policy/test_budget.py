"""May so much be written?  One question, four answers, in an order that counts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cass.policy import BudgetDecision, SemanticPolicy
from cass.records import replace

MB = 1_048_576
POLICY = SemanticPolicy.compiled_defaults()
Allowed, OverBudgetWarn = BudgetDecision.Allowed, BudgetDecision.OverBudgetWarn
DiskPressureDeny, ModelTooLarge = BudgetDecision.DiskPressureDeny, BudgetDecision.ModelTooLarge
# From the best answer to the worst.
WORDS = ["allowed", "over_budget_warn", "disk_pressure_deny", "model_too_large"]

sizes = st.integers(0, 2000 * MB)


@pytest.mark.parametrize(
    ("write_mb", "used_mb", "free_mb", "max_model_mb", "decision"),
    [
        (90, 100, 1000, 300, Allowed()),
        (90, 450, 1000, 300, OverBudgetWarn(used_mb=540, budget_mb=500)),
        (90, 0, 250, 300, DiskPressureDeny(free_mb=250, min_required_mb=200)),
        (350, 0, 1000, 300, ModelTooLarge(model_mb=350, max_mb=300)),
        (350, 0, 1000, None, Allowed()),
        (300, 0, 1000, 300, Allowed()),
        (300, 200, 500, 300, Allowed()),
        (0.5, 499.75, 1000, None, OverBudgetWarn(used_mb=500.25, budget_mb=500)),
        (350, 900, 0, 300, ModelTooLarge(model_mb=350, max_mb=300)),
        (90, 900, 10, 300, DiskPressureDeny(free_mb=10, min_required_mb=200)),
    ],
)
def test_the_contract_s_examples(
    write_mb: float, used_mb: float, free_mb: float, max_model_mb: float | None, decision: BudgetDecision
) -> None:
    """A model has a cap, files of vectors have none; a full disk comes before a full budget."""
    assert POLICY.check_budget(write_mb, used_mb, free_mb, max_model_mb) == decision


@pytest.mark.parametrize(
    ("write_bytes", "used_bytes", "free_bytes", "word"),
    [
        (300 * MB, 0, 1000 * MB, "allowed"),
        (300 * MB + 1, 0, 1000 * MB, "model_too_large"),
        (1, 0, 200 * MB + 1, "allowed"),
        (2, 0, 200 * MB + 1, "disk_pressure_deny"),
        (1, 500 * MB - 1, 1000 * MB, "allowed"),
        (2, 500 * MB - 1, 1000 * MB, "over_budget_warn"),
    ],
)
def test_limits_hold_to_the_byte(write_bytes: int, used_bytes: int, free_bytes: int, word: str) -> None:
    """What is exactly as large as allowed is allowed; one byte more is not."""
    assert POLICY.check_budget_bytes(write_bytes, used_bytes, free_bytes, 300 * MB).word == word


def test_the_limits_come_from_the_policy() -> None:
    """Another budget and another floor give other answers."""
    narrow = replace(POLICY, semantic_budget_mb=10, min_free_disk_mb=995)

    assert narrow.check_budget(6, 5, 1001) == OverBudgetWarn(11, 10)
    assert narrow.check_budget(6, 0, 1000) == DiskPressureDeny(1000, 995)


def test_only_some_answers_let_a_write_go_on() -> None:
    """Over budget is allowed once room has been made, and has no room before that."""
    answers = [Allowed(), OverBudgetWarn(2, 1), DiskPressureDeny(1, 2), ModelTooLarge(2, 1)]

    assert [(answer.word, answer.is_allowed, answer.has_room) for answer in answers] == [
        ("allowed", True, True),
        ("over_budget_warn", True, False),
        ("disk_pressure_deny", False, False),
        ("model_too_large", False, False),
    ]


def test_every_answer_is_a_budget_decision() -> None:
    """`isinstance` knows the family, and knows who does not belong to it."""
    assert all(isinstance(answer, BudgetDecision) for answer in (Allowed(), OverBudgetWarn(2, 1)))
    assert issubclass(ModelTooLarge, BudgetDecision)
    assert not isinstance(POLICY, BudgetDecision)
    assert not isinstance("Allowed", BudgetDecision)


@given(sizes, sizes, sizes, st.none() | sizes)
def test_the_first_reason_wins(write: int, used: int, free: int, cap: int | None) -> None:
    """Too large for a model, then the disk, then the budget: whatever else is true, the first one is said."""
    expected = [
        word
        for word, holds in (
            ("model_too_large", cap is not None and write > cap),
            ("disk_pressure_deny", free - write < 200 * MB),
            ("over_budget_warn", used + write > 500 * MB),
            ("allowed", True),
        )
        if holds
    ]

    assert POLICY.check_budget_bytes(write, used, free, cap).word == expected[0]


@given(sizes, sizes, sizes, st.none() | sizes, sizes)
def test_asking_for_more_never_gets_a_better_answer(
    write: int, used: int, free: int, cap: int | None, more: int
) -> None:
    """A larger write, more in use or a fuller disk: the answer stays or gets worse."""
    before = _badness(POLICY.check_budget_bytes(write, used, free, cap))

    assert _badness(POLICY.check_budget_bytes(write + more, used, free, cap)) >= before
    assert _badness(POLICY.check_budget_bytes(write, used + more, free, cap)) >= before
    assert _badness(POLICY.check_budget_bytes(write, used, max(free - more, 0), cap)) >= before


def _badness(decision: BudgetDecision) -> int:
    return WORDS.index(decision.word)


@given(sizes, sizes, sizes)
def test_megabytes_and_bytes_agree(write: int, used: int, free: int) -> None:
    """The same question in MB has the same answer, to the byte."""
    in_mb = POLICY.check_budget(write / MB, used / MB, free / MB, 300)

    assert in_mb == POLICY.check_budget_bytes(write, used, free, 300 * MB)
