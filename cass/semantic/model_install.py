"""Install a model: fetch its weights, turn them into one ONNX file here, check it on this machine, put it in place.

Whatever interrupts that, a model is either installed whole or not at all; what was downloaded waits for the next try.
"""

from __future__ import annotations

import os
import shutil
from math import ceil

from cass.disk import PRIVATE_FILE, folder_bytes, make_private_folder
from cass.errors import SystemRefused
from cass.policy import MB, BudgetDecision
from cass.records import record, replace
from cass.semantic import reference
from cass.semantic.bert_graph import FP32, VARIANTS, write_model
from cass.semantic.known_models import RERANKER, WEIGHTS, WORDS, KnownModel
from cass.semantic.model_sources import Surroundings, Wish, fetch, keep_fetched
from cass.semantic.models import (
    MODEL,
    NEW,
    TOKENIZER,
    Model,
    file_facts,
    find,
    folder_of,
    lock,
    passing_folder,
    put_aside,
    revision_of,
    sha256_of,
    sweep,
    write_manifest,
)
from cass.semantic.safetensors import read_safetensors
from cass.semantic.verify_model import Agreement, agreement, fault_of, int8_lacks, missing_libraries, vectors_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from array import array
    from collections.abc import Callable, Mapping, Sequence

    from cass.disk import Lock
    from cass.paths import Places
    from cass.policy import SemanticPolicy
    from cass.semantic.model_sources import Progress

DOWNLOADS, STAGING = "downloads", "unpacked"
# Weights and the archive that they come in lie side by side for a moment.
COPIES_ON_THE_WAY = 2
ROOM = "make room on that disk"
SMALLEST_SHARE = 4  # int8 is a quarter of its weights


@record
class Request:
    """What to install.  `variant` None: int8 where it is right on this machine, else fp32."""

    model: KnownModel
    wish: Wish = Wish()
    variant: str | None = None


@record
class Machine:
    """Where it goes.

    used_bytes: what all models take now; vectors and graphs would give way to one · free_bytes(path): of the volume
    alone(): the lock under which vectors may give way; None while somebody makes some
    make_room(bytes): let them, for so many bytes more; the refusal where that does not do
    beside(bytes): raises Busy where it does not fit without that.
    """

    where: Places
    env: Mapping[str, str]
    home: str
    policy: SemanticPolicy
    used_bytes: int
    free_bytes: Callable[[str], int | None]
    alone: Callable[[], Lock | None]
    make_room: Callable[[int], BudgetDecision | None]
    beside: Callable[[int], None]
    now_ms: Callable[[], int]
    progress: Progress


@record
class Installed:
    """The model, and whether it had been there already."""

    model: Model
    was_there: bool


class ModelRefused(SystemRefused):
    """A model that may not or cannot be installed here."""


def install(request: Request, machine: Machine) -> Installed:
    """Install the model, unless it is there and whole.

    Raises NetworkFailed, UsageError, ModelRefused, Busy, OSError; nothing is installed then.
    """
    data, name = machine.where.data, request.model.name
    make_private_folder(machine.where.models)
    with lock(data):
        sweep(data)
        found = find(data, name)
        if found is not None and _is_wanted(found, request):
            return Installed(found, True)
        there_bytes = folder_bytes(folder_of(data, name))
        _check_libraries()
        variants = VARIANTS if request.variant is None else (request.variant,)
        _check_room(request.model, variants[0], machine, there_bytes)
        _check_others(request.model.sizes[variants[0]], machine, there_bytes)
        downloads = downloads_folder(machine.where)
        staging = os.path.join(downloads, STAGING)
        keep_fetched(downloads, staging, request.wish)  # of a process that was killed
        make_private_folder(staging)
        try:
            most_bytes = machine.policy.max_model_size_mb * MB * SMALLEST_SHARE
            around = Surroundings(machine.env, machine.home, downloads, most_bytes, machine.progress)
            source = fetch(request.model, request.wish, around, staging)
            model = _build(request, machine, staging, source, variants, there_bytes)
        except (OSError, KeyboardInterrupt):  # a full disk, mostly
            keep_fetched(downloads, staging, request.wish)
            raise
        except BaseException:
            shutil.rmtree(staging, ignore_errors=True)  # what came half stays beside it, for the next try
            raise
        shutil.rmtree(downloads, ignore_errors=True)
        return Installed(model, False)


def downloads_folder(where: Places) -> str:
    """The folder for what is on its way to this data folder: its lock guards that one, too."""
    from hashlib import blake2b

    return os.path.join(where.cache, DOWNLOADS, blake2b(where.data.encode(), digest_size=8).hexdigest())


def _is_wanted(there: Model, request: Request) -> bool:
    """Is what is installed what was asked for, and right?  A source that the user names is always read."""
    named = request.wish.from_path is not None or request.wish.mirror is not None
    fits = request.variant in (None, there.variant)
    return fits and not named and fault_of(there) is None


