"""What the documents promise stands in the code."""

from __future__ import annotations

import re
from pathlib import Path

from cass import error_kinds as errors
from cass.render.search_json import FIELDS
from cass.store.schema import MIGRATIONS

DOCS = Path(__file__).resolve().parents[1] / "docs"


def test_docs_list_every_error_kind() -> None:
    """docs/json.md names each kind with its exit code and whether trying again helps."""
    rows = re.findall(r"^\| `([a-z-]+)` \| (\d+) \| (yes|no) \|$", (DOCS / "json.md").read_text(), re.M)
    kinds = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, errors.CassError)]

    assert sorted(rows) == sorted((e.kind, str(e.exit_code), "yes" if e.retryable else "no") for e in kinds)


def test_docs_name_every_field_of_a_hit() -> None:
    """docs/json.md says of each key of a hit what it means, or that it comes when named."""
    text = (DOCS / "json.md").read_text()
    passed_over = {"message_index", "created_at", "source_id", "context"}

    assert [name for name in FIELDS if f"`{name}`" not in text and f"hits[].{name}`" not in text] == sorted(
        passed_over, key=FIELDS.index
    )


def test_the_house_s_plan_says_what_each_table_is_for() -> None:
    """None that a migration makes is left out, and none is named that is not there."""
    plan = (DOCS / "architecture.md").read_text().partition("## The tables of")[2].partition("\n## ")[0]
    named = [name for row in re.findall(r"^\| (`[^|]+)\|", plan, re.M) for name in re.findall(r"`(\w+)`", row)]
    made = re.findall(r"CREATE TABLE (\w+)\(", "\n".join(step for steps in MIGRATIONS for step in steps))

    assert sorted(named) == sorted(made)


def test_every_link_between_documents_leads_somewhere() -> None:
    """A page that is named exists."""
    for page in [*DOCS.rglob("*.md"), DOCS.parent / "README.md", DOCS.parent / "CONTRIBUTING.md"]:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
