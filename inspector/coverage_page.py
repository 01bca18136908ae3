"""A coverage statement as one printable page: what a capture holds, what it was read from, and what can be concluded. HTML, no script.

Every text of a capture is escaped, and what could hide or reorder it is shown. Tells what `capture.report`, `findings` and the
table `input` say, and nothing else. Read `cli.report` for who writes it, `coverage_words` for the conclusions.
"""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from inspector.capture import findings
from inspector.capture.findings import Findings, Kept
from inspector.capture.reader import CaptureReader
from inspector.capture.report import asked_ranges, info, log_reports
from inspector.coverage_words import conclusions
from inspector.event import Flag, format_time, merged_ranges
from inspector.text import shortened, visible

_MOST_CHARACTERS = 2_000
_MOST_STRETCHES = 200
"""So many stretches of one partition are told one by one; the rest is counted."""
_MOST_FINDINGS = 500
_OPEN = 1 << 63
"""The end of a range that has none."""
_INPUT = "SELECT name, path, size_bytes, sha256, format, loses, proves, is_whole, gaps, notes, read_us FROM input ORDER BY id LIMIT 5000"
_SIGNS = {"error": "✕", "warning": "!", "info": "·"}


@dataclass(frozen=True, slots=True)
class Statement:
    """What the page tells. `said` is the object of `eventscope info`; `flags` counts events by flag; `made_us` is when it was made."""

    said: Mapping[str, Any]
    inputs: Sequence[Mapping[str, Any]]
    flags: Mapping[str, int]
    found: Findings
    made_us: int
    asked: Sequence[str]
    """What was asked for of each log, in the order of `said`."""


def statement(reader: CaptureReader, *, made_us: int) -> Statement:
    """Everything for the page, without what the reader's masks hide. Raises CaptureError and StorageError."""
    said, asked = info(reader), asked_ranges(reader)
    wanted = [_ranges(asked.get(log.id, [])) for log in log_reports(reader)]
    return Statement(said, _inputs(reader), _flags(reader), findings.shown(reader), made_us, wanted)


def _ranges(asked: Sequence[tuple[int, int | None]]) -> str:
    """Ranges of positions as text, the end not in it; open where none was set."""
    merged = merged_ranges((start, _OPEN if stop is None else stop) for start, stop in asked)
    told = [f"{start:,} to {'the end' if stop == _OPEN else f'{stop:,}'}" for start, stop in merged[:20]]
    return ", ".join(told + ([f"{len(merged) - 20:,} more"] if len(merged) > 20 else []))


def _inputs(reader: CaptureReader) -> list[dict[str, Any]]:
    """The files that were read; none in a capture of an older form."""
    if not reader.select("SELECT 1 FROM sqlite_schema WHERE name = 'input'"):
        return []
    names = ("name", "path", "size_bytes", "sha256", "format", "loses", "proves", "is_whole", "gaps", "notes", "read_us")
    return [dict(zip(names, row, strict=True)) for row in reader.select(_INPUT)]


def _flags(reader: CaptureReader) -> dict[str, int]:
    """How many events bear each flag, in the order of the contract."""
    counts = dict.fromkeys((flag.name for flag in Flag if flag.name), 0)
    for flags, events in reader.select("SELECT flags, count(*) FROM event GROUP BY flags"):
        for name in Flag.names(flags) if isinstance(flags, int) else ():
            counts[name] += events
    return {name: count for name, count in counts.items() if count}


def page(told: Statement) -> str:
    """The page, whole."""
    said = told.said
    title = f"Coverage statement: {_name(said)}"
    parts = [
        f"<h1>{_text(title)}</h1>",
        _capture(told),
        *_section("Conclusions", [_list(title, lines) for title, lines in conclusions(said, told.inputs, told.flags, told.found)]),
        *_section("Sources", [_sources(said["sources"])]),
        *_section("Files that were read", [_files(told.inputs)] if told.inputs else []),
        *_section("Logs and partitions", [_logs(said["logs"], told.asked), *[_stretches(log) for log in said["logs"]]]),
        *_section("Events by flag", [_counts(told.flags, int(said["events"]))]),
        *_section("Findings", [_findings(told.found)]),
    ]
    head = f'<meta charset="utf-8"><title>{_text(title)}</title><style>{_STYLE}</style>'
    body = "\n".join(parts)
    return f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head>\n<body>\n{body}\n</body></html>\n'


