"""The doctor's checks of what is around the archive: who may read and write it, where it stands, settings, agents."""

from __future__ import annotations

import os
import stat
from importlib.metadata import PackageNotFoundError, version

from cass.connectors.base import Surroundings
from cass.connectors.table import AGENTS, load
from cass.disk import free_bytes
from cass.policy import MB
from cass.status.facts import why_not
from cass.status.findings import CHMOD, FAIL, FREE, OK, WARN, Finding, without_archive
from cass.status.mending import ELSEWHERE, closed_above, is_mine, quoted, reaching
from cass.status.misfits import misfits
from cass.status.obstacles import commands, obstacles
from cass.status.place import risk_of
from cass.status.settings_faults import advice
from cass.store import catalog
from cass.store.counts import agent_counts
from cass.store.hits import state

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cass.connectors.base import Connector, Root
    from cass.paths import Places
    from cass.status.findings import Patient

LITTLE_ROOM_BYTES, NO_ROOM_BYTES = 2_000 * MB, 100 * MB
GB = 1024 * MB
SOME = 3
# Folders looked into for files that are newer than the last look; an agent's own folder has some hundreds.
MANY = 5_000
LIBRARIES = ("tantivy", "onnxruntime", "tokenizers", "fastembed", "usearch", "numkong", "numpy")


def private(patient: Patient, name: str) -> Finding:
    """The archive holds what was said in confidence."""
    data = patient.places.data
    if (closed := closed_above(data)) is not None:
        return Finding(name, WARN, f"cannot be told: {closed} may not be entered", reaching(closed).command)
    if not os.path.isdir(data):
        return Finding(name, OK, "there is no data folder yet")
    if os.name == "nt":
        return Finding(name, OK, "private by its place in the user's profile")
    shared = open_to_others(patient.places)
    if not shared:
        return Finding(name, OK, f"{data} is readable by you alone")
    paths = " ".join(quoted(path) for path in shared)
    closing = f"chmod go= {paths}" if all(map(is_mine, shared)) else f"sudo chmod go= {paths}"
    return Finding(name, WARN, f"others may read {', '.join(shared)}", closing, CHMOD)


def open_to_others(places: Places) -> list[str]:
    """The data folder, and the files directly in it, that others may read, write or enter."""
    inside = [os.path.join(places.data, entry) for entry in sorted(os.listdir(places.data))]
    return [path for path in (places.data, *inside) if _is_open(path, path == places.data)]


def _is_open(path: str, is_folder: bool) -> bool:
    try:
        mode = os.lstat(path).st_mode if not is_folder else os.stat(path).st_mode
    except FileNotFoundError:  # the files beside a database come and go
        return False
    return (is_folder or stat.S_ISREG(mode)) and bool(mode & 0o077)


def writing(patient: Patient, name: str) -> Finding:
    """Who may only read finds what was said before, and nothing new."""
    places = patient.places
    if not os.path.lexists(places.data):
        wrong = why_not(places.data)
        if wrong is None:
            return Finding(name, OK, "the data folder can be made")
        closed = closed_above(places.data)
        todo = reaching(closed).command if closed is not None else ELSEWHERE
        return Finding(name, FAIL, f"{wrong.what}: {wrong.where}", todo)
    found = obstacles(places)
    if not found:
        return Finding(name, OK, "all that stands in the data folder may be written")
    evidence = "; ".join([f"{one.what} ({one.path})" for one in found])
    return Finding(
        name, FAIL if any([one.serious for one in found]) else WARN, evidence, " && ".join(commands(found)), FREE
    )


def place(patient: Patient, name: str) -> Finding:
    """Locks that do not hold, and copies made while it is written, tear a database."""
    data = patient.places.data
    risk = risk_of(data)
    if risk is None:
        return Finding(name, OK, f"{data} is on a local disk, as far as can be told")
    return Finding(name, WARN, f"{data}: {risk}", f"set CASS_DATA_DIR to a local FOLDER, after {ELSEWHERE}")


def config(patient: Patient, name: str) -> Finding:
    """What was set and does not count."""
    problems = [*patient.settings.problems, *misfits(patient.settings, patient.places.data)]
    if problems:
        more = f"; and {len(problems) - SOME} more" if len(problems) > SOME else ""
        todo = " && ".join([one.command for one in advice(problems)])
        return Finding(name, WARN, "; ".join(map(str, problems[:SOME])) + more, todo)
    return Finding(name, OK, f"what is set in {patient.places.config} and the environment can be read")


def room(patient: Patient, name: str) -> Finding:
    """On the volume of the data folder."""
    free = free_bytes(patient.places.data)
    if free is None:
        return Finding(name, WARN, "the system does not say how much is free")
    evidence = f"{free / GB:,.1f} GB free on the volume of {patient.places.data}"
    level = FAIL if free < NO_ROOM_BYTES else WARN if free < LITTLE_ROOM_BYTES else OK
    return Finding(name, level, evidence, None if level == OK else "make room, or set CASS_DATA_DIR to another volume")


def agents(patient: Patient, name: str) -> Finding:
    """An agent whose folder is there and without any session may have moved them; one that was never used has none."""
    if patient.connection is None:
        return without_archive(patient, name, "none indexed")
    counts, indexed_ms = agent_counts(patient.connection), state(patient.connection).indexed_ms or 0
    found: list[str] = []
    unread: list[str] = []
    barren: list[str] = []
    for agent in AGENTS:
        if agent.name in counts and (counts[agent.name].files or counts[agent.name].sessions):
            found.append(agent.name)
        elif there := _own_folders(patient, connector := load(agent)):
            is_new = any([_changed_since(connector, path, indexed_ms) for path in there])
            (unread if is_new else barren).append(f"{agent.name} in {there[0]}")
    if unread:
        return Finding(name, WARN, f"no sessions of {', '.join(unread)}", "cass index")
    said = [f"sessions of {', '.join(found)}"] if found else ["none indexed"]
    return Finding(name, OK, "; ".join([*said, *([f"none of {', '.join(barren)}"] if barren else [])]))


def _own_folders(patient: Patient, connector: Connector) -> list[str]:
    roots = connector.roots(Surroundings(patient.home, patient.env))
    return [root.path for root in roots if _is_its_own(root) and os.path.exists(root.path)]


def _is_its_own(root: Root) -> bool:
    """Not where people keep projects or downloads (no such folder is watched), nor what every editor has."""
    return root.watch and os.path.basename(root.path) != "workspaceStorage"


def _changed_since(connector: Connector, path: str, indexed_ms: int) -> bool:
    """Is there anything that the last `cass index` has not seen?"""
    if _changed_ms(path) > indexed_ms:
        return True
    for count, (folder, _, names) in enumerate(os.walk(path)):
        sessions = [one for one in (os.path.join(folder, each) for each in names) if connector.claims(one)]
        if any([_changed_ms(one) > indexed_ms for one in (folder, *sessions)]):
            return True
        if count > MANY:
            break
    return False


def _changed_ms(path: str) -> int:
    try:
        return os.stat(path).st_mtime_ns // 1_000_000
    except OSError:
        return 0


def versions(patient: Patient, name: str) -> Finding:
    """Of what does the work."""
    known = [f"{library} {found}" for library in LIBRARIES if (found := _version(library))]
    return Finding(name, OK, ", ".join([f"SQLite {catalog.SQLITE_VERSION}", *known]))


def _version(library: str) -> str | None:
    try:
        return version(library)
    except PackageNotFoundError:
        return None
