"""Whether what was folded is a stream's whole history, in the words of the design, judged from versions and coverage. Pure.

Versions are the best witness: without a gap from the first on, nothing before the last is missing, however the log was
read. Without versions only an account of the whole log can say so, and where the log itself may have lost records
(compaction) the answer is `unknown`. Read `evidence` for where the account comes from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from inspector.capture.coverage import NOT_FETCHED, Segment
from inspector.event import without_ranges
from inspector.replay.tally import Tally
from inspector.sources.file_runs import NOT_IN_FILES

WHOLE = "whole"
STARTS_LATE = "starts_late"
HOLES = "holes"
FILTERED = "filtered"
UNKNOWN = "unknown"
_MOST_SAID = 10


@dataclass(frozen=True, slots=True)
class LogAccount:
    """What a capture knows of one log that may hold the stream's events.

    `base` is the position a log of this kind starts with; `first` and `end` are what the source had when last seen;
    `upto` ends the part that matters (after the last event folded), None for all.
    """

    name: str
    segments: Sequence[Segment]
    base: int = 0
    first: int | None = None
    end: int | None = None
    upto: int | None = None
    compacted: bool = False
    is_of_files: bool = False
    """Whether files claim its positions: nobody can tell whether there was anything at those that they leave out."""

    @property
    def stop(self) -> int | None:
        """The end (exclusive) of what matters for the history; None when nothing is known of it."""
        known = [segment.end for segment in self.segments] + ([self.end] if self.end is not None else [])
        return self.upto if self.upto is not None else max(known, default=None)


@dataclass(slots=True)
class Verdict:
    """`history` is one of the design's words; `absent` says in sentences what is not there."""

    history: str
    absent: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Findings:
    """What the accounts of all logs show."""

    filtered: list[str] = field(default_factory=list)
    late: list[str] = field(default_factory=list)
    holes: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)


def judge(tally: Tally, logs: Sequence[LogAccount], *, base_version: int | None = None, doubts: Sequence[str] = ()) -> Verdict:
    """The verdict on a history of which `tally` was seen, in these `logs`.

    `base_version` is the version that the source's streams begin with (None: 0 or 1); `doubts` are further reasons for
    which a stream without versions may be elsewhere, such as partitions that were not read.
    """
    findings = _Findings(doubts=list(doubts))
    for log in logs:
        _examine(log, findings)
    if not logs:
        findings.doubts.append("the capture has no account of the log this stream is in")
    by_version = _by_version(tally, base_version, findings)
    if by_version is not None:
        return by_version
    absent = [*findings.filtered, *findings.late, *findings.holes, *findings.doubts]
    if findings.filtered:
        return Verdict(FILTERED, absent)
    if findings.late:
        return Verdict(STARTS_LATE, absent)
    if findings.holes:
        return Verdict(HOLES, absent)
    return Verdict(UNKNOWN if findings.doubts else WHOLE, absent)


def _by_version(tally: Tally, base_version: int | None, findings: _Findings) -> Verdict | None:
    """What versions alone decide; None when they decide nothing."""
    if not tally.has_all_versions or tally.first_version is None:
        return None
    starts_late = tally.first_version > (1 if base_version is None else base_version)
    absent = []
    if starts_late:
        absent.append(f"versions before {tally.first_version} are not in the capture")
    if tally.missing_count:
        absent.append(_missing(tally))
    if not absent:
        return Verdict(WHOLE)
    absent += [*findings.filtered, *findings.late, *findings.holes]
    if findings.filtered:
        return Verdict(FILTERED, absent)
    return Verdict(HOLES if tally.missing_count else STARTS_LATE, absent)


def _missing(tally: Tally) -> str:
    if tally.missing_count == 1:
        return f"version {tally.missing[0]} is not in the capture"
    some = ", ".join(str(version) for version in tally.missing[:5])
    return f"{tally.missing_count:,} versions are not in the capture: {some}{' …' if tally.missing_count > 5 else ''}"


def _examine(log: LogAccount, findings: _Findings) -> None:
    stop = log.stop
    if stop is None:
        findings.doubts.append(f"{log.name}: nothing is known of what was read")
        return
    seen = [segment for segment in log.segments if segment.state != "absent" and segment.start < stop]
    for segment in seen:
        if segment.state == "scanned":
            findings.filtered.append(
                f"{log.name}: positions {_range(segment.start, min(segment.end, stop))} were read through {segment.filter}"
            )
    if log.is_of_files:
        _examine_files(log, seen, stop, findings)
        return
    start = min((segment.start for segment in seen), default=stop)
    if start > log.base:
        findings.late.append(f"{log.name}: positions {_range(log.base, start)} are absent: {_reason(log, log.base, start)}")
    for low, high in without_ranges(start, stop, [(segment.start, segment.end) for segment in seen]):
        assert high is not None
        findings.holes.append(f"{log.name}: positions {_range(low, high)} are absent: {_reason(log, low, high)}")
    _examine_gaps(log, seen, findings)


def _examine_files(log: LogAccount, seen: Sequence[Segment], stop: int, findings: _Findings) -> None:
    left_out = [(low, high) for low, high in without_ranges(log.base, stop, [(one.start, one.end) for one in seen]) if high is not None]
    for low, high in left_out[:_MOST_SAID]:
        findings.doubts.append(f"{log.name}: positions {_range(low, high)} are {_reason(log, low, high)}: left out, or never there")
    if more := sum(high - low for low, high in left_out[_MOST_SAID:]):
        findings.doubts.append(f"{log.name}: {more:,} more positions are {NOT_IN_FILES}")
    _examine_gaps(log, seen, findings)


def _examine_gaps(log: LogAccount, seen: Sequence[Segment], findings: _Findings) -> None:
    """Positions inside what was read that came without a record."""
    gaps = sum(segment.end - segment.start - (segment.records or 0) for segment in seen if segment.state == "read")
    if gaps <= 0:
        return
    text = f"{log.name}: {gaps:,} positions in what was read have no record (compaction, markers or aborted transactions)"
    if log.compacted:
        findings.holes.append(f"{text}; the log is compacted")
    else:
        findings.doubts.append(text)


def _reason(log: LogAccount, low: int, high: int) -> str:
    """Why `[low, high)` is absent, as the coverage says it."""
    reasons = [segment.reason for segment in log.segments if segment.state == "absent" and segment.start < high and segment.end > low]
    if log.is_of_files:
        return next((reason for reason in reasons if reason != NOT_FETCHED), NOT_IN_FILES)
    if log.first is not None and high <= log.first and not reasons:
        return "the log starts later (retention)"
    return ", ".join(dict.fromkeys(reasons)) or NOT_FETCHED


def _range(start: int, end: int) -> str:
    """Half-open `[start, end)` for people, both ends included."""
    return str(start) if end == start + 1 else f"{start}–{end - 1}"
