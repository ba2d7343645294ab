"""Models that are installed: a folder each, with a manifest that says what it is made of and how it was checked.

In:  the data folder.
Out: what is there and whether it is whole.  Nothing here fetches or makes a model: that is `model_install.py`.
"""

from __future__ import annotations

import os

from cass.disk import folder_bytes, lock_holder, make_private_folder, regular, try_lock, write_whole
from cass.errors import Busy
from cass.paths import models_folder
from cass.records import record, replace
from cass.semantic.known_models import EMBEDDER, KNOWN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from cass.disk import Lock

MANIFEST = "manifest.json"
MODEL = "model.onnx"
TOKENIZER = "tokenizer.json"
CONSENT, WITHDRAWN = "models.consent", b"withdrawn\n"
LOCK = "models.lock"  # beside the database: what lies among the models may be evicted
NEW, GONE = "new", "gone"
FORM = 1  # of the manifest
REVISION_DIGITS = 12
LATEST = 1 << 53  # what JSON holds exactly, and more than any size or time here
BLOCK_BYTES = 1 << 20
WORDS = ("name", "embedder_id", "variant", "revision", "source", "kind")
NUMBERS = ("dim", "max_tokens", "installed_ms")


@record
class FileFacts:
    """A file of a model as it was installed."""

    name: str
    sha256: str
    bytes: int
    mtime_ns: int


@record
class Model:
    """An installed model.  `revision` is the beginning of the SHA-256 of its ONNX file; `kind`: EMBEDDER or RERANKER.

    `agreement` is the smallest cosine to the original model's vectors when it was last checked, None where there
    are none to compare with.  A reranker has no vectors: `dim` is 0, and it is its scores that are compared.
    What is no model any more, a folder whose manifest cannot be read, has no revision.
    """

    name: str
    folder: str
    embedder_id: str
    dim: int
    max_tokens: int
    variant: str
    revision: str
    source: str
    installed_ms: int
    agreement: float | None
    files: tuple[FileFacts, ...]
    kind: str = EMBEDDER

    @property
    def path(self) -> str:
        return os.path.join(self.folder, MODEL)

    @property
    def bytes(self) -> int:
        return folder_bytes(self.folder)

    @property
    def is_known(self) -> bool:
        """Could its manifest be read?"""
        return bool(self.revision)

    @property
    def looks_whole(self) -> bool:
        """Are its files those that were checked, as far as size and time tell?  `damage` reads them."""
        return self.is_known and all(self._is_as_written(one) for one in self.files)

    @property
    def lost(self) -> str | None:
        """A file that is missing or of another size, which no copying explains: it cannot run.  None: none is."""
        stamps = [(one, _stamp(os.path.join(self.folder, one.name))) for one in self.files]
        return next((one.name for one, stamp in stamps if stamp is None or stamp[0] != one.bytes), None)

    def _is_as_written(self, one: FileFacts) -> bool:
        return _stamp(os.path.join(self.folder, one.name)) == (one.bytes, one.mtime_ns)

    def damage(self) -> str | None:
        """What is wrong with its files, every byte read; None when all is well."""
        if not self.is_known:
            return f"its {MANIFEST} cannot be read"
        for one in self.files:
            path = os.path.join(self.folder, one.name)
            try:
                if sha256_of(path) != one.sha256:
                    return f"{one.name} is not what was installed"
            except OSError as lost:
                return f"{one.name} cannot be read: {lost.strerror}"
        return None


def passing_folder(data: str) -> str:
    """Where a model lies while it is made or removed: on the same volume, and no part of what is installed."""
    return os.path.join(data, "derived", "models-passing")


def folder_of(data: str, name: str) -> str:
    """The folder of the model of that name: one level, whatever signs the name has."""
    plain = "".join([sign if sign.isalnum() or sign in "-_." else "--" for sign in name.strip().lower()])
    return os.path.join(models_folder(data), plain.lstrip(".") or "-")


def installed(data: str) -> list[Model]:
    """All models that are installed, by name; what has no readable manifest is none."""
    return [model for model in standing(data) if model.is_known]


def standing(data: str) -> list[Model]:
    """All that lies among the models, by folder: those that are installed, and folders whose manifest is unreadable."""
    try:
        names = sorted(os.listdir(models_folder(data)))
    except OSError:
        return []
    folders = [name for name in names if os.path.isdir(folder_of(data, name))]
    return [find(data, name) or _torn(name, folder_of(data, name)) for name in folders]


def find(data: str, name: str) -> Model | None:
    """The model of that name, None where none is installed or its manifest cannot be read."""
    import json

    folder = folder_of(data, name)
    try:
        with open(os.path.join(folder, MANIFEST), encoding="utf-8", opener=regular) as file:
            found = _model(folder, json.load(file))
    except (OSError, ValueError, RecursionError):
        return None
    return found if folder_of(data, found.name) == folder else None


def _model(folder: str, said: object) -> Model:
    """What a manifest says.  Raises ValueError for one of another form: anybody may have written to that file."""
    if not isinstance(said, dict) or said.get("form") != FORM:
        raise ValueError("not a manifest of this form")
    said = {"kind": EMBEDDER, **said}  # which once was all there was
    fields: dict[str, Any] = {name: _word(said.get(name)) for name in WORDS}
    fields |= {name: _number(said.get(name)) for name in NUMBERS}
    return Model(folder=folder, files=_files(said.get("files")), agreement=_share(said), **fields)


