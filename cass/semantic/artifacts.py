"""The folders of search by meaning, and how each piece of what stands in them (`usage.py`) goes.

The database and the lexical index live elsewhere and have no name here.
"""

from __future__ import annotations

import os

from cass.paths import models_folder, vectors_folder
from cass.records import record, replace
from cass.semantic.manifest import CURRENT, Damage, Manifest, read_manifest, written
from cass.semantic.segment_files import file_names
from cass.semantic.usage import GRAPH, MODELS, Artifact, artifacts, is_graph, sizes_in
from cass.semantic.volume import Volume


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
        return artifacts(self.vectors, self.models)

    def remove(self, artifact: Artifact) -> bool:
        """Take away what is no segment; False if it is still there."""
        where, _, name = artifact.name.partition("/")
        if where == MODELS:
            return _remove_tree(os.path.join(self.models, name))
        if name == GRAPH:
            return self._remove_files(where, [file for file in sizes_in(self.folder(where)) if is_graph(file)])
        return self._remove_files(where, list(sizes_in(self.folder(where))))

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
        sizes, manifest = sizes_in(self.folder(tier)), read_manifest(self.folder(tier))
        if isinstance(manifest, Manifest):
            named = {CURRENT, *[name for segment in manifest.segments for name in file_names(segment)]}
            named |= {name for name in sizes if is_graph(name)}
        else:
            # A graph without vectors would be taken for one over those that come next.
            named = set()
        strays = [name for name in sizes if name not in named]
        return sum([sizes[name] for name in strays if self._remove_files(tier, [name])])

    def remove_all(self, tier: str) -> int:
        """Remove every file of the tier; bytes removed."""
        sizes = sizes_in(self.folder(tier))
        return sum([size for name, size in sizes.items() if self._remove_files(tier, [name])])

    def damage(self, tier: str) -> Damage | None:
        """What is wrong with the tier's list itself."""
        manifest = read_manifest(self.folder(tier))
        return manifest if isinstance(manifest, Damage) else None


def _remove_tree(path: str) -> bool:
    import shutil

    if os.path.isfile(path):
        os.unlink(path)
    shutil.rmtree(path, ignore_errors=True)
    return not os.path.exists(path)
