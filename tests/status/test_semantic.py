"""What `status` says about vectors, their graph and how far they go: true whatever was done to the files."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

import pytest

from cass.policy import (
    DEFAULT_FAST_DIMENSION,
    SemanticCapability,
    SemanticCapabilityReport,
    SemanticMode,
    SemanticPolicy,
)
from cass.records import replace
from cass.semantic.embedders.hash import HashEmbedder
from cass.semantic.embedders.hash_version import FEATURES
from cass.semantic.embedders.table import RemoteOptions
from cass.semantic.manifest import FAST, QUALITY
from cass.status.semantic import report
from cass.store.connect import open_reader
from tests.archive import DAY_MS, FIRST_MS, NOW_MS, Home, make_home
from tests.backfill.working import Fussy
from tests.status.tiers import HERE, Named, backfilling, model_in

REPO = Path(__file__).resolve().parents[2]
LINES = 30


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive whose fast tier is complete, with a graph where usearch is."""
    home = make_home(tmp_path_factory.mktemp("good"))
    home.claude("s", *[f"walrus number {n} has tusks" for n in range(LINES)])
    home.index()
    working = backfilling(home)
    working.policy = replace(working.policy, hnsw_min_vectors=0)
    assert working.fast().left == 0
    return home.folder


@pytest.fixture
def home(good: Path, tmp_path: Path) -> Home:
    shutil.copytree(good, tmp_path, dirs_exist_ok=True)
    return Home(tmp_path)


def said(
    home: Home,
    policy: SemanticPolicy | None = None,
    pace: Mapping[str, float] | None = None,
    remote: RemoteOptions = HERE,
) -> SemanticCapabilityReport:
    connection = open_reader(home.places.database)
    assert connection is not None
    try:
        return report(policy or backfilling(home).policy, home.places, connection, pace, remote)
    finally:
        connection.close()


def harm(path: Path, how: str) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 16
    another = bytes(data).replace(b"vectors", b"VECTORS").replace(b"cass graph 1", b"cass graph 2")
    harmed: dict[str, bytes | bytearray] = {
        "truncated": data[:-20],
        "zeroed": bytes(len(data)),
        "flipped": data,
        "swapped": another,
    }
    path.write_bytes(harmed[how])


@pytest.mark.parametrize("how", ["truncated", "zeroed", "flipped", "swapped"])
@pytest.mark.parametrize("name", ["current", "1.rows", "1.keys", "graph.data", "graph.about"])
def test_each_damage_has_its_reason_until_it_is_mended(home: Home, name: str, how: str) -> None:
    """Searching goes on meanwhile, and the next backfill makes it whole again."""
    if name.startswith("graph") and find_spec("usearch") is None:
        pytest.skip("usearch is not installed")
    whole = said(home)
    harm(Path(home.places.vectors) / "fast" / name, how)

    torn = said(home)
    found = home.search("walrus number 7")
    working = backfilling(home)
    working.policy = replace(working.policy, hnsw_min_vectors=0)
    working.fast()
    mended = said(home)

    assert whole.reason is None
    assert torn.reason is not None
    assert torn.next_step == "cass backfill"
    assert found.hits[0].snippet == "walrus number 7 has tusks"
    assert (mended.reason, mended.capability) == (None, whole.capability)
    assert mended.fast_tier.documents == LINES
    assert (mended.hnsw.bytes > 0) == (whole.hnsw.bytes > 0)


def test_a_copied_folder_is_not_damaged(home: Home) -> None:
    """Other times, the same bytes."""
    for path in (Path(home.places.vectors) / "fast").glob("1.*"):
        os.utime(path)

    assert said(home).reason is None


def test_a_copied_folder_is_read_whole_once(home: Home) -> None:
    """The next look finds the files dated as their lists say, and need not read them."""
    files = [
        path for path in (Path(home.places.vectors) / "fast").iterdir() if path.suffix in (".rows", ".keys", ".data")
    ]
    before = [path.stat().st_mtime_ns for path in files]
    for path in files:
        os.utime(path)

    assert said(home).reason is None
    assert [path.stat().st_mtime_ns for path in files] == before


GLANCE = """
import os, sys
import cass
ended = os._exit
os._exit = lambda code: (sys.stderr.write(" ".join(sys.modules)), sys.stderr.flush(), ended(code))
sys.argv = ["cass", "status", "--json"]
cass.main()
"""


def test_a_glance_loads_nothing_that_searches(home: Home) -> None:
    """Nor what reads models, where there are none, nor what whoever came before has verified."""
    (Path(home.places.data) / "worker.lock").write_text("1\n")
    env = {"PYTHONPATH": str(REPO), **home.env}
    done = subprocess.run([sys.executable, "-c", GLANCE], env=env, capture_output=True, text=True, check=True)

    loaded = set(done.stderr.split())
    assert '"documents": 30' in done.stdout
    assert "cass.semantic.standing" in loaded
    assert not loaded & {
        "cass.error_kinds",
        "cass.semantic.embedders.base",
        "cass.semantic.hnsw",
        "cass.semantic.models",
        "cass.semantic.rereading",
        "cass.semantic.segments",
        "cass.semantic.vectors",
        "cass.store.owed",
        "encodings.ascii",
        "mmap",
    }


