"""What is there, how fresh it is and whether it works: one look; nothing is written, nothing raised if it is broken."""

from __future__ import annotations

import os

from cass import __version__, errors
from cass.connectors.table import AGENTS, readers
from cass.disk import folder_bytes, is_text
from cass.lexical.opening import Damage, opened
from cass.lexical.schema import current_generation, hush, speak
from cass.lexical.sound import Glance, changed_file, failing
from cass.records import record, replace
from cass.store import catalog, connect
from cass.store.attempts import MAX_ATTEMPTS
from cass.store.counts import AgentCount, agent_counts
from cass.store.hits import state
from cass.store.look import look
from cass.store.readers import count_outdated

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from sqlite3 import Connection

    from cass.paths import Places
    from cass.policy import SemanticCapabilityReport, SemanticPolicy
    from cass.semantic.embedders.table import RemoteOptions
    from cass.settings.quick import Settings
    from cass.status.kept import Kept
    from cass.status.worker import WorkerFacts
    from cass.store.hits import State

EMPTY, OK, DEGRADED, BROKEN = "empty", "ok", "degraded", "broken"
# A search matches so many messages itself that the index does not have yet; beyond them it misses some.
TAIL_MESSAGES = 1_000
# The files that are written there.  The rooms that own these names are not loaded for a glance.
WRITTEN = ("cass.db", "cass.db-wal", "cass.db-shm", "index.lock", "worker.lock", "archive.db")
TIERS = ("fast", "quality")
# Some 1,000 files are looked at in it.  A search looks for 15 ms; a status answers in no more time than it does.
LOOK_S = 0.003


@record
class Database:
    """The archive.  `bytes` includes the write-ahead log."""

    path: str
    bytes: int = 0
    sessions: int = 0
    messages: int = 0


@record
class Lexical:
    """The search index.  `documents` and `schema` are None where it cannot be read."""

    documents: int | None = None
    bytes: int = 0
    behind_messages: int = 0
    schema: int | None = None


@record
class Problem:
    """Something that is wrong: what, and where if a file or folder is to blame.

    Of a setting also its key, the text that was read and the form that would be accepted.
    """

    what: str
    where: str | None = None
    key: str | None = None
    text: str | None = None
    accepted: str | None = None


@record
class Advice:
    """A command to type, and why."""

    command: str
    why: str


@record
class Status:
    """Everything at a glance.

    behind_files: have changed since they were read · saw_all_files: else there was time for the newest ones only ·
    outdated_files: were read by an older reader, and wait for a `cass index`.
    """

    version: str
    state: str
    data_dir: str
    database: Database
    lexical: Lexical
    sources: Mapping[str, AgentCount]
    problems: tuple[Problem, ...] = ()
    recommended: tuple[Advice, ...] = ()
    indexed_ms: int | None = None
    behind_files: int = 0
    saw_all_files: bool = True
    outdated_files: int = 0
    semantic: SemanticCapabilityReport | None = None
    worker: WorkerFacts | None = None
    kept: Kept | None = None

    @property
    def healthy(self) -> bool:
        return self.state in (EMPTY, OK)


def collect(
    places: Places,
    monotonic_s: Callable[[], float],
    policy: SemanticPolicy | None = None,
    settings: Settings | None = None,
    now_ms: int = 0,
    remote: RemoteOptions | None = None,
    hold: Callable[[object], None] | None = None,
    max_attempts: int = MAX_ATTEMPTS,
) -> Status:
    """Look at everything; whatever is wrong becomes a problem with the command that mends it.

    With a `policy` also at what search by meaning has and may use, from the server `remote` if that is wanted; with
    `settings` also at what is kept.  `hold` takes what was opened, which otherwise is closed.  `max_attempts`: after so
    many failures a text counts as given up.
    """
    status = _collect(places, monotonic_s, policy, settings, now_ms, remote, hold, max_attempts)
    if not status.problems and _is_free(places):
        return status
    from cass.status.obstacles import hindered

    return hindered(status, places)


