"""The tables of a capture, declared once; the writer, the reader and the filter language all use these. No I/O.

The file is meant to be read with a plain `sqlite3` shell (3.45 or newer) too: see the views `events` and
`coverage_report`. Large columns stand last in their row, because reading a column behind a 100 KB blob costs 30 times
as much. Read `sqlite` next for how a file is opened.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.schema import CreateIndex, CreateTable
from sqlalchemy.types import TypeEngine

from inspector.capture.claim_table import claim_table
from inspector.capture.dialect import ApswDialect
from inspector.capture.views import COVERAGE_VIEW, EVENTS_VIEW

APPLICATION_ID = 0x45564341
"""ASCII `EVCA`, in the SQLite header."""
MAJOR, MINOR = 1, 3
USER_VERSION = MAJOR * 1000 + MINOR
"""A newer major is refused, a newer minor is accepted."""

BUCKET_SECONDS = (1, 60, 3600)
"""The widths that are stored; 5 and 15 s, 5 and 15 min and 1 d are sums of at most 24 of these."""

metadata = MetaData()


def _id() -> Column[int]:
    return Column("id", Integer, primary_key=True)


def _count(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False, server_default="0")


def _int(name: str, *, required: bool = False) -> Column[int]:
    return Column(name, BigInteger, nullable=not required)


def _text(name: str, *, required: bool = False, default: str | None = None) -> Column[str]:
    return Column(name, Text, nullable=not required and default is None, server_default=default)


def _blob(name: str) -> Column[bytes]:
    kind: TypeEngine[bytes] = LargeBinary()
    return Column(name, kind)


def _ref(name: str, table: str) -> Column[int]:
    return Column(name, Integer, ForeignKey(f"{table}.id"), nullable=False)


capture = Table(
    "capture",
    metadata,
    Column("id", Text, primary_key=True),
    _int("created_us", required=True),
    _text("tool", required=True),
    _text("settings", default="{}"),
)
"""One row: the file's own identity. `settings` is JSON; `{"values": false}` when values are not stored."""

source = Table(
    "source",
    metadata,
    _id(),
    _text("kind", required=True),
    _text("uri", required=True),
    _text("cluster_id", default=""),
    _int("opened_us", required=True),
    _text("attributes", default="{}"),
    UniqueConstraint("kind", "uri", "cluster_id"),
)
"""`uri` never holds a secret."""

log = Table(
    "log",
    metadata,
    _id(),
    _ref("source_id", "source"),
    _text("name", required=True),
    _int("partition", required=True),
    _text("incarnation", default=""),
    _int("first_position"),
    _int("end_position"),
    _int("observed_us"),
    _int("max_time_us"),
    _count("events"),
    _count("bytes"),
    _text("decoder"),
    _text("rules"),
    _text("envelope"),
    UniqueConstraint("source_id", "name", "partition", "incarnation"),
)
"""`first_position` and `end_position` (exclusive) are what the source had at `observed_us`; `max_time_us` is the running
maximum that makes an event late; `decoder` and `rules` (JSON) are what the source's descriptor asked for, and `envelope` (a JSON list)
the fields that the source itself knows of each event, which decoding again keeps."""

run = Table(
    "run",
    metadata,
    _id(),
    _ref("source_id", "source"),
    _int("started_us", required=True),
    _int("ended_us"),
    _text("settings", default="{}"),
    _text("stopped", default=""),
)
"""One reading of one source by one command; `stopped` says why it ended, empty while it runs or when it was killed."""

asked = Table(
    "asked",
    metadata,
    Column("run_id", Integer, ForeignKey("run.id"), primary_key=True),
    Column("log_id", Integer, ForeignKey("log.id"), primary_key=True),
    _int("from_position", required=True),
    _int("to_position"),
)
"""What a run was asked to read of a log; no `to_position`: follow."""

