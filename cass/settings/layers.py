"""The files of settings, read as TOML: keys with their lines, and what is wrong with a file.

Slow (tomllib alone costs as much as a whole search), hence only where the cache of `quick.py` does not fit; what was
read goes there for the next one.
"""

from __future__ import annotations

import os
import stat
import tomllib

from cass import clock
from cass.disk import make_private_folder, write_whole
from cass.settings.hot import CACHE, kept_bytes, plain_word, stamp
from cass.settings.quick import Settings, add_files
from cass.settings.toml_lines import Scan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from cass.paths import Places
    from cass.settings.hot import FileText, Identity

MOST_BYTES = 1 << 18  # a file of settings that is larger is something else
# A file that changed so recently may change again without another time stamp: some file systems count in two seconds.
STILL_HOT_NS = 2_500_000_000


def read_files(
    places: Places, names: tuple[str, ...], cached: Mapping[str, FileText], now_ms: Callable[[], int] = clock.now_ms
) -> dict[str, FileText]:
    """What stands in each named file; kept for the next process where that is safe."""
    cold_ns = now_ms() * 1_000_000 - STILL_HOT_NS
    texts = {name: read_file(os.path.join(places.config, name)) for name in names}
    kept = {name: text for name, text in texts.items() if text[0] is not None and _changed_ns(text[0]) < cold_ns}
    if kept and kept != cached:
        try:
            make_private_folder(places.cache)
            values = _values(places, texts) if len(kept) == len(texts) else None
            write_whole(os.path.join(places.cache, CACHE), kept_bytes(places, kept, values))
        except OSError:
            pass  # read again next time
    return texts


def _values(places: Places, texts: Mapping[str, FileText]) -> dict[str, object] | None:
    """What the files give, as marshal can keep it; None where something is wrong in them, which must be said."""
    settings = Settings()
    add_files(settings, places, texts)
    if settings.problems:
        return None
    return {key: plain_word(given[-1][1]) for key, given in settings.given.items()}


def _changed_ns(identity: Identity) -> int:
    _, mtime_ns, _, _, ctime_ns = identity
    return max(mtime_ns, ctime_ns)


def read_file(path: str) -> FileText:
    """(identity or None if it cannot be relied upon, statements, what is wrong with the file and its line)."""
    try:
        identity, data = _read(path)
    except OSError as lost:
        why = "it is a link that leads nowhere" if _leads_nowhere(path) else (lost.strerror or str(lost)).lower()
        return None, (), (f"the file cannot be read: {why}", 0)
    try:
        return identity, tuple(statements(data.decode("utf-8-sig"))), None
    except (ValueError, RecursionError) as bad:
        return identity, (), explain(bad)


def _leads_nowhere(path: str) -> bool:
    return os.path.islink(path) and not os.path.lexists(os.path.realpath(path))


def _read(path: str) -> tuple[Identity | None, bytes]:
    # Asked before it is opened: opening a named pipe would wait for ever.
    if not stat.S_ISREG(os.stat(path).st_mode):
        raise OSError("it is not a file")
    with open(path, "rb") as file:
        before = stamp(os.fstat(file.fileno()))
        data = file.read(MOST_BYTES + 1)
        after = stamp(os.fstat(file.fileno()))
    if len(data) > MOST_BYTES:
        raise OSError(f"it has more than {MOST_BYTES} bytes")
    return (before if before == after else None), data


def statements(text: str) -> Iterator[tuple[str, object, int]]:
    """(dotted key, plain value, line) in the order of the text.  Raises ValueError where it is not TOML."""
    found = tomllib.loads(text)
    scan = Scan(text)
    for key, value in sorted(flat(found), key=lambda pair: scan.line_of(pair[0])):
        yield key, plain(value), scan.line_of(key)


def flat(table: Mapping[str, object], above: str = "") -> Iterator[tuple[str, object]]:
    """Tables become dotted keys; an empty one stays as {}."""
    for name, value in table.items():
        if isinstance(value, dict) and value:
            yield from flat(value, f"{above}{name}.")
        else:
            yield above + name, value


def plain(value: object) -> object:
    """`value` as marshal can keep it: dates, which no setting has, become bytes, which no setting has either."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value if isinstance(value, (str, int, float)) else str(value).encode()


def explain(bad: ValueError | RecursionError) -> tuple[str, int]:
    """What is wrong with a text that is no TOML, and on which line (0 if not on one)."""
    if isinstance(bad, UnicodeDecodeError):
        return "the file is not UTF-8 text", 0
    if isinstance(bad, RecursionError):
        return "the file is nested too deeply", 0
    words, _, place = str(bad).partition(" (at ")
    line = place.removeprefix("line ").partition(",")[0]
    end = "" if line.isdigit() else ", at its end"
    return f"the file is not TOML: {words[:1].lower()}{words[1:]}{end}", int(line) if line.isdigit() else 0
