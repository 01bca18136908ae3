"""The command that reads files: exports, logs and stores of others become a capture, with what each file can and cannot prove.

Read `sources.files` for how files are read, `capture` for reading what is alive.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inspector.cli.capture import Stop, size_of
from inspector.cli.hiding import mask_rules
from inspector.cli.maps import Map, read_map
from inspector.cli.outcome import print_outcome
from inspector.cli.output import chosen_format
from inspector.cli.preview import print_preview, wishes_of
from inspector.cli.registries import add_options, places_of
from inspector.cli.reporting import reporter_of
from inspector.errors import ExitStatus, UsageError

if TYPE_CHECKING:
    from inspector.control_totals import Totals
    from inspector.ingest import Options
    from inspector.sources import Source


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Registers `import`."""
    parser = commands.add_parser("import", help="read files of others into a capture", description=_import.__doc__)
    parser.add_argument("path", nargs="+", metavar="PATH|-", help="files, folders, patterns; - reads standard input")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="an existing capture is continued")
    parser.add_argument(
        "--format", action="append", default=[], metavar="[RECOGNISED:]NAME", help="for all files, or instead of the one that is recognised"
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        type=_setting,
        metavar="[RECOGNISED:]NAME=VALUE",
        help="a setting of the format, such as fields.time=created_at; with a format before it only for files that are recognised so",
    )
    parser.add_argument("--preview", action="store_true", help="say what would be done, with five events of each kind, and write nothing")
    parser.add_argument(
        "--remember", action="store_true", help="read later files with the same columns as --format, --set and --zone say here"
    )
    parser.add_argument("--zone", metavar="ZONE", help="of times that say none, such as Europe/Paris or UTC")
    parser.add_argument(
        "--map", type=Path, metavar="FILE", help="a map: identity rules per log, or the descriptor of a format or of a store's table (TOML)"
    )
    parser.add_argument("--expect", type=Path, metavar="FILE", help="control totals (TOML or CSV) that the capture is checked against")
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

    if args.preview:
        return _preview(args)
    if args.output is None:
        raise UsageError("give the capture to write: -o FILE")
    told = read_map(args.map)
    options = _options(args, told)
    expected = _expected(args.expect)
    reporter = reporter_of(args.progress)
    stop = Stop(with_stdin=args.stop_with_stdin)
    sources: list[Source] = []
    try:
        sources.extend(_sources(args, told))
        listener = reporter.listener(stop.begun)
        outcome = ingest.run([(one, Request()) for one in sources], args.output, options=options, listener=listener, stop=stop.event)
    finally:
        stop.end()
        for source in sources:
            source.close()
    status = _status(outcome)
    reporter.finished(outcome.stopped, status)
    _print_outcome(args, outcome)
    if expected is not None and outcome.exit_status is ExitStatus.OK:
        from inspector.cli.expect import checked

        return max(status, checked(args.output, expected, args.print_as))
    return status


def _sources(args: argparse.Namespace, told: Map) -> Iterator[Source]:
    """One for each store or data folder, and one for all other files."""
    from inspector.sources.files import STDIN
    from inspector.sources.paths import divide

    if args.stop_with_stdin and "-" in args.path:
        raise UsageError("--stop-with-stdin and reading standard input do not go together")
    wishes = replace(wishes_of(args.format, args.set, _zone(args.zone) if args.zone else None), remembers=args.remember)
    paths = [STDIN if path == "-" else Path(path) for path in args.path]
    divided = divide(paths, wishes=wishes, descriptors=told.formats)
    wishes = told.for_stores(wishes, divided.claimed)
    if divided.files is not None:
        yield divided.files
    for one in divided.claimed:
        yield one.reader.of_path(one.path, wishes.config_of(one.words))


def _preview(args: argparse.Namespace) -> ExitStatus:
    from inspector.cli.logs import leave_with_stdin
    from inspector.import_preview import preview
    from inspector.sources.paths import divide

    if "-" in args.path:
        raise UsageError("standard input cannot be read twice: --preview looks at files")
    if args.stop_with_stdin:
        leave_with_stdin()
    told = read_map(args.map)
    wishes = wishes_of(args.format, args.set, _zone(args.zone) if args.zone else None)
    divided = divide([Path(path) for path in args.path], wishes=wishes, descriptors=told.formats)
    wishes = told.for_stores(wishes, divided.claimed)
    print_preview(preview(divided.files, divided.claimed, told.profile, wishes), chosen_format(args.print_as))
    return ExitStatus.OK


def _expected(path: Path | None) -> Totals | None:
    """The control totals, read before anything else, so that a mistake in them costs no import."""
    if path is None:
        return None
    from inspector.control_totals import load

    return load(path)


def _zone(name: str) -> str:
    import zoneinfo

    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        raise UsageError(f"no time zone named {name!r}; write one such as Europe/Paris or UTC") from None
    return name


def _options(args: argparse.Namespace, told: Map) -> Options:
    from inspector.ingest import Options

    return Options(
        masks=mask_rules(args.masks),
        limit=args.limit,
        floor_bytes=args.min_free,
        profile=told.profile,
        places=places_of(args, {}),
        settings={"command": "import", "paths": args.path, "format": args.format, "zone": args.zone},
    )


def _status(outcome: Any) -> ExitStatus:
    """1 for rows or stretches that could not be read and for a file without a row, unless it ended in another way."""
    damaged = outcome.status.undecodable or outcome.status.conflicts or any(one.is_odd for one in outcome.inputs)
    return ExitStatus.FINDINGS if damaged and outcome.exit_status is ExitStatus.OK else outcome.exit_status


def _print_outcome(args: argparse.Namespace, outcome: Any) -> None:
    proofs = dict.fromkeys(f"{one.format}: {one.proves}" for one in outcome.inputs if one.proves)
    print_outcome(args.output, outcome, args.print_as, more={"inputs": [_input(one) for one in outcome.inputs]}, words=proofs)


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
        "damaged": one.damaged,
        "gaps": [{"start": gap.start, "end": gap.end, "reason": gap.reason} for gap in one.gaps],
        "notes": list(one.notes),
        "is_whole": one.is_whole,
    }
