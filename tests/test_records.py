"""Records: frozen values, also where so many of one class were made that their initialiser was compiled."""

from __future__ import annotations

import pytest

from cass.records import record, replace


@record
class Pair:
    """Two values, the second with a default."""

    first: int
    second: str = "b"


def made_often() -> Pair:
    """One of a class of which many were made."""
    return [Pair(1) for _ in range(100)][-1]


def test_a_record_made_often_is_the_same_value() -> None:
    """The compiled initialiser gives what the first one gave, by place and by name."""
    often = made_often()

    assert (often, hash(often), type(often)) == (Pair(1, "b"), hash(Pair(first=1, second="b")), Pair)
    assert replace(often, second="c") == Pair(1, "c")


def test_a_record_made_often_is_frozen() -> None:
    """The compiled initialiser sets its fields, and nobody else does."""
    with pytest.raises(AttributeError, match=r"Pair\.first is frozen"):
        made_often().first = 2  # type: ignore[misc]


def test_a_record_made_often_still_counts_its_arguments() -> None:
    """A field that is missing or unknown is a TypeError."""
    made_often()

    with pytest.raises(TypeError):
        Pair()  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        Pair(1, third=3)  # type: ignore[call-arg]
