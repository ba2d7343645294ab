"""Markdown as agents write it → HTML in which every character of the text is only text.

Headings, lists, tables, quotes, fences, rules, code, bold, italics and links to the web.  No raw HTML, and a link
where a picture would be: what is shown never fetches anything.  Line breaks stay where they were.  Every pattern is
bounded, so that no text takes more than linear time.
"""

from __future__ import annotations

import re
from html import escape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

FENCE = re.compile(r"\s*(`{3,}|~{3,})\s{0,4}([\w+#.-]{0,30})[^`]*$")
HEADING = re.compile(r" {0,3}(#{1,6})\s+(.*)$")
ITEM = re.compile(r"(\s*)([-*+]|\d{1,6}[.)])\s+(.*)$")
INLINE = re.compile(
    r"(?P<ticks>`{1,3})(?P<code>[^\n]{1,500}?)(?<!`)(?P=ticks)(?!`)"
    r"|\*\*(?P<bold>[^*\n]{1,500})\*\*"
    r"|(?<![\w*])\*(?P<italic>[^*\s][^*\n]{0,300})\*(?![\w*])"
    r"|!?\[(?P<label>[^\[\]\n]{1,300})\]\((?P<target>https?://[^\s()<>]{1,1000})\)"
    r"|(?P<url>https?://[^\s<>\"'`)\]*]{1,1000})"
)
DEEPEST = 6  # quotes within quotes


def html_of(text: str, depth: int = 0) -> str:
    """The text as HTML blocks."""
    return "\n".join(_Blocks(text.split("\n"), depth).all())


def inline(text: str) -> str:
    """One paragraph's text with code, emphasis and links."""
    pieces = []
    at = 0
    for found in INLINE.finditer(text):
        pieces += [escape(text[at : found.start()]), _span(found)]
        at = found.end()
    return "".join([*pieces, escape(text[at:])])


def _span(found: re.Match[str]) -> str:
    if found["code"] is not None:
        code = found["code"]
        return f"<code>{escape(code.strip() or code)}</code>"
    if found["bold"] is not None:
        return f"<strong>{inline(found['bold'])}</strong>"
    if found["italic"] is not None:
        return f"<em>{inline(found['italic'])}</em>"
    if found["url"] is not None:
        address = found["url"].rstrip(".,;:!?")
        return _link(address, address) + escape(found["url"][len(address) :])
    return _link(found["target"], found["label"])


def _link(address: str, label: str) -> str:
    return f'<a href="{escape(address)}" rel="noopener noreferrer nofollow">{escape(label)}</a>'


class _Blocks:
    """Reads lines from the top; each method takes what belongs to it and gives its HTML."""

    def __init__(self, lines: list[str], depth: int) -> None:
        self.lines = lines
        self.depth = depth
        self.at = 0

    def all(self) -> Iterator[str]:
        while self.at < len(self.lines):
            line = self.lines[self.at]
            if not line.strip():
                self.at += 1
            else:
                yield self._block(line)

    def _block(self, line: str) -> str:
        fence = FENCE.match(line)
        if fence:
            return self._code(fence)
        if heading := HEADING.match(line):
            self.at += 1
            level = min(6, len(heading[1]) + 2)
            return f"<h{level}>{inline(heading[2].rstrip(' #'))}</h{level}>"
        if _is_rule(line):
            self.at += 1
            return "<hr>"
        if line.startswith(">") and self.depth < DEEPEST:
            return self._quote()
        if ITEM.match(line):
            return self._list()
        return self._table() if self._is_table() else self._paragraph()

    def _code(self, fence: re.Match[str]) -> str:
        """Up to the closing fence, or to the end; the fence's own indent is taken off."""
        indent = len(fence[0]) - len(fence[0].lstrip())
        code = []
        self.at += 1
        while self.at < len(self.lines):
            line = self.lines[self.at]
            self.at += 1
            if line.strip().startswith(fence[1]) and not line.strip().strip(fence[1][0]):
                break
            code.append(line[indent:] if not line[:indent].strip() else line)
        named = f' data-language="{escape(fence[2])}"' if fence[2] else ""
        return f"<pre{named}><code>{escape(chr(10).join(code))}</code></pre>"

    def _quote(self) -> str:
        quoted = []
        while self.at < len(self.lines) and self.lines[self.at].startswith(">"):
            quoted.append(self.lines[self.at][1:].removeprefix(" "))
            self.at += 1
        return f"<blockquote>{html_of(chr(10).join(quoted), self.depth + 1)}</blockquote>"

    def _list(self) -> str:
        """Items and what is indented below them; deeper indents are lists within."""
        pieces: list[str] = []
        open_: list[tuple[int, str]] = []  # (indent, tag) of the lists that stand open, the innermost last
        while self.at < len(self.lines):
            line = self.lines[self.at]
            item = ITEM.match(line)
            if item is None or _is_rule(line):
                if not line.strip() or not line[0].isspace() or FENCE.match(line):
                    break
                pieces.append(f"\n{inline(line.strip())}")
            else:
                _nest(pieces, open_, len(item[1].expandtabs(4)), item[2])
                pieces.append(f"<li>{inline(item[3])}")
            self.at += 1
        return "".join([*pieces, *(f"</li></{tag}>" for _, tag in reversed(open_))])

    def _is_table(self) -> bool:
        below = self.lines[self.at + 1].strip() if self.at + 1 < len(self.lines) else ""
        return "|" in self.lines[self.at] and "|" in below and "-" in below and not set(below) - set("|-: \t")

    def _table(self) -> str:
        rows = []
        while self.at < len(self.lines) and "|" in self.lines[self.at]:
            rows.append([inline(cell.strip()) for cell in self.lines[self.at].strip().strip("|").split("|")])
            self.at += 1
        head = "".join(f"<th>{cell}</th>" for cell in rows[0])
        body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows[2:])
        return f"<div class=wide><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"

    def _paragraph(self) -> str:
        start = self.at
        self.at += 1
        while self.at < len(self.lines) and not self._ends_paragraph(self.lines[self.at]):
            self.at += 1
        return f"<p>{inline(chr(10).join(self.lines[start : self.at]).strip())}</p>"

    def _ends_paragraph(self, line: str) -> bool:
        if not line.strip() or line.startswith(">"):
            return True
        return bool(FENCE.match(line) or HEADING.match(line) or ITEM.match(line) or self._is_table())


def _nest(pieces: list[str], open_: list[tuple[int, str]], indent: int, sign: str) -> None:
    """Close and open lists so that an item of this indent may follow."""
    while len(open_) > 1 and indent < open_[-1][0]:
        pieces.append(f"</li></{open_.pop()[1]}>")
    tag = "ol" if sign[0].isdigit() else "ul"
    if open_ and indent < open_[-1][0] + 2:
        if open_[-1][1] == tag:
            pieces.append("</li>")
            return
        pieces.append(f"</li></{open_.pop()[1]}>")
    # A fence ends a list; the numbers go on behind it.
    start = f' start="{int(sign[:-1])}"' if tag == "ol" and int(sign[:-1]) != 1 else ""
    open_.append((indent, tag))
    pieces.append(f"<{tag}{start}>")


def _is_rule(line: str) -> bool:
    plain = line.replace(" ", "")
    return len(plain) >= 3 and plain[0] in "-*_" and not plain.strip(plain[0])
