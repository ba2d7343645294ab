"""When a search asks the model, what it waits for it, and what it remembers of that."""

from __future__ import annotations

import gc
import json
import os
import shutil
import sys
import threading
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from cass.asking import socket_path
from cass.daemon.warm import WarmModel
from cass.search import engine, filling
from cass.search.beyond import wants_quality
from cass.search.engine import search
from cass.search.meaning import policy_of
from cass.search.quality import AHEAD, INSTALLED, USUAL_MS, WARM, Cost, in_time
from cass.search.request import Freshness, Request, Results
from cass.search.warm import Warm
from cass.search.weighing import ALL_FILLED, FILLED
from cass.semantic.embedders.base import EmbedderTransportError
from cass.semantic.manifest import FAST, QUALITY
from cass.semantic.segments import OpenSegment
from tests.archive import NOW_MS, REPO, Home, make_home
from tests.cli.test_cold import loaded_by
from tests.search.tiers import MODEL, backfill, install

LINES = 12
SECOND_MS = 1000


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A session of twelve texts with vectors in both tiers."""
    pytest.importorskip("onnxruntime")
    folder = tmp_path_factory.mktemp("good")
    home = make_home(folder)
    install(home)
    home.claude("old", *[f"walrus number {n} has tusks" for n in range(LINES)])
    home.index()
    backfill(home, FAST, QUALITY)
    return folder


@pytest.fixture
def home(good: Path, tmp_path: Path) -> Home:
    shutil.copytree(good, tmp_path, dirs_exist_ok=True, copy_function=shutil.copy2)
    return Home(tmp_path)


def test_keywords_whose_page_the_words_fill_ask_no_vectors(home: Home) -> None:
    """They could only add behind that page; programs are told, and a further page asks them."""
    page = home.search("walrus tusks", grouped=False, limit=5)
    rest = home.search("walrus tusks", grouped=False, limit=5, offset=10)

    assert (page.answered_by, page.asides, page.notes) == (("lexical",), (ALL_FILLED,), ())
    assert (rest.answered_by, rest.asides) == (("lexical", "fast", "quality"), ())
    assert page.coverage == rest.coverage


@pytest.mark.parametrize("text", ["walrus tusks", "walrus tusks number iceberg"], ids=["all", "most"])
def test_what_asks_no_vectors_loads_nothing_that_asks_them(home: Home, text: str) -> None:
    """A cold search that the words answer is hardly slower with vectors than without."""
    asked = ["search", text, "--json", "--refresh", "off", "--group", "none", "-n", "5"]
    told = f"import os; os.environ.update({home.env!r}); from cass.cli.edge import run; run("
    rest = {"cass.search.meaning", "cass.policy", "cass.semantic.vectors"}

    assert not loaded_by(f"{told}{asked!r})") & (rest | {"hashlib"})
    assert rest <= loaded_by(f"{told}{[*asked, '--offset', '10']!r})")


@pytest.mark.parametrize("mode", ["hybrid_preferred", "lexical_only", "strict_semantic"])
@pytest.mark.parametrize("embedder", ["minilm", "hash", "openai"])
def test_the_policy_and_the_search_agree_on_whether_there_is_a_quality_tier(mode: str, embedder: str) -> None:
    """The search says it by itself, since loading the policy takes as long as all else it has to say."""
    values = {"mode": mode, "quality_tier_embedder": embedder}

    assert wants_quality(values) == policy_of(values).wants_quality_tier
    assert wants_quality({}) == policy_of({}).wants_quality_tier


@pytest.mark.parametrize("limit", [5, 50], ids=["the words fill the page", "vectors are asked"])
def test_a_quality_tier_that_is_switched_off_covers_nothing(home: Home, limit: int) -> None:
    """Its vectors stand until the next backfill, and no search asks them."""
    off = (("quality_tier_embedder", "hash"),)

    assert dict(home.search("walrus tusks", grouped=False, limit=limit).coverage)["quality"] == 1.0
    assert dict(home.search("walrus tusks", grouped=False, limit=limit, semantic=off).coverage)["quality"] == 0.0


def test_a_page_that_is_filled_to_the_last_place_is_filled(home: Home) -> None:
    """The model is not woken; whether there is another page the fast tier tells."""
    whole = home.search("walrus tusks", grouped=False, limit=LINES)

    assert (whole.answered_by, whole.asides) == (("lexical", "fast"), (FILLED,))


def test_a_page_is_the_same_whoever_was_asked(home: Home) -> None:
    """Hits, their order and their scores."""
    page, whole = (home.search("walrus tusks", grouped=False, limit=limit) for limit in (5, LINES))

    assert [(hit.doc, hit.rank) for hit in page.hits] == [(hit.doc, hit.rank) for hit in whole.hits[:5]]
    assert [hit.score for hit in page.hits] == pytest.approx([hit.score for hit in whole.hits[:5]], abs=1e-4)


def test_a_sentence_asks_the_model_whatever_the_words_fill(home: Home) -> None:
    """No message has all of its words, so the model may put another one first."""
    asked = home.search("what did the walrus say to the number of tusks", grouped=False, limit=5)

    assert asked.answered_by == ("lexical", "fast", "quality")


def test_what_stands_behind_the_words_first_hits_is_semantic_only_without_any_of_them(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The model may put first what has some of the words, and is not among the best that these found."""
    for room, name, value in ((engine, "LEAST_FETCHED", 2), (engine, "FETCH_TIMES", 1), (filling, "MOST_FETCHED", 1)):
        monkeypatch.setattr(room, name, value)
    by_meaning = (("search.weights", "lexical=0.001,fast=0,quality=10"),)
    home.claude("ice", *[f"walrus on {'thin ' * n}ice" for n in range(LINES)])
    home.index()
    backfill(home, QUALITY)

    asked = home.search("what did the walrus say to the number of tusks", grouped=False, limit=5, semantic=by_meaning)

    assert len(asked.hits) == 5
    assert {hit.match_type for hit in asked.hits} == {"relaxed"}


