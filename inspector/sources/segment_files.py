"""Kafka's own files as a source: a data directory, a partition's folder or one segment, with no broker. Writes nothing.

Each partition is looked through once for hashes, damage and transactions before its records are read. Read `segments` for the
bytes, `segment_read` for the reading.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import unquote

from inspector.errors import SourceError, UsageError
from inspector.segments.allowance import Allowance
from inspector.segments.extent import Extent, extent
from inspector.segments.facts import FileFacts
from inspector.segments.files import plain_name
from inspector.segments.layout import Partition, claimed, layout
from inspector.segments.survey import Survey
from inspector.sources import Absence, Batch, Isolation, LogInfo, Plan, Request, SourceInfo, Span
from inspector.sources.input_file import Gap, InputFile
from inspector.sources.segment_bounds import meant, refuse
from inspector.sources.segment_progress import meter
from inspector.sources.segment_read import SpanReading
from inspector.sources.segment_strays import Strays

_URL = re.compile(r"kafka-log:(?://)?(/.+|[A-Za-z]:.+|[^/].*)\Z", re.DOTALL)
_MOST_NOTES = 20
LOSES = "Segments lose nothing of a record; what retention or compaction removed is gone, and a batch's offset is not under its checksum."
PROVES = (
    "Checksums prove that the records of each batch are as the broker wrote them, and gaps in offsets are seen; "
    "they do not prove who wrote them, nor that no newer segment was left out."
)


class SegmentFiles:
    """Kafka's files at `kafka-log:///path`. Raises UsageError for an address without a path, SourceError (step "file") for
    a path that is not there or holds nothing of Kafka's."""

    def __init__(self, url: str, config: Mapping[str, str]) -> None:
        self._path = path_of(url)
        self._layout = layout(self._path)
        self._surveys: dict[int, Survey] = {}
        self._allowance = Allowance()
        self._early: list[Absence] = []
        self._strays: Strays | None = None
        self._meter = meter({})
        self._planned: list[int] = []
        """The number of the partition that each log of the plan is."""

    @staticmethod
    def claims(path: Path) -> str:
        """A folder that holds segments or folders of partitions, or a file named like a segment that is no text."""
        return claimed(path)

    @classmethod
    def of_path(cls, path: Path, config: Mapping[str, str]) -> SegmentFiles:
        """The files at a path."""
        return cls(f"kafka-log:{path.absolute().as_posix()}", config)

    def info(self) -> SourceInfo:
        """The path, the cluster that `meta.properties` names, and whether the broker had shut down cleanly."""
        said = self._layout.properties
        attributes: dict[str, object] = {"node_id": said["node.id"]} if "node.id" in said else {}
        if self._layout.is_clean is not None:
            attributes["clean_shutdown"] = self._layout.is_clean
        uri = f"kafka-log://{plain_name(self._path.as_posix())}"
        return SourceInfo("kafka-log", uri, cluster_id=self._layout.cluster_id, attributes=attributes)

    def logs(self, names: Sequence[str] = ()) -> list[LogInfo]:
        """The partitions of the named topics with the offsets that are on disk; reads headers at the end of each."""
        return [self._described(number) for number in self._chosen(names, ())]

    def files(self) -> list[FileFacts]:
        """What is known of each file that was looked through so far."""
        return [found.facts for number in sorted(self._surveys) for found in self._surveys[number].files]

    def pin(self, request: Request) -> Plan:
        """What `request` means now; no topic named means all under the path."""
        refuse(request)
        self._planned = self._chosen(request.logs, request.partitions)
        self._strays = None
        self._meter = meter({number: self._layout.partitions[number] for number in self._planned})
        plan = Plan(logs=[self._described(number) for number in self._planned], spans=[], asked=[], notes=list(self._layout.notes))
        # newest first, windows are read in rounds: positions say how far that is
        plan.total_bytes = None if request.newest_first else self._meter.total
        self._early = []
        for place, (number, info) in enumerate(zip(self._planned, plan.logs, strict=True)):
            partition = self._layout.partitions[number]
            asked = meant(partition, place, Extent(info.first, info.end), request, plan.notes, self._allowance)
            plan.asked.append((asked.start, asked.end))
            self._early.extend(asked.absent)
            start = max(asked.start, info.first)
            if start < asked.end or (info.first == info.end and asked.start <= info.first):
                plan.spans.append(Span(place, start, asked.end))
        return plan

    def read(self, plan: Plan, request: Request, stop: threading.Event) -> Iterator[Batch]:
        """See `Source.read`. Partition by partition; `state` says which file is being checked."""
        if self._early:
            yield Batch(absent=list(self._early))
            self._early = []
        strays = self._strays = self._strays or Strays(plan)
        for span in plan.spans:
            number = self._planned[span.log]
            yield from self._surveyed(number, span.log, stop)
            if stop.is_set():
                return
            survey = self._surveys[number]
            reading = SpanReading(survey, self._visible(span, survey, request), request.isolation, stop, self._allowance, strays)
            for batch in reading.batches():
                batch.read_bytes = self._meter.read(number, reading.read_bytes)
                yield batch
            yield Batch(inputs=[as_input(found.facts) for found in survey.files])
            if stop.is_set():
                return
        yield from self._without_records(plan, stop)
        if not stop.is_set():
            yield Batch(read_bytes=self._meter.total)

    def close(self) -> None:
        """Nothing is held between calls."""

    # ---- partitions

    def _chosen(self, names: Sequence[str], partitions: Sequence[int]) -> list[int]:
        known = {partition.key.name for partition in self._layout.partitions}
        for name in names:
            if name not in known:
                raise SourceError(f"{self._path.name} holds no files of topic {name}; it has {_listed(sorted(known))}", step="topic")
        chosen = [
            number
            for number, partition in enumerate(self._layout.partitions)
            if (not names or partition.key.name in names) and (not partitions or partition.key.partition in partitions)
        ]
        if not chosen:
            raise UsageError(f"{self._path.name} holds no partition {partitions[0]} of what is named")
        return sorted(chosen, key=lambda number: self._place(self._layout.partitions[number]))

    @staticmethod
    def _place(partition: Partition) -> tuple[str, int]:
        return partition.key.name, partition.key.partition

    def _described(self, number: int) -> LogInfo:
        partition = self._layout.partitions[number]
        survey = self._surveys.get(number)
        first, end = (survey.first, survey.end) if survey is not None and survey.is_done else extent(partition)
        return LogInfo(partition.key, first, end, partition.key.name.startswith("__"))

    def _surveyed(self, number: int, place: int, stop: threading.Event) -> Iterator[Batch]:
        """Looks a partition through, unless that is done; says what was found."""
        known = self._surveys.get(number)
        if known is not None and known.is_done:
            return
        survey = self._surveys[number] = Survey(self._layout.partitions[number], self._path)
        for found in survey.run(stop):
            batch = Batch(read_bytes=self._meter.looked(number, survey.read_bytes))
            if found is not None:
                batch.state = f"checked {found.facts.name}"
                batch.notes = [f"{found.facts.name}: {text}" for text in _said(found.facts)]
            yield batch
        if not survey.is_done:
            return
        texts = [found.facts.name for found in survey.files if found.has_text]
        if texts and len(self._layout.partitions) == 1 and not any(found.facts.batches for found in survey.files):
            raise SourceError(f"{texts[0]} is text and no Kafka segment: import it as a text export (eventscope import)", step="file")
        yield Batch(state="reading", notes=survey.notes[:_MOST_NOTES], end={place: survey.end})

    def _without_records(self, plan: Plan, stop: threading.Event) -> Iterator[Batch]:
        """What is known of the files of partitions in which no offset was found: there may be nothing but damage in them."""
        for place, number in enumerate(self._planned):
            if number in self._surveys or plan.logs[place].first < plan.logs[place].end:
                continue
            yield from self._surveyed(number, place, stop)
            if stop.is_set():
                return
            for found in self._surveys[number].files:
                found.facts.is_whole = not found.has_changed
            yield Batch(inputs=[as_input(found.facts) for found in self._surveys[number].files])

    @staticmethod
    def _visible(span: Span, survey: Survey, request: Request) -> Span:
        """Readers of committed records get nothing from the last stable offset on."""
        if request.isolation is not Isolation.committed or span.end is None:
            return span
        return Span(span.log, span.start, max(span.start, min(span.end, survey.transactions.stable)))


