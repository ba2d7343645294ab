"""The doctor's checks: one row each, every one with its evidence and the command that mends what it finds.

A check looks and tells, it changes nothing; `fix` names a repair that cannot lose anything.
"""

from __future__ import annotations

import os

from cass.connectors.table import readers
from cass.disk import lock_holder, try_lock
from cass.errors import CassError
from cass.lexical.opening import Damage, opened
from cass.lexical.schema import READER_LOCK, current_generation, generations, hush, speak
from cass.lexical.sound import Glance
from cass.lexical.verify import torn_file
from cass.policy import MB
from cass.records import replace
from cass.settings.quick import load as load_settings
from cass.status import checks_around, checks_beside
from cass.status.facts import TAIL_MESSAGES, canary, database_bytes, open_archive
from cass.status.findings import (
    CHECKPOINT,
    DROP,
    FAIL,
    OK,
    REBUILD,
    REMAKE,
    WARN,
    Finding,
    Patient,
    megabytes,
    several,
    without_archive,
)
from cass.status.mending import mending, opening
from cass.status.obstacles import commands, in_the_way, obstacles
from cass.store import catalog, connect
from cass.store.beside import BESIDE, lost_beside
from cass.store.counts import agent_counts
from cass.store.hits import state
from cass.store.raw_size import path_of
from cass.store.readers import count_outdated
from cass.store.schema import VERSION

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cass.paths import Places
    from cass.status.obstacles import Obstacle

LARGE_WAL_BYTES = 128 * MB  # twice what it is cut to after a checkpoint
SOME = 3


def examine(
    places: Places,
    home: str,
    env: Mapping[str, str],
    services: Sequence[tuple[str, str]] = (),
    now_ms: int = 0,
    flags: Mapping[str, object] | None = None,
) -> list[Finding]:
    """Every check's finding, in the order of the table.  `flags`: as `settings.quick.load` takes them."""
    connection, error = None, None
    try:
        connection = open_archive(places)
    except CassError as bad:
        error = bad
    patient = Patient(places, home, env, load_settings(places, env, flags), connection, error, services, now_ms)
    try:
        findings = [_finding(name, check, patient) for name, check in CHECKS]
    finally:
        if connection is not None:
            connection.close()
    found = obstacles(places)
    return [_unhindered(finding, places, found) for finding in findings] if found else findings


def _unhindered(finding: Finding, places: Places, found: Sequence[Obstacle]) -> Finding:
    """Where something stands in the way of a repair, what takes it away comes first."""
    path = {
        "lock": places.index_lock,
        "search index": places.lexical,
        "generations": places.lexical,
        "models": places.models,
        "vectors": places.vectors,
        "kept for good": path_of(places.data),
    }.get(finding.name)
    if finding.level == OK or path is None or not in_the_way(path, found):
        return finding
    return replace(finding, command=" && ".join(commands(in_the_way(path, found))))


def _finding(name: str, check: Callable[[Patient, str], Finding], patient: Patient) -> Finding:
    try:
        return check(patient, name)
    except catalog.BROKEN as bad:
        if check is not _database:
            return Finding(name, WARN, "cannot be told while the database is damaged")
        error = connect.corrupt(patient.places.database, bad)
        return Finding(name, FAIL, error.what, mending(patient.places, error).command)
    except OSError as bad:
        closed = isinstance(bad, PermissionError) and isinstance(bad.filename, str)
        return Finding(
            name, FAIL, f"{bad.strerror or bad} ({bad.filename})", opening([bad.filename]) if closed else None
        )


def _database(patient: Patient, name: str) -> Finding:
    if patient.error is not None:
        advice = mending(patient.places, patient.error)
        return Finding(name, FAIL, patient.error.what, advice.command)
    if patient.connection is None:
        return Finding(name, WARN, "nothing is indexed yet", "cass index")
    lost = lost_beside(patient.connection)
    if lost:
        evidence = f"{' and '.join([BESIDE[name] for name in lost])} cannot be read; no message is in danger"
        return Finding(name, WARN, evidence, "cass doctor --fix", REMAKE)
    catalog.require_tables(patient.connection)
    damages = catalog.damages(patient.connection)
    if damages:
        error = connect.corrupt(patient.places.database, damages[0])
        return Finding(name, FAIL, error.what, mending(patient.places, error).command)
    counts = agent_counts(patient.connection).values()
    stored, counted = state(patient.connection).messages, sum(count.messages for count in counts)
    if stored != counted:
        evidence = f"it holds {several(counted, 'message')} and should hold {stored:,}"
        return Finding(name, WARN, evidence, "cass index --full")
    return Finding(name, OK, f"whole, {several(counted, 'message')}, {megabytes(database_bytes(patient.places))}")


def _schema(patient: Patient, name: str) -> Finding:
    if patient.connection is None:
        return without_archive(patient, name, f"this cass writes {VERSION}")
    found = catalog.schema_version(patient.connection)
    if found < VERSION:
        return Finding(name, WARN, f"version {found}, this cass writes {VERSION}", "cass index")
    return Finding(name, OK, f"version {found}")


