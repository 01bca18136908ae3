"""`eventscope replay`: a stream's state at a version or a time; and the hidden `eventscope fold`, the process the window asks.

Prints and decides exit statuses; the work is in `inspector.replay`. Heavy imports wait until a command runs.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from inspector.cli.code import add_code_options, terms
from inspector.cli.hiding import add_options, open_shown
from inspector.errors import ExitStatus, UsageError

if TYPE_CHECKING:
    from inspector.capture.reader import CaptureReader
    from inspector.replay import Answer, Moment, Question, Replay, Step
    from inspector.user_code.codes import Codes


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Registers `replay`, and `fold` without a line in the help."""
    replay = commands.add_parser("replay", help="a stream's state at a version or a time", description=_replay.__doc__)
    replay.add_argument("file", type=Path, metavar="FILE")
    replay.add_argument("stream", metavar="STREAM", help="name, or category/name")
    replay.add_argument("--source", metavar="S", help="the source, where several have such a stream")
    moment = replay.add_mutually_exclusive_group()
    moment.add_argument("--at", metavar="TIME", help="events with time ≤ TIME (with its zone); a date means its end")
    moment.add_argument("--version", dest="at_version", type=int, metavar="N", help="up to version N; without versions the n-th event")
    moment.add_argument("--event", metavar="SEQ|ID", help="up to and with this event")
    moment.add_argument("--before", metavar="SEQ|ID", help="just before this event")
    replay.add_argument("--known-at", metavar="TIME", help="events recorded by TIME; with --at: what was true then, as known by TIME")
    replay.add_argument(
        "--reducer",
        metavar="NAME|FILE.py[:CLASS]|FILE.toml",
        help="merge, latest, … or your own: def reduce(state, event), an aggregate class, rules; `default`: nothing that is remembered",
    )
    add_code_options(replay)
    replay.add_argument("--remember", action="store_true", help="use this reducer for the stream's category from now on")
    replay.add_argument("--suggest", action="store_true", help="no replay: which reducers the data suggests, and why")
    replay.add_argument("--diff", metavar="TIME|N|event:SEQ", help="what changed between that moment and this one")
    replay.add_argument("--blame", action="store_true", help="which event last changed each part of the state")
    replay.add_argument("--without", action="append", default=[], metavar="SEQ|ID", help="what if this event had not happened")
    replay.add_argument("--steps", action="store_true", help="a line for each event with what it changed")
    replay.add_argument("--include-aborted", action="store_true", help="fold events of aborted transactions too")
    asked = replay.add_mutually_exclusive_group()
    asked.add_argument("--field", metavar="PATH", help="every event that changed the value at /this/path, newest first")
    asked.add_argument("--series", action="append", metavar="PATH", help="the number at /this/path after each event that changed it")
    asked.add_argument("--snapshots", action="store_true", help="what the store kept as state, against the replay")
    replay.add_argument("--require-complete", action="store_true", help="exit 5 unless the whole history is there")
    add_options(replay)
    replay.add_argument("--format", choices=("table", "jsonl"))
    replay.set_defaults(run=_replay)
    fold = commands.add_parser("fold", description=_fold.__doc__)
    fold.set_defaults(run=_fold)


def _replay(args: argparse.Namespace) -> ExitStatus:
    """Folds one stream's events up to a moment and prints the state, where it comes from, and how sure it is."""
    from inspector.cli.output import chosen_format
    from inspector.replay import Replay
    from inspector.replay.collecting import collecting_rarely
    from inspector.user_code.codes import Codes

    _check_together(args)
    question = _question(args)
    as_json = chosen_format(args.format) == "jsonl"
    if args.field is not None or args.series or args.snapshots:
        return _asked(args, question, as_json=as_json)
    with collecting_rarely(), open_shown(args) as reader, closing(Codes()) as codes:
        if args.suggest:
            return _suggest(reader, question, as_json=as_json)
        replay = Replay(reader, question, codes=codes)
        if args.remember:
            _remember(replay, codes)
        if question.steps:
            for step in replay.steps():
                print(_step_json(step, replay.log_labels) if as_json else _step_text(step))
        answer = replay.answer()
    for line in [_json(answer.to_dict())] if as_json else _text(answer):
        print(line)
    if args.require_complete and not answer.is_all_complete and answer.exit_status is ExitStatus.OK:
        return ExitStatus.INCOMPLETE
    return answer.exit_status


def _asked(args: argparse.Namespace, question: Question, *, as_json: bool) -> ExitStatus:
    """A field's history, lines of numbers, or snapshots."""
    from inspector.cli import replay_questions as questions
    from inspector.text import visible
    from inspector.user_code.codes import Codes

    with open_shown(args) as reader, closing(Codes()) as codes:
        story = questions.story_of(reader, question, codes)
        if args.field is not None:
            lines = questions.field_lines(story, question, args.field)
        else:
            lines = questions.series_lines(story, question, args.series) if args.series else questions.snapshot_lines(story)
        last: Mapping[str, object] = {}
        for text, last in questions.texts(lines):
            print(_json(last) if as_json else visible(text))
    if args.require_complete and not last.get("complete") and not last.get("failed_at"):
        return ExitStatus.INCOMPLETE
    return questions.exit_status(last)


def _check_together(args: argparse.Namespace) -> None:
    """What would be passed over in silence is refused."""
    questions = {"--field": args.field is not None, "--series": args.series, "--snapshots": args.snapshots, "--suggest": args.suggest}
    asked = [name for name, is_given in questions.items() if is_given]
    options = {"--diff": args.diff is not None, "--blame": args.blame, "--steps": args.steps, "--remember": args.remember}
    if "--snapshots" in asked or "--suggest" in asked:
        moments = ("at", "at_version", "event", "before", "known_at")
        options |= {f"--{name.removeprefix('at_').replace('_', '-')}": getattr(args, name) is not None for name in moments}
        options["--without"] = bool(args.without)
    others = [*asked[1:], *(name for name, is_given in options.items() if is_given)]
    if asked and others:
        raise UsageError(f"{asked[0]} is a question of its own: leave out {', '.join(others)}, or ask twice")