def _said(facts: FileFacts) -> list[str]:
    """Sentences on one file: its damage and its notes."""
    gaps = [f"bytes {gap.start:,} to {gap.end:,}: {gap.reason}" for gap in facts.gaps[:5]]
    more = len(facts.gaps) - 5 + facts.more_gaps
    return [*gaps, *([f"… and {more:,} more damaged ranges"] if more > 0 else []), *facts.notes]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")


def as_input(facts: FileFacts) -> InputFile:
    """What a capture keeps of a segment file."""
    return InputFile(
        facts.name,
        facts.path,
        facts.size_bytes,
        facts.modified_us,
        facts.sha256,
        facts.format,
        loses=LOSES,
        proves=PROVES,
        rows=facts.rows,
        damaged=facts.damaged,
        gaps=tuple(Gap(gap.start, gap.end, gap.reason) for gap in facts.gaps),
        notes=tuple(facts.notes),
        is_whole=facts.is_whole,
    )


def path_of(url: str) -> Path:
    """The path that `kafka-log:///var/kafka` names; `kafka-log:orders-0` is a relative one. Raises UsageError."""
    match = _URL.match(url)
    if match is None:
        raise UsageError(f"{url!r} names no path: write kafka-log:///path/of/kafka-logs, or kafka-log:orders-0")
    path = Path(match[1]).expanduser()
    return (path if path.exists() else Path(unquote(match[1])).expanduser()).absolute()
