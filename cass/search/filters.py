"""What a search is limited to: the words of options and `field:value` → ids that the index and SQLite know."""

from __future__ import annotations

import os

from cass.connectors.table import find_agent
from cass.errors import AmbiguousId, CassError, NotFound, UsageError
from cass.lexical.filter import Filter
from cass.query.times import parse_time
from cass.query.words import tokens
from cass.store import hits, named
from cass.store.schema import ROLES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from sqlite3 import Connection

    from cass.lexical.opening import Damage
    from cass.lexical.reader import LexicalReader
    from cass.query.syntax import Field
    from cass.search.request import Request

# Fields that are told by the index alone.
LIMITING = frozenset(("agent", "workspace", "role", "session", "title", "tool", "since", "until"))


class Resolver:
    """Reads filters against one database.  What nothing can pass is told in `notes`, which may be the caller's."""

    def __init__(
        self,
        connection: Connection,
        now_ms: int,
        cwd: str,
        notes: list[str] | None = None,
        reader: LexicalReader | Damage | None = None,
    ) -> None:
        self._connection = connection
        self._reader = reader
        self._now_ms = now_ms
        self._cwd = cwd
        self.notes = [] if notes is None else notes
        self.is_whole = True  # does every filter name all that it should?
        self._known: dict[Field, Filter] = {}
        self._limits: list[Filter] = []  # what holds for the whole query, of which names are looked for there only

    def of_request(self, request: Request, fields: Sequence[Field] = ()) -> list[Filter]:
        """The filters that options named, and with them those of the fields that hold for the whole query."""
        found = []
        for field, values in (
            ("agent", request.agents),
            ("workspace", request.workspaces),
            ("session", request.sessions),
            ("role", request.roles),
        ):
            if values:
                found.append(self._named(field, values, f"--{field}"))
        if request.exclude_sessions:
            found += self._without(request.exclude_sessions, request.current_sessions)
        if request.since is not None or request.until is not None:
            found.append(self._times(request.since, request.until))
        limiting = [self.resolve(field) for field in fields if field.name in LIMITING]
        self._limits = [*found, *[each for each in limiting if each is not None]]
        found += [wanted for field in fields if (wanted := self.resolve(field)) is not None]
        if _exclude_each_other([each for each in found if each.field == "time" and not each.exclude]):
            self.notes.append("since is later than until: nothing lies between them")
        return found

    def note_undated(self, filters: Sequence[Filter]) -> None:
        """Some agents write no times: say how many messages a filter by time leaves out, where it has left nothing."""
        if not any(each.field == "time" for each in filters):
            return
        from cass.store.counts import count_undated

        if count := count_undated(self._connection):
            them = "1 message has" if count == 1 else f"{count:,} messages have"
            self.notes.append(f"{them} no time: filters by time leave out what has none")

    def resolve(self, field: Field) -> Filter | None:
        """A field → a filter; None for one that is being typed and says nothing yet."""
        return self.unfinished(field) if field.unfinished else self.field(field)

    def field(self, field: Field) -> Filter:
        """A `field:value` of the query language, read once: a scan asks for it with every message."""
        if field not in self._known:
            self._known[field] = self._read(field)
        return self._known[field]

    def unfinished(self, field: Field) -> Filter | None:
        """That of a field whose value is being typed; None as long as nobody knows what it is to be."""
        told = len(self.notes)
        try:
            found = self.field(field)
        except CassError:
            return None
        if found.values or field.name != "workspace":
            return found
        del self.notes[told:]
        return None

    def _read(self, field: Field) -> Filter:
        if field.name in ("since", "until"):
            since, until = (field.value, None) if field.name == "since" else (None, field.value)
            found = self._times(since, until, ":")
        else:
            found = self._named(field.name, field.values, f"{field.name}:")
        return _excluded(found) if field.exclude else found

    def _named(self, field: str, values: Sequence[str], where: str) -> Filter:
        if field in ("agent", "role", "session", "tool"):
            # One that names nothing at all is kept, and refused as what it is.
            values = [part for value in values for part in value.split(",") if part.strip()] or values
        if field == "agent":
            return self._agents(values, where)
        if field == "session":
            return self._sessions(values)
        if field == "role":
            return Filter("role", tuple(_role(value, where) for value in values))
        if not all(map(str.strip, values)):
            raise UsageError("an empty value limits nothing", where, "say what is wanted, or leave it out")
        if field == "workspace":
            return self._workspaces(values)
        if field == "title":
            return self._titles(values)
        if field == "tool":
            return Filter("tool", tuple(value.lower() for value in values))
        if field == "entity":
            return self._entities(values)
        return Filter("path", tuple(values))

    def _entities(self, values: Sequence[str]) -> Filter:
        from cass.query.entities import wanted_name
        from cass.search.entities import documents_naming  # patterns: only for who asks

        wanted = [wanted_name(value) for value in values]
        docs: list[int] = []
        for name in wanted:
            if self._reader is not None:
                found, all_read = documents_naming(self._connection, self._reader, name, self._limits, self.notes)
                docs += found
                self.is_whole = self.is_whole and all_read
        return Filter("entity", tuple(wanted), tuple(docs))

    def _agents(self, values: Sequence[str], where: str) -> Filter:
        names = [find_agent(value, where).name for value in values]
        ids = named.string_ids(self._connection, names)
        if not ids:
            self.notes.append(f"nothing of {', '.join(names)} is indexed")
        return Filter("agent", tuple(ids))

    def _workspaces(self, values: Sequence[str]) -> Filter:
        tests = [folder_test(value, self._cwd) for value in values]
        ids = [number for number, path in named.all_workspaces(self._connection) if any(test(path) for test in tests)]
        if not ids:
            self.notes.append(f"no session was in a workspace like {', '.join(values)}")
        return Filter("workspace", tuple(ids))

    def _sessions(self, values: Sequence[str]) -> Filter:
        rows = [find_session(self._connection, value)[0] for value in values]
        return self._in_sessions(rows)

    def _without(self, values: Sequence[str], current: Sequence[tuple[str, str]]) -> list[Filter]:
        """Sessions left out; `current` is the one that the caller is in, if that is known and stored."""
        rows = [find_session(self._connection, value)[0] for value in values if value != "current"]
        if "current" in values:
            from cass.search.current import current_sessions  # only for who asks

            rows += current_sessions(self._connection, current, self._cwd, self._now_ms, self.notes)
        return [_excluded(self._in_sessions(rows))] if rows else []

    def _in_sessions(self, rows: Sequence[int]) -> Filter:
        copies: list[int] = []
        for start in range(0, len(rows), hits.BOUND):
            copies += named.copies_in(self._connection, rows[start : start + hits.BOUND])
        return Filter("session", tuple(rows), tuple(copies))

    def _titles(self, values: Sequence[str]) -> Filter:
        wanted = [tokens(value) for value in values]
        rows = [
            number
            for number, title in named.session_titles(self._connection)
            if any(_begin_words(starts, tokens(title)) for starts in wanted)
        ]
        return self._in_sessions(rows)

    def _times(self, since: str | None, until: str | None, sign: str = "") -> Filter:
        first = parse_time(since, self._now_ms, False, f"since{sign}") if since is not None else None
        last = parse_time(until, self._now_ms, True, f"until{sign}") if until is not None else None
        return Filter("time", (first, last))


