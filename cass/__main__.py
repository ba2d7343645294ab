"""The program `cass`: argv to one verb, and an exit code."""

from __future__ import annotations

import sys

from cass.cli.edge import end, run


def main() -> None:
    """Run the command line of this process, and end it."""
    end(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
