"""Which events made the numbers of some groups, and which of these groups were left out. Read-only.

Read `plan` for how events are asked for, `drift` for who wants to know.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace

from inspector.capture.reader import CaptureReader
from inspector.projections import chunk
from inspector.projections.cells import Key
from inspector.projections.moment import NOW, Moment
from inspector.projections.plan import plan
from inspector.projections.spec import Projection

CHUNK = 1 << 14
MOST_EVENTS = 20
"""Of one group so many are named: the last ones."""
Look = Callable[[int, int], None]


@dataclass(slots=True)
class Contributors:
    """The numbers of the last events of one group, ascending, and how many there are in all."""

    seqs: list[int] = field(default_factory=list)
    count: int = 0

    def add(self, seqs: list[int]) -> None:
        """Adds later ones."""
        self.count += len(seqs)
        self.seqs = [*self.seqs, *seqs][-MOST_EVENTS:]


def _unwatched(_done: int, _of: int) -> None:
    pass


def contributors(
    reader: CaptureReader, projection: Projection, moment: Moment, wanted: Collection[Key], *, look: Look = _unwatched
) -> dict[Key, Contributors]:
    """The events that count for the cells `wanted`, in the order of arrival. Raises as `State.advance`.

    `look` is called before each stretch with the last number looked at and the last there is; what it raises ends the search.
    """
    found = {key: Contributors() for key in wanted}
    if not found:
        return found
    asked = plan(projection, moment, is_masked=reader.masks is not None, with_seq=True)
    mark = reader.watermark()
    for low in range(mark.first_seq, mark.last_seq + 1, CHUNK):
        look(low - 1, mark.last_seq)
        for key, seqs in chunk.seqs_by_key(reader, asked, low, min(low + CHUNK - 1, mark.last_seq), found).items():
            found[key].add(seqs)
    return found


def left_out(
    reader: CaptureReader, projection: Projection, counted: dict[Key, Contributors], *, look: Look = _unwatched
) -> dict[Key, Contributors]:
    """Events of the same cells that match the filter and do not count: they were aborted, or came after the moment."""
    everything = contributors(reader, replace(projection, include_aborted=True), NOW, counted, look=look)
    found = {}
    for key, of_all in everything.items():
        known = set(counted[key].seqs)
        found[key] = Contributors([seq for seq in of_all.seqs if seq not in known], of_all.count - counted[key].count)
    return found
