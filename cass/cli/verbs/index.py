"""`cass index`: read what is new in the agents' files."""

from __future__ import annotations

import os
import sys

from cass import clock
from cass.cli.elsewhere import named_there
from cass.cli.pack import write_pack
from cass.cli.reading import wanted_rules
from cass.indexing.run import IndexRequest, Run, plan
from cass.indexing.sources import stored_before
from cass.paths import home_folder, places
from cass.render import index_json, index_text
from cass.render.notices import notify
from cass.render.progress import Progress, chosen
from cass.render.terminal import style
from cass.store import connect
from cass.store.counts import agent_counts
from cass.store.skipped import skipped_counts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from cass.indexing.rules import Rules
    from cass.indexing.run import IndexReport
    from cass.paths import Places

# A first run over more than this says beforehand what it will take.
LONG_BYTES = 200_000_000


def run(options: dict[str, Any]) -> int:
    """Index, and say what was done; files that cannot be read are listed, never an error."""
    where = places(os.environ, data_dir=options["data_dir"])
    rules = wanted_rules(options["settings"], options["agent"])
    if options["watch"]:
        from cass.cli.verbs.index_watch import watch  # a plain run knows nothing of it

        return watch(where, options, lambda: _once(where, rules, options))
    if options["dry_run"]:
        planned = plan(where, home_folder(os.environ), os.environ, rules, options["full"])
        sys.stdout.write(index_json.estimate(*planned) if options["json"] else index_text.estimate(*planned))
        return 0
    _once(where, rules, options)
    return 0


def _once(where: Places, rules: Rules, options: dict[str, Any]) -> None:
    _warn_of_long_run(where, rules, options)
    report = _index(
        where, IndexRequest(rules, options["full"], options["rebuild"], some=bool(options["agent"])), options
    )
    _print(report, where, rules, options)
    write_pack()


def _warn_of_long_run(where: Places, rules: Rules, options: dict[str, Any]) -> None:
    if options["quiet"] or os.path.exists(where.database):
        return
    files, size, new = plan(where, home_folder(os.environ), os.environ, rules)
    if size > LONG_BYTES:
        sys.stderr.write(index_text.estimate(files, size, new))


def _index(where: Places, request: IndexRequest, options: dict[str, Any]) -> IndexReport:
    look = style(sys.stderr, options, os.environ)
    progress = Progress(sys.stderr, chosen(options["progress"], options["quiet"], look), look.width, clock.monotonic_s)
    working = Run(where, home_folder(os.environ), os.environ, request, clock.now_ms, clock.monotonic_s, progress)
    try:
        return working.run()
    except KeyboardInterrupt:
        progress.close()
        notify(named_there(index_text.INTERRUPTED, options["data_dir"]), sys.stderr)
        raise
    finally:
        progress.close()


def _print(report: IndexReport, where: Places, rules: Rules, options: dict[str, Any]) -> None:
    connection = connect.open_reader(where.database)
    counts = agent_counts(connection) if connection is not None else {}
    left_out = sum(skipped_counts(connection).values()) if connection is not None else 0
    before = stored_before(connection, rules, home_folder(os.environ)).sessions if connection is not None else 0
    if options["json"]:
        sys.stdout.write(index_json.answer(report, counts, left_out, before))
        return
    there = options["data_dir"]
    sys.stdout.write(named_there(index_text.summary(report, counts, style(sys.stdout, options, os.environ)), there))
    if not options["quiet"]:
        said = index_text.left_out(left_out, before) + index_text.problems(report, options["verbose"])
        notify(named_there(said, there), sys.stderr)
