"""`eventscope index`: fields of events that filters look up instead of looking at every event. Prints; no work of its own.

Read `inspector.capture.indexing` for the work.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from inspector.cli.stopping import stopping
from inspector.errors import ExitStatus, UsageError

if TYPE_CHECKING:
    from inspector.capture.fields import FieldIndex

_PROGRESS_EVERY_S = 0.2


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Registers `index`."""
    index = commands.add_parser("index", help="index a field, so that filters on it are looked up", description=_index.__doc__)
    index.add_argument("file", type=Path, metavar="FILE")
    index.add_argument("place", metavar="PLACE", nargs="?", help="as in a filter: data.orderId, metadata.tenant, correlation_id")
    index.add_argument("--drop", action="store_true", help="drop the index of PLACE")
    index.add_argument("--inside", action="store_true", help="put it into FILE, where what is captured later keeps it up")
    index.add_argument("--progress", choices=("auto", "json", "none"), default="auto")
    index.add_argument("--stop-with-stdin", action="store_true", help="end when standard input closes")
    index.add_argument("--format", choices=("table", "jsonl"))
    index.set_defaults(run=_index)


def _index(args: argparse.Namespace) -> ExitStatus:
    """Indexes a place of the events of a capture, drops its index, or lists the indexes there are. A filter that compares
    the place with a text or number is then looked up. A finished capture is not changed: its indexes are kept beside it,
    in your own data folder."""
    if args.place is None:
        if args.drop or args.inside:
            raise UsageError("say which place: eventscope index FILE data.orderId")
        return _list(args)
    from inspector.capture import indexing
    from inspector.query.lookups import indexable

    place, field = indexable(args.place)
    if args.drop:
        if not indexing.drop(args.file, place, field):
            raise UsageError(f"{place} is not indexed in {args.file}")
        _ended(args, {"type": "dropped", "place": place}, f"the index of {place} is dropped: filters on it look at every event again")
        return ExitStatus.OK
    with stopping(with_stdin=args.stop_with_stdin) as stop:
        told = _told(args.progress, stop.is_set)
        index = indexing.create(args.file, place, field, into=True if args.inside else None, is_stopped=told)
    if index is None:
        _ended(args, None, "stopped; there is no index")
        return ExitStatus.STOPPED
    where = "beside the capture" if index.is_beside else "in the capture"
    words = f"{place} is indexed: filters on it are looked up; the index takes {index.size_bytes:,} bytes {where}"
    _ended(args, {"type": "indexed", **_row(index)}, words)
    return ExitStatus.OK


def _list(args: argparse.Namespace) -> ExitStatus:
    from inspector.capture.indexing import indexes
    from inspector.capture.reader import CaptureReader
    from inspector.cli.output import chosen_format, print_rows

    with CaptureReader(args.file) as reader:
        rows = [_row(index) for index in indexes(reader)]
    if rows or chosen_format(args.format) == "jsonl":
        print_rows(rows, ("place", "bytes", "kept", "current"), format_=args.format)
    else:
        print(f"no field of {args.file} is indexed")
    return ExitStatus.OK


def _row(index: FieldIndex) -> dict[str, object]:
    return {
        "place": index.place,
        "bytes": index.size_bytes,
        "kept": "beside" if index.is_beside else "inside",
        "current": index.is_current,
    }


def _told(progress: str, is_stopped: Callable[[], bool]) -> Callable[[], bool]:
    """Asks whether to stop, and says meanwhile for how long it has been at work."""
    begun_s = said_s = time.monotonic()

    def asked() -> bool:
        nonlocal said_s
        now_s = time.monotonic()
        if now_s - said_s >= _PROGRESS_EVERY_S:
            said_s = now_s
            if progress == "json":
                _say({"type": "progress", "seconds": round(now_s - begun_s, 1)})
            elif progress == "auto" and sys.stderr.isatty():
                print(f"\rindexing, {now_s - begun_s:.0f} s", end="", file=sys.stderr, flush=True)
        return is_stopped()

    return asked


def _ended(args: argparse.Namespace, line: dict[str, object] | None, words: str) -> None:
    from inspector.cli.output import chosen_format

    if args.progress == "json":
        if line is not None:
            _say(line)
        _say(
            {"type": "done", "stopped": "" if line is not None else "cancelled", "exit": int(ExitStatus.OK if line else ExitStatus.STOPPED)}
        )
    elif chosen_format(args.format) == "jsonl" and line is not None:
        print(json.dumps({name: value for name, value in line.items() if name != "type"}, ensure_ascii=False))
    else:
        print(words)


def _say(message: dict[str, object]) -> None:
    print(json.dumps(message), file=sys.stderr, flush=True)