def test_how_far_back_the_vectors_go(home: Home) -> None:
    """Everything since then is in; what came since the last backfill moves it up, until the next one."""
    before = said(home).fast_tier
    home.claude("later", "quokka", start_ms=NOW_MS)
    home.index()
    behind = said(home).fast_tier
    backfilling(home).fast()
    after = said(home).fast_tier

    assert (before.covers_since_ms, before.coverage) == (FIRST_MS, 1.0)
    assert (behind.covers_since_ms, behind.coverage) == (NOW_MS + 1, LINES / (LINES + 1))
    assert (after.covers_since_ms, after.coverage) == (FIRST_MS, 1.0)


def test_each_tier_says_for_itself_how_far_it_goes(home: Home) -> None:
    """A backfill of the fast tier alone does not make the other one newer than it is."""
    made = backfilling(home)
    made.embedders["minilm"] = HashEmbedder(made.policy.quality_dimension)
    made.run(FAST, QUALITY)
    whole = said(home).quality_tier
    home.claude("later", "quokka", start_ms=NOW_MS)
    home.index()

    backfilling(home).fast()
    behind = said(home)

    assert whole.covers_since_ms == FIRST_MS
    assert (behind.fast_tier.covers_since_ms, behind.quality_tier.covers_since_ms) == (FIRST_MS, NOW_MS + 1)


def test_nothing_is_owed_to_a_tier_that_nothing_can_make(home: Home) -> None:
    """One without a model, one that is switched off, and both where no vectors are wanted."""
    home.claude("later", "quokka", start_ms=NOW_MS)
    home.index()
    made = backfilling(home)

    def backlog(policy: SemanticPolicy) -> tuple[int, int]:
        owed = said(home, policy).backlog
        return owed.fast, owed.quality

    assert backlog(made.policy) == (1, 0)
    assert backlog(replace(made.policy, quality_tier_embedder="openai")) == (1, LINES + 1)
    assert backlog(replace(made.policy, quality_tier_embedder="hash")) == (1, 0)
    assert backlog(replace(made.policy, mode=SemanticMode.LEXICAL_ONLY)) == (0, 0)


def test_what_will_not_fit_has_no_end(home: Home) -> None:
    """How long the work takes is said only where the budget lets it be done."""
    home.claude("t", *[f"narwhal number {n} has a tooth" for n in range(4_000)])
    home.index()
    policy = replace(backfilling(home).policy, quality_tier_embedder="hash")

    def left_s(budget_mb: int) -> float | None:
        return said(home, replace(policy, semantic_budget_mb=budget_mb), {FAST: 100.0}).backlog.eta_s

    assert left_s(100) == 40.0
    assert left_s(1) is None


@pytest.mark.parametrize(
    ("embedder", "end"),
    [
        ("minilm", "by hashed words only; `cass models install` adds a model"),
        ("openai", "by hashed words only; `cass backfill` makes the better vectors"),
        ("hash", "by hashed words only"),
    ],
)
def test_the_summary_names_what_is_missing(home: Home, embedder: str, end: str) -> None:
    """A model, vectors of one that is there, or nothing where nobody wants better ones."""
    assert said(home, replace(backfilling(home).policy, quality_tier_embedder=embedder)).summary.endswith(end)


def test_where_no_vector_fits_it_is_said_why(home: Home) -> None:
    """The next step leads out: `cass backfill` alone would come back to where it began."""
    shutil.rmtree(home.places.vectors)
    policy = backfilling(home).policy

    empty = said(home, replace(policy, semantic_budget_mb=0))
    full = said(home, replace(policy, min_free_disk_mb=1 << 40))

    assert (empty.reason, empty.next_step) == (
        "no vectors are built yet: the budget is 0 MB",
        "cass config set semantic_budget_mb 500",
    )
    assert full.reason is not None
    assert full.reason.startswith("no vectors are built yet: 1,099,511,627,776 MB of the disk are to stay free, and ")


def test_what_fastembed_made_it_can_make_again(home: Home) -> None:
    """Its files are its own: nobody is told to install a model that works."""
    name = "someone/model"
    made = backfilling(home)
    made.policy = replace(made.policy, quality_tier_embedder=name)
    made.embedders[name] = Named(f"fastembed-{name}")
    made.run(FAST, QUALITY)

    report = said(home, made.policy)

    assert (report.capability, report.next_step) == (SemanticCapability.FULL_QUALITY, None)


