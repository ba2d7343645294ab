"""Variables that begin with CASS_ and are somebody else's: told apart without loading the table of settings."""

from __future__ import annotations

from cass.settings.hot import OTHER_VARIABLES

# What the table has; a test compares.
NAMES = (
    "ARCHIVE_BUDGET_MB ARCHIVE_ENABLED COLOR EMBEDDER_CACHE_SIZE EMBEDDER_MODE EMBEDDER_URL HYPERLINK_FORMAT "
    "LOG_LEVEL PACK_MAX_CHARS PACK_MAX_TOKENS PAGER PLAIN REDACT REMOTE_ALLOW REMOTE_BASE_URL REMOTE_DIMENSION "
    "REMOTE_KEY_ENV REMOTE_MAX_CHARS REMOTE_MODEL REMOTE_TIMEOUT_S RETENTION_DAYS SEARCH_DIVERSITY "
    "SEARCH_DIVERSITY_DEPTH SEARCH_FETCH_K SEARCH_HALF_LIFE_DAYS SEARCH_LIMIT SEARCH_REFRESH SEARCH_RERANK "
    "SEARCH_RERANK_BATCH SEARCH_RERANK_DEPTH SEARCH_RERANK_THREADS SEARCH_RRF_K SEARCH_TIMEOUT_S SEARCH_WEIGHTS "
    "SEMANTIC_BUDGET_MB SEMANTIC_CHUNK_TIMEOUT_SECONDS SEMANTIC_DOWNLOAD_POLICY SEMANTIC_EMBEDDER "
    "SEMANTIC_FAST_DIMENSION SEMANTIC_FAST_EMBEDDER SEMANTIC_FAST_TIER_EMBEDDER SEMANTIC_HNSW_MIN_VECTORS "
    "SEMANTIC_IDLE_DELAY_SECONDS SEMANTIC_MAX_BACKFILL_RSS_MB SEMANTIC_MAX_BACKFILL_THREADS "
    "SEMANTIC_MAX_MODEL_SIZE_MB SEMANTIC_MAX_REFINEMENT_DOCS SEMANTIC_MIN_FREE_DISK_MB SEMANTIC_MODE "
    "SEMANTIC_QUALITY_DIMENSION SEMANTIC_QUALITY_TIER_EMBEDDER SEMANTIC_QUALITY_WEIGHT SEMANTIC_RERANKER "
    "SEMANTIC_SEMANTIC_BUDGET_MB SEMANTIC_SEMANTIC_WAIT_MS SEMANTIC_WAIT_MS SERVE_HOST SERVE_PORT "
    "SOURCES_DISABLED SOURCES_EXCLUDE SOURCES_ROOTS TWO_TIER_FAST_DIM TWO_TIER_MAX_REFINEMENT "
    "TWO_TIER_QUALITY_DIM TWO_TIER_QUALITY_WEIGHT WORKER_BACKGROUND WORKER_BATCH WORKER_IDLE_EXIT_S "
    "WORKER_MAX_ATTEMPTS WORKER_MAX_LOAD_PER_CORE WORKER_ON_BATTERY WORKER_POLL_S WORKER_QUIET_HOURS "
)
KNOWN = (*["CASS_" + name for name in NAMES.split()], *OTHER_VARIABLES)
# Beginnings of names that are nobody else's: whatever stands there is meant for us.
OURS = (
    "CASS_SEMANTIC_",
    "CASS_TWO_TIER_",
    "CASS_ARCHIVE_",
    "CASS_EMBEDDER_",
    "CASS_LOG_",
    "CASS_PACK_",
    "CASS_REMOTE_",
    "CASS_SEARCH_",
    "CASS_SERVE_",
    "CASS_SOURCES_",
    "CASS_WORKER_",
)
# Of the others only those that are nearly ours are meant for us: as difflib counts.
LIKENESS = 0.85


def is_foreign(name: str) -> bool:
    """Is it surely not meant for us?"""
    return not (name.startswith(OURS) or same_words(name) or any([_may_be_alike(name, known) for known in KNOWN]))


def same_words(name: str) -> str | None:
    """The variable that ends in the same words: CASS_PACK_MAX_TOKENS for CASS_MAX_TOKENS."""
    words = name[4:]
    return next((known for known in KNOWN if known.endswith(words)), None) if words.count("_") > 1 else None


def _may_be_alike(name: str, known: str) -> bool:
    """Whether they share enough letters; a bound of what difflib finds, which looks at their order too."""
    length = len(name) + len(known)
    if 2 * min(len(name), len(known)) < LIKENESS * length:
        return False
    shared = sum([min(name.count(sign), known.count(sign)) for sign in set(name)])
    return 2 * shared >= LIKENESS * length
