"""What every connector gives and gets.

A connector turns one agent's files into plain records.  It knows no database and no settings, never prints, never
raises for bad input: what cannot be read is a `SourceProblem`.  Only ingest decides what is new.
"""

from __future__ import annotations

from cass.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any, Protocol

# What a title is worth: a higher one replaces a lower one, an equal one replaces it when it comes later.
TITLE_NONE, TITLE_PROMPT, TITLE_NAME, TITLE_SUMMARY, TITLE_GENERATED, TITLE_CUSTOM = range(6)

ROLES = ("user", "assistant", "tool", "system", "summary")
KINDS = ("text", "thinking", "tool_call", "tool_result", "image", "notice")


def at_home(path: str, home: str) -> str:
    """The path with a `~` that it begins with read as a shell reads it; any other is a part of a name."""
    return home + path[1:] if path == "~" or path.startswith(("~/", "~\\")) else path


@record
class Surroundings:
    """Where connectors may look.  `workspaces` are the folders that sessions already stored have named."""

    home: str
    env: Mapping[str, str]
    workspaces: tuple[str, ...] = ()

    def named(self, name: str, default: str = "") -> str:
        """The folder or file that a variable of the environment names; a `~` stands in it where no shell read it."""
        return at_home(self.env.get(name) or default, self.home)


@record
class Root:
    """A folder (or one file) to look in, down to `depth` folders below it.  Watched folders are noticed by a search.

    `watch_below` false: only the root itself is, as files come and go below it all the time.
    """

    path: str
    depth: int = 0
    watch: bool = True
    watch_below: bool = True


@record
class Resume:
    """Where an earlier read of an append-only file ended.  `state` is the connector's own, made of JSON values."""

    offset: int
    line: int
    state: Mapping[str, Any]


@record
class Session:
    """What is known of a session; sent again when more is known.  None leaves what is stored as it is.

    A title of rank 0 (a name that the program drew) stands until there is any other.
    `whole`: all its messages follow, so stored ones that are not repeated are gone.  A read without `Resume` is
    always whole; only a resumed read that goes back to a session's start says so.
    """

    external_id: str
    parent_external_id: str | None = None
    title: str | None = None
    title_rank: int = TITLE_NONE
    workspace: str | None = None
    git_branch: str | None = None
    model: str | None = None
    whole: bool = False


@record
class Block:
    """A part of a message.  `own`: a call of cass itself, or what it printed."""

    kind: str
    text: str
    tool: str | None = None
    call_id: str | None = None
    is_error: bool = False
    own: bool = False


@record
class Message:
    """One speaker's turn.  Its session was sent before it.

    `ordinal` counts the turns the connector saw, dropped ones too.  `start` and `end` are bytes in the file, `line`
    is 1-based; all three are None where the source is not made of lines.  `continues`: these blocks belong to a
    message that an earlier read (or an earlier record of this one) already gave under the same ordinal.
    """

    session: str
    ordinal: int
    role: str
    created_ms: int | None
    blocks: tuple[Block, ...]
    line: int | None = None
    start: int | None = None
    end: int | None = None
    off_path: bool = False
    continues: bool = False


@record
class Branches:
    """Which of a session's messages stand on branches that were left, as far as the file is read: exactly these.

    `off` are ranges of ordinals, (first, behind the last), in order.  Sent behind the messages it speaks of, and always
    behind its session, for files that are read on from where they ended; who reads a whole document can set
    `Message.off_path` instead.
    """

    session: str
    off: tuple[tuple[int, int], ...]


@record
class SourceProblem:
    """Something in a file that could not be read.  Counted, shown, never fatal.

    `torn`: more than that one record may be missing, as in a document that its agent is writing.  What this reading
    does not repeat may still stand there: nothing of it is gone.
    """

    path: str
    line: int | None
    what: str
    torn: bool = False


@record
class Checkpoint:
    """All up to `offset` has been given; a later read may start here.

    The last one of a read always comes last.  `offset` is where the next read starts when bytes were appended: for
    lines, behind the last newline.  `resumable` false: any change means reading the whole file again.

    `stamped`: the source is a database, or many files.  `state` alone says what was read, whatever became of the bytes,
    and `offset` counts the bytes taken from it in this read.  `again`: it cannot be read now; what was given since the
    checkpoint before is dropped, nothing is gone, and the next run tries again.
    """

    offset: int
    line: int
    state: Mapping[str, Any]
    resumable: bool = True
    stamped: bool = False
    again: bool = False


if TYPE_CHECKING:
    Item = Session | Message | Branches | SourceProblem | Checkpoint

    class Reader(Protocol):
        """An open file that counts what it hands over."""

        def read(self, size: int = -1, /) -> bytes: ...
        def seek(self, offset: int, /) -> int: ...

    @record
    class Source:
        """One file to read.  `file` is open in binary mode and stands at the start, or at `resume.offset`.

        `external_id` replaces the id that the file's name gives: another file already has it.
        """

        path: str
        file: Reader
        size: int
        mtime_ms: int
        resume: Resume | None
        around: Surroundings
        external_id: str | None

    class Connector(Protocol):
        """One agent.  A module with these names is a connector.

        Two more are optional.  For a session that is spread over many files, `stand(path)` gives a JSON value that is
        another one when a file beside the claimed one has changed; the last checkpoint has it as `state["stand"]`.
        None: all that belongs to it stands in the one file.  `only_names(path)`: does this file only say what sessions
        of other files are called?
        """

        AGENT: str

        def roots(self, around: Surroundings) -> list[Root]:
            """The folders where this agent keeps sessions, existing or not, cheapest first."""

        def enters(self, folder: str) -> bool:
            """May this folder below a root hold sessions?  Asked with the absolute path."""

        def claims(self, path: str) -> bool:
            """Does this file hold sessions?  Decided by its path alone."""

        def read(self, source: Source) -> Iterator[Item]:
            """Give the file's records in order, a `Checkpoint` now and then and always at the end."""
else:

    @record
    class Source:
        path: str
        file: object
        size: int
        mtime_ms: int
        resume: object
        around: object
        external_id: object
