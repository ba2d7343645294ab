"""`cass doctor`: check everything; with --fix do the repairs that cannot lose anything."""

from __future__ import annotations

import os
import sys

from cass import clock
from cass.cli.elsewhere import named_there
from cass.cli.reading import wanted_rules
from cass.cli.verbs.worker_service import wanted
from cass.disk import try_lock
from cass.errors import CassError
from cass.indexing.run import IndexRequest, Run
from cass.lexical.schema import current_generation
from cass.lexical.writer import drop_old_generations
from cass.paths import home_folder, places
from cass.records import replace
from cass.render import doctor_text
from cass.render.terminal import page, style
from cass.status.checks import CHECKPOINT, CHMOD, DROP, FAIL, REBUILD, REMAKE, examine, open_to_others
from cass.store import catalog
from cass.store.beside import BESIDE, lost_beside, make_anew
from cass.store.connect import open_reader
from cass.store.refusals import SqliteErrors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from cass.indexing.rules import Rules
    from cass.paths import Places
    from cass.status.checks import Finding


def run(options: dict[str, Any]) -> int:
    """Check, mend where asked, and say both; 1 when something is still broken."""
    folder: str | None = options["data_dir"]
    where = places(os.environ, data_dir=folder)
    if options["interference"]:
        from cass.cli.verbs.doctor_interference import run as compare

        return compare(where, options)
    services = wanted(where, folder).files
    home = home_folder(os.environ)
    flags = options.get("flags")
    findings = examine(where, home, os.environ, services, clock.now_ms(), flags)
    done = _mend(where, findings, wanted_rules(options["settings"])) if options["fix"] else []
    if done:
        findings = examine(where, home, os.environ, services, clock.now_ms(), flags)
    findings = [replace(each, command=named_there(each.command or "", folder) or None) for each in findings]
    if options["json"]:
        sys.stdout.write(doctor_text.as_json(findings, done))
    else:
        page(doctor_text.page(findings, done, style(sys.stdout, options, os.environ)), options)
    return 1 if any(finding.level == FAIL for finding in findings) else 0


def _mend(where: Places, findings: list[Finding], rules: Rules) -> list[str]:
    """Do the repairs that were found necessary; a sentence for each."""
    wanted = {finding.fix for finding in findings}
    return [said for fix, mend in MENDERS.items() if fix in wanted and (said := _mended(mend, where, rules))]


def _mended(mend: Callable[[Places, Rules], str], where: Places, rules: Rules) -> str:
    """What it did; what keeps one repair from being done must not hide the others."""
    try:
        return mend(where, rules)
    except (CassError, OSError) as bad:
        return f"could not mend: {bad}"


def _chmod(where: Places, rules: Rules) -> str:
    shared = open_to_others(where)
    for path in shared:
        os.chmod(path, os.stat(path).st_mode & 0o700)
    return f"made private: {', '.join(shared)}"


def _checkpoint(where: Places, rules: Rules) -> str:
    emptied = catalog.checkpoint(where.database)
    return "moved the write-ahead log into the database" if emptied else ""


def _remake(where: Places, rules: Rules) -> str:
    connection = open_reader(where.database)
    if connection is None:
        return ""
    with SqliteErrors(where.database):
        lost = lost_beside(connection)
        connection.close()
        make_anew(where.database, lost)
    return f"made anew, empty: {', '.join([BESIDE[name] for name in lost])}"


def _rebuild(where: Places, rules: Rules) -> str:
    request = IndexRequest(rules, rebuild=True)
    report = Run(where, home_folder(os.environ), os.environ, request, clock.now_ms, clock.monotonic_s).run()
    return f"made the search index again: {report.documents} documents"


def _drop(where: Places, rules: Rules) -> str:
    lock = try_lock(where.index_lock)
    current = current_generation(where.lexical)
    if lock is None or current is None:
        return ""  # who indexes now may be filling one of them
    with lock:
        drop_old_generations(where.lexical, os.path.basename(current[0]))
    return "dropped search indexes that nobody reads any more"


MENDERS: dict[str, Callable[[Places, Rules], str]] = {
    CHMOD: _chmod,
    CHECKPOINT: _checkpoint,
    REMAKE: _remake,
    REBUILD: _rebuild,
    DROP: _drop,
}
