"""What is to know about moments beside the numbers: what checks found, resets of consumers, notes and marks of the user. Read on a worker.

Read `plots` for how they are drawn.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from app.models.finding_words import SIGNS, TONES
from app.plot_parts import Mark
from inspector.capture import findings
from inspector.capture.histogram import times_of
from inspector.capture.notes import Note
from inspector.capture.reader import CaptureReader
from inspector.capture.sidecar import MARK
from inspector.errors import StorageError
from inspector.lag import resets
from inspector.lag.resets import SetBack

_MOST, _PLACES = 500, 4


def marks(reader: CaptureReader, notes: Sequence[Note]) -> list[Mark]:
    """The newest notes and marks, the newest resets, and findings by the first event that each names and that is here; by time.

    Raises CaptureError for a damaged capture.
    """
    try:
        found = findings.shown(reader).findings[:_MOST]
    except StorageError:
        found = ()  # the pane of findings says why
    noted = [note for note in notes if note.seq is not None][-_MOST:]
    named = [seq for one in found for seq in one.events[:1]]
    times = times_of(reader, [*named, *(note.seq for note in noted if note.seq is not None)])
    told = [(one.events[0], f"{SIGNS.get(one.severity, '?')} {one.text}", TONES.get(one.severity, "dim")) for one in found if one.events]
    told += [(note.seq or 0, "marked event" if note.kind == MARK else f"note: {note.text}", "accent") for note in noted]
    of_events = [Mark(times[seq] / 1e6, text, role) for seq, text, role in told if seq in times]
    return sorted([*of_events, *_resets(resets.seen(reader, _MOST))], key=lambda mark: mark.at_s)


def _resets(found: Sequence[SetBack]) -> Iterator[Mark]:
    """One mark for all partitions of a log in which a consumer was set back at once."""
    together: dict[tuple[int, str, str], list[SetBack]] = {}
    for one in found:
        together.setdefault((one.reset.time_us, one.consumer, one.place[0]), []).append(one)
    for (time_us, consumer, log), several in together.items():
        parts = sorted(several, key=lambda one: one.place)
        said = [f"{log}/{one.place[1]} from {one.reset.before:,} to {one.reset.after:,}" for one in parts[:_PLACES]]
        more = f", and {len(parts) - _PLACES:,} more partitions" if len(parts) > _PLACES else ""
        yield Mark(time_us / 1e6, f"↺ {consumer} was set back in {', '.join(said)}{more}", "warn", is_of_all=True)
