"""`eventscope states`: all aggregates of a category at a moment, a row each. Prints; the work is in `inspector.replay.table`.

Read `replay` for one aggregate, `inspector.export_states` for files.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from inspector.cli.hiding import add_options, open_shown
from inspector.cli.stopping import stopping
from inspector.errors import ExitStatus, UsageError

if TYPE_CHECKING:
    from threading import Event as Stop

    from inspector.capture.reader import CaptureReader
    from inspector.export_states import Layout
    from inspector.replay import Moment
    from inspector.replay.table import Counts, Row, StateTable, Survey

_TURNED = 200
"""Of rows in an order so many are folded at a time."""


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Registers `states`."""
    states = commands.add_parser("states", help="all aggregates of a category at a moment", description=_states.__doc__)
    states.add_argument("file", type=Path, metavar="FILE")
    states.add_argument("--category", metavar="C", required=True, help="as `eventscope streams` lists them")
    states.add_argument("--source", metavar="S", help="the source, where several have such streams")
    moment = states.add_mutually_exclusive_group()
    moment.add_argument("--at", metavar="TIME", help="events with time ≤ TIME (with its zone); a date means its end")
    moment.add_argument("--version", dest="at_version", type=int, metavar="N", help="each up to version N; without versions the n-th event")
    states.add_argument("--filter", metavar="EXPR", default="", help="such as state.balance < 0")
    states.add_argument("--show", action="append", default=[], metavar="PATH", help="only this of the state (state.balance); repeatable")
    states.add_argument("--sort", metavar="PATH", default="", help="a place in the state, or stream, version, applied, time, …")
    states.add_argument("--reverse", action="store_true", help="with --sort: the highest first")
    states.add_argument("--limit", type=int, metavar="N")
    states.add_argument("--deleted", action="store_true", help="also aggregates that were deleted, with a null state")
    states.add_argument("--reducer", metavar="NAME|FILE.py", help="merge, latest, … or your own: def reduce(state, event)")
    states.add_argument("-o", "--output", dest="out", type=Path, metavar="OUT", help="a file: .csv, .jsonl or .parquet")
    states.add_argument("--replace", action="store_true", help="replace OUT when it is there")
    states.add_argument("--require-complete", action="store_true", help="exit 5 unless each row has its whole history")
    add_options(states)
    states.add_argument("--format", choices=("table", "jsonl"))
    states.set_defaults(run=_states)


def _states(args: argparse.Namespace) -> ExitStatus:
    """Folds every aggregate of a category up to a moment: a row each, with where its state comes from and how sure it is."""
    from inspector.export_states import Layout, check_out
    from inspector.query.places import state_place
    from inspector.replay.table import StateTable, Survey

    if args.out is not None:
        check_out(args.out)
    if args.limit is not None and args.limit < 0:
        raise UsageError(f"--limit {args.limit} is below 0")
    places = [state_place(text) for text in args.show]
    with open_shown(args) as reader, stopping(with_stdin=False) as stop:
        table = StateTable(reader, args.category, _moment(args), source=args.source, reducer=args.reducer)
        survey = Survey(table, filter_=args.filter, sort=args.sort, reverse=args.reverse, deleted=args.deleted)
        layout = Layout(table.moment, places, table.labels())
        rows = _Listed(_rows(table, survey, args.limit, stop))
        is_whole = _put(args, reader, rows, layout, stop)
        return _ended(args, table, survey.counts, rows, is_whole=is_whole and not stop.is_set())


def _moment(args: argparse.Namespace) -> Moment:
    from inspector.replay import NOW, at_time, at_version

    if args.at is not None:
        return at_time(args.at)
    return at_version(args.at_version) if args.at_version is not None else NOW