type_ = Table("type", metadata, _id(), _text("name", required=True), _count("events"), UniqueConstraint("name"))
category = Table("category", metadata, _id(), _text("name", required=True), _count("events"), UniqueConstraint("name"))

stream = Table(
    "stream",
    metadata,
    _id(),
    _ref("source_id", "source"),
    _ref("category_id", "category"),
    _text("name", required=True),
    _count("events"),
    _int("first_us"),
    _int("last_us"),
    UniqueConstraint("source_id", "category_id", "name"),
)

schema_ = Table(
    "schema",
    metadata,
    _id(),
    _text("registry", default=""),
    _text("subject", default=""),
    _int("version"),
    _text("kind", default=""),
    _text("text"),
    _int("source_id"),
    _text("wire"),
    _text("refs"),
    _blob("compiled"),
    _text("error"),
    _text("digest"),
    Index("schema_wire", "source_id", "registry", "wire", "subject", "digest", unique=True),
)
"""Writers' schemas, whole (see `event.Schema`): `wire` is how records name one, `refs` (JSON) holds the texts it refers to,
`compiled` a Protobuf schema's descriptors. What a registry calls alike at different times or under several subjects is several
rows; `digest` tells texts apart. One with no `text` is missing: `error` says why, and nothing stands in `registry`.
The columns from `source_id` on came with minor version 2."""

event = Table(
    "event",
    metadata,
    Column("seq", Integer, primary_key=True),
    _ref("log_id", "log"),
    _int("position", required=True),
    _int("sub", required=True),
    _int("time_us"),
    _int("time_kind", required=True),
    _int("recorded_us"),
    _int("recorded_kind", required=True),
    _int("captured_us", required=True),
    _int("type_id"),
    _int("stream_id"),
    _int("version"),
    _text("event_id"),
    _int("schema_ref"),
    _text("schema_version"),
    _text("correlation_id"),
    _text("causation_id"),
    _text("actor"),
    _text("decoder"),
    _text("error"),
    _int("flags", required=True),
    _int("key_bytes"),
    _int("value_bytes"),
    _blob("data"),
    _blob("metadata"),
    _blob("extra"),
)
"""One event; `data`, `metadata` and `extra` are JSONB. `key_bytes` and `value_bytes` are null for null.

`stream_id` is the event's first stream; `event_stream` has all of them. `time_us` with `time_kind` is the event's own
time where a rule found one, else the record's. `recorded_us` with `recorded_kind` is always the record's own timestamp as
read; it is printed as `recorded_time` when it is the broker's or store's (`append`) or when `time` shows another
(`time_kind` event)."""
event_position = Index("event_position", event.c.log_id, event.c.position, event.c.sub, unique=True)

record = Table("record", metadata, Column("seq", Integer, primary_key=True), _blob("key"), _text("headers"), _blob("value"))
"""The bytes as read. `headers` is JSON text `[[name, value], …]`; a value that is not UTF-8 is `{"base64": "…"}`."""

block = Table(
    "block",
    metadata,
    Column("first_seq", Integer, primary_key=True, autoincrement=False),
    _int("last_seq", required=True),
    _int("min_us"),
    _int("max_us"),
    _count("untimed"),
)
"""The earliest and latest time in a run of sequence numbers (about one batch), so that a time is found without an index on
times, which would slow every append: events arrive nearly in time order, so few blocks hold any one moment."""

event_stream = Table(
    "event_stream",
    metadata,
    Column("stream_id", Integer, primary_key=True, autoincrement=False),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    _int("version"),
    sqlite_with_rowid=False,
)

bucket = Table(
    "bucket",
    metadata,
    Column("width_s", Integer, primary_key=True, autoincrement=False),
    Column("second", BigInteger, primary_key=True, autoincrement=False),
    Column("log_id", Integer, primary_key=True, autoincrement=False),
    Column("type_id", Integer, primary_key=True, autoincrement=False),
    Column("category_id", Integer, primary_key=True, autoincrement=False),
    _count("events"),
    _count("bytes"),
    sqlite_with_rowid=False,
)
"""Events and bytes in `[second, second + width_s)` of event time; `type_id` and `category_id` are 0 for none."""