def _name(said: Mapping[str, Any]) -> str:
    return str(said["capture"]).replace("\\", "/").rpartition("/")[2]


def _capture(told: Statement) -> str:
    said, scope = told.said, told.said["scope"]
    rows = [
        ("capture", said["capture"]),
        ("id", said["id"]),
        ("made by", f"{said['tool']}, {said['created']}"),
        ("this page", format_time(told.made_us)),
        ("events", said["events"]),
        ("asked", scope["asked"]),
        ("read", scope["read"]),
        ("absent", sum(scope["absent"].values())),
        ("last run ended", scope["stopped"] or "not: it goes on, or was killed"),
        ("positions read again with other bytes", said["conflicts"]),
    ]
    if said["masks"]:
        rows.append(("masks", f"{said['masks']} rules hide parts of this page"))
    return _pairs("capture", rows)


def _sources(sources: Sequence[Mapping[str, Any]]) -> str:
    rows = [(one["kind"], one["uri"], one["cluster_id"] or "", one["opened"] or "") for one in sources]
    return _table("sources", ("kind", "address", "cluster or store", "opened"), rows)


def _files(inputs: Sequence[Mapping[str, Any]]) -> str:
    rows = [
        (
            one["path"] or one["name"],
            one["size_bytes"],
            one["sha256"],
            one["format"],
            "yes" if one["is_whole"] else "no",
            _damage(one["gaps"]),
            one["proves"],
            "; ".join([str(one["loses"] or ""), *_listed(one["notes"])]).strip("; "),
        )
        for one in inputs
    ]
    return _table("files", ("file", "bytes", "SHA-256", "read as", "whole", "skipped", "can prove", "cannot tell"), rows)


def _damage(gaps: object) -> str:
    """The stretches of a file that were skipped, in bytes."""
    told = [f"{gap[0]}–{gap[1]}: {gap[2]}" for gap in _listed(gaps) if isinstance(gap, list) and len(gap) == 3]
    return "; ".join(told[:20] + ([f"{len(told) - 20} more"] if len(told) > 20 else []))


def _listed(text: object) -> list[Any]:
    try:
        value = json.loads(text) if isinstance(text, str) else []
    except (ValueError, RecursionError):
        return []
    return value if isinstance(value, list) else []


def _logs(logs: Sequence[Mapping[str, Any]], asked: Sequence[str]) -> str:
    head = ("log", "partition", "first", "end", "asked (the end not in it)", "positions read", "absent", "events", "bytes")
    return _table("logs", head, [_log(*row) for row in zip(logs, asked, strict=False)])


def _log(log: Mapping[str, Any], asked: str) -> tuple[object, ...]:
    read = _positions(log["coverage"], is_read=True)
    absent = _positions(log["coverage"], is_read=False)
    return log["log"], log["partition"], log["first"], log["end"], asked, read, absent, log["captured"], log["bytes"]


def _positions(stretches: Iterable[Mapping[str, Any]], *, is_read: bool) -> int:
    return sum(int(one["to"]) - int(one["from"]) for one in stretches if (one["state"] == "read") is is_read)


def _stretches(log: Mapping[str, Any]) -> str:
    """The stretches of one partition; nothing for one that was read in one."""
    stretches = list(log["coverage"])
    if not stretches or (len(stretches) == 1 and stretches[0]["state"] == "read" and not stretches[0].get("filter")):
        return ""
    rows = [
        (one["from"], one["to"], one["state"], one["reason"] or "", one["records"], one.get("isolation") or "", one.get("filter") or "")
        for one in stretches[:_MOST_STRETCHES]
    ]
    head = ("from", "to (not in it)", "state", "reason", "records", "isolation", "filter")
    more = len(stretches) - _MOST_STRETCHES
    left = f"<p>{more} more stretches are not listed; eventscope info lists all.</p>" if more > 0 else ""
    return f"<h3>{_text(log['log'])}/{_text(log['partition'])}</h3>{_table('stretches', head, rows)}{left}"