@pytest.mark.parametrize(
    ("remote", "standing", "reason", "todo"),
    [
        (HERE, "openai-BAAI/bge-m3-1024", None, None),
        (
            replace(HERE, model="other"),
            "openai-BAAI/bge-m3-1024",
            "embedder changed (openai-BAAI/bge-m3-1024 → openai-other-1024)",
            "cass backfill",
        ),
        (
            HERE,
            "minilm-384",
            "embedder changed (minilm-384 → openai-BAAI/bge-m3-1024)",
            "cass backfill",
        ),
        (
            replace(HERE, base_url="http://192.0.2.1/v1"),
            "openai-BAAI/bge-m3-1024",
            "192.0.2.1 is not this machine: texts go there only with remote.allow = true",
            "cass config set remote.allow true",
        ),
        (replace(HERE, base_url="http://192.0.2.1/v1", allow=True), "openai-BAAI/bge-m3-1024", None, None),
        (
            replace(HERE, base_url=""),
            "openai-BAAI/bge-m3-1024",
            "no server is named: remote.base_url",
            "cass config set remote.base_url http://localhost:8080/v1",
        ),
    ],
)
def test_what_a_search_could_not_ask_of_a_server_is_no_quality_tier(
    home: Home, remote: RemoteOptions, standing: str, reason: str | None, todo: str | None
) -> None:
    """Vectors of another model or embedder, a server that may not be asked, and none; the reason is what mends it."""
    made = backfilling(home)
    made.policy = replace(made.policy, quality_tier_embedder="openai")
    made.embedders["openai"] = Named(standing)
    made.run(FAST, QUALITY)

    report = said(home, made.policy, remote=remote)

    best = SemanticCapability.FAST_TIER_ONLY if reason else SemanticCapability.FULL_QUALITY
    assert (report.capability, report.reason, report.next_step) == (best, reason, todo)
    assert report.backlog.quality == (LINES if reason and todo == "cass backfill" else 0)


@pytest.mark.parametrize("left", [None, b"", b"half"])
def test_a_model_that_lost_a_file_is_no_quality_tier(home: Home, left: bytes | None) -> None:
    """Its vectors stand, but nothing can be asked of it; what is owed cannot be made, and a new install mends it."""
    made = backfilling(home)
    made.embedders["minilm"] = Named("minilm-384")
    made.run(FAST, QUALITY)
    home.claude("later", "quokka", start_ms=NOW_MS)
    home.index()
    path = model_in(home)
    whole = said(home, made.policy).capability
    path.unlink() if left is None else path.write_bytes(left)

    report = said(home, made.policy)

    assert (whole, report.capability) == (SemanticCapability.FULL_QUALITY, SemanticCapability.FAST_TIER_ONLY)
    assert (report.reason, report.next_step) == (
        "model.onnx of the model minilm is not what was installed",
        "cass models install",
    )
    assert (report.quality_tier.documents, report.backlog.quality) == (LINES, 0)


def test_a_quality_tier_that_is_switched_off_goes(home: Home) -> None:
    """Nothing is made in its place; until the next backfill its vectors take their room, and no search asks them."""
    made = backfilling(home)
    made.embedders["minilm"] = Named("minilm-384")
    made.run(FAST, QUALITY)
    model_in(home)
    whole = said(home, made.policy)

    report = said(home, replace(made.policy, quality_tier_embedder="hash"))

    assert whole.quality_tier.action is not None and report.quality_tier.action is not None
    assert (whole.quality_tier.documents, report.quality_tier.documents) == (LINES, 0)
    assert report.quality_tier.action.word == "evict"
    assert (report.capability, report.reason) == (SemanticCapability.FAST_TIER_ONLY, None)
    assert report.usage_bytes.quality_vector_index == whole.usage_bytes.quality_vector_index > 0


def test_what_failed_is_not_covered(home: Home) -> None:
    """Neither in the run in which it fails, nor while it waits for its next try; given up, it is excused."""
    home.claude("later", "a poison and nothing else", start_ms=NOW_MS)
    home.index()
    made = backfilling(home)
    made.embedders["hash"] = Fussy(dim=DEFAULT_FAST_DIMENSION, revision=FEATURES)
    since = []
    for _ in range(3):
        made.fast()
        made.fast()
        since.append(said(home).fast_tier.covers_since_ms)
        made.now_ms += DAY_MS

    assert since == [NOW_MS + 1, NOW_MS + 1, FIRST_MS]


def test_a_segment_that_cannot_be_read_covers_nothing(home: Home) -> None:
    """Newer messages have vectors, older ones have not."""
    home.claude("later", "quokka", start_ms=NOW_MS)
    home.index()
    backfilling(home).fast()
    (Path(home.places.vectors) / "fast" / "1.rows").write_bytes(b"")

    assert said(home).fast_tier.covers_since_ms == NOW_MS
