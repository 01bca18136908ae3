"""`eventscope decode`: decoding and identity once more, from the bytes a capture holds. Prints; read `redecode` for the work."""

from __future__ import annotations

import argparse
import json
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from inspector.cli.capture import read_config
from inspector.cli.registries import add_options, places_of
from inspector.cli.reporting import FINISHING
from inspector.cli.stopping import stopping
from inspector.errors import ExitStatus
from inspector.text import visible

if TYPE_CHECKING:
    from inspector.redecode import Outcome
    from inspector.schemas import Place


_MOST_MISSING = 20


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Registers `decode`."""
    decode = commands.add_parser("decode", help="decode and identify again, from the stored bytes", description=_decode.__doc__)
    decode.add_argument("file", type=Path, metavar="FILE")
    decode.add_argument("--map", type=Path, metavar="FILE", help="a map: decoders and identity rules per log (TOML)")
    add_options(decode)
    decode.add_argument("--config", metavar="FILE|-", help="client properties, of which the registry's are used; - reads standard input")
    decode.add_argument("--filter", metavar="EXPR", help="only the events that match")
    decode.add_argument("--progress", choices=("auto", "json", "none"), default="auto")
    decode.add_argument("--stop-with-stdin", action="store_true", help="end when standard input closes")
    decode.add_argument("--format", choices=("table", "jsonl"))
    decode.set_defaults(run=_decode)


def _decode(args: argparse.Namespace) -> ExitStatus:
    """Decodes and identifies the events of a capture again, from their stored bytes, by the built-in rules and a map. Schemas
    that the capture has not are looked for in the registries and folders given; the source is not read."""
    from inspector import redecode
    from inspector.identify import load_profile
    from inspector.schemas.patient import Patient

    found = places_of(args, read_config(args.config))()
    places: list[Place] = []
    profile = load_profile(args.map) if args.map else None
    condition = None
    if args.filter:
        from inspector.query import condition as compiled

        condition = compiled(args.filter)
    try:
        with stopping(with_stdin=args.stop_with_stdin) as stop:
            # waited for as long as it takes: nothing else goes on here, and Stop ends it
            places += [place if place.is_final else Patient(place, stop, patience_s=math.inf) for place in found]
            outcome = redecode.run(
                args.file,
                profile=profile,
                condition=condition,
                places=places,
                progress=lambda events: _say_progress(args.progress, events),
                is_stopped=stop.is_set,
                ending=lambda: _say_ending(args.progress),
            )
    finally:
        for place in places:
            place.close()
    status = _status(outcome)
    if args.progress == "json":
        _say({"type": "done", "stopped": "" if outcome.is_whole else "cancelled", "exit": int(status)})
    _print(args, outcome)
    return status


def _status(outcome: Outcome) -> ExitStatus:
    if not outcome.is_whole:
        return ExitStatus.STOPPED
    return ExitStatus.FINDINGS if outcome.undecodable else ExitStatus.OK


def _print(args: argparse.Namespace, outcome: Outcome) -> None:
    if (args.format or ("table" if sys.stdout.isatty() else "jsonl")) == "jsonl":
        counts = {"decoded": outcome.events, "changed": outcome.changed, "undecodable": outcome.undecodable, "oversize": outcome.oversize}
        missing = [{"wire": one.wire, "why": one.why, "events": one.events} for one in outcome.missing]
        print(json.dumps({**counts, "finished": outcome.finished, "missing": missing, "whole": outcome.is_whole}, ensure_ascii=False))
        return
    parts = [f"{outcome.events:,} events of {args.file} decoded again", f"{outcome.changed:,} mean something else now"]
    parts.append(f"{outcome.undecodable:,} undecodable remain")
    if outcome.finished:
        parts.append(f"{outcome.finished:,} had waited for a schema")
    if outcome.oversize:
        parts.append(f"{outcome.oversize:,} cut ones left as they were")
    if not outcome.is_whole:
        parts.append("stopped before the end")
    print(", ".join(parts))
    for one in outcome.missing[:_MOST_MISSING]:
        print(visible(f"{one.events:,} events wait for {one.why or one.wire}"))
    if len(outcome.missing) > _MOST_MISSING:
        print(f"and {len(outcome.missing) - _MOST_MISSING:,} more schemas are missing: eventscope schemas {args.file}")


def _say_progress(progress: str, events: int) -> None:
    if progress == "json":
        _say({"type": "progress", "stored": events, "events": events})
    elif progress == "auto" and sys.stderr.isatty():
        print(f"\r{events:,} events", end="", file=sys.stderr, flush=True)


def _say_ending(progress: str) -> None:
    """A window that reads along lets go of the file, so that one file remains."""
    if progress == "json":
        _say({"type": "state", "text": FINISHING})


def _say(message: dict[str, object]) -> None:
    print(json.dumps(message), file=sys.stderr, flush=True)
