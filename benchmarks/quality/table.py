"""What was measured, as a table to read and as a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

from benchmarks.quality.scores import Scores

# Set, mode → its scores.
Measured = Mapping[tuple[str, str], Scores]

HEAD = ("set", "questions", "mode", "nDCG@10", "MRR@10", "hit@1", "hit@5", "recall@50", "empty", "copies")
COLOURS = ("#9aa0a6", "#1a73e8", "#f9ab00", "#a142f4", "#188038", "#d93025")
BAR, GAP, HEIGHT, LEFT = 12, 22, 240, 40


def markdown(measured: Measured, counts: Mapping[str, int]) -> str:
    """One row a set and mode, in the order measured."""
    rows: list[tuple[str, ...]] = [HEAD, ("---",) * 3 + ("---:",) * 7]
    before = None
    for (name, mode), got in measured.items():
        first = name != before
        before = name
        numbers = [f"{value:.3f}"[1:] if value < 1 else "1.0" for value in (got.ndcg10, got.mrr10, got.hit1, got.hit5)]
        numbers += [f"{got.recall50:.3f}"[1:] if got.recall50 < 1 else "1.0", f"{got.empty:.1%}", f"{got.copies:.2f}"]
        rows.append((name if first else "", str(counts[name]) if first else "", mode, *numbers))
    return "\n".join("| " + " | ".join(row) + " |" for row in rows) + "\n"


def picture(measured: Measured) -> str:
    """nDCG@10 of each set as bars side by side, one colour a mode: an SVG."""
    names, modes = list(dict.fromkeys(n for n, _ in measured)), list(dict.fromkeys(m for _, m in measured))
    step = BAR * len(modes) + GAP
    parts = [_line(tenth) for tenth in range(0, 11, 2)]
    for at, name in enumerate(names):
        x = LEFT + at * step
        for index, mode in enumerate(modes):
            if (name, mode) in measured:
                parts.append(_bar(x + index * BAR, measured[name, mode].ndcg10, COLOURS[index % len(COLOURS)]))
        parts.append(_text(x, HEIGHT + 44, name, f'transform="rotate(25 {x} {HEIGHT + 44})"'))
    parts += _legend(modes)
    width = LEFT + step * len(names) + 60
    size = f'width="{width}" height="{HEIGHT + 150}" viewBox="0 0 {width} {HEIGHT + 150}"'
    style = 'font-family="sans-serif" font-size="11"'
    return "\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" {size} {style}>', *parts, "</svg>", ""])


def _bar(x: int, value: float, colour: str) -> str:
    high = value * HEIGHT
    return f'<rect x="{x}" y="{30 + HEIGHT - high:.1f}" width="{BAR - 1}" height="{high:.1f}" fill="{colour}"/>'


def _line(tenth: int) -> str:
    y = 30 + HEIGHT - HEIGHT * tenth / 10
    rule = f'<line x1="{LEFT - 4}" y1="{y}" x2="4000" y2="{y}" stroke="#ddd"/>'
    return rule + _text(4, y + 4, f"{tenth / 10:.1f}")


def _legend(modes: Sequence[str]) -> list[str]:
    parts = []
    for index, mode in enumerate(modes):
        x = LEFT + index * 90
        parts.append(f'<rect x="{x}" y="8" width="10" height="10" fill="{COLOURS[index % len(COLOURS)]}"/>')
        parts.append(_text(x + 14, 17, mode))
    return parts


def _text(x: float, y: float, words: str, more: str = "") -> str:
    return f'<text x="{x}" y="{y}" {more}>{escape(words)}</text>'
