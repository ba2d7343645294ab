"""A length of the quality tier's vectors that its embedder does not make: the table of settings knows no embedders."""

from __future__ import annotations

from cass.settings.problems import SettingProblem, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cass.settings.quick import Settings

KEY, EMBEDDER = "quality_dimension", "quality_tier_embedder"


def unfit_dimension(settings: Settings, data: str) -> list[SettingProblem]:
    """A problem where the strongest layer asks for another length than the embedder's own, as far as that is known.

    data: the data folder, where installed models are.
    """
    given = settings.given.get(KEY)
    if not given:
        return []
    from cass.semantic.embedders.table import embedder_options, model_dim

    name = str(settings.value(EMBEDDER))
    dim = model_dim(name, data, embedder_options(settings).remote)
    _, wanted, origin = given[-1]
    if not dim or wanted == dim:
        return []
    what = f"{KEY} is {shown(wanted)}, and the vectors of {name} have {dim} floats, which counts"
    return [SettingProblem(KEY, origin or "", shown(wanted), str(dim), what, f"take it out, or use {dim}")]
