"""Small vectors and shelves for tests: real files in a temporary folder, a clock and free space that the test holds."""

from __future__ import annotations

import random
from array import array
from collections.abc import Iterable
from pathlib import Path

from cass.policy import SemanticPolicy
from cass.records import replace
from cass.semantic.artifacts import Shelf
from cass.semantic.budget import Budget
from cass.semantic.manifest import Recipe
from cass.semantic.vector_writer import TierWriter
from cass.semantic.vectors import Tier
from cass.semantic.volume import Volume

MB = 1_048_576
DIM = 64
RECIPE = Recipe("hash-64", "1", 1, 1, DIM)
PLENTY = 100_000 * MB
NOW_MS = 1_700_000_000_000

Row = tuple[int, int, int, "array[float]"]


def vector(seed: int, dim: int = DIM) -> array[float]:
    """A unit vector, always the same for a seed."""
    rng = random.Random(seed)
    parts = [rng.gauss(0, 1) for _ in range(dim)]
    length = sum(part * part for part in parts) ** 0.5
    return array("f", [part / length for part in parts])


def rows(ids: Iterable[int], dim: int = DIM) -> list[Row]:
    """One vector a text; the text's id is its time as well."""
    return [(id, 0, id, vector(id, dim)) for id in ids]


def shelf_in(folder: Path, volume: Volume | None = None) -> Shelf:
    folder.mkdir(exist_ok=True)
    shelf = Shelf.below(str(folder))
    return shelf if volume is None else replace(shelf, volume=volume)


def budget_of(shelf: Shelf, mb: float = 500, shares: bool = False, free_bytes: int = PLENTY) -> Budget:
    """A budget of so many MB; a policy has whole ones, tests fractions too."""
    policy = replace(SemanticPolicy.compiled_defaults(), semantic_budget_mb=mb, min_free_disk_mb=0)
    return Budget(policy, shelf, lambda: free_bytes, shares)


def writer_of(budget: Budget, tier: str = "fast", recipe: Recipe = RECIPE) -> TierWriter:
    return TierWriter(tier, recipe, budget, lambda: NOW_MS)


def writer_in(folder: Path, tier: str = "fast", volume: Volume | None = None) -> TierWriter:
    return writer_of(budget_of(shelf_in(folder, volume)), tier)


def opened(shelf: Shelf, tier: str = "fast") -> Tier:
    found = Tier.open(shelf.vectors, tier)
    assert isinstance(found, Tier), found
    return found


def ids_in(shelf: Shelf, tier: str = "fast") -> list[int]:
    """The texts that a search finds; nothing where there is no tier that can be used."""
    found = Tier.open(shelf.vectors, tier)
    return found.ids().tolist() if isinstance(found, Tier) else []


def files(folder: Path) -> dict[str, bytes]:
    """Every file below, by its relative name."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
