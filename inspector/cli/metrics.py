"""`eventscope metrics`: numbers over time of a capture or a live source, a row for each line and step. Prints.

Every answer comes from `inspector.metrics`. Read `live` for how a source becomes a capture.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from inspector.cli.hiding import add_options, open_shown
from inspector.cli.live import captured, is_url
from inspector.cli.read import span_us
from inspector.cli.stopping import stopping
from inspector.errors import ExitStatus, UsageError

if TYPE_CHECKING:
    import subprocess
    from threading import Event as Stop

    from inspector.capture.reader import CaptureReader
    from inspector.metrics import Answer, Question

_EVERY_S = 1.0
_SETTLED_US = 2_000_000
"""Of what is followed a step is told this long after its end: later events would change it."""


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Registers `metrics`."""
    metrics = commands.add_parser("metrics", help="numbers over time: rates, sizes, delays, shares", description=_metrics.__doc__)
    metrics.add_argument("file", nargs="?", metavar="FILE|URL", help="a capture, or a source that is read meanwhile")
    metrics.add_argument("--metric", action="append", default=[], metavar="NAME", help="events (without any), bytes, size, …; repeatable")
    metrics.add_argument("--list", action="store_true", help="which metrics there are, and what each can be told by")
    metrics.add_argument("--by", default="", metavar="LABEL", help="log, partition, type, category, stream, key, header:NAME, …")
    metrics.add_argument("--every", type=span_us, metavar="1m", help="the width of a step (chosen by the length without it)")
    metrics.add_argument("--filter", default="", metavar="EXPR", help="only events that match")
    metrics.add_argument("--from", dest="start", metavar="X", help="a time (2026-11-23T08:00:00Z, -15m), inclusive")
    metrics.add_argument("--until", dest="end", metavar="X", help="a time, exclusive")
    metrics.add_argument("--follow", action="store_true", help="go on with each step that ends, until Ctrl-C or the end of the capture")
    metrics.add_argument("--topic", action="append", default=[], metavar="T", help="with a URL: only these topics or tables")
    metrics.add_argument("--config", metavar="FILE", help="with a URL: client properties, as `capture` takes them")
    add_options(metrics)
    metrics.add_argument("--format", choices=("table", "jsonl", "csv"))
    metrics.set_defaults(run=_metrics)


def _metrics(args: argparse.Namespace) -> ExitStatus:
    """Tells rates, sizes, delays and shares step by step, from a capture or from a source while it is read."""
    if args.list:
        return _list(args)
    if args.file is None:
        raise UsageError("give a capture or a source; --list tells which metrics there are")
    with stopping(with_stdin=False) as stop, _capture(args) as (path, child):
        args.file = path
        printer = _Printer(args.format, follow=args.follow)
        if args.follow:
            _follow(args, printer, stop, child)
        else:
            with open_shown(args) as reader:
                for answer in _answers(args, reader):
                    printer.put(answer, 0, answer.length)
        return ExitStatus.OK


@contextmanager
def _capture(args: argparse.Namespace) -> Iterator[tuple[Path, subprocess.Popen[bytes] | None]]:
    if not is_url(args.file):
        yield Path(args.file), None
        return
    options = [part for topic in args.topic for part in ("--topic", topic)]
    options += ["--config", args.config] if args.config else []
    options += ["--from", args.start] if args.start else ["--from", "latest"] if args.follow else []
    with captured(args.file, options, follow=args.follow) as (path, child):
        yield path, child


def _list(args: argparse.Namespace) -> ExitStatus:
    from inspector import metrics
    from inspector.cli.output import print_rows

    found = [metrics.metric(name) for name in metrics.names()]
    rows = [{"metric": one.name, "unit": one.unit, "what": one.title, "by": " ".join(one.labels)} for one in found]
    print_rows(rows, ("metric", "unit", "what", "by"), format_="jsonl" if args.format == "jsonl" else "table")
    return ExitStatus.OK


