"""The files of a graph: what their description says, and whether they are as they were written.  Loads no graph."""

from __future__ import annotations

import os

from cass.disk import regular
from cass.semantic.manifest import Damage

TYPE_CHECKING = False
if TYPE_CHECKING:
    # (checksum, size, time in ns) of the graph, and of each segment in it: number, rows, key of the last one
    About = tuple[tuple[int, int, int], list[tuple[int, int, str]]]

DATA, ABOUT, UNFINISHED = "graph.data", "graph.about", "graph.new"
MAGIC = "cass graph 1"


def check_graph(folder: str, full: bool = False) -> Damage | None:
    """What is wrong with the graph's files in a tier's folder.

    Their bytes are compared with their checksum if the time is not the one written down, or if `full`.
    """
    about = read_about(folder)
    return _check(os.path.join(folder, DATA), about[0], full) if isinstance(about, tuple) else about


def _check(path: str, facts: tuple[int, int, int], full: bool) -> Damage | None:
    crc, size, stamp = facts
    try:
        now = os.stat(path)
        if now.st_size != size or ((full or now.st_mtime_ns != stamp) and not _is_whole(path, size, crc, stamp)):
            return Damage("the graph has changed bytes")
    except OSError:
        return Damage("the graph is missing")
    return None


def _is_whole(path: str, size: int, crc: int, stamp: int) -> bool:
    from cass.semantic.rereading import is_as_written  # of a folder that was copied, once

    with open(path, "rb", 0) as file:
        return is_as_written(path, file.fileno(), (0, size), crc, stamp)


def read_about(folder: str) -> About | Damage | None:
    """The description; None where there is no graph."""
    try:
        with open(os.path.join(folder, ABOUT), "rb", 0, opener=regular) as file:
            body, _, check = file.read().rpartition(b"\n")
    except OSError:
        return None
    from zlib import crc32  # in machine code of its own: most tiers have no graph

    try:
        magic, numbers, *lines = body.decode().split("\n")
        if magic != MAGIC or int(check) != crc32(body):
            return Damage("the graph's description is damaged or of another version")
        crc, size, stamp = [int(number) for number in numbers.split("\t")]
        fields = [line.split("\t") for line in lines]
        return (crc, size, stamp), [(int(number), int(count), key) for number, count, key in fields]
    except ValueError:
        return Damage("the graph's description is damaged or of another version")