def test_keywords_of_which_no_message_has_most_ask_the_model(home: Home) -> None:
    """What has one of them by chance fills a page as well, and is not what was meant."""
    asked = home.search("walrus penguin iceberg", grouped=False, limit=5)

    assert (asked.rung, asked.answered_by) == ("any", ("lexical", "fast", "quality"))


def test_keywords_that_a_session_has_between_its_messages_are_had(home: Home) -> None:
    """No message has most of them, and yet they were meant; with a word that it has not, nobody can tell."""
    home.claude("spread", "the gnu grazes", "the emu runs", "the yak sleeps")
    home.index()

    spread, lacking = (home.search(text, limit=1) for text in ("gnu emu yak", "gnu emu iceberg"))

    assert (spread.rung, lacking.rung) == ("any", "any")
    assert (spread.answered_by, spread.asides) == (("lexical", "fast"), (FILLED,))
    assert lacking.answered_by == ("lexical", "fast", "quality")


SENTENCE = "what did the walrus say to the number of tusks"


def begun(home: Home, text: str, **wishes: Any) -> tuple[Any, Results]:
    """The model that a process of its own begins beside the order of the words, and the answer."""
    looking: list[Any] = []
    request = Request(text, grouped=False, **{"limit": 5, **wishes})
    results = search(home.places, request, home.now_ms, lambda: 0.0, str(home.home), Freshness(), keep=looking.append)
    return looking[0].begun, results


@pytest.mark.parametrize("text", [SENTENCE, "walrus penguin iceberg"], ids=["sentence", "keywords"])
def test_the_model_is_opened_beside_the_order_of_the_words(home: Home, text: str) -> None:
    """As soon as it is known that it will be asked; the answer is the one of a model that is opened afterwards."""
    model, results = begun(home, text)
    (Path(home.places.runtime) / "worker").parent.mkdir(parents=True, exist_ok=True)
    Path(socket_path(home.places)).touch()
    later, same = begun(home, text)

    assert model is not None and model.is_loaded
    assert later is None
    assert results.answered_by == ("lexical", "fast", "quality")
    assert (same.hits, same.answered_by) == (results.hits, results.answered_by)


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("walrus tusks", {}),
        ("walrus number 3 has tusks", {}),
        (f"{SENTENCE} -iceberg", {}),
        (SENTENCE, {"mode": "lexical_only"}),
        (SENTENCE, {"live": True}),
        (SENTENCE, {"sort": "newest"}),
        (SENTENCE, {"semantic": (("quality_tier_embedder", "hash"),)}),
        (SENTENCE, {"semantic": (("search.weights", "lexical=1,fast=0.3,quality=0"),)}),
        (SENTENCE, {"semantic": (("semantic_wait_ms", 20),)}),
    ],
)
def test_no_model_is_opened_that_will_not_be_asked(home: Home, text: str, wish: dict[str, Any]) -> None:
    """The words have it, or it is switched off, or there is no time."""
    model, results = begun(home, text, **wish)

    assert model is None
    assert "quality" not in results.answered_by