def _check_libraries() -> None:
    """Raises ModelRefused, before anything is fetched, where nothing could be made of it."""
    missing = missing_libraries()
    if missing:
        what = f"no model runs without {', '.join(missing)}, which cannot be imported"
        raise ModelRefused(what, None, "install cass again, with its dependencies")


def _check_room(known: KnownModel, variant: str, machine: Machine, there_bytes: int) -> None:
    """Raises ModelRefused where policy or disk have no room, before anything is fetched."""
    _decide(known.sizes[variant], machine, there_bytes)
    on_the_way = COPIES_ON_THE_WAY * known.files[WEIGHTS][1]
    free = machine.free_bytes(machine.where.cache)
    least = machine.policy.min_free_disk_mb * MB
    if free is not None and free - on_the_way < least:
        raise ModelRefused(
            f"fetching it takes {on_the_way // MB} MB for a moment, {free // MB} MB are free",
            machine.where.cache,
            f"make room, so that {machine.policy.min_free_disk_mb} MB stay free (min_free_disk_mb)",
        )


def _check_others(write_bytes: int, machine: Machine, there_bytes: int) -> None:
    """Raises Busy, before anything is fetched, where somebody makes vectors of which some would have to go."""
    lock = machine.alone()
    if lock is None:
        machine.beside(_more_bytes(write_bytes, there_bytes))
    else:
        lock.release()


def _more_bytes(write_bytes: int, there_bytes: int) -> int:
    return max(write_bytes - there_bytes, 0)


def _decide(write_bytes: int, machine: Machine, there_bytes: int, written_bytes: int = 0) -> None:
    """Raises ModelRefused where so much may not be written in place of what lies there, whole or not.

    `written_bytes` of it lie beside already: they are not free, and not to be written any more.
    """
    models, policy = machine.where.models, machine.policy
    free = machine.free_bytes(models)
    if free is not None:
        free += written_bytes
    used = max(machine.used_bytes - there_bytes, 0)
    cap = policy.max_model_size_mb * MB
    decision = policy.check_budget_bytes(write_bytes, used, write_bytes + (1 << 60) if free is None else free, cap)
    if not decision.has_room:
        raise _refusal(decision, write_bytes, models)
    if free is not None and free < write_bytes:  # to the policy, nothing is left of a disk is enough for a floor of 0
        raise ModelRefused(f"it takes {write_bytes // MB} MB, {free // MB} MB are free", models, ROOM)


def _settle(model: Model, machine: Machine, there_bytes: int) -> Model:
    """The model in its place, what is weaker gone for it.  Its real size is known now.  Raises ModelRefused, Busy."""
    _decide(model.bytes, machine, there_bytes, written_bytes=model.bytes)
    more_bytes = _more_bytes(model.bytes, there_bytes)
    lock = machine.alone()
    if lock is None:
        # Whoever works there asks the budget before each write, and then sees the model.
        machine.beside(more_bytes)
        return _put_in_place(model, machine.where.data)
    with lock:
        refused = machine.make_room(more_bytes)
        if refused is not None:
            raise _refusal(refused, more_bytes, machine.where.models)
        return _put_in_place(model, machine.where.data)


def _refusal(decision: BudgetDecision, write_bytes: int, where: str) -> ModelRefused:
    """In whole MB, rounded so that what does not fit never reads as if it did."""
    if isinstance(decision, BudgetDecision.ModelTooLarge):
        what = f"the model takes {ceil(decision.model_mb)} MB, the most allowed is {decision.max_mb:.0f}"
        return ModelRefused(what, where, "raise max_model_size_mb: cass config set max_model_size_mb N")
    if isinstance(decision, BudgetDecision.DiskPressureDeny):
        takes, free = ceil(write_bytes / MB), int(decision.free_mb)
        what = f"it takes {takes} MB, {free} MB are free and {decision.min_required_mb:.0f} must stay so"
        return ModelRefused(what, where, ROOM)
    assert isinstance(decision, BudgetDecision.OverBudgetWarn)
    what = f"vectors and models would take {ceil(decision.used_mb)} MB, the budget is {decision.budget_mb:.0f}"
    return ModelRefused(what, where, "raise it: cass config set semantic_budget_mb N")