def _collect(
    places: Places,
    monotonic_s: Callable[[], float],
    policy: SemanticPolicy | None,
    settings: Settings | None,
    now_ms: int,
    remote: RemoteOptions | None,
    hold: Callable[[object], None] | None,
    max_attempts: int,
) -> Status:
    try:
        connection = open_archive(places)
        try:
            status = _empty(places) if connection is None else _filled(places, connection, monotonic_s, hold)
            if settings is not None:
                from cass.status.kept import kept_facts

                status = replace(status, kept=kept_facts(places, connection, settings, now_ms))
            if policy is None:
                return status
            return _with_meaning(status, policy, places, connection, remote, max_attempts, now_ms)
        finally:
            if hold is not None:
                hold(connection)
            elif connection is not None:
                connection.close()
    except errors.CassError as bad:
        broken = _broken(places, bad)
    except catalog.BROKEN as bad:
        broken = _broken(places, connect.corrupt(places.database, bad))
    return broken if policy is None else _with_meaning(broken, policy, places, None, remote, max_attempts, now_ms)


def _is_free(places: Places) -> bool:
    """May this user write all that stands in the data folder?  A glance of two dozen system calls."""
    data, vectors, derived = places.data, places.vectors, os.path.dirname(places.lexical)
    if not os.path.isdir(data):
        return True
    folders = (data, derived, places.lexical, vectors, *[os.path.join(vectors, tier) for tier in TIERS])
    files = [os.path.join(data, name) for name in WRITTEN]
    # With a slash behind it, a name is that of a folder and of nothing else.
    closed = [path for path in folders if not os.access(path + os.sep, os.R_OK | os.W_OK | os.X_OK)]
    closed += [path for path in files if not os.access(path, os.R_OK | os.W_OK) or os.access(path + os.sep, os.F_OK)]
    return not any([os.path.lexists(path) for path in closed])


def open_archive(places: Places) -> Connection | None:
    """The archive to read; None where there is none yet.  Raises CassError where it cannot be read or made."""
    obstacle = _obstacle(places)
    if obstacle is not None:
        what = "something else stands where the archive belongs"
        raise errors.SystemRefused(what, obstacle, "set CASS_DATA_DIR to a folder")
    if os.path.isdir(places.data) and not os.access(places.data, os.R_OK | os.X_OK):
        raise errors.SystemRefused("the data folder may not be read", places.data, "shows who may")
    return connect.open_reader(places.database)


def _obstacle(places: Places) -> str | None:
    """A file or a link that leads nowhere in the data folder's place, or what is no file in the database's."""
    if os.path.lexists(places.data) and not os.path.isdir(places.data):
        return places.data
    return places.database if os.path.lexists(places.database) and not os.path.isfile(places.database) else None


def _with_meaning(
    status: Status,
    policy: SemanticPolicy,
    places: Places,
    connection: Connection | None,
    remote: RemoteOptions | None,
    max_attempts: int,
    now_ms: int,
) -> Status:
    """Words are what health is about: what is wrong with the vectors is said there and makes nothing unhealthy."""
    from cass.status.semantic import is_answered, report
    from cass.status.worker import texts_per_s, without_log, worker_facts

    worker = without_log(places.data) if status.state == BROKEN else worker_facts(places.data, connection)
    meaning = report(policy, places, connection, texts_per_s(worker.chunks), remote, max_attempts)
    if status.state == BROKEN and policy.mode.should_build_semantic:
        capability = meaning.capability.degraded(status.problems[0].what)
        meaning = replace(meaning, capability=capability, next_step=status.recommended[0].command)
    status = replace(status, semantic=meaning, worker=worker)
    if status.state != OK or is_answered(meaning, policy, places, connection, now_ms):
        return status
    return _refusing(status, meaning)


def _refusing(status: Status, meaning: SemanticCapabilityReport) -> Status:
    """Whoever wants both tiers or nothing gets nothing, also where words would do."""
    why = Problem(f"mode is {meaning.mode}, and {meaning.reason or meaning.summary}: every search ends in an error")
    step = Advice(meaning.next_step or "cass backfill", "or search by words, too: cass config set mode hybrid")
    return replace(status, state=DEGRADED, problems=(*status.problems, why), recommended=(*status.recommended, step))


def _empty(places: Places) -> Status:
    wrong = why_not(places.data)
    empty = Status(__version__, EMPTY, places.data, Database(places.database), Lexical(), {})
    if wrong is None:
        return replace(empty, recommended=(Advice("cass index", "nothing is indexed yet"),))
    advice = Advice("cass index --data-dir FOLDER", "name one that can be used")
    return replace(empty, state=DEGRADED, problems=(wrong,), recommended=(advice,))


def why_not(path: str) -> Problem | None:
    """What is against a data folder there; None where it can be made."""
    if not is_text(path):
        return Problem("the name of the data folder is not UTF-8 text", path)
    closed = _closed_above(path)
    return Problem("the data folder cannot be made here", closed) if closed is not None else None


