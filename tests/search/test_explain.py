"""Why a hit stands where it stands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cass.lexical.explained import FIELDS, word_parts
from cass.lexical.reader import LexicalReader, open_reader
from cass.policy import DEFAULT_FAST_DIMENSION
from cass.query.parse import parse
from cass.records import replace
from cass.semantic.manifest import FAST
from tests.archive import Home, make_home
from tests.backfill.working import Working
from tests.schemas.checking import faults
from tests.search.asking import say


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = make_home(tmp_path_factory.mktemp("explain"))
    return say(home, both="the walrus met a penguin", one="a walrus alone", none="nobody was there")


def test_each_hit_tells_its_rung_its_places_and_its_words(home: Home) -> None:
    """As one object beside the hit's other keys."""
    said = json.loads(home.cass("search", "walrus penguin", "--explain", "--json", "--refresh", "off").stdout)
    first, second = [hit["explain"] for hit in said["hits"]]

    assert faults("search", said) == []
    assert (first["rung"], second["rung"]) == ("exact", "relaxed")
    assert (first["rank"], first["lists"]["lexical"]["rank"], second["lists"]["lexical"]["rank"]) == (1, 1, 2)
    assert first["words"]["body"].keys() == {"walrus", "penguin"}
    assert second["words"]["body"].keys() == {"walrus"}


def test_each_stage_tells_what_it_did_or_why_it_did_nothing(home: Home) -> None:
    """And how long it took."""
    said = json.loads(home.cass("search", "walrus", "--explain", "--json", "--mode", "lexical").stdout)
    stages = {stage["stage"]: stage["did"] for stage in said["meta"]["stages"]}

    assert stages["words"] == "2 messages on the rung 'all', 2 candidates; answered by lexical"
    assert stages["meaning"] == "skipped: the mode is lexical"
    assert all(stage["ms"] >= 0 for stage in said["meta"]["stages"])


def test_one_of_a_thing_is_told_as_one(home: Home) -> None:
    said = json.loads(home.cass("search", "penguin", "--explain", "--json", "--mode", "lexical", "--diverse").stdout)
    stages = {stage["stage"]: stage["did"] for stage in said["meta"]["stages"]}

    assert stages["words"] == "1 message on the rung 'all', 1 candidate; answered by lexical"
    assert stages["order"] == "diversity moved 0 of 1 hit"
    assert stages["page"] == "1 hit with its text, 0 more of its session or copies in it"


@pytest.mark.parametrize("words", [(), ("-F", "walrus met"), ("zzqx",), ("walrus", "--sort", "newest"), ("role:user",)])
def test_every_search_can_be_explained(home: Home, words: tuple[str, ...]) -> None:
    """With an index, without words, with nothing found."""
    said = json.loads(home.cass("search", *words, "--explain", "--json").stdout)

    assert faults("search", said) == []
    assert all("explain" in hit for hit in said["hits"])


def test_people_read_it_below_each_hit(home: Home) -> None:
    """The stages stand with what is said about the answer."""
    done = home.cass("search", "walrus penguin", "--explain")

    assert "rung exact, lexical #1 (" in done.stdout
    assert "body: " in done.stdout
    assert "meaning: skipped: " in done.stderr


def test_who_does_not_ask_is_told_nothing(home: Home) -> None:
    said = json.loads(home.cass("search", "walrus", "--json").stdout)

    assert "stages" not in said["meta"]
    assert not any("explain" in hit for hit in said["hits"])


def test_the_parts_of_plain_words_add_up_to_the_score(home: Home) -> None:
    """Of one word there is nothing else."""
    reader = open_reader(home.places.lexical)
    assert isinstance(reader, LexicalReader)
    compiled = reader.compile(parse("penguin").root, [], lambda field: None)
    hit = reader.search(compiled, 1, None, "relevance").candidates[0]

    assert word_parts(reader, compiled, [hit.doc])[hit.doc]["body"]["penguin"] == pytest.approx(hit.score, abs=1e-3)


def test_what_stands_next_to_each_other_has_its_part(home: Home) -> None:
    """A phrase, and a name that is several words to the index."""
    for query in ('"met a penguin"', "walrus.met"):
        hit = json.loads(home.cass("search", query, "--explain", "--json").stdout)["hits"][0]
        assert hit["explain"]["words"]["body"]["words next to each other"] > 0


def test_fields_are_named_as_in_the_index(home: Home, tmp_path: Path) -> None:
    reader = open_reader(home.places.lexical)
    assert isinstance(reader, LexicalReader)
    said = json.loads((Path(home.places.lexical) / reader.generation / "meta.json").read_text())

    assert [field["name"] for field in said["schema"][: len(FIELDS)]] == list(FIELDS)


def test_a_stage_tells_how_meaning_was_joined(home: Home, tmp_path: Path) -> None:
    """What each tier found or why it did not, and how its list and that of the words became one."""
    with_vectors = say(make_home(tmp_path), both="the walrus met a penguin", one="a walrus alone")
    working = Working(with_vectors)
    working.policy = replace(working.policy, fast_dimension=DEFAULT_FAST_DIMENSION)
    working.run(FAST)

    def did(*words: str) -> str:
        told = json.loads(with_vectors.cass("search", *words, "--explain", "--json", "--refresh", "off").stdout)
        return next(str(stage["did"]) for stage in told["meta"]["stages"] if stage["stage"] == "meaning")

    assert did("walrus") == (
        "2 texts near by the fast tier; the quality tier has no vectors; what the words lack stands behind them"
    )
    assert did('"a walrus"') == "skipped: the query has conditions, which vectors cannot judge"
    assert "the quality tier is switched off" in did("walrus", "--semantic-embedder", "hash")
    told = json.loads(home.cass("search", "walrus", "--explain", "--json", "--refresh", "off").stdout)["meta"]["stages"]
    assert told[1]["did"] == "skipped: there are no vectors; cass backfill makes them"


def test_order_tells_what_diversity_moved(home: Home) -> None:
    asked = home.cass("search", "walrus", "--explain", "--json", "--refresh", "off", "--diverse")
    plain = home.cass("search", "walrus", "--explain", "--json", "--refresh", "off")

    def did(stdout: str) -> str:
        return next(str(stage["did"]) for stage in json.loads(stdout)["meta"]["stages"] if stage["stage"] == "order")

    assert did(asked.stdout) == "diversity moved 0 of 2 hits"
    assert did(plain.stdout) == "skipped: diversity was not asked for"


def test_a_hit_without_the_words_has_no_parts(home: Home) -> None:
    """Vectors may have found it: explaining such an answer was called a bug."""
    reader = open_reader(home.places.lexical)
    assert isinstance(reader, LexicalReader)
    compiled = reader.compile(parse("penguin").root, [], lambda field: None)
    (both,), (none,) = ([hit.doc for hit in home.search(word).hits] for word in ("penguin", "nobody"))

    assert word_parts(reader, compiled, [none, both]).keys() == {both}
