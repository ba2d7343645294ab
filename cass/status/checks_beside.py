"""The doctor's checks of what comes beside the words: models, vectors, kept files, background work."""

from __future__ import annotations

from cass.errors import CassError, CorruptDatabase, SystemRefused
from cass.policy import MB, SemanticPolicy
from cass.semantic.artifacts import Shelf
from cass.semantic.embedders.table import embedder_options
from cass.semantic.models import standing
from cass.semantic.standing import KIND_OF
from cass.semantic.usage import usage_bytes
from cass.semantic.vector_upkeep import verify
from cass.status.findings import FAIL, OK, WARN, Finding, megabytes, without_archive
from cass.status.kept import kept_facts, told
from cass.status.mending import closed_above, opening, with_its_logs_aside
from cass.status.semantic import is_answered, report
from cass.status.worker import without_log, worker_facts
from cass.status.worker_faults import worker_faults
from cass.store import raw
from cass.store.raw_size import path_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cass.status.findings import Patient

SOME = 3


def models(patient: Patient, name: str) -> Finding:
    """Every byte of them is read."""
    found = standing(patient.places.data)
    torn = [(model, damage) for model in found if (damage := model.damage()) is not None]
    if torn:
        evidence = "; ".join([f"{model.name}: {damage}" for model, damage in torn])
        return Finding(name, WARN, evidence, f"cass models install {torn[0][0].name}")
    names = ", ".join(f"{model.name} ({model.variant})" for model in found)
    return Finding(name, OK, f"{names}, whole" if names else "none installed; search works without one")


def vectors(patient: Patient, name: str) -> Finding:
    """Every byte of them is read, and they fit into their budget."""
    if closed_above(patient.places.data) is not None:
        return without_archive(patient, name, "none built")
    shelf = Shelf.below(patient.places.data)
    torn = [f"{one.name}: {one.reason}" for tier in KIND_OF for one in verify(shelf, tier)]
    if torn:
        return Finding(name, WARN, "; ".join(torn[:SOME]), "cass backfill")
    used = sum(usage_bytes(shelf.artifacts()).values())
    policy = patient.settings.policy()
    if used > (budget := policy.semantic_budget_mb * MB):
        evidence = f"{megabytes(used)} of vectors, graphs and models, and {megabytes(budget)} are allowed"
        return Finding(name, WARN, evidence, "cass backfill")
    if patient.connection is not None and (refusing := _refusing(patient, policy)):
        return refusing
    return Finding(name, OK, f"{megabytes(used)} of vectors, graphs and models, whole" if used else "none built")


def _refusing(patient: Patient, policy: SemanticPolicy) -> Finding | None:
    """Whoever wants both tiers or nothing gets nothing where one is missing."""
    remote = embedder_options(patient.settings).remote
    most = patient.settings.whole("worker.max_attempts")
    found = report(policy, patient.places, patient.connection, remote=remote, max_attempts=most)
    if is_answered(found, policy, patient.places, patient.connection, patient.now_ms):
        return None
    evidence = f"mode is {policy.mode}, and {found.reason or found.summary}: every search ends in an error"
    return Finding("vectors", FAIL, evidence, found.next_step or "cass config set mode hybrid")


def worker(patient: Patient, name: str) -> Finding:
    """One that rests is well; one that was killed while something is owed is not."""
    policy, most = patient.settings.policy(), patient.settings.whole("worker.max_attempts")
    remote = embedder_options(patient.settings).remote
    faults = worker_faults(patient.places, patient.connection, policy, patient.services, most, remote)
    if faults:
        return Finding(name, WARN, "; ".join([fault.what for fault in faults]), faults[0].command)
    data = patient.places.data
    facts = worker_facts(data, patient.connection) if patient.error is None else without_log(data)
    return Finding(name, OK, f"{facts.state}: {facts.reason}")


def kept(patient: Patient, name: str) -> Finding:
    """Whose files are gone or soon will be; their text is in the database either way."""
    facts = kept_facts(patient.places, patient.connection, patient.settings, patient.now_ms)
    damage = _damage_of_files(patient.places.data)
    if damage is not None:
        path = path_of(patient.places.data)
        todo = opening([path]) if isinstance(damage, SystemRefused) else with_its_logs_aside(path)
        return Finding(name, FAIL, f"{path}: {damage.what}", todo)
    nothing = "nothing exists only here, and nothing is about to be deleted"
    if patient.connection is None:
        return without_archive(patient, name, nothing)
    said, known = told(facts), facts.safety
    if known.full is not None and facts.off is None:
        return Finding(name, WARN, said or known.full, "cass config set archive.budget_mb MB")
    if known.expiring - known.expiring_kept > known.vain and facts.off is None:
        return Finding(name, WARN, said, "cass worker start")
    return Finding(name, OK, said or nothing)


def _damage_of_files(data: str) -> CassError | None:
    try:
        store = raw.open_to_read(data)
        if store is None:
            return None
        with store:
            damage = store.damage()
    except CassError as bad:
        return bad
    return None if damage is None else CorruptDatabase(damage, path_of(data))
