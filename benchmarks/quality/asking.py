"""Put a question to an archive, one way or another; every way gives places, best first, grouped as a user sees them."""

from __future__ import annotations

import functools
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from benchmarks.quality.places import Archive
from cass.policy import DEFAULT_RERANKER
from cass.query.words import tokens
from cass.search import meaning, quality, rerank
from cass.search.engine import search
from cass.search.request import Freshness, Request
from cass.semantic.cross_encoder import open_reranker
from cass.semantic.embedders.table import RemoteOptions
from cass.semantic.manifest import QUALITY
from cass.semantic.vectors import Tier
from cass.store.connect import open_reader
from cass.store.documents import documents_since
from cass.store.nearest import messages_with_texts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cass.semantic.embedders.base import BaseEmbedder

LIMIT = 50
FETCHED = 400
SHINGLED_CHARS = 20_000
# The sessions are of 2025 and 2026; no answer may depend on the day it is asked.
NOW_MS = 1_800_000_000_000
MODES = ("fts5", "lexical", "fast", "quality", "hybrid", "reranked")
_HYBRID = {"fast": "hash", "hybrid": "minilm", "reranked": "minilm"}


@dataclass(frozen=True)
class Place:
    """A hit: its session, its message, its document, and a hash of its text."""

    sid: str
    ordinal: int
    external_id: str
    doc: int
    text: int

    def key(self, unit: str) -> str:
        """What a set of this unit calls it."""
        return {"session": self.sid, "message": f"{self.sid}:{self.ordinal}", "document": self.external_id}[unit]


Ask = Callable[[str], list[Place]]


class Asked:
    """An archive, held open for many questions."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        connection = open_reader(archive.places.database)
        assert connection is not None
        self.connection = connection
        self.bodies: dict[int, str] = {}
        self._texts: dict[int, int] = {}
        for document in documents_since(connection, 0):
            self.bodies[document.doc] = document.body
            self._texts[document.doc] = document.text
        self._by_doc: dict[int, Place] = {}
        self._by_name: dict[tuple[str, int], Place] = {}
        self._read_places()
        self._fts5: sqlite3.Connection | None = None
        self._shingles: dict[int, frozenset[str]] = {}

    def way(self, mode: str) -> Ask:
        """A function from a question to places."""
        if mode == "fts5":
            return self._baseline
        if mode == "quality":
            return self._nearest
        return lambda text: self._search(text, mode)

    def near_copies(self, places: Sequence[Place]) -> int:
        """How many are a near-copy of an earlier one: four of five runs of three words are the same."""
        seen: list[frozenset[str]] = []
        copies = 0
        for place in places:
            shingles = self._shingles_of(place.doc)
            copies += any(len(shingles & other) >= 0.8 * len(shingles | other) for other in seen)
            seen.append(shingles)
        return copies

    def _shingles_of(self, doc: int) -> frozenset[str]:
        if doc not in self._shingles:
            words = tokens(self.bodies[doc][:SHINGLED_CHARS])
            runs = [" ".join(words[at : at + 3]) for at in range(max(1, len(words) - 2))]
            self._shingles[doc] = frozenset(runs)
        return self._shingles[doc]

    def _read_places(self) -> None:
        rows = self.connection.execute(
            "SELECT s.sid, m.ordinal, s.external_id, m.doc FROM messages m JOIN sessions s ON s.id=m.session"
            " ORDER BY m.flags & 8 DESC, m.id DESC"
        )
        for sid, ordinal, external_id, doc in rows:
            if doc in self._texts:
                place = Place(sid, ordinal, external_id, doc, self._texts[doc])
                self._by_doc[doc] = self._by_name[sid, ordinal] = place

    def _search(self, text: str, mode: str) -> list[Place]:
        settings: tuple[tuple[str, object], ...] = (
            ("quality_tier_embedder", _HYBRID.get(mode, "hash")),
            ("semantic_wait_ms", 60_000),
            ("search.rerank", mode == "reranked"),
        )
        how = "lexical_only" if mode == "lexical" else "hybrid_preferred"
        request = Request(text, limit=LIMIT, mode=how, semantic=settings, short_ids=False)
        found = search(self.archive.places, request, NOW_MS, lambda: 0.0, "/", Freshness())
        return [self._by_name[hit.sid, hit.ordinal] for hit in found.hits]

    def _nearest(self, text: str) -> list[Place]:
        """The quality tier alone."""
        embedder = warm_embedder("minilm", self.archive.places.data)
        tier = Tier.open(self.archive.places.vectors, QUALITY)
        if not isinstance(tier, Tier):
            return []
        near: dict[int, int] = {}
        for number, _, _ in tier.scan(embedder.embed([text])[0], meaning.NEAREST):
            near.setdefault(number, len(near))
        said = sorted(messages_with_texts(self.connection, list(near)), key=lambda row: (near[row[0]], row[1]))
        return _grouped(self._by_doc[doc] for _, _, doc in said if doc in self._by_doc)

    def _baseline(self, text: str) -> list[Place]:
        """SQLite's FTS5 over the same messages, English stems, any of the words, its own BM25."""
        words = list(dict.fromkeys(tokens(text)))
        if not words:
            return []
        asked = " OR ".join(f'"{word}"' for word in words)
        sql = "SELECT rowid FROM said WHERE said MATCH ? ORDER BY rank LIMIT ?"
        rows = self._indexed().execute(sql, (asked, FETCHED))
        return _grouped(self._by_doc[doc] for (doc,) in rows if doc in self._by_doc)

    def _indexed(self) -> sqlite3.Connection:
        if self._fts5 is None:
            self._fts5 = sqlite3.connect(":memory:")
            self._fts5.execute("CREATE VIRTUAL TABLE said USING fts5(body, content='', tokenize='porter unicode61')")
            self._fts5.executemany("INSERT INTO said(rowid, body) VALUES(?, ?)", self.bodies.items())
        return self._fts5


def _grouped(places: Iterable[Place]) -> list[Place]:
    """The best of each session, copies folded, as a search does it."""
    sids: set[str] = set()
    texts: set[int] = set()
    kept = []
    for place in places:
        if place.sid not in sids and place.text not in texts:
            kept.append(place)
        sids.add(place.sid)
        texts.add(place.text)
    return kept[:LIMIT]


def why_not(archive: Archive, mode: str) -> str | None:
    """Why this archive cannot be asked that way."""
    if mode != "reranked" or open_reranker(archive.places.data, DEFAULT_RERANKER) is not None:
        return None
    return f"no reranker: cass models install {DEFAULT_RERANKER} --from FOLDER, then --models DATA/derived/models"


_warm: dict[str, BaseEmbedder | quality.Missing] = {}


def warm_embedder(name: str, data: str, *more: object, **named: object) -> BaseEmbedder:
    """The model, opened once for all questions.  Raises RuntimeError without one."""
    key = f"{name} {data}"
    if key not in _warm:
        _warm[key] = quality.quality_embedder(name, data, RemoteOptions(), lambda: None)
    found = _warm[key]
    if isinstance(found, quality.Missing):
        raise RuntimeError(found.why)
    return found


def keep_warm() -> None:
    """Searches of this process open the model once: thousands of questions are asked."""
    setattr(meaning, "quality_embedder", warm_embedder)  # noqa: B010 (it only imports that name)
    setattr(rerank, "open_reranker", functools.cache(open_reranker))  # noqa: B010