def _files(said: object) -> tuple[FileFacts, ...]:
    if not isinstance(said, dict) or MODEL not in said:
        raise ValueError("no files")
    return tuple([_file(name, facts) for name, facts in sorted(said.items())])


def _file(name: str, facts: object) -> FileFacts:
    if not isinstance(facts, list) or len(facts) != 3 or name != os.path.basename(name):
        raise ValueError("not the facts of a file of this folder")
    return FileFacts(name, _word(facts[0]), _number(facts[1]), facts[2] if type(facts[2]) is int else -1)


def _word(said: object) -> str:
    if not isinstance(said, str) or not said:
        raise ValueError("not a word")
    return said


def _number(said: object) -> int:
    if type(said) is not int or not 0 <= said < LATEST:
        raise ValueError("not a number")
    return said


def _share(said: Mapping[str, object]) -> float | None:
    found = said.get("agreement")
    if found is None or (isinstance(found, (int, float)) and -1.01 <= found <= 1.01):
        return found
    raise ValueError("not a cosine")


def _torn(name: str, folder: str) -> Model:
    """A folder of which nothing is known but its name."""
    known = KNOWN.get(name)
    kind = known.kind if known is not None else EMBEDDER
    return Model(name, folder, "", 0, 0, "", "", "", 0, None, (), kind)


def write_manifest(model: Model) -> None:
    """Put the manifest in the model's folder, whole or not at all."""
    import json

    files = {one.name: [one.sha256, one.bytes, one.mtime_ns] for one in model.files}
    said: dict[str, object] = {"form": FORM, "files": files}
    said |= {name: getattr(model, name) for name in Model.__match_args__ if name not in ("folder", "files")}
    text = json.dumps(said, indent=1, sort_keys=True) + "\n"
    write_whole(os.path.join(model.folder, MANIFEST), text.encode())


def date_anew(data: str, model: Model) -> None:
    """Every byte is as it was checked, but the files are copies with other times: from now on these are expected.

    Raises Busy, OSError.
    """
    if not model.looks_whole:
        with lock(data):
            write_manifest(replace(model, files=tuple(file_facts(model.folder, one.name) for one in model.files)))


def unreadable(data: str, name: str) -> str | None:
    """Why the model of that name, whose files are there, is none; None where it is one, or where there is nothing."""
    is_there = os.path.exists(os.path.join(folder_of(data, name), MODEL))
    return f"the model {name}'s {MANIFEST} cannot be read" if is_there and find(data, name) is None else None


def file_facts(folder: str, name: str) -> FileFacts:
    """What the manifest says about a file.  Raises OSError."""
    path = os.path.join(folder, name)
    info = os.stat(path)
    return FileFacts(name, sha256_of(path), info.st_size, info.st_mtime_ns)


def revision_of(sha256: str) -> str:
    """How a model file is named in the manifests of its vectors."""
    return sha256[:REVISION_DIGITS]


def remove(data: str, name: str) -> int:
    """Remove a model, or what is left of one; the bytes that were freed.  Raises Busy, OSError."""
    folder = folder_of(data, name)
    if not os.path.isdir(folder):
        return 0
    with lock(data):
        sweep(data)
        freed = folder_bytes(folder)
        put_aside(data, name)
        sweep(data)
    return freed


def put_aside(data: str, name: str) -> None:
    """Rename a model's folder, which then is no model: a search sees it whole or not at all.  Raises OSError."""
    passing = passing_folder(data)
    make_private_folder(passing)
    os.replace(folder_of(data, name), os.path.join(passing, GONE))


def sweep(data: str) -> None:
    """Remove what an install or a removal left, its own process or a killed one.  The caller holds the lock."""
    import shutil

    shutil.rmtree(passing_folder(data), ignore_errors=True)


def lock(data: str) -> Lock:
    """Held by whoever installs or removes.  Raises Busy, OSError."""
    make_private_folder(data)
    path = os.path.join(data, LOCK)
    taken = try_lock(path)
    if taken is None:
        who = f"process {lock_holder(path)}"
        raise Busy(f"{who} is installing or removing a model", path, "wait for it, then run this again")
    return taken


def note_consent(data: str, now_ms: int) -> None:
    """The user asked for a model: with that date a worker may fetch one, where the policy says so.  Raises OSError."""
    if consent_ms(data) is None:
        write_whole(os.path.join(data, CONSENT), b"%d\n" % now_ms)


def consent_ms(data: str) -> int | None:
    """When the user agreed to fetching models; None if never, or if the last one was removed since."""
    try:
        with open(os.path.join(data, CONSENT), "rb") as file:
            return int(file.read(20))
    except (OSError, ValueError):
        return None


def withdraw_consent(data: str) -> None:
    """Whoever removes the last model does not want to find it again, whatever the policy is.  Raises OSError."""
    write_whole(os.path.join(data, CONSENT), WITHDRAWN)


def is_withdrawn(data: str) -> bool:
    """Did the user remove the last model, and ask for none since?"""
    try:
        with open(os.path.join(data, CONSENT), "rb") as file:
            return file.read(20) == WITHDRAWN
    except OSError:
        return False


def sha256_of(path: str) -> str:
    """The file's SHA-256 in hex.  Raises OSError."""
    import hashlib

    seen = hashlib.sha256()
    with open(path, "rb", opener=regular) as file:
        while block := file.read(BLOCK_BYTES):
            seen.update(block)
    return seen.hexdigest()


def _stamp(path: str) -> tuple[int, int] | None:
    try:
        info = os.stat(path)
    except OSError:
        return None
    return info.st_size, info.st_mtime_ns