class _Listed:
    """The rows that are listed, with what is said of them at the end."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._rows = rows
        self.count = self.failed = self.incomplete = 0

    def __iter__(self) -> Iterator[Row]:
        for row in self._rows:
            self.count += 1
            self.failed += row.found.failure is not None
            self.incomplete += not row.found.is_complete
            yield row


class _StoppedError(Exception):
    """The command is to end."""


def _rows(table: StateTable, survey: Survey, limit: int | None, stop: Stop) -> Iterator[Row]:
    """The rows in the order asked for; with one, what they are ordered by is found first, and then they are folded again."""
    from inspector.replay.table import as_text

    def going(_done: int) -> None:
        if stop.is_set():
            raise _StoppedError

    try:
        if not survey.is_ordered:
            most = len(table.ids)
            yield from islice(survey.rows(going, with_text=True), most if limit is None else min(limit, most))
            return
        survey.work(progress=going)
        ids = survey.ids()[:limit]
        for start in range(0, len(ids), _TURNED):
            yield from map(as_text, table.states(ids[start : start + _TURNED], going))
    except _StoppedError:
        return


def _put(args: argparse.Namespace, reader: CaptureReader, rows: _Listed, layout: Layout, stop: Stop) -> bool:
    """Prints the rows, or writes them to a file; whether that is whole."""
    from inspector.cli.output import chosen_format, print_rows

    if args.out is not None:
        from inspector.export_states import export_states

        done = export_states(rows, args.out, layout, replace=args.replace, is_stopped=stop.is_set)
        said = f"wrote {args.out}: {done.events:,} rows, {done.size_bytes:,} bytes" if done.is_whole else "stopped; nothing was written"
        masked = "; what the masks hide is hidden in it" if done.is_whole and reader.masks is not None else ""
        print(said + masked)
        return done.is_whole
    if chosen_format(args.format) == "jsonl":
        for row in rows:
            sys.stdout.write(layout.line(row) + "\n")
        return True
    names = [place.text for place in layout.places] or ["state"]
    columns = ("stream", *names, "version", "applied", "last", "history")
    print_rows((_for_people(row, layout, names) for row in rows), columns, format_="table")
    return True


def _for_people(row: Row, layout: Layout, names: Sequence[str]) -> dict[str, object]:
    from inspector.event import format_time

    found, last = row.found, row.found.last
    values = [_short(place.of(found.state)) for place in layout.places] or [row.text or ("deleted" if found.is_deleted else "")]
    return {
        "stream": found.stream.name,
        **dict(zip(names, values, strict=True)),
        "version": found.version,
        "applied": found.applied,
        "last": f"#{last.seq} {last.type or ''} {format_time(last.time_us) or ''}" if last is not None else "",
        "history": found.history if found.failure is None else f"fails at #{found.failure.event.seq}: {found.failure.reason}",
    }


def _short(value: object) -> object:
    from inspector.values import to_json

    return value if value is None or (isinstance(value, str | int) and not isinstance(value, bool)) else to_json(value)


def _ended(args: argparse.Namespace, table: StateTable, counts: Counts, rows: _Listed, *, is_whole: bool) -> ExitStatus:
    """Says on standard error what was asked and found, and gives the exit status."""
    scope = {
        "asked": table.moment.text,
        "streams": table.streams,
        "rows": rows.count,
        "not_begun": counts.not_begun,
        "deleted": counts.deleted,
        "not_applicable": counts.not_applicable,
        "failed": rows.failed,
        "complete": not rows.incomplete,
        "stopped": "" if is_whole else "cancelled",
    }
    _print_scope(scope, incomplete=rows.incomplete)
    if not is_whole:
        return ExitStatus.STOPPED
    if rows.failed:
        return ExitStatus.FINDINGS
    return ExitStatus.INCOMPLETE if args.require_complete and rows.incomplete else ExitStatus.OK


def _print_scope(scope: dict[str, object], *, incomplete: int) -> None:
    import json

    if not sys.stderr.isatty():
        print(json.dumps({"scope": scope}, ensure_ascii=False), file=sys.stderr)
        return
    parts = [f"{scope['rows']:,} rows of {scope['streams']:,} streams, {scope['asked']}"]
    words = {
        "not begun by then": scope["not_begun"],
        "deleted": scope["deleted"],
        "to which the filter is not applicable": scope["not_applicable"],
        "that fail": scope["failed"],
        "without their whole history": incomplete,
    }
    parts += [f"{count:,} {name}" for name, count in words.items() if count]
    print("; ".join(parts), file=sys.stderr)