def _exclude_each_other(times: Sequence[Filter]) -> bool:
    """Of times that must all hold: does one begin after another has ended?"""
    firsts = [int(first) for first, _ in [each.values for each in times] if first is not None]
    lasts = [int(last) for _, last in [each.values for each in times] if last is not None]
    return bool(firsts and lasts) and max(firsts) > min(lasts)


def _begin_words(starts: Sequence[str], words: Sequence[str]) -> bool:
    """Does each of `starts` begin one of the words?"""
    return all(any(word.startswith(start) for word in words) for start in starts)


def _excluded(found: Filter) -> Filter:
    return Filter(found.field, found.values, found.docs, exclude=True)


def _role(value: str, where: str) -> int:
    word = value.strip().lower()
    if word not in ROLES:
        raise UsageError(f"{value!r} is not a role", where, f"use one of {', '.join(ROLES)}")
    return ROLES.index(word)


def find_session(connection: Connection, text: str) -> tuple[int, str]:
    """(row id, session id) for an id, an unambiguous beginning of at least 6 digits, or the agent's own id.

    A message's number after it (ID:N) is passed over.  Raises NotFound, or AmbiguousId with up to five candidates.
    """
    word, colon, number = text.strip().lower().partition(":")
    if colon and not (number.isascii() and number.removeprefix("-").isdecimal() and len(number) < 10):
        word = ""  # not a message of that session: never silently the whole of it
    found: list[tuple[int, str, str | None]] = []
    if len(word) >= 6 and all(digit in "0123456789abcdef" for digit in word):
        found = named.sessions_like(connection, word)
    if not found:
        found = named.session_by_external_id(connection, text.strip())
    if not found:
        short = " (an id needs at least 6 of its digits)" if len(text) < 6 else ""
        raise NotFound(f"no session has the id {text!r}{short}", None, "list them with: cass sessions")
    if len(found) > 1:
        some = "; ".join(f"{sid} {title or ''}".strip() for _, sid, title in found[:5])
        raise AmbiguousId(f"{text!r} fits {len(found)} sessions or more: {some}", None, "give more digits")
    return found[0][0], found[0][1]


