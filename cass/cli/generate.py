"""Write the files that come from the tables: completions/, man/, docs/settings.md, docs/agents.md.

Run as `python -m cass.cli.generate`.
"""

from __future__ import annotations

import sys
from pathlib import Path

from cass.cli import agents_page, completion, man
from cass.settings import page as settings


def files() -> dict[str, str]:
    """Path below the repository → text."""
    return {
        "completions/cass.bash": completion.bash(),
        "completions/_cass": completion.zsh(),
        "completions/cass.fish": completion.fish(),
        "completions/cass.ps1": completion.powershell(),
        **{f"man/{name}": text for name, text in man.pages().items()},
        "docs/settings.md": settings.page(),
        "docs/agents.md": agents_page.page(),
    }


def main(root: Path) -> None:
    """Write them all below `root`."""
    for name, text in files().items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[2])
