"""`eventscope lag --record`: the record that a consumer stands on, where a dead letter came from, and the command that moves past it.

Reads that one record. Read `lag` for the command, `inspector.lag.actions` for the texts.
"""

from __future__ import annotations

import argparse
import base64
import json
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from inspector.cli.hiding import open_shown
from inspector.cli.live import is_url
from inspector.errors import ExitStatus, UsageError

if TYPE_CHECKING:
    from inspector.capture.reader import CaptureReader
    from inspector.capture.rows import Event
    from inspector.lag.actions import Original
    from inspector.sources.groups import Place, Standing


def show_record(args: argparse.Namespace, config: Mapping[str, str]) -> ExitStatus:
    """Prints the next record of one consumer in one partition. Raises UsageError where there is none."""
    is_there = is_url(args.target)
    with _event(args, config) if is_there else _recorded(args) as event:
        _print(args, event, is_there=is_there)
    return ExitStatus.OK


@contextmanager
def _recorded(args: argparse.Namespace) -> Iterator[Event]:
    """Out of a capture."""
    from inspector.lag.report import recorded

    args.file = Path(args.target)
    with open_shown(args) as reader:
        rows = [row for account in recorded(reader, args.group) for row in account.rows if row.standing.place == args.record]
        if not rows:
            raise UsageError(f"the capture has noted nothing of {args.group[0]} in {_named(args.record)}")
        event = reader.event(rows[0].next_seq) if rows[0].next_seq is not None else None
        if event is None:
            raise _no_record(args, rows[0].standing, "in the capture")
        yield event


@contextmanager
def _event(args: argparse.Namespace, config: Mapping[str, str]) -> Iterator[Event]:
    """Out of the cluster, by way of a capture of one record."""
    from inspector.sources.group_samples import open_groups

    groups = open_groups(args.target, config)
    if groups is None:
        raise UsageError("--record reads a record of a Kafka cluster or of a capture: capture the store first")
    try:
        (group,) = groups.look(args.group).groups
    finally:
        groups.close()
    if group.error:
        raise UsageError(group.error)
    standing = next((one for one in group.standings if one.place == args.record), None)
    if standing is None:
        raise UsageError(f"{args.group[0]} has nothing in {_named(args.record)}; --by partition lists where it is")
    if standing.next_position is None:
        raise _no_record(args, standing, "there")
    with tempfile.TemporaryDirectory(prefix="eventscope-lag-") as folder, _read(args, config, standing, Path(folder)) as reader:
        event = next(reader.events(), None)
        if event is None:
            raise _no_record(args, standing, "there any more")
        yield event


@contextmanager
def _read(args: argparse.Namespace, config: Mapping[str, str], standing: Standing, folder: Path) -> Iterator[CaptureReader]:
    from inspector import ingest
    from inspector.sources import Request, open_source

    assert standing.next_position is not None
    source = open_source(args.target, config)
    topic, partition = standing.place
    start = standing.next_position
    try:
        request = Request(logs=(topic,), partitions=(partition,), ranges={standing.place: (start, start + 1)})
        ingest.run([(source, request)], folder / "record.evcap")
    finally:
        source.close()
    args.file = folder / "record.evcap"
    with open_shown(args) as reader:
        yield reader


def _no_record(args: argparse.Namespace, standing: Standing, where: str) -> UsageError:
    at = "has committed nothing" if standing.committed is None else f"stands at {standing.committed:,}"
    return UsageError(f"{args.group[0]} {at} in {_named(args.record)}, and no unread record is {where}")


def _named(place: Place) -> str:
    return f"{place[0]}/{place[1]}"


def _print(args: argparse.Namespace, event: Event, *, is_there: bool) -> None:
    from inspector.cli.output import chosen_format, event_line, print_events
    from inspector.lag.actions import open_command, skip_command
    from inspector.text import visible

    place: Place = args.record
    servers = args.target.removeprefix("kafka://").partition("/")[0] if is_there else "BROKER:9092"
    skip = skip_command(servers, args.group[0], place, event.position)
    opening = open_command(args.target, place, event.position, "record.evcap") if is_there else ""
    original = _original(event)
    if chosen_format(args.format) == "jsonl":
        said = {"consumer": args.group[0], "skip_command": skip, "open_command": opening or None}
        said["original"] = asdict(original) if original else None
        sys.stdout.write(json.dumps(said, ensure_ascii=False)[:-1] + f', "event": {event_line(event)}}}\n')
        return
    print_events([event], format_="table")
    for name, text in (("opens it", opening), ("moves the group past it, once it has no member", skip)):
        if text:
            print(f"{name}:\n  {visible(text)}")
    if original is not None:
        why = " ".join(text for text in (original.exception, original.message) if text)
        print(visible(f"a dead letter of {original.place}{f': {why}' if why else ''}"))


def _original(event: Event) -> Original | None:
    """Where it came from, if it is a dead letter."""
    from inspector.lag.actions import original_record

    headers = json.loads(event.headers or "[]")
    return original_record((str(name), _bytes(value)) for name, value in headers)


def _bytes(value: object) -> bytes | None:
    if isinstance(value, dict):
        return base64.b64decode(str(value.get("base64", "")))
    return None if value is None else str(value).encode()
