"""`eventscope check`: looks for what is wrong in a capture, and keeps what it finds beside it. No check of its own.

Read `inspector.checks` for the checks, `capture.findings` for where findings are kept.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inspector.cli.hiding import add_options, open_shown
from inspector.cli.output import chosen_format
from inspector.cli.stopping import stopping
from inspector.errors import ExitStatus
from inspector.text import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inspector.capture.findings import Kept
    from inspector.checks import Check, Finding, Look

_MARK = {"info": "·", "warning": "!", "error": "✕"}


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Registers `check`."""
    check = commands.add_parser("check", help="look for gaps, duplicates and other faults in a capture", description=_check.__doc__)
    check.add_argument("file", type=Path, metavar="FILE", nargs="?")
    check.add_argument("--rule", action="append", default=[], metavar="NAME", help="only this check; may be given several times")
    check.add_argument("--list", action="store_true", help="the checks that there are, and what each assumes")
    check.add_argument("--no-keep", action="store_true", help="only print what is found")
    check.add_argument("--progress", choices=("auto", "json", "none"), default="auto")
    check.add_argument("--stop-with-stdin", action="store_true", help="end when standard input closes")
    check.add_argument("--format", choices=("table", "jsonl"))
    add_options(check)
    check.set_defaults(run=_check)


def _check(args: argparse.Namespace) -> ExitStatus:
    """Runs the checks over a capture and prints what they find; exit status 1 when anything is more than information."""
    from inspector import checks
    from inspector.errors import UsageError

    wanted = [checks.named(name) for name in args.rule] if args.rule else list(checks.known())
    if args.list:
        return _list(wanted, args.format)
    if args.file is None:
        raise UsageError("give the capture to check: eventscope check FILE")
    with open_shown(args) as reader, stopping(with_stdin=args.stop_with_stdin) as stop:
        # what is sorted may be larger than memory
        reader.connection.execute("PRAGMA temp_store = default")
        run = _Run(args, checks.Look(reader, stop.is_set))
        for number, check in enumerate(wanted, start=1):
            if not run.take(check, number, len(wanted)):
                break
        if not args.no_keep:
            run.keep()
    run.end(len(wanted))
    return run.status


class _Run:
    """Checks one after the other: what they found is printed at once and kept at the end."""

    def __init__(self, args: argparse.Namespace, look: Look) -> None:
        self._look = look
        self._events = look.reader.watermark().events
        self._as_lines = chosen_format(args.format) == "jsonl"
        self._tells = args.progress == "json"
        self._found: list[Kept] = []
        self._rules: dict[str, dict[str, Any]] = {}
        self._is_stopped = False

    def take(self, check: Check, number: int, of: int) -> bool:
        """Runs one, the `number`th of so many; whether to go on."""
        from inspector import checks
        from inspector.capture.findings import without_hidden

        began = time.monotonic()
        self._tell("check", name=check.name, title=check.title, number=number, of=of)
        try:
            for one in checks.findings(check, self._look):
                kept = _kept(one)
                self._found.append(kept)
                self._print(without_hidden(kept, self._look.reader.masks))
        except checks.Stopped:
            self._is_stopped = True
        took_s = round(time.monotonic() - began, 3)
        made_us = time.time_ns() // 1000
        self._rules[check.name] = {"made_us": made_us, "is_whole": not self._is_stopped, "took_s": took_s, "events": self._events}
        return not self._is_stopped

    def _print(self, one: Kept) -> None:
        if self._as_lines:
            print(json.dumps(_object(one), ensure_ascii=False), flush=self._tells)
        else:
            print(visible(f"{_MARK[one.severity]} {one.text}"))

    def _tell(self, kind: str, **values: object) -> None:
        if self._tells:
            print(json.dumps({"type": kind, **values}), file=sys.stderr, flush=True)

    def keep(self) -> None:
        """Beside the capture, whole, in place of what the same checks found before."""
        from inspector.capture import findings

        findings.keep(self._look.reader, self._rules, self._found)

    @property
    def status(self) -> ExitStatus:
        """1 for anything that is more than information."""
        if self._is_stopped:
            return ExitStatus.STOPPED
        return ExitStatus.FINDINGS if any(one.severity != "info" for one in self._found) else ExitStatus.OK

    def end(self, wanted: int) -> None:
        """What was looked for, so that nothing found is not silence."""
        counts = {severity: sum(one.severity == severity for one in self._found) for severity in _MARK}
        said = ", ".join(f"{count:,} {name}" for name, count in counts.items() if count) or "nothing found"
        stopped = ", stopped: the last one is not whole" if self._is_stopped else ""
        text = f"{said} by {len(self._rules)} of {wanted} checks{stopped}"
        self._tell("done", exit=int(self.status), text=text)
        if not self._tells:
            sys.stdout.flush()
            print(text, file=sys.stderr)


def _kept(one: Finding) -> Kept:
    from inspector.capture.findings import Kept, now_us

    events, place = tuple(one.events), (one.log, one.partition, one.first, one.last)
    return Kept(one.rule, str(one.severity), one.text, one.count, *place, events, one.assumption, one.legal_because, now_us())


def _object(one: Kept) -> dict[str, Any]:
    return {
        "rule": one.rule,
        "severity": one.severity,
        "text": one.text,
        "count": one.count,
        "log": one.log or None,
        "partition": one.partition,
        "first": one.first,
        "last": one.last,
        "events": list(one.events),
        "assumption": one.assumption,
        "legal_because": one.legal_because,
    }


def _list(wanted: Sequence[Check], format_: str | None) -> ExitStatus:
    for check in wanted:
        if chosen_format(format_) == "jsonl":
            print(json.dumps({"rule": check.name, "title": check.title, "assumes": check.assumes, "legal": check.legal}))
        else:
            print(f"{check.name}: {check.title}\n    assumes that {check.assumes}\n    could be legal: {check.legal}")
    return ExitStatus.OK