def _question(args: argparse.Namespace) -> Question:
    from inspector.replay import Question, at_either

    diff = at_either(args.diff) if args.diff is not None else None
    return Question(
        args.stream,
        args.source,
        _moment(args),
        args.reducer,
        diff,
        blame=args.blame,
        without=tuple(args.without),
        steps=args.steps,
        with_aborted=args.include_aborted,
        terms=terms(args),
    )


def _remember(replay: Replay, codes: Codes) -> None:
    """Keeps the reducer for the stream's category, and that its code may run."""
    from inspector.replay import choices
    from inspector.user_code import is_code
    from inspector.user_code.consent import consent_of, remember

    reducer, terms = replay.question.reducer, replay.question.terms
    if reducer is None:
        raise UsageError("--remember: say which reducer, with --reducer (`--reducer default` forgets)")
    choices.choose(replay.stream.source, replay.stream.category, choices.Choice(reducer, terms.python_path))
    if is_code(reducer):
        remember(consent_of(codes.read(reducer, terms)))


def _suggest(reader: CaptureReader, question: Question, *, as_json: bool) -> ExitStatus:
    from inspector.capture.streams import find_stream
    from inspector.replay.suggesting import suggest

    for found in suggest(reader, find_stream(reader, question.stream, question.source)):
        print(_json(found.told()) if as_json else f"{found.reducer}: {found.why}")
    return ExitStatus.OK


def _moment(args: argparse.Namespace) -> Moment:
    from inspector.replay import NOW, at_event, at_time, at_version, before_event, known_at

    if args.known_at is not None:
        if args.at_version is not None or args.event is not None or args.before is not None:
            raise UsageError("--known-at goes with --at or stands alone: a version or an event is a place, not a time")
        return known_at(args.known_at, args.at)
    if args.at is not None:
        return at_time(args.at)
    if args.event is not None or args.before is not None:
        return at_event(args.event) if args.event is not None else before_event(args.before)
    return at_version(args.at_version) if args.at_version is not None else NOW


def _json(value: Mapping[str, object]) -> str:
    from inspector.values import to_json

    try:
        return to_json(value)
    except ValueError as error:
        raise UsageError(f"the reducer's state cannot be printed: {error}") from error


def _step_json(step: Step, labels: Mapping[int, str]) -> str:
    from inspector.replay import said

    return _json({**said(step.event, labels), "changes": [change.to_dict() for change in step.changes]})


# ---- for people


def _step_text(step: Step) -> str:
    from inspector.event import format_time
    from inspector.text import visible

    event = step.event
    head = [f"#{event.seq}", "" if event.version is None else f"v{event.version}", format_time(event.time_us), event.type, event.actor]
    changed = "; ".join(
        f"{change.op} {change.path or 'all'}{_went(change.op, change.old)}{_becomes(change.op, change.new)}" for change in step.changes
    )
    return visible("  ".join(part for part in [*head, changed or "no change"] if part))


def _went(op: str, old: object) -> str:
    return "" if op == "add" else f": was {_short(old)}"


def _becomes(op: str, new: object) -> str:
    return "" if op == "remove" else f" = {_short(new)}" if op == "add" else f", is {_short(new)}"


def _short(value: object, limit: int = 80) -> str:
    from inspector.values import to_json

    text = to_json(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _text(answer: Answer) -> Iterator[str]:
    from inspector.replay import to_json
    from inspector.text import visible

    printed = answer.to_dict()
    if "counterfactual" in printed:
        yield f"WHAT IF: {len(answer.folded.left_out)} event(s) left out; this is not what happened"
    yield visible(f"{answer.stream.category}/{answer.stream.name} in {answer.stream.source}")
    last = answer.folded.last
    why = f" ({answer.reducer_why})" if answer.reducer_why else ""
    counts = [f"{answer.folded.applied:,} events by {answer.reducer}{why}", f"version {answer.version}"]
    counts += [f"{answer.folded.skipped_aborted:,} aborted left out"] if answer.folded.skipped_aborted else []
    counts += [f"{answer.folded.duplicates:,} repeated"] if answer.folded.duplicates else []
    yield visible(", ".join(counts) + (f", last {last.type or 'event'} #{last.seq}, as of {printed['as_of']}" if last else ""))
    yield visible(f"history: {answer.verdict.history}; {answer.stopped}")
    for sentence in [*answer.absent, *(answer.clocks.words if answer.clocks is not None else ())]:
        yield visible(f"  {sentence}")
    if (other := answer.other) is not None:
        earlier, later = answer.in_order()
        yield visible(f"changed from {earlier.question.moment.text} to {later.question.moment.text}")
        for sentence in (f"history: {other.verdict.history}; {other.stopped}", *other.absent):
            yield visible(f"  {other.question.moment.text}: {sentence}")
    for change in answer.diff or ():
        yield visible(f"{change.op} {change.path or 'all'}{_went(change.op, change.old)}{_becomes(change.op, change.new)}")
    for path, event in (answer.blame or {}).items():
        yield visible(f"{path or 'all'}: #{event.seq} {event.type or ''} {event.actor or ''}".rstrip())
    yield visible(to_json(printed["state"]))


def _fold(args: argparse.Namespace) -> ExitStatus:
    """Answers replay questions as JSON lines on standard input and output until standard input ends."""
    from inspector.replay.process import serve

    serve(sys.stdin.buffer, sys.stdout.buffer)
    return ExitStatus.OK