@pytest.mark.parametrize("spent_ms", [1000, 1100], ids=["given up in time", "given up late"])
def test_a_model_that_was_late_though_begun_is_left_alone(home: Home, spent_ms: int) -> None:
    """Neither is it begun beside the words, nor is it opened afterwards, which takes no less."""
    Cost(home.places.cache, AHEAD, NOW_MS).note(spent_ms, too_long=True)
    looking: list[Any] = []
    ticks = count(0.0, 0.0001)
    request = Request(SENTENCE, limit=5, grouped=False, semantic=(("semantic_wait_ms", 1000),))
    results = search(
        home.places, request, NOW_MS, lambda: next(ticks), str(home.home), Freshness(), keep=looking.append
    )

    assert looking[0].begun is None
    assert "ms last time, a search waits 1000" in results.notes[-1]


@pytest.mark.parametrize("most", [0, 3])
def test_what_is_not_scored_again_stays_behind_what_is(home: Home, most: int) -> None:
    """`max_refinement_docs` bounds the work, and takes away no hit."""
    text = "which of all the seals gave a number"
    usual = home.search(text, mode="strict_semantic", grouped=False, limit=LINES)
    asked = home.search(
        text, mode="strict_semantic", grouped=False, limit=LINES, semantic=(("max_refinement_docs", most),)
    )

    assert {hit.doc for hit in asked.hits} == {hit.doc for hit in usual.hits}


def test_a_weight_of_nought_leaves_the_model_asleep(home: Home) -> None:
    weights = (("search.weights", "lexical=1,fast=0.3,quality=0"),)
    asked = home.search("what did the walrus say to the number of tusks", grouped=False, limit=5, semantic=weights)

    assert asked.answered_by == ("lexical", "fast")


@pytest.mark.parametrize(
    ("text", "read"),
    [("what did the walrus say to the number of tusks", 1), ("walrus tusks", 0)],
    ids=["sentence", "filled page"],
)
def test_an_open_model_reads_what_it_will_be_asked_while_the_fast_tier_is(home: Home, text: str, read: int) -> None:
    """And nothing else: its vector is made once, and none where the words fill the page."""
    model, warm = WarmModel(str(home.data)), Warm(home.places)
    assert model.question(MODEL, lambda: None).embed(["walrus"])  # type: ignore[union-attr]
    before = model.for_others(MODEL).counts()
    asked = Request(text, limit=5, grouped=False)
    warm.search(asked, home.now_ms, lambda: 0.0, str(home.home), Freshness(), keep=model.offer)
    after = model.for_others(MODEL).counts()
    warm.let_go()

    assert after.encoded - before.encoded == read
    assert after.texts - before.texts == 2 * read


@pytest.mark.parametrize("mode", ["hybrid_preferred", "strict_semantic"])
def test_no_vectors_stay_mapped_when_they_are_let_go(home: Home, mode: str) -> None:
    """Not until rings of objects are looked for either: a process that rests does not do that."""
    model, warm = WarmModel(str(home.data)), Warm(home.places)
    gc.collect()
    gc.disable()
    try:
        asked = Request(SENTENCE, limit=5, grouped=False, mode=mode)
        answer = warm.search(asked, home.now_ms, lambda: 0.0, str(home.home), Freshness(), keep=model.offer_open)
        warm.let_go()
        left = [one for one in gc.get_objects() if type(one) is OpenSegment]
    finally:
        gc.enable()

    assert FAST in answer.answered_by
    assert left == []


def test_strict_mode_asks_for_all(home: Home) -> None:
    answer = home.search("walrus tusks", grouped=False, limit=5, mode="strict_semantic")

    assert answer.answered_by == ("lexical", "fast", "quality")


def test_nothing_is_said_of_a_model_that_has_no_vectors(home: Home) -> None:
    emptied = Path(home.places.vectors) / QUALITY
    for path in emptied.iterdir():
        path.unlink()
    assert home.search("walrus tusks", grouped=False, limit=LINES).asides == ()

    emptied.rmdir()
    assert home.search("walrus tusks", grouped=False, limit=LINES).asides == ()


def test_a_model_that_hangs_holds_no_search_up(home: Home) -> None:
    """The first search gives it up when the time is over, and the next one does not even try."""
    library = home.folder / "library"
    (library / "tokenizers").mkdir(parents=True)
    (library / "tokenizers" / "__init__.py").touch()
    (library / "tokenizers" / "tokenizers.py").write_text("import threading; threading.Event().wait()")
    env = {"CASS_SEMANTIC_WAIT_MS": "1000", "PYTHONPATH": os.pathsep.join([str(library), str(REPO)])}

    first, second = (json.loads(home.cass("search", "--json", "walrus", env=env).stdout) for _ in range(2))

    assert [hit["external_id"] for hit in first["hits"]] == ["old"]
    assert first["meta"]["answered_by"] == second["meta"]["answered_by"] == ["lexical", "fast"]
    assert "its model did not answer within" in first["meta"]["notes"][-1]
    assert "cass config set semantic_wait_ms 2000" in first["meta"]["notes"][-1]
    assert "ms last time, a search waits 1000" in second["meta"]["notes"][-1]


