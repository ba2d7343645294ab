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
from cass.status.checks import examine
from cass.status.checks_around import open_to_others
from cass.status.findings import CHECKPOINT, CHMOD, DROP, FAIL, FREE, REBUILD, REMAKE
from cass.status.mending import is_mine, unused
from cass.status.obstacles import obstacles
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
    from cass.status.findings import Finding


def run(options: dict[str, Any]) -> int:
    """Check, mend where asked, and say both; 1 when something is still broken."""
    folder: str | None = options["data_dir"]
    where = places(os.environ, data_dir=folder)
    if options["interference"]:
        from cass.cli.verbs.doctor_interference import run as compare

        return compare(where, options)
    services = wanted(where, folder).files
    home = home_folder(os.environ)

    def look() -> list[Finding]:
        return examine(where, home, os.environ, services, clock.now_ms(), options.get("flags"))

    findings = look()
    done = _mend(where, findings, look, wanted_rules(options["settings"])) if options["fix"] else []
    if done:
        findings = look()
    findings = [replace(each, command=named_there(each.command or "", folder) or None) for each in findings]
    if options["json"]:
        sys.stdout.write(doctor_text.as_json(findings, done))
    else:
        page(doctor_text.page(findings, done, style(sys.stdout, options, os.environ)), options)
    return 1 if any(finding.level == FAIL for finding in findings) else 0


def _mend(where: Places, findings: list[Finding], look: Callable[[], list[Finding]], rules: Rules) -> list[str]:
    """Do the repairs that were found necessary; a sentence for each."""
    freed = []
    if any(finding.fix == FREE for finding in findings):
        freed = [_mended(_free, where, rules)]
        findings = look()  # what stood behind it may be whole
    wanted = {finding.fix for finding in findings}
    said = [_mended(mend, where, rules) for fix, mend in MENDERS.items() if fix in wanted]
    return [sentence for sentence in (*freed, *said) if sentence]


def _mended(mend: Callable[[Places, Rules], str], where: Places, rules: Rules) -> str:
    """What it did; what keeps one repair from being done must not hide the others."""
    try:
        return mend(where, rules)
    except (CassError, OSError) as bad:
        return f"could not mend: {bad}"


def _free(where: Places, rules: Rules) -> str:
    """Open what is this user's own, and put aside what stands where something of cass's belongs."""
    opened, moved = [], []
    for one in obstacles(where):
        if not one.is_closed:
            os.rename(one.path, unused(f"{one.path}.aside"))
            moved.append(one.path)
        elif is_mine(one.path):
            _open(one.path)
            opened.append(one.path)
    said = [f"{what}: {', '.join(paths)}" for what, paths in (("opened", opened), ("put aside", moved)) if paths]
    return "; ".join(said)


def _open(path: str) -> None:
    """As `chmod -R u+rwX` does, links not followed."""
    is_folder = os.path.isdir(path)
    os.chmod(path, os.stat(path).st_mode & 0o7777 | (0o700 if is_folder else 0o600))
    for entry in os.scandir(path) if is_folder else ():
        if not entry.is_symlink():
            _open(entry.path)


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
        keep, before = os.path.basename(current[0]), os.listdir(where.lexical)
        drop_old_generations(where.lexical, keep)
    return "dropped search indexes that nobody reads any more" if os.listdir(where.lexical) != before else ""


MENDERS: dict[str, Callable[[Places, Rules], str]] = {
    CHMOD: _chmod,
    CHECKPOINT: _checkpoint,
    REMAKE: _remake,
    REBUILD: _rebuild,
    DROP: _drop,
}
