"""`eventscope states`: all aggregates of a category at a moment, a row each. Prints; the work is in `inspector.replay.table`.

Read `replay` for one aggregate, `inspector.export_states` for files.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from inspector.cli import writing
from inspector.cli.hiding import add_options, open_shown
from inspector.cli.stopping import stopping
from inspector.errors import ExitStatus, UsageError

if TYPE_CHECKING:
    from threading import Event as Stop

    from inspector.capture.reader import CaptureReader
    from inspector.cli.writing import Told
    from inspector.export_states import Layout
    from inspector.replay import Moment
    from inspector.replay.table import Row, StateTable, Survey

SUFFIXES = (".jsonl", ".csv", ".parquet")
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
    states.add_argument("--known-at", metavar="TIME", help="events recorded by TIME; with --at: what was true then, as known by TIME")
    states.add_argument("--filter", metavar="EXPR", default="", help="such as state.balance < 0")
    states.add_argument("--show", action="append", default=[], metavar="PATH", help="only this of the state (state.balance); repeatable")
    states.add_argument("--sort", metavar="PATH", default="", help="a place in the state, or stream, version, applied, time, …")
    states.add_argument("--reverse", action="store_true", help="with --sort: the highest first")
    states.add_argument("--limit", type=int, metavar="N")
    states.add_argument("--deleted", action="store_true", help="also aggregates that were deleted, with a null state")
    states.add_argument("--reducer", metavar="NAME|FILE.py", help="merge, latest, … or your own: def reduce(state, event)")
    states.add_argument("--require-complete", action="store_true", help="exit 5 unless each row has its whole history")
    add_options(states)
    states.add_argument("--format", choices=("table", "jsonl"))
    writing.add_rows_options(states, SUFFIXES, is_required=False)
    states.set_defaults(run=_states)


def _states(args: argparse.Namespace) -> ExitStatus:
    """Folds every aggregate of a category up to a moment: a row each, with where its state comes from and how sure it is."""
    from inspector.export_states import Layout
    from inspector.query.places import state_place
    from inspector.replay.collecting import collecting_rarely
    from inspector.replay.table import StateTable, Survey
    from inspector.user_code.codes import Codes

    if args.out is not None:
        writing.check_out(args, SUFFIXES)
    if args.limit is not None and args.limit < 0:
        raise UsageError(f"--limit {args.limit} is below 0")
    places = [state_place(text) for text in args.show]
    told = writing.Told(args.progress if args.out is not None else "none", _so_far)
    with collecting_rarely(), open_shown(args) as reader, stopping(with_stdin=args.stop_with_stdin) as stop, closing(Codes()) as codes:
        table = StateTable(reader, args.category, _moment(args), source=args.source, reducer=args.reducer, codes=codes)
        survey = Survey(table, filter_=args.filter, sort=args.sort, reverse=args.reverse, deleted=args.deleted)
        layout = Layout(table.moment, places, table.labels())
        rows = _Listed(table, survey, args.limit, stop, told)
        if args.out is not None:
            return _write(args, reader, rows, layout, told)
        _print(args, rows, layout)
    _print_scope(rows.scope(), rows)
    return rows.status(require_complete=args.require_complete)


def _so_far(line: Mapping[str, int]) -> str:
    return f"{line['looked_at']:,} of {line['streams']:,} aggregates looked at, {line['rows']:,} rows written"


def _moment(args: argparse.Namespace) -> Moment:
    from inspector.replay import NOW, at_time, at_version, known_at

    if args.known_at is not None:
        if args.at_version is not None:
            raise UsageError("--known-at goes with --at or stands alone: a version is a place, not a time")
        return known_at(args.known_at, args.at)
    if args.at is not None:
        return at_time(args.at)
    return at_version(args.at_version) if args.at_version is not None else NOW


class _StoppedError(Exception):
    """The command is to end."""


class _Listed:
    """The rows in the order asked for, with how far it is and what is said of them at the end.

    With an order, what they are ordered by is found first, and then they are folded again.
    """

    def __init__(self, table: StateTable, survey: Survey, limit: int | None, stop: Stop, told: Told) -> None:
        self.table, self._survey, self._limit, self._stop, self._told = table, survey, limit, stop, told
        self.count = self.failed = self.incomplete = 0
        self.histories, self.reducers = Counter[str](), Counter[str]()
        """How many rows have each."""

    def __iter__(self) -> Iterator[Row]:
        try:
            for row in self._rows():
                found = row.found
                self.count += 1
                self.failed += found.failure is not None
                self.incomplete += not found.is_complete
                self.histories[found.history] += 1
                self.reducers[found.reducer] += 1
                yield row
        except _StoppedError:
            return

    def _rows(self) -> Iterator[Row]:
        from inspector.replay.table import as_text

        table, survey = self.table, self._survey
        if not survey.is_ordered:
            most = len(table.ids) if self._limit is None else min(self._limit, len(table.ids))
            yield from islice(survey.rows(self._going, with_text=True), most)
            return
        survey.work(progress=self._going)
        ids = survey.ids()[: self._limit]
        for start in range(0, len(ids), _TURNED):
            yield from map(as_text, table.states(ids[start : start + _TURNED], self._going))

    def _going(self, _done: int) -> None:
        if self._stop.is_set():
            raise _StoppedError
        counts = self._survey.counts
        found = {"found": counts.matching} if self._survey.is_ordered and self._survey.is_finished else {}
        self._told.progressed(rows=self.count, looked_at=counts.done, streams=len(self.table.ids), **found)

    @property
    def is_whole(self) -> bool:
        """Whether it was not stopped."""
        return not self._stop.is_set()

    def scope(self) -> dict[str, object]:
        """What was asked and found."""
        counts = self._survey.counts
        return {
            "asked": self.table.moment.text,
            "streams": self.table.streams,
            "rows": self.count,
            "not_begun": counts.not_begun,
            "deleted": counts.deleted,
            "not_applicable": counts.not_applicable,
            "failed": self.failed,
            "complete": not self.incomplete,
            "stopped": "" if self.is_whole else "cancelled",
        }

    def left_out(self) -> dict[str, int]:
        """What is not among the rows though it is of the category, counted by words."""
        counts = self._survey.counts
        words = {
            "not begun by then": counts.not_begun,
            "deleted": counts.deleted,
            "to which the filter is not applicable": counts.not_applicable,
        }
        return {name: count for name, count in words.items() if count}

    def doubts(self) -> dict[str, int]:
        """How many of the rows are not the whole truth, by words."""
        return {name: count for name, count in {"that fail": self.failed, "without their whole history": self.incomplete}.items() if count}

    def status(self, *, require_complete: bool) -> ExitStatus:
        """What the command ends with."""
        if not self.is_whole:
            return ExitStatus.STOPPED
        if self.failed:
            return ExitStatus.FINDINGS
        return ExitStatus.INCOMPLETE if require_complete and self.incomplete else ExitStatus.OK


def _write(args: argparse.Namespace, reader: CaptureReader, rows: _Listed, layout: Layout, told: Told) -> ExitStatus:
    """Writes the rows to a file with a manifest beside it."""
    from inspector.export import Cells, export
    from inspector.export_states import form_of

    form = form_of(args.out, layout, exact=writing.is_exact(args))
    done = export(rows, args.out, form, replace=args.replace, is_stopped=lambda: not rows.is_whole)
    changed = [*(writing.guard_notes(form.guarded) if isinstance(form, Cells) else ()), *writing.mask_notes(reader)]
    notes = [f"{count:,} {words} left out" for words, count in rows.left_out().items()]
    notes += [f"{count:,} {words}" for words, count in rows.doubts().items()]
    if done.is_whole:
        counted = {"rows": done.events, "histories": rows.histories, "reducers": rows.reducers, "columns": list(form.columns)}
        writing.write_manifest(args, reader, _about(args, rows.table), [*notes, *changed], rows.scope(), counted)
    status = rows.status(require_complete=args.require_complete) if done.is_whole else ExitStatus.STOPPED
    line = {"type": "exported", "path": str(args.out), "rows": done.events, "bytes": done.size_bytes, "notes": [*notes, *changed]}
    told.ended(status, line, "\n".join([f"exported {args.out}: {done.events:,} rows, {done.size_bytes:,} bytes", *changed]))
    if not told.is_json:
        _print_scope(rows.scope(), rows)
    return status


def _about(args: argparse.Namespace, table: StateTable) -> dict[str, object]:
    """What was asked, for the manifest."""
    from inspector.event import format_time

    moment = table.moment
    clocks = {"event time": moment.time_us, "recorded time": moment.known_us}
    return {
        "category": args.category,
        "source": args.source,
        "moment": moment.text,
        "at": format_time(moment.time_us),
        "known_at": format_time(moment.known_us),
        "version": moment.version,
        "clock": " and ".join(name for name, us in clocks.items() if us is not None) or None,
        "filter": args.filter or None,
        "show": args.show,
        "sort": args.sort or None,
        "reverse": args.reverse,
        "limit": args.limit,
        "deleted": args.deleted,
        "reducer": args.reducer,
    }


def _print(args: argparse.Namespace, rows: _Listed, layout: Layout) -> None:
    from inspector.cli.output import chosen_format, print_rows

    if chosen_format(args.format) == "jsonl":
        for row in rows:
            sys.stdout.write(layout.line(row) + "\n")
        return
    names = [place.text for place in layout.places] or ["state"]
    columns = ("stream", *names, "version", "applied", "last", "history")
    print_rows((_for_people(row, layout, names) for row in rows), columns, format_="table")


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


def _print_scope(scope: Mapping[str, object], rows: _Listed) -> None:
    """Says on standard error what was asked and found."""
    import json

    if not sys.stderr.isatty():
        print(json.dumps({"scope": scope}, ensure_ascii=False), file=sys.stderr)
        return
    parts = [f"{scope['rows']:,} rows of {scope['streams']:,} streams, {scope['asked']}"]
    parts += [f"{count:,} {name}" for name, count in {**rows.left_out(), **rows.doubts()}.items()]
    print("; ".join(parts), file=sys.stderr)
