"""The door for sources: what a source is asked, and the batches it gives. No Qt, no capture.

A source is one file and one entry point in `eventscope.sources`, named by the URL scheme it serves. It pins what is to
be read once, then gives batches; it never writes to, commits on or creates anything in what it reads.
Read `kafka` and `sql` for the two built-in ones, `ingest` for who calls them.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, cast

from inspector import plugins
from inspector.errors import SourceError, UsageError
from inspector.event import LogKey, RecordBatch, parse_time
from inspector.sources.claims import Claim
from inspector.sources.input_file import InputFile
from inspector.sources.samples import Sample
from inspector.sources.table_description import TableDescription


class Isolation(StrEnum):
    """Which records of transactions are read: all, only committed ones, or all with the difference marked."""

    uncommitted = "uncommitted"
    committed = "committed"
    both = "both"


@dataclass(frozen=True, slots=True)
class Bound:
    """One end of a request: exactly one of the fields is set, or none for the natural end.

    `edge` is "earliest" or "latest" ("end" on the command line means latest).
    """

    position: int | None = None
    time_us: int | None = None
    last: int | None = None
    edge: str | None = None


_RELATIVE = re.compile(r"-(\d+)(ms|s|m|h|d)\Z")
_UNIT_US = {"ms": 1_000, "s": 1_000_000, "m": 60_000_000, "h": 3_600_000_000, "d": 86_400_000_000}


def parse_bound(text: str, *, now_us: int | None = None) -> Bound:
    """The bound written as a position, RFC 3339 time, `-15m`, `-N`, `earliest`, `latest` or `end`.

    Raises UsageError saying the accepted forms.
    """
    if text in {"earliest", "latest", "end"}:
        return Bound(edge="latest" if text == "end" else text)
    if re.fullmatch(r"\d+", text):
        return Bound(position=int(text))
    if re.fullmatch(r"-\d+", text):
        return Bound(last=int(text[1:]))
    if match := _RELATIVE.match(text):
        now = time.time_ns() // 1000 if now_us is None else now_us
        return Bound(time_us=now - int(match[1]) * _UNIT_US[match[2]])
    try:
        return Bound(time_us=parse_time(text))
    except ValueError:
        raise UsageError(
            f"{text!r} is not a position, a time with its zone (2026-11-23T08:00:00Z), a span back (-15m), "
            "a count from the end (-100), earliest, latest or end"
        ) from None


class RowSieve(Protocol):
    """Tells before anything is decoded which records may be wanted at all (see `query.sieve`)."""

    @property
    def needs_keys(self) -> bool:
        """Whether `rows` looks at keys."""

    @property
    def needs_headers(self) -> bool:
        """Whether `rows` looks at headers."""

    def rows(self, keys: Sequence[bytes | None], values: Sequence[bytes | None], headers: Sequence[str | None]) -> list[int]:
        """The rows that may be wanted, in order; headers as JSON text. Keys and headers are empty where they are not needed."""


@dataclass(frozen=True, slots=True)
class Request:
    """What the user asked to read from one source."""

    logs: Sequence[str] = ()
    partitions: Sequence[int] = ()
    start: Bound = Bound(edge="earliest")
    end: Bound = Bound()
    """No field set: up to the pinned end, or without end when following."""
    follow: bool = False
    isolation: Isolation = Isolation.uncommitted
    key: bytes | None = None
    partitioner: str = "murmur2"
    """Which partitioner chose a key's partition: `murmur2` (Java's default) or `crc32` (librdkafka's)."""
    ranges: Mapping[tuple[str, int], tuple[int, int]] = field(default_factory=dict)
    """(log, partition) → positions `[from, until)`: with any, only these are read."""
    newest_first: bool = False
    """Reads backwards, window by window; not while following."""
    sieve: RowSieve | None = None
    """Records that it does not name may be left out by the source; their positions count as read all the same."""
    is_sifted: Callable[[int], bool] = lambda _log: True
    """Whether records of the log with this index in the plan may be left out by now. Asked for each batch."""
    groups: Sequence[str] = ()
    """Consumer groups whose lag is measured while reading."""
    known_inputs: frozenset[str] = frozenset()
    """SHA-256 of the files that the capture holds whole: they add nothing."""


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """Who the source is. `uri` never holds a secret; `cluster_id` names the cluster or store where it says so."""

    kind: str
    uri: str
    cluster_id: str = ""
    attributes: Mapping[str, object] = field(default_factory=dict)


UNKNOWN = -1
"""A position that cannot be had now: a partition without a leader."""


@dataclass(frozen=True, slots=True)
class LogInfo:
    """One partition that a source has: positions `[first, end)` are available now; `UNKNOWN` where nobody can tell.

    `decoder` and `profile` are hints of the source (a store's descriptor) for decoding and identity.
    """

    key: LogKey
    first: int
    end: int
    internal: bool = False


@dataclass(frozen=True, slots=True)
class Span:
    """Positions `[start, end)` of one partition to read; no end means follow. `log` is an index into `Plan.logs`."""

    log: int
    start: int
    end: int | None


@dataclass(slots=True)
class Plan:
    """What is going to be read, pinned once. `logs` may grow while reading (a re-created topic, a new partition).

    `asked[i]` is what the request means for `logs[i]`, before anything already captured is taken off `spans`.
    `notes` are sentences for the user, such as "partition 3: nothing at or after 14:02:00, last record 13:58:11".
    """

    logs: list[LogInfo]
    spans: list[Span]
    asked: list[tuple[int, int | None]]
    decoder: dict[str, str] = field(default_factory=dict)
    """Log name → decoder the source's descriptor asks for."""
    rules: dict[str, Mapping[str, object]] = field(default_factory=dict)
    """Log name → identity rules of the source's descriptor (see `identify`)."""
    notes: list[str] = field(default_factory=list)
    total_bytes: int | None = None
    """Bytes that are going to be read, where that is known and says more than positions do (files)."""


@dataclass(frozen=True, slots=True)
class Absence:
    """Positions `[start, end)` of a partition that cannot be had, and the reason in the words of the design."""

    log: int
    start: int
    end: int
    reason: str


@dataclass(frozen=True, slots=True)
class FlagChange:
    """Rows read earlier whose flags are known only now: at these positions set `set` and clear `clear`."""

    log: int
    positions: Sequence[int]
    set: int = 0
    clear: int = 0


@dataclass(slots=True)
class Batch:
    """One step of reading: records, how far each partition is now, and what was learnt on the way.

    `read_to` maps an index of `Plan.logs` to the position up to which its current span is read, gaps included: it is
    what coverage grows by. A batch may have no records (an empty stretch). `end` is the newest end seen per log.
    """

    records: RecordBatch = field(default_factory=RecordBatch)
    read_to: dict[int, int] = field(default_factory=dict)
    first: dict[int, int] = field(default_factory=dict)
    end: dict[int, int] = field(default_factory=dict)
    opened: list[tuple[LogInfo, Span]] = field(default_factory=list)
    """Partitions that came up while reading: appended to `Plan.logs` and `Plan.spans` in this order before use."""
    closed: list[int] = field(default_factory=list)
    """Logs that are gone (a deleted topic): no more will come."""
    absent: list[Absence] = field(default_factory=list)
    changes: list[FlagChange] = field(default_factory=list)
    decided: list[tuple[int, int, int]] | None = None
    """Under isolation `both`, stretches (log, from, to) read before of which it is now known what was aborted; nothing in
    them is open any more. None from a source that has no transactions: what is read is decided."""
    claims: Sequence[Claim] = ()
    """What the source says of itself: how far its consumers are, at which version its streams are."""
    samples: Sequence[Sample] = ()
    """What was measured meanwhile, such as how far consumer groups are."""
    notes: list[str] = field(default_factory=list)
    state: str = ""
    """A new connection state for people, such as "reconnecting to broker 1 (connection refused)"; empty: unchanged."""
    accounted: Mapping[int, Sequence[tuple[int, int]]] | None = None
    """Index of `Plan.logs` → the stretches `[from, to)`, in order and apart, that this batch accounts for, from a source that knows
    it better than `read_to` says (a file's rows may come in any order, and leave positions out). None: `read_to` holds."""
    inputs: list[InputFile] = field(default_factory=list)
    """Files whose reading begins or ends with this batch."""
    read_bytes: int | None = None
    """How much of `Plan.total_bytes` is read by now."""


class Source(Protocol):
    """One opened source. All methods block; `stop` ends `read` within a second."""

    def info(self) -> SourceInfo:
        """Who this is. Raises SourceError naming the step that failed."""

    def logs(self, names: Sequence[str] = ()) -> list[LogInfo]:
        """The partitions of the named logs (none named: of all), by name and partition; reads metadata only."""

    def pin(self, request: Request) -> Plan:
        """What `request` means now. Raises UsageError for a request without a log, SourceError for an unknown one."""

    def read(self, plan: Plan, request: Request, stop: threading.Event) -> Iterator[Batch]:
        """Batches (≤ 20,000 records, ≤ 16 MB, ≤ 250 ms apart) until every span is read or `stop` is set.

        Records of one partition come in position order. While following, an empty batch is given at least every
        250 ms so that the caller may act. Raises SourceError only for what waiting cannot mend.
        """

    def close(self) -> None:
        """Lets go of everything; may be called twice."""


class SourceFactory(Protocol):
    """What an entry point in `eventscope.sources` is.

    It may also have `check(url, config, names)`, giving a `Step` for each step of connecting as it becomes known, and where
    the source removes records by itself `oldest(url, config, names)`, giving an `Oldest` for each partition. A database has
    `tables(url, config)`, giving a `TableDescription` for each table, what has consumer groups `groups(url, config)` (`group_samples`).
    """

    def __call__(self, url: str, config: Mapping[str, str]) -> Source:
        """Opens `url`; `config` is the parsed `--config`. Raises UsageError or SourceError."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of connecting to one server or file: whether it works, and a sentence about it. Names are those of `SourceError`."""

    server: str
    name: str
    works: bool
    text: str


@dataclass(frozen=True, slots=True)
class Oldest:
    """How old the first record of a partition is, and for how long the source keeps records; None where that is not known."""

    info: LogInfo
    time_us: int | None
    kept_ms: int | None

    @property
    def goes_us(self) -> int | None:
        """From when on the source may remove it; None where it is kept, or where that is not known."""
        return None if self.time_us is None or self.kept_ms is None else self.time_us + self.kept_ms * 1000


def oldest_records(url: str, config: Mapping[str, str] | None = None, names: Sequence[str] = ()) -> list[Oldest]:
    """One for each partition of the named logs (none named: of those in the address). Raises UsageError and SourceError."""
    factory, given = factory_of(url), dict(config or {})
    asked = getattr(factory, "oldest", None)
    if asked is not None:
        return list(asked(url, given, names))
    source = factory(url, given)
    try:
        return [Oldest(info, None, None) for info in source.logs(names)]
    finally:
        source.close()


def check_source(url: str, config: Mapping[str, str] | None = None, names: Sequence[str] = ()) -> Iterator[Step]:
    """The steps of connecting to `url` and of being able to read the named logs, each as it becomes known; reads no record.

    The last step works exactly if the source can be read. Raises UsageError for what cannot be understood.
    """
    factory = factory_of(url)
    given = dict(config or {})
    steps = getattr(factory, "check", None)
    if steps is not None:
        yield from steps(url, given, names)
        return
    try:
        source = factory(url, given)
        found = len(source.logs(names))
        source.close()
    except SourceError as error:
        yield Step(url, error.step, works=False, text=str(error))
    else:
        yield Step(url, "read", works=True, text=f"opened: {found:,} partitions to be seen")


def describe_tables(url: str, config: Mapping[str, str] | None = None) -> list[TableDescription]:
    """What the tables of a database look like, from their schema and a few rows. Raises UsageError for a source without tables."""
    asked = getattr(factory_of(url), "tables", None)
    if asked is None:
        raise UsageError(
            f"{url.partition(':')[0]} has no tables that can be described here: give the address of an SQLite database, such as sqlite:///shop.db"
        )
    return list(asked(url, dict(config or {})))


def open_source(url: str, config: Mapping[str, str] | None = None) -> Source:
    """The source that serves `url`'s scheme. Raises UsageError for an unknown scheme or a password in the URL."""
    return factory_of(url)(url, dict(config or {}))


def factory_of(url: str) -> SourceFactory:
    """What opens sources of this kind. Raises UsageError as `open_source`."""
    scheme = url.partition(":")[0].partition("+")[0]
    if re.match(r"[^/]*//[^/@]*:[^/@]+@", url):
        raise UsageError("the URL holds a password, which other processes could read: give it with --config - instead")
    try:
        factory = plugins.load("sources", scheme)
    except LookupError:
        known = ", ".join(f"{name}://" for name in plugins.names("sources"))
        raise UsageError(f"no source for {scheme!r}: a URL starts with one of {known}") from None
    assert callable(factory)
    return cast("SourceFactory", factory)
