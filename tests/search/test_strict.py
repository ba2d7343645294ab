"""Strict mode promises that meaning was asked: it answers with both tiers, or says how far they are and what to do."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from cass.errors import SemanticUnavailable
from cass.semantic.manifest import FAST, QUALITY
from tests.archive import DAY_MS, MINUTE_MS, NOW_MS, Home, make_home
from tests.search.asking import names
from tests.search.tiers import MODEL, backfill, tiny_model
from tests.semantic.shelves import MB, budget_of, opened, shelf_in, vector, writer_of
from tests.semantic.tiny_model import HIDDEN

pytest.importorskip("numpy")
pytest.importorskip("onnxruntime")
LINES = 40


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def home(tmp_path: Path, model: Path) -> Home:
    """Two sessions of 40 texts, of two agents' folders, all with vectors in both tiers."""
    home = make_home(tmp_path)
    shutil.copytree(model, home.data)
    home.claude("old", *[f"walrus number {n} has tusks" for n in range(LINES)], workspace="/w/ice")
    home.claude("new", *[f"quokka number {n} has a smile" for n in range(LINES)], start_ms=NOW_MS - 5 * 3_600_000)
    home.index()
    backfill(home, FAST, QUALITY)
    return home


def strict(home: Home, text: str = "walrus tusks", **wishes: Any) -> Any:
    return home.search(text, **({"mode": "strict_semantic"} | wishes))


def refused(home: Home, **wishes: Any) -> SemanticUnavailable:
    with pytest.raises(SemanticUnavailable) as found:
        strict(home, **wishes)
    return found.value


def add(home: Home, name: str, lines: int, age_ms: int = DAY_MS, workspace: str = "/w/app") -> None:
    """A session without vectors, its first message so old."""
    home.claude(name, *[f"{name} is line {n}" for n in range(lines)], start_ms=NOW_MS - age_ms, workspace=workspace)
    home.index()


def test_where_all_is_there_it_answers(home: Home) -> None:
    """With both tiers, and says that they cover everything."""
    answer = strict(home)

    assert answer.answered_by == ("lexical", "fast", "quality")
    assert answer.coverage == (("fast", 1.0), ("quality", 1.0))
    assert names(answer)[0] == "old"


def test_a_twentieth_may_be_missing(home: Home) -> None:
    """Four of 84 texts are; with the fifth it is too much."""
    add(home, "wombat", 4)

    assert dict(strict(home).coverage)["quality"] == 0.9523
    add(home, "numbat", 1)
    assert "the quality tier covers 94.1%" in refused(home).what


def test_a_refusal_names_the_coverage_and_the_next_step(home: Home) -> None:
    add(home, "wombat", LINES)

    error = refused(home)

    assert error.exit_code == 15
    assert error.what == (
        "the fast tier covers 66.6%, the quality tier covers 66.6%;"
        " strict mode asks for 95% of what is older than 10 minutes"
    )
    assert error.todo == "run: cass backfill"


def test_what_is_younger_than_ten_minutes_does_not_count(home: Home) -> None:
    """The worker has not had its turn with it."""
    add(home, "wombat", 9, age_ms=9 * MINUTE_MS)

    assert dict(strict(home).coverage)["quality"] == 1.0


def test_only_what_the_filters_let_through_counts(home: Home) -> None:
    """Each of them."""
    add(home, "wombat", LINES, workspace="/w/tree")
    session = home.search("wombat").hits[0].sid

    for fits in (
        {"workspaces": ("/w/ice",)},
        {"exclude_sessions": (session,)},
        {"since": "6h"},
        {"agents": ("codex",)},
    ):
        assert dict(strict(home, **fits).coverage)["quality"] == 1.0, fits
    assert dict(strict(home, text="walrus !workspace:tree agent:!codex path:walrus").coverage)["quality"] == 1.0
    for lacks in ({"workspaces": ("/w/tree",)}, {"sessions": (session,)}, {"roles": ("user",)}, {"until": "6h"}):
        assert "inside these filters" in refused(home, **lacks).what
    assert "inside these filters" in refused(home, text="walrus path:wombat").what
    assert "inside these filters" in refused(home, text="walrus tool:!bash").what
    assert "inside these filters" in refused(home, text="walrus entity:!E0432").what


