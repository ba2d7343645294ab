"""A backfill over a small archive of real files, with a machine that the test holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cass.backfill.machine import BackfillRequest, Machine
from cass.backfill.report import BackfillReport, TierReport
from cass.backfill.run import Backfill
from cass.policy import SemanticPolicy
from cass.records import replace
from cass.semantic.embedders.base import Checked, EmbedderNotLoaded, EmbedderSchemaError
from cass.semantic.embedders.hash import HashEmbedder
from cass.semantic.embedders.table import EmbedderOptions
from cass.semantic.manifest import FAST, QUALITY
from cass.semantic.vectors import Tier
from cass.store.connect import open_reader
from tests.archive import MINUTE_MS, NOW_MS, Home, make_home

if TYPE_CHECKING:
    from cass.semantic.embedders.base import BaseEmbedder

MB = 1_048_576
PLENTY = 100_000 * MB
POISON = "poison"


def home_with(folder: Path, sessions: int = 3, lines: int = 4) -> Home:
    """An archive of invented sessions with different texts, an hour apart."""
    home = make_home(folder)
    for number in range(sessions):
        add_session(home, f"s{number}", number, lines)
    home.index()
    return home


def add_session(home: Home, name: str, number: int, lines: int = 4) -> None:
    """A session that is so many hours later."""
    said = [f"walrus {name} says line {line} about tusks and ice" for line in range(lines)]
    home.claude(name, *said, start_ms=NOW_MS + number * 60 * MINUTE_MS)


class Fussy(HashEmbedder):
    """The hash embedder, which refuses texts with a certain word; `asked` are the texts that it was given."""

    def __init__(self, refuses: str = POISON, dim: int = 64, revision: str = "1") -> None:
        super().__init__(dim)
        self.refuses = refuses
        self.model_version = revision
        self.asked: list[str] = []

    def embed(self, texts: Sequence[str]) -> Any:
        self.asked += texts
        if any(self.refuses in text for text in texts):
            raise EmbedderSchemaError(f"{self.refuses} was refused")
        return super().embed(texts)


class Working:
    """A backfill whose wishes and machine can be changed between runs."""

    def __init__(self, home: Home, fast: BaseEmbedder | None = None, quality: BaseEmbedder | None = None) -> None:
        self.home = home
        self.embedders = {"hash": fast, "minilm": quality}
        self.policy = replace(SemanticPolicy(), fast_dimension=64, quality_dimension=64, max_backfill_rss_mb=100_000)
        self.configured: SemanticPolicy | None = None
        self.now_ms = home.now_ms
        self.free = PLENTY
        self.machine: dict[str, Any] = {}

    def run(self, *tiers: str, **wishes: Any) -> BackfillReport:
        """One run over these tiers, the fast one if none is named."""
        return Backfill(self.home.places, self.request(*tiers, **wishes), self.made_machine()).run()

    def request(self, *tiers: str, **wishes: Any) -> BackfillRequest:
        return BackfillRequest(self.policy, self.configured or self.policy, tiers or (FAST,), **wishes)

    def made_machine(self, **says: Any) -> Machine:
        """Its clocks and its disk as they are set here."""
        calm = {"now_ms": lambda: self.now_ms, "monotonic_s": lambda: 0.0, "free_bytes": lambda: self.free}
        return Machine(**{**calm, "build": self._build, **says, **self.machine})

    def fast(self, **wishes: Any) -> TierReport:
        """One run over the fast tier, and its report."""
        (report,) = self.run(FAST, **wishes).tiers
        return report

    def quality(self, **wishes: Any) -> TierReport:
        (report,) = self.run(QUALITY, **wishes).tiers
        return report

    def _build(self, name: str, options: EmbedderOptions) -> BaseEmbedder:
        given = self.embedders.get(name)
        if given is None and name != "hash":
            raise EmbedderNotLoaded(f"the model {name} is not installed: cass models install {name}")
        embedder = given or HashEmbedder(options.fast_dimension)
        embedder.load()
        if isinstance(embedder, HashEmbedder):
            embedder.status = "ok"
        return Checked(embedder)

    def ids(self, tier: str = FAST) -> list[int]:
        """The texts that have their vectors."""
        found = Tier.open(str(self.vectors), tier)
        return found.ids().tolist() if isinstance(found, Tier) else []

    def texts(self, tier: str = FAST) -> list[str]:
        """Those texts themselves, in the order of their ids."""
        here = set(self.ids(tier))
        return [text for id, text in self.all_texts().items() if id in here]

    def all_texts(self) -> dict[int, str]:
        return dict(self.ask("SELECT id, text FROM texts ORDER BY id"))

    def ask(self, sql: str) -> list[Any]:
        connection = open_reader(self.home.places.database)
        assert connection is not None
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()

    @property
    def vectors(self) -> Path:
        return self.home.data / "derived" / "vectors"

    def files(self, tier: str = FAST) -> dict[str, bytes]:
        """Rows and keys, by their names: all that does not say when it was written."""
        kept = (path for path in (self.vectors / tier).iterdir() if path.suffix in (".rows", ".keys"))
        return {path.name: path.read_bytes() for path in kept}


def stops_after(count: int) -> Callable[[], bool]:
    """Says so many times that the run is not stopped."""
    left = iter([False] * count)
    return lambda: next(left, True)
