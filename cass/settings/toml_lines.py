"""Where each key of a TOML text stands: its line, and the span of its name and of its value.

Only for a text that `tomllib` has read without complaint: what is not understood here is a wrong place, never a wrong
value.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections.abc import Iterator

from cass.records import record

KEY_PART = re.compile(r"""[ \t]*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([A-Za-z0-9_-]+))[ \t]*(\.?)""")
BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
SPACE = re.compile(r"[ \t]*")
STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}|' r"'''.*?'{3,5}|" r'"(?:[^"\\\n]|\\.)*"|' r"'[^'\n]*'",
    re.DOTALL,
)
PLAIN = re.compile(r"[^,\]}#\n]*")
COMMENT_TO_END = re.compile(r"[ \t]*\r?(?:#[^\n]*)?(?:\n|\Z)")


@record
class Statement:
    """One `key = value`.  `key` is dotted from the top; [start, value_end) holds it, all offsets in characters.

    inline: inside a `{…}` · header: the table whose header it stands under, None at the top.
    """

    key: str
    line: int
    start: int
    value_start: int
    value_end: int
    inline: bool
    header: str | None


@record
class Header:
    """One `[table]` at [start, end); its statements follow."""

    table: str
    start: int
    end: int


class Scan:
    """Every statement and header of a text, in order."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.statements: list[Statement] = []
        self.headers: list[Header] = []
        self._ends = [found.start() for found in re.finditer("\n", text)]
        self._run()
        # The first of a name counts: of a list of tables, say.
        self._by_key = {one.key: one for one in reversed(self.statements)}
        self._by_table = {one.table: one for one in reversed(self.headers)}

    def _run(self) -> None:
        at, table = self._past(BLANK, 0), ""
        while at < len(self.text):
            if self.text[at] == "[":
                table, after = self._header(at)
            else:
                after = self._statement(at, table, inline=False)
            if after <= at:
                return  # not understood
            at = self._past(BLANK, after)

    def _header(self, at: int) -> tuple[str, int]:
        start, at = at, at + 1 + self.text.startswith("[[", at)
        table, at = self._key(at)
        while self.text.startswith("]", at):
            at += 1
        self.headers.append(Header(table, start, at))
        return table, at

    def _statement(self, start: int, table: str, inline: bool) -> int:
        """Keep the statement at `start`; the offset behind its value."""
        name, at = self._key(start)
        if not self.text.startswith("=", at):
            return start
        key = f"{table}.{name}" if table else name
        value_start = self._past(SPACE, at + 1)
        kept = len(self.statements)
        value_end = self._value(value_start, key)
        header = self.headers[-1].table if self.headers else None
        line = self._line(start)
        self.statements.insert(kept, Statement(key, line, start, value_start, value_end, inline, header))
        return value_end

    def _key(self, at: int) -> tuple[str, int]:
        parts, more = [], "."
        while more and (found := KEY_PART.match(self.text, at)):
            basic, literal, bare, more = found.groups()
            parts.append(_unescaped(basic) if basic is not None else literal if literal is not None else bare)
            at = found.end()
        return ".".join(parts), at

    def _value(self, at: int, key: str) -> int:
        if string := STRING.match(self.text, at):
            return string.end()
        if self.text.startswith("[", at):
            return self._list(at, key)
        if self.text.startswith("{", at):
            return self._inline(at, key)
        return at + len(self.text[at : self._past(PLAIN, at)].rstrip())

    def _list(self, at: int, key: str) -> int:
        at = self._past(BLANK, at + 1)
        kept = len(self.statements)
        while at < len(self.text) and self.text[at] != "]":
            after = at + 1 if self.text[at] == "," else self._value(at, key)
            at = self._past(BLANK, max(after, at + 1))
        del self.statements[kept:]  # tables in a list have no keys of ours
        return at + 1

    def _inline(self, at: int, key: str) -> int:
        at = self._past(BLANK, at + 1)
        while at < len(self.text) and self.text[at] != "}":
            after = at + 1 if self.text[at] == "," else self._statement(at, key, inline=True)
            at = self._past(BLANK, max(after, at + 1))
        return at + 1

    def _past(self, pattern: re.Pattern[str], at: int) -> int:
        found = pattern.match(self.text, at)
        return found.end() if found else at

    def find(self, key: str) -> Statement | None:
        """The statement that sets exactly this key."""
        return self._by_key.get(key)

    def line_of(self, key: str) -> int:
        """The line of the key, or of the nearest table around it: of the first that has its name in a list of them."""
        for name in _outward(key):
            if found := self.find(name):
                return found.line
            if heading := self._by_table.get(name):
                return self._line(heading.start)
        return 1

    def _line(self, at: int) -> int:
        return bisect_left(self._ends, at) + 1


def _outward(key: str) -> Iterator[str]:
    while key:
        yield key
        key = key.rpartition(".")[0]


def _unescaped(basic: str) -> str:
    """A basic string's escapes, nearly all of which JSON has too."""
    try:
        return str(json.loads(f'"{basic}"'))
    except ValueError:
        return basic


def end_of_line(text: str, at: int) -> int | None:
    """The offset behind the line's end, if only blanks and a comment stand between `at` and it."""
    found = COMMENT_TO_END.match(text, at)
    return found.end() if found else None
