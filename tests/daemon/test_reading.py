"""What searches left behind, as the worker finds and reads it."""

from __future__ import annotations

from pathlib import Path

import pytest

from cass.daemon.reading import LONGEST_VAIN_S, NewMessages, note_done, readable, was_done
from cass.errors import CorruptDatabase
from cass.indexing.rules import ALL, Rules
from cass.semantic.model_sources import Wish
from cass.semantic.models import remove
from tests.archive import NOW_MS, Home, make_home
from tests.semantic.installing import put
from tests.semantic.tiny_model import Tiny


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = make_home(tmp_path)
    home.claude("one", "where is the walrus", "on the ice")
    home.index()
    return home


class Following:
    """New messages, and a clock."""

    def __init__(self, home: Home, rules: Rules = ALL) -> None:
        self.now_s = 0.0
        self.rules = rules
        self.new = NewMessages(home.places, home.env, lambda: self.rules, lambda: NOW_MS, lambda: self.now_s)


def test_nothing_is_new_after_an_index_run(home: Home) -> None:
    """And the signs stay as they are."""
    new = Following(home).new

    assert not new.has_new()
    before = new.signs()
    assert not new.has_new()
    assert new.signs() == before


def test_new_lines_and_new_files(home: Home) -> None:
    """Both are read, found by a search without a look at the disk, and a sign for the tick."""
    new = Following(home).new
    new.has_new()
    before = new.signs()
    home.append("one", "and the narwhal?")
    home.claude("two", "a penguin, too")

    assert new.has_new()
    assert new.read()

    assert not new.has_new()
    assert new.signs() != before
    assert [home.search(word).total for word in ("narwhal", "penguin")] == [1, 1]


def test_an_index_that_is_behind(home: Home) -> None:
    """A search that read new lines itself left the index for later: this is later."""
    new = Following(home).new
    home.append("one", "and the narwhal?")
    home.cass("search", "narwhal")

    assert new.has_new()
    new.read()

    assert not new.has_new()


def test_agents_that_are_switched_off(home: Home) -> None:
    """They are not read, and looked at ever more rarely."""
    following = Following(home, Rules(agents=("codex",)))
    home.append("one", "and the narwhal?")

    looks = []
    for minute in range(600):
        following.now_s = 60.0 * minute
        if following.new.has_new():
            looks.append(minute)
            assert not following.new.read()

    assert looks[:4] == [0, 1, 3, 7]
    assert len(looks) < 30
    assert looks[-1] - looks[-2] == LONGEST_VAIN_S / 60


def test_a_workspace_that_is_left_out_meanwhile(home: Home) -> None:
    """The worker knows before it reads again; what is left out is not looked at again and again."""
    following = Following(home)
    assert not following.new.has_new()
    following.rules = Rules(exclude=("/w/app",))
    home.append("one", "and the narwhal?")

    assert following.new.has_new()
    assert not following.new.read()

    assert home.search("narwhal").total == 0
    assert not following.new.has_new()


def test_no_archive(tmp_path: Path) -> None:
    """A first run is a person's wish."""
    assert not Following(make_home(tmp_path)).new.has_new()


def test_a_database_that_cannot_be_read(home: Home) -> None:
    """The loop goes on: the tick says what is wrong."""
    Path(home.places.database).write_bytes(b"no database" * 1000)
    new = Following(home).new

    with pytest.raises(CorruptDatabase):
        new.has_new()
    assert not readable(new)


def test_an_index_that_is_missing(home: Home) -> None:
    """`cass index` makes it again; the worker does not try every time."""
    import shutil

    shutil.rmtree(home.places.lexical)

    assert not Following(home).new.has_new()


def test_settings_and_vectors_are_signs(home: Home) -> None:
    """A larger budget, vectors that somebody deleted: each is a reason to look."""
    new = Following(home).new
    new.has_new()
    seen = [new.signs()]

    home.cass("config", "set", "semantic_budget_mb", "900")
    seen.append(new.signs())
    home.cass("backfill", "--tier", "fast")
    seen.append(new.signs())
    (Path(home.places.vectors) / "fast" / "current").unlink()
    seen.append(new.signs())

    assert len({repr(each) for each in seen}) == len(seen)


def test_models_are_signs(home: Home, tmp_path: Path) -> None:
    """One that is installed, replaced by another variant or removed is a reason to look."""
    pytest.importorskip("onnxruntime")
    made, new = Tiny(tmp_path / "files"), Following(home).new
    new.has_new()
    seen = [new.signs()]

    for variant in ("fp32", "int8"):
        put(made.known, tmp_path, Wish(from_path=str(made.folder)), variant)
        seen.append(new.signs())
    note_done(str(home.data), new.signs())
    assert was_done(str(home.data), new.signs())
    remove(str(home.data), "tiny")
    seen.append(new.signs())

    assert len({repr(each) for each in seen}) == len(seen)
    assert not was_done(str(home.data), new.signs())


def test_variables_are_signs(home: Home) -> None:
    """A tier that a variable switches on; what other variables say is not written down."""
    home.env |= {"CASS_REMOTE_API_KEY": "walrus-key", "CASS_SEMANTIC_EMBEDDER": "hash"}
    before = Following(home).new.signs()
    home.env["CASS_SEMANTIC_EMBEDDER"] = "minilm"

    after = Following(home).new.signs()

    assert after != before
    assert "walrus-key" not in repr(after)


def test_what_was_done_is_remembered(tmp_path: Path) -> None:
    """Under the same signs only; where it cannot be written nothing is remembered."""
    note_done(str(tmp_path), (1, [2]))

    assert was_done(str(tmp_path), (1, [2]))
    assert not was_done(str(tmp_path), (1, [3]))
    note_done(str(tmp_path / "none"), 1)
    assert not was_done(str(tmp_path / "none"), 1)
