"""`cass models`: list, install, verify and remove the models of the quality tier."""

from __future__ import annotations

import os
import shutil
import sys

from cass import clock
from cass.cli.elsewhere import named_there
from cass.cli.rows_models import ACTIONS
from cass.cli.settled import settings_of
from cass.cli.standard_input import can_ask
from cass.disk import folder_bytes, free_bytes, lock_holder, try_lock
from cass.errors import Busy, CassError, NotFound, UsageError
from cass.paths import home_folder, places
from cass.policy import DEFAULT_QUALITY_TIER_EMBEDDER, SemanticArtifactKind
from cass.render import models_json, models_text
from cass.render.layout import size
from cass.render.progress import Progress, chosen
from cass.render.terminal import style
from cass.semantic.embedders.table import embedder_row
from cass.semantic.known_models import KNOWN, known
from cass.semantic.models import (
    date_anew,
    folder_of,
    installed,
    note_consent,
    passing_folder,
    remove,
    standing,
    withdraw_consent,
)
from cass.settings.quick import load
from cass.store.connect import open_reader
from cass.store.events import EVICTED, INSTALLED, REMOVED, Event, gone_text, note_events
from cass.store.ledger import Ledger
from cass.store.worker_state import LOCK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from cass.paths import Places
    from cass.policy import BudgetDecision, SemanticPolicy
    from cass.semantic.budget import Budget
    from cass.semantic.known_models import KnownModel
    from cass.semantic.model_install import Machine
    from cass.semantic.models import Model

BROKEN = 1


def run(options: dict[str, Any]) -> int:
    """Do what the first word says; with none, list."""
    action, *rest = options["words"] or ["list"]
    if action not in ACTIONS:
        raise UsageError(f"{action!r} is not one of its values", "ACTION", f"use {', '.join(ACTIONS)}")
    if len(rest) > 1:
        raise UsageError(f"{rest[1]!r} is one word too many", f"cass models {action}", "see `cass models -h`")
    where = places(os.environ, data_dir=options["data_dir"])
    return DO[action](where, rest[0] if rest else None, options)


def _list(where: Places, name: str | None, options: dict[str, Any]) -> int:
    models = _meant(where, name)
    there = [model.name for model in models]
    missing = [each for each in KNOWN.values() if name in (None, each.name) and each.name not in there]
    if not models and not missing:
        raise _lacks(where, name)
    if options["json"]:
        sys.stdout.write(models_json.listing(models, missing))
    else:
        text = models_text.listing(models, missing, style(sys.stdout, options, os.environ))
        sys.stdout.write(named_there(text, options["data_dir"]))
    return 0


def _install(where: Places, name: str | None, options: dict[str, Any]) -> int:
    from cass.semantic.model_install import Request, install
    from cass.semantic.model_sources import Wish

    model = _wanted(name or DEFAULT_QUALITY_TIER_EMBEDDER, options)
    wish = Wish(options["from_path"], options["mirror"], tuple(text.lower() for text in options["trust"]))
    look = style(sys.stderr, options, os.environ)
    kind = chosen("auto", options["quiet"] or options["json"], look)
    bar = Progress(sys.stderr, kind, shutil.get_terminal_size().columns, clock.monotonic_s)
    started_s = clock.monotonic_s()
    try:
        done = install(Request(model, wish, options["variant"]), _machine(where, options, bar))
    except KeyboardInterrupt:
        bar.close()
        _say_what_is_kept(where, options)
        raise
    finally:
        bar.close()
    took_s = clock.monotonic_s() - started_s
    note_consent(where.data, clock.now_ms())
    if not done.was_there:
        _note(
            where, INSTALLED, f"{done.model.name} {done.model.variant} {done.model.revision}, {done.model.bytes} bytes"
        )
    if options["json"]:
        sys.stdout.write(models_json.installed(done.model, done.was_there, took_s))
    elif not options["quiet"]:
        text = models_text.installed(done.model, done.was_there, took_s)
        sys.stdout.write(named_there(text, options["data_dir"]))
    if not done.was_there and not options["quiet"]:
        _say_why_larger(done.model, options)
    return 0


def _say_why_larger(model: Model, options: dict[str, Any]) -> None:
    from cass.semantic.bert_graph import FP32
    from cass.semantic.verify_model import int8_lacks

    if options["variant"] is None and model.variant == FP32 and (why := int8_lacks()):
        sys.stderr.write(f"cass: {why}. So it is fp32: four times as large, and half as fast.\n")


def _wanted(name: str, options: dict[str, Any]) -> KnownModel:
    """The model's row: pinned, or as its folder describes it.  Raises UsageError."""
    row = embedder_row(name).name
    plain = name if row == "fastembed" else row
    if plain in KNOWN or options["from_path"] is None:
        return known(plain)
    from cass.semantic.described_model import described

    return described(name.strip(), options["from_path"])


def _say_what_is_kept(where: Places, options: dict[str, Any]) -> None:
    from cass.semantic.model_install import downloads_folder

    kept = folder_bytes(downloads_folder(where))
    if kept and not options["quiet"]:
        sys.stderr.write(f"cass: {size(kept)} are kept: the same command goes on from there\n")