def _build(
    request: Request, machine: Machine, staging: str, source: str, variants: Sequence[str], there_bytes: int
) -> Model:
    """The model in its place, in the first of the variants that is right on this machine."""
    data = machine.where.data
    beside = os.path.join(passing_folder(data), NEW)
    try:
        for variant in variants:
            _decide(request.model.sizes[variant], machine, there_bytes)
            shutil.rmtree(beside, ignore_errors=True)
            make_private_folder(beside)
            machine.progress(f"making the {variant} model", 0, 0)
            model = _converted(request.model, staging, beside, variant, source, machine.now_ms())
            found = _checked(model, request.model, staging)
            if found is not None and found.is_enough(variant):
                model = replace(model, agreement=round(found.cosine, 6))
                write_manifest(model)
                return _settle(model, machine, there_bytes)
        if variants[-1] != FP32 and (lacks := int8_lacks()):
            raise ModelRefused(lacks, source, "update it, or leave out --variant: fp32 runs")
        raise ModelRefused(
            f"it does not give the right {_made(request.model)} on this machine{_said(found)}",
            source,
            "report it, with this line",
        )
    finally:
        sweep(data)


def _converted(known: KnownModel, staging: str, folder: str, variant: str, source: str, now_ms: int) -> Model:
    """The model's files, written and named; its manifest is not."""
    weights = os.path.join(staging, WEIGHTS)
    try:
        tensors = read_safetensors(weights)
        with open(os.path.join(folder, MODEL), "wb") as file:
            write_model(tensors, known.config, variant, file)
            file.flush()
            os.fsync(file.fileno())
        del tensors  # mapped: Windows removes no file that is
        _write_tokenizer(staging, folder, known)
    except (ValueError, RecursionError) as bad:
        raise ModelRefused(f"the weights cannot be used: {bad}", source, "use another file") from bad
    names = sorted(os.listdir(folder))
    for name in names:
        os.chmod(os.path.join(folder, name), PRIVATE_FILE)
    files = tuple(file_facts(folder, name) for name in names)
    sha256 = next(one.sha256 for one in files if one.name == MODEL)
    return Model(
        name=known.name,
        folder=folder,
        embedder_id=_embedder_id(known, sha256_of(weights)),
        dim=known.dim,
        max_tokens=known.max_tokens,
        variant=variant,
        revision=revision_of(sha256),
        source=source,
        installed_ms=now_ms,
        agreement=None,
        files=files,
        kind=known.kind,
    )


def _embedder_id(known: KnownModel, weights_sha256: str) -> str:
    """Other weights make another space of vectors, which must not be mixed with the first."""
    is_pinned = weights_sha256 == known.files[WEIGHTS][0]
    return known.embedder_id if is_pinned else f"{known.embedder_id}-{weights_sha256[:8]}"


def _write_tokenizer(staging: str, folder: str, known: KnownModel) -> None:
    """The tokenizer without padding and cut where the model's is, with the small files that fastembed asks for.

    Raises ValueError for a file that is no tokenizer.
    """
    import json

    with open(os.path.join(staging, WORDS), encoding="utf-8") as file:
        tokenizer = json.load(file)
    if not isinstance(tokenizer, dict):
        raise ValueError(f"{WORDS} holds no object")
    cut = {"max_length": known.max_tokens, "strategy": "LongestFirst", "stride": 0, "direction": "Right"}
    texts = {
        TOKENIZER: tokenizer | {"padding": None, "truncation": cut},
        "tokenizer_config.json": {"model_max_length": known.max_tokens, "pad_token": "[PAD]"},
        "special_tokens_map.json": {},
        "config.json": {**known.config, "pad_token_id": 0},
    }
    for name, said in texts.items():
        with open(os.path.join(folder, name), "w", encoding="utf-8", newline="\n") as file:
            json.dump(said, file, ensure_ascii=False, separators=(",", ":"))


def _checked(model: Model, known: KnownModel, staging: str) -> Agreement | None:
    """How near the model is to the original; None where it does not run at all."""
    found = vectors_of(model)
    return agreement(found, _expected(model, known, staging)) if found else None


def _expected(model: Model, known: KnownModel, staging: str) -> Sequence[array[float]]:
    """The checked-in vectors; where there are none, those of the fp32 graph, made for this purpose only."""
    checked_in = reference.vectors(known.name, known.dim) if model.embedder_id == known.embedder_id else []
    if checked_in:
        return checked_in
    with open(os.path.join(staging, MODEL), "wb") as file:
        write_model(read_safetensors(os.path.join(staging, WEIGHTS)), known.config, FP32, file)
    return vectors_of(replace(model, folder=staging, variant=FP32, files=()))


def _put_in_place(model: Model, data: str) -> Model:
    """Renamed whole; the one that was there before is out of the way first."""
    folder = folder_of(data, model.name)
    if os.path.lexists(folder):  # a model, mostly
        put_aside(data, model.name)
    os.replace(model.folder, folder)
    return replace(model, folder=folder)


def _made(known: KnownModel) -> str:
    return "scores" if known.kind == RERANKER else "vectors"


def _said(found: Agreement | None) -> str:
    return (
        f": cosine {found.cosine:.4f}, difference {found.difference:.1e}" if found is not None else ": it does not run"
    )
