"""The quality tier's model as it stands here: which one is wanted, whether it can be asked, what is wrong with it."""

from __future__ import annotations

import os

from cass.paths import models_folder
from cass.policy import DEFAULT_QUALITY_TIER_EMBEDDER
from cass.records import record
from cass.semantic.embedders.table import SERVER, embedder_row, is_embedder, server_id

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from cass.paths import Places
    from cass.semantic.embedders.table import Embedder, RemoteOptions
    from cass.semantic.models import Model

    Made = tuple[str, str | None]

ANOTHER = f"cass config set quality_tier_embedder {DEFAULT_QUALITY_TIER_EMBEDDER}"


@record
class QualityModel:
    """`made`: (embedder id, revision) of what the tier is wanted of, revision None where only the embedder knows it.

    `can_be_asked`: its files, or its server, are there.  `damage`: why they are not, `todo` what may help.
    `id_of_fastembeds`: of its vectors, if fastembed made them; None where they could not be had from anywhere.
    """

    made: Made | None
    embedder_id: str | None
    can_be_asked: bool
    damage: str | None
    todo: str | None
    id_of_fastembeds: str | None

    def serves(self, vectors_of: str | None) -> bool:
        """Can more vectors be made?  `vectors_of`: the embedder of those that there are.

        fastembed keeps files of its own: without loading it, vectors that it made are all that tells of them.
        """
        return self.can_be_asked or (vectors_of is not None and vectors_of == self.id_of_fastembeds)


def quality_model(
    name: str, places: Places, models: Sequence[Model], remote: RemoteOptions | None, has_files: bool
) -> QualityModel:
    """Of the embedder with this name.  `models`: the installed ones · `has_files`: stands anything of ours there?"""
    row = embedder_row(name)
    wanted = next((model for model in models if model.name in (row.name, name)), None)
    refused = _refused(remote) if row.name == SERVER and remote is not None else None
    if not is_embedder(name, places.data):
        refused = f"{name!r} is not an embedder", ANOTHER
    damage = _unreadable(places, row.name) if wanted is None and has_files else _damage(wanted)
    made = _made(name, row, wanted, remote)
    return QualityModel(
        made=made,
        embedder_id=made[0] if made else row.embedder_id or None,
        can_be_asked=(wanted is not None and not wanted.lost) or (row.name == SERVER and refused is None),
        damage=refused[0] if refused else damage,
        todo=refused[1] if refused else None,
        id_of_fastembeds=f"fastembed-{name}" if refused is None else None,
    )


def _made(name: str, row: Embedder, model: Model | None, remote: RemoteOptions | None) -> Made | None:
    if model is not None:
        return model.embedder_id, model.revision
    if row.name == SERVER:
        return (server_id(remote.model, remote.dimension), None) if remote is not None else None
    return (f"fastembed-{name}", None) if row.name == "fastembed" else None


def _refused(remote: RemoteOptions) -> tuple[str, str] | None:
    """Why no text may be sent to that server, and what to do about it."""
    from cass.semantic.embedders.base import EmbedderError
    from cass.semantic.embedders.remote import address_of  # loads HTTP

    try:
        address_of(remote)
    except EmbedderError as refused:
        return str(refused), refused.todo or "cass config edit cass.toml"
    return None


def _unreadable(places: Places, name: str) -> str | None:
    if not os.path.exists(models_folder(places.data)):
        return None
    from cass.semantic.models import unreadable

    return unreadable(places.data, name)


def _damage(model: Model | None) -> str | None:
    if model is None or model.looks_whole:
        return None
    if model.lost:
        return f"{model.lost} of the model {model.name} is not what was installed"
    return f"the files of the model {model.name} have changed since they were checked"
