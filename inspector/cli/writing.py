"""What commands that write a file have in common: their options, what is said while it is written, and the manifest beside it.

Writes no rows. Read `inspector.export` for the files, `inspector.manifest` for what stands beside them.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from inspector.errors import ExitStatus, UsageError

if TYPE_CHECKING:
    import argparse

    from inspector.capture.reader import CaptureReader

_PROGRESS_EVERY_S = 0.1


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds those of a command that a window may run as its child."""
    parser.add_argument("--progress", choices=("auto", "json", "none"), default="auto")
    parser.add_argument("--stop-with-stdin", action="store_true", help="end when standard input closes")


def add_rows_options(parser: argparse.ArgumentParser, suffixes: Sequence[str], *, is_required: bool) -> None:
    """Adds those of a command that writes rows to a file in the form that its ending says, and a manifest beside it."""
    listed = f"{', '.join(suffixes[:-1])} or {suffixes[-1]}"
    parser.add_argument("-o", "--output", dest="out", type=Path, metavar="OUT", required=is_required, help=f"a file: {listed}")
    parser.add_argument("--csv", choices=("safe", "exact"), default="safe", help="safe: no cell is taken for a formula by a spreadsheet")
    parser.add_argument("--no-manifest", action="store_true", help="write no OUT.manifest.json beside it")
    parser.add_argument("--replace", action="store_true", help="replace OUT when it is there")
    add_options(parser)


def check_out(args: argparse.Namespace, suffixes: Sequence[str]) -> None:
    """Raises UsageError where rows of the capture `args.file` must not be written to `args.out`, or not with a manifest."""
    from inspector.manifest import place_of

    if args.out.suffix.lower() not in suffixes:
        raise UsageError(f"{args.out.name} does not say its form: end it in {', '.join(suffixes)}")
    beside = place_of(args.out)
    if beside.exists() and not args.no_manifest and not args.replace:
        raise UsageError(f"{beside} is there already; choose another name, or replace it (--replace)")
    if args.out.exists() and args.file.exists() and args.out.samefile(args.file):
        raise UsageError(f"{args.out} is the capture itself; choose another name")


def is_exact(args: argparse.Namespace) -> bool:
    """Whether cells of CSV that begin like a formula are to be left as they are."""
    return bool(args.csv == "exact")


def mask_notes(reader: CaptureReader) -> list[str]:
    """What is to be said of a file in which rows of this reader are."""
    from inspector.capture.masked import rules_of

    if reader.masks is not None:
        return ["what the masks hide is hidden in it"]
    return ["what the capture wants hidden is in clear in it"] if rules_of(reader) else []


def guard_notes(cells: int) -> list[str]:
    """What is to be said of a CSV in which so many cells got an apostrophe."""
    if not cells:
        return []
    many = "1 cell begins" if cells == 1 else f"{cells:,} cells begin"
    said = f"{many} with an apostrophe, so that no spreadsheet takes it for a formula: the column 'guarded' names them, and "
    return [f"{said}an import takes the apostrophes off again (--csv exact leaves such cells as they are)"]


def write_manifest(
    args: argparse.Namespace,
    reader: CaptureReader,
    about: Mapping[str, object],
    notes: Sequence[str],
    scope: Mapping[str, object],
    counted: Mapping[str, object],
) -> None:
    """Writes beside `args.out` which capture it is of, what was asked (`about`), what was done, and what went in (`counted`)."""
    from inspector import manifest
    from inspector.event import format_time

    if args.no_manifest:
        return
    ((capture_id,),) = reader.select("SELECT id FROM capture LIMIT 1")
    said = {
        "made": format_time(time.time_ns() // 1000),
        "capture": {"name": args.file.name, "id": capture_id},
        **about,
        "csv": args.csv if args.out.suffix.lower() == ".csv" else None,
        "masks": reader.masks is not None,
        "notes": list(notes),
        "scope": scope,
        **counted,
    }
    manifest.write(args.out, said)


class Told:
    """Says how it goes: JSON lines for a window, a line on a terminal, else nothing until the end.

    `words` says for people what `progressed` is given.
    """

    def __init__(self, progress: str, words: Callable[[Mapping[str, int]], str] = lambda _line: "") -> None:
        self.is_json = progress == "json"
        self._is_line = progress == "auto" and sys.stderr.isatty()
        self._words = words
        self._next_s = 0.0

    def progressed(self, **line: int) -> None:
        """It is so far."""
        if time.monotonic() < self._next_s:
            return
        self._next_s = time.monotonic() + _PROGRESS_EVERY_S
        if self.is_json:
            _say({"type": "progress", **line})
        elif self._is_line:
            print(f"\r{self._words(line)}", end="", file=sys.stderr, flush=True)

    def ended(self, status: ExitStatus, line: Mapping[str, object], text: str) -> None:
        """It is over: the file is there, which `line` and `text` say, or it was stopped."""
        is_whole = status is not ExitStatus.STOPPED
        if self.is_json:
            if is_whole:
                _say(line)
            _say({"type": "done", "stopped": "" if is_whole else "cancelled", "exit": int(status)})
            return
        if self._is_line:
            print(file=sys.stderr)
        print(text if is_whole else "stopped; nothing was written")


def _say(message: Mapping[str, object]) -> None:
    print(json.dumps(message), file=sys.stderr, flush=True)
