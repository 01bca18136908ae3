"""`eventscope report`: the coverage statement of a capture as one page of HTML. No work of its own.

Read `inspector.coverage_page` for the page.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from inspector.cli import writing
from inspector.cli.hiding import add_options, open_shown
from inspector.cli.stopping import stopping
from inspector.errors import ExitStatus, UsageError


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Registers `report`."""
    report = commands.add_parser("report", help="write the coverage statement of a capture, a page to print", description=_report.__doc__)
    report.add_argument("file", type=Path, metavar="FILE")
    report.add_argument("-o", "--output", dest="out", type=Path, metavar="PAGE.html", required=True)
    report.add_argument("--replace", action="store_true", help="replace the page when it is there")
    add_options(report)
    writing.add_options(report)
    report.set_defaults(run=_report)


def _report(args: argparse.Namespace) -> ExitStatus:
    """Writes which capture it is, what was read and what was not, what checks found, and what can be concluded from it."""
    if args.out.suffix.lower() not in {".html", ".htm"}:
        raise UsageError(f"{args.out.name} is a page of HTML: end its name in .html")
    from inspector.coverage_page import page, statement
    from inspector.export import write_text

    with open_shown(args) as reader, stopping(with_stdin=args.stop_with_stdin) as stop:
        text = page(statement(reader, made_us=time.time_ns() // 1000))
        if stop.is_set():
            return _ended(args, 0, ExitStatus.STOPPED)
    size_bytes = write_text(args.out, text, replace=args.replace)
    return _ended(args, size_bytes, ExitStatus.OK)


def _ended(args: argparse.Namespace, size_bytes: int, status: ExitStatus) -> ExitStatus:
    line = {"type": "reported", "path": str(args.out), "bytes": size_bytes}
    writing.Told(args.progress).ended(status, line, f"wrote {args.out}: {size_bytes:,} bytes")
    return status
