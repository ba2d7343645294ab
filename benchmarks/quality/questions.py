"""A set of questions with what is right, and the ones that were written or collected elsewhere."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.quality.places import Archive, json_lines

WRITTEN = Path(__file__).with_name("written.json")


@dataclass(frozen=True)
class Question:
    """What is asked, and what is right: a key of the set's unit → its grade, from 1."""

    text: str
    right: Mapping[str, int]


@dataclass(frozen=True)
class Set:
    """Questions of one kind.  `unit` says what is ranked: `session`, `message` (`sid:ordinal`) or `document`."""

    name: str
    archive: Archive
    unit: str
    questions: tuple[Question, ...]


def collected(root: Path, archive: Archive) -> Set:
    """Cranfield or SciFact, with the judgements of those who made them."""
    folder = root / "relevance" / archive.name
    grades: dict[str, dict[str, int]] = defaultdict(dict)
    with (folder / "qrels.tsv").open() as file:
        for row in csv.DictReader(file, delimiter="\t"):
            grades[row["query_id"]][row["doc_id"]] = int(row["grade"])
    asked = [Question(line["text"], grades[line["id"]]) for line in json_lines(folder / "queries.jsonl")]
    return Set(archive.name, archive, "document", tuple(each for each in asked if any(each.right.values())))


def written(archive: Archive) -> Set:
    """Questions written by hand after reading the sessions; 2 is what was meant, 1 is of help too."""
    asked = json.loads(WRITTEN.read_text(encoding="utf-8"))
    return Set("e written", archive, "session", tuple(Question(each["ask"], each["right"]) for each in asked))
