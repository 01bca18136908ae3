"""How long events are on their way: from when they happened to when they were recorded, and to when they were captured."""

from __future__ import annotations

from inspector.capture.reader import CaptureReader
from inspector.capture.steps import LABELS
from inspector.metrics import SECOND_US, Answer, Question, tallied

_RECORDED = "event.recorded_us - event.time_us"
_CAPTURED = "event.captured_us - coalesce(event.recorded_us, event.time_us)"


class RecordDelay:
    """Seconds from an event's own time to the record's, at most; only of events that have both."""

    name = "record-delay"
    title = "Delay until recorded, at most"
    unit = "s"
    labels = (*LABELS, "header:NAME")

    def answer(self, reader: CaptureReader, question: Question) -> Answer | None:
        """See `Metric.answer`."""
        return tallied(self, reader, question, _RECORDED, lambda tally, _step_us: tally.largest / SECOND_US, empty=None)


class CaptureDelay:
    """Seconds from the record's time (the event's, without one) to its capture, at most: for what was read later, how old it was."""

    name = "capture-delay"
    title = "Delay until captured, at most"
    unit = "s"
    labels = (*LABELS, "header:NAME")

    def answer(self, reader: CaptureReader, question: Question) -> Answer | None:
        """See `Metric.answer`."""
        return tallied(self, reader, question, _CAPTURED, lambda tally, _step_us: tally.largest / SECOND_US, empty=None)
