"""Events and bytes a second, by event time, from the rollup that a capture keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from inspector.capture.reader import CaptureReader
from inspector.capture.rollup import GROUPINGS, Throughput, throughput
from inspector.metrics import SECOND_US, Answer, Question, check_by, gathered


class EventRate:
    """Events a second."""

    name: ClassVar = "events"
    title: ClassVar = "Events a second"
    unit: ClassVar = "events/s"
    labels: ClassVar[Sequence[str]] = GROUPINGS

    def answer(self, reader: CaptureReader, question: Question) -> Answer | None:
        """See `Metric.answer`."""
        found = _found(reader, check_by(self, question.by), question)
        return None if found is None else _answer(self.name, self.unit, found, found.events)


class ByteRate:
    """Bytes of keys, values and headers a second."""

    name: ClassVar = "bytes"
    title: ClassVar = "Bytes a second"
    unit: ClassVar = "bytes/s"
    labels: ClassVar[Sequence[str]] = GROUPINGS

    def answer(self, reader: CaptureReader, question: Question) -> Answer | None:
        """See `Metric.answer`."""
        found = _found(reader, check_by(self, question.by), question)
        return None if found is None else _answer(self.name, self.unit, found, found.bytes)


def _found(reader: CaptureReader, by: str, question: Question) -> Throughput | None:
    span_s = None if question.span_us is None else (question.span_us[0] // SECOND_US, -(-question.span_us[1] // SECOND_US))
    last_s = None if question.last_us is None else -(-question.last_us // SECOND_US)
    return throughput(reader, by, most_points=question.most_points, last_s=last_s, span_s=span_s)


def _answer(name: str, unit: str, found: Throughput, counts: Mapping[str, Sequence[int]]) -> Answer:
    lines = {label: [count / found.width_s for count in values] for label, values in counts.items()}
    return Answer(name, unit, found.first_s * SECOND_US, found.width_s * SECOND_US, gathered(lines))