def _counts(flags: Mapping[str, int], events: int) -> str:
    return _table("flags", ("flag", "events"), [("all events", events), *flags.items()])


def _findings(found: Findings) -> str:
    if not found.rules and not found.findings:
        return "<p>No checks were run here on this capture (eventscope check FILE).</p>"
    ran = [(name, *_run(run)) for name, run in found.rules.items()]
    checks = _table("checks", ("check", "run", "whole"), ran) if ran else ""
    if not found.findings:
        return f"<p>{len(found.rules)} checks were run and found nothing.</p>{checks}"
    more = len(found.findings) - _MOST_FINDINGS
    left = f"<p>{more} more findings are not listed.</p>" if more > 0 else ""
    rows = [_finding(one) for one in found.findings[:_MOST_FINDINGS]]
    return f"{_table('findings', ('severity', 'finding', 'count', 'assumes that', 'could be legal because'), rows)}{left}{checks}"


def _run(run: object) -> tuple[str, str]:
    if not isinstance(run, Mapping):
        return "", ""
    made = run.get("made_us")
    at = format_time(made) if isinstance(made, int) else None
    return at or "", "no, it was stopped" if run.get("is_whole") is False else "yes"


def _finding(one: Kept) -> tuple[object, ...]:
    return f"{_SIGNS.get(one.severity, '?')} {one.severity}", one.text, one.count, one.assumption, one.legal_because


# ---- HTML


def _text(value: object) -> str:
    """A value as text that is nothing but text."""
    return html.escape(visible(shortened("" if value is None else str(value), _MOST_CHARACTERS)))


def _section(title: str, parts: Iterable[str]) -> list[str]:
    inside = [part for part in parts if part]
    return [f"<h2>{_text(title)}</h2>", *inside] if inside else []


def _list(title: str, lines: Sequence[str]) -> str:
    items = "".join(f"<li>{_text(line)}</li>" for line in lines)
    return f"<h3>{_text(title)}</h3><ul>{items}</ul>" if lines else ""


def _pairs(name: str, rows: Iterable[tuple[str, object]]) -> str:
    inside = "".join(f'<tr><th scope="row">{_text(key)}</th>{_cell(value)}</tr>' for key, value in rows)
    return f'<table id="{name}">{inside}</table>'


def _table(name: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    top = "".join(f'<th scope="col">{_text(word)}</th>' for word in head)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    return f'<table class="{name}"><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>'


def _cell(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return f'<td class="number">{value:,}</td>'
    return f"<td>{_text(value)}</td>"


_STYLE = """
@page { size: A4; margin: 14mm; }
body { font: 10pt/1.35 system-ui, sans-serif; color: #1c2128; background: #fff; max-width: 190mm; margin: 8mm auto; padding: 0 4mm; }
h1 { font-size: 15pt; margin: 0 0 3mm; overflow-wrap: anywhere; }
h2 { font-size: 11.5pt; margin: 6mm 0 1.5mm; border-bottom: 1px solid #888; break-after: avoid; }
h3 { font-size: 10pt; margin: 3mm 0 1mm; break-after: avoid; }
table { border-collapse: collapse; width: 100%; margin: 1mm 0 2mm; }
th, td { text-align: left; vertical-align: top; padding: 0.6mm 2mm 0.6mm 0; border-bottom: 1px solid #ddd; overflow-wrap: anywhere; }
th { font-weight: 600; color: #444; }
#capture th { width: 48mm; }
td.number { text-align: right; white-space: nowrap; padding-right: 3mm; font-variant-numeric: tabular-nums; }
#capture td.number { text-align: left; }
thead { display: table-header-group; }
tr { break-inside: avoid; }
ul { margin: 0.5mm 0 2mm; padding-left: 5mm; }
.files td:nth-child(3) { font: 8pt monospace; }
"""
