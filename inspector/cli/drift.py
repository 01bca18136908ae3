"""`eventscope drift`: a projection against the read model that it mirrors. Prints; the work is in `inspector.drift`."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from inspector.cli.hiding import add_options, open_clear
from inspector.cli.stopping import stopping
from inspector.errors import ExitStatus, SourceError, UsageError

if TYPE_CHECKING:
    from inspector.drift import Difference, Mirror, ModelState, Report
    from inspector.projections import Moment, Projection

_SHOWN_EVENTS = 3
_EVERY_S = 0.1
_LONGEST = 10_000
"""Characters of a value that a window is told."""


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Registers `drift`."""
    drift = commands.add_parser("drift", help="a read model against the events that should have made it", description=_drift.__doc__)
    drift.add_argument("file", type=Path, metavar="FILE")
    drift.add_argument("spec", metavar="SPEC", help="a projection with [model]: a TOML file")
    drift.add_argument("--model", required=True, metavar="URL|FILE", help="postgresql://…, sqlite:///…, or a .csv or .parquet file")
    drift.add_argument("--at", metavar="T", help="where the model stands, instead of its checkpoint: a time with its zone, or a position")
    drift.add_argument("--config", metavar="FILE|-", help="properties of the database's client, such as password=…; - reads standard input")
    drift.add_argument("--limit", type=int, metavar="N", help="print N differences at most; all are counted")
    drift.add_argument("--format", choices=("table", "jsonl", "csv"), help="csv: a row for each field that differs, safe for spreadsheets")
    drift.add_argument("--require-complete", action="store_true", help="exit 5 when the capture does not reach the model's checkpoint")
    drift.add_argument("--progress", choices=("json", "none"), default="none", help="json: how it goes and what is found, for a window")
    drift.add_argument("--stop-with-stdin", action="store_true", help="end when standard input closes")
    add_options(drift)
    drift.set_defaults(run=_drift)


def _drift(args: argparse.Namespace) -> ExitStatus:
    """Compares a read model, at its own checkpoint, with what the events say. Exit status 1: something is missing, extra or different."""
    from inspector.cli.capture import read_config
    from inspector.cli.registries import without_registries
    from inspector.drift import compared, mirror_of, read_model
    from inspector.drift.comparing import Going, Stopped
    from inspector.projections.library import find

    if args.limit is not None and args.limit < 0:
        raise UsageError(f"--limit {args.limit} is below 0")
    projection = find(args.spec)
    mirror, config = mirror_of(projection), without_registries(read_config(args.config))
    moment = None if args.at is None else _asked_moment(args.at, mirror)
    reader, masks = open_clear(args)
    with reader, stopping(with_stdin=args.stop_with_stdin) as stop:
        going = Going(_teller(args), stop.is_set)
        try:
            going.step("the model is read", 0, 0)
            model = read_model(args.model, mirror, config)
            stands, moment = ("--at", moment) if moment is not None else _stands(model, mirror)
            report = compared(reader, projection, mirror, model, moment, masks=masks, going=going)
        except Stopped:
            return ExitStatus.STOPPED
        except (UsageError, SourceError) as error:  # it may quote what the model holds
            if masks is not None:
                error.args = (masks.of_text(str(error)),)
            raise
    _print(args, projection, report.differences[: args.limit])
    sys.stdout.flush()
    status = _status(args, report)
    _print_scope(args, report, model.place, stands)
    if args.progress == "json":
        print(json.dumps({"type": "done", "exit": int(status)}), file=sys.stderr, flush=True)
    return status


def _status(args: argparse.Namespace, report: Report) -> ExitStatus:
    if report.has_drift:
        return ExitStatus.FINDINGS
    return ExitStatus.INCOMPLETE if args.require_complete and not report.is_complete else ExitStatus.OK


def _asked_moment(asked: str, mirror: Mirror) -> Moment:
    from dataclasses import replace

    from inspector.projections.moment import at

    moment = at(asked)
    return moment if moment.position is None else replace(moment, log=mirror.log, partition=mirror.partition)


def _stands(model: ModelState, mirror: Mirror) -> tuple[str, Moment]:
    from inspector.drift.comparing import moment_of

    return "the model names no checkpoint" if model.checkpoint is None else "the model's own checkpoint", moment_of(model, mirror)


def _teller(args: argparse.Namespace) -> Callable[[str, int, int], None]:
    """How it goes, as lines for a window; at most ten a second of one thing."""
    if args.progress != "json":
        return lambda _what, _done, _of: None
    said: dict[str, float] = {}

    def tell(what: str, done: int, of: int) -> None:
        now_s = time.monotonic()
        if now_s - said.get(what, -1.0) >= _EVERY_S:
            said[what] = now_s
            print(json.dumps({"type": "progress", "what": what, "done": done, "of": of}), file=sys.stderr, flush=True)

    return tell


def _print(args: argparse.Namespace, projection: Projection, differences: Iterable[Difference]) -> None:
    from inspector.cli.output import chosen_format, print_rows
    from inspector.drift.difference import cells, columns_of
    from inspector.export import Cells
    from inspector.values import to_json

    if args.progress == "json":
        print(json.dumps({"type": "columns", "columns": columns_of(projection)}))
        for one in differences:
            print(json.dumps({"type": "difference", **one.texts(longest=_LONGEST)}))
        return
    chosen = chosen_format(args.format)
    if chosen == "csv":
        table: Cells[list[object]] = Cells(columns_of(projection), iter)
        sys.stdout.write(table.head())
        sys.stdout.writelines(table.of(row) for one in differences for row in cells(one.texts()))
    elif chosen == "jsonl":
        sys.stdout.writelines(to_json(one.plain()) + "\n" for one in differences)
    else:
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


def _print_scope(args: argparse.Namespace, report: Report, place: str, stands: str) -> None:
    from inspector.text import visible

    counts = {verdict: report.counts[verdict] for verdict in ("matched", "missing", "extra", "different")}
    if sys.stderr.isatty() and args.progress != "json":
        asked = f"{report.asked} ({stands})"
        told = [", ".join(f"{count:,} {verdict}" for verdict, count in counts.items()), f"{asked}; {report.rule}", *report.notes]
        print(visible("; ".join(told)), file=sys.stderr)
        return
    scope = {**counts, "model": place, "asked": report.asked, "checkpoint": stands, "rule": report.rule}
    scope |= {"complete": report.is_complete, "notes": report.notes}
    print(json.dumps({"scope": scope}, ensure_ascii=False), file=sys.stderr)