def test_what_takes_too_long_is_left_alone() -> None:
    """Whatever it is doing; what it raises in time is raised."""
    never = threading.Event()
    with pytest.raises(EmbedderTransportError, match="its model did not answer within 10 ms"):
        in_time(never.wait, 0.01, "its model")
    with pytest.raises(ZeroDivisionError):
        in_time(lambda: 1 // 0, 60.0, "its model")
    assert in_time(lambda: "done", 60.0, "its model") == "done"
    never.set()


def test_without_time_nothing_is_begun() -> None:
    begun: list[Any] = []
    with pytest.raises(EmbedderTransportError):
        in_time(lambda: begun.append(1), -1.0, "its model")
    assert begun == []


@pytest.mark.skipif(sys.platform != "linux", reason="how large a thread may be is another thing there")
def test_where_there_is_no_thread_to_spare_the_words_answer(home: Home) -> None:
    """The system refuses one here for its size; elsewhere because there are too many."""
    before = threading.stack_size(1 << 47)
    try:
        answer = home.search(SENTENCE, grouped=False, limit=5)
    finally:
        threading.stack_size(before)

    assert answer.answered_by == ("lexical", "fast")
    assert "its model cannot be asked: can't start new thread" in answer.notes[-1]


class Costs:
    """What processes would think that begin so many seconds after the last measurement."""

    def __init__(self, folder: Path) -> None:
        self.folder = str(folder)

    def after(self, seconds: float) -> Cost:
        path = Path(self.folder, f"{INSTALLED}_ms")
        if path.exists():
            os.utime(path, ns=(0, NOW_MS * 1_000_000))
        return Cost(self.folder, INSTALLED, round(NOW_MS + seconds * SECOND_MS))


def test_one_slow_measurement_is_believed_for_a_moment(tmp_path: Path) -> None:
    """A model's file was not in memory yet, the machine was busy: a quarter of a minute later it is tried again."""
    costs = Costs(tmp_path)
    costs.after(0).note(900, too_long=True)

    assert costs.after(14).expected_ms == 900
    assert costs.after(15).expected_ms == USUAL_MS[INSTALLED]


def test_what_is_slow_again_and_again_is_tried_ever_less(tmp_path: Path) -> None:
    """Up to ten minutes; one good answer, and all is forgotten."""
    costs, waits = Costs(tmp_path), []
    for _ in range(9):
        costs.after(10_000).note(900, too_long=True)
        waits.append(next(wait for wait in range(0, 10_000, 15) if costs.after(wait).expected_ms < 900))
    costs.after(10_000).note(120, too_long=False)
    costs.after(0).note(900, too_long=True)

    assert waits == [15, 30, 60, 120, 240, 480, 600, 600, 600]
    assert costs.after(15).expected_ms == USUAL_MS[INSTALLED]


def test_what_is_quick_is_remembered_and_not_written_again(tmp_path: Path) -> None:
    """A search writes nothing as long as nothing changes."""
    costs = Costs(tmp_path)
    costs.after(0).note(100, too_long=False)
    before = (tmp_path / f"{INSTALLED}_ms").read_bytes()
    costs.after(100_000).note(119, too_long=False)

    assert costs.after(100_000).expected_ms == 100
    assert (tmp_path / f"{INSTALLED}_ms").read_bytes() == before


def test_what_is_as_short_as_ever_is_not_written_down(tmp_path: Path) -> None:
    """An open model's few milliseconds vary by more than a fifth, and decide nothing."""
    for spent_ms in (4, 9, 30):
        Cost(str(tmp_path), WARM, NOW_MS).note(spent_ms, too_long=False)
    assert list(tmp_path.iterdir()) == []

    Cost(str(tmp_path), WARM, NOW_MS).note(300, too_long=True)
    assert [path.name for path in tmp_path.iterdir()] == [f"{WARM}_ms"]


def test_what_cannot_be_read_is_guessed(tmp_path: Path) -> None:
    (tmp_path / f"{INSTALLED}_ms").write_bytes(b"soon")

    assert Costs(tmp_path).after(0).expected_ms == USUAL_MS[INSTALLED]
