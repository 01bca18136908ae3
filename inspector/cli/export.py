"""`eventscope export`: the events of a capture, or those a filter finds, as a file of JSON lines, CSV, or a capture. No work of its own.

Read `inspector.export` for the work, `output` for the JSON lines.
"""

from __future__ import annotations

import argparse
import base64
import json
import re
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from inspector.cli.hiding import add_options, open_shown
from inspector.cli.stopping import stopping
from inspector.errors import ExitStatus, UsageError
from inspector.event import format_time
from inspector.text import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from inspector.capture.reader import CaptureReader
    from inspector.capture.rows import Event
    from inspector.export import Exported, Form
    from inspector.manifest import Account

SUFFIXES = (".jsonl", ".csv", ".parquet", ".evcap")
_PROGRESS_EVERY_S = 0.1
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Registers `export`."""
    export = commands.add_parser("export", help="write events to a file: .jsonl, .csv, .parquet or .evcap", description=_export.__doc__)
    export.add_argument("file", type=Path, metavar="FILE")
    export.add_argument("-o", "--output", dest="out", type=Path, metavar="OUT", required=True, help="its ending says the form")
    export.add_argument("--filter", metavar="EXPR")
    export.add_argument("--order", choices=("log", "time", "arrival"), default="arrival")
    export.add_argument("--csv", choices=("safe", "exact"), default="safe", help="safe: no cell is taken for a formula by a spreadsheet")
    export.add_argument("--no-manifest", action="store_true", help="write no OUT.manifest.json beside it")
    export.add_argument("--replace", action="store_true", help="replace OUT when it is there")
    add_options(export)
    export.add_argument("--require-complete", action="store_true", help="exit 5 when not all that was asked for was read")
    export.add_argument("--progress", choices=("auto", "json", "none"), default="auto")
    export.add_argument("--stop-with-stdin", action="store_true", help="end when standard input closes")
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
    _check(args)
    from inspector import manifest
    from inspector.capture.masked import rules_of
    from inspector.capture.report import scope
    from inspector.cli.output import print_scope
    from inspector.export import COLUMNS, GUARDED

    told = _Told(args.progress)
    with open_shown(args) as reader, stopping(with_stdin=args.stop_with_stdin) as stop:
        account = manifest.Account()
        done, notes = _written(args, reader, told, stop.is_set, account)
        if reader.masks is not None:
            notes.append("what the masks hide is hidden in it")
        elif rules_of(reader):
            notes.append("what the capture wants hidden is in clear in it")
        said = scope(reader)
        if done.is_whole and not args.no_manifest:
            is_safe = args.csv == "safe" and args.out.suffix.lower() == ".csv"
            manifest.write(args.out, account, _said(args, reader, notes, said), (*COLUMNS, GUARDED) if is_safe else COLUMNS)
    status = ExitStatus.OK if done.is_whole else ExitStatus.STOPPED
    if status is ExitStatus.OK and args.require_complete and not said["complete"]:
        status = ExitStatus.INCOMPLETE
    told.ended(args.out, done, notes, status)
    if args.progress != "json":
        print_scope(said)
    return status


def _check(args: argparse.Namespace) -> None:
    if args.out.suffix.lower() not in SUFFIXES:
        raise UsageError(f"{args.out.name} does not say its form: end it in {', '.join(SUFFIXES)}")
    beside = args.out.with_name(args.out.name + ".manifest.json")
    if beside.exists() and not args.no_manifest and not args.replace:
        raise UsageError(f"{beside} is there already; choose another name, or replace it (--replace)")
    if args.out.exists() and args.file.exists() and args.out.samefile(args.file):
        raise UsageError(f"{args.out} is the capture itself; choose another name")


def _said(args: argparse.Namespace, reader: CaptureReader, notes: Sequence[str], scope: Mapping[str, object]) -> dict[str, object]:
    """Which events of which capture, and what was done to them."""
    ((capture_id,),) = reader.select("SELECT id FROM capture LIMIT 1")
    return {
        "made": format_time(time.time_ns() // 1000),
        "capture": {"name": args.file.name, "id": capture_id},
        "filter": args.filter,
        "order": args.order,
        "csv": args.csv if args.out.suffix.lower() == ".csv" else None,
        "masks": reader.masks is not None,
        "notes": list(notes),
        "scope": scope,
    }


def _written(
    args: argparse.Namespace, reader: CaptureReader, told: _Told, is_stopped: Callable[[], bool], account: Account
) -> tuple[Exported, list[str]]:
    """What became of it, and what is to be said of it."""
    condition = None
    if args.filter:
        from inspector.query import condition as compiled

        condition = compiled(args.filter)
    if args.out.suffix.lower() == ".evcap":
        from inspector.export_capture import export_capture

        if args.order != "arrival":
            raise UsageError("a capture has an order of its own: leave --order out")
        text = args.filter or ""
        progress = told.progressed
        done = export_capture(
            reader, args.out, condition=condition, filter_text=text, replace=args.replace, progress=progress, is_stopped=is_stopped
        )
        if done.is_whole:
            _count(args.out, account)
        return done, []
    from inspector.capture.lookups import looked_up
    from inspector.capture.reader import EventQuery
    from inspector.cli.output import event_line
    from inspector.export import Lines, Table, export
    from inspector.export_parquet import Parquet

    form: Form[Event] = Parquet()
    if args.out.suffix.lower() != ".parquet":
        form = Lines(event_line) if args.out.suffix.lower() == ".jsonl" else Table(_text, exact=args.csv == "exact")
    events = reader.events(looked_up(reader, EventQuery(order=args.order, condition=condition)))
    done = export(account.counting(events), args.out, form, replace=args.replace, progress=told.progressed, is_stopped=is_stopped)
    return done, [_guarded(form.guarded)] if isinstance(form, Table) and form.guarded else []


def _count(out: Path, account: Account) -> None:
    """What is in a capture that was exported."""
    from inspector.capture.reader import CaptureReader

    with CaptureReader(out) as made:
        rows = "SELECT log.name, log.partition, event.position, event.time_us FROM event JOIN log ON log.id = event.log_id"
        for row in made.each(rows):
            account.add(*row)


def _guarded(cells: int) -> str:
    many = "1 cell begins" if cells == 1 else f"{cells:,} cells begin"
    return (
        f"{many} with an apostrophe, so that no spreadsheet takes it for a formula: the column 'guarded' names them, and an import "
        "takes the apostrophes off again (--csv exact leaves such cells as they are)"
    )


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


class _Told:
    """Says how it goes: JSON lines for the window, a line on a terminal, else nothing until the end."""

    def __init__(self, progress: str) -> None:
        self._is_json = progress == "json"
        self._is_line = progress == "auto" and sys.stderr.isatty()
        self._next_s = 0.0

    def progressed(self, events: int, size_bytes: int) -> None:
        """So many events, in so many bytes, are written."""
        if time.monotonic() < self._next_s:
            return
        self._next_s = time.monotonic() + _PROGRESS_EVERY_S
        if self._is_json:
            _say({"type": "progress", "events": events, "bytes": size_bytes})
        elif self._is_line:
            print(f"\r{events:,} events, {size_bytes // 1_000_000:,} MB", end="", file=sys.stderr, flush=True)

    def ended(self, out: Path, done: Exported, notes: Sequence[str], status: ExitStatus) -> None:
        """It is over."""
        if self._is_json:
            if done.is_whole:
                _say({"type": "exported", "path": str(out), "events": done.events, "bytes": done.size_bytes, "notes": list(notes)})
            _say({"type": "done", "stopped": "" if done.is_whole else "cancelled", "exit": int(status)})
            return
        if self._is_line:
            print(file=sys.stderr)
        if not done.is_whole:
            print("stopped; nothing was written")
            return
        print("\n".join([f"exported {out}: {done.events:,} events, {done.size_bytes:,} bytes", *notes]))


def _say(message: dict[str, object]) -> None:
    print(json.dumps(message), file=sys.stderr, flush=True)
