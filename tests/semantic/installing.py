"""A machine of the tests' own to install tiny models on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cass.disk import try_lock
from cass.paths import Places
from cass.policy import SemanticPolicy
from cass.semantic.known_models import KnownModel
from cass.semantic.model_install import Machine, Request, install
from cass.semantic.model_sources import Wish
from cass.semantic.models import Model

NOW_MS = 1_767_323_045_000
GB = 1 << 30


def nothing(*args: object) -> None:
    """A progress bar that nobody sees."""


def machine(folder: Path, **changes: Any) -> Machine:
    """Folders below `folder`; settings as compiled, plenty of room, no network."""
    named = {name: str(folder / name) for name in Places.__match_args__}
    fields: dict[str, Any] = {
        "where": Places(**named),
        "env": {"HF_HUB_OFFLINE": "1", "PIP_NO_INDEX": "1"},
        "home": str(folder / "home"),
        "policy": SemanticPolicy.compiled_defaults(),
        "used_bytes": 0,
        "free_bytes": lambda path: 100 * GB,
        "alone": lambda: try_lock(str(folder / "worker.lock")),
        "make_room": lambda more_bytes: None,
        "beside": nothing,
        "now_ms": lambda: NOW_MS,
        "progress": nothing,
    }
    return Machine(**fields | changes)


def put(known: KnownModel, folder: Path, wish: Wish, variant: str | None = None, **changes: Any) -> Model:
    """The model, installed on that machine."""
    return install(Request(known, wish, variant), machine(folder, **changes)).model


def left_over(folder: Path) -> list[str]:
    """Files below `folder` that are neither a finished model's nor locks."""
    files = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return sorted(name for name in files if not name.startswith("data/derived/models/tiny/") and name[-5:] != ".lock")
