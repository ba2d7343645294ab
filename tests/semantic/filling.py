"""Many rows quickly, models and graphs of a size, and what is used after each write: for tests of the budget."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from cass.records import replace
from cass.semantic.artifacts import Shelf
from cass.semantic.budget import Budget
from cass.semantic.manifest import Recipe
from cass.semantic.segment_files import row_bytes
from cass.semantic.vector_writer import TierWriter
from cass.semantic.volume import Volume
from tests.semantic.shelves import DIM, PLENTY, RECIPE, Row, budget_of, ids_in, shelf_in, vector, writer_of

QUALITY_DIM = 96
QUALITY_RECIPE = Recipe("model-96", "1", 1, 1, QUALITY_DIM)
RECIPES = {"fast": RECIPE, "quality": QUALITY_RECIPE}
ROW_BYTES = {tier: row_bytes(recipe.dim) for tier, recipe in RECIPES.items()}
VECTORS = {dim: [vector(seed, dim) for seed in range(50)] for dim in (DIM, QUALITY_DIM)}


def many(tier: str, ids: range) -> list[Row]:
    """One vector a text, its id being its time; the vectors repeat."""
    vectors = VECTORS[RECIPES[tier].dim]
    return [(id, 0, id, vectors[id % len(vectors)]) for id in ids]


class Watched(Volume):
    """Looks at the folder after every single write."""

    def __init__(self, look: Callable[[int], None]) -> None:
        self.look = look

    def extend(self, path: str, at: int, data: bytes) -> int:
        stamp = super().extend(path, at, data)
        self.look(len(data))
        return stamp

    def replace(self, path: str, data: bytes) -> None:
        super().replace(path, data)
        self.look(len(data))


class Watch:
    """A budget in a folder; `used` after each write, and how much each wrote."""

    def __init__(self, folder: Path, mb: float, shares: bool = False) -> None:
        self.folder = folder
        self.used: list[int] = []
        self.written: list[int] = []
        shelf = replace(shelf_in(folder), volume=Watched(self.look))
        policy = replace(budget_of(shelf, mb).policy, fast_dimension=DIM, quality_dimension=QUALITY_DIM)
        self.budget = Budget(policy, shelf, lambda: PLENTY, shares)

    def look(self, written: int) -> None:
        self.written.append(written)
        self.used.append(used(self.folder))

    def writer(self, tier: str) -> TierWriter:
        return writer_of(self.budget, tier, RECIPES[tier])


def used(folder: Path) -> int:
    """What really lies on the disk."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def put_model(shelf: Shelf, size_bytes: int) -> None:
    folder = Path(shelf.models) / "minilm"
    folder.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(bytes(size_bytes))


def put_graph(shelf: Shelf, tier: str, size_bytes: int) -> None:
    folder = Path(shelf.folder(tier))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "graph.data").write_bytes(bytes(size_bytes))


def backfill(writer: TierWriter, count: int, batch: int = 2_000) -> None:
    """Add what is owed of the texts 1 to `count`, from the newest to the oldest, until nothing more is taken."""
    owed = sorted(set(range(1, count + 1)).difference(ids_in(writer.shelf, writer.tier)), reverse=True)
    vectors = VECTORS[writer.recipe.dim]
    for start in range(0, len(owed), batch):
        rows = [(id, 0, id, vectors[id % len(vectors)]) for id in owed[start : start + batch]]
        if writer.append(rows).refused:
            break


def extent(shelf: Shelf, tier: str, count: int) -> str:
    """Which of the texts 1 to `count` stand in a tier: none, all, or a part, which then must be the newest."""
    ids = ids_in(shelf, tier)
    if len(ids) in (0, count):
        return "all" if ids else "none"
    return "newest" if ids == list(range(count - len(ids) + 1, count + 1)) else f"{len(ids)} with holes"
