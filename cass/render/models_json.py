"""Models as JSON."""

from __future__ import annotations

from cass.render.json_text import dumps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cass.semantic.known_models import KnownModel
    from cass.semantic.models import Model

SCHEMA_VERSION = 1
INSTALLED, DAMAGED, MISSING = "installed", "damaged", "missing"


def listing(models: Sequence[Model], missing: Sequence[KnownModel]) -> str:
    """`cass models list --json`: those that are installed, then those that could be."""
    return _answer({"models": [*map(_installed, models), *map(_missing, missing)]})


def installed(model: Model, was_there: bool, took_s: float) -> str:
    """`cass models install --json`."""
    return _answer({"models": [_installed(model)], "was_there": was_there, "took_ms": round(took_s * 1000, 1)})


def verified(found: Sequence[tuple[Model, str | None]]) -> str:
    """`cass models verify --json`: `verified` is what was found now."""
    return _answer({"models": [_verified(model, fault) for model, fault in found]})


def removed(name: str, freed_bytes: int) -> str:
    """`cass models remove --json`."""
    return _answer({"models": [], "removed": name, "freed_bytes": freed_bytes})


def _verified(model: Model, fault: str | None) -> dict[str, object]:
    state = INSTALLED if fault is None else DAMAGED
    return _installed(model) | {"state": state, "verified": fault is None, "fault": fault}


def _installed(model: Model) -> dict[str, object]:
    return {
        "name": model.name,
        "kind": model.kind,
        "state": INSTALLED if model.looks_whole else DAMAGED,
        "embedder_id": model.embedder_id,
        "dimension": model.dim,
        "variant": model.variant,
        "revision": model.revision,
        "bytes": model.bytes,
        "verified": model.looks_whole,
        "agreement": model.agreement,
        "source": model.source,
        "installed_ms": model.installed_ms,
        "folder": model.folder,
        "fault": None if model.looks_whole else _fault(model),
    }


def _fault(model: Model) -> str | None:
    return "its files have changed since it was installed" if model.is_known else model.damage()


def _missing(known: KnownModel) -> dict[str, object]:
    return {
        "name": known.name,
        "kind": known.kind,
        "state": MISSING,
        "embedder_id": known.embedder_id,
        "dimension": known.dim,
        "variant": None,
        "revision": None,
        "bytes": 0,
        "verified": False,
        "agreement": None,
        "source": None,
        "installed_ms": None,
        "folder": None,
        "fault": None,
    }


def _answer(said: Mapping[str, object]) -> str:
    return dumps({"schema_version": SCHEMA_VERSION, **said}) + "\n"
