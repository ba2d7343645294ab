"""The errors a person may meet, each made when it is first named: their classes cost a cold search 2 %.

What is loaded for every search writes `from cass import errors` and `errors.Busy`; elsewhere `from cass.errors import
Busy` is as good.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cass.error_kinds import (
        AmbiguousId,
        BadConfiguration,
        BadDate,
        Busy,
        CassError,
        CorruptDatabase,
        CursorExpired,
        MissingExtra,
        MissingIndex,
        NetworkFailed,
        NewerDatabase,
        NotFound,
        SemanticUnavailable,
        Superseded,
        SystemRefused,
        UnknownAgent,
        UsageError,
    )

    __all__ = (
        "AmbiguousId",
        "BadConfiguration",
        "BadDate",
        "Busy",
        "CassError",
        "CorruptDatabase",
        "CursorExpired",
        "MissingExtra",
        "MissingIndex",
        "NetworkFailed",
        "NewerDatabase",
        "NotFound",
        "SemanticUnavailable",
        "Superseded",
        "SystemRefused",
        "UnknownAgent",
        "UsageError",
    )


def __getattr__(name: str) -> object:
    from cass import error_kinds

    try:
        return getattr(error_kinds, name)
    except AttributeError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
