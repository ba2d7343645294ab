"""The program `cass`: argv to one verb, and an exit code."""

from __future__ import annotations

import gc

# A search lives for some milliseconds and makes no garbage worth looking for: 4 % of its time.  Whoever works for
# longer switches it on again.
gc.disable()

import sys  # noqa: E402

from cass.cli.edge import end, run  # noqa: E402


def main() -> None:
    """Run the command line of this process, and end it."""
    end(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
