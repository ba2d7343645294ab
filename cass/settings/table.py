"""The table of settings: each is one row here, and nowhere else.

Checks, `cass config`, docs/settings.md, the manual, `status --json` and the tests read these rows.  The defaults of the
semantic settings are those of `cass.policy`.  A setting that nothing uses yet has no row.
"""

from __future__ import annotations

from cass.settings.hot import OTHER_FILE, SEMANTIC_FILE

# How a value is read; `kinds.py` has a check for each.
MODE, POLICY, NAME, CHOICE = "mode", "policy", "name", "choice"
WHOLE, FRACTION, SECONDS, SOME_SECONDS, MILLISECONDS = "whole", "fraction", "seconds", "some seconds", "milliseconds"
SWITCH, COMMAND, AGENTS, LINK, CONSTANT = "switch", "command", "agents", "link", "constant"
ADDRESS, VARIABLE, SOCKET = "address", "variable", "socket"
NUMBER, HOURS, HOST, PORT = "number", "hours", "host", "port"
ROOTS, PATTERNS = "roots", "patterns"
WEIGHTS, SHARE_OR_OFF = "weights", "share or off"


class Setting:
    """One setting.  `variables` are its environment variables, the strongest first; `variable` is the one to show.

    file: where it stands · values: a choice's words · least: the smallest whole number accepted · default: None for
    the semantic ones, whose defaults are the policy's (`default_of`).
    """

    # Not a @record: their initialiser is slow until it was used often, and every command makes all rows.
    __slots__ = ("default", "doc", "file", "flag", "key", "kind", "least", "unit", "values", "variable", "variables")

    def __init__(
        self,
        key: str,
        kind: str,
        doc: str,
        *,
        default: object = None,
        unit: str | None = None,
        variable: str = "",
        flag: str | None = None,
        values: tuple[str, ...] = (),
        least: int = 0,
        file: str = OTHER_FILE,
    ) -> None:
        self.key = key
        self.kind = kind
        self.doc = doc
        self.default = default
        self.unit = unit
        self.flag = flag
        self.values = values
        self.least = least
        self.file = file
        systematic = ("CASS_SEMANTIC_" if file == SEMANTIC_FILE else "CASS_") + key.replace(".", "_").upper()
        self.variable: str | None = variable or systematic
        self.variables: tuple[str, ...] = (systematic,) if variable in ("", systematic) else (systematic, variable)
        if kind == CONSTANT:
            self.variable = None


def _semantic(
    key: str,
    kind: str,
    doc: str,
    unit: str | None = None,
    variable: str = "",
    flag: str | None = None,
    least: int = 0,
    values: tuple[str, ...] = (),
) -> Setting:
    file = SEMANTIC_FILE
    return Setting(key, kind, doc, unit=unit, variable=variable, flag=flag, least=least, values=values, file=file)


