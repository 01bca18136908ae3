"""`eventscope export`: the events of a capture, or those a filter finds, as a file of JSON lines, CSV, or a capture. No work of its own.

Read `inspector.export` for the work, `output` for the JSON lines.
"""

from __future__ import annotations

import argparse
import base64
import re
from pathlib import Path
from typing import TYPE_CHECKING

from inspector.cli import writing
from inspector.cli.hiding import add_options, open_shown
from inspector.cli.stopping import stopping
from inspector.errors import ExitStatus, UsageError
from inspector.text import visible

if TYPE_CHECKING:
    from collections.abc import Callable

    from inspector.capture.reader import CaptureReader
    from inspector.capture.rows import Event
    from inspector.cli.writing import Told
    from inspector.export import Exported, Form
    from inspector.manifest import Account

SUFFIXES = (".jsonl", ".csv", ".parquet", ".evcap")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Registers `export`."""
    export = commands.add_parser("export", help="write events to a file: .jsonl, .csv, .parquet or .evcap", description=_export.__doc__)
    export.add_argument("file", type=Path, metavar="FILE")
    export.add_argument("--filter", metavar="EXPR")
    export.add_argument("--order", choices=("log", "time", "arrival"), default="arrival")
    add_options(export)
    export.add_argument("--require-complete", action="store_true", help="exit 5 when not all that was asked for was read")
    writing.add_rows_options(export, SUFFIXES, is_required=True)
    export.set_defaults(run=_export)
    verify = commands.add_parser("verify", help="whether an export is as it was made", description=_verify.__doc__)
    verify.add_argument("manifest", type=Path, metavar="OUT.manifest.json")
    verify.set_defaults(run=_verify)


def _verify(args: argparse.Namespace) -> ExitStatus:
    """Compares an export with the size and hash in its manifest; exit status 1 when they differ."""
    from inspector import manifest

    found = manifest.differences(args.manifest)
    print("\n".join(map(visible, found)) or "as it was exported: its size and SHA-256 are those of the manifest")
    return ExitStatus.FINDINGS if found else ExitStatus.OK


def _export(args: argparse.Namespace) -> ExitStatus:
    """Writes events to a file that appears only when it is whole. What the capture wants hidden is hidden in it."""
    writing.check_out(args, SUFFIXES)
    from inspector.capture.report import scope
    from inspector.cli.output import print_scope
    from inspector.export import COLUMNS, GUARDED
    from inspector.manifest import Account

    told = writing.Told(args.progress, lambda line: f"{line['events']:,} events, {line['bytes'] // 1_000_000:,} MB")
    with open_shown(args) as reader, stopping(with_stdin=args.stop_with_stdin) as stop:
        account = Account()
        done, notes = _written(args, reader, told, stop.is_set, account)
        notes += writing.mask_notes(reader)
        said = scope(reader)
        if done.is_whole:
            is_safe = args.out.suffix.lower() == ".csv" and not writing.is_exact(args)
            columns = [*COLUMNS, GUARDED] if is_safe else COLUMNS
            about = {"filter": args.filter, "order": args.order}
            writing.write_manifest(args, reader, about, notes, said, {**account.told(), "columns": columns})
    status = ExitStatus.OK if done.is_whole else ExitStatus.STOPPED
    if status is ExitStatus.OK and args.require_complete and not said["complete"]:
        status = ExitStatus.INCOMPLETE
    line = {"type": "exported", "path": str(args.out), "events": done.events, "bytes": done.size_bytes, "notes": notes}
    told.ended(status, line, "\n".join([f"exported {args.out}: {done.events:,} events, {done.size_bytes:,} bytes", *notes]))
    if not told.is_json:
        print_scope(said)
    return status


def _written(
    args: argparse.Namespace, reader: CaptureReader, told: Told, is_stopped: Callable[[], bool], account: Account
) -> tuple[Exported, list[str]]:
    """What became of it, and what is to be said of it."""

    def progressed(events: int, size_bytes: int) -> None:
        told.progressed(events=events, bytes=size_bytes)

    condition = None
    if args.filter:
        from inspector.query import condition as compiled

        condition = compiled(args.filter)
    if args.out.suffix.lower() == ".evcap":
        from inspector.export_capture import export_capture

        if args.order != "arrival":
            raise UsageError("a capture has an order of its own: leave --order out")
        text = args.filter or ""
        done = export_capture(
            reader, args.out, condition=condition, filter_text=text, replace=args.replace, progress=progressed, is_stopped=is_stopped
        )
        if done.is_whole:
            _count(args.out, account)
        return done, []
    from inspector.capture.asking import EventQuery
    from inspector.capture.lookups import looked_up
    from inspector.cli.output import event_line
    from inspector.export import Lines, Table, export
    from inspector.export_parquet import Parquet

    form: Form[Event] = Parquet()
    if args.out.suffix.lower() != ".parquet":
        form = Lines(event_line) if args.out.suffix.lower() == ".jsonl" else Table(_text, exact=writing.is_exact(args))
    events = reader.events(looked_up(reader, EventQuery(order=args.order, condition=condition)))
    done = export(account.counting(events), args.out, form, replace=args.replace, progress=progressed, is_stopped=is_stopped)
    return done, writing.guard_notes(form.guarded) if isinstance(form, Table) else []


def _count(out: Path, account: Account) -> None:
    """What is in a capture that was exported."""
    from inspector.capture.reader import CaptureReader

    with CaptureReader(out) as made:
        rows = "SELECT log.name, log.partition, event.position, event.time_us FROM event JOIN log ON log.id = event.log_id"
        for row in made.each(rows):
            account.add(*row)


def _text(value: bytes | None) -> str:
    """Bytes as a cell: empty for null, text when they are UTF-8 without signs that no text has, else `base64:…`, also for no bytes."""
    if value is None:
        return ""
    try:
        text = value.decode()
    except UnicodeDecodeError:
        text = ""
    is_text = text and not _CONTROL.search(text) and not text.startswith("base64:")
    return text if is_text else f"base64:{base64.b64encode(value).decode()}"
