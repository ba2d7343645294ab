"""The errors a person may meet: one tree, each class with its exit code and stable name.

`what` happened, `where`, and what `todo` next, in the reader's words.  Only the edge of `cli/` prints them or exits.
"""

from __future__ import annotations


class CassError(Exception):
    """Something that ends a command.  `exit_code` and `kind` are the contract; the words may change."""

    exit_code = 9
    kind = "bug"
    retryable = False

    def __init__(self, what: str, where: str | None = None, todo: str | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.todo = todo

    def __str__(self) -> str:
        text = self.what if self.where is None else f"{self.what} ({self.where})"
        if self.todo is None:
            return f"{text}."
        return f"{text}. {self.todo[:1].upper()}{self.todo[1:]}."


class NotFound(CassError):
    """An ID that does not exist."""

    exit_code = 1
    kind = "not-found"


class UsageError(CassError):
    """The command line cannot be understood."""

    exit_code = 2
    kind = "usage"


class AmbiguousId(UsageError):
    """A prefix that fits several sessions."""

    kind = "ambiguous-id"


class UnknownAgent(UsageError):
    kind = "unknown-agent"


class BadDate(UsageError):
    kind = "bad-date"


class CursorExpired(UsageError):
    """The cursor belongs to another generation of the index."""

    kind = "cursor-expired"


class MissingIndex(CassError):
    """Nothing is indexed yet, and this command was told not to look."""

    exit_code = 3
    kind = "missing-index"


class NetworkFailed(CassError):
    """What was to be fetched could not be had."""

    exit_code = 4
    kind = "network"
    retryable = True


class CorruptDatabase(CassError):
    exit_code = 5
    kind = "corrupt-database"


class NewerDatabase(CassError):
    """The database was written by a newer program."""

    exit_code = 6
    kind = "newer-database"


class Busy(CassError):
    """Another process holds what this one needs."""

    exit_code = 7
    kind = "busy"
    retryable = True


class SystemRefused(CassError):
    """Disk full, no permission, and their like."""

    exit_code = 10
    kind = "system-refused"


class BadConfiguration(CassError):
    """A file of settings cannot be read or changed."""

    exit_code = 11
    kind = "configuration"


class Superseded(CassError):
    """A newer request came before this one was answered; no command ends with it."""

    exit_code = 7
    kind = "superseded"
    retryable = True


class MissingExtra(CassError):
    """The command needs a package that is not installed with cass."""

    exit_code = 11
    kind = "missing-extra"


class SemanticUnavailable(CassError):
    """Strict mode asked for vectors that cannot be had."""

    exit_code = 15
    kind = "semantic-unavailable"
