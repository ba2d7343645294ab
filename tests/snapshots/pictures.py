"""The pictures of the README, made of what the program prints: `python -m tests.snapshots.pictures`.

SVG that Rich makes of the real output over the samples of `cass demo`; it brings its own dark window, so it reads the
same on a light page and on a dark one, and fetches nothing.
"""

from __future__ import annotations

import html
import io
import re
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

from tests.snapshots.world import World, world

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "pictures"
WIDTH = 80
# A picture → the commands in it.
PICTURES: dict[str, tuple[tuple[str, ...], ...]] = {
    "search": (("search", "pool", "timeout", "-n", "2"),),
    "show": (("show", "12063900:15", "-C", "1"),),
    "stats": (("stats",),),
}
# Rich's template names a font on another machine; a monospaced one is at hand everywhere.
FONT_FACE = re.compile(r"\s*@font-face \{.*?\}\n", re.DOTALL)
BLANKS = dict.fromkeys(map(ord, " \n\xa0"))
FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"


def screen(made: World, name: str) -> str:
    """What stands in the window, in colour."""
    pages = [f"$ cass {' '.join(words)}\n{made.coloured(words, WIDTH)}" for words in PICTURES[name]]
    return "\n".join(page.rstrip("\n") for page in pages)


def picture(text: str, name: str) -> str:
    """The window, as SVG."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(Text.from_ansi(text), soft_wrap=False)
    drawn = console.export_svg(title="cass", unique_id=f"cass-{name}")
    drawn = FONT_FACE.sub("", drawn).replace("Fira Code, monospace", FONT).replace("Fira Code", "monospace")
    return "\n".join(line.rstrip() for line in drawn.splitlines()) + "\n"


def letters_of(drawn: str) -> str:
    """What a picture shows, line by line, without blanks."""
    rows: dict[float, list[tuple[float, str]]] = {}
    for x, y, text in re.findall(r'<text class="cass-[\w-]+" x="([\d.]+)" y="([\d.]+)"[^>]*>([^<]*)</text>', drawn):
        rows.setdefault(float(y), []).append((float(x), html.unescape(text)))
    return "".join("".join(text for _, text in sorted(row)) for _, row in sorted(rows.items())).translate(BLANKS)


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    with world(hostile=False) as made:
        for name in PICTURES:
            text = screen(made, name)
            (FOLDER / f"{name}.svg").write_text(picture(text, name), "utf-8", newline="\n")
            sys.stdout.write(f"{text}\n\n")


if __name__ == "__main__":
    main()
