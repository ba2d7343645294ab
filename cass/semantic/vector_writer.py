"""Write the vectors of a tier: append and remove.  One writer a data folder; the caller holds its lock.

Rows go to the end of the newest open segment, so that little is written for little that is new; then the list is
replaced, and only now they are there.  A kill or a full disk in between leaves the published set as it was.
Histories are embedded from the newest to the oldest; what is newer than all of it goes to segments of its own, so that
the oldest segment stays the oldest and evicting it takes the oldest messages.
"""

from __future__ import annotations

import os
from zlib import crc32

from cass.records import record, replace
from cass.semantic.blocks import NEW_FILES_BYTES, add, fitting, new_segment, size_bytes, take_back, texts_of
from cass.semantic.budget import SLACK_BYTES
from cass.semantic.manifest import HISTORY, RECENT, Damage, Dead, Manifest, read_manifest
from cass.semantic.segment_files import dead_name
from cass.semantic.segments import OpenSegment, dead_bytes, open_segment
from cass.semantic.standing import KIND_OF

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from cass.policy import BudgetDecision
    from cass.semantic.blocks import Given, Text
    from cass.semantic.budget import Budget, Evicted
    from cass.semantic.manifest import Recipe, Segment


@record
class Appended:
    """What came of an append.  `refused` texts are not there because of `why`; None: they wait, see `Budget`.

    `too_large` are those that were passed over, because smaller ones behind them may fit.
    """

    texts: int = 0
    size_bytes: int = 0
    evicted: tuple[Evicted, ...] = ()
    refused: tuple[int, ...] = ()
    why: BudgetDecision | None = None
    too_large: tuple[int, ...] = ()

    def and_then(self, other: Appended) -> Appended:
        return Appended(
            self.texts + other.texts,
            self.size_bytes + other.size_bytes,
            self.evicted + other.evicted,
            self.refused + other.refused,
            self.why or other.why,
            self.too_large + other.too_large,
        )


