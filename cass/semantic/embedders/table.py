"""One row an embedder: its names, its vector space, and the one function that imports and makes it.

Reading the table imports nothing heavy.  A name that no row has is a fastembed model's.
"""

from __future__ import annotations

import os

from cass.policy import DEFAULT_FAST_DIMENSION, DEFAULT_QUALITY_DIMENSION
from cass.records import record, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cass.policy import SemanticPolicy
    from cass.semantic.embedders.base import BaseEmbedder
    from cass.settings.quick import Settings


@record
class RemoteOptions:
    """A server that speaks OpenAI's `/v1/embeddings`.  Without `base_url` there is none.

    allow: texts may go to another machine · key_env: the variable with the key, read when the server is first asked
    dimension: floats in its vectors, 0 to take what comes · timeout_s: the least that a request may take.
    """

    base_url: str = ""
    model: str = "BAAI/bge-m3"
    dimension: int = 1024
    key_env: str = "CASS_REMOTE_API_KEY"
    allow: bool = False
    timeout_s: float = 30.0
    max_chars: int = 8_000


def server_id(model: str, dimension: int) -> str:
    """The id of a server's vectors.  The dimension belongs to it: some models are cut to any."""
    return one_word(f"openai-{model}-{dimension}")


def one_word(name: str) -> str:
    """As it can stand in a list of vectors, whatever a server calls its model."""
    return "_".join(name.encode("utf-8", "replace").decode().split())


# The settings, each with the field that it fills.
REMOTE_SETTINGS = {
    "remote.base_url": "base_url",
    "remote.model": "model",
    "remote.dimension": "dimension",
    "remote.key_env": "key_env",
    "remote.allow": "allow",
    "remote.timeout_s": "timeout_s",
    "remote.max_chars": "max_chars",
}


def remote_options(values: Mapping[str, object]) -> RemoteOptions:
    """What settings say about the server: setting → value; those that are missing have their default."""
    said = {field: values[key] for key, field in REMOTE_SETTINGS.items() if key in values}
    return replace(RemoteOptions(), **said)


AUTO, INLINE, SIDECAR = "auto", "inline", "sidecar"
# So many texts a model reads at a time: a CPU is no faster with more, 32 are slower and take twice the memory.
BATCH = 8


@record
class Beside:
    """An embedder in another process: where, and must it be that one?  allow: texts may go to another machine."""

    mode: str = AUTO
    url: str = ""
    allow: bool = False

    def has(self, row: Embedder) -> bool:
        """Is one asked for such a model?  The hash tier's is quicker than any question, a server is one already."""
        return self.mode != INLINE and bool(self.url or self.mode == SIDECAR) and row.name not in ("hash", SERVER)


def beside(values: Mapping[str, object]) -> Beside:
    """What settings say about it: setting → value; those that are missing have their default."""
    mode, url = str(values.get("embedder.mode", AUTO)), str(values.get("embedder.url", ""))
    return Beside(mode, url, bool(values.get("remote.allow", False)))


@record
class EmbedderOptions:
    """What settings say to embedders.

    data: the data folder, where installed models are · cache: where fastembed keeps its own, None for its choice
    batch: as many texts as a model on this machine may read at a time.
    """

    fast_dimension: int = DEFAULT_FAST_DIMENSION
    data: str = ""
    threads: int = 1
    cache: str | None = None
    remote: RemoteOptions = RemoteOptions()
    beside: Beside = Beside()
    batch: int = BATCH


def embedder_options(settings: Settings) -> EmbedderOptions:
    """What the settings say to embedders; data folder, dimension and threads are added by whoever builds one."""
    values = {key: settings.value(key) for key in (*REMOTE_SETTINGS, "embedder.mode", "embedder.url")}
    return EmbedderOptions(remote=remote_options(values), beside=beside(values), batch=settings.whole("worker.batch"))


@record
class Embedder:
    """`embedder_id`, `dim`: as long as no setting says otherwise; "" and 0 where only the model itself knows.

    version: what its `model_version` is taken from.
    """

    name: str
    title: str
    aliases: tuple[str, ...]
    embedder_id: str
    dim: int
    version: str
    build: Callable[[str, EmbedderOptions, Mapping[str, str]], BaseEmbedder]


def _hash(name: str, options: EmbedderOptions, env: Mapping[str, str]) -> BaseEmbedder:
    from cass.semantic.embedders.hash import HashEmbedder

    return HashEmbedder(options.fast_dimension)


def _installed(name: str, options: EmbedderOptions, env: Mapping[str, str]) -> BaseEmbedder:
    from cass.semantic.embedders.onnx import open_model

    # What it makes is kept for long, so its files are worth a look.
    model = open_model(options.data, name, options.threads, reads_all=True, batch=options.batch)
    if model is None:
        from cass.semantic.embedders.base import EmbedderNotLoaded

        raise EmbedderNotLoaded(f"the model {name} is not installed: cass models install {name}")
    return model


