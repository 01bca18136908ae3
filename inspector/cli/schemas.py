"""`eventscope schemas`: which schemas a capture's events were written with. Prints; read `capture.schema_report` for the answers."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inspector.cli.output import print_rows
from inspector.errors import ExitStatus
from inspector.event import format_time

if TYPE_CHECKING:
    from inspector.capture.reader import CaptureReader

_COLUMNS = ("number", "wire", "subject", "version", "kind", "events", "first_time", "last_time", "registry", "missing")
_VERSION_COLUMNS = ("type", "log", "schema_version", "schema", "number", "decoder", "events", "first_time", "last_time")


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Registers `schemas`."""
    schemas = commands.add_parser("schemas", help="which schemas the events were written with", description=_schemas.__doc__)
    schemas.add_argument("file", type=Path, metavar="FILE")
    schemas.add_argument("--type", metavar="T", help="only those of events of this type")
    schemas.add_argument("--by", choices=("schema", "type"), default="schema", help="type: the versions that each event type declares")
    shown = schemas.add_mutually_exclusive_group()
    shown.add_argument("--show", type=int, metavar="N", help="the text of the schema with this number")
    shown.add_argument("--diff", type=int, nargs=2, metavar=("A", "B"), help="what differs between the schemas with these numbers")
    schemas.add_argument("--format", choices=("table", "jsonl"))
    schemas.set_defaults(run=_schemas)


def _schemas(args: argparse.Namespace) -> ExitStatus:
    """Lists the schemas that the events of a capture name, with how many events and from when to when, and which of them are
    missing and why. The capture holds their texts: no registry is asked."""
    from inspector.capture.reader import CaptureReader

    with CaptureReader(args.file) as reader:
        if args.show is not None or args.diff:
            _print_text(reader, args)
        elif args.by == "type":
            print_rows(_versions(reader, args.type), _VERSION_COLUMNS, format_=args.format)
        else:
            print_rows(_uses(reader, args.type), _COLUMNS, format_=args.format)
    return ExitStatus.OK


def _print_text(reader: CaptureReader, args: argparse.Namespace) -> None:
    """What a stranger wrote is shown without what a terminal would obey."""
    from inspector.capture.schema_report import schema_numbered
    from inspector.capture.schema_texts import difference, schema_text
    from inspector.text import visible_lines

    if args.diff:
        before, after = (schema_numbered(reader, number) for number in args.diff)
        lines = difference(before, after)
        print(visible_lines("\n".join(lines)) if lines else "they say the same")
    else:
        print(visible_lines(schema_text(schema_numbered(reader, args.show))))


def _uses(reader: CaptureReader, type_: str | None) -> list[dict[str, Any]]:
    from inspector.capture.schema_report import schema_uses

    return [
        {
            "number": use.id,
            "wire": use.schema.wire,
            "registry": use.schema.registry or None,
            "subject": use.schema.subject or None,
            "version": use.schema.version,
            "kind": use.schema.kind or None,
            "source": use.source,
            "types": list(use.types),
            "events": use.events,
            "first_time": format_time(use.first_us),
            "last_time": format_time(use.last_us),
            "missing": (use.schema.error or "missing") if use.is_missing else None,
        }
        for use in schema_uses(reader, type_)
    ]


def _versions(reader: CaptureReader, type_: str | None) -> list[dict[str, Any]]:
    from inspector.capture.schema_report import version_uses

    return [
        {
            "type": use.type,
            "log": use.log,
            "schema_version": use.version,
            "schema": use.schema.label if use.schema else None,
            "number": use.schema_id,
            "decoder": use.decoder,
            "events": use.events,
            "first_time": format_time(use.first_us),
            "last_time": format_time(use.last_us),
        }
        for use in version_uses(reader, type_)
    ]
