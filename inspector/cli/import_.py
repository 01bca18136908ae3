"""The command that reads files: exports, logs and stores of others become a capture, with what each file can and cannot prove.

Read `sources.files` for how files are read, `capture` for reading what is alive.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inspector.cli.capture import Stop, size_of
from inspector.cli.hiding import mask_rules
from inspector.cli.output import chosen_format
from inspector.cli.registries import add_options, places_of
from inspector.cli.reporting import reporter_of
from inspector.errors import ExitStatus, UsageError
from inspector.text import visible

if TYPE_CHECKING:
    from inspector.ingest import Options
    from inspector.sources.files import FileSource

_MOST_SAID = 5


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Registers `import`."""
    parser = commands.add_parser("import", help="read files of others into a capture", description=_import.__doc__)
    parser.add_argument("path", nargs="+", metavar="PATH|-", help="files, folders, patterns; - reads standard input")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="an existing capture is continued")
    parser.add_argument("--format", metavar="NAME", default="", help="instead of recognising it; --formats lists them")
    parser.add_argument("--set", action="append", default=[], type=_setting, metavar="NAME=VALUE", help="a setting of the format")
    parser.add_argument("--zone", metavar="ZONE", help="of times that say none, such as Europe/Paris or UTC")
    parser.add_argument("--map", type=Path, metavar="FILE", help="a map: identity rules per log, or a format's descriptor (TOML)")
    add_options(parser)
    parser.add_argument("--limit", type=int, metavar="N", help="store at most N events in all")
    parser.add_argument("--min-free", type=size_of, default=10**9, metavar="N", help="bytes that stay free on the disk (1GB)")
    parser.add_argument("--masks", metavar="production|FILE", help="hide what these rules say wherever the capture is opened")
    parser.add_argument("--progress", choices=("auto", "json", "none"), default="auto")
    parser.add_argument("--stop-with-stdin", action="store_true", help="end when standard input closes")
    parser.add_argument("--print", dest="print_as", choices=("table", "jsonl"), help="how the result is printed")
    parser.set_defaults(run=_import)


def _setting(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value


def _import(args: argparse.Namespace) -> ExitStatus:
    """Reads exported logs and other files into a capture file; writes nothing but the capture."""
    from inspector import ingest
    from inspector.sources import Request

    if args.output is None:
        raise UsageError("give the capture to write: -o FILE")
    source = _source(args)
    reporter = reporter_of(args.progress)
    stop = Stop(with_stdin=args.stop_with_stdin)
    try:
        listener = reporter.listener(stop.begun)
        outcome = ingest.run([(source, Request())], args.output, options=_options(args), listener=listener, stop=stop.event)
    finally:
        stop.end()
        source.close()
    status = _status(outcome)
    reporter.finished(outcome.stopped, status)
    _print_outcome(args, outcome)
    return status


def _source(args: argparse.Namespace) -> FileSource:
    from inspector.sources.files import STDIN, FileSource

    if args.stop_with_stdin and "-" in args.path:
        raise UsageError("--stop-with-stdin and reading standard input do not go together")
    settings: dict[str, object] = dict(args.set)
    if args.zone:
        settings["zone"] = _zone(args.zone)
    paths = [STDIN if path == "-" else Path(path) for path in args.path]
    return FileSource(paths, wanted=args.format, settings=settings)


def _zone(name: str) -> str:
    import zoneinfo

    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        raise UsageError(f"no time zone named {name!r}; write one such as Europe/Paris or UTC") from None
    return name


def _options(args: argparse.Namespace) -> Options:
    from inspector.identify import load_profile
    from inspector.ingest import Options

    return Options(
        masks=mask_rules(args.masks),
        limit=args.limit,
        floor_bytes=args.min_free,
        profile=load_profile(args.map) if args.map else None,
        places=places_of(args, {}),
        settings={"command": "import", "paths": args.path, "format": args.format, "zone": args.zone},
    )


def _status(outcome: Any) -> ExitStatus:
    """1 for rows or stretches that could not be read, unless it ended in another way."""
    damaged = outcome.status.undecodable or any(one.gaps for one in outcome.inputs)
    return ExitStatus.FINDINGS if damaged and outcome.exit_status is ExitStatus.OK else outcome.exit_status


def _print_outcome(args: argparse.Namespace, outcome: Any) -> None:
    status = outcome.status
    summary: Mapping[str, Any] = {
        "capture": str(args.output),
        "stored": status.stored,
        "events": status.events,
        "bytes": status.bytes,
        "duplicates": status.duplicates,
        "conflicts": status.conflicts,
        "undecodable": status.undecodable,
        "missing": [{"wire": one.wire, "why": one.why, "events": one.events} for one in outcome.missing],
        "stopped": outcome.stopped,
        "inputs": [_input(one) for one in outcome.inputs],
    }
    if chosen_format(args.print_as) == "jsonl":
        print(json.dumps(summary))
        return
    for one in outcome.missing[:_MOST_SAID]:
        print(visible(f"{one.events:,} events wait for {one.why or one.wire}: eventscope decode reads them later"))
    odd = [f"{summary[name]:,} {name}" for name in ("undecodable", "duplicates", "conflicts") if summary[name]]
    print(f"{status.stored:,} events stored in {args.output}{''.join(f', {part}' for part in odd)}: {'; '.join(outcome.stopped)}")
    for text in dict.fromkeys(f"{one.format}: {one.proves}" for one in outcome.inputs if one.proves):
        print(visible(text))


def _input(one: Any) -> dict[str, Any]:
    """A file for programs."""
    return {
        "name": one.name,
        "path": one.path,
        "size_bytes": one.size_bytes,
        "sha256": one.sha256,
        "format": one.format,
        "settings": {key: value for key, value in one.settings.items() if key != "rules"},
        "loses": one.loses,
        "proves": one.proves,
        "rows": one.rows,
        "gaps": [{"start": gap.start, "end": gap.end, "reason": gap.reason} for gap in one.gaps],
        "notes": list(one.notes),
        "is_whole": one.is_whole,
    }
