"""The command that makes vectors, here and now."""

from __future__ import annotations

from cass.cli.rows_semantic import semantic_options
from cass.cli.table import CHOICE, TEXT, Command, Option


def backfill() -> Command:
    return Command(
        "backfill",
        "make the vectors that search by meaning needs",
        "Keep",
        more=(
            "The fast tier first, then the quality tier if its model is installed; newest messages first, inside the"
            " disk budget. What is damaged or was made by another embedder is dropped and made again. A text that"
            " fails alone is tried three times, then given up. Stopping it costs nothing but repeated work. A worker"
            " steps aside meanwhile, and goes on afterwards. A search never needs vectors: without them it works by"
            " words."
        ),
        examples=(
            ("cass backfill", "until nothing is owed"),
            ("cass backfill --once", "one chunk a tier"),
            ("cass backfill --until 07:00", "during the night"),
            ("cass backfill --tier quality", "only the tier that has a model"),
            ("cass backfill --force", "read every byte, and try again at once what failed"),
        ),
        options=(
            Option(("--once",), "one chunk a tier, at most chunk_timeout_seconds each"),
            Option(("--tier",), "only this tier", CHOICE, "TIER", values=("fast", "quality")),
            Option(("--until",), "end at the next 07:00, or another time of day", TEXT, "TIME"),
            Option(("--force",), "read every byte to find damage, and do not wait after a failure"),
            *semantic_options(),
        ),
    )


ROWS = {"backfill": backfill}
