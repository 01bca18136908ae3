"""`eventscope project`: a projection's numbers, group by group. Prints; the work is in `inspector.projections`.

Read `metrics` for the same as a series over time.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from inspector.cli.code import add_code_options, terms
from inspector.cli.hiding import add_options, open_shown
from inspector.cli.stopping import stopping
from inspector.errors import ExitStatus, FunctionError, UsageError

if TYPE_CHECKING:
    from threading import Event as Stop

    from inspector.capture.reader import CaptureReader
    from inspector.projections import Moment, Projection, Row, State

FOLLOW_S = 1.0


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Registers `project`."""
    project = commands.add_parser("project", help="numbers computed from the events, by group", description=_project.__doc__)
    project.add_argument("file", type=Path, metavar="FILE")
    project.add_argument(
        "spec",
        metavar="SPEC",
        help="a projection: a TOML file, the name of one of yours or of one that ships, or FILE.py[:function] with def project(event)",
    )
    project.add_argument("--at", metavar="T", help="events with time ≤ T (with its zone; a date means its end), or position ≤ T")
    project.add_argument("--every", metavar="1m", help="in windows of this width instead of what the projection says; none: of all time")
    project.add_argument("--follow", action="store_true", help="go on while the capture grows, printing the rows that changed")
    project.add_argument("--state", type=Path, metavar="STATE", help="go on from this file where it is there, and keep the outcome in it")
    project.add_argument("--format", choices=("table", "jsonl", "csv"))
    project.add_argument("--require-complete", action="store_true", help="exit 5 when not all that was asked for was read")
    code = add_code_options(project)
    code.add_argument("--remember", action="store_true", help="this file may run in the window too, as it is now")
    add_options(project)
    project.set_defaults(run=_project)


def _project(args: argparse.Namespace) -> ExitStatus:
    """Groups events and counts, adds up or averages what is in them, exactly.

    Exit status 1: a threshold of the projection is passed, or a function of one's own failed at an event, which is said.
    """
    from inspector.projections import NOW
    from inspector.projections.moment import at

    moment = NOW if args.at is None else at(args.at)
    if args.follow and args.at is not None:
        raise UsageError("--follow goes on with what comes: leave --at out")
    with stopping(with_stdin=False) as stop, _state(args, moment, stop) as state, open_shown(args) as reader:
        is_alarming = False
        with suppress(FunctionError):  # said at the end, after what came before it
            state.advance(reader, is_stopped=stop.is_set)
        is_alarming = _put(args, state)
        while args.follow and not state.failed and not stop.wait(FOLLOW_S):
            is_alarming = _put_changes(args, state, reader) or is_alarming
        _keep(args.state, state)
        return _ended(args, reader, state, stop, is_alarming=is_alarming)


@contextmanager
def _state(args: argparse.Namespace, moment: Moment, stop: Stop) -> Iterator[State]:
    """The state to go on from. A function of the user's own runs while it is there: naming it is the consent."""
    from inspector.projections import State
    from inspector.projections.library import find
    from inspector.user_code import is_code
    from inspector.user_code.codes import Codes
    from inspector.user_code.consent import consent_of, remember

    kept = _kept(args.state)
    if not is_code(args.spec):
        projection = _widened(find(args.spec), args.every)
        yield State(projection, moment) if kept is None else State.from_json(kept, projection, moment)
        return
    from inspector.projections.by_code import function

    with closing(Codes(is_wanted=lambda: not stop.is_set())) as codes:
        asked = function(args.spec, terms(args), codes)
        if args.remember:
            remember(consent_of(asked.sources))
        yield asked.state(moment, kept, _widened(asked.projection, args.every))


def _widened(projection: Projection, every: str | None) -> Projection:
    from dataclasses import replace

    from inspector.projections.writing import checked
    from inspector.times import span_us

    if every is None:
        return projection
    try:
        window_us = None if every == "none" else span_us(every)
    except ValueError as error:
        raise UsageError(f"--every {error}") from None
    return checked(replace(projection, window_us=window_us))


def _kept(path: Path | None) -> str | None:
    from inspector.plain_files import read_text

    if path is None or not path.exists():
        return None
    try:
        return read_text(path, 1 << 30)
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read the state {path}: {error}") from None


