"""What a request of `cass serve` asks of a command: its options, by their names."""

from __future__ import annotations

import pytest

from cass.cli.serving import routes
from cass.cli.table import command
from cass.errors import NotFound, UsageError


def options(path: str, query: str = "") -> dict[str, object]:
    route, named, _ = routes.found("GET", path)
    assert route is not None
    return routes.invocation(route, named, query).options


def test_parameters_are_the_options_by_their_long_names() -> None:
    found = options("/v1/search", "query=no+pool&limit=3&agent=codex&agent=pi&literal=true&diverse&exclude-session=ab")

    assert found["query"] == ["no pool"]
    assert (found["limit"], found["agent"], found["literal"]) == (3, ["codex", "pi"], True)
    assert (found["diverse"], found["exclude_session"], found["json"]) == (0.5, ["ab"], True)


def test_a_switch_may_be_off() -> None:
    assert options("/v1/search", "literal=false")["literal"] is False
    assert options("/v1/search", "diverse=false")["diverse"] == "off"


@pytest.mark.parametrize(
    ("query", "what"),
    [
        ("limits=3", "The nearest is limit"),
        ("jsonl=true", "there is no parameter 'jsonl'"),
        ("stdio=true", "there is no parameter 'stdio'"),
        ("data-dir=/tmp", "there is no parameter 'data-dir'"),
        ("limit=few", "'few' is not such a number"),
        ("limit=-1", "'-1' is not such a number"),
        ("limit=10001", "10001 is too much"),
        ("limit=999999999999999999999", "is too much"),
        ("limit=1&limit=2", "limit is said twice"),
        ("literal=perhaps", "'perhaps' is neither true nor false"),
        ("sort=best", "'best' is not one of its values"),
        ("query=a%00b", "query has a NUL character"),
        ("&".join(["agent=pi"] * 101), "more than 100 parameters"),
    ],
)
def test_what_is_wrong_with_them_is_said(query: str, what: str) -> None:
    """Nothing is left out in silence."""
    with pytest.raises(UsageError) as lost:
        options("/v1/search", query)

    assert what in str(lost.value)


def test_a_path_names_a_session_or_a_message() -> None:
    assert options("/v1/sessions/3fa9c2e1")["id"] == "3fa9c2e1"
    assert options("/v1/messages/3fa9c2e1:42", "context=1")["id"] == "3fa9c2e1:42"
    with pytest.raises(NotFound):
        options("/v1/messages/3fa9c2e1")


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/search/", "/v1/sessions/", "/v1/sessions/a/b", "/v1/messages"])
def test_other_paths_are_none(path: str) -> None:
    """Nor does a file's path name a session here."""
    assert routes.found("GET", path) == (None, "", ())


def test_another_method_is_told_which_one_there_is() -> None:
    assert routes.found("POST", "/v1/search") == (None, "", ("GET", "HEAD"))


@pytest.mark.parametrize("name", sorted({route.command for route in routes.ROUTES if route.command}))
def test_what_a_command_takes_a_request_may_say(name: str) -> None:
    """Save how it is printed, and the settings of the meaning."""
    taken = {f"--{key}" for key in routes.parameters(name)}
    left = {option.name for option in command(name).options if not option.hidden} - taken

    assert {name for name in left if not name.startswith("--semantic")} <= set(routes.NOT_ASKED)
