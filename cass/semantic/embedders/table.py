"""One row an embedder: its names, its vector space, and the one function that imports and makes it.

Reading the table imports nothing heavy.  A name that no row has is a fastembed model's.
"""

from __future__ import annotations

import os

from cass.policy import DEFAULT_FAST_DIMENSION, DEFAULT_QUALITY_DIMENSION
from cass.records import record, replace
from cass.semantic.embedders.base import Checked, EmbedderNotLoaded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

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


@record
class EmbedderOptions:
    """What settings say to embedders.

    data: the data folder, where installed models are · cache: where fastembed keeps its own, None for its choice.
    """

    fast_dimension: int = DEFAULT_FAST_DIMENSION
    data: str = ""
    threads: int = 1
    cache: str | None = None
    remote: RemoteOptions = RemoteOptions()


def embedder_options(settings: Settings) -> EmbedderOptions:
    """What the settings say to embedders; data folder, dimension and threads are added by whoever builds one."""
    return EmbedderOptions(remote=remote_options({key: settings.value(key) for key in REMOTE_SETTINGS}))


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
    model = open_model(options.data, name, options.threads, reads_all=True)
    if model is None:
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

    return FastembedEmbedder(name, options.threads, options.cache)


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


def build_embedder(name: str, options: EmbedderOptions, env: Mapping[str, str] = os.environ) -> BaseEmbedder:
    """The embedder of that name, checked, not loaded yet; imports only that one.

    Raises EmbedderNotLoaded where its model is not installed.
    """
    row = embedder_row(name)
    return Checked(row.build(name.strip() if row is EMBEDDERS[-1] else row.name, options, env))
