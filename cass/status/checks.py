"""The doctor's checks: one row each, every one with its evidence and the command that mends what it finds.

A check looks and tells, it changes nothing; `fix` names a repair that cannot lose anything.
"""

from __future__ import annotations

import os
import stat
from importlib.metadata import PackageNotFoundError, version

from cass.connectors.base import Surroundings
from cass.connectors.table import AGENTS, load
from cass.disk import free_bytes, lock_holder, try_lock
from cass.errors import CassError
from cass.lexical.opening import Damage, opened
from cass.lexical.schema import current_generation, hush, speak
from cass.lexical.sound import Glance
from cass.lexical.verify import torn_file
from cass.records import record
from cass.semantic.artifacts import Shelf, usage_bytes
from cass.semantic.models import installed
from cass.semantic.vector_upkeep import verify
from cass.semantic.vectors import KIND_OF
from cass.settings.quick import load as load_settings
from cass.status.facts import TAIL_MESSAGES, canary, database_bytes, mending, open_archive, quoted
from cass.status.kept import kept_facts, told
from cass.status.misfits import misfits
from cass.status.place import risk_of
from cass.status.worker import worker_facts
from cass.status.worker_faults import worker_faults
from cass.store import catalog, connect, raw
from cass.store.beside import BESIDE, lost_beside
from cass.store.counts import agent_counts
from cass.store.hits import state
from cass.store.raw_size import path_of
from cass.store.schema import VERSION

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from sqlite3 import Connection

    from cass.connectors.base import Root
    from cass.paths import Places
    from cass.settings.quick import Settings

OK, WARN, FAIL = "ok", "warn", "fail"
# Repairs that cannot lose anything; `cass doctor --fix` does them in this order.
CHMOD, CHECKPOINT, REMAKE, REBUILD, DROP = "chmod", "checkpoint", "remake", "rebuild", "drop"

MB = 1_000_000
LARGE_WAL_BYTES = 128 * MB  # twice what it is cut to after a checkpoint
LITTLE_ROOM_BYTES, NO_ROOM_BYTES = 2_000 * MB, 100 * MB
SOME = 3
LIBRARIES = ("tantivy", "onnxruntime", "tokenizers", "fastembed", "usearch", "numkong", "numpy")


@record
class Finding:
    """What a check found.  `command` mends it, `fix` is the repair that --fix may do."""

    name: str
    level: str
    evidence: str
    command: str | None = None
    fix: str | None = None


@record
class Patient:
    """What the checks look at.  Without a `connection`, `error` says why, or there is no database yet.

    services: (path, text) of the files by which a system starts the worker, as they should be if they are there.
    """

    places: Places
    home: str
    env: Mapping[str, str]
    settings: Settings
    connection: Connection | None
    error: CassError | None
    services: Sequence[tuple[str, str]] = ()
    now_ms: int = 0


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
        return [_finding(name, check, patient) for name, check in CHECKS]
    finally:
        if connection is not None:
            connection.close()


def _finding(name: str, check: Callable[[Patient, str], Finding], patient: Patient) -> Finding:
    try:
        return check(patient, name)
    except catalog.BROKEN as bad:
        if check is not _database:
            return Finding(name, WARN, "cannot be told while the database is damaged")
        error = connect.corrupt(patient.places.database, bad)
        return Finding(name, FAIL, error.what, mending(patient.places, error).command)
    except OSError as bad:
        return Finding(name, FAIL, f"{bad.strerror or bad} ({bad.filename})")


def _without(patient: Patient, name: str, said: str) -> Finding:
    """Where no database can be read: `said` where there is none yet, else nothing is known."""
    if patient.error is not None:
        return Finding(name, WARN, "cannot be told while the database cannot be read")
    return Finding(name, OK, said)


def _private(patient: Patient, name: str) -> Finding:
    """The archive holds what was said in confidence."""
    data = patient.places.data
    if not os.path.isdir(data):
        return Finding(name, OK, "there is no data folder yet")
    if os.name == "nt":
        return Finding(name, OK, "private by its place in the user's profile")
    shared = open_to_others(patient.places)
    if not shared:
        return Finding(name, OK, f"{data} is readable by you alone")
    paths = " ".join(quoted(path) for path in shared)
    return Finding(name, WARN, f"others may read {', '.join(shared)}", f"chmod go= {paths}", CHMOD)


def open_to_others(places: Places) -> list[str]:
    """The data folder, and the files directly in it, that others may read, write or enter."""
    inside = [os.path.join(places.data, entry) for entry in sorted(os.listdir(places.data))]
    files = [path for path in inside if stat.S_ISREG(os.lstat(path).st_mode)]
    return [path for path in (places.data, *files) if os.stat(path).st_mode & 0o077]


