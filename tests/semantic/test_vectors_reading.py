"""What a search gets from a tier: the nearest texts, whatever happens to the files meanwhile."""

from __future__ import annotations

import subprocess
import sys
from array import array
from pathlib import Path

import pytest

from cass.policy import InvalidationAction, SemanticAssetManifest, SemanticPolicy
from cass.records import replace
from cass.semantic import vectors
from cass.semantic.vectors import ScanStopped, Tier
from tests.heavy import HEAVY
from tests.semantic.shelves import (
    DIM,
    NOW_MS,
    RECIPE,
    budget_of,
    files,
    ids_in,
    opened,
    rows,
    shelf_in,
    vector,
    writer_in,
    writer_of,
)

REPO = Path(__file__).resolve().parents[2]


def test_a_tier_that_was_never_written_is_none(tmp_path: Path) -> None:
    """Nothing there is neither damage nor an error."""
    assert Tier.open(shelf_in(tmp_path).vectors, "fast") is None


def test_the_nearest_text_comes_first(tmp_path: Path) -> None:
    """A text's own vector finds it, with a cosine of almost 1."""
    writer = writer_in(tmp_path)
    writer.append(rows(range(1, 200)))

    (text, piece, cosine), second, *_ = opened(writer.shelf).scan(vector(42), k=10)

    assert (text, piece, round(cosine, 2)) == (42, 0, 1.0)
    assert second[2] < 0.9


def test_a_scan_keeps_to_the_texts_that_are_allowed(tmp_path: Path) -> None:
    """Filters hold also where the best matches are elsewhere, for few texts and for most."""
    writer = writer_in(tmp_path)
    writer.append(rows(range(1, 200)))
    tier = opened(writer.shelf)

    few = tier.scan(vector(42), k=10, allowed={1, 2, 3})
    most = tier.scan(vector(42), k=200, allowed=set(range(1, 200)) - {42})

    assert {text for text, _, _ in few} == {1, 2, 3}
    assert {text for text, _, _ in most} == set(range(1, 200)) - {42}
    assert tier.scan(vector(42), k=10, allowed=set()) == []


def test_a_text_is_as_near_as_its_best_piece(tmp_path: Path) -> None:
    """Long texts have several vectors."""
    writer = writer_in(tmp_path)
    writer.append([(1, 0, 10, vector(1)), (1, 1, 10, vector(2)), (2, 0, 11, vector(3))])
    tier = opened(writer.shelf)

    assert {text: round(cosine, 2) for text, cosine in tier.cosines(vector(2), {1, 9}).items()} == {1: 1.0}
    assert (tier.documents, tier.count) == (2, 3)


def test_a_text_without_a_token_is_done_and_never_found(tmp_path: Path) -> None:
    """It is in the tier, so that it is not owed again, and in no answer."""
    writer = writer_in(tmp_path)
    writer.append([(1, 0, 10, vector(1)), (2, 0, 11, array("f"))])
    tier = opened(writer.shelf)

    assert tier.ids().tolist() == [1, 2]
    assert [text for text, _, _ in tier.scan(vector(5), k=10)] == [1]


def test_removed_texts_are_not_found(tmp_path: Path) -> None:
    """Neither by a scan nor among the ids; the others stay."""
    writer = writer_in(tmp_path)
    writer.append(rows(range(1, 50)))

    removed = writer.remove({7, 8, 999})

    assert removed == 2
    assert ids_in(writer.shelf) == [id for id in range(1, 50) if id not in (7, 8)]
    assert 7 not in [text for text, _, _ in opened(writer.shelf).scan(vector(7), k=100)]


def test_a_text_that_is_written_again_is_there_once(tmp_path: Path) -> None:
    """The later vector replaces the earlier one, wherever that stood."""
    writer = writer_in(tmp_path)
    writer.append(rows(range(1, 50)))
    writer.append([(7, 0, 7, vector(1007))])
    found = opened(writer.shelf).scan(vector(1007), k=100)

    assert found[0][0] == 7
    assert sorted(text for text, _, _ in found) == list(range(1, 50))


