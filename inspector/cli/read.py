"""`eventscope info`, `events`, `streams`, `count`: what a capture holds. Prints; every answer comes from the readers.

No command ends in a bare "nothing": each says the scope on standard error. Read `output` for the formats.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inspector.cli.hiding import add_options, open_shown
from inspector.errors import ExitStatus, UsageError

if TYPE_CHECKING:
    from inspector.capture.asking import EventQuery
    from inspector.capture.condition import Condition
    from inspector.capture.reader import CaptureReader

_LONGEST_US = 10_000 * 366 * 86_400_000_000
_UNITS_US = {"ms": 1_000, "s": 1_000_000, "m": 60_000_000, "h": 3_600_000_000, "d": 86_400_000_000}


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Registers the reading commands."""
    info = _command(commands, "info", "sources, logs, coverage, counts", _info)
    info.set_defaults(format=None)

    events = _command(commands, "events", "list events", _events)
    events.add_argument("--filter", metavar="EXPR")
    events.add_argument("--stream", metavar="S", help="name or category/name")
    events.add_argument("--source", metavar="S", help="with --stream: which source")
    events.add_argument("--log", metavar="L")
    events.add_argument("--partition", type=int, metavar="N")
    events.add_argument("--from", dest="start", metavar="X", help="inclusive: a time (2026-11-23T08:00:00Z, -15m) or a position")
    events.add_argument("--until", dest="end", metavar="X", help="exclusive; the same forms")
    events.add_argument("--order", choices=("log", "time", "arrival"), default="arrival")
    events.add_argument("--reverse", action="store_true")
    events.add_argument("--limit", type=int, metavar="N")

    streams = _command(commands, "streams", "list streams with their counts", _streams)
    streams.add_argument("--category", metavar="C")

    count = _command(commands, "count", "count events", _count)
    count.add_argument("--filter", metavar="EXPR")
    count.add_argument("--by", choices=("log", "partition", "type", "stream", "category", "decoder"))
    count.add_argument("--every", type=span_us, metavar="1m", help="also by stretch of event time")


def _command(commands: Any, name: str, help_: str, run: Any) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=help_, description=run.__doc__)
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--format", choices=("table", "jsonl"))
    add_options(parser)
    parser.add_argument("--require-complete", action="store_true", help="exit 5 when not all that was asked for was read")
    parser.set_defaults(run=run)
    return parser


def span_us(text: str) -> int:
    """The microseconds of `30s`, `1m` or `1h`, as arguments are given."""
    match = re.fullmatch(r"([0-9]{1,9})(ms|s|m|h|d)", text)
    if not match or int(match[1]) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a span such as 30s, 1m or 1h")
    found_us = int(match[1]) * _UNITS_US[match[2]]
    if found_us > _LONGEST_US:
        raise argparse.ArgumentTypeError(f"{text!r} is longer than all times there are")
    return found_us


def _ended(args: argparse.Namespace, reader: CaptureReader) -> ExitStatus:
    """Prints the scope and turns an incomplete one into its exit status where that was asked for."""
    from inspector.capture.report import scope
    from inspector.cli.output import print_scope

    said = scope(reader)
    print_scope(said)
    return ExitStatus.INCOMPLETE if args.require_complete and not said["complete"] else ExitStatus.OK


def _condition(text: str | None) -> Condition | None:
    if not text:
        return None
    from inspector.query import condition

    return condition(text)


def _info(args: argparse.Namespace) -> ExitStatus:
    """Says what a capture holds: its sources, what was read of each log and what was not, and how much there is."""
    from inspector.capture.report import info
    from inspector.cli.output import chosen_format, print_rows
    from inspector.text import visible

    with open_shown(args) as reader:
        report = info(reader)
    if chosen_format(args.format) == "jsonl":
        print(json.dumps(report, ensure_ascii=False))
    else:
        print(f"{report['events']:,} events in {report['capture']}, made {report['created']} by {visible(str(report['tool']))}")
        for source in report["sources"]:
            print(f"source {source['id']}: {visible(str(source['uri']))}")
        if report["inputs"]:
            print_rows(map(_input_row, report["inputs"]), ("file", "bytes", "rows", "state", "format", "sha256"), format_="table")
        if report["masks"]:
            print(f"masked by {report['masks']:,} rules: what they hide is stored in clear, and --unmasked shows it")
        print_rows(_coverage_rows(report), ("log", "partition", "from", "to", "state", "reason", "records"), format_="table")
        if decoded := _decoder_rows(report):
            print_rows(decoded, ("log", "partition", "decoder", "events"), format_="table")
    complete = report["scope"]["complete"]
    return ExitStatus.INCOMPLETE if args.require_complete and not complete else ExitStatus.OK