def _place(patient: Patient, name: str) -> Finding:
    """Locks that do not hold, and copies made while it is written, tear a database."""
    data = patient.places.data
    risk = risk_of(data)
    if risk is None:
        return Finding(name, OK, f"{data} is on a local disk, as far as can be told")
    return Finding(name, WARN, f"{data}: {risk}", "set CASS_DATA_DIR to a local folder and run cass index")


def _config(patient: Patient, name: str) -> Finding:
    problems = [*patient.settings.problems, *misfits(patient.settings, patient.places.data)]
    if problems:
        more = f"; and {len(problems) - SOME} more" if len(problems) > SOME else ""
        return Finding(name, WARN, "; ".join(map(str, problems[:SOME])) + more, "cass config show --origin")
    return Finding(name, OK, f"what is set in {patient.places.config} and the environment can be read")


def _models(patient: Patient, name: str) -> Finding:
    found = installed(patient.places.data)
    torn = [f"{model.name}: {damage}" for model in found if (damage := model.damage()) is not None]
    if torn:
        return Finding(name, WARN, "; ".join(torn), "cass models install")
    names = ", ".join(f"{model.name} ({model.variant})" for model in found)
    return Finding(name, OK, f"{names}, whole" if names else "none installed; search works without one")


def _vectors(patient: Patient, name: str) -> Finding:
    shelf = Shelf.below(patient.places.data)
    torn = [f"{one.name}: {one.reason}" for tier in KIND_OF for one in verify(shelf, tier)]
    if torn:
        return Finding(name, WARN, "; ".join(torn[:SOME]), "cass backfill")
    used = sum(usage_bytes(shelf.artifacts()).values())
    return Finding(name, OK, f"{used / MB:.1f} MB of vectors, graphs and models, whole" if used else "none built")


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
        return Finding(name, WARN, f"it holds {counted} messages and should hold {stored}", "cass index --full")
    return Finding(name, OK, f"whole, {counted} messages, {database_bytes(patient.places) / MB:.1f} MB")


def _schema(patient: Patient, name: str) -> Finding:
    if patient.connection is None:
        return _without(patient, name, f"this cass writes {VERSION}")
    found = catalog.schema_version(patient.connection)
    if found < VERSION:
        return Finding(name, WARN, f"version {found}, this cass writes {VERSION}", "cass index")
    return Finding(name, OK, f"version {found}")


def _wal(patient: Patient, name: str) -> Finding:
    path = f"{patient.places.database}-wal"
    size = os.path.getsize(path) if os.path.exists(path) else 0
    if size > LARGE_WAL_BYTES:
        return Finding(name, WARN, f"{size / MB:.0f} MB wait in {path}", "cass doctor --fix", CHECKPOINT)
    return Finding(name, OK, f"{size / MB:.1f} MB")


def _index(patient: Patient, name: str) -> Finding:
    kept = hush()
    try:
        return _index_found(patient, name)
    finally:
        speak(kept)


def _index_found(patient: Patient, name: str) -> Finding:
    if patient.connection is None:
        return _without(patient, name, "nothing to index yet")
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
        return Finding(name, WARN, f"{behind} messages are not in it yet", "cass index")
    if not behind and reader.documents != expected:
        evidence = f"it holds {reader.documents} documents and should hold {expected}"
        return Finding(name, FAIL, evidence, "cass index --rebuild", REBUILD)
    return Finding(name, OK, f"{reader.documents} documents, {behind} messages behind, a search in it works")


def _generations(patient: Patient, name: str) -> Finding:
    root = patient.places.lexical
    current = current_generation(root)
    if current is None:
        return Finding(name, OK, "none")
    keep = os.path.basename(current[0])
    old = sorted(entry for entry in os.listdir(root) if entry.isdigit() and entry != keep)
    if old:
        return Finding(name, WARN, f"{', '.join(old)} in {root} are of no use any more", "cass doctor --fix", DROP)
    return Finding(name, OK, f"only the current one, {keep}")


def _lock(patient: Patient, name: str) -> Finding:
    path = patient.places.index_lock
    if not os.path.exists(path):
        return Finding(name, OK, "never taken")
    lock = try_lock(path, shared=True)
    if lock is not None:
        lock.release()
        return Finding(name, OK, "nobody is indexing")
    return Finding(name, OK, f"process {lock_holder(path) or '(unknown)'} is indexing")


