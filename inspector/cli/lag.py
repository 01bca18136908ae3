"""`eventscope lag`: how far consumers are behind, and what is the matter with them. Prints; what follows from what is in `inspector.lag`.

Of a Kafka cluster it looks at consumer groups, of a store at the checkpoints that it keeps, of a capture at what was noted while it was
made. Read `lag_printing` for the lines, `lag_record` for the record that a consumer stands on.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from inspector.cli.capture import read_config
from inspector.cli.hiding import add_options, mask_rules, open_shown
from inspector.cli.live import is_url
from inspector.cli.read import span_us
from inspector.cli.registries import without_registries
from inspector.cli.stopping import stopping
from inspector.errors import ExitStatus, SourceError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from threading import Event as Stop

    from inspector.capture.reader import CaptureReader
    from inspector.lag.report import Account
    from inspector.sources.groups import GroupsReader, Place

_MOST_KEYS = 200
_LONGEST_US = 366 * 86_400_000_000


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Registers `lag`."""
    lag = commands.add_parser("lag", help="how far consumers are behind, and why", description=_lag.__doc__)
    lag.add_argument("target", metavar="URL|FILE", help="kafka://host:port, the address of an SQL store, or a capture")
    lag.add_argument("--group", action="append", default=[], metavar="G", help="only this consumer, with times; may be repeated")
    lag.add_argument("--by", choices=("group", "partition"), default="group", help="one row for each of these")
    lag.add_argument("--watch", action="store_true", help="look again and again, until Ctrl-C")
    lag.add_argument("--every", type=span_us, default=5_000_000, metavar="5s", help="how often --watch looks")
    lag.add_argument("--no-past", action="store_true", help="do not read what the cluster noted of earlier commits")
    lag.add_argument("--events-in", type=Path, dest="file", metavar="FILE", help="a capture of the same cluster to count events in")
    lag.add_argument("--record", type=_place, metavar="TOPIC/PARTITION", help="the record that it stands on, and how to move past it")
    lag.add_argument("--require-complete", action="store_true", help="exit 5 where events or times are not known")
    lag.add_argument("--config", metavar="FILE|-")
    lag.add_argument("--stop-with-stdin", action="store_true", help="end when standard input closes")
    lag.add_argument("--format", choices=("table", "jsonl"))
    add_options(lag)
    lag.set_defaults(run=_lag)


def _place(text: str) -> Place:
    topic, slash, partition = text.rpartition("/")
    if not slash or not topic or not partition.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not TOPIC/PARTITION such as orders/7")
    return topic, int(partition)


def _lag(args: argparse.Namespace) -> ExitStatus:
    """Says how far consumers are behind in positions, events and time, how fast that changes, and what is the matter; exit 1 when one
    stands, has no member or has skipped events."""
    if args.record is not None and len(args.group) != 1:
        raise UsageError("--record is about one consumer: name it with --group")
    if args.every > _LONGEST_US:
        raise UsageError("--every is longer than a year")
    config = without_registries(read_config(args.config))
    with stopping(with_stdin=args.stop_with_stdin) as stop:
        if args.record is not None:
            from inspector.cli.lag_record import show_record

            return show_record(args, config)
        with looks_of(args, config, stop) as looks:
            return _printed(args, looks, stop)


def _printed(args: argparse.Namespace, looks: Iterator[Looked], stop: Stop) -> ExitStatus:
    from inspector.cli.lag_printing import Printer

    printer, status = Printer(args.by, args.format), ExitStatus.OK
    due_s = time.monotonic()
    for accounts, notes in looks:
        printer.show(accounts, notes)
        status = printer.status(accounts, require_complete=args.require_complete)
        due_s = max(time.monotonic(), due_s + args.every / 1e6)
        if not args.watch or stop.wait(due_s - time.monotonic()):
            break
    return ExitStatus.STOPPED if stop.is_set() else status


Looked = tuple["Sequence[Account]", "Sequence[str]"]
"""The consumers as they are now, and what is to be said besides."""


@contextmanager
def looks_of(args: argparse.Namespace, config: Mapping[str, str], stop: Stop) -> Iterator[Iterator[Looked]]:
    """Looks at the target, each when the next is asked for."""
    with ExitStack() as stack:
        if not is_url(args.target):
            yield _of_capture(args)
            return
        from inspector.sources.group_samples import open_groups

        groups = open_groups(args.target, config)
        if groups is None:
            from inspector.cli.lag_store import looks_at_store

            yield stack.enter_context(looks_at_store(args.target, config, args.group, stop))
            return
        stack.callback(groups.close)
        reader = stack.enter_context(open_shown(args)) if args.file is not None else None
        yield _of_groups(args, groups, reader)


def _of_groups(args: argparse.Namespace, groups: GroupsReader, reader: CaptureReader | None) -> Iterator[Looked]:
    """A cluster that goes away while it is watched is waited for."""
    from inspector.lag.report import live
    from inspector.lag.watch import Watch
    from inspector.text import bytes_text

    def keys(place: Place, start: int, _end: int) -> Sequence[str]:
        return [bytes_text(key) for key in groups.keys(place, start, _MOST_KEYS) if key is not None]

    watch, is_first = Watch(), True
    rules = mask_rules(args.masks)
    while True:
        try:
            look = groups.look(args.group)
            notes = list(look.notes)
            if is_first and args.group and not args.no_past:
                past = groups.past(look)
                watch.add_past(past)
                notes += past.notes
            if is_first and not args.group:
                notes.append("times, and what was before, are looked up for groups that are named with --group")
        except SourceError as error:
            if is_first or not (args.watch and error.retry):
                raise
            yield [], [f"waiting: {error}"]
            continue
        watch.add(look)
        yield live(watch, look, None if rules else keys, reader), notes
        is_first = False


def _of_capture(args: argparse.Namespace) -> Iterator[Looked]:
    from inspector.lag.report import recorded

    if args.file is not None:
        raise UsageError("--events-in counts events for a cluster; a capture counts its own")
    args.file = Path(args.target)
    while True:
        with open_shown(args) as reader:
            found = recorded(reader, args.group)
        missing = sorted(set(args.group) - {account.name for account in found})
        if missing:
            raise UsageError(f"the capture has noted nothing of {', '.join(missing)}; eventscope lag FILE lists whom it knows")
        notes = [] if found else ["no consumer was noted while this was captured: capture --lag GROUP notes one"]
        yield found, notes
