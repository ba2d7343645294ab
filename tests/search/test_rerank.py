"""A reranker orders the best hits once more, where it is wanted, installed and quick enough; else nothing changes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from cass.policy import DEFAULT_RERANKER
from cass.search import rerank
from cass.search.engine import search
from cass.search.request import RERANK_DEPTH, Freshness, Request, Results
from cass.search.rerank import BATCH
from cass.semantic.cross_encoder import CrossEncoder
from cass.semantic.models import find
from cass.settings.table import BY_KEY
from tests.archive import Home, make_home
from tests.schemas.checking import faults
from tests.search.asking import names, say
from tests.search.reranker_made import put_reranker

TEXTS = {
    "best": "walrus walrus walrus",
    "next": "a walrus z",
    "last": "a walrus that sleeps zzz among others, for a long while, on the ice",
}
BY_WORDS, BY_MODEL = ["best", "next", "last"], ["last", "next", "best"]
ON = (("search.rerank", True),)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    pytest.importorskip("onnxruntime")
    home = say(make_home(tmp_path), **TEXTS)
    put_reranker(home.data)
    return home


def test_it_is_off_unless_it_is_wanted(home: Home) -> None:
    assert names(home.search("walrus")) == BY_WORDS
    assert names(home.search("walrus", semantic=(("search.rerank", False),))) == BY_WORDS


def test_the_hits_come_in_the_models_order(home: Home) -> None:
    """Each with the score of the place where it stands now, so that scores still fall."""
    before, after = home.search("walrus"), home.search("walrus", semantic=ON)

    assert names(after) == BY_MODEL
    assert [hit.score for hit in after.hits] == [hit.score for hit in before.hits]
    assert (after.notes, after.total, after.answered_by) == (before.notes, before.total, before.answered_by)


def test_only_so_many_hits_are_read(home: Home) -> None:
    """Those behind them stay behind them."""
    assert names(home.search("walrus", semantic=(*ON, ("search.rerank_depth", 2)))) == ["next", "best", "last"]


@pytest.mark.parametrize("batch", [1, 2, 3])
def test_how_many_at_a_time_changes_nothing(home: Home, batch: int) -> None:
    assert names(home.search("walrus", semantic=(*ON, ("search.rerank_batch", batch)))) == BY_MODEL


def test_every_page_is_a_part_of_one_order(home: Home) -> None:
    """Also where the first page would have asked for fewer candidates."""
    pages = [home.search("walrus", limit=1, offset=at, semantic=ON) for at in range(3)]

    assert [name for page in pages for name in names(page)] == BY_MODEL


@pytest.mark.parametrize(
    "wish", [{"mode": "lexical_only"}, {"sort": "oldest"}, {"counts_only": True}, {"match": "all"}, {"literal": True}]
)
def test_what_is_about_words_is_left_to_them(home: Home, wish: dict[str, object]) -> None:
    plain, asked = home.search("walrus", **wish), home.search("walrus", semantic=ON, **wish)

    assert (names(asked), asked.notes) == (names(plain), plain.notes)


@pytest.mark.parametrize("text", ['"a walrus"', "+walrus sleeps", "walrus -best"])
def test_conditions_are_not_judged(home: Home, text: str) -> None:
    """A model cannot say whether a hit fulfils them."""
    assert names(home.search(text, semantic=ON)) == names(home.search(text))


def test_a_name_is_left_to_the_words(tmp_path: Path) -> None:
    """Who types `parse_file` means these letters."""
    pytest.importorskip("onnxruntime")
    home = say(make_home(tmp_path), best="parse_file parse_file", last="parse_file zzz and so much more of it")
    put_reranker(home.data)

    assert names(home.search("parse_file", semantic=ON)) == ["best", "last"]


def test_without_its_model_the_answer_stays_and_says_so(tmp_path: Path) -> None:
    """With the command that installs it."""
    home = say(make_home(tmp_path), **TEXTS)

    answer = home.search("walrus", semantic=ON)

    assert names(answer) == BY_WORDS
    assert f"cass models install {DEFAULT_RERANKER} --from FOLDER" in answer.notes[-1]


@pytest.mark.parametrize("damage", [b"", b"no model at all"])
def test_a_damaged_model_keeps_the_order(home: Home, damage: bytes) -> None:
    (home.data / "derived" / "models" / DEFAULT_RERANKER / "model.onnx").write_bytes(damage)

    answer = home.search("walrus", semantic=ON)

    assert names(answer) == BY_WORDS
    assert "did not take part: model.onnx is not what was installed" in answer.notes[-1]


def test_scores_that_are_no_numbers_keep_the_order(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    home = say(make_home(tmp_path), **TEXTS)
    put_reranker(home.data, weight=float("nan"))

    answer = home.search("walrus", semantic=ON)

    assert names(answer) == BY_WORDS
    assert "scores that are no numbers" in answer.notes[-1]


class Slow(CrossEncoder):
    """The model, on a clock of the test's own: each batch takes 400 ms."""

    now_s = 0.0

    def scores(self, question: str, texts: Sequence[str]) -> list[float]:
        Slow.now_s += 0.4
        return super().scores(question, texts)


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    def opened(data: str, name: str, threads: int, once: bool) -> Slow | None:
        model = find(data, name)
        return Slow(model, threads, once=once) if model is not None else None

    Slow.now_s = 0.0
    monkeypatch.setattr(rerank, "open_reranker", opened)


