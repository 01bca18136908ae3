"""What share of the events carries a flag that matters to operators."""

from __future__ import annotations

from inspector.capture.reader import CaptureReader
from inspector.capture.steps import LABELS
from inspector.event import Flag
from inspector.metrics import Answer, Question, tallied


class _Share:
    """The share of events with `flag`, in percent; nothing where there are no events."""

    name: str
    title: str
    flag: Flag
    unit = "%"
    labels = (*LABELS, "header:NAME")

    def answer(self, reader: CaptureReader, question: Question) -> Answer | None:
        """See `Metric.answer`."""
        measure = f"event.flags & {int(self.flag)} != 0"
        return tallied(self, reader, question, measure, lambda tally, _step_us: 100 * tally.total / tally.count, empty=None)


class Undecodable(_Share):
    """Events whose value no decoder could read."""

    name = "undecodable"
    title = "Share of undecodable events"
    flag = Flag.undecodable


class Late(_Share):
    """Events that arrived after others with a later time."""

    name = "late"
    title = "Share of late events"
    flag = Flag.late


class Aborted(_Share):
    """Events of transactions that were rolled back."""

    name = "aborted"
    title = "Share of aborted events"
    flag = Flag.aborted