ROWS = (
    _semantic(
        "mode",
        MODE,
        "whether to search by meaning too: where possible, never, or always",
        flag="--semantic-mode",
    ),
    _semantic(
        "download_policy",
        POLICY,
        "when a model may be fetched: when you ask, in the budget after you agreed once, or by itself",
        flag="--semantic-download-policy",
    ),
    _semantic(
        "fast_tier_embedder",
        CHOICE,
        "what makes the vectors of the fast tier",
        variable="CASS_SEMANTIC_FAST_EMBEDDER",
        flag="--semantic-fast-embedder",
        values=("hash",),  # a search has no time to open a model for it
    ),
    _semantic(
        "quality_tier_embedder",
        NAME,
        "the model of the quality tier; hash switches that tier off",
        variable="CASS_SEMANTIC_EMBEDDER",
        flag="--semantic-embedder",
    ),
    _semantic(
        "reranker",
        NAME,
        "the model that may order the best hits once more, with search.rerank",
        flag="--semantic-reranker",
    ),
    _semantic(
        "fast_dimension", WHOLE, "the length of a vector of the fast tier", "floats", "CASS_TWO_TIER_FAST_DIM", least=1
    ),
    _semantic(
        "quality_dimension",
        WHOLE,
        "the length that you expect of the quality tier's vectors; the model's own counts, and a difference is said",
        "floats",
        "CASS_TWO_TIER_QUALITY_DIM",
        least=1,
    ),
    _semantic(
        "quality_weight",
        FRACTION,
        "how much the quality tier counts against the fast one",
        variable="CASS_TWO_TIER_QUALITY_WEIGHT",
        flag="--semantic-quality-weight",
    ),
    _semantic(
        "max_refinement_docs",
        WHOLE,
        "how many candidates a search scores again with the quality tier",
        "documents",
        "CASS_TWO_TIER_MAX_REFINEMENT",
    ),
    _semantic(
        "semantic_budget_mb",
        WHOLE,
        "how much disk vectors, graphs and models may take together",
        "MB",
        "CASS_SEMANTIC_BUDGET_MB",
        "--semantic-budget-mb",
    ),
    _semantic("min_free_disk_mb", WHOLE, "how much disk must stay free after anything semantic is written", "MB"),
    _semantic("max_model_size_mb", WHOLE, "the largest model that may be installed", "MB"),
    _semantic(
        "max_backfill_threads",
        WHOLE,
        "how many cores background work may use; 0 stops it",
        "cores",
        flag="--semantic-max-backfill-threads",
    ),
    _semantic("max_backfill_rss_mb", WHOLE, "how much memory background work may use", "MB"),
    _semantic("idle_delay_seconds", SECONDS, "how long you must be away before background work starts", "s"),
    _semantic("chunk_timeout_seconds", SOME_SECONDS, "the longest that one piece of background work may take", "s"),
    _semantic("hnsw_min_vectors", WHOLE, "from how many vectors on a graph is built to search them", "vectors"),
    _semantic(
        "semantic_wait_ms",
        MILLISECONDS,
        "how long a search may wait for its semantic part",
        "ms",
        "CASS_SEMANTIC_WAIT_MS",
        "--semantic-wait",
    ),
    _semantic("semantic_schema_version", CONSTANT, "the form in which vectors are kept"),
    _semantic("chunking_strategy_version", CONSTANT, "the way in which texts are cut before they become vectors"),
    Setting("search.limit", WHOLE, "how many hits a search prints", default=10, unit="hits", flag="--limit"),
    Setting(
        "search.refresh",
        CHOICE,
        "what a search reads first: new messages for a moment, all of them, or none",
        default="auto",
        flag="--refresh",
        values=("auto", "wait", "off"),
    ),
    Setting(
        "search.timeout_s",
        SECONDS,
        "after how long a search stops and prints what it found; 0 for never",
        default=0,
        unit="s",
        flag="--timeout",
    ),
    Setting(
        "search.fetch_k",
        WHOLE,
        "how many texts near in meaning a search asks of each tier of vectors",
        default=100,
        unit="texts",
        least=1,
    ),
    Setting(
        "search.rrf_k",
        WHOLE,
        "how little the first places of a list count over the next ones where words and vectors are joined",
        default=60,
        least=1,
    ),
    Setting(
        "search.half_life_days",
        WHOLE,
        "after how many days the little is halved that new messages gain in a search; 0 for no gain",
        default=0,
        unit="days",
    ),
    Setting(
        "search.weights",
        WEIGHTS,
        "how much words and each tier count where they are joined; 0 leaves a tier out, the fast one only adds",
        default="lexical=1,fast=0.3,quality=1",
    ),
    Setting(
        "search.diversity",
        SHARE_OR_OFF,
        "whether a search by relevance puts hits that say the same thing apart, and how much relevance counts then",
        default="off",
        flag="--diverse",
    ),
    Setting(
        "search.diversity_depth",
        WHOLE,
        "how many of the best hits it puts in another order; those behind them keep theirs",
        default=100,
        unit="hits",
        least=3,
    ),
    Setting(
        "search.rerank",
        SWITCH,
        "whether an installed reranker orders the best hits once more; give it time by semantic_wait_ms",
        default=False,
    ),
    Setting("search.rerank_depth", WHOLE, "how many hits a reranker reads", default=50, unit="hits", least=2),
    Setting("search.rerank_batch", WHOLE, "how many of them it reads at a time", default=16, unit="hits", least=1),
    Setting(
        "search.rerank_threads",
        WHOLE,
        "how many cores a reranker may use; 0 for as many as background work (max_backfill_threads)",
        default=0,
        unit="cores",
    ),
    Setting(
        "pack.max_tokens",
        WHOLE,
        "how many tokens of four bytes a pack has at most",
        default=8_000,
        unit="tokens",
        flag="--max-tokens",
        least=1,
    ),
    Setting(
        "pack.max_chars",
        WHOLE,
        "how many characters a pack has at most; 0 for no such limit",
        default=0,
        unit="characters",
        flag="--max-chars",
    ),
    Setting(
        "embedder.mode",
        CHOICE,
        "where a model runs: in each process, in one that embedder.url names, or there if it answers",
        default="auto",
        values=("auto", "inline", "sidecar"),
        flag="--embedder-mode",
    ),
    Setting(
        "embedder.url",
        SOCKET,
        "where python -m cass.embedder listens; empty for nowhere",
        default="",
        flag="--embedder",
    ),
    Setting(
        "embedder.cache_size",
        WHOLE,
        "how many vectors a process that embeds for others keeps",
        default=256,
        unit="vectors",
    ),
    Setting("remote.base_url", ADDRESS, "the server that the embedder openai asks; empty for none", default=""),
    Setting("remote.model", NAME, "the model that this server is asked for", default="BAAI/bge-m3"),
    Setting("remote.dimension", WHOLE, "the length of that model's vectors", default=1024, unit="floats", least=1),
    Setting(
        "remote.key_env",
        VARIABLE,
        "the environment variable that holds the server's key; empty for none",
        default="CASS_REMOTE_API_KEY",
    ),
    Setting(
        "remote.timeout_s",
        SOME_SECONDS,
        "how long the server may take for an answer; long texts give it more",
        default=30,
        unit="s",
    ),
    Setting(
        "remote.max_chars",
        WHOLE,
        "what of a longer text is sent to the server",
        default=8_000,
        unit="characters",
        least=1,
    ),
    Setting("remote.allow", SWITCH, "whether your texts may go to a server on another machine", default=False),
    Setting(
        "worker.background",
        CHOICE,
        "whether a command at a terminal may start the worker when something is to be done",
        default="auto",
        values=("auto", "off"),
    ),
    Setting("serve.host", HOST, "the address that cass serve listens at", default="127.0.0.1", flag="--host"),
    Setting("serve.port", PORT, "its port; 0 for any that is free", default=8765, flag="--port"),
    Setting("worker.on_battery", SWITCH, "whether background work goes on without mains", default=False),
    Setting(
        "worker.max_load_per_core",
        NUMBER,
        "how busy others may keep the machine while background work goes on",
        default=0.7,
    ),
    Setting(
        "worker.quiet_hours",
        HOURS,
        "when there is no background work; empty for never",
        default="",
    ),
    Setting(
        "worker.batch",
        WHOLE,
        "how many texts a model on this machine reads at a time in background work; hash and servers take more",
        default=8,
        unit="texts",
        least=1,
    ),
    Setting(
        "worker.max_attempts",
        WHOLE,
        "after how many failures, each alone, a tier gives a text up; cass worker retry-dead gives it as many again",
        default=3,
        unit="failures",
        least=1,
    ),
    Setting("worker.poll_s", SOME_SECONDS, "how often the worker looks for new messages", default=30, unit="s"),
    Setting(
        "worker.idle_exit_s",
        SECONDS,
        "how long the worker stays when nothing is owed",
        default=600,
        unit="s",
    ),
    Setting(
        "archive.enabled",
        SWITCH,
        "whether the worker keeps session files that their agents are about to delete, for cass restore",
        default=True,
    ),
    Setting("archive.budget_mb", WHOLE, "how much disk these files may take, compressed", default=2000, unit="MB"),
    Setting(
        "retention_days",
        WHOLE,
        "after how many days the worker forgets messages for good; 0 for never",
        default=0,
        unit="days",
    ),
    Setting(
        "sources.roots",
        ROOTS,
        "where else to look: an agent's folder as agent=FOLDER, or a FOLDER that is laid out as a home is",
        default=(),
    ),
    Setting(
        "redact",
        CHOICE,
        "passwords, keys and tokens: masked when a message is shown, already when it is indexed, or never",
        default="show",
        values=("show", "index", "off"),
    ),
    Setting("sources.disabled", AGENTS, "agents whose files are not read", default=()),
    Setting(
        "sources.exclude",
        PATTERNS,
        "workspaces whose sessions are not read: a folder with all below it, a folder's name, or a glob",
        default=(),
    ),
    Setting(
        "log.level",
        CHOICE,
        "how much cass serve and python -m cass.embedder say",
        default="info",
        flag="--log-level",
        values=("debug", "info", "warning", "error"),  # from all to hardly anything
    ),
    Setting(
        "color",
        CHOICE,
        "when to use colour",
        default="auto",
        flag="--color",
        values=("auto", "always", "never"),
    ),
    Setting(
        "pager",
        COMMAND,
        "what long text is shown with on a terminal: auto takes $PAGER, less or more; empty for none",
        default="auto",
        flag="--no-pager",
    ),
    Setting("plain", SWITCH, "no columns, boxes or movement: one fact a line", default=False, flag="--plain"),
    Setting(
        "hyperlink_format",
        LINK,
        "where a hit's link leads on a terminal that shows links",
        default="file",
    ),
)
BY_KEY = {row.key: row for row in ROWS}


def default_of(row: Setting) -> object:
    """The value where no layer sets it."""
    if row.file != SEMANTIC_FILE:
        return row.default
    from cass.policy import SemanticPolicy

    return getattr(SemanticPolicy.compiled_defaults(), row.key)