def asked(home: Home, wait_ms: int, **wishes: Any) -> Results:
    """The answer to one batch of a single hit after the other."""
    semantic = (*ON, ("semantic_wait_ms", wait_ms), ("search.rerank_batch", 1))
    request = Request("walrus", semantic=semantic, **wishes)
    return search(home.places, request, home.now_ms, lambda: Slow.now_s, str(home.home), Freshness())


def test_what_was_read_in_time_is_ordered(home: Home, slow: None) -> None:
    """The best hits are read first; when the time is over, the others stay behind them in their order."""
    answer = asked(home, 700)

    assert names(answer) == ["next", "best", "last"]
    assert answer.notes[-1].startswith(f"the reranker {DEFAULT_RERANKER} did not finish: the time was over")


def test_who_has_time_for_nothing_does_not_begin(home: Home, slow: None) -> None:
    """What the first hits took last time decides, and the answer says so."""
    asked(home, 700)
    answer = asked(home, 300)

    assert names(answer) == BY_WORDS
    assert "it took 400 ms last time, a search waits 300" in answer.notes[-1]
    assert Slow.now_s == pytest.approx(0.8)


def test_the_tables_defaults_are_those_that_are_used() -> None:
    assert (BY_KEY["search.rerank_depth"].default, BY_KEY["search.rerank_batch"].default) == (RERANK_DEPTH, BATCH)


def test_explain_tells_what_it_did_and_what_it_gave(home: Home) -> None:
    """Beside the other lists, with the model's own score."""
    env = {"CASS_SEARCH_RERANK": "true", "CASS_SEMANTIC_WAIT_MS": "60s"}
    told = json.loads(home.cass("search", "walrus", "--explain", "--json", "--refresh", "off", env=env).stdout)
    stages = {stage["stage"]: stage["did"] for stage in told["meta"]["stages"]}

    assert faults("search", told) == []
    assert stages["rerank"] == f"{DEFAULT_RERANKER} read 3 hits and moved 2"
    assert [hit["explain"]["lists"]["reranker"] for hit in told["hits"]] == [
        {"rank": 1, "score": 3.0},
        {"rank": 2, "score": 1.0},
        {"rank": 3, "score": 0.0},
    ]


@pytest.mark.parametrize(
    ("words", "env", "why"),
    [
        (("walrus",), {}, "search.rerank is off"),
        (("walrus", "--mode", "lexical"), {"CASS_SEARCH_RERANK": "1"}, "the mode is lexical"),
        (("walrus", "--sort", "newest"), {"CASS_SEARCH_RERANK": "1"}, "the answer is about words alone"),
        (("role:user",), {"CASS_SEARCH_RERANK": "1"}, "the query has conditions, which a model cannot judge"),
        (("sleeps",), {"CASS_SEARCH_RERANK": "1"}, "there are no two hits to order"),
        (("walrus", "--semantic-reranker", "other"), {"CASS_SEARCH_RERANK": "1"}, "its model is not installed"),
    ],
)
def test_explain_tells_why_it_did_nothing(home: Home, words: tuple[str, ...], env: dict[str, str], why: str) -> None:
    told = json.loads(home.cass("search", *words, "--explain", "--json", "--refresh", "off", env=env).stdout)
    stages = {stage["stage"]: stage["did"] for stage in told["meta"]["stages"]}

    assert stages["rerank"].startswith(f"skipped: {why}")