def test_who_has_opened_a_tier_sees_the_old_one_whole(tmp_path: Path) -> None:
    """Appending, removing and evicting meanwhile change nothing for it."""
    writer = writer_in(tmp_path)
    writer.append(rows(range(1, 100)))
    tier = opened(writer.shelf)
    before = tier.scan(vector(3), k=50)

    writer.append(rows(range(100, 200)))
    writer.remove(range(1, 50))
    assert tier.scan(vector(3), k=50) == before
    writer.shelf.remove_all("fast")

    assert tier.scan(vector(3), k=50) == before
    assert ids_in(writer.shelf) == []


def test_bytes_behind_the_published_end_do_not_count(tmp_path: Path) -> None:
    """A kill between writing and publishing costs only repeated work."""
    writer = writer_in(tmp_path)
    writer.append(rows(range(1, 20)))
    published = (tmp_path / "derived/vectors/fast/current").read_bytes()
    writer.append(rows(range(20, 40)))
    after = files(tmp_path)
    (tmp_path / "derived/vectors/fast/current").write_bytes(published)

    assert ids_in(writer.shelf) == list(range(1, 20))
    assert opened(writer.shelf).skipped == ()
    writer.append(rows(range(20, 40)))
    assert ids_in(writer.shelf) == list(range(1, 40))
    assert {name: data for name, data in files(tmp_path).items() if name.endswith(("rows", "keys"))} == {
        name: data for name, data in after.items() if name.endswith(("rows", "keys"))
    }


def test_vectors_of_another_embedder_do_not_serve(tmp_path: Path) -> None:
    """The policy judges each segment's own manifest; a newer revision of the same space serves meanwhile."""
    shelf = shelf_in(tmp_path)
    writer_of(budget_of(shelf)).append(rows(range(1, 20)))
    writer_of(budget_of(shelf), recipe=replace(RECIPE, model_revision="2")).append(rows(range(20, 30)))
    writer_of(budget_of(shelf), recipe=replace(RECIPE, embedder_id="other")).append(rows(range(30, 40)))
    policy = SemanticPolicy.compiled_defaults()

    def judge(manifest: SemanticAssetManifest) -> InvalidationAction:
        return manifest.invalidation(policy, "hash-64", "2")

    tier = Tier.open(shelf.vectors, "fast", judge)

    assert isinstance(tier, Tier)
    assert tier.ids().tolist() == list(range(1, 30))
    assert tier.ids(replace(RECIPE, model_revision="2")).tolist() == list(range(20, 30))
    assert tier.skipped == ("embedder changed (other → hash-64)",)
    assert tier.segments[0].segment.asset == SemanticAssetManifest("hash-64", "1", 1, 1, 19, NOW_MS)


def test_vectors_of_another_length_are_not_looked_at(tmp_path: Path) -> None:
    """A query fits only the vectors of its own space."""
    writer = writer_in(tmp_path)
    writer.append(rows(range(1, 20)))

    assert opened(writer.shelf).scan(vector(1, DIM * 2), k=5) == []


def test_opening_a_tier_imports_nothing_heavy() -> None:
    """A cold search with meaning waits for what is imported."""
    code = "import sys, cass.semantic.vectors, cass.semantic.scan; sys.stdout.write('\\n'.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {str(REPO)!r}); {code}"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert set(done.stdout.split()) & set(HEAVY) == set()


def test_two_cores_find_what_one_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A long tier is scanned in two halves; the answer is the same, in the same order."""
    shelf = shelf_in(tmp_path)
    writer_of(budget_of(shelf, mb=1)).append(rows(range(4_000, 0, -1)))
    tier = opened(shelf)
    assert len(tier.segments) == 3
    alone = tier.scan(vector(17), 50)

    monkeypatch.setattr(vectors, "WORTH_TWO", 4_000)

    assert tier.scan(vector(17), 50) == alone


@pytest.mark.parametrize("worth_two", [4_000, 4_001], ids=["two cores", "one"])
def test_a_scan_that_nobody_waits_for_ends_between_two_segments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], worth_two: int
) -> None:
    """And says nothing of that; one segment is gone through in any case."""
    shelf = shelf_in(tmp_path)
    writer_of(budget_of(shelf, mb=1)).append(rows(range(4_000, 0, -1)))
    monkeypatch.setattr(vectors, "WORTH_TWO", worth_two)

    with pytest.raises(ScanStopped):
        opened(shelf).scan(vector(17), 50, must_stop=lambda: True)
    assert capfd.readouterr().err == ""
