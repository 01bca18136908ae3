"""`eventscope logs`: what a source has, and whether it can be reached. Reads metadata only; knows no kind of source.

Read `sources` for the steps of a check, `capture` for reading itself.
"""

from __future__ import annotations

import _thread
import argparse
import json
import os
import sys
import threading
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import TYPE_CHECKING

from inspector.cli.capture import read_config
from inspector.cli.registries import without_registries
from inspector.errors import ExitStatus

if TYPE_CHECKING:
    from inspector.sources import LogInfo, Step

_PARTITION_COLUMNS = ("log", "partition", "first", "end", "records", "incarnation")
_TOPIC_COLUMNS = ("log", "partitions", "records", "without_leader", "internal")
_LEAVE_S = 1.0
"""So long a request that is under way may take to hear that nobody waits for it."""


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Registers `logs`."""
    logs = commands.add_parser("logs", help="what a source has: log, partition, first, end", description=_logs.__doc__)
    logs.add_argument("url", metavar="URL")
    logs.add_argument("--topic", action="append", default=[], metavar="T")
    logs.add_argument("--internal", action="store_true", help="internal topics too")
    logs.add_argument("--by", choices=("partition", "topic"), default="partition", help="one row for each of these")
    logs.add_argument("--check", action="store_true", help="test the connection step by step instead; exit 3 when it fails")
    logs.add_argument("--oldest", action="store_true", help="also how old the first record of each partition is, and when it may go")
    logs.add_argument("--config", metavar="FILE|-")
    logs.add_argument("--progress", choices=("auto", "json", "none"), default="auto", help="json: the steps of --check as JSON lines")
    logs.add_argument("--stop-with-stdin", action="store_true", help="end when standard input closes")
    logs.add_argument("--format", choices=("table", "jsonl"))
    logs.set_defaults(run=_logs)


def _logs(args: argparse.Namespace) -> ExitStatus:
    """Lists the logs of a source with their first and end positions, or tests the connection; reads metadata only, and with
    --oldest one record a partition."""
    from inspector.cli.output import print_rows
    from inspector.sources import open_source

    config = without_registries(read_config(args.config))
    if args.stop_with_stdin:
        leave_with_stdin()
    if args.check:
        return _check(args, config)
    if args.oldest:
        return _oldest(args, config)
    source = open_source(args.url, config)
    try:
        found = [info for info in source.logs(args.topic) if args.internal or args.topic or not info.internal]
    finally:
        source.close()
    if args.by == "topic":
        print_rows(_topics(found), _TOPIC_COLUMNS, format_=args.format)
    else:
        print_rows(map(_partition, found), _PARTITION_COLUMNS, format_=args.format)
    return ExitStatus.OK


# ---- what is there


def _partition(info: LogInfo) -> dict[str, object]:
    """`records` counts positions: at most so many are there. How many bytes they are no source tells without reading: null."""
    from inspector.sources import UNKNOWN

    return {
        "log": info.key.name,
        "partition": info.key.partition,
        "first": None if info.first == UNKNOWN else info.first,
        "end": None if info.end == UNKNOWN else info.end,
        "records": _available(info),
        "bytes": None,
        "internal": info.internal,
        "incarnation": info.key.incarnation or None,
    }


def _available(info: LogInfo) -> int | None:
    from inspector.sources import UNKNOWN

    return None if UNKNOWN in {info.first, info.end} else info.end - info.first


def _oldest(args: argparse.Namespace, config: dict[str, str]) -> ExitStatus:
    from inspector.cli.output import print_rows
    from inspector.errors import UsageError
    from inspector.event import format_time
    from inspector.sources import oldest_records

    if args.by == "topic" or not (args.topic or args.url.partition("://")[2].partition("/")[2]):
        raise UsageError("--oldest reads a record of each partition: name the topics with --topic or in the address, and leave --by out")
    rows = (
        {
            **_partition(found.info),
            "oldest_time": format_time(found.time_us),
            "kept_ms": found.kept_ms,
            "goes": format_time(found.goes_us),
        }
        for found in oldest_records(args.url, config, args.topic)
    )
    print_rows(rows, (*_PARTITION_COLUMNS[:-1], "oldest_time", "goes"), format_=args.format)
    return ExitStatus.OK


def _topics(found: Iterable[LogInfo]) -> Iterator[dict[str, object]]:
    """One row per log; partitions that nobody can tell of are counted and left out of the sum."""
    for name, group in groupby(found, key=lambda info: info.key.name):
        infos = list(group)
        available = [_available(info) for info in infos]
        yield {
            "log": name,
            "partitions": len(infos),
            "records": sum(count for count in available if count is not None),
            "bytes": None,
            "without_leader": available.count(None),
            "internal": infos[0].internal,
        }


# ---- whether it can be reached


def _check(args: argparse.Namespace, config: dict[str, str]) -> ExitStatus:
    """Says each step as it becomes known. Exit status 3 when the source cannot be read."""
    from inspector.cli.output import chosen_format
    from inspector.sources import check_source

    as_json = args.progress == "json" or chosen_format(args.format) == "jsonl"
    works = False
    for step in check_source(args.url, config, args.topic):
        print(_step_json(step) if as_json else _step_line(step), flush=True)
        works = step.works
    return ExitStatus.OK if works else ExitStatus.SOURCE


def _step_json(step: Step) -> str:
    told = {"type": "step", "server": step.server, "step": step.name, "works": step.works, "text": step.text}
    return json.dumps(told, ensure_ascii=False)


def _step_line(step: Step) -> str:
    from inspector.text import visible

    sign = "✓ ok    " if step.works else "✗ failed"
    return f"{sign}  {step.name:<13}  {visible(step.text)}"


def leave_with_stdin() -> None:
    """From now on the command ends when whoever started it closes its input or is gone."""
    threading.Thread(target=_leave, name="stdin", daemon=True).start()


def _leave() -> None:
    # not through the buffer: a thread that waits in it would break the end of the program
    while os.read(sys.stdin.fileno(), 4096):
        pass
    _thread.interrupt_main()
    threading.Event().wait(_LEAVE_S)
    # a request of the client's own library does not hear an interrupt; only metadata is being read, so nothing is lost
    os._exit(int(ExitStatus.STOPPED))
