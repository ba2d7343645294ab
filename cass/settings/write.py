"""Change one setting in its file, and leave everything else there as it was.

The line that sets it is edited in place; a new one is added where it belongs.  The new text must read back as exactly
the old settings with this one changed before it takes the file's place, so nothing can be lost.
"""

from __future__ import annotations

import os
import stat
import tomllib

import tomli_w

from cass import clock
from cass.disk import Lock, make_private_folder, try_lock, write_whole
from cass.errors import BadConfiguration, Busy, SystemRefused
from cass.settings.hot import FILES
from cass.settings.layers import MOST_BYTES, explain, flat
from cass.settings.toml_lines import Scan, Statement, end_of_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from cass.paths import Places
    from cass.settings.table import Setting

LOCK = "settings.lock"
PATIENCE_S = 2.0
BOM = "\ufeff".encode()


def set_value(places: Places, row: Setting, value: object) -> str:
    """Make `value` (typed) stand in the row's file; the path with the line.  Raises BadConfiguration, Busy, OSError."""
    return _change(places, row, lambda text: with_value(text, row.key, value))


def unset_value(places: Places, row: Setting) -> str | None:
    """Take the setting out of its file; the path with the line where it stood, None if it did not."""
    return _change(places, row, lambda text: without(text, row.key)) or None


def _change(places: Places, row: Setting, edit: Callable[[str], str]) -> str:
    shown = os.path.join(places.config, row.file)
    # The file itself where the path is a link: people keep their settings in a repository of their own.
    path = os.path.realpath(shown)
    lock = _lock(places)
    try:
        data = _read(path)
        old = _text(data, shown)
        new = _edited(edit, old, shown)
        if new != old:
            _write(path, data, new)
    finally:
        if lock is not None:
            lock.release()
    stood = Scan(new).find(row.key) or Scan(old).find(row.key)
    return f"{shown}:{stood.line}" if stood else ""


def _edited(edit: Callable[[str], str], old: str, path: str) -> str:
    """The new text.  Raises BadConfiguration, which names the file."""
    try:
        return edit(old)
    except BadConfiguration as unusual:
        raise BadConfiguration(unusual.what, path, f"{unusual.todo}: {_edit(path)}") from unusual


def _edit(path: str) -> str:
    """The command by which a person changes this file; a link's goal may have any name."""
    name = os.path.basename(path)
    return f"cass config edit {name}" if name in FILES else "cass config edit"


def _lock(places: Places) -> Lock | None:
    """One change at a time; where no lock can be made, without."""
    until_s = clock.monotonic_s() + PATIENCE_S
    try:
        make_private_folder(places.cache)
        while (lock := try_lock(os.path.join(places.cache, LOCK))) is None:
            if clock.monotonic_s() > until_s:
                raise Busy("another cass is changing the settings", None, "try again")
            clock.sleep(0.01)
    except OSError:
        return None
    return lock


