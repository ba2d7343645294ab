"""What the worker does at a time: a tick over the real archive, by the settings of the moment."""

from __future__ import annotations

from cass import clock
from cass.backfill.gates import QUIET, Asked, Manners, Situation, first_hold
from cass.backfill.machine import BackfillRequest, Machine
from cass.backfill.manners import manners_of
from cass.backfill.memory import Past
from cass.backfill.sensors import real_sensors
from cass.backfill.tick import Ticker
from cass.backfill.worker import Wishes
from cass.daemon.control import paused
from cass.semantic.embedders.table import build_embedder, embedder_options
from cass.settings.quick import load

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cass.backfill.gates import Pause
    from cass.backfill.machine import Build
    from cass.backfill.worker import Tick
    from cass.paths import Places
    from cass.settings.quick import Settings

    Flags = Mapping[str, object]


class Ticks:
    """Makes ticks.  The sensors live as long as this does: what they tell is a difference to before.

    flags: of this worker's own command line · manners: how much may be noticed, as the settings say.
    """

    def __init__(
        self,
        places: Places,
        env: Mapping[str, str],
        flags: Flags | None = None,
        manners: Callable[[Settings], Manners] | None = None,
        build: Build = build_embedder,
    ) -> None:
        self._places = places
        self._env = env
        self._flags = flags
        self._manners = manners or (lambda settings: manners_of(settings.value))
        self._build = build
        self._sensors = real_sensors(places)
        self._since_s = clock.monotonic_s()
        self._past = Past()

    def __call__(self, is_stopped: Callable[[], bool], begun: Callable[[str], None] = lambda because: None) -> Tick:
        """A tick by the settings as they are now, which stops within a batch when `is_stopped`.

        `begun` is told why a chunk may begin.
        """
        settings = load(self._places, self._env, self._flags)
        configured = load(self._places, self._env) if self._flags else settings
        machine = Machine(
            clock.now_ms,
            clock.monotonic_s,
            self._sensors.free_bytes,
            is_stopped,
            build=self._build,
            embedder_options=embedder_options(settings),
        )
        asked = Asked(
            stop=is_stopped,
            paused=self._paused,
            unread_settings=settings.unread_file(),
            manners=self._manners(settings),
        )
        most = settings.whole("worker.max_attempts")
        request = BackfillRequest(settings.policy(), configured.policy(), max_attempts=most)
        return Ticker(self._places, request, machine, self._sensors, asked, True, self._past, begun).tick

    def is_quiet(self) -> bool:
        """Would nobody notice work that makes no vectors?  By the gates that ask for the person and the machine."""
        settings = load(self._places, self._env)
        asked = Asked(paused=self._paused, manners=self._manners(settings))
        return first_hold(Situation(settings.policy(), self._sensors, asked, waited_s=self._waited_s), QUIET) is None

    def _paused(self) -> Pause | None:
        return paused(self._places.data, clock.now_ms())

    def _waited_s(self) -> float:
        return clock.monotonic_s() - self._since_s


def wishes(settings: Settings) -> Wishes:
    """How often the worker looks, and how long it stays."""
    return Wishes(settings.number("worker.poll_s"), settings.number("worker.idle_exit_s"))