def _keep(path: Path | None, state: State) -> None:
    from inspector.export import write_text

    if path is not None:
        write_text(path, state.to_json(), replace=True)


# ---- printing


def _put(args: argparse.Namespace, state: State) -> bool:
    """Prints all rows; whether one of them is alarming."""
    from inspector.projections import rows

    alarming = _Alarming(rows(state))
    _print(args, state.projection, alarming)
    sys.stdout.flush()
    return alarming.is_any


def _put_changes(args: argparse.Namespace, state: State, reader: CaptureReader) -> bool:
    from inspector.projections.answer import gone, row_of

    before = dict(state.book.cells)
    with suppress(FunctionError):
        state.advance(reader)
    now = state.book.cells
    changed = [row_of(state.projection, key, kept) for key, kept in now.items() if before.get(key) != kept]
    changed += [gone(state.projection, key) for key in before.keys() - now.keys()]
    alarming = _Alarming(changed)
    _print(args, state.projection, alarming, with_head=False)
    sys.stdout.flush()
    return alarming.is_any


class _Alarming:
    """Rows as they pass by."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._rows = rows
        self.is_any = False

    def __iter__(self) -> Iterator[Row]:
        for row in self._rows:
            self.is_any = self.is_any or bool(row.alarms)
            yield row


def _print(args: argparse.Namespace, projection: Projection, rows: Iterable[Row], *, with_head: bool = True) -> None:
    from inspector.cli.output import chosen_format, print_rows
    from inspector.values import to_json

    chosen = chosen_format(args.format)
    if chosen == "jsonl":
        for row in rows:
            sys.stdout.write(to_json(row.plain()) + "\n")
        return
    windows = ["window"] if projection.window_us is not None else []
    labels, measures = [label.name for label in projection.labels], [one.name for one in projection.measures]
    if chosen == "csv":
        out = csv.writer(sys.stdout, lineterminator="\n")
        if with_head:
            out.writerow([*windows, *labels, *measures, "alarm"])
        for row in rows:
            out.writerow(_cells(row, exact=True))
        return
    # two columns may be called alike
    names = [
        *windows,
        *labels,
        *(name if name not in labels else f"{name} " for name in measures),
        *(["alarm"] if projection.alarms else []),
    ]
    print_rows((dict(zip(names, _cells(row, exact=False), strict=False)) for row in rows), names, format_="table")


def _cells(row: Row, *, exact: bool) -> list[object]:
    plain = row.plain()
    group, values, alarm = plain["group"], plain["values"], plain["alarm"]
    assert isinstance(group, dict)
    assert isinstance(values, dict)
    assert isinstance(alarm, list)
    window = (
        []
        if row.window_us is None
        else [str(plain["window"]) if exact else str(plain["window"]).replace("T", " ").removesuffix(".000000Z")]
    )
    texts = [_text(value, exact=exact) for value in (*group.values(), *values.values())]
    return [*window, *texts, ", ".join(alarm)]


def _text(value: object, *, exact: bool) -> object:
    from inspector.export import FORMULA
    from inspector.values import to_json

    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    if not isinstance(value, str):
        return to_json(value)
    # a spreadsheet runs what begins like a formula
    return f"'{value}" if exact and value.startswith(FORMULA) else value


def _ended(args: argparse.Namespace, reader: CaptureReader, state: State, stop: Stop, *, is_alarming: bool) -> ExitStatus:
    from inspector.capture.report import scope
    from inspector.projections.answer import account, notes
    from inspector.text import visible

    said = scope(reader)
    if sys.stderr.isatty():
        told = [f"{account(state)['counted']:,} events counted, {state.moment.text}", *notes(state)]
        if not said["complete"]:
            told.append("not all that was asked for was read (see eventscope info)")
        print(visible("; ".join(told)), file=sys.stderr)
    else:
        print(
            json.dumps({"scope": {**account(state), "complete": said["complete"], "absent": said["absent"]}}, ensure_ascii=False),
            file=sys.stderr,
        )
    if state.failed:
        raise state.failed
    if stop.is_set() and not args.follow:
        return ExitStatus.STOPPED
    if is_alarming:
        return ExitStatus.FINDINGS
    return ExitStatus.INCOMPLETE if args.require_complete and not said["complete"] else ExitStatus.OK
