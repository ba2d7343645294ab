"""What stands in the files of a tier, and how it was made: the small file `current` beside the vectors.

It is replaced whole whenever something changes; segment files only ever grow at their end, so whoever read the file
before sees the old set whole.  It ends with its own checksum.
"""

from __future__ import annotations

import os

from cass.disk import regular
from cass.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cass.policy import SemanticAssetManifest

FAST, QUALITY = "fast", "quality"
CURRENT = "current"
FORMAT = 1
MAGIC = f"cass vectors {FORMAT}"
HISTORY, RECENT = "history", "recent"


@record
class Recipe:
    """How vectors were made.  Equal recipes may stand in one file."""

    embedder_id: str
    model_revision: str
    schema_version: int
    chunking_version: int
    dim: int


@record
class Dead:
    """Rows of a segment that do not count any more: a small file of their places."""

    number: int = 0  # of the file, 0 where there is none
    count: int = 0
    texts: int = 0
    crc: int = 0


@record
class Segment:
    """One file of vectors and its file of keys, as far as they are published: what lies behind is not there.

    `side`: filled from the newest to the oldest (history), or with what is newer than all else (recent).
    The stamps are the times of the files, by which a change shows without reading them.
    """

    number: int
    recipe: Recipe
    side: str
    count: int
    texts: int
    oldest_ms: int
    newest_ms: int
    lowest_id: int
    highest_id: int
    rows_crc: int
    keys_crc: int
    rows_stamp: int
    keys_stamp: int
    built_at_ms: int
    dead: Dead = Dead()

    @property
    def live_texts(self) -> int:
        return self.texts - self.dead.texts

    @property
    def live_count(self) -> int:
        return self.count - self.dead.count

    @property
    def asset(self) -> SemanticAssetManifest:
        """The policy's own manifest of this file, which says whether it is still wanted."""
        from cass.policy import SemanticAssetManifest

        made = self.recipe
        versions = made.schema_version, made.chunking_version
        return SemanticAssetManifest(
            made.embedder_id, made.model_revision, *versions, self.live_texts, self.built_at_ms
        )


@record
class Manifest:
    """All segments of a tier, in the order in which they were begun.

    What went last for lack of room is remembered: messages up to that time wait until so many bytes fit again.
    """

    segments: tuple[Segment, ...] = ()
    next_number: int = 1
    evicted_bytes: int = 0
    evicted_until_ms: int = 0


@record
class Damage:
    """Something on disk cannot be used: why, in words for a person."""

    reason: str


def read_manifest(folder: str) -> Manifest | Damage | None:
    """What is published in this folder; None where nothing is."""
    data = read_current(folder)
    if isinstance(data, bytes):
        return parse(data)
    return data


def read_current(folder: str) -> bytes | Damage | None:
    try:
        with open(os.path.join(folder, CURRENT), "rb", opener=regular) as file:
            return file.read()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as bad:
        return Damage(f"its list of files cannot be read: {bad.strerror}")


# The lists of both tiers that were read last: `cass status` reads one for what can be searched and for what takes room.
_last: list[tuple[bytes, Manifest]] = []


def parse(data: bytes) -> Manifest | Damage:
    for known, manifest in _last:
        if known == data:
            return manifest
    body, _, check = data.rpartition(b"crc\t")
    if not body.startswith(MAGIC.encode() + b"\n"):
        of_another = body.startswith(b"cass vectors ")
        return Damage("written by another version" if of_another else "its list of files is damaged")
    if check != _check(body):
        return Damage("its list of files is damaged")
    try:
        found = _parsed(body.decode().splitlines()[1:])
    except (ValueError, IndexError, UnicodeDecodeError):
        return Damage("its list of files is damaged")
    _last[:] = [(data, found), *_last[:1]]
    return found


def _parsed(lines: list[str]) -> Manifest:
    recipes: list[Recipe] = []
    segments = []
    next_number, evicted_bytes, evicted_until_ms = [int(field) for field in lines[0].split("\t")]
    for line in lines[1:]:
        word, *fields = line.split("\t")
        if word == "recipe":
            recipes.append(Recipe(fields[0], fields[1], *[int(field) for field in fields[2:]]))
        else:
            segments.append(_segment(fields, recipes))
    return Manifest(tuple(segments), next_number, evicted_bytes, evicted_until_ms)


def _segment(fields: list[str], recipes: list[Recipe]) -> Segment:
    number, recipe, side, *rest = fields
    numbers = [int(field) for field in rest]
    return Segment(int(number), recipes[int(recipe)], side, *numbers[:-4], Dead(*numbers[-4:]))  # type: ignore[call-arg, arg-type]


def written(manifest: Manifest) -> bytes:
    """The file's bytes.  Raises ValueError for an embedder's name that cannot stand in it."""
    recipes = list(dict.fromkeys([segment.recipe for segment in manifest.segments]))
    lines = [MAGIC, f"{manifest.next_number}\t{manifest.evicted_bytes}\t{manifest.evicted_until_ms}"]
    lines += [_line("recipe", [getattr(recipe, name) for name in Recipe.__match_args__]) for recipe in recipes]
    for segment in manifest.segments:
        plain = [getattr(segment, name) for name in Segment.__match_args__[3:-1]]
        dead = [getattr(segment.dead, name) for name in Dead.__match_args__]
        place = recipes.index(segment.recipe)
        lines.append(_line("segment", [segment.number, place, segment.side, *plain, *dead]))
    body = ("\n".join(lines) + "\n").encode()
    return body + b"crc\t" + _check(body)


def _line(word: str, fields: list[object]) -> str:
    texts = [str(field) for field in fields]
    for text in texts:
        if len(text.split()) > 1 or text != text.strip() or len(text) > 200:
            raise ValueError(f"{text!r} cannot name an embedder or its revision")
    return "\t".join([word, *texts])


def _check(body: bytes) -> bytes:
    from zlib import crc32  # in machine code of its own: `status` asks for manifests where there may be none

    return f"{crc32(body):08x}\n".encode()