def _closed_above(path: str) -> str | None:
    """The folder that would have to be written for `path` to be one, where it may not be; None where it may."""
    while not os.path.isdir(path):
        above = os.path.dirname(path)
        if above == path:
            return None
        path = above
    return None if os.access(path, os.W_OK | os.X_OK) else path


def _broken(places: Places, bad: errors.CassError) -> Status:
    from cass.status.mending import mending

    return Status(
        __version__,
        BROKEN,
        places.data,
        Database(places.database, database_bytes(places)),
        Lexical(bytes=folder_bytes(places.lexical)),
        {},
        (Problem(bad.what, bad.where),),
        (mending(places, bad),),
    )


def _filled(
    places: Places,
    connection: Connection,
    monotonic_s: Callable[[], float],
    hold: Callable[[object], None] | None,
) -> Status:
    catalog.require_tables(connection)
    reached = state(connection)
    counts = agent_counts(connection)
    kept = hush()
    try:
        reader = opened(places.lexical, Glance)
        lexical, problems = _lexical(places, connection, reached, reader)
    finally:
        speak(kept)
    if hold is not None:
        hold(reader)
    changed = look(connection, monotonic_s, LOOK_S)
    behind_files = len(changed.files) + len(changed.folders) + reached.unread
    outdated_files = count_outdated(connection, readers())
    messages = sum(count.messages for count in counts.values())
    how = DEGRADED if problems else OK if messages else EMPTY
    database = Database(
        places.database, database_bytes(places), sum(count.sessions for count in counts.values()), messages
    )
    return Status(
        __version__,
        how,
        places.data,
        database,
        lexical,
        {agent.name: counts.get(agent.name, AgentCount()) for agent in AGENTS} | counts,
        problems,
        tuple(_advice(problems, behind_files, lexical.behind_messages, outdated_files) or _first_steps(how, reached)),
        reached.indexed_ms,
        behind_files,
        changed.complete,
        outdated_files,
    )


def _lexical(
    places: Places, connection: Connection, reached: State, reader: Glance | Damage
) -> tuple[Lexical, tuple[Problem, ...]]:
    current = current_generation(places.lexical)
    schema = current[1] if current else None
    size = folder_bytes(places.lexical)
    if isinstance(reader, Damage):
        behind = catalog.count_behind(connection, -1)
        problems = (Problem(reader.reason, places.lexical),) if behind else ()
        return Lexical(None, size, behind, schema), problems
    behind = catalog.count_behind(connection, reader.change)
    changed = changed_file(current[0]) if current else None
    lost = canary(reader, connection) if changed is None else f"{changed} of the search index is not as it was written"
    if reader.change > reached.change:
        lost = "the search index is ahead of the database"
    elif lost is None and current and not os.access(current[0], os.W_OK | os.X_OK):
        lost = "the search index may not be written"
    elif lost is None and behind > TAIL_MESSAGES:
        lost = f"{behind:,} messages are not in the search index yet"
    return Lexical(reader.documents, size, behind, schema), (Problem(lost, places.lexical),) if lost else ()


def canary(reader: Glance, connection: Connection) -> str | None:
    """Search the index for the words of a stored message.  None when it is found, else what is wrong."""
    return failing(reader.schema, reader.searcher, catalog.canaries(connection, reader.change))


def _advice(
    problems: tuple[Problem, ...], behind_files: int, behind_messages: int, outdated_files: int
) -> list[Advice]:
    if problems:
        rebuild = "cass index" if "missing" in problems[0].what or behind_messages else "cass index --rebuild"
        return [Advice(rebuild, "brings the search index in step with the archive")]
    if behind_files:
        return [Advice("cass index", "reads what has changed since (a search reads a few files by itself)")]
    if outdated_files:
        return [Advice("cass index", "reads anew, once, what this version of cass reads better")]
    return []


def _first_steps(how: str, reached: State) -> list[Advice]:
    """What to do about an archive without messages."""
    if how != EMPTY:
        return []
    if reached.indexed_ms is not None:
        return [Advice("cass sources", "no sessions were found; it shows where cass looked")]
    return [Advice("cass index", "nothing is indexed yet")]


def database_bytes(places: Places) -> int:
    """The database with its write-ahead log."""
    total = 0
    for path in (places.database, f"{places.database}-wal"):
        try:
            total += os.stat(path).st_size
        except OSError:
            continue
    return total