def _read(path: str) -> bytes:
    """The file's bytes, none where there is no file.  Raises BadConfiguration, SystemRefused."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise BadConfiguration("it is not a file", path, "move it away")
        with open(path, "rb") as file:
            data = file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        return b""
    except OSError as bad:
        what = f"the file cannot be read: {(bad.strerror or str(bad)).lower()}"
        raise SystemRefused(what, path, "move away what stands in its place, or allow it") from bad
    if len(data) > MOST_BYTES:
        todo = f"nothing was changed; nothing in it counts until it is shortened: {_edit(path)}"
        raise BadConfiguration(f"it has more than {MOST_BYTES} bytes", path, todo)
    return data


def _text(data: bytes, path: str) -> str:
    """The text, line ends as they are.  Raises BadConfiguration where it is not TOML."""
    try:
        text = data.decode("utf-8-sig")
        tomllib.loads(text)
    except (ValueError, RecursionError) as bad:
        what, line = explain(bad)
        where = f"{path}:{line}" if line else path
        raise BadConfiguration(what, where, f"nothing was changed; mend it with: {_edit(path)}") from bad
    return text


def _write(path: str, old: bytes, text: str) -> None:
    """Replace the file, keeping its mode and its byte order mark."""
    exists = os.path.exists(path)
    if exists and not os.access(path, os.W_OK):
        raise SystemRefused("the file may not be written", path, "allow it, or change it by hand")
    data = BOM * old.startswith(BOM) + text.encode()
    if len(data) > MOST_BYTES:
        todo = f"nothing was changed; take something out of it: {_edit(path)}"
        raise BadConfiguration(f"it would have more than {MOST_BYTES} bytes", path, todo)
    make_private_folder(os.path.dirname(path))
    if _read(path) != old:
        raise Busy("the file was changed meanwhile", path, "try again")
    mode = stat.S_IMODE(os.stat(path).st_mode) if exists else None
    write_whole(path, data)
    if mode is not None:
        os.chmod(path, mode)


def with_value(text: str, key: str, value: object) -> str:
    """`text` with `key = value`: in place, or where a person would have put it.  Raises BadConfiguration."""
    scan = Scan(text)
    found = scan.find(key)
    if found is not None:
        new = text[: found.value_start] + value_text(value) + text[found.value_end :]
    else:
        new = _added(scan, key, value_text(value))
    return _checked(text, new, lambda settings: settings | {key: plain_value(value)})


def without(text: str, key: str) -> str:
    """`text` without the line that sets `key`.  Raises BadConfiguration."""
    found = Scan(text).find(key)
    if found is None:
        return text
    start, end = _inline_span(text, found) if found.inline else _line_span(text, found)
    return _checked(text, text[:start] + text[end:], lambda settings: _less(settings, key))


def value_text(value: object) -> str:
    """A typed value as TOML, on one line."""
    value = plain_value(value)
    if isinstance(value, list):
        return f"[{', '.join(map(value_text, value))}]"
    return tomli_w.dumps({"x": value}).removeprefix("x = ").rstrip("\n")


def plain_value(value: object) -> object:
    """As tomllib gives it: a word of an enumeration is a text, a tuple a list."""
    if isinstance(value, str):
        return str.__str__(value)
    return [plain_value(each) for each in value] if isinstance(value, (tuple, list)) else value


def _added(scan: Scan, key: str, value: str) -> str:
    """A new line for a key that the text does not have."""
    table, _, name = key.rpartition(".")
    own = [one for one in scan.statements if not one.inline and table and one.header == table]
    heading = [one for one in scan.headers if table and one.table == table]
    if own or heading:
        return _insert(scan.text, own[-1].value_end if own else heading[0].end, f"{name} = {value}")
    top = [one for one in scan.statements if not one.inline and one.header is None]
    near = [one for one in top if one.key.startswith(f"{table}.")] if table else top
    if near:
        return _insert(scan.text, near[-1].value_end, f"{key} = {value}")
    if scan.headers and not table:
        start, newline = scan.headers[0].start, _newline(scan.text)
        return f"{scan.text[:start]}{key} = {value}{newline * 2}{scan.text[start:]}"
    if scan.headers:
        newline = _newline(scan.text)
        return _insert(scan.text, len(scan.text), f"{newline}[{table}]{newline}{name} = {value}")
    return _insert(scan.text, len(scan.text), f"{key} = {value}")


def _insert(text: str, at: int, line: str) -> str:
    """`line` as a line of its own behind the line of `at`."""
    newline = _newline(text)
    at = end_of_line(text, at) or at
    before = text[:at]
    return f"{before}{newline if before and not before.endswith(chr(10)) else ''}{line}{newline}{text[at:]}"


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _line_span(text: str, found: Statement) -> tuple[int, int]:
    """The whole of its lines, with the comment behind it."""
    end = end_of_line(text, found.value_end)
    return text.rfind("\n", 0, found.start) + 1, found.value_end if end is None else end


def _inline_span(text: str, found: Statement) -> tuple[int, int]:
    """Inside `{…}`, with the comma before it, or else the one behind it."""
    before = text[: found.start].rstrip()
    if before.endswith(","):
        return len(before) - 1, found.value_end
    behind = text[found.value_end :]
    comma = len(behind) - len(behind.lstrip()) if behind.lstrip().startswith(",") else -1
    if comma < 0:
        return found.start, found.value_end
    rest = behind[comma + 1 :]
    return found.start, found.value_end + comma + 1 + len(rest) - len(rest.lstrip())


def _checked(old: str, new: str, change: Callable[[dict[str, object]], dict[str, object]]) -> str:
    """`new`, if it holds what `old` held with this one change.  Raises BadConfiguration."""
    try:
        found = _settings(new)
    except tomllib.TOMLDecodeError:
        found = None
    if found is None or repr(found) != repr(dict(sorted(change(_settings(old)).items()))):
        raise BadConfiguration("this file is too unusual to change one line", todo="do it by hand")
    return new


def _settings(text: str) -> dict[str, object]:
    return dict(sorted((key, value) for key, value in flat(tomllib.loads(text)) if value != {}))


def _less(settings: dict[str, object], key: str) -> dict[str, object]:
    return {name: value for name, value in settings.items() if name != key}
