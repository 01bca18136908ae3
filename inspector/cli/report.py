"""`eventscope report`: the coverage statement of a capture as one page to print or mail. No work of its own.

Read `inspector.statement` for what it says, `check` for the findings in it.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from inspector.cli.hiding import add_options, open_shown
from inspector.errors import ExitStatus, StorageError

if TYPE_CHECKING:
    from inspector.capture.findings import Findings
    from inspector.capture.reader import CaptureReader
    from inspector.statement import Statement


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Registers `report`."""
    report = commands.add_parser("report", help="a page that says what a capture holds and proves", description=_report.__doc__)
    report.add_argument("file", type=Path, metavar="FILE")
    report.add_argument("-o", "--output", dest="out", type=Path, metavar="PAGE.html", required=True)
    report.add_argument("--replace", action="store_true", help="replace PAGE.html when it is there")
    add_options(report)
    report.add_argument("--require-complete", action="store_true", help="exit 5 when not all that was asked for was read")
    report.set_defaults(run=_report)


def _report(args: argparse.Namespace) -> ExitStatus:
    """Writes one HTML page for printing: what was read from where, what is absent and why, what checks found, what is proved."""
    from inspector.capture.damage import damage_is_said
    from inspector.export import check_place

    check_place(args.out, replace=args.replace)
    with open_shown(args) as reader:
        said, text = damage_is_said(_made)(reader)
    _write(args.out, text.encode("utf-8", "replace"))
    scope = said.info["scope"]
    print(f"{args.out}: {said.info['events']:,} events, {scope['read']:,} of {scope['asked']:,} positions, {_findings(said.findings)}")
    return ExitStatus.INCOMPLETE if args.require_complete and not scope["complete"] else ExitStatus.OK


def _made(reader: CaptureReader) -> tuple[Statement, str]:
    """The statement, and its page."""
    from inspector.statement import statement
    from inspector.statement.page import page

    said = statement(reader, time.time_ns() // 1000)
    return said, page(said)


def _findings(kept: Findings) -> str:
    if not kept.rules and not kept.findings:
        return "no checks were run (eventscope check FILE)"
    count = len(kept.findings)
    return f"{count:,} finding{'' if count == 1 else 's'}"


def _write(out: Path, data: bytes) -> None:
    """Under its name only when it is whole, for its owner only. Raises StorageError."""
    part = out.with_name(f".{out.name}.{os.getpid()}.part")
    try:
        with os.fdopen(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(out)
    except OSError as error:
        raise StorageError(f"cannot write {out}: {error.strerror or error}; nothing was left") from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink()
