"""`eventscope drift`: a projection against the read model that it mirrors. Prints; the work is in `inspector.drift`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from inspector.cli.hiding import add_options, open_shown
from inspector.errors import ExitStatus, UsageError

if TYPE_CHECKING:
    from inspector.drift import Difference, Report

_SHOWN_EVENTS = 3


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Registers `drift`."""
    drift = commands.add_parser("drift", help="a read model against the events that should have made it", description=_drift.__doc__)
    drift.add_argument("file", type=Path, metavar="FILE")
    drift.add_argument("spec", metavar="SPEC", help="a projection with [model]: a TOML file")
    drift.add_argument("--model", required=True, metavar="URL|FILE", help="postgresql://…, sqlite:///…, or a .csv or .parquet file")
    drift.add_argument("--at", metavar="T", help="where the model stands, instead of its checkpoint: a time with its zone, or a position")
    drift.add_argument("--config", metavar="FILE|-", help="properties of the database's client, such as password=…; - reads standard input")
    drift.add_argument("--limit", type=int, metavar="N", help="print N differences at most; all are counted")
    drift.add_argument("--format", choices=("table", "jsonl"))
    drift.add_argument("--require-complete", action="store_true", help="exit 5 when the capture does not reach the model's checkpoint")
    add_options(drift)
    drift.set_defaults(run=_drift)


def _drift(args: argparse.Namespace) -> ExitStatus:
    """Compares a read model, at its own checkpoint, with what the events say. Exit status 1: something is missing, extra or different."""
    from dataclasses import replace

    from inspector.cli.capture import read_config
    from inspector.cli.registries import without_registries
    from inspector.drift import compared, mirror_of, read_model
    from inspector.drift.comparing import moment_of
    from inspector.projections.library import find
    from inspector.projections.moment import at

    if args.limit is not None and args.limit < 0:
        raise UsageError(f"--limit {args.limit} is below 0")
    projection = find(args.spec)
    mirror = mirror_of(projection)
    moment = None if args.at is None else at(args.at)
    with open_shown(args) as reader:
        model = read_model(args.model, mirror, without_registries(read_config(args.config)))
        if moment is None:
            moment = moment_of(model, mirror)
        elif moment.position is not None:
            moment = replace(moment, log=mirror.log, partition=mirror.partition)
        report = compared(reader, projection, mirror, model, moment)
    _print(args, report.differences[: args.limit])
    sys.stdout.flush()
    _print_scope(report, model.place)
    if report.has_drift:
        return ExitStatus.FINDINGS
    return ExitStatus.INCOMPLETE if args.require_complete and not report.is_complete else ExitStatus.OK


def _print(args: argparse.Namespace, differences: Iterable[Difference]) -> None:
    from inspector.cli.output import chosen_format, print_rows
    from inspector.values import to_json

    if chosen_format(args.format) == "jsonl":
        for one in differences:
            sys.stdout.write(to_json(one.plain()) + "\n")
        return
    print_rows(map(_for_people, differences), ("verdict", "group", "expected", "found", "events"), format_="table")


def _for_people(one: Difference) -> dict[str, object]:
    from inspector.event import format_time
    from inspector.projections.answer import rounded

    window = [] if one.window_us is None else [(format_time(one.window_us) or "").removesuffix(".000000Z").replace("T", " ")]
    names = one.differs or list(one.expected or one.found or {})
    return {
        "verdict": one.verdict,
        "group": " ".join([*window, *map(_text, one.labels.values())]) or "all",
        "expected": _values({name: rounded(value) for name, value in (one.expected or {}).items()}, names),
        "found": _values(one.found or {}, names),
        "events": _events(one),
    }


def _values(found: Mapping[str, object], names: Iterable[str]) -> str:
    return ", ".join(f"{name} {_text(found[name])}" for name in names if name in found)


def _text(value: object) -> str:
    from inspector.values import to_json

    return value if isinstance(value, str) else to_json(value)


def _events(one: Difference) -> str:
    last = [f"#{event.seq}" for event in one.events[-_SHOWN_EVENTS:]]
    said = [f"{one.count:,}: … {' '.join(last)}" if one.count > len(last) else " ".join(last)] if last else []
    if one.left_out_count:
        said.append(f"left out {' '.join(f'#{event.seq}' for event in one.left_out[-_SHOWN_EVENTS:])}")
    return "; ".join(said) or "none"


def _print_scope(report: Report, place: str) -> None:
    from inspector.text import visible

    counts = {verdict: report.counts[verdict] for verdict in ("matched", "missing", "extra", "different")}
    if sys.stderr.isatty():
        told = [", ".join(f"{count:,} {verdict}" for verdict, count in counts.items()), f"{report.asked}; {report.rule}", *report.notes]
        print(visible("; ".join(told)), file=sys.stderr)
        return
    scope = {**counts, "model": place, "asked": report.asked, "rule": report.rule, "complete": report.is_complete, "notes": report.notes}
    print(json.dumps({"scope": scope}, ensure_ascii=False), file=sys.stderr)
