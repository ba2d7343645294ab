"""What cass itself printed into a session is not what the session said."""

from __future__ import annotations

import shutil

import pytest

from tests.archive import Home, answers, calls, make_home, says
from tests.search.asking import found


@pytest.fixture(scope="module", params=["indexed", "no index"])
def home(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = make_home(tmp_path_factory.mktemp("own"))
    ask = says("assistant", calls("Bash", "c1", command="cass search walrus --json"))
    both = says("assistant", "let me ask about penguins", calls("Bash", "c2", command="cass search walrus"))
    home.claude("asked", "find it", ask, says("user", answers("c1", "walrus quagga okapi")), both)
    home.claude("other", "the walrus, not an okapi", says("assistant", calls("Bash", "c3", command="ls walrus")))
    home.index()
    if request.param == "no index":
        shutil.rmtree(home.places.lexical)
    return home


@pytest.mark.parametrize(
    ("text", "without", "included"),
    [
        ("walrus", {"other"}, {"asked", "other"}),
        ("quagga", set(), {"asked"}),
        ("okapi", {"other"}, {"asked", "other"}),
        ("penguins", {"asked"}, {"asked"}),
        ("penguins walrus", set(), set()),
        ("tool:bash", {"asked", "other"}, {"asked", "other"}),
    ],
)
def test_own_words_are_left_out(home: Home, text: str, without: set[str], included: set[str]) -> None:
    """A search does not find itself, unless it is asked to."""
    assert found(home, text, match="all") == without
    assert found(home, text, match="all", include_self=True) == included


def test_own_words_are_left_out_literally(home: Home) -> None:
    """-F, too."""
    assert found(home, "walrus quagga", literal=True) == set()
    assert found(home, "walrus quagga", literal=True, include_self=True) == {"asked"}
