"""The door for checks: what is looked for in a capture, and the findings that come out. Reads a capture and nothing else.

A check is one file and one entry point in `eventscope.checks`. It says what it assumes and when what it finds could be legal;
what it finds points at events that can be opened. Read `offset_gaps` for an example, `capture.findings` for where findings are
kept, `cli.check` for who runs them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from typing import Any, Protocol, cast

import apsw

from inspector import plugins
from inspector.capture.reader import CaptureReader
from inspector.capture.report import LogReport, log_reports
from inspector.errors import CaptureError, UsageError
from inspector.event import Flag
from inspector.sources.file_runs import ROW_NUMBERS

MOST_EVENTS = 20
"""So many events of one finding are named."""
MOST_FINDINGS = 200
"""So many findings of one check are told one by one; the rest is counted in one more."""
HIDDEN = int(Flag.aborted | Flag.control)
"""Flags of rows that are no events of their log's readers."""
_STEPS_BETWEEN = 200_000
"""Steps of SQLite's machine between two looks at whether to stop: some milliseconds."""


class Severity(StrEnum):
    """How much it matters: something to know, something to look into, something that is wrong whatever the explanation."""

    info = "info"
    warning = "warning"
    error = "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a check found. `events` are the numbers of the first events it is about, `count` says how many there are."""

    rule: str
    severity: Severity
    text: str
    """One sentence."""
    count: int = 1
    log: str = ""
    partition: int | None = None
    first: int | None = None
    """Positions `[first, last]` of the log that it is about."""
    last: int | None = None
    events: Sequence[int] = ()
    assumption: str = ""
    legal_because: str = ""
    """When it could be legal all the same."""


class Stopped(Exception):  # noqa: N818 - nothing went wrong
    """The user does not want to know any more."""


@dataclass(frozen=True, slots=True)
class Log:
    """One partition as checks see it."""

    report: LogReport
    kind: str
    """Of its source."""
    attributes: Mapping[str, Any]
    is_compacted: bool

    @property
    def id(self) -> int:
        """Its number in the capture."""
        return self.report.id

    @property
    def label(self) -> str:
        """What it is called."""
        return f"{self.report.log}/{self.report.partition}"

    @property
    def is_file(self) -> bool:
        """Whether its positions are row numbers of a file."""
        return self.report.incarnation.startswith(ROW_NUMBERS)


@dataclass(slots=True)
class Look:
    """A capture being looked at. Once `is_stopped` says so, `step` and queries that go on raise Stopped."""

    reader: CaptureReader
    is_stopped: Callable[[], bool] = lambda: False
    _steps: int = field(default=0)

    def __post_init__(self) -> None:
        self.reader.connection.set_progress_handler(self.is_stopped, _STEPS_BETWEEN)

    def step(self) -> None:
        """Called for every row that is looked at."""
        self._steps += 1
        if self._steps % 4096 == 0 and self.is_stopped():
            raise Stopped

    def rows(self, sql: str, bindings: Mapping[str, Any] | Sequence[Any] = ()) -> Iterator[tuple[Any, ...]]:
        """The rows of a query as they come. Raises CaptureError for a damaged file."""
        for row in self.reader.each(sql, cast("Any", bindings)):
            self.step()
            yield row

    def logs(self) -> list[Log]:
        """All partitions."""
        sources = {
            source_id: (str(kind), _table(attributes))
            for source_id, kind, attributes in self.reader.select("SELECT id, kind, attributes FROM source")
        }
        found = []
        for report in log_reports(self.reader):
            kind, attributes = sources.get(report.source_id, ("", {}))
            compacted = attributes.get("compacted")
            found.append(Log(report, kind, attributes, isinstance(compacted, list) and report.log in compacted))
        return found

    def one(self, sql: str, bindings: Sequence[Any] = ()) -> Any:
        """The first column of the first row; None without one."""
        for row in self.reader.select(sql, bindings):
            return row[0]
        return None

    def seqs(self, log_id: int, first: int, last: int) -> list[int]:
        """The numbers of the first events at positions `[first, last]` of a log."""
        sql = "SELECT seq FROM event WHERE log_id = ? AND position BETWEEN ? AND ? ORDER BY position, sub LIMIT ?"
        return [seq for (seq,) in self.reader.select(sql, (log_id, first, last, MOST_EVENTS))]


class Check(Protocol):
    """One thing that is looked for."""

    name: str
    title: str
    assumes: str
    """What must hold for a finding to mean what it says."""
    legal: str
    """When what it finds could be legal."""

    def run(self, look: Look) -> Iterator[Finding]:
        """What it finds, in the order of positions. Raises Stopped and CaptureError."""


def _table(text: object) -> dict[str, Any]:
    value = json.loads(text) if isinstance(text, str) and text else {}
    return value if isinstance(value, dict) else {}


@cache
def known() -> tuple[Check, ...]:
    """All checks, one object each, by name."""
    return tuple(named(name) for name in plugins.names("checks"))


@cache
def named(name: str) -> Check:
    """The check of that name. Raises UsageError listing the known ones."""
    try:
        made = plugins.load("checks", name)
    except LookupError as error:
        raise UsageError(str(error)) from None
    return cast("Callable[[], Check]", made)()


def findings(check: Check, look: Look) -> Iterator[Finding]:
    """What a check finds, with its assumption and excuse; what comes after `MOST_FINDINGS` as one finding that counts them."""
    rest = 0
    worst = Severity.info
    for number, one in enumerate(_damage_said(check, look)):
        if number < MOST_FINDINGS:
            yield one if one.assumption else _explained(one, check)
        else:
            rest += one.count
            worst = max(worst, one.severity, key=list(Severity).index)
    if rest:
        yield _explained(Finding(check.name, worst, f"{rest:,} more of this kind are not listed one by one", rest), check)


def _damage_said(check: Check, look: Look) -> Iterator[Finding]:
    """A stranger's file may hold anything anywhere: what then does not fit is damage of the file."""
    try:
        yield from check.run(look)
    except apsw.InterruptError:
        raise Stopped from None
    except (TypeError, ValueError, KeyError, AttributeError, OverflowError, RecursionError) as error:
        raise CaptureError(f"{look.reader.path} is damaged: it holds values of other kinds than it should; use another copy") from error


def _explained(one: Finding, check: Check) -> Finding:
    return Finding(
        one.rule, one.severity, one.text, one.count, one.log, one.partition, one.first, one.last, one.events,
        one.assumption or check.assumes, one.legal_because or check.legal,
    )  # fmt: skip


class Grouped:
    """Rows gathered by what they have in common: how many, where, and which events first."""

    def __init__(self) -> None:
        self.groups: dict[Any, _Group] = {}

    def add(self, key: object, seq: int | None, position: int) -> None:
        """One more row of a group; None for one without an event."""
        group = self.groups.setdefault(key, _Group(position, position))
        group.count += 1
        group.first, group.last = min(group.first, position), max(group.last, position)
        if seq is not None and len(group.events) < MOST_EVENTS:
            group.events.append(seq)


@dataclass(slots=True)
class _Group:
    first: int
    last: int
    count: int = 0
    events: list[int] = field(default_factory=list)
