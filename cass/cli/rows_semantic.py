"""The options by which one command uses other semantic settings than those that are written down."""

from __future__ import annotations

from cass.cli.table import CHOICE, TEXT, Option

# (word, its meaning): the spellings that the semantic policy accepts; `-` and `_` are equal.
MODES = (
    ("hybrid", "hybrid_preferred"),
    ("hybrid_preferred", "hybrid_preferred"),
    ("default", "hybrid_preferred"),
    ("auto", "hybrid_preferred"),
    ("lexical", "lexical_only"),
    ("lexical_only", "lexical_only"),
    ("lex", "lexical_only"),
    ("off", "lexical_only"),
    ("strict", "strict_semantic"),
    ("semantic", "strict_semantic"),
    ("strict_semantic", "strict_semantic"),
)
SHOWN_MODES = ("hybrid", "lexical", "strict", "semantic")
GROUP = "Meaning"
# flag, metavar, setting, and that setting's own words, written out so that a search need not load its table.
FLAGS = (
    (
        "--semantic-download-policy",
        "POLICY",
        "download_policy",
        "when a model may be fetched: when you ask, in the budget after you agreed once, or by itself",
    ),
    ("--semantic-fast-embedder", "NAME", "fast_tier_embedder", "what makes the vectors of the fast tier"),
    (
        "--semantic-embedder",
        "NAME",
        "quality_tier_embedder",
        "the model of the quality tier; hash switches that tier off",
    ),
    (
        "--semantic-reranker",
        "NAME",
        "reranker",
        "the model that may order the best hits once more, with search.rerank",
    ),
    ("--semantic-quality-weight", "SHARE", "quality_weight", "how much the quality tier counts against the fast one"),
    ("--semantic-budget-mb", "MB", "semantic_budget_mb", "how much disk vectors, graphs and models may take together"),
    (
        "--semantic-max-backfill-threads",
        "N",
        "max_backfill_threads",
        "how many cores background work may use; 0 stops it",
    ),
    ("--semantic-wait", "TIME", "semantic_wait_ms", "how long a search may wait for its semantic part"),
)


def semantic_options() -> tuple[Option, ...]:
    """For every command that uses the semantic policy; they hold for that one run."""
    doc = "whether to search by meaning too: where possible, never, or always"
    mode = Option(
        ("--semantic-mode",),
        doc,
        CHOICE,
        "MODE",
        values=SHOWN_MODES,
        means=MODES,
        key="mode",
        setting="mode",
        group=GROUP,
    )
    return (mode, *[Option((flag,), doc, TEXT, of, setting=key, group=GROUP) for flag, of, key, doc in FLAGS])