def _input_row(one: dict[str, Any]) -> dict[str, Any]:
    state = f"{len(one['gaps']):,} stretches not read" if one["gaps"] else "whole" if one["is_whole"] else "not read to its end"
    named = {"file": one["name"], "bytes": one["size_bytes"], "rows": one["rows"], "state": state}
    return {**named, "format": one["format"], "sha256": one["sha256"]}


def _coverage_rows(report: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"log": log["log"], "partition": log["partition"], **segment} for log in report["logs"] for segment in log["coverage"]]


def _decoder_rows(report: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"log": log["log"], "partition": log["partition"], "decoder": decoder, "events": events}
        for log in report["logs"]
        for decoder, events in log.get("decoders", {}).items()
    ]


def _events(args: argparse.Namespace) -> ExitStatus:
    """Lists events, in the order they arrived unless told otherwise."""
    from inspector.cli.output import print_events

    with open_shown(args) as reader:
        printed = print_events(reader.events(_looked_up(reader, _query(args, reader))), format_=args.format)
        sys.stdout.flush()
        if not printed and sys.stderr.isatty():
            print("no event matches in what this capture holds", file=sys.stderr)
        return _ended(args, reader)


def _looked_up(reader: CaptureReader, query: EventQuery) -> EventQuery:
    """What an index finds need not be looked for."""
    if query.condition is None:
        return query
    from inspector.capture.lookups import looked_up

    return looked_up(reader, query)


def _query(args: argparse.Namespace, reader: CaptureReader) -> EventQuery:
    from inspector.capture.asking import EventQuery
    from inspector.capture.streams import find_stream

    low, high = _bound(args.start), _bound(args.end)
    return EventQuery(
        order=args.order,
        reverse=args.reverse,
        limit=args.limit,
        log=args.log,
        partition=args.partition,
        from_us=low.get("time_us"),
        until_us=high.get("time_us"),
        from_position=low.get("position"),
        until_position=high.get("position"),
        stream_id=find_stream(reader, args.stream, args.source).id if args.stream else None,
        condition=_condition(args.filter),
    )


def _bound(text: str | None) -> dict[str, int]:
    """`{"time_us": …}` or `{"position": …}`; empty for an edge, which bounds nothing here."""
    if text is None:
        return {}
    from inspector.sources import parse_bound

    bound = parse_bound(text)
    if bound.last is not None:
        raise UsageError(f"{text!r} counts from the end, which only capture can do: use --reverse --limit {bound.last}")
    if bound.time_us is not None:
        return {"time_us": bound.time_us}
    return {"position": bound.position} if bound.position is not None else {}


def _streams(args: argparse.Namespace) -> ExitStatus:
    """Lists the streams of a capture, one aggregate each."""
    from inspector.capture.streams import streams
    from inspector.cli.output import print_rows
    from inspector.event import format_time

    with open_shown(args) as reader:
        rows = (
            {
                "stream": stream.name,
                "category": stream.category,
                "source": stream.source,
                "events": stream.events,
                "first_time": format_time(stream.first_us),
                "last_time": format_time(stream.last_us),
            }
            for stream in streams(reader, category=args.category)
        )
        print_rows(rows, ("category", "stream", "events", "first_time", "last_time", "source"), format_=args.format)
        sys.stdout.flush()
        return _ended(args, reader)


def _count(args: argparse.Namespace) -> ExitStatus:
    """Counts the events of a capture, those a filter matches, and those it cannot be applied to."""
    from inspector.capture.asking import EventQuery
    from inspector.capture.report import count, count_by, scope
    from inspector.cli.output import chosen_format, print_rows

    with open_shown(args) as reader:
        query = EventQuery(condition=_condition(args.filter))
        if args.by or args.every:
            rows = list(count_by(reader, args.by, args.every, query))
            print_rows(rows, tuple(rows[0]) if rows else ("count",), format_=args.format)
            sys.stdout.flush()
            return _ended(args, reader)
        matching, not_applicable = count(reader, query)
        said = scope(reader)
    if chosen_format(args.format) == "jsonl":
        print(json.dumps({"count": matching, "not_applicable": not_applicable, "scope": said}, ensure_ascii=False))
    else:
        print(f"{matching:,}" + (f" ({not_applicable:,} not applicable)" if not_applicable else ""))
    return ExitStatus.INCOMPLETE if args.require_complete and not said["complete"] else ExitStatus.OK
