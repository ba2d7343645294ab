"""The engines loaded without the modules that they ask for: everything else finds the real ones."""

from __future__ import annotations

import subprocess
import sys

import pytest

AFTER = """
import datetime, functools, types
print(datetime.datetime(2026, 1, 2).isoformat(), datetime.timezone.utc)
print(types.SimpleNamespace(a=1).a, functools.reduce(max, [1, 3, 2]), "lru_cache" in vars(functools))
"""
USED = """
from tantivy import Document, Index, SchemaBuilder
builder = SchemaBuilder()
builder.add_integer_field("n", indexed=True, fast=True)
index = Index(builder.build())
writer = index.writer()
document = Document()
document.add_integer("n", 7)
writer.add_document(document)
writer.commit()
index.reload()
print(index.searcher().num_docs)
"""


def said(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize(
    "first", ["", "import cass.native_tantivy", "import cass.native_sqlite, cass.native_tantivy", "import datetime"]
)
def test_the_real_modules_are_there_afterwards(first: str):
    """Whatever was loaded first."""
    assert said(f"{first}\nimport cass.native_tantivy, cass.native_sqlite\n{AFTER}").splitlines() == [
        "2026-01-02T00:00:00 UTC",
        "1 3 True",
    ]


def test_tantivy_works_without_dates():
    assert said(f"import cass.native_tantivy\n{USED}").strip() == "1"


def test_tantivy_has_its_dates_where_datetime_was_there_first():
    code = "import datetime as d, cass.native_tantivy, tantivy.tantivy as t; print(type(t.MIN_DATETIME) is d.datetime)"

    assert said(code).strip() == "True"
