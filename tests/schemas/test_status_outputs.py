"""`cass status --json` and `cass doctor --json` keep to their schemas, whatever has happened to the archive."""

from __future__ import annotations

import json
import os
import random
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tantivy import Document, Index, SchemaBuilder

from cass.cli import edge
from cass.connectors.table import AGENTS
from cass.demo import ELSEWHERE
from cass.lexical.schema import VERSION
from tests.archive import Home, make_home
from tests.schemas.asking import ask, full_home
from tests.schemas.checking import faults

Damage = Callable[[Path], None]
LEXICAL = Path("derived", "lexical")
ENDINGS = ("meta.json", ".managed.json", ".term", ".idx", ".pos", ".fast", ".store", ".fieldnorm")


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return full_home(tmp_path_factory.mktemp("full"))


@pytest.fixture
def data(full: Home, tmp_path: Path) -> Path:
    """A data folder of one's own, to damage."""
    return Path(shutil.copytree(full.data, tmp_path / "data"))


@pytest.fixture
def tell(full: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """`tell(data, verb)`: what `cass VERB --json` prints for that data folder, in this process."""
    for name in [name for name in os.environ if name.startswith(ELSEWHERE)]:
        monkeypatch.delenv(name)
    for name, value in full.env.items():
        monkeypatch.setenv(name, value)

    def tell(data: Path, *argv: str) -> Any:
        edge.run([*argv, "--json", "--data-dir", str(data)])
        return json.loads(capsys.readouterr().out)

    return tell


# What may happen to a file or folder.


def missing(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def halved(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def noise(path: Path) -> None:
    path.write_bytes(random.Random(1).randbytes(path.stat().st_size))


def holds(content: bytes) -> Damage:
    """Other bytes in its place."""

    def act(path: Path) -> None:
        path.write_bytes(content)

    return act


def cut_off(path: Path) -> None:
    """Less than a page is left."""
    path.write_bytes(path.read_bytes()[:5000])


def older_fields(folder: Path) -> None:
    """An index that says it is of this version and has other fields: as after a mistake of ours."""
    missing(folder)
    folder.mkdir()
    builder = SchemaBuilder()
    builder.add_text_field("body")
    index = Index(builder.build(), str(folder))
    writer = index.writer(15_000_000, 1)
    writer.add_document(Document(body=["a walrus"]))
    writer.commit()
    writer.wait_merging_threads()


def in_place(name: str, damage: Damage) -> Damage:
    """The damage done to one file of the data folder."""
    return lambda data: damage(data / name)


def to_segments(ending: str, damage: Damage) -> Damage:
    """The damage done to every file of the index's generation that ends so."""

    def act(data: Path) -> None:
        files = list((data / LEXICAL).glob(f"[0-9]*/*{ending}"))
        assert files, ending
        for path in files:
            damage(path)

    return act


USELESS_INDEX = {
    "derived missing": in_place("derived", missing),
    "lexical missing": in_place("derived/lexical", missing),
    "generation missing": lambda data: missing(next((data / LEXICAL).glob("[0-9]*"))),
    "current missing": in_place("derived/lexical/current", missing),
    "current empty": in_place("derived/lexical/current", emptied),
    "current halved": in_place("derived/lexical/current", halved),
    "current of no generation": in_place("derived/lexical/current", holds(b"77 %d\n" % VERSION)),
    "current of an older version": in_place("derived/lexical/current", holds(b"1 %d\n" % (VERSION - 1))),
    "current of a newer version": in_place("derived/lexical/current", holds(b"1 %d\n" % (VERSION + 98))),
    "current full of noise": in_place("derived/lexical/current", holds(b"\xff" * 64)),
    "fields of an older version": lambda data: older_fields(next((data / LEXICAL).glob("[0-9]*"))),
    "meta.json missing": to_segments("meta.json", missing),
    "meta.json empty": to_segments("meta.json", emptied),
    "meta.json halved": to_segments("meta.json", halved),
}
DAMAGED_SEGMENTS = {
    f"{ending} {how.__name__}": to_segments(ending, how)
    for ending in ENDINGS
    for how in (missing, emptied, halved, noise)
}


def each_of(damages: dict[str, Damage]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("damage", damages.values(), ids=damages.keys())


def test_an_empty_machine_is_as_described(tmp_path: Path) -> None:
    """Asked by `status`, by `status --brief`, by `cass` alone, and by the doctor."""
    home = make_home(tmp_path)
    said = [ask(home, *argv, "--json") for argv in (("status",), ("status", "--brief"), ())]

    assert [fault for each in said for fault in faults("status", each)] == []
    assert [each["state"] for each in said] == ["empty"] * 3
    assert faults("doctor", ask(home, "doctor", "--json")) == []


def test_a_full_machine_is_as_described(full: Home) -> None:
    said = [ask(full, *argv, "--json") for argv in (("status",), ("status", "--brief"), ())]

    assert [fault for each in said for fault in faults("status", each)] == []
    assert [each["state"] for each in said] == ["ok"] * 3
    assert said[0]["sources"].keys() == {agent.name for agent in AGENTS}
    assert faults("doctor", ask(full, "doctor", "--json")) == []


def test_an_archive_that_is_behind_is_as_described(tmp_path: Path) -> None:
    """Files have changed since, and the next step says so."""
    home = make_home(tmp_path)
    home.claude("s1", "the pool timed out")
    home.index()
    home.append("s1", "raise the pool size")

    said = ask(home, "status", "--json")

    assert faults("status", said) == []
    assert (said["index"]["behind_files"], said["recommended"][0]["command"]) == (1, "cass index")


@each_of(USELESS_INDEX)
def test_a_useless_index_is_as_described(tell: Any, data: Path, full: Home, damage: Damage) -> None:
    """Degraded, with what is wrong and the command that mends it; the archive is not concerned."""
    whole = tell(full.data, "status")
    damage(data)

    said, found = tell(data, "status"), tell(data, "doctor")

    assert faults("status", said) + faults("doctor", found) == []
    assert (said["state"], said["lexical"]["documents"], len(said["problems"])) == ("degraded", None, 1)
    assert said["recommended"][0]["command"].startswith("cass index")
    assert (said["sources"], found["healthy"]) == (whole["sources"], False)


@each_of(DAMAGED_SEGMENTS)
def test_a_damaged_segment_is_as_described(tell: Any, data: Path, full: Home, damage: Damage) -> None:
    """Noticed or not: never worse than degraded."""
    damage(data)

    said, found = tell(data, "status"), tell(data, "doctor")

    assert faults("status", said) + faults("doctor", found) == []
    assert said["state"] in ("ok", "degraded")
    assert said["database"]["messages"] == full.search("").messages


def test_what_the_doctor_mended_is_as_described(tell: Any, data: Path) -> None:
    """A sentence a repair; afterwards all is well."""
    missing(data / "derived")

    found = tell(data, "doctor", "--fix")

    assert faults("doctor", found) == []
    assert (found["healthy"], len(found["fixed"])) == (True, 1)
    assert tell(data, "status")["state"] == "ok"


def of_version(number: int) -> Damage:
    def act(path: Path) -> None:
        connection = sqlite3.connect(path)
        connection.execute(f"PRAGMA user_version={number}")
        connection.close()

    return act


DAMAGED_DATABASES = {
    "missing": (missing, "empty"),
    "empty": (emptied, "empty"),
    "cut off": (cut_off, "broken"),
    "full of noise": (noise, "broken"),
    "of a newer version": (of_version(99), "broken"),
    "another program's": (holds(b"hello\n"), "broken"),
}


@pytest.mark.parametrize("damage, state", DAMAGED_DATABASES.values(), ids=DAMAGED_DATABASES.keys())
def test_a_damaged_database_is_as_described(tell: Any, data: Path, damage: Damage, state: str) -> None:
    """Said by both, with the command that mends it."""
    damage(data / "cass.db")

    said, found = tell(data, "status"), tell(data, "doctor")

    assert faults("status", said) + faults("doctor", found) == []
    assert (said["state"], said["healthy"], bool(said["recommended"])) == (state, state == "empty", True)


@pytest.mark.parametrize("how", [missing, emptied, halved, noise])
@pytest.mark.parametrize("name", ["cass.db-wal", "cass.db-shm"])
def test_a_damaged_log_is_as_described(tell: Any, data: Path, tmp_path: Path, name: str, how: Damage) -> None:
    """As a crash of the machine leaves it: the last transactions may be gone, the answer is whole."""
    connection = sqlite3.connect(data / "cass.db", isolation_level=None)
    connection.execute("INSERT INTO events VALUES(1, 0, 'test', 'still in the log')")
    crashed = Path(shutil.copytree(data, tmp_path / "crashed"))
    connection.close()
    how(crashed / name)

    said, found = tell(crashed, "status"), tell(crashed, "doctor")

    assert faults("status", said) + faults("doctor", found) == []
    assert said["state"] == "ok"
