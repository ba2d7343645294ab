"""What `cass serve` answers: what the commands print."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cass import clock
from cass.cli import edge
from cass.cli.lane import Invocation
from cass.cli.serving import metrics, routes
from cass.cli.serving.app import App
from cass.cli.serving.guard import Guard
from cass.records import replace
from cass.semantic.manifest import FAST, QUALITY
from tests.archive import Home, make_home
from tests.cli.serving import Caller, in_path
from tests.schemas.checking import faults
from tests.search.tiers import backfill, install

KEY = "AKIA" + "ZQ3XW7RT5VB2NM4K"  # in two pieces, lest a scanner of this repository report it
TOKEN = "a-token-of-some-length"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """Two sessions; the process is in their home."""
    home = make_home(tmp_path)
    home.claude("pool", "the pool timed out", "raise the pool size", title="Pool")
    home.claude("key", f"the pool of keys holds {KEY}")
    home.index()
    for name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR", "CASS_SESSION_ID"):
        monkeypatch.delenv(name, raising=False)
    for name, value in home.env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.chdir(home.home)
    return home


def printed(capfd: pytest.CaptureFixture[str], *argv: str) -> Any:
    capfd.readouterr()
    assert edge.run([*argv, "--json"]) == 0
    return without_times(json.loads(capfd.readouterr().out))


def without_times(said: Any) -> Any:
    said.get("meta", {}).pop("took_ms", None)
    return said


def session(home: Home, words: str) -> str:
    return home.search(words).hits[0].sid


def test_a_search_is_answered_as_the_command_prints_it(home: Home, capfd: pytest.CaptureFixture[str]) -> None:
    caller = Caller(home)

    found = caller.get("/v1/search", query="pool size", limit=2, group="none")

    assert found.status == 200
    assert without_times(found.json) == printed(capfd, "search", "pool", "size", "--limit", "2", "--group", "none")


def test_so_is_all_else(home: Home, capfd: pytest.CaptureFixture[str]) -> None:
    caller, sid = Caller(home), session(home, "timed out")

    assert caller.get("/v1/sessions", limit=1).json == printed(capfd, "sessions", "-n", "1")
    assert caller.get(f"/v1/sessions/{sid}").json == printed(capfd, "show", sid)
    assert caller.get(f"/v1/messages/{sid}:1", context=0).json == printed(capfd, "show", f"{sid}:1", "-C", "0")
    assert caller.get("/v1/pack", query="pool").json == printed(capfd, "pack", "pool")
    assert caller.get("/v1/status", brief="true").json.keys() == printed(capfd, "status", "--brief").keys()


def test_what_was_written_since_is_found(home: Home) -> None:
    caller = Caller(home)
    home.claude("new", "a wombat digs")

    assert caller.get("/v1/search", query="wombat").json["count"] == 1


def test_errors_have_a_status_and_the_words_of_the_command(home: Home) -> None:
    caller = Caller(home)

    found = [
        caller.get("/v1/search", limit="few"),
        caller.get("/v1/search", agent="codx"),
        caller.get("/v1/search", since="someday"),
        caller.get("/v1/sessions/ffffffff"),
        caller.get(f"/v1/messages/{session(home, 'timed')}:99"),
        caller.get("/v1/elsewhere"),
        caller.post("/v1/search", {}),
    ]

    assert [(one.status, one.kind) for one in found] == [
        (400, "usage"),
        (400, "unknown-agent"),
        (400, "bad-date"),
        (404, "not-found"),
        (404, "not-found"),
        (404, "not-found"),
        (405, "method-not-allowed"),
    ]
    assert found[-1].headers["Allow"] == "GET, HEAD"
    assert [faults("error", one.json) for one in found[:5]] == [[]] * 5


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [("/v1/search", "query=pool", 200), ("/v1/health", "", 200), ("/metrics", "", 200), ("/v1/nowhere", "", 404)],
)
def test_head_is_get_without_the_body(home: Home, path: str, query: str, status: int) -> None:
    """Whoever watches asks so: the same status and headers."""
    caller = Caller(home)

    head, get = [caller.ask(method, path, query, {}) for method in ("HEAD", "GET")]

    assert (head.status, head.body, head.headers.keys()) == (status, "", get.headers.keys())
    assert int(head.headers["Content-Length"]) > 0


def test_head_asks_nothing_that_post_does(home: Home) -> None:
    refused = Caller(home).ask("HEAD", "/v1/index", "", {})

    assert (refused.status, refused.headers["Allow"], refused.body) == (405, "POST", "")


def test_a_file_of_this_machine_is_no_session(home: Home) -> None:
    """The command takes a path; a caller need not learn which files there are."""
    (path,) = [str(each) for each in home.home.rglob("pool*.jsonl")]

    assert Caller(home).get(f"/v1/sessions/{path}").status == 404


def test_without_an_archive_it_says_what_to_do(tmp_path: Path) -> None:
    home = make_home(tmp_path)
    found = Caller(home).get("/v1/sessions")

    assert (found.status, found.kind) == (503, "missing-index")
    assert "cass index" in found.json["error"]["hint"]


def test_secrets_are_masked_and_opened_only_where_callers_are_known(home: Home) -> None:
    bearer = {"HTTP_AUTHORIZATION": f"Bearer {TOKEN}"}

    masked = Caller(home).get("/v1/search", query="keys")
    refused = Caller(home).get("/v1/search", query="keys", show_secrets="true")
    opened = Caller(home, TOKEN).get("/v1/search", bearer, query="keys", show_secrets="true")

    assert KEY not in masked.body
    assert (refused.status, refused.kind) == (403, "forbidden")
    assert KEY in opened.body


def test_nothing_is_to_be_kept_by_those_on_the_way(home: Home) -> None:
    caller = Caller(home)
    found = [caller.get("/v1/search"), caller.get("/v1/nothing"), caller.get("/metrics")]

    assert [one.headers["Cache-Control"] for one in found] == ["no-store"] * 3
    assert [one.headers["X-Content-Type-Options"] for one in found] == ["nosniff"] * 3


def test_what_was_asked_for_is_not_logged(home: Home) -> None:
    caller = Caller(home)
    caller.get("/v1/search", query="pool")

    (line,) = caller.said
    assert line.startswith("GET /v1/search 200 ") and "pool" not in line


def test_a_bug_is_said_however_little_is(home: Home) -> None:
    caller = Caller(home)

    def fail(asked: Invocation) -> str:
        raise ZeroDivisionError("odd")

    caller.app = App(Guard(clock.monotonic_s, "", ()), replace(caller.services, command=fail))
    found = caller.get("/v1/search", query="pool")

    assert (found.status, found.kind, len(caller.complained)) == (500, "bug", 1)
    assert "ZeroDivisionError: odd" in caller.complained[0]


def test_it_is_ready_when_the_archive_is(home: Home, tmp_path: Path) -> None:
    ready = Caller(home).get("/v1/ready")
    empty = Caller(make_home(tmp_path / "empty")).get("/v1/ready")

    assert (ready.status, ready.json["ready"]) == (200, True)
    assert ready.json["parts"]["lexical"] == {"state": "ok", "reason": None}
    assert (empty.status, empty.json["parts"]["archive"]["state"]) == (503, "missing")


def test_while_it_ends_everybody_is_told_so(home: Home) -> None:
    caller = Caller(home)
    caller.app.is_ending = True
    found = caller.get("/v1/health")

    assert (found.status, found.kind) == (503, "shutting-down")


def test_metrics_count_by_route_and_status_alone(home: Home) -> None:
    """However many paths are tried."""
    caller = Caller(home)
    caller.get("/v1/search", query="pool")
    for number in range(50):
        caller.get(f"/v1/nothing/{number}")
    text = caller.get("/metrics").body

    assert 'cass_http_requests_total{route="/v1/search",status="200"} 1' in text
    assert f'cass_http_requests_total{{route="{metrics.OTHER}",status="404"}} 50' in text
    assert text.count("cass_http_requests_total{") == 2
    assert 'cass_http_request_seconds_count{route="/v1/search"} 1' in text


def test_the_document_describes_every_route(home: Home) -> None:
    """With the options of the command table, and the schema of what was really answered."""
    document = Caller(home).get("/v1/openapi.json").json
    said = {(method.upper(), path) for path, operations in document["paths"].items() for method in operations}
    search, listed = (document["paths"][path]["get"] for path in ("/v1/search", "/v1/sessions"))

    assert said == {(route.method, route.path) for route in routes.ROUTES}
    assert {one["name"] for one in search["parameters"]} == {"query", *routes.parameters("search")}
    assert listed["responses"]["200"]["content"]["application/json"]["schema"] == {
        "$ref": "#/components/schemas/sessions"
    }


def test_ids_are_taken_as_they_are_written(home: Home) -> None:
    found = Caller(home).get(f"/v1/sessions/{in_path('ä ö')}")

    assert found.status == 404


def test_the_document_knows_each_kind_of_refusal(home: Home) -> None:
    """Also those that no command ends with."""
    caller = Caller(home, TOKEN)
    bearer = {"HTTP_AUTHORIZATION": f"Bearer {TOKEN}"}
    found = [
        caller.get("/v1/search"),
        caller.get("/v1/search", {"HTTP_ORIGIN": "null"}),
        caller.ask("PUT", "/v1/search", "", bearer),
    ]
    error = caller.get("/v1/openapi.json", bearer).json["components"]["schemas"]["error"]

    kinds = [one.kind for one in found]
    assert kinds == ["unauthorized", "forbidden", "method-not-allowed"]
    assert set(kinds) <= set(error["$defs"]["error"]["properties"]["kind"]["enum"])


def test_the_first_question_does_not_wait_for_the_model(home: Home) -> None:
    """It is answered by words, and says why; the model is open for the next ones."""
    pytest.importorskip("onnxruntime")
    install(home)
    backfill(home, FAST, QUALITY)
    answer = Caller(home).get("/v1/search", query="what has to be done about the pool")

    assert answer.status == 200
    assert answer.json["hits"]
    assert answer.json["meta"]["answered_by"] == ["lexical", "fast"]
    assert answer.json["meta"]["notes"] == [
        "the quality tier did not take part: its model is being opened; ask again in a moment"
    ]
