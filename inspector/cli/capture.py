"""`eventscope capture`: reading sources. Knows no kind of source; prints, and decides exit statuses.

Progress goes to standard error: a line on a terminal, JSON lines with `--progress json`. Read `ingest` for the work.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import re
import signal
import struct
import sys
import threading
import uuid
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from inspector.cli.hiding import mask_rules
from inspector.cli.outcome import print_outcome
from inspector.cli.registries import add_options, places_of, without_registries
from inspector.cli.reporting import reporter_of
from inspector.errors import ExitStatus, UsageError

if TYPE_CHECKING:
    from inspector.identify import Profile
    from inspector.ingest import Keep, Options
    from inspector.sources import Request, RowSieve, Source

_SIZES = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_SPANS_S = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Registers `capture`."""
    capture = commands.add_parser("capture", help="read sources into a capture", description=_capture.__doc__)
    capture.add_argument("url", nargs="+", metavar="URL")
    capture.add_argument("-o", "--output", type=Path, metavar="FILE", help="an existing capture is continued")
    capture.add_argument("--topic", action="append", default=[], metavar="T")
    capture.add_argument("--partition", action="append", default=[], type=int, metavar="N")
    capture.add_argument("--from", dest="start", default="earliest", metavar="X", help="position, time, -15m, -100, earliest, latest")
    capture.add_argument("--until", dest="end", metavar="X", help="exclusive; the same forms")
    capture.add_argument(
        "--range", action="append", default=[], type=_range, metavar="LOG/PARTITION:FROM-UNTIL", help="only these positions"
    )
    capture.add_argument("--newest-first", action="store_true", help="read backwards, window by window")
    capture.add_argument("--follow", action="store_true", help="go on when the end is reached")
    capture.add_argument("--filter", metavar="EXPR", help="store only what matches")
    capture.add_argument("--key", metavar="KEY", help="only the partition of this key")
    capture.add_argument("--key-type", default="text", choices=tuple(_KEYS), metavar="T", help=", ".join(_KEYS))
    capture.add_argument("--partitioner", default="murmur2", choices=("murmur2", "crc32"), help="Java's default, or librdkafka's")
    capture.add_argument("--isolation", default="uncommitted", choices=("uncommitted", "committed", "both"))
    capture.add_argument("--lag", action="append", default=[], metavar="GROUP", help="also note how far this consumer group is; repeatable")
    capture.add_argument("--config", metavar="FILE|-", help="librdkafka or Java client properties; - reads standard input")
    capture.add_argument("--map", type=Path, metavar="FILE", help="a map: identity rules per log (TOML)")
    add_options(capture)
    capture.add_argument("--limit", type=int, metavar="N", help="store at most N events in all")
    capture.add_argument("--max-bytes", type=size_of, metavar="N")
    capture.add_argument("--max-rate", type=_rate, metavar="N/s")
    capture.add_argument("--keep", type=_keep, metavar="2h|20GB", help="keep only the newest")
    capture.add_argument("--no-values", action="store_true", help="store no value")
    capture.add_argument("--min-free", type=size_of, default=10**9, metavar="N", help="bytes that stay free on the disk (1GB)")
    capture.add_argument("--estimate", action="store_true", help="say how much that would be, and read nothing")
    capture.add_argument("--sample", type=int, default=0, metavar="N", help="--estimate reads about N records to know their size")
    capture.add_argument("--masks", metavar="production|FILE", help="hide what these rules say wherever the capture is opened")
    capture.add_argument("--progress", choices=("auto", "json", "none"), default="auto")
    capture.add_argument("--stop-with-stdin", action="store_true", help="end when standard input closes")
    capture.add_argument("--format", choices=("table", "jsonl"))
    capture.set_defaults(run=_capture)


# ---- arguments


