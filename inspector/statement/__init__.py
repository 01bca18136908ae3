"""The coverage statement: what a capture holds of what, as numbers and sentences. Reads a capture and what is kept beside it.

All numbers are those of `capture.report.info`. Read `conclusions` for what follows from them, `page` for how it is printed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from inspector.capture import findings
from inspector.capture.damage import damage_is_said
from inspector.capture.findings import Findings, Kept
from inspector.capture.opening import is_live
from inspector.capture.reader import CaptureReader
from inspector.capture.report import LogReport, info, log_reports, scope
from inspector.errors import CaptureError
from inspector.event import Flag
from inspector.masks import SIGN, Masks

MOST_LOGS = 300
"""So many logs are accounted for one by one; the sums are of all."""
_FLAGS = "SELECT log_id, flags, count(*) FROM event WHERE flags <> 0 GROUP BY 1, 2"
_TIMES = "SELECT min(min_us), max(max_us) FROM block"
_NAMED = ("stream", "category", "type", "id", "correlation_id", "error")
"""What sentences of findings quote."""


@dataclass(frozen=True, slots=True)
class LogAccount:
    """One partition: positions that were asked for, read, and absent by reason; `flags` says how many events have each."""

    report: LogReport
    asked: int
    read: int
    absent: Mapping[str, int]
    flags: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Statement:
    """What is known. `info` is the object of `eventscope info`; times are microseconds since 1970 UTC."""

    path: Path
    made_us: int
    tool: str
    info: Mapping[str, Any]
    logs: Sequence[LogAccount]
    findings: Findings
    size_bytes: int
    sha256: str | None
    """Of the capture's file; None while it is written to."""
    flags: Mapping[str, int]
    first_us: int | None
    last_us: int | None
    is_masked: bool

    @property
    def is_complete(self) -> bool:
        """Whether all positions and all files that were asked for were read whole."""
        return bool(self.info["scope"]["complete"]) and all(one["is_whole"] and not one["gaps"] for one in self.info["inputs"])


@damage_is_said
def statement(reader: CaptureReader, made_us: int) -> Statement:
    """What is known of a capture, as its reader shows it. Raises CaptureError, StorageError for findings that cannot be read."""
    reports = log_reports(reader)
    flags = _flags(reader)
    ((first_us, last_us),) = reader.select(_TIMES)
    sums: dict[str, int] = {}
    for counts in flags.values():
        for name, count in counts.items():
            sums[name] = sums.get(name, 0) + count
    return Statement(
        path=reader.path,
        made_us=made_us,
        tool=f"eventscope {version('eventscope')}",
        info=info(reader),
        logs=[_account(reader, report, flags.get(report.id, {})) for report in reports[:MOST_LOGS]],
        findings=_shown(findings.read(reader), reader.masks),
        size_bytes=reader.path.stat().st_size,
        sha256=None if is_live(reader.path) else _sha256(reader.path),
        flags=sums,
        first_us=first_us,
        last_us=last_us,
        is_masked=reader.masks is not None,
    )


def _account(reader: CaptureReader, report: LogReport, flags: Mapping[str, int]) -> LogAccount:
    said: dict[str, Any] = scope(reader, [report])
    return LogAccount(report, said["asked"], said["read"], said["absent"], flags)


def _flags(reader: CaptureReader) -> dict[int, dict[str, int]]:
    """By log, how many events have each flag."""
    found: dict[int, dict[str, int]] = {}
    for log_id, bits, count in reader.select(_FLAGS):
        counts = found.setdefault(log_id, {})
        for name in Flag.names(bits):
            counts[name] = counts.get(name, 0) + count
    return found


def _shown(kept: Findings, masks: Masks | None) -> Findings:
    """Findings without what masks hide: a sentence may quote ids and names of streams."""
    if masks is None:
        return kept
    hides_names = any(masks.shown(name, "") == SIGN for name in _NAMED)

    def hidden(one: Kept) -> Kept:
        text = f"{one.rule}: the sentence names what masks hide ({SIGN})" if hides_names else masks.of_text(one.text)
        return replace(one, text=text, legal_because=masks.of_text(one.legal_because))

    return replace(kept, findings=[hidden(one) for one in kept.findings])


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise CaptureError(f"{path} cannot be read: {error.strerror or error}") from error
