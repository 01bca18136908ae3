"""How large records are: keys and values together."""

from __future__ import annotations

from inspector.capture.reader import CaptureReader
from inspector.capture.steps import LABELS
from inspector.metrics import Answer, Question, tallied

_SIZE = "coalesce(event.key_bytes, 0) + coalesce(event.value_bytes, 0)"


class MeanSize:
    """Bytes of a record, on average."""

    name = "size"
    title = "Size of a record, on average"
    unit = "bytes"
    labels = (*LABELS, "header:NAME")

    def answer(self, reader: CaptureReader, question: Question) -> Answer | None:
        """See `Metric.answer`."""
        return tallied(self, reader, question, _SIZE, lambda tally, _step_us: tally.total / tally.count, empty=None)


class LargestSize:
    """Bytes of the largest record."""

    name = "largest"
    title = "Size of the largest record"
    unit = "bytes"
    labels = (*LABELS, "header:NAME")

    def answer(self, reader: CaptureReader, question: Question) -> Answer | None:
        """See `Metric.answer`."""
        return tallied(self, reader, question, _SIZE, lambda tally, _step_us: tally.largest, empty=None)
