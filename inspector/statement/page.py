"""A coverage statement as one page of HTML that stands alone: no script, nothing fetched, light, made to be printed. Pure.

Whatever a capture says is a stranger's text: it goes through `_text` on its way into the page. Read `conclusions` for the sentences.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from inspector.capture.findings import Kept
from inspector.event import MAX_TIME_US, MIN_TIME_US, format_time
from inspector.statement import LogAccount, Statement
from inspector.statement.conclusions import can, cannot
from inspector.text import shortened, visible

MOST_FILES = 300
MOST_FINDINGS = 200
_MOST_CHARACTERS = 1_000
_MOST_SEQS = 5
_SIGNS = {"error": "✕ error", "warning": "! warning", "info": "· info"}
_STYLE = """
:root { color-scheme: light; }
body { font: 10pt/1.4 system-ui, "DejaVu Sans", sans-serif; color: #1b1f24; background: #fff; }
body { max-width: 62em; margin: 2em auto; padding: 0 1.5em; }
h1 { font-size: 17pt; margin: 0 0 .2em; }
h2 { font-size: 12pt; margin: 1.6em 0 .4em; border-bottom: 1px solid #c8ccd1; break-after: avoid; }
p { margin: .3em 0; } .dim { color: #57606a; } .lead { font-size: 11.5pt; }
table { border-collapse: collapse; width: 100%; font-size: 8.5pt; } thead { display: table-header-group; }
th, td { padding: .25em .6em .25em 0; vertical-align: top; text-align: left; overflow-wrap: anywhere; }
th { color: #57606a; font-weight: 600; border-bottom: 1px solid #8c959f; overflow-wrap: normal; }
td { border-bottom: 1px solid #e3e6ea; }
tr { break-inside: avoid; }
.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.hash { font-family: ui-monospace, "DejaVu Sans Mono", monospace; font-size: 7.5pt; }
.error { color: #b3261e; font-weight: 600; white-space: nowrap; } .warning { color: #8a5300; font-weight: 600; white-space: nowrap; }
.info { color: #57606a; white-space: nowrap; } ul { margin: .2em 0; padding-left: 1.3em; } li { margin: .15em 0; overflow-wrap: anywhere; }
@page { margin: 15mm; } @media print { body { max-width: none; margin: 0; padding: 0; } }
"""


def page(said: Statement) -> str:
    """The whole page."""
    name = _text(said.path.name)
    parts = [_head(said), _sources(said), _files(said), _logs(said), _findings(said), _listed("What this capture proves", can(said))]
    body = "\n".join([*parts, _listed("What it does not prove", cannot(said))])
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<title>Coverage statement: {name}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def _text(value: object) -> str:
    """What anyone may have written, so that it is text and nothing else."""
    return html.escape(visible(shortened(str(value), _MOST_CHARACTERS)), quote=True)


def _time(time_us: int | None) -> str:
    if time_us is None or not MIN_TIME_US <= time_us <= MAX_TIME_US:
        return "not known"
    return str(format_time(time_us))


def _head(said: Statement) -> str:
    info, scope = said.info, said.info["scope"]
    asked = f"{scope['asked']:,} positions asked for, {scope['read']:,} read"
    absent = "".join(f"; {count:,} absent ({reason})" for reason, count in scope["absent"].items())
    ended = f" The last run ended: {scope['stopped']}." if scope["stopped"] else " The last run has not said how it ended."
    counts = {**said.flags, "conflicts": info["conflicts"]}
    flags = ", ".join(f"{count:,} {name}" for name, count in counts.items() if count) or "none"
    digest = said.sha256 or "none: it is still written to"
    rows = [
        ("Capture", f"{said.path.name}, {said.size_bytes:,} bytes, id {info['id']}"),
        ("SHA-256 of the file", digest),
        ("Made", f"{info['created']} by {info['tool']}"),
        ("Times of the events", f"{_time(said.first_us)} to {_time(said.last_us)}"),
        ("Flags", flags),
        ("This page", f"{_time(said.made_us)} by {said.tool}" + ("; what masks hide is left out" if said.is_masked else "")),
    ]
    table = "".join(f"<tr><th>{_text(name)}</th><td>{_text(value)}</td></tr>" for name, value in rows)
    complete = "All that was asked for was read." if said.is_complete else "Not all that was asked for was read."
    return (
        f'<h1>Coverage statement</h1>\n<p class="lead">{info["events"]:,} events. {_text(complete)}</p>\n'
        f"<p>{_text(asked + absent)}.{_text(ended)}</p>\n<table>{table}</table>"
    )


def _sources(said: Statement) -> str:
    rows = [(one["id"], one["kind"], one["uri"], one["cluster_id"] or "", one["opened"] or "") for one in said.info["sources"]]
    return _section("Sources", ("", "kind", "address", "cluster", "opened"), rows, len(rows))


def _files(said: Statement) -> str:
    inputs = said.info["inputs"]
    if not inputs:
        return ""
    rows = [
        (
            one["name"],
            _Number(one["size_bytes"]),
            one["modified"] or "",
            one["format"],
            _Number(one["rows"]),
            _state(one),
            _Hash(one["sha256"]),
        )
        for one in inputs[:MOST_FILES]
    ]
    return _section("Files", ("name", "bytes", "modified", "read as", "rows", "state", "SHA-256"), rows, len(inputs))


def _state(one: Mapping[str, Any]) -> str:
    if gaps := one["gaps"]:
        first = gaps[0]
        end = "" if first["end"] is None else f" to {first['end']:,}"
        return (
            f"{len(gaps):,} stretch{'es' if len(gaps) > 1 else ''} not read, the first from byte {first['start']:,}{end}: {first['reason']}"
        )
    return "whole" if one["is_whole"] else "not read to its end"


def _logs(said: Statement) -> str:
    head = ("log", "partition", "source had", "asked", "read", "events", "bytes", "not here, and why", "flags")
    rows = [_log(account) for account in said.logs]
    note = '<p class="dim">Positions, the end exclusive. A position that was read may hold no record: checks say which and why.</p>'
    return _section("Logs", head, rows, len(said.info["logs"])) + note


def _log(account: LogAccount) -> Sequence[object]:
    report = account.report
    had = "not known" if report.first is None or report.end is None else f"{report.first:,} to {report.end:,}"
    absent = "; ".join(f"{count:,} {reason}" for reason, count in account.absent.items())
    flags = ", ".join(f"{count:,} {name}" for name, count in account.flags.items())
    numbers = (_Number(account.asked), _Number(account.read), _Number(report.captured), _Number(report.bytes))
    return (report.log, _Number(report.partition), had, *numbers, absent, flags)


def _findings(said: Statement) -> str:
    kept = said.findings
    rank = list(_SIGNS)
    ordered = sorted(kept.findings, key=lambda one: rank.index(one.severity) if one.severity in _SIGNS else len(rank))
    checked = f'<p class="dim">{_text(_runs(kept.rules) or "No checks were run here.")}</p>'
    if not ordered:
        found = f"<p>Nothing found by {len(kept.rules):,} checks.</p>" if kept.rules else ""
        return f"<h2>Findings</h2>\n{found}{checked}"
    rows = [(_Severity(one.severity), one.text, _place(one), _Number(one.count), one.assumption, one.legal_because) for one in ordered]
    head = ("", "finding", "where", "count", "assumes that", "could be legal because")
    return _section("Findings", head, rows[:MOST_FINDINGS], len(rows)) + checked


def _runs(rules: Mapping[str, object]) -> str:
    """Which checks were run and when, by the second; those that did not come to their end apart."""
    times: dict[str, list[str]] = {}
    for name, run in rules.items():
        made = run.get("made_us") if isinstance(run, Mapping) else None
        when = f"{_time(made)[:19]}Z" if isinstance(made, int) else "a time not known"
        is_whole = isinstance(run, Mapping) and run.get("is_whole") is True
        times.setdefault(when if is_whole else f"{when}, not to the end", []).append(name)
    return " ".join(f"Run at {when}: {', '.join(names)}." for when, names in times.items())


def _place(one: Kept) -> str:
    log = one.log if one.partition is None else f"{one.log}/{one.partition}"
    span = "" if one.first is None or one.last is None else f" {one.first:,}" + (f" to {one.last:,}" if one.last != one.first else "")
    seqs = ", ".join(str(seq) for seq in one.events[:_MOST_SEQS])
    return f"{log}{span}" + (f" (event {seqs}{' …' if len(one.events) > _MOST_SEQS else ''})" if seqs else "")


def _listed(title: str, sentences: Iterable[str]) -> str:
    return f"<h2>{_text(title)}</h2>\n<ul>{''.join(f'<li>{_text(one)}</li>' for one in sentences)}</ul>"


class _Number(int):
    """A cell that is a number."""


class _Hash(str):
    """A cell that is a digest."""

    __slots__ = ()


class _Severity(str):
    """A cell that says how much a finding matters."""

    __slots__ = ()


def _section(title: str, head: Sequence[str], rows: Sequence[Sequence[object]], total: int) -> str:
    titles = "".join(f"<th>{_text(name)}</th>" for name in head)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>\n" for row in rows)
    more = f'<p class="dim">{total - len(rows):,} more are not listed; eventscope info has them.</p>' if total > len(rows) else ""
    return f"<h2>{_text(title)}</h2>\n<table><thead><tr>{titles}</tr></thead><tbody>\n{body}</tbody></table>{more}"


def _cell(value: object) -> str:
    if isinstance(value, _Number):
        return f'<td class="n">{int(value):,}</td>'
    if isinstance(value, _Hash):
        return f'<td class="hash">{_text(value)}</td>'
    if isinstance(value, _Severity):
        known = value in _SIGNS
        return f'<td class="{value if known else "info"}">{_text(_SIGNS[value] if known else value)}</td>'
    return f"<td>{_text(value)}</td>"
