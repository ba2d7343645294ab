"""What somebody pasted, or a program sent, in the place of a question: it is answered, and says what was looked for."""

from __future__ import annotations

import pytest

from cass.search.many import MOST_CHARS, MOST_CONDITIONS
from cass.search.request import Results
from tests.archive import Home, make_home

PATH = "/".join(f"folder{n}" for n in range(400))
MANY = 20_000


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = make_home(tmp_path_factory.mktemp("pasted"))
    home.claude("deep", f"it lies in {PATH}/walrus", "the penguin")
    home.index()
    return home


def said(results: Results) -> str:
    return " ".join(results.notes)


@pytest.mark.parametrize("form", [f"{PATH}/walrus", f'"{PATH}/walrus"'], ids=["a word", "words in quotes"])
def test_a_word_of_thousands_of_signs_is_looked_for_by_its_beginning(home: Home, form: str) -> None:
    """As far as whole words reach: half a word would be found nowhere."""
    assert len(PATH) > MOST_CHARS
    results = home.search(form, grouped=False)

    assert [hit.external_id for hit in results.hits] == ["deep"]
    assert "too long" in said(results)


@pytest.mark.parametrize("sign", ["x*", "http://", "a-", "(", "ab"])
def test_a_sign_that_is_repeated_is_answered(home: Home, sign: str) -> None:
    """Each of its parts cost a look for all the others, some half a minute."""
    assert home.search(sign * MANY).total == 0


@pytest.mark.parametrize(
    "condition",
    ["title:walrus{}", "-walrus{}", '"the walrus{}"', "(title:walrus{} OR title:seal{})", "path:walrus{}"],
)
def test_so_many_conditions_hold_and_no_more(home: Home, condition: str) -> None:
    results = home.search("penguin " + " ".join(condition.replace("{}", str(n)) for n in range(MANY // 10)))

    assert f"conditions are too many: the first {MOST_CONDITIONS} hold" in said(results)


def test_a_condition_that_is_repeated_counts_once(home: Home) -> None:
    results = home.search("penguin " + "role:assistant " * MANY)

    assert (results.total, results.notes) == (1, ())
