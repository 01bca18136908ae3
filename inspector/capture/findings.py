"""Findings as they are kept: in a capture that may be written to, else beside it in the user's own file. No checks are run here.

Read `checks` for where findings come from, `sidecar` for the file beside.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import apsw

from inspector.capture import sidecar
from inspector.capture.reader import CaptureReader
from inspector.errors import CaptureError
from inspector.masks import SIGN, Masks

COLUMNS = ("rule", "severity", "text", "count", "log", "partition", "first", "last", "events", "assumption", "legal_because", "made_us")
_NUMBER = (int, type(None))
_KINDS: tuple[Any, ...] = (str, str, str, int, str, _NUMBER, _NUMBER, _NUMBER, list, str, str, int)
_KEPT = "findings"
_NAMES = ", ".join(f'"{name}"' for name in COLUMNS)
_INSERT = f"INSERT INTO finding ({_NAMES}) VALUES ({', '.join('?' * len(COLUMNS))})"
_SELECT = f"SELECT {_NAMES} FROM finding ORDER BY id"
_MOST = 5_000
_QUOTED = {
    "bursts": ("type",),
    "duplicate-ids": ("id", "event_id"),
    "processes": ("correlation_id", "type"),
    "stream-times": ("category",),
    "tail": ("stream", "category"),
    "undecodable": ("error",),
    "version-gaps": ("stream", "category"),
}
"""What the sentences of a check may quote, by the names that masks know."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A finding as it is kept; see `checks.Finding` for the words. `made_us` is when it was found."""

    rule: str
    severity: str
    text: str
    count: int
    log: str
    partition: int | None
    first: int | None
    last: int | None
    events: tuple[int, ...]
    assumption: str
    legal_because: str
    made_us: int


@dataclass(frozen=True, slots=True)
class Findings:
    """All that is kept. `rules` says for each check that was run when it was, and whether it came to its end."""

    findings: Sequence[Kept]
    rules: dict[str, dict[str, Any]]


def read(reader: CaptureReader) -> Findings:
    """What was found of a capture when checks were last run here, else what came with it.

    Raises StorageError when the file beside cannot be read.
    """
    return _parsed(sidecar.said(id_of(reader), _KEPT)) or Findings(_within(reader), {})


def shown(reader: CaptureReader) -> Findings:
    """As `read`, without what the reader's masks hide: what looks like a pattern, and sentences that quote a hidden field."""
    found = read(reader)
    return Findings([without_hidden(one, reader.masks) for one in found.findings], found.rules)


def without_hidden(one: Kept, masks: Masks | None) -> Kept:
    """A finding without what masks hide."""
    return one if masks is None else _masked(one, masks)


def _masked(one: Kept, masks: Masks) -> Kept:
    quotes = any(masks.shown(name, "-") == SIGN for name in _QUOTED.get(one.rule, ()))
    text = f"{SIGN} {one.rule} found something; its sentence quotes what the masks hide" if quotes else masks.of_text(one.text)
    return replace(one, text=text, legal_because=masks.of_text(one.legal_because))


def keep(reader: CaptureReader, rules: dict[str, dict[str, Any]], findings: Iterable[Kept]) -> None:
    """Keeps what was found beside the capture, in place of what the same checks found before. Raises StorageError."""
    before = read(reader)
    kept = ([one for one in before.findings if one.rule not in rules] + list(findings))[:_MOST]
    document = {"rules": {**before.rules, **rules}, "findings": [_row(one) for one in kept]}
    sidecar.say(id_of(reader), _KEPT, json.dumps(document, ensure_ascii=False))


def _within(reader: CaptureReader) -> list[Kept]:
    """The findings in the capture's own table; none in one of an older form, and none that are no findings."""
    columns = {str(row[1]) for row in reader.select("PRAGMA table_info(finding)")}
    if not set(COLUMNS) <= columns:
        return []
    rows = reader.select(f"{_SELECT} LIMIT {_MOST}")
    found = []
    for row in rows:
        with contextlib.suppress(ValueError, TypeError, RecursionError):
            found.append(_kept([json.loads(value) if name == "events" else value for name, value in zip(COLUMNS, row, strict=True)]))
    return found


def id_of(reader: CaptureReader) -> str:
    """Which capture it is. Raises CaptureError for one without identity."""
    for (capture_id,) in reader.select("SELECT id FROM capture LIMIT 1"):
        return str(capture_id)
    raise CaptureError(f"{reader.path} has no identity row: it is damaged; use another copy")


def write(connection: apsw.Connection, kept: Sequence[Kept]) -> None:
    """Puts findings into a copy of the capture (Save as), in place of those that are there; one of an older form gets none."""
    columns = {str(row[1]) for row in connection.execute("PRAGMA table_info(finding)")}
    if kept and set(COLUMNS) <= columns:
        connection.execute("DELETE FROM finding")
        connection.executemany(_INSERT, [[json.dumps(value) if isinstance(value, list) else value for value in _row(one)] for one in kept])


def _row(one: Kept) -> list[object]:
    return [list(value) if isinstance(value := getattr(one, name), tuple) else value for name in COLUMNS]


def _parsed(text: str | None) -> Findings | None:
    """What a file beside says; nothing when it says something else than findings."""
    try:
        document = json.loads(text or "null")
        if not isinstance(document, dict):
            return None
        return Findings([_kept(row) for row in document["findings"]], dict(document["rules"]))
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _kept(row: Sequence[Any]) -> Kept:
    """A finding out of its columns. Raises ValueError and TypeError for what is none."""
    if len(row) != len(COLUMNS) or not all(isinstance(value, kinds) for value, kinds in zip(row, _KINDS, strict=True)):
        raise ValueError("no finding")
    if not all(isinstance(seq, int) for seq in row[8]):
        raise ValueError("events are numbers")
    return Kept(**{**dict(zip(COLUMNS, row, strict=True)), "events": tuple(row[8])})


def now_us() -> int:
    """The time of a finding."""
    return time.time_ns() // 1000
