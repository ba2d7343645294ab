"""The schemas themselves: whole, described, listed, and one for every command that prints JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from cass import error_kinds as errors
from cass.cli.completion import script
from cass.cli.rows_learn import SCHEMAS
from cass.cli.table import HOME, NAMES, command, options_of
from cass.connectors import base
from cass.render.search_json import FIELDS
from cass.store.schema import KINDS, ROLES
from tests.archive import Home, make_home
from tests.schemas.checking import FOLDER, Schema, faults, names, schema

# Every command takes --json; those whose schemas have other names than they themselves.
OF_COMMAND = {
    "search": ["search", "search-fields", "search-lines", "search-lines-fields"],
    "like": ["search"],
    "index": ["index", "index-watch", "index-dry-run"],
    "config": ["config", "config-one", "config-path", "config-edit"],
    "doctor": ["doctor", "doctor-interference"],
    "worker": ["worker", "worker-log"],
    "sources": ["sources", "sources-change"],
    HOME: ["status"],
    **{key: ["text"] for key in ("demo", "completion", "init", "man", "help", "agent-context")},
}
each_schema = pytest.mark.parametrize("name", names())


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return make_home(tmp_path)


def below(part: Any, at: str = "$") -> Iterator[tuple[str, Schema]]:
    """Every object inside a schema, with its place."""
    inside = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    if isinstance(part, dict):
        yield at, part
    for key, value in inside:
        yield from below(value, f"{at}.{key}")


@each_schema
def test_a_schema_is_one(name: str) -> None:
    """Draft 2020-12, as it says itself."""
    Draft202012Validator.check_schema(schema(name))

    assert schema(name)["$schema"] == Draft202012Validator.META_SCHEMA["$id"]


@each_schema
def test_a_schema_stands_alone(name: str) -> None:
    """It refers to its own definitions only, and has none that it does not need."""
    whole = schema(name)
    refers = {part["$ref"] for _, part in below(whole) if "$ref" in part}

    assert refers == {f"#/$defs/{definition}" for definition in whole.get("$defs", {})}


@each_schema
def test_a_schema_describes_every_key(name: str) -> None:
    """In words, also where it only refers to a definition."""
    whole = schema(name)
    keys = [
        (f"{at}.{key}", value)
        for at, part in below(whole)
        if isinstance(part.get("properties"), dict)
        for key, value in part["properties"].items()
    ]
    silent = [at for at, value in keys if "description" not in value and "$ref" not in value and ".if." not in at]
    silent = [at for at in silent if ".then." not in at and ".else." not in at]

    assert silent == []
    assert [key for key, definition in whole.get("$defs", {}).items() if "description" not in definition] == []


@each_schema
def test_a_schema_forbids_no_new_key(name: str) -> None:
    """Keys are only ever added: what was written against this version accepts the next one."""
    closed = [
        at for at, part in below(schema(name)) for key, value in part.items() if "Properties" in key and value is False
    ]

    assert closed == []


def test_a_definition_means_the_same_in_every_schema() -> None:
    """Each file is whole, so what they share is written several times."""
    meanings: dict[str, set[str]] = {}
    for name in names():
        for key, definition in schema(name).get("$defs", {}).items():
            meanings.setdefault(key, set()).add(json.dumps(definition, sort_keys=True))

    assert {key for key, said in meanings.items() if len(said) > 1} == set()


def test_the_lists_of_words_are_those_of_the_code() -> None:
    """Roles, kinds of blocks, kinds of errors, and the keys of a hit."""
    hit = schema("search")["$defs"]["hit_keys"]["properties"]
    kinds = [each.kind for each in vars(errors).values() if isinstance(each, type) and issubclass(each, Exception)]

    assert tuple(schema("search")["$defs"]["role"]["enum"]) == ROLES == base.ROLES
    assert tuple(schema("show")["$defs"]["block"]["properties"]["kind"]["enum"]) == KINDS == base.KINDS
    assert sorted(schema("error")["$defs"]["error"]["properties"]["kind"]["enum"]) == sorted(kinds)
    assert tuple(hit) == FIELDS


def test_every_command_that_prints_json_has_a_schema() -> None:
    """A new command brings one."""
    takes_json = [name for name in (*NAMES, HOME) if "--json" in {option.name for option in options_of(command(name))}]
    wanted = [each for name in takes_json for each in OF_COMMAND.get(name, [name])]

    assert {*wanted, "error"} == set(names())


def test_every_schema_is_listed_under_its_title(home: Home) -> None:
    listed = home.cass("schema").stdout.splitlines()

    assert [tuple(line.split(maxsplit=1)) for line in listed] == list(SCHEMAS)
    assert {name: schema(name)["title"] for name in names()} == dict(SCHEMAS)


def test_the_list_is_there_for_programs_and_without_columns(home: Home) -> None:
    said = json.loads(home.cass("schema", "--json").stdout)

    assert faults("schema", said) == []
    assert [(each["name"], each["what"]) for each in said["schemas"]] == list(SCHEMAS)
    assert home.cass("schema", "--plain").stdout.splitlines()[0] == "search: cass search --json"


def test_a_schema_is_printed_as_it_is_checked_in(home: Home) -> None:
    """Alone, with --json (it is JSON already), and several one after the other."""
    error, version = [(FOLDER / f"{name}.json").read_text("utf-8") for name in ("error", "version")]

    assert home.cass("schema", "error").stdout == error
    assert home.cass("schema", "error", "--json").stdout == error
    assert home.cass("schema", "error", "version").stdout == error + version


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("serch", "The nearest is `cass schema search`"),
        ("index_dry_run", "The nearest is `cass schema index-dry-run`"),
        ("zzqx", "See them all: cass schema"),
    ],
)
def test_an_unknown_schema_is_refused_with_the_nearest(home: Home, word: str, hint: str) -> None:
    done = home.cass("schema", "error", word)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"cass: there is no schema {word!r} (cass schema). {hint}.\n"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_completion_knows_the_schemas(shell: str) -> None:
    assert all(name in script(shell) for name in names())
    assert "search-lines-fields" in script(shell)