def _remote(name: str, options: EmbedderOptions, env: Mapping[str, str]) -> BaseEmbedder:
    from cass.semantic.embedders.remote import RemoteEmbedder

    return RemoteEmbedder(options.remote, env)


def _fastembed(name: str, options: EmbedderOptions, env: Mapping[str, str]) -> BaseEmbedder:
    """One that was installed from a folder is run as minilm is; all others by fastembed, from its own files."""
    if options.data and is_installed(options.data, name):
        return _installed(name, options, env)
    from cass.semantic.embedders.fast import FastembedEmbedder

    return FastembedEmbedder(name, options.threads, options.cache, batch=options.batch)


SERVER = "openai"
EMBEDDERS = (
    Embedder(
        "hash",
        "hashed words and groups of letters; always there",
        (),
        f"hash-{DEFAULT_FAST_DIMENSION}-v2",
        DEFAULT_FAST_DIMENSION,
        "how a text is taken apart",
        _hash,
    ),
    Embedder(
        "minilm",
        "the installed MiniLM model",
        ("all-minilm-l6-v2", "sentence-transformers/all-minilm-l6-v2"),
        f"minilm-{DEFAULT_QUALITY_DIMENSION}",
        DEFAULT_QUALITY_DIMENSION,
        "the SHA-256 of the model's file",
        _installed,
    ),
    Embedder(
        SERVER,
        "a server that speaks OpenAI's /v1/embeddings",
        ("remote",),
        "",
        0,
        "the model that the server says it is",
        _remote,
    ),
    Embedder(
        "fastembed",
        "any other model that fastembed knows, by its name there",
        (),
        "",
        0,
        "the SHA-256 of the model's file",
        _fastembed,
    ),
)


def is_installed(data: str, name: str) -> bool:
    """Is there a model of that name among those that `cass models install` made?"""
    from cass.semantic.models import folder_of

    return os.path.exists(folder_of(data, name))


def embedder_row(name: str) -> Embedder:
    """The row of a name or an alias, whatever its case; fastembed's for any other name."""
    plain = name.strip().lower()
    return next((row for row in EMBEDDERS if plain == row.name or plain in row.aliases), EMBEDDERS[-1])


def is_embedder(name: str, data: str) -> bool:
    """May one of that name be had: of a row here, installed, or fastembed's, whose names are `owner/model`?"""
    return embedder_row(name) is not EMBEDDERS[-1] or "/" in name or is_installed(data, name)


def model_id(name: str, data: str) -> str:
    """The embedder id that a model of that name has, as far as it can be told without opening it; "" if not."""
    from cass.semantic.models import find

    row = embedder_row(name)
    plain = name if row is EMBEDDERS[-1] else row.name
    found = find(data, plain) if data and is_installed(data, plain) else None
    if found is not None:
        return found.embedder_id
    return f"fastembed-{name}" if row is EMBEDDERS[-1] else row.embedder_id


def wanted_id(tier: str, policy: SemanticPolicy, data: str, remote: RemoteOptions | None) -> str | None:
    """The id of the embedder that a tier is wanted of, as far as it can be told without opening it."""
    from cass.semantic.embedders.hash_version import identity
    from cass.semantic.manifest import FAST

    if tier == FAST:
        return identity(policy.fast_dimension)[0]
    name = policy.quality_tier_embedder
    if embedder_row(name).name != SERVER:
        return model_id(name, data) or None
    return server_id(remote.model, remote.dimension) if remote is not None and remote.dimension else None


def model_dim(name: str, data: str, remote: RemoteOptions) -> int:
    """How long the vectors of that embedder are, as far as it can be told without opening it; 0 if not, or for hash."""
    from cass.semantic.models import find

    row = embedder_row(name)
    if row.name in ("hash", SERVER):
        return remote.dimension if row.name == SERVER else 0
    plain = name if row is EMBEDDERS[-1] else row.name
    found = find(data, plain) if is_installed(data, plain) else None
    return found.dim if found is not None else row.dim


def build_embedder(name: str, options: EmbedderOptions, env: Mapping[str, str] = os.environ) -> BaseEmbedder:
    """The embedder of that name, checked, not loaded yet; imports only that one.

    One in another process is asked whether it is there.  Raises EmbedderNotLoaded where the model is not installed, or
    has to be in another process that does not answer.
    """
    from cass.semantic.embedders.base import Checked  # with classes that `status`, which reads the table, does without

    row = embedder_row(name)
    if options.beside.has(row):
        from cass.semantic.embedders.sidecar import in_another_process

        other = in_another_process(options.beside, model_id(name, options.data), env=env)
        if other is not None:
            return Checked(other)
    return Checked(row.build(name.strip() if row is EMBEDDERS[-1] else row.name, options, env))
