"""Events and bytes a second, by event time: from the rollup that a capture keeps, or from the events for what it does not keep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from inspector.capture.reader import CaptureReader
from inspector.capture.rollup import GROUPINGS, Throughput, throughput
from inspector.capture.steps import LABELS
from inspector.metrics import SECOND_US, Answer, Question, check_by, gathered, tallied

_LABELS = (*GROUPINGS, *(label for label in LABELS if label not in GROUPINGS), "header:NAME")


class EventRate:
    """Events a second."""

    name = "events"
    title = "Events a second"
    unit = "events/s"
    labels = _LABELS

    def answer(self, reader: CaptureReader, question: Question) -> Answer | None:
        """See `Metric.answer`."""
        by = check_by(self, question.by)
        if (found := _kept(reader, by, question)) is not None:
            return _rates(self.name, self.unit, found, found.events)
        return tallied(self, reader, question, "1", lambda tally, step_us: tally.count * SECOND_US / step_us, empty=0)


class ByteRate:
    """Bytes of keys and values a second."""

    name = "bytes"
    title = "Bytes a second"
    unit = "bytes/s"
    labels = _LABELS

    def answer(self, reader: CaptureReader, question: Question) -> Answer | None:
        """See `Metric.answer`."""
        by = check_by(self, question.by)
        if (found := _kept(reader, by, question)) is not None:
            return _rates(self.name, self.unit, found, found.bytes)
        size = "coalesce(event.key_bytes, 0) + coalesce(event.value_bytes, 0)"
        return tallied(self, reader, question, size, lambda tally, step_us: tally.total * SECOND_US / step_us, empty=0)


def _kept(reader: CaptureReader, by: str, question: Question) -> Throughput | None:
    """From the rollup, where it can say it: it knows whole seconds, four labels and no filter."""
    step_s, rest_us = divmod(question.step_us or 0, SECOND_US)
    if by not in GROUPINGS or question.filter or rest_us:
        return None
    from_us, until_us = question.span_us or (None, None)
    span_s = (None if from_us is None else from_us // SECOND_US, None if until_us is None else -(-until_us // SECOND_US))
    wanted_s = span_s if question.span_us else None
    last_s = None if question.last_us is None else -(-question.last_us // SECOND_US)
    return throughput(reader, by, most_points=question.most_points, last_s=last_s, span_s=wanted_s, step_s=step_s or None)


def _rates(name: str, unit: str, found: Throughput, counts: Mapping[str, Sequence[int]]) -> Answer:
    lines = {label: [count / found.width_s for count in values] for label, values in counts.items()}
    return Answer(name, unit, found.first_s * SECOND_US, found.width_s * SECOND_US, gathered(lines))
