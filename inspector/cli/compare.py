"""`eventscope compare`: two captures of the same log told apart. No work of its own.

Read `inspector.comparison` for the work.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inspector.cli.output import chosen_format, print_rows
from inspector.errors import ExitStatus, UsageError
from inspector.text import visible

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from inspector.comparison import Compared, Example

_COLUMNS = ("log", "partition", "same", "different", "missing_in_a", "missing_in_b", "not_compared", "differs_in")


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Registers `compare`."""
    compare = commands.add_parser("compare", help="tell two captures of the same log apart", description=_compare.__doc__)
    compare.add_argument("a", type=Path, metavar="A")
    compare.add_argument("b", type=Path, metavar="B")
    compare.add_argument("--log", default="", metavar="L", help="only this log")
    compare.add_argument("--map-log", action="append", default=[], type=_names, metavar="A=B", help="a log's name in A and in B")
    compare.add_argument("--by", choices=("position", "id"), default="position", help="what tells which records belong together")
    compare.add_argument("--format", choices=("table", "jsonl"))
    compare.set_defaults(run=_compare)


def _names(text: str) -> tuple[str, str]:
    name, equals, other = text.partition("=")
    if not equals or not name or not other:
        raise argparse.ArgumentTypeError(f"{text!r} is not A=B, a log's name in each capture")
    return name, other


def _compare(args: argparse.Namespace) -> ExitStatus:
    """Says what one capture has and the other has not, and which records differ; exit status 1 when any does."""
    from inspector import comparison
    from inspector.capture.reader import CaptureReader

    if args.a.exists() and args.b.exists() and args.a.samefile(args.b):
        raise UsageError("A and B are the same file; name two captures")
    with CaptureReader(args.a) as a, CaptureReader(args.b) as b:
        pairs = comparison.pairs_of(a, b, log=args.log, names=dict(args.map_log))
        if not pairs.pairs and not pairs.alone:
            raise UsageError(f"neither capture has a log {args.log!r}" if args.log else "the captures hold no logs")
        found = [comparison.compare(a, b, pair, by_id=args.by == "id") for pair in pairs.pairs]
    said = comparison.conclusion(found, pairs.alone)
    if chosen_format(args.format) == "jsonl":
        _print_lines(found, pairs.alone, said)
    else:
        _print_table(found, pairs.alone, said)
    return ExitStatus.FINDINGS if pairs.alone or any(one.differences for one in found) else ExitStatus.OK


def _print_lines(found: Sequence[Compared], alone: Sequence[str], said: str) -> None:
    for one in found:
        print(json.dumps(_object(one), ensure_ascii=False))
    print(json.dumps({"conclusion": said, "alone": list(alone)}, ensure_ascii=False))


def _object(one: Compared) -> Mapping[str, Any]:
    return {
        "log": one.log,
        "partition": one.partition,
        "other": one.other or None,
        "by": one.by,
        "same": one.same,
        "different": one.different,
        "missing_in_a": one.missing_in_a,
        "missing_in_b": one.missing_in_b,
        "only_read_by_a": one.only_read_by_a,
        "only_read_by_b": one.only_read_by_b,
        "fields": dict(one.fields),
        "examples": [_example(example) for example in one.examples],
        "notes": one.notes,
    }


def _example(example: Example) -> Mapping[str, Any]:
    return {"kind": example.kind, "a": example.a, "b": example.b, "fields": list(example.fields), "id": example.event_id}


def _print_table(found: Sequence[Compared], alone: Sequence[str], said: str) -> None:
    rows = [
        {
            **_object(one),
            "not_compared": one.only_read_by_a + one.only_read_by_b,
            "differs_in": ", ".join(f"{name} {count:,}" for name, count in one.fields.items()),
        }
        for one in found
    ]
    if rows:
        print_rows(rows, _COLUMNS, format_="table")
    for one in found:
        for example in one.examples:
            print(visible(f"{one.log}/{one.partition}: {_words(example)}"))
        for note in one.notes:
            print(visible(f"{one.log}/{one.partition}: {note}"))
        if one.differences > len(one.examples):
            print(visible(f"{one.log}/{one.partition}: and {one.differences - len(one.examples):,} more"))
    for text in alone:
        print(visible(text))
    print(said)
    sys.stdout.flush()


def _words(example: Example) -> str:
    named = f" ({example.event_id})" if example.event_id else ""
    if example.kind == "different":
        place = f"position {example.a:,}" if example.a == example.b else f"position {example.a:,} of A and {example.b:,} of B"
        return f"{place}{named} differs in {', '.join(example.fields)}"
    position = example.a if example.b is None else example.b
    return f"position {position:,}{named} is {example.kind}"
