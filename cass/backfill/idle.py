"""Since when is nobody at the machine?  Whatever the clocks do: a mark counts from the moment in which it changed."""

from __future__ import annotations

from cass.backfill.gates import IdleTime

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

COMMAND, TERMINAL, DESKTOP, WAKING = "a command of cass", "terminal", "keyboard or mouse", "the machine woke up"
# The two clocks drift apart by so much when the machine slept, or when somebody set one of them.
JUMP_MS = 5000


class Idle:
    """Calling it gives the time since the last sign of anybody.

    marks: name → when it was last touched, on the wall clock; a name is its source, or begins with it and a blank.
    input_s: seconds since the last key or movement of the mouse, None where the system does not tell · is_blind: may
    somebody type where neither tells of it?
    """

    def __init__(
        self,
        now_ms: Callable[[], int],
        monotonic_s: Callable[[], float],
        marks: Callable[[], Mapping[str, int]],
        input_s: Callable[[], float | None] = lambda: None,
        is_blind: Callable[[], bool] = lambda: False,
    ) -> None:
        self._now_ms = now_ms
        self._monotonic_s = monotonic_s
        self._marks = marks
        self._input_s = input_s
        self._is_blind = is_blind
        # Name → its mark, and when it was touched on the steady clock: None for what was made by a program.
        self._known: dict[str, tuple[int, float | None]] | None = None
        self._apart_ms = self._apart()
        self._woke_s: float | None = None
        # The newest sign of all, and when it was: a terminal may be closed, and somebody was there all the same.
        self._last: tuple[float, str] | None = None
        self._began_s = self._looked_s = monotonic_s()

    def __call__(self) -> IdleTime:
        now_s, marks, input_s = self._monotonic_s(), self._marks(), self._input_s()
        self._notice_waking(now_s)
        known = {name: self._seen(name, at_ms, now_s) for name, at_ms in marks.items()}
        self._known = known
        self._looked_s = now_s
        signs = [(now_s - at_s, name) for name, (_, at_s) in known.items() if at_s is not None]
        if input_s is not None:
            signs.append((input_s, DESKTOP))
        if self._woke_s is not None:
            signs.append((now_s - self._woke_s, WAKING))
        by_terminal = any([name.startswith(TERMINAL) for name in marks]) and not self._is_blind()
        sees_input = input_s is not None or by_terminal
        if self._last is not None:
            signs.append((now_s - self._last[0], self._last[1]))
        seconds, source = min(signs, default=(now_s - self._began_s, "nothing"))
        self._last = (now_s - seconds, source) if signs else None
        return IdleTime(max(seconds, 0.0), source.partition("/")[0].strip(), sees_input)

    def _seen(self, name: str, at_ms: int, now_s: float) -> tuple[int, float | None]:
        """The mark, and when it was touched, on the steady clock.

        A terminal that opens counts from what is typed in it: programs open many with nobody there.
        """
        known = None if self._known is None else self._known.get(name)
        if known is None and self._known is not None and name.startswith(TERMINAL):
            return at_ms, None
        if known is not None and known[0] == at_ms:
            return known
        age_s = (self._now_ms() - at_ms) / 1000
        # One that changed since the last look cannot be older than that; a time to come tells of a clock that was set.
        longest_s = now_s - self._looked_s if known is not None else age_s
        return at_ms, now_s - (age_s if 0 <= age_s <= longest_s else 0.0)

    def _notice_waking(self, now_s: float) -> None:
        apart_ms = self._apart()
        if abs(apart_ms - self._apart_ms) > JUMP_MS:
            self._woke_s = now_s
        self._apart_ms = apart_ms

    def _apart(self) -> float:
        return self._now_ms() - self._monotonic_s() * 1000