def _machine(where: Places, options: dict[str, Any], bar: Progress) -> Machine:
    from cass.semantic.model_install import Machine

    def progress(phase: str, done: int, total: int) -> None:
        bar(phase, 0, 0, done, total)

    policy, configured = _policies(where, options)
    return Machine(
        where=where,
        env=os.environ,
        home=home_folder(os.environ),
        policy=policy,
        used_bytes=folder_bytes(where.models),
        free_bytes=free_bytes,
        alone=lambda: try_lock(os.path.join(where.data, LOCK)),
        make_room=lambda more_bytes: _make_room(where, policy, configured, more_bytes, options["quiet"]),
        beside=lambda more_bytes: _beside(where, policy, more_bytes),
        now_ms=clock.now_ms,
        progress=progress,
    )


def _budget(where: Places, policy: SemanticPolicy) -> Budget:
    from cass.semantic.artifacts import Shelf
    from cass.semantic.budget import Budget

    def free() -> int:
        """With what lies beside, on its way: it is written already, and only changes its name."""
        return (free_bytes(where.data) or 0) + folder_bytes(passing_folder(where.data))

    return Budget(policy, Shelf.below(where.data), free)


def _policies(where: Places, options: dict[str, Any]) -> tuple[SemanticPolicy, SemanticPolicy]:
    """With the flags of this command, and without them."""
    settings = settings_of(where, options)
    has_flags = any([value is not None for value in options.get("flags", {}).values()])
    return settings.policy(), (load(where, os.environ) if has_flags else settings).policy()


def _make_room(
    where: Places, policy: SemanticPolicy, configured: SemanticPolicy, more_bytes: int, quiet: bool
) -> BudgetDecision | None:
    """Evict vectors and graphs where the configured budget wants it, and say so; the refusal where that does not do.

    A smaller budget of a flag refuses instead: a flag never deletes anything.
    """
    is_smaller = policy.semantic_budget_mb < configured.semantic_budget_mb
    by_flag = _budget(where, policy).decision(more_bytes)
    if is_smaller and not by_flag.has_room:
        return by_flag
    leave = _budget(where, configured if is_smaller else policy).make_room(SemanticArtifactKind.MODEL_FILES, more_bytes)
    for gone in leave.evicted:
        _note(where, EVICTED, gone_text(gone.kind, gone.name, gone.size_bytes, gone.why))
        if not quiet:
            sys.stderr.write(f"cass: removed {gone.name} ({size(gone.size_bytes)}): {gone.why}\n")
    return leave.refused


def _beside(where: Places, policy: SemanticPolicy, more_bytes: int) -> None:
    """Raises Busy where vectors would have to go while somebody makes some."""
    if _budget(where, policy).left_bytes(SemanticArtifactKind.MODEL_FILES) >= more_bytes:
        return
    path = os.path.join(where.data, LOCK)
    what = f"process {lock_holder(path)} is making vectors, and some have to go for the model"
    raise Busy(what, path, "stop it, then run this again")


def _note(where: Places, kind: str, what: str) -> None:
    """An event for those who ask later; where it cannot be written, what was done stays done."""
    try:
        connection = open_reader(where.database)
        if connection is None:
            return
        connection.close()
        ledger = Ledger(where.database)
        ledger.note(lambda opened: note_events(opened, [Event(clock.now_ms(), kind, what)]))
        ledger.close()
    except CassError:
        return


def _verify(where: Places, name: str | None, options: dict[str, Any]) -> int:
    from cass.semantic.verify_model import fault_of

    found = [(model, fault_of(model)) for model in _named(where, name)]
    for model, fault in found:
        if fault is None:
            date_anew(where.data, model)
    if options["json"]:
        sys.stdout.write(models_json.verified(found))
    else:
        sys.stdout.write(named_there(models_text.verified(found), options["data_dir"]))
    return BROKEN if any(fault is not None for _, fault in found) else 0


def _meant(where: Places, name: str | None) -> list[Model]:
    """All, or that of one name; what is left of a model has only its folder to know it by."""
    folder = folder_of(where.data, name) if name is not None else None
    return [model for model in standing(where.data) if folder in (None, model.folder)]


def _named(where: Places, name: str | None) -> list[Model]:
    """The models that are meant, also what is left of one.  Raises NotFound where there is none."""
    models = _meant(where, name)
    if not models:
        raise _lacks(where, name)
    return models


def _lacks(where: Places, name: str | None) -> NotFound:
    """What is said of a model that is not there, with the command that leads on."""
    if name is None:
        return NotFound("no model is installed", where.models, "install it: cass models install")
    todo = f"install it: cass models install {name}" if name in KNOWN else "see them all: cass models"
    return NotFound(f"the model {name!r} is not installed", where.models, todo)


def _remove(where: Places, name: str | None, options: dict[str, Any]) -> int:
    if name is None:
        raise UsageError("NAME is missing", "cass models remove", "see what is installed: cass models")
    _named(where, name)
    if not options["yes"] and not _agreed(name):
        return 0
    freed = remove(where.data, name)
    if not installed(where.data):
        withdraw_consent(where.data)
    _note(where, REMOVED, f"{name}, {freed} bytes")
    if options["json"]:
        sys.stdout.write(models_json.removed(name, freed))
    elif not options["quiet"]:
        sys.stdout.write(models_text.removed(name, freed))
    return 0


def _agreed(name: str) -> bool:
    """Ask a person; raises UsageError where nobody can be asked."""
    if not can_ask():
        raise UsageError(f"removing {name} needs a yes", "cass models remove", f"cass models remove {name} --yes")
    sys.stderr.write(f"Remove the model {name}? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


DO: dict[str, Callable[[Places, str | None, dict[str, Any]], int]] = {
    "list": _list,
    "install": _install,
    "verify": _verify,
    "remove": _remove,
}
