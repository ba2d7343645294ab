"""What stands on disk for search by meaning, piece by piece as it may be evicted, with the sizes of the real files.

A piece is a segment of vectors, a whole graph or a whole model.  How each goes is told in `artifacts.py`.
"""

from __future__ import annotations

import os

from cass.disk import folder_bytes
from cass.policy import EVICTION_ORDER, SemanticArtifactKind, SemanticPolicy
from cass.semantic.manifest import Manifest, read_manifest
from cass.semantic.segment_files import file_names
from cass.semantic.standing import KIND_OF

Artifact = SemanticPolicy.Artifact
GRAPH = "graph"
REST = "rest"
MODELS = "models"
LAST_MS = 1 << 62  # the list of the segments goes after the last of them


def artifacts(vectors: str, models: str) -> tuple[Artifact, ...]:
    """Everything in these two folders that takes room; the sizes add up to what is used."""
    found = [artifact for tier, kind in KIND_OF.items() for artifact in _of_tier(vectors, tier, kind)]
    return (*found, *_models(models))


def _of_tier(vectors: str, tier: str, kind: SemanticArtifactKind) -> list[Artifact]:
    folder = os.path.join(vectors, tier)
    sizes = sizes_in(folder)
    manifest = read_manifest(folder)
    segments = manifest.segments if isinstance(manifest, Manifest) else ()
    found = []
    for segment in segments:
        size_bytes = sum([sizes.pop(name, 0) for name in file_names(segment)])
        found.append(Artifact(kind, f"{tier}/{segment.number}", size_bytes, segment.newest_ms))
    graph_bytes = sum([sizes.pop(name) for name in list(sizes) if is_graph(name)])
    if graph_bytes:
        found.append(Artifact(SemanticArtifactKind.HNSW_ACCELERATOR, f"{tier}/{GRAPH}", graph_bytes))
    # The list of the segments, and what an interrupted run left behind until the next one sweeps it away.
    rest_bytes = sum(sizes.values())
    return [*found, Artifact(kind, f"{tier}/{REST}", rest_bytes, LAST_MS)] if rest_bytes else found


def _models(models: str) -> list[Artifact]:
    kind = SemanticArtifactKind.MODEL_FILES
    sizes = sizes_in(models) | {name: folder_bytes(os.path.join(models, name)) for name in _folders(models)}
    return [Artifact(kind, f"{MODELS}/{name}", size) for name, size in sorted(sizes.items()) if size]


def usage_bytes(artifacts: tuple[Artifact, ...]) -> dict[SemanticArtifactKind, int]:
    """What each kind takes; every kind is there."""
    used = dict.fromkeys(EVICTION_ORDER, 0)
    for artifact in artifacts:
        used[artifact.kind] += artifact.size_bytes
    return used


def sizes_in(folder: str) -> dict[str, int]:
    """The files of a folder, not those of folders in it; empty where there is none."""
    try:
        with os.scandir(folder) as entries:
            return {entry.name: entry.stat().st_size for entry in entries if entry.is_file(follow_symlinks=False)}
    except OSError:
        return {}


def is_graph(name: str) -> bool:
    return name.split(".", maxsplit=1)[0] == GRAPH


def _folders(folder: str) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return []