path = Table(
    "path",
    metadata,
    Column("type_id", Integer, primary_key=True, autoincrement=False),
    Column("path", Text, primary_key=True),
    _text("kinds", default=""),
    _count("count"),
    sqlite_with_rowid=False,
)
"""JSON paths seen in a sample of each type's documents, with the JSON kinds found there, for completion."""

usage = Table(
    "usage",
    metadata,
    Column("first_seq", Integer, primary_key=True, autoincrement=False),
    Column("log_id", Integer, primary_key=True, autoincrement=False),
    Column("type_id", Integer, primary_key=True, autoincrement=False),
    Column("schema_ref", Integer, primary_key=True, autoincrement=False),
    Column("schema_version", Text, primary_key=True),
    Column("decoder", Text, primary_key=True),
    _count("events"),
    _int("first_us"),
    _int("last_us"),
    sqlite_with_rowid=False,
)
"""By what the events of a block (`block.first_seq`) were decoded, 0 and an empty text standing for none: a sum over blocks says
how often each schema, version and decoder was met, and from when to when. Came with minor version 2."""

coverage = Table(
    "coverage",
    metadata,
    _id(),
    _ref("log_id", "log"),
    _int("from_position", required=True),
    _int("to_position", required=True),
    _text("state", required=True),
    _text("reason", default=""),
    _text("filter"),
    _text("isolation", default=""),
    _int("read_us", required=True),
    _count("records"),
    Index("coverage_log", "log_id", "from_position"),
)
"""State `read`, `scanned` (through `filter`: only matches are here) or `absent` (with its reason); `to_position` is exclusive."""

conflict = Table(
    "conflict",
    metadata,
    _id(),
    _ref("log_id", "log"),
    _int("position", required=True),
    _int("sub", required=True),
    _int("found_us", required=True),
    _int("time_us"),
    _blob("key"),
    _text("headers"),
    _blob("value"),
    Index("conflict_position", "log_id", "position"),
)
"""A position read again with other bytes: the first stays in `event`, the others are here."""

claim = claim_table(metadata)
sample = Table(
    "sample",
    metadata,
    Column("metric", Text, primary_key=True),
    Column("label", Text, primary_key=True),
    Column("time_us", BigInteger, primary_key=True, autoincrement=False),
    Column("value", Float),
    sqlite_with_rowid=False,
)
finding = Table(
    "finding",
    metadata,
    _id(),
    _text("rule", required=True),
    _text("severity", required=True),
    _text("text", required=True),
    _text("events", default="[]"),
)
bookmark = Table("bookmark", metadata, _id(), _int("seq", required=True), _int("made_us", required=True), _text("label", default=""))
note = Table("note", metadata, _id(), _int("seq"), _int("made_us", required=True), _text("text", required=True))
for _table in (bookmark, note):
    for _column in (_text("uid"), _int("changed_us"), _text("address")):
        _table.append_column(_column)
"""What somebody wrote about an event. `uid` is its name wherever it goes; `address` (a JSON list, see `notes.Place`) says which
event by its log and position, so that it is found again in another copy. Both came with minor version 1."""


def create_statements() -> list[str]:
    """The statements that make an empty capture, in order."""
    dialect = ApswDialect()
    statements = [f"PRAGMA application_id = {APPLICATION_ID}", f"PRAGMA user_version = {USER_VERSION}"]
    for table in metadata.sorted_tables:
        statements.append(str(CreateTable(table).compile(dialect=dialect)))
        statements.extend(str(CreateIndex(index).compile(dialect=dialect)) for index in sorted(table.indexes, key=str))
    return [*statements, EVENTS_VIEW, COVERAGE_VIEW]