class TierWriter:
    """Adds vectors made by one recipe to a tier, and takes vectors away."""

    def __init__(self, tier: str, recipe: Recipe, budget: Budget, now_ms: Callable[[], int]) -> None:
        self.tier = tier
        self.recipe = recipe
        self.budget = budget
        self.shelf = budget.shelf
        self.folder = budget.shelf.folder(tier)
        self._now_ms = now_ms

    def manifest(self) -> Manifest:
        """What is published; empty where nothing is, or nothing can be read."""
        found = read_manifest(self.folder)
        return found if isinstance(found, Manifest) else Manifest()

    def replaced(self) -> set[str]:
        """The names of segments that another model or another cutting made."""
        return {f"{self.tier}/{one.number}" for one in self.manifest().segments if one.recipe != self.recipe}

    def append(self, rows: Iterable[Given]) -> Appended:
        """Add (text id, piece, newest ms, vector), the pieces of a text one after the other.

        A vector of length 0 marks its text as done.  What the tier had of a text before is replaced.
        Asks the budget before each write; what does not fit is refused, the newest are written first.
        Raises OSError where the disk fails, the published set then as it was after the last whole write.
        """
        texts = texts_of(rows, self.recipe.dim)
        newest_ms = max([segment.newest_ms for segment in self.manifest().segments], default=None)
        recent = [text for text in texts if newest_ms is not None and text.newest_ms > newest_ms]
        history = [text for text in texts if newest_ms is None or text.newest_ms <= newest_ms]
        done = self._fill_with_welcome(RECENT, recent)
        return done.and_then(self._fill_with_welcome(HISTORY, history))

    def _fill_with_welcome(self, side: str, texts: list[Text]) -> Appended:
        """Those that do not wait; for the room that the others of an append won by evicting, older ones do."""
        until_ms = self.budget.waits(self.tier)
        waiting = [text.id for text in texts if until_ms is not None and text.newest_ms <= until_ms]
        waits = set(waiting)
        done = self._fill(side, [text for text in texts if text.id not in waits])
        return done.and_then(Appended(refused=tuple(waiting)))

    def _fill(self, side: str, texts: list[Text]) -> Appended:
        done = Appended()
        while texts:
            segment = self._open(side, texts[0], self.manifest())
            room_bytes = self._full_bytes(side) - size_bytes(segment)
            count = max(fitting(texts, room_bytes), 1)
            wrote = self._write(side, texts[:count])
            texts = texts[count - len(wrote.refused) :]
            if wrote.refused and self._is_passed_over(texts[0], wrote):
                wrote = replace(wrote, refused=(), why=None, too_large=(texts.pop(0).id,))
            done = done.and_then(replace(wrote, refused=()))
            if wrote.refused:
                break
        return done.and_then(Appended(refused=tuple([text.id for text in texts])))

    def _is_passed_over(self, text: Text, wrote: Appended) -> bool:
        """Is the first one that was refused so large that those behind it may fit?"""
        return wrote.why is not None and wrote.why.is_allowed and self.budget.is_large(text.size_bytes)

    def _open(self, side: str, text: Text, manifest: Manifest) -> Segment:
        """The segment that takes the next text of this side: the last one while it has room, else a new one."""
        mine = [one for one in manifest.segments if one.side == side and one.recipe == self.recipe and one.live_count]
        if mine and size_bytes(mine[-1]) + text.size_bytes <= self._full_bytes(side):
            return mine[-1]
        return new_segment(manifest.next_number, self.recipe, side)

    def _full_bytes(self, side: str) -> int:
        """How large a segment of this side may grow.

        What little fits at the end of the budget goes to the last one: an oldest segment that is tiny would go together
        with the next, where one eviction should be enough.
        """
        full_bytes = self.budget.segment_bytes
        is_at_the_end = side == HISTORY and self.budget.left_bytes(KIND_OF[self.tier]) < full_bytes // 2
        return full_bytes + full_bytes // 2 if is_at_the_end else full_bytes

    def _write(self, side: str, texts: list[Text]) -> Appended:
        """Add texts that one segment can hold, as many as the budget lets in."""
        kind = KIND_OF[self.tier]
        need_bytes, newest_ms = NEW_FILES_BYTES + _total(texts), max([text.newest_ms for text in texts])
        leave = self.budget.make_room(kind, need_bytes, newest_ms, self.replaced())
        if leave.refused is None:
            return self._add(side, texts).and_then(Appended(evicted=leave.evicted))
        count = fitting(texts, self.budget.left_bytes(kind) - NEW_FILES_BYTES) if leave.refused.is_allowed else 0
        refused = Appended(evicted=leave.evicted, refused=tuple([text.id for text in texts[count:]]), why=leave.refused)
        return self._add(side, texts[:count]).and_then(refused) if count else refused

    def _add(self, side: str, texts: list[Text]) -> Appended:
        """Write the texts and publish them; what else was known of them counts no more."""
        manifest = self.manifest()
        try:
            marked = self._without(manifest, {text.id for text in texts})
            segment = self._open(side, texts[0], marked)
            added = add(self.shelf.volume, self.folder, segment, texts, self._now_ms())
            try:
                self._publish(_with(marked, added))
            except BaseException:
                take_back(self.shelf.volume, self.folder, segment)
                raise
        except OSError:
            self.shelf.sweep(self.tier)
            raise
        return Appended(texts=len(texts), size_bytes=_total(texts))

    def remove(self, texts: Collection[int]) -> int:
        """Forget the vectors of these texts; how many there were.

        Where there is no room to write that down, the whole segment goes and is owed again.
        """
        manifest = self.manifest()
        marked = self._without(manifest, frozenset(texts))
        if marked != manifest:
            self._publish(marked)
        return _dead_count(marked) - _dead_count(manifest)

    def _without(self, manifest: Manifest, texts: Collection[int]) -> Manifest:
        """The same segments with the rows of these texts marked as dead."""
        return replace(manifest, segments=tuple([self._segment_without(one, texts) for one in manifest.segments]))

    def _segment_without(self, segment: Segment, texts: Collection[int]) -> Segment:
        if not texts or min(texts) > segment.highest_id or max(texts) < segment.lowest_id:
            return segment
        opened = open_segment(self.folder, segment)
        if isinstance(opened, Damage):
            return segment
        places = opened.places(texts)
        return self._marked(opened, places) if places else segment

    def _marked(self, opened: OpenSegment, places: list[int]) -> Segment:
        segment = opened.segment
        data = dead_bytes([*opened.dead, *places])
        texts = {opened.key(place)[0] for place in places}
        dead = Dead(
            number=segment.dead.number + 1,
            count=segment.dead.count + len(places),
            texts=segment.dead.texts + len(texts),
            crc=crc32(data),
        )
        marked = replace(segment, dead=dead)
        if len(data) <= self.budget.left_bytes(KIND_OF[self.tier]) + SLACK_BYTES // 2:
            self.shelf.volume.extend(os.path.join(self.folder, dead_name(marked)), 0, data)
            return marked
        return replace(segment, dead=replace(dead, count=segment.count, texts=segment.texts))

    def _publish(self, manifest: Manifest) -> None:
        """Make this the list, without segments of which nothing counts, and remove what it does not name."""
        kept = tuple([segment for segment in manifest.segments if segment.live_count])
        self.shelf.publish(self.tier, replace(manifest, segments=kept))
        self.shelf.sweep(self.tier)


def _with(manifest: Manifest, segment: Segment) -> Manifest:
    """The list with this segment, in its old place or at the end."""
    known = {one.number: one for one in manifest.segments} | {segment.number: segment}
    number = max(manifest.next_number, segment.number + 1)
    return replace(manifest, segments=tuple(known.values()), next_number=number)


def _dead_count(manifest: Manifest) -> int:
    return sum([segment.dead.count for segment in manifest.segments])


def _total(texts: list[Text]) -> int:
    return sum([text.size_bytes for text in texts])
