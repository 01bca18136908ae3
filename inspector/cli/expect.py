"""`eventscope expect`: control totals against a capture. No work of its own.

Read `inspector.control_totals` for how they are written and compared.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from inspector.cli.output import chosen_format
from inspector.errors import ExitStatus, UsageError
from inspector.text import visible

if TYPE_CHECKING:
    from inspector.control_totals import Totals, Verdict


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Registers `expect`."""
    expect = commands.add_parser("expect", help="check control totals: counts and sums", description=_expect.__doc__)
    expect.add_argument("file", type=Path, metavar="FILE")
    expect.add_argument("totals", type=Path, metavar="TOTALS", nargs="?", help="TOML or CSV")
    expect.add_argument("--template", action="store_true", help="print TOTALS as the capture has them, to be corrected")
    expect.add_argument("--format", choices=("table", "jsonl"))
    expect.set_defaults(run=_expect)


def _expect(args: argparse.Namespace) -> ExitStatus:
    """Compares counts and exact sums with what a capture holds; exit status 1 when any differs."""
    from inspector import control_totals
    from inspector.capture.reader import CaptureReader

    if args.template:
        with CaptureReader(args.file) as reader:
            print(control_totals.template(reader), end="")
        return ExitStatus.OK
    if args.totals is None:
        raise UsageError("give the file of control totals: eventscope expect FILE TOTALS (--template prints one)")
    return checked(args.file, control_totals.load(args.totals), args.format)


def checked(path: Path, totals: Totals, format_: str | None) -> ExitStatus:
    """Prints what became of each expectation; 1 when any differs. Raises CaptureError."""
    from inspector import control_totals
    from inspector.capture.reader import CaptureReader

    missed = total = 0
    with CaptureReader(path) as reader:
        for verdict in control_totals.verdicts(reader, totals):
            total += 1
            missed += not verdict.is_met
            print(json.dumps(_object(verdict), ensure_ascii=False) if chosen_format(format_) == "jsonl" else visible(_words(verdict)))
    if chosen_format(format_) != "jsonl":
        print(f"{total - missed:,} of {total:,} control totals are met")
    return ExitStatus.FINDINGS if missed else ExitStatus.OK


def _object(verdict: Verdict) -> dict[str, object]:
    total = verdict.total
    return {
        "log": total.log,
        "partition": total.partition,
        "day": total.day,
        "filter": total.filter,
        "path": total.path,
        "of": verdict.of,
        "expected": f"{verdict.expected:f}",
        "found": f"{verdict.found:f}",
        "without": verdict.without,
        "met": verdict.is_met,
    }


def _words(verdict: Verdict) -> str:
    mark = "✓" if verdict.is_met else "✕"
    of = "count" if verdict.of == "count" else f"sum of {verdict.total.path}"
    found = "" if verdict.is_met else f", found {verdict.found:,f} ({verdict.found - verdict.expected:+,f})"
    without = f"; {verdict.without:,} have no number there" if verdict.without else ""
    return f"{mark} {verdict.total.words}: {of} {verdict.expected:,f}{found}{without}"