def folder_test(wanted: str, cwd: str) -> Callable[[str], bool]:
    """A test of workspace paths: a folder and all below it, `.` for this repository, or a folder's name."""
    if "/" not in wanted and "\\" not in wanted and wanted not in (".", "..", "~"):
        name = wanted.lower()
        return lambda path: name in path.lower().replace("\\", "/").split("/")
    if wanted[1:3] in (":\\", ":/") and wanted[0].isalpha():
        return _windows_test(wanted)
    if wanted == ".":
        roots = repository_folders(cwd)
    else:
        roots = [os.path.normpath(os.path.join(cwd, os.path.expanduser(wanted)))]
    return lambda path: any(path == root or path.startswith(root.rstrip("/\\") + os.sep) for root in roots)


def _windows_test(wanted: str) -> Callable[[str], bool]:
    """As agents on Windows write a folder, whose capitals and slashes differ; also where cass runs elsewhere."""
    import ntpath  # hardly ever asked for

    def plain(path: str) -> str:
        return ntpath.normcase(ntpath.normpath(path)).rstrip("\\") + "\\"

    root = plain(wanted)
    return lambda path: plain(path).startswith(root)


def repository_folders(cwd: str) -> list[str]:
    """The git repository of a folder with its worktrees, or the folder itself."""
    folder = cwd
    while not os.path.exists(os.path.join(folder, ".git")):
        above = os.path.dirname(folder)
        if above == folder:
            return [cwd]
        folder = above
    main = _main_worktree(os.path.join(folder, ".git")) or folder
    return list({main: None, folder: None} | dict.fromkeys(_worktrees(os.path.join(main, ".git", "worktrees"))))


def _main_worktree(git: str) -> str | None:
    """In a linked worktree `.git` is a file that names the main repository's `.git/worktrees/<name>`."""
    if os.path.isdir(git):
        return None
    text = _line(git)
    if not text.startswith("gitdir:"):
        return None
    folder = os.path.normpath(os.path.join(os.path.dirname(git), text[7:].strip()))
    inside = os.path.dirname(os.path.dirname(folder))
    return os.path.dirname(inside) if os.path.basename(inside) == ".git" else None


def _worktrees(folder: str) -> list[str]:
    try:
        names = os.listdir(folder)
    except OSError:
        return []
    links = [_line(os.path.join(folder, name, "gitdir")) for name in sorted(names)]
    return [os.path.dirname(link) for link in links if link]


def _line(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            return file.readline().strip()
    except OSError:
        return ""