def size_of(text: str) -> int:
    """Bytes of `20GB`, `500M` or `1000`."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]?)B?", text.strip(), re.IGNORECASE)
    if not match:
        raise argparse.ArgumentTypeError(f"{text!r} is not a size such as 500MB or 20GB")
    return int(float(match[1]) * _SIZES[match[2].upper()])


def _rate(text: str) -> float:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(?:/s)?", text.strip())
    if not match or float(match[1]) <= 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a rate such as 500/s")
    return float(match[1])


def _keep(text: str) -> tuple[str, float]:
    """("seconds", n) or ("bytes", n)."""
    if match := re.fullmatch(r"(\d+(?:\.\d+)?)([smhd])", text.strip()):
        return "seconds", float(match[1]) * _SPANS_S[match[2]]
    try:
        return "bytes", size_of(text)
    except argparse.ArgumentTypeError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a span such as 2h or a size such as 20GB") from None


def _range(text: str) -> tuple[tuple[str, int], tuple[int, int]]:
    """((log, partition), (from, until)) of `orders/3:100-200`, the end exclusive."""
    match = re.fullmatch(r"(.+)/(\d{1,9}):(\d{1,18})-(\d{1,18})", text, re.DOTALL)
    if not match or int(match[3]) >= int(match[4]):
        raise argparse.ArgumentTypeError(f"{text!r} is not a range such as orders/3:100-200 (from 100 to 199)")
    return (match[1], int(match[2])), (int(match[3]), int(match[4]))


_KEYS: Mapping[str, Any] = {
    "text": lambda text: text.encode(),
    "long": lambda text: struct.pack(">q", int(text)),
    "int": lambda text: struct.pack(">i", int(text)),
    "short": lambda text: struct.pack(">h", int(text)),
    "double": lambda text: struct.pack(">d", float(text)),
    "uuid": lambda text: str(uuid.UUID(text)).encode(),
    "hex": bytes.fromhex,
    "base64": lambda text: base64.b64decode(text, validate=True),
}


def _key(text: str | None, kind: str) -> bytes | None:
    """The bytes of a key given as text of a type. Raises UsageError when it is not of that type."""
    if text is None:
        return None
    try:
        encoded: bytes = _KEYS[kind](text)
    except (ValueError, struct.error, binascii.Error) as error:
        raise UsageError(f"--key {text!r} is not of the type {kind}: {error}") from error
    return encoded


def read_config(place: str | None) -> dict[str, str]:
    """The properties in a file, or on standard input for `-` up to a line with a single dot or its end."""
    if place is None:
        return {}
    from inspector.properties import parse_properties

    try:
        content = _until_dot(sys.stdin.buffer) if place == "-" else Path(place).read_bytes()
        return parse_properties(content.decode("utf-8"))
    except OSError as error:
        raise UsageError(f"cannot read the configuration {place}: {error.strerror}") from error
    except UnicodeDecodeError:
        # what cannot be decoded may be part of a password: it stays out of the message and of the chain
        raise UsageError("the configuration is not UTF-8 text") from None


def _until_dot(lines: Iterable[bytes]) -> bytes:
    """The lines up to one with a single dot, or all."""
    taken: list[bytes] = []
    for line in lines:
        if line.strip() == b".":
            break
        taken.append(line)
    return b"".join(taken)


# ---- capture


def _capture(args: argparse.Namespace) -> ExitStatus:
    """Reads one or several sources into a capture file; leaves no trace in what it reads."""
    from inspector import ingest
    from inspector.sources import open_source

    if args.output is None and not args.estimate:
        raise UsageError("give the capture to write: -o FILE")
    given = read_config(args.config)
    config = without_registries(given)
    if args.estimate:
        return _estimate(args, config)
    options = _options(args, given)
    request = _request(args, options.profile)
    sources: list[tuple[Source, Request]] = []
    reporter = reporter_of(args.progress)
    stop = Stop(with_stdin=args.stop_with_stdin)
    try:
        sources.extend((open_source(url, config), _for_source(request, url, len(args.url))) for url in args.url)
        outcome = ingest.run(sources, args.output, options=options, listener=reporter.listener(stop.begun), stop=stop.event)
    finally:
        stop.end()
        for source, _ in sources:
            source.close()
    status = outcome.exit_status
    reporter.finished(outcome.stopped, status)
    print_outcome(args.output, outcome, args.format)
    return status


def _estimate(args: argparse.Namespace, config: Mapping[str, str]) -> ExitStatus:
    from inspector.cli.estimate import as_json, estimate, words
    from inspector.cli.logs import leave_with_stdin
    from inspector.cli.output import chosen_format
    from inspector.sources import open_source

    if args.stop_with_stdin:
        leave_with_stdin()
    request = _request(args)
    sources: list[tuple[Source, Request]] = []
    try:
        sources.extend((open_source(url, config), _for_source(request, url, len(args.url))) for url in args.url)
        told = estimate(sources, sample=args.sample, limit=args.limit, max_bytes=args.max_bytes, max_rate=args.max_rate)
    finally:
        for source, _ in sources:
            source.close()
    if args.progress == "json" or chosen_format(args.format) == "jsonl":
        print(as_json(told))
    else:
        print("\n".join([words(told), *told.notes]))
    return ExitStatus.OK


def _request(args: argparse.Namespace, profile: Profile | None = None) -> Request:
    from inspector.sources import Bound, Isolation, Request, parse_bound

    if args.newest_first and args.follow:
        raise UsageError("--newest-first reads backwards from the end and cannot --follow: leave one of them out")
    ranges = _ranges(args.range)
    return Request(
        logs=tuple(args.topic) or tuple(dict.fromkeys(log for log, _ in ranges)),
        partitions=tuple(args.partition) or tuple(dict.fromkeys(partition for _, partition in ranges)),
        start=parse_bound(args.start),
        end=parse_bound(args.end) if args.end else Bound(),
        follow=args.follow,
        isolation=Isolation(args.isolation),
        key=_key(args.key, args.key_type),
        partitioner=args.partitioner,
        ranges=ranges,
        newest_first=args.newest_first,
        groups=tuple(args.lag),
        sieve=_sieve(args.filter, profile) if args.filter else None,
    )


def _sieve(text: str, profile: Profile | None) -> RowSieve | None:
    """What records must have to match the filter `text`; None where the map says how values are read that do not say it themselves."""
    from inspector.query.staged import staged_sieve

    entries = profile.logs if profile else ()
    sieve = staged_sieve(text, [entry.decoder for entry in entries if entry.decoder])
    return None if any(entry.schema for entry in entries) else sieve


def _ranges(given: Sequence[tuple[tuple[str, int], tuple[int, int]]]) -> dict[tuple[str, int], tuple[int, int]]:
    """One range for each partition: several become one from the first to the last."""
    ranges: dict[tuple[str, int], tuple[int, int]] = {}
    for place, (start, end) in given:
        low, high = ranges.get(place, (start, end))
        ranges[place] = min(low, start), max(high, end)
    return ranges


def _for_source(request: Request, url: str, count: int) -> Request:
    """With several sources, topics, partitions, keys and isolation are Kafka's; a store has one log of its own."""
    from dataclasses import replace

    from inspector.sources import Isolation

    if url.startswith("kafka:"):
        return request
    if request.groups and count == 1:
        raise UsageError("--lag names consumer groups, which only Kafka has; the checkpoints of a store are noted by themselves")
    alone = replace(request, isolation=Isolation.uncommitted, groups=())
    return alone if count == 1 else replace(alone, logs=(), partitions=(), key=None)


