"""`eventscope notes`, `save` and `evidence`: what a user says about a capture, and copies of it. Prints; no work of its own.

Read `inspector.capture.notes`, `.saving` and `.evidence` for the work.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from inspector.cli import writing
from inspector.cli.stopping import stopping
from inspector.errors import ExitStatus

if TYPE_CHECKING:
    from inspector.capture.reader import CaptureReader


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Registers `notes`, `save` and `evidence`."""
    notes = commands.add_parser("notes", help="notes and marks on events", description=_notes.__doc__)
    notes.add_argument("file", type=Path, metavar="FILE")
    change = notes.add_mutually_exclusive_group()
    change.add_argument("--add", nargs=2, metavar=("SEQ", "TEXT"), help="put a note on the event with this number")
    change.add_argument("--mark", type=int, metavar="SEQ", help="mark an event")
    change.add_argument("--edit", nargs=2, metavar=("ID", "TEXT"), help="give a note another text")
    change.add_argument("--delete", metavar="ID", help="take a note or mark away")
    notes.add_argument("--format", choices=("table", "jsonl"))
    notes.set_defaults(run=_notes)

    save = commands.add_parser("save", help="save a capture as one file, notes included", description=_save.__doc__)
    save.add_argument("file", type=Path, metavar="FILE")
    save.add_argument("out", type=Path, metavar="OUT")
    save.add_argument("--replace", action="store_true", help="replace OUT when it is there")
    writing.add_options(save)
    save.set_defaults(run=_save)

    evidence = commands.add_parser("evidence", help="mark a capture as evidence: read-only, with its digest", description=_evidence.__doc__)
    evidence.add_argument("file", type=Path, metavar="FILE")
    evidence.add_argument("--check", action="store_true", help="compare the file with the digest noted when it was marked")
    evidence.set_defaults(run=_evidence)


def _notes(args: argparse.Namespace) -> ExitStatus:
    """Lists the notes and marks on a capture's events, those kept beside it too, after making the change asked for."""
    from inspector.capture import notes
    from inspector.capture.reader import CaptureReader
    from inspector.cli.output import chosen_format, print_rows

    with CaptureReader(args.file) as reader:
        _change(args, reader)
        lines = list(notes.json_lines(notes.notes(reader)))
    if chosen_format(args.format) == "jsonl":
        sys.stdout.writelines(line + "\n" for line in lines)
    elif lines:
        print_rows(map(json.loads, lines), ("id", "kind", "seq", "log", "partition", "position", "changed", "text"), format_="table")
    else:
        print(f"no note and no mark in {args.file}")
    return ExitStatus.OK


def _change(args: argparse.Namespace, reader: CaptureReader) -> None:
    from inspector.capture import notes
    from inspector.errors import UsageError

    if args.add:
        if not args.add[0].isdecimal():
            raise UsageError(f"--add needs the number of an event, not {args.add[0]!r}")
        notes.add_note(reader, min(int(args.add[0]), 2**62), args.add[1])
    elif args.mark is not None:
        notes.add_mark(reader, args.mark)
    elif args.edit:
        notes.edit_note(reader, *args.edit)
    elif args.delete:
        notes.delete_note(reader, args.delete)


def _save(args: argparse.Namespace) -> ExitStatus:
    """Copies a capture, also one that is being written, to one file for its owner only, with the notes kept beside it."""
    from inspector.capture.saving import save

    told = writing.Told(args.progress, lambda line: f"{line['bytes'] // 1_000_000:,} of {line['total'] // 1_000_000:,} MB")

    def progressed(done_bytes: int, total_bytes: int) -> None:
        told.progressed(bytes=done_bytes, total=total_bytes)

    with stopping(with_stdin=args.stop_with_stdin) as stop:
        saved = save(args.file, args.out, replace=args.replace, progress=progressed, is_stopped=stop.is_set)
    status = ExitStatus.OK if saved.is_whole else ExitStatus.STOPPED
    text = f"saved {args.out}: {saved.size_bytes:,} bytes, {saved.notes:,} notes merged"
    if saved.is_masked:
        text += "\nwhat its masks hide is stored in it: whoever has the file can take the masks off"
    line = {"type": "saved", "path": str(args.out), "bytes": saved.size_bytes, "notes": saved.notes, "masked": saved.is_masked}
    told.ended(status, line, text)
    return status


def _evidence(args: argparse.Namespace) -> ExitStatus:
    """Marks a finished capture as evidence. Not a byte of it is changed, and nothing is ever written to it; notes go beside it."""
    from inspector.capture import evidence
    from inspector.event import format_time

    noted = evidence.check(args.file) if args.check else evidence.mark(args.file)
    print(json.dumps({"file": str(args.file), "sha256": noted.sha256, "size": noted.size_bytes, "marked": format_time(noted.marked_us)}))
    return ExitStatus.OK