def _room(patient: Patient, name: str) -> Finding:
    free = free_bytes(patient.places.data)
    if free is None:
        return Finding(name, WARN, "the system does not say how much is free")
    evidence = f"{free / MB / 1000:.1f} GB free on the volume of {patient.places.data}"
    level = FAIL if free < NO_ROOM_BYTES else WARN if free < LITTLE_ROOM_BYTES else OK
    return Finding(name, level, evidence, None if level == OK else "make room, or set CASS_DATA_DIR to another volume")


def _agents(patient: Patient, name: str) -> Finding:
    """An agent whose folder is there and without any session may have moved them."""
    counts = agent_counts(patient.connection) if patient.connection is not None else {}
    found, barren = [], []
    for agent in AGENTS:
        roots = load(agent).roots(Surroundings(patient.home, patient.env))
        there = [root.path for root in roots if _is_its_own(root) and os.path.exists(root.path)]
        if agent.name in counts and (counts[agent.name].files or counts[agent.name].sessions):
            found.append(agent.name)
        elif there:
            barren.append(f"{agent.name} in {there[0]}")
    if barren and patient.connection is not None:
        return Finding(name, WARN, f"no sessions of {', '.join(barren)}", "cass index")
    if patient.connection is None:
        return _without(patient, name, "none indexed")
    return Finding(name, OK, f"sessions of {', '.join(found)}" if found else "none indexed")


def _is_its_own(root: Root) -> bool:
    """Not where people keep projects or downloads (no such folder is watched), nor what every editor has."""
    return root.watch and os.path.basename(root.path) != "workspaceStorage"


def _problems(patient: Patient, name: str) -> Finding:
    if patient.connection is None:
        return _without(patient, name, "none read yet")
    if unread := state(patient.connection).unread:
        return Finding(name, WARN, f"{unread} are not read yet", "cass index")
    total = sum(count.problems for count in agent_counts(patient.connection).values())
    if not total:
        return Finding(name, OK, "all were read")
    found = catalog.problems(patient.connection, SOME)
    some = [f"{path}{f':{line}' if line else ''}: {what}" for path, line, what in found]
    more = f"; and {total - len(some)} more" if total > len(some) else ""
    return Finding(name, WARN, f"{'; '.join(some)}{more}", "cass index --full -v")


def _worker(patient: Patient, name: str) -> Finding:
    """One that rests is well; one that was killed while something is owed is not."""
    policy = patient.settings.policy()
    faults = worker_faults(patient.places, patient.connection, policy, patient.services)
    if faults:
        return Finding(name, WARN, "; ".join([fault.what for fault in faults]), faults[0].command)
    facts = worker_facts(patient.places.data, patient.connection)
    return Finding(name, OK, f"{facts.state}: {facts.reason}")


def _kept(patient: Patient, name: str) -> Finding:
    """Whose files are gone or soon will be; their text is in the database either way."""
    kept = kept_facts(patient.places, patient.connection, patient.settings, patient.now_ms)
    damage = _damage_of_files(patient.places.data)
    if damage is not None:
        return Finding(name, FAIL, f"{path_of(patient.places.data)}: {damage}")
    said, known = told(kept), kept.safety
    if known.full is not None and kept.off is None:
        return Finding(name, WARN, said or known.full, "cass config set archive.budget_mb MB")
    if known.expiring - known.expiring_kept > known.vain and kept.off is None:
        return Finding(name, WARN, said, "cass worker start")
    return Finding(name, OK, said or "nothing exists only here, and nothing is about to be deleted")


def _damage_of_files(data: str) -> str | None:
    try:
        store = raw.open_to_read(data)
        if store is None:
            return None
        with store:
            return store.damage()
    except CassError as bad:
        return bad.what


def _versions(patient: Patient, name: str) -> Finding:
    known = [f"{library} {found}" for library in LIBRARIES if (found := _version(library))]
    return Finding(name, OK, ", ".join([f"SQLite {catalog.SQLITE_VERSION}", *known]))


def _version(library: str) -> str | None:
    try:
        return version(library)
    except PackageNotFoundError:
        return None


CHECKS: tuple[tuple[str, Callable[[Patient, str], Finding]], ...] = (
    ("privacy", _private),
    ("place", _place),
    ("settings", _config),
    ("database", _database),
    ("schema", _schema),
    ("write-ahead log", _wal),
    ("search index", _index),
    ("generations", _generations),
    ("lock", _lock),
    ("disk", _room),
    ("agents", _agents),
    ("session files", _problems),
    ("models", _models),
    ("vectors", _vectors),
    ("kept for good", _kept),
    ("worker", _worker),
    ("libraries", _versions),
)
