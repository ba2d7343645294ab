"""Whatever happens to the lexical index: searches answer meanwhile, and the next run makes it anew from SQLite."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from cass.disk import try_lock
from cass.lexical.schema import READER_LOCK
from cass.lexical.sound import changed_file
from cass.lexical.writer import open_writer
from cass.status.facts import collect
from tests.archive import Home, make_home
from tests.indexing.invariants import check_invariants, opened, rows


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = make_home(tmp_path)
    home.claude("one", "where is the quokka", "in the zoo", "and the wombat?", "next to it")
    home.index()
    return home


def root(home: Home) -> Path:
    return home.data / "derived" / "lexical"


def generations(home: Home) -> list[str]:
    return sorted(path.name for path in root(home).iterdir() if path.name.isdigit())


def files(home: Home, ending: str) -> list[Path]:
    return list((root(home) / generations(home)[-1]).glob(f"*{ending}"))


def test_a_copied_index_is_read_through_once(home: Home) -> None:
    """Its files are younger than the commit that names them; after a look that found them whole they are not."""
    folder = root(home) / "1"
    committed_ns = (folder / "meta.json").stat().st_mtime_ns
    for path in folder.iterdir():
        if path.name != "meta.json":
            os.utime(path, ns=(committed_ns + 1, committed_ns + 1))

    assert changed_file(str(folder)) is None
    segments = [path for path in folder.iterdir() if path.name.partition(".")[0].isalnum()]
    assert max(path.stat().st_mtime_ns for path in segments) <= (folder / "meta.json").stat().st_mtime_ns


def _delete_all(home: Home) -> None:
    shutil.rmtree(home.data / "derived")


def _delete_generation(home: Home) -> None:
    shutil.rmtree(root(home) / "1")


def _tear_current(home: Home) -> None:
    (root(home) / "current").write_bytes(b"1")


def _fill_current(home: Home) -> None:
    (root(home) / "current").write_bytes(b"\xff" * 64)


def _other_version(home: Home) -> None:
    (root(home) / "current").write_bytes(b"1 99\n")


def _halve(ending: str) -> Callable[[Home], None]:
    def halve(home: Home) -> None:
        for path in files(home, ending):
            path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    return halve


def _fill(ending: str) -> Callable[[Home], None]:
    def fill(home: Home) -> None:
        for path in files(home, ending):
            path.write_bytes(random.Random(1).randbytes(path.stat().st_size))

    return fill


# The files of a commit without messages are smaller.
LARGE = 1_000


def fill_up(home: Home) -> Home:
    """Messages enough for files of which a part can be damaged."""
    home.claude("two", *[f"zoo{at} has wombat{at * 7} and quokka{at * 11} in house {at}" for at in range(400)])
    home.index()
    return home


def stir(home: Home, ending: str, later_ns: int = 10**9) -> None:
    """Noise within the larger of these files, so much later than they were written: the index still opens."""
    for path in files(home, ending):
        data, written_ns = path.read_bytes(), path.stat().st_mtime_ns
        if len(data) < LARGE:
            continue
        start, end = len(data) // 4, len(data) // 2
        path.write_bytes(data[:start] + random.Random(1).randbytes(end - start) + data[end:])
        os.utime(path, ns=(0, written_ns + later_ns))


def lose_all(home: Home) -> None:
    """No message is in the index any more."""
    writer = open_writer(str(root(home)))
    assert writer is not None
    with opened(home.data) as database:
        docs = [doc for (doc,) in rows(database, "SELECT doc FROM messages")]
    for doc in docs:
        writer.remove(doc)
    writer.commit(writer.change)
    writer.close()


ENDINGS = ("meta.json", ".managed.json", ".term", ".idx", ".pos", ".fast", ".store", ".fieldnorm")
DAMAGES = {
    "folder deleted": _delete_all,
    "generation deleted": _delete_generation,
    "current torn": _tear_current,
    "current full of noise": _fill_current,
    "another version": _other_version,
    **{f"{ending} cut in half": _halve(ending) for ending in ENDINGS},
    **{f"{ending} full of noise": _fill(ending) for ending in ENDINGS},
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_a_damaged_index_is_made_anew(home: Home, damage: Callable[[Home], None]) -> None:
    """Searches answer from the database until the next run, which says that it rebuilt."""
    damage(home)

    meanwhile = home.search("the", match="all", grouped=False)
    report = home.index()

    assert meanwhile.total == 3
    assert any("cass index" in note for note in meanwhile.notes)
    assert (report.rebuilt, report.documents) == (True, 4)
    assert home.search("the", match="all", grouped=False).total == 3
    check_invariants(home.data)


@pytest.mark.parametrize("ending", [".term", ".idx", ".pos", ".fast"])
def test_noise_within_an_index_that_opens_is_found_before_it_is_written_to(home: Home, ending: str) -> None:
    """Nothing new has to be read for that."""
    stir(fill_up(home), ending)

    report = home.index()

    assert (report.rebuilt, report.documents) == (True, 404)
    check_invariants(home.data)
    assert not home.index().rebuilt


def test_an_index_that_lost_a_message_is_made_anew(home: Home) -> None:
    """Its files may be whole: a newest message that a search for its words does not find is enough."""
    lose_all(home)

    assert home.index().rebuilt
    check_invariants(home.data)


@pytest.mark.parametrize("later_ns", [0, 10**9])
def test_an_index_whose_columns_are_noise_is_not_healthy(home: Home, later_ns: int) -> None:
    """Words are found in it, and no search can read what it found."""
    stir(fill_up(home), ".fast", later_ns)

    status = collect(home.places, lambda: 0.0)

    assert (status.state, status.healthy) == ("degraded", False)
    assert [advice.command for advice in status.recommended] == ["cass index --rebuild"]


def test_an_index_is_asked_for_messages_without_words_too(tmp_path: Path) -> None:
    """Where the newest ones have none, one of them is looked for by its name."""
    home = make_home(tmp_path)
    home.claude("one", "???", "!!!")
    home.index()
    assert collect(home.places, lambda: 0.0).state == "ok"

    lose_all(home)

    assert collect(home.places, lambda: 0.0).state == "degraded"


def test_the_program_answers_beside_a_damaged_index(home: Home) -> None:
    """No exit code, no stack trace: hits, and what to do."""
    _halve(".term")(home)

    asked = home.cass("search", "--refresh", "off", "quokka")

    assert asked.returncode == 0
    assert "quokka" in asked.stdout
    assert "Traceback" not in asked.stderr


@pytest.mark.parametrize("argv", [("search", "--refresh", "off", "quokka"), ("status",), ("doctor",), ("index",)])
@pytest.mark.parametrize("later_ns", [0, 10**9])
def test_no_panic_reaches_the_user(home: Home, argv: tuple[str, ...], later_ns: int) -> None:
    """Not even where the environment asks for stacks."""
    for ending in (".fast", ".term", ".idx"):
        stir(fill_up(home), ending, later_ns)

    done = home.cass(*argv, env={"RUST_BACKTRACE": "1"})

    assert done.returncode != 9
    assert "panicked" not in done.stderr
    assert "backtrace" not in done.stderr


def test_what_is_wrong_with_a_query_is_still_said(home: Home) -> None:
    """stderr is silent only while the index is read."""
    done = home.cass("search", "--refresh", "off", "--agent", "nobody", "quokka")

    assert done.returncode == 2
    assert "nobody" in done.stderr


def test_a_rebuild_is_a_new_generation(home: Home) -> None:
    """Beside the old one, which goes when the new one is in use."""
    report = home.index(rebuild=True)

    assert report.rebuilt
    assert generations(home) == ["2"]
    assert (root(home) / "current").read_text().split()[0] == "2"
    check_invariants(home.data)


def test_a_generation_that_a_search_holds_stays(home: Home) -> None:
    """It is dropped by the first run after the search has ended."""
    reader = try_lock(str(root(home) / "1" / READER_LOCK), shared=True)
    assert reader is not None
    with reader:
        home.index(rebuild=True)
        assert generations(home) == ["1", "2"]

    home.index()

    assert generations(home) == ["2"]
    check_invariants(home.data)


def test_half_a_generation_of_a_killed_rebuild_is_cleared_away(home: Home) -> None:
    """What no `current` names is nobody's."""
    shutil.copytree(root(home) / "1", root(home) / "7")

    report = home.index()

    assert not report.rebuilt
    assert generations(home) == ["1"]


def test_an_index_ahead_of_the_database_is_made_anew(home: Home) -> None:
    """A power cut may take SQLite's last transactions: what the index has beyond them is not trusted."""
    saved = home.folder / "saved.db"
    shutil.copy(home.places.database, saved)
    home.append("one", "thank you")
    home.index()
    shutil.copy(saved, home.places.database)

    report = home.index()

    assert report.rebuilt
    assert report.documents == 5
    check_invariants(home.data)
