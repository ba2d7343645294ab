"""What stands on disk for search by meaning, piece by piece as it may be evicted, and how each piece goes.

A piece is a segment of vectors, a whole graph or a whole model.  The database and the lexical index live elsewhere
and have no name here.
"""

from __future__ import annotations

import os

from cass.disk import folder_bytes
from cass.paths import models_folder, vectors_folder
from cass.policy import EVICTION_ORDER, SemanticArtifactKind, SemanticPolicy
from cass.records import record, replace
from cass.semantic.manifest import CURRENT, Damage, Manifest, read_manifest, written
from cass.semantic.segments import file_names
from cass.semantic.vectors import KIND_OF
from cass.semantic.volume import Volume

Artifact = SemanticPolicy.Artifact
GRAPH = "graph"
REST = "rest"
MODELS = "models"
LAST_MS = 1 << 62  # the list of the segments goes after the last of them


@record
class Shelf:
    """The folders in which semantic artifacts stand, and how their files are written."""

    vectors: str
    models: str
    volume: Volume = Volume()

    @staticmethod
    def below(data: str) -> Shelf:
        """The folders of this data folder."""
        return Shelf(vectors_folder(data), models_folder(data))

    def folder(self, tier: str) -> str:
        return os.path.join(self.vectors, tier)

    def artifacts(self) -> tuple[Artifact, ...]:
        """Everything that takes room, with the sizes of the real files; the sizes add up to what is used."""
        found = [artifact for tier, kind in KIND_OF.items() for artifact in self._of_tier(tier, kind)]
        return (*found, *self._models())

    def _of_tier(self, tier: str, kind: SemanticArtifactKind) -> list[Artifact]:
        sizes = _sizes(self.folder(tier))
        manifest = read_manifest(self.folder(tier))
        segments = manifest.segments if isinstance(manifest, Manifest) else ()
        found = []
        for segment in segments:
            size_bytes = sum([sizes.pop(name, 0) for name in file_names(segment)])
            found.append(Artifact(kind, f"{tier}/{segment.number}", size_bytes, segment.newest_ms))
        graph_bytes = sum([sizes.pop(name) for name in list(sizes) if _is_graph(name)])
        if graph_bytes:
            found.append(Artifact(SemanticArtifactKind.HNSW_ACCELERATOR, f"{tier}/{GRAPH}", graph_bytes))
        # The list of the segments, and what an interrupted run left behind until the next one sweeps it away.
        rest_bytes = sum(sizes.values())
        return [*found, Artifact(kind, f"{tier}/{REST}", rest_bytes, LAST_MS)] if rest_bytes else found

    def _models(self) -> list[Artifact]:
        kind = SemanticArtifactKind.MODEL_FILES
        sizes = _sizes(self.models) | {
            name: folder_bytes(os.path.join(self.models, name)) for name in _folders(self.models)
        }
        return [Artifact(kind, f"{MODELS}/{name}", size) for name, size in sorted(sizes.items()) if size]

    def remove(self, artifact: Artifact) -> bool:
        """Take away what is no segment; False if it is still there."""
        where, _, name = artifact.name.partition("/")
        if where == MODELS:
            return _remove_tree(os.path.join(self.models, name))
        if name == GRAPH:
            return self._remove_files(where, [file for file in _sizes(self.folder(where)) if _is_graph(file)])
        return self._remove_files(where, list(_sizes(self.folder(where))))

    def remove_segments(self, tier: str, numbers: list[int], evicted_bytes: int = 0) -> bool:
        """Take segments off the list, then their files away; False if one is still there.

        With `evicted_bytes` they wait until there is room for so much again.
        """
        manifest = read_manifest(self.folder(tier))
        if not isinstance(manifest, Manifest):
            return False
        gone = [segment for segment in manifest.segments if segment.number in numbers]
        kept = tuple([segment for segment in manifest.segments if segment.number not in numbers])
        names = [name for segment in gone for name in file_names(segment)]
        after = replace(manifest, segments=kept)
        if evicted_bytes:
            until_ms = max([manifest.evicted_until_ms, *[segment.newest_ms for segment in gone]])
            after = replace(after, evicted_bytes=evicted_bytes, evicted_until_ms=until_ms)
        try:
            self.publish(tier, after)
        except OSError:
            # On a disk without any room the files must go first; a reader says that they are missing.
            self._remove_files(tier, names)
            self.publish(tier, after)
        return self._remove_files(tier, names)

    def publish(self, tier: str, manifest: Manifest) -> None:
        """Make this the tier's list.  Raises OSError, the old list then standing."""
        path = os.path.join(self.folder(tier), CURRENT)
        if manifest.segments or manifest.evicted_bytes:
            self.volume.replace(path, written(manifest))
        else:
            self.remove_all(tier)

    def _remove_files(self, tier: str, names: list[str]) -> bool:
        return all([self.volume.remove(os.path.join(self.folder(tier), name)) for name in names])

    def sweep(self, tier: str) -> int:
        """Remove what no list names: left by a kill, or held by a reader when it should have gone.  Bytes removed."""
        sizes, manifest = _sizes(self.folder(tier)), read_manifest(self.folder(tier))
        if isinstance(manifest, Manifest):
            named = {CURRENT, *[name for segment in manifest.segments for name in file_names(segment)]}
            named |= {name for name in sizes if _is_graph(name)}
        else:
            # A graph without vectors would be taken for one over those that come next.
            named = set()
        strays = [name for name in sizes if name not in named]
        return sum([sizes[name] for name in strays if self._remove_files(tier, [name])])

    def remove_all(self, tier: str) -> int:
        """Remove every file of the tier; bytes removed."""
        sizes = _sizes(self.folder(tier))
        return sum([size for name, size in sizes.items() if self._remove_files(tier, [name])])

    def damage(self, tier: str) -> Damage | None:
        """What is wrong with the tier's list itself."""
        manifest = read_manifest(self.folder(tier))
        return manifest if isinstance(manifest, Damage) else None


def usage_bytes(artifacts: tuple[Artifact, ...]) -> dict[SemanticArtifactKind, int]:
    """What each kind takes; every kind is there."""
    used = dict.fromkeys(EVICTION_ORDER, 0)
    for artifact in artifacts:
        used[artifact.kind] += artifact.size_bytes
    return used


def _sizes(folder: str) -> dict[str, int]:
    """The files of a folder, not those of folders in it; empty where there is none."""
    try:
        with os.scandir(folder) as entries:
            return {entry.name: entry.stat().st_size for entry in entries if entry.is_file(follow_symlinks=False)}
    except OSError:
        return {}


def _is_graph(name: str) -> bool:
    return name.split(".", maxsplit=1)[0] == GRAPH


def _folders(folder: str) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return []


def _remove_tree(path: str) -> bool:
    import shutil

    if os.path.isfile(path):
        os.unlink(path)
    shutil.rmtree(path, ignore_errors=True)
    return not os.path.exists(path)