@pytest.mark.parametrize("wish", [{"sort": "newest"}, {"counts_only": True}, {"text": '"walrus number"'}, {"text": ""}])
def test_whatever_is_asked_the_promise_holds(home: Home, wish: dict[str, Any]) -> None:
    """What is for words to answer is answered by them, once it is sure that meaning could be had."""
    assert strict(home, **wish).answered_by == ("lexical",)
    shutil.rmtree(Path(home.places.vectors) / QUALITY)
    assert refused(home, **wish).todo == "run: cass backfill"


def test_a_phrase_of_bytes_that_are_no_text_is_a_question_too(home: Home) -> None:
    """As the command line hands them over; the model is given what it can read."""
    answer = strict(home, text='"walrus \udcff\udcfe"')

    assert answer.answered_by == ("lexical",)
    assert answer.coverage == (("fast", 1.0), ("quality", 1.0))


def test_each_lack_has_its_own_way_out(home: Home) -> None:
    """Switched off, no vectors, damaged vectors, no model, a damaged model."""
    off = (("quality_tier_embedder", "hash"),)
    assert refused(home, semantic=off).todo == "run: cass config set quality_tier_embedder minilm"
    vectors, model = Path(home.places.vectors), home.data / "derived" / "models" / MODEL
    shutil.move(vectors / FAST, vectors / "aside")
    lost = refused(home)
    assert (lost.what, lost.todo) == ("no vectors of the fast tier are built yet", "run: cass backfill")
    shutil.move(vectors / "aside", vectors / FAST)
    (vectors / QUALITY / "1.rows").write_bytes(b"")
    lost = refused(home)
    assert (lost.what, lost.todo) == ("the quality tier cannot be used: 1.rows is cut short", "run: cass backfill")
    (model / "model.onnx").write_bytes(b"noise")
    assert "run: cass models " in (refused(home).todo or "")
    shutil.rmtree(model)
    assert refused(home).todo == "run: cass models install"


def test_an_archive_without_messages_wants_messages(tmp_path: Path) -> None:
    """A model would have nothing to read."""
    home = make_home(tmp_path)
    home.index()

    assert (refused(home).what, refused(home).todo) == ("nothing is indexed yet", "run: cass index")


def test_a_budget_that_is_too_small_is_what_to_change(home: Home) -> None:
    """Backfilling again would not help where vectors went for lack of room."""
    shelf = shelf_in(home.data)
    (made,) = {one.segment.recipe for one in opened(shelf, QUALITY).segments}
    assert shelf.remove_segments(QUALITY, [1], evicted_bytes=10 * MB)
    newer = [(1, 0, 2 * NOW_MS, vector(1, HIDDEN))]
    assert writer_of(budget_of(shelf, mb=1), QUALITY, made).append(newer).texts == 1

    assert refused(home).todo == "run: cass config set semantic_budget_mb 1000"


def test_hybrid_says_what_there_is_and_goes_on(home: Home) -> None:
    """Of all texts, whatever the filters, without counting them; where meaning is not asked nothing is said."""
    add(home, "wombat", LINES)
    hybrid = home.search("walrus")
    unknown = home.search('"walrus number"')
    shutil.rmtree(Path(home.places.vectors) / QUALITY)

    assert hybrid.coverage == unknown.coverage == (("fast", 0.6666), ("quality", 0.6666))
    assert home.search("walrus").coverage == (("fast", 0.6666), ("quality", 0.0))
    assert home.search("walrus", mode="lexical_only").coverage == ()


def test_programs_read_it(home: Home) -> None:
    """In `meta.coverage`; a refusal is an error with exit code 15."""
    words = ("search", "walrus", "--json", "--refresh", "off")
    meta = json.loads(home.cass(*words).stdout)["meta"]
    add(home, "wombat", LINES)
    lost = home.cass(*words, "--mode", "strict")
    error = json.loads(lost.stdout)["error"]

    assert meta["coverage"]["fast"] == 1.0
    assert (lost.returncode, error["kind"], error["hint"]) == (15, "semantic-unavailable", "run: cass backfill")
