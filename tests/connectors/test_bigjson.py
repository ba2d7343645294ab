"""A JSON document of any size gives its members and the elements of one array."""

from __future__ import annotations

import json
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cass.connectors import bigjson
from cass.connectors.base import SourceProblem
from cass.connectors.bigjson import Part, parts
from tests.connectors.reading import source

SMALL, LARGE = 1 << 20, 0  # how much may be read whole: everything, or nothing
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


def given_parts(document: str | bytes, array: tuple[str, ...], whole_bytes: int = LARGE) -> list[Any]:
    data = document if isinstance(document, bytes) else document.encode("utf-8", "surrogatepass")
    return list(parts(source(data, "/a.json"), array, whole_bytes))


@pytest.fixture(autouse=True)
def tiny_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows of 16 bytes, so that small samples cross many of their borders."""
    monkeypatch.setattr(bigjson, "CHUNK_BYTES", 16)


@pytest.mark.parametrize("whole_bytes", [SMALL, LARGE])
def test_members_and_elements_are_told_apart(whole_bytes):
    """What stands beside the array comes as members, with the path of keys that leads to it."""
    document = json.dumps({"id": "a", "log": {"by": 1, "items": [1, {"x": [2]}]}})

    assert given_parts(document, ("log", "items"), whole_bytes) == [
        Part(("id",), "a"),
        Part(("log", "by"), 1),
        Part(("log", "items"), 1, element=True),
        Part(("log", "items"), {"x": [2]}, element=True),
    ]


def test_a_large_document_is_held_a_window_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """However much may be read whole: what is more is never in memory, not even its beginning."""
    monkeypatch.setattr(bigjson, "CHUNK_BYTES", 1 << 14)
    large = source(json.dumps(["quokka 有袋类" * 100] * 2_000, ensure_ascii=False).encode(), "/a.json")
    tracemalloc.start()

    count = sum(1 for _ in parts(large, (), large.size - 1))
    _, most_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert count == 2_000
    assert most_bytes < large.size / 10


@pytest.mark.parametrize("whole_bytes", [SMALL, LARGE])
def test_a_document_may_be_the_array_itself(whole_bytes):
    """An export that is one list gives its elements."""
    assert given_parts("[1, [2], null]", (), whole_bytes) == [Part((), v, element=True) for v in (1, [2], None)]


@pytest.mark.parametrize("whole_bytes", [SMALL, LARGE])
def test_an_array_that_is_none_is_a_member(whole_bytes):
    """Where something else stands in the array's place, it is given as it is."""
    assert given_parts('{"items": {"a": 1}}', ("items",), whole_bytes) == [Part(("items",), {"a": 1})]


@given(st.lists(JSON, max_size=5), st.dictionaries(st.text(max_size=4), JSON, max_size=4))
def test_reading_in_a_stream_gives_what_reading_whole_gives(elements, members):
    """The size of a document changes nothing but the order of its members."""
    document = json.dumps({**members, "items": elements})

    assert given_parts(document, ("items",), LARGE) == given_parts(document, ("items",), SMALL)


def test_an_element_over_the_limit_is_passed_over_and_named(monkeypatch):
    """One oversized element costs only itself, wherever its quotes and brackets stand."""
    monkeypatch.setattr(bigjson, "MAX_ELEMENT_CHARS", 64)
    large = {"a": '"]}\\' * 100, "b": [[{"c": "\\\\"}]] * 20}

    assert given_parts(json.dumps([1, large, 2, "x" * 500, 3]), ()) == [
        Part((), 1, element=True),
        SourceProblem("/a.json", None, "element 1: an element of over 16 MB was passed over", torn=True),
        Part((), 2, element=True),
        SourceProblem("/a.json", None, "element 3: an element of over 16 MB was passed over", torn=True),
        Part((), 3, element=True),
    ]


TORN = ["", "{", '{"items": [1, 2', '{"items" 1}', "[" * 5000, '{"items": [1 2]}', "\x00", "nul"]


@pytest.mark.parametrize("document", TORN)
@pytest.mark.parametrize("whole_bytes", [SMALL, LARGE])
def test_a_torn_document_is_a_problem(document, whole_bytes):
    """A half-written document gives what could be read and says so, and never raises."""
    found = given_parts(document, ("items",), whole_bytes)

    assert any(isinstance(part, SourceProblem) for part in found)


@given(st.binary(max_size=80))
def test_any_bytes_are_read_without_raising(data):
    """Whatever stands in a file, a read ends."""
    for whole_bytes in (SMALL, LARGE):
        given_parts(data, ("a",), whole_bytes)


@pytest.mark.parametrize("whole_bytes", [SMALL, LARGE])
def test_a_byte_order_mark_and_line_ends_are_nothing(whole_bytes):
    """Files written by other editors read the same."""
    assert given_parts(b'\xef\xbb\xbf{"a":\r\n 1}\r\n', ("b",), whole_bytes) == [Part(("a",), 1)]