def _options(args: argparse.Namespace, config: Mapping[str, str]) -> Options:
    from inspector.ingest import Options

    condition = None
    if args.filter:
        from inspector.query.staged import staged_condition

        condition = staged_condition(args.filter)
    profile = None
    if args.map:
        from inspector.identify import load_profile

        profile = load_profile(args.map)
    return Options(
        masks=mask_rules(args.masks),
        limit=args.limit,
        max_bytes=args.max_bytes,
        max_rate=args.max_rate,
        keep=_keep_option(args.keep),
        with_values=not args.no_values,
        floor_bytes=args.min_free,
        profile=profile,
        places=places_of(args, config),
        filter_text=args.filter,
        condition=condition,
        settings={"command": "capture", "topics": args.topic, "from": args.start, "until": args.end, "follow": args.follow},
    )


def _keep_option(keep: tuple[str, float] | None) -> Keep | None:
    from inspector.ingest import Keep

    if keep is None:
        return None
    return Keep(seconds=keep[1]) if keep[0] == "seconds" else Keep(size_bytes=int(keep[1]))


class Stop:
    """The ways a capture is told to end: Ctrl-C, SIGTERM, and (for a parent process) the end of standard input."""

    def __init__(self, *, with_stdin: bool) -> None:
        self.event = threading.Event()
        self.reading = False
        """Set once there is something to end cleanly; before that, Ctrl-C just ends the process."""
        self._before = {number: signal.signal(number, self._signalled) for number in (signal.SIGINT, signal.SIGTERM)}
        if with_stdin:
            threading.Thread(target=self._watch_stdin, name="stdin", daemon=True).start()

    def begun(self) -> None:
        """There is something to end cleanly."""
        self.reading = True

    def _signalled(self, _number: int, _frame: FrameType | None) -> None:
        if not self.reading or self.event.is_set():
            raise KeyboardInterrupt
        self.event.set()

    def _watch_stdin(self) -> None:
        while sys.stdin.buffer.raw.read(4096) if hasattr(sys.stdin.buffer, "raw") else sys.stdin.buffer.read(1):
            pass
        self.event.set()

    def end(self) -> None:
        """Gives the signals back."""
        for number, handler in self._before.items():
            signal.signal(number, handler)
