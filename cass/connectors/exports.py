"""What a file that somebody names holds: an export of ChatGPT or Claude.ai, zipped or not, or an older archive."""

from __future__ import annotations

import os
import re
import zipfile

from cass.connectors import chatgpt, claude_ai
from cass.connectors.old_archive import OldArchive, agent_of, is_old_archive, slugs
from cass.connectors.readonly_sqlite import Unreadable
from cass.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import IO

    from cass.connectors.base import Connector

# Looked through for what tells one export from the other: the first conversation may be long.
HEAD_BYTES = 8 << 20

_KEY = re.compile(rb'"(mapping|chat_messages)"\s*:')
_EXPORTS = {chatgpt.KEY.encode(): chatgpt, claude_ai.KEY.encode(): claude_ai}


class NoExport(Exception):
    """There is nothing in it that can be imported; the message says why."""


@record
class Part:
    """One source in the file.  `path` is what it is known by, `file` what is on disk, `open` gives its bytes."""

    connector: Connector
    path: str
    file: str
    size: int
    open: Callable[[], IO[bytes]]


def parts_of(path: str, known: Callable[[str], frozenset[str]]) -> list[Part]:
    """The sources in a file or folder, in order.  `known(agent)`: external ids that are here already.

    Raises NoExport or OSError.
    """
    if os.path.isdir(path):
        names = sorted(name for name in os.listdir(path) if chatgpt.claims(name))
        found = [part for name in names for part in _json(os.path.join(path, name))]
    elif not os.path.isfile(path) and os.path.exists(path):
        # It is looked at before it is read; and one that nobody writes to would be waited for.
        raise NoExport("it is no file that can be read twice, such as a pipe: write what comes from it to a file first")
    elif zipfile.is_zipfile(path):
        found = list(_zipped(path))
    elif is_old_archive(path):
        found = list(_archived(path, known))
    else:
        found = list(_json(path))
    if not found:
        raise NoExport("it is neither an export of ChatGPT or Claude.ai nor an agent_search.db")
    return found


def _json(path: str) -> Iterator[Part]:
    with open(path, "rb") as file:
        connector = _told_by(file)
    if connector is not None:
        yield Part(connector, path, path, os.path.getsize(path), _file(path))


def _file(path: str) -> Callable[[], IO[bytes]]:
    def opened() -> IO[bytes]:
        return open(path, "rb")

    return opened


def _zipped(path: str) -> Iterator[Part]:
    try:
        with zipfile.ZipFile(path) as archive:
            members = [info for info in archive.infolist() if chatgpt.claims(info.filename)]
            members.sort(key=lambda info: info.filename)
            kinds = []
            for info in members:
                with archive.open(info) as file:
                    kinds.append(_told_by(file))
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError) as bad:
        raise NoExport(f"the zip file cannot be read: {bad}") from bad
    for info, connector in zip(members, kinds, strict=True):
        if connector is not None:
            yield Part(connector, f"{path}/{info.filename}", path, info.file_size, _member(path, info.filename))


def _member(path: str, name: str) -> Callable[[], IO[bytes]]:
    def opened() -> IO[bytes]:
        # The archive stays open as long as what was opened in it is.
        return zipfile.ZipFile(path).open(name)

    return opened


def _told_by(file: IO[bytes]) -> Connector | None:
    found = _KEY.search(file.read(HEAD_BYTES))
    return _EXPORTS[found[1]] if found else None


def _archived(path: str, known: Callable[[str], frozenset[str]]) -> Iterator[Part]:
    try:
        names = slugs(path)
    except Unreadable as bad:
        raise NoExport(str(bad)) from bad
    size = os.path.getsize(path)
    for slug in names:
        connector = OldArchive(path, slug, known(agent_of(slug)[0]))
        yield Part(connector, f"{path}#{slug}", path, size // len(names), _file(path))
