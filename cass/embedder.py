"""`python -m cass.embedder`: one model for several processes.

It listens at one address, and ends with SIGTERM: what was taken is finished, the rest is told so.
"""

from __future__ import annotations

import argparse
import os
import select
import sys

from cass.addresses import parse
from cass.daemon.embedder_process import Manner, serve_embedder
from cass.errors import CassError, SemanticUnavailable, UsageError
from cass.paths import places
from cass.records import replace
from cass.render.config_text import problems
from cass.render.notices import notify
from cass.semantic.batcher import BATCH_MAX
from cass.semantic.embedders.base import EmbedderError
from cass.semantic.embedders.sidecar import TOKEN
from cass.semantic.embedders.table import INLINE, Beside, build_embedder, embedder_options
from cass.settings.quick import load
from cass.settings.table import BY_KEY, ROWS
from cass.status.misfits import misfits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cass.addresses import Address
    from cass.semantic.embedders.base import BaseEmbedder
    from cass.settings.quick import Settings

PROGRAM = "python -m cass.embedder"
# The least that is said at each level: what is wrong ends the process, and is said at any.
SAYS = ("debug", "info")
LEVEL = BY_KEY["log.level"]
FLAGS = {row.flag: row.key for row in ROWS if row.flag and row.flag.startswith("--semantic")}


def main(argv: Sequence[str] | None = None) -> int:
    """Run it; the exit code."""
    os.umask(0o077)
    asked = _parser().parse_args(argv)
    try:
        _run(asked)
    except CassError as bad:
        sys.stderr.write(f"{PROGRAM}: {bad}\n")
        return bad.exit_code
    return 0


def _run(asked: argparse.Namespace) -> None:
    address, token, owner = _address(asked.listen), _token(asked.token_file), _owner(asked.owner_fd)
    tell = _ready(asked.ready_fd)
    if not address.is_private and not token:
        raise UsageError(
            "off this machine it answers only to those who know a token", asked.listen, "add --token-file FILE"
        )
    flags = {LEVEL.key: asked.log_level, **{key: getattr(asked, key) for key in FLAGS.values()}}
    where = places(os.environ, data_dir=asked.data_dir)
    settings = load(where, os.environ, flags)
    if wrong := [*settings.problems, *misfits(settings, where.data)]:
        notify(problems(wrong), sys.stderr)
    embedder = _loaded(asked, settings)
    cache_size, later_max = settings.whole("embedder.cache_size"), settings.whole("worker.batch")
    manner = Manner(asked.batch_max, asked.batch_wait_ms / 1000, cache_size, token, later_max)
    say = _say if settings.text(LEVEL.key) in SAYS else _keep_quiet
    try:
        serve_embedder(embedder, address, manner, tell, say, owner)
    finally:
        embedder.close()


def _address(url: str) -> Address:
    try:
        return parse(url)
    except ValueError as bad:
        raise UsageError(str(bad), f"--listen {url}", "see --help") from bad


def _token(path: str | None) -> str:
    """From the file, or else from the variable that callers have it in."""
    if path is None:
        return os.environ.get(TOKEN, "")
    try:
        with open(path, encoding="utf-8") as file:
            token = file.readline().strip()
    except (OSError, ValueError) as bad:
        raise UsageError("the token cannot be read", path, "put it into the file's first line") from bad
    if not token:
        raise UsageError("the token is empty", path, "put it into the file's first line")
    return token


def _owner(descriptor: int | None) -> int | None:
    """Raises UsageError for what cannot be waited for."""
    try:
        if descriptor is not None:
            os.fstat(descriptor)  # Linux waits in vain for one that is larger than any that was ever open
            select.select([descriptor], [], [], 0)
    except (OSError, ValueError) as bad:
        what = f"{descriptor} is no descriptor that can be read from"
        raise UsageError(what, "--owner-fd", "hand on one end of a pipe") from bad
    return descriptor


def _loaded(asked: argparse.Namespace, settings: Settings) -> BaseEmbedder:
    """The embedder, ready, and the one that was asked for."""
    policy, where = settings.policy(), places(os.environ, data_dir=asked.data_dir)
    name = asked.model or policy.quality_tier_embedder
    threads = max(1, policy.max_backfill_threads)
    # Its own model: one that is in yet another process would be asked for there.
    options = replace(embedder_options(settings), data=where.data, threads=threads, beside=Beside(INLINE))
    try:
        embedder = build_embedder(name, options)
        embedder.load()
    except EmbedderError as bad:
        raise SemanticUnavailable(str(bad), None, bad.todo) from bad
    if not embedder.is_loaded:
        raise SemanticUnavailable(f"{name} cannot be used: {embedder.reason}", None, getattr(embedder, "todo", None))
    if asked.dimension not in (None, embedder.dim):
        embedder.close()
        what = f"{embedder.embedder_id} makes vectors of {embedder.dim} floats, not {asked.dimension}"
        raise UsageError(what, "--dimension", "leave it out, or name another --model")
    return embedder


def _ready(descriptor: int | None) -> Callable[[Address], None]:
    """Says that callers are heard.  Raises UsageError for a descriptor that nobody has handed on.

    To be made first: later the number may be that of the model's file, or of the socket.
    """
    try:
        if descriptor is not None:
            os.write(descriptor, b"")
    except OSError as bad:
        what = f"{descriptor} is no descriptor that can be written to"
        raise UsageError(what, "--ready-fd", "hand on one end of a pipe") from bad

    def tell(address: Address) -> None:
        if descriptor is not None:
            try:
                os.write(descriptor, b"READY\n")
                os.close(descriptor)
            except OSError:
                return  # whoever wanted to know is gone

    return tell


def _say(what: str) -> None:
    sys.stderr.write(f"{what}\n")
    sys.stderr.flush()


def _keep_quiet(what: str) -> None:
    """At this level there is nothing to say."""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(PROGRAM, description=__doc__, allow_abbrev=False)
    add = parser.add_argument
    add("--listen", required=True, metavar="URL", help="unix:///folder/name or tcp://127.0.0.1:PORT (0: any)")
    add("--model", metavar="NAME", help="as quality_tier_embedder, which it stands in for")
    add("--dimension", type=_count, metavar="N", help="refuse to start if the model's vectors are of another length")
    add("--batch-max", type=_count, default=BATCH_MAX, metavar="N", help="texts in a batch at most (%(default)s)")
    add("--batch-wait-ms", type=_milliseconds, default=0.0, metavar="MS", help="wait so long to fill a batch (0)")
    add("--ready-fd", type=int, metavar="N", help="a descriptor that gets READY once it listens")
    add("--owner-fd", type=int, metavar="N", help="a descriptor to read from; it ends when the other end is closed")
    add("--token-file", metavar="FILE", help=f"what callers must know; they have it in {TOKEN}")
    add("--log-level", choices=LEVEL.values, help=f"how much to say ({LEVEL.key})")
    add("--data-dir", metavar="DIR", help="where models are installed")
    for flag, key in FLAGS.items():
        add(flag, dest=key, metavar="VALUE", help="as for cass search")
    return parser


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 1_000_000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 on")
    return int(text)


def _milliseconds(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = -1.0
    if not 0 <= found <= 10_000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time from 0 to 10000")
    return found


if __name__ == "__main__":
    sys.exit(main())