def _answers(args: argparse.Namespace, reader: CaptureReader) -> Iterator[Answer]:
    """What each metric answers; those of which the capture has nothing are said on standard error."""
    from inspector import metrics
    from inspector.text import visible

    for name in args.metric or ["events"]:
        answer = metrics.metric(name).answer(reader, _question(args))
        if answer is None:
            print(f"{name}: the capture has nothing of the kind", file=sys.stderr)
            continue
        told = [*answer.notes, *([] if answer.length or args.follow else ["no event is in what was asked for"])]
        for note in told:
            print(visible(f"{name}: {note}"), file=sys.stderr)
        yield answer


def _question(args: argparse.Namespace) -> Question:
    from inspector.metrics import Question

    low, high = (_time_us(text) for text in (args.start, args.end))
    if low is not None and high is not None and low >= high:
        raise UsageError(f"--until {args.end} is not after --from {args.start}")
    span = None if low is None and high is None else (low, high)
    return Question(by=args.by, span_us=span, step_us=args.every, filter=args.filter, is_named=True)


def _time_us(text: str | None) -> int | None:
    if text is None:
        return None
    from inspector.sources import parse_bound

    bound = parse_bound(text)
    if bound.time_us is None and bound.edge is None:
        raise UsageError(f"{text!r} is not a time such as 2026-11-23T08:00:00Z or -15m")
    return bound.time_us


def _follow(args: argparse.Namespace, printer: _Printer, stop: Stop, child: subprocess.Popen[bytes] | None) -> None:
    """Prints steps once they are over, each once. Ends with Ctrl-C, or when nobody writes into the capture any more."""
    from inspector.capture.lock import writer_of

    if args.every is None:
        args.every = 1_000_000
    told_us: dict[str, int] = {}
    is_growing = True
    while is_growing:
        is_growing = not stop.wait(_EVERY_S) and (child.poll() is None if child is not None else writer_of(args.file) is not None)
        with open_shown(args) as reader:
            newest = reader.select("SELECT max(max_us) FROM block")[0][0]
            settled_us = (1 << 62) if not is_growing or newest is None else int(newest) - _SETTLED_US
            for answer in _answers(args, reader):
                first = max(0, -(-(told_us.get(answer.metric, answer.first_us) - answer.first_us) // answer.step_us))
                until = min(answer.length, max(first, (settled_us - answer.first_us) // answer.step_us))
                printer.put(answer, first, until)
                told_us[answer.metric] = answer.first_us + until * answer.step_us


class _Printer:
    """Writes the steps of answers as they come: a table, JSON lines, or CSV that no spreadsheet takes for formulas."""

    def __init__(self, format_: str | None, *, follow: bool) -> None:
        from inspector.cli.output import chosen_format
        from inspector.export import Cells
        from inspector.metrics import COLUMNS

        self._format = format_ if format_ == "csv" else chosen_format(format_)
        self._follows = follow
        self._cells = Cells[dict[str, object]](COLUMNS, lambda row: [row[name] for name in COLUMNS])
        if self._format == "csv":
            sys.stdout.write(self._cells.head())

    def put(self, answer: Answer, first: int, until: int) -> None:
        """Writes the steps `[first, until)` of all lines, in the order of time."""
        from inspector.cli.output import print_rows
        from inspector.metrics import COLUMNS
        from inspector.metrics import rows as rows_of

        rows = rows_of(answer, first, until)
        if self._format == "csv":
            sys.stdout.writelines(map(self._cells.of, rows))
        elif self._format == "table" and self._follows:
            sys.stdout.writelines(map(_line, rows))
        else:
            print_rows(rows, COLUMNS, format_=self._format)
        sys.stdout.flush()


def _line(row: dict[str, object]) -> str:
    from inspector.text import visible

    value = "" if row["value"] is None else f"{row['value']:,.2f}"
    return f"{row['time']}  {row['metric']:<13}  {value:>16} {row['unit']:<9}  {visible(str(row['label']))}".rstrip() + "\n"