def _wal(patient: Patient, name: str) -> Finding:
    path = f"{patient.places.database}-wal"
    size = os.path.getsize(path) if os.path.exists(path) else 0
    if size > LARGE_WAL_BYTES:
        return Finding(name, WARN, f"{megabytes(size)} wait in {path}", "cass doctor --fix", CHECKPOINT)
    return Finding(name, OK, megabytes(size))


def _index(patient: Patient, name: str) -> Finding:
    kept = hush()
    try:
        return _index_found(patient, name)
    finally:
        speak(kept)


def _index_found(patient: Patient, name: str) -> Finding:
    if patient.connection is None:
        return without_archive(patient, name, "nothing to index yet")
    reader = opened(patient.places.lexical, Glance)
    expected = catalog.count_documents(patient.connection)
    if isinstance(reader, Damage):
        if not expected:
            return Finding(name, OK, "nothing to index yet")
        return Finding(name, FAIL, f"{reader.reason}; searches read the database instead", "cass index", REBUILD)
    behind = catalog.count_behind(patient.connection, reader.change)
    torn = torn_file(os.path.join(patient.places.lexical, reader.generation))
    if torn is not None:
        return Finding(name, FAIL, f"{torn} is not as it was written", "cass index --rebuild", REBUILD)
    lost = canary(reader, patient.connection)
    if lost or reader.change > state(patient.connection).change:
        return Finding(name, FAIL, lost or "it is ahead of the database", "cass index --rebuild", REBUILD)
    if behind > TAIL_MESSAGES:
        return Finding(name, WARN, f"{behind:,} messages are not in it yet", "cass index")
    if not behind and reader.documents != expected:
        evidence = f"it holds {several(reader.documents, 'document')} and should hold {expected:,}"
        return Finding(name, FAIL, evidence, "cass index --rebuild", REBUILD)
    held = f"{several(reader.documents, 'document')}, {several(behind, 'message')} behind"
    return Finding(name, OK, f"{held}, a search in it works")


def _generations(patient: Patient, name: str) -> Finding:
    root = patient.places.lexical
    current = current_generation(root)
    if current is None:
        return Finding(name, OK, "none")
    keep = os.path.basename(current[0])
    old = sorted(one for one in generations(root) if one != keep and not _is_being_made(os.path.join(root, one)))
    if old:
        return Finding(name, WARN, f"{', '.join(old)} in {root} are of no use any more", "cass doctor --fix", DROP)
    return Finding(name, OK, f"only the current one, {keep}")


def _is_being_made(generation: str) -> bool:
    """By the worker, which holds it alone; who only reads an old one shares it."""
    path = os.path.join(generation, READER_LOCK)
    if not os.path.exists(path):
        return False
    try:
        lock = try_lock(path, shared=True)
    except OSError:
        return False  # nobody can tell
    if lock is not None:
        lock.release()
    return lock is None


def _lock(patient: Patient, name: str) -> Finding:
    path = patient.places.index_lock
    if not os.path.exists(path):
        return Finding(name, OK, "never taken")
    lock = try_lock(path, shared=True)
    if lock is not None:
        lock.release()
        return Finding(name, OK, "nobody is indexing")
    return Finding(name, OK, f"process {lock_holder(path) or '(unknown)'} is indexing")


def _problems(patient: Patient, name: str) -> Finding:
    if patient.connection is None:
        return without_archive(patient, name, "none read yet")
    if unread := state(patient.connection).unread:
        return Finding(name, WARN, f"{unread:,} {'is' if unread == 1 else 'are'} not read yet", "cass index")
    if older := count_outdated(patient.connection, readers()):
        return Finding(name, WARN, f"{several(older, 'file')} read by an older version of cass", "cass index")
    total = sum(count.problems for count in agent_counts(patient.connection).values())
    if not total:
        return Finding(name, OK, "all were read")
    found = catalog.problems(patient.connection, SOME)
    some = [f"{path}{f':{line}' if line else ''}: {what}" for path, line, what in found]
    more = f"; and {total - len(some):,} more" if total > len(some) else ""
    return Finding(name, WARN, f"{'; '.join(some)}{more}", "cass index --full -v")


CHECKS: tuple[tuple[str, Callable[[Patient, str], Finding]], ...] = (
    ("privacy", checks_around.private),
    ("writing", checks_around.writing),
    ("place", checks_around.place),
    ("settings", checks_around.config),
    ("database", _database),
    ("schema", _schema),
    ("write-ahead log", _wal),
    ("search index", _index),
    ("generations", _generations),
    ("lock", _lock),
    ("disk", checks_around.room),
    ("agents", checks_around.agents),
    ("session files", _problems),
    ("models", checks_beside.models),
    ("vectors", checks_beside.vectors),
    ("kept for good", checks_beside.kept),
    ("worker", checks_beside.worker),
    ("libraries", checks_around.versions),
)
