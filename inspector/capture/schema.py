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
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.schema import CreateIndex, CreateTable

from inspector.capture.columns import blob_, count_, id_, int_, metadata, ref_, text_
from inspector.capture.dialect import ApswDialect
from inspector.capture.finding_table import finding
from inspector.capture.input_table import input_
from inspector.capture.views import COVERAGE_VIEW, EVENTS_VIEW

APPLICATION_ID = 0x45564341
"""ASCII `EVCA`, in the SQLite header."""
MAJOR, MINOR = 1, 3
USER_VERSION = MAJOR * 1000 + MINOR
"""A newer major is refused, a newer minor is accepted."""

BUCKET_SECONDS = (1, 60, 3600)
"""The widths that are stored; 5 and 15 s, 5 and 15 min and 1 d are sums of at most 24 of these."""

capture = Table(
    "capture",
    metadata,
    Column("id", Text, primary_key=True),
    int_("created_us", required=True),
    text_("tool", required=True),
    text_("settings", default="{}"),
)
"""One row: the file's own identity. `settings` is JSON; `{"values": false}` when values are not stored."""

source = Table(
    "source",
    metadata,
    id_(),
    text_("kind", required=True),
    text_("uri", required=True),
    text_("cluster_id", default=""),
    int_("opened_us", required=True),
    text_("attributes", default="{}"),
    UniqueConstraint("kind", "uri", "cluster_id"),
)
"""`uri` never holds a secret."""

log = Table(
    "log",
    metadata,
    id_(),
    ref_("source_id", "source"),
    text_("name", required=True),
    int_("partition", required=True),
    text_("incarnation", default=""),
    int_("first_position"),
    int_("end_position"),
    int_("observed_us"),
    int_("max_time_us"),
    count_("events"),
    count_("bytes"),
    text_("decoder"),
    text_("rules"),
    text_("envelope"),
    UniqueConstraint("source_id", "name", "partition", "incarnation"),
)
"""`first_position` and `end_position` (exclusive) are what the source had at `observed_us`; `max_time_us` is the running
maximum that makes an event late; `decoder` and `rules` (JSON) are what the source's descriptor asked for, and `envelope` (a JSON list)
the fields that the source itself knows of each event, which decoding again keeps."""

run = Table(
    "run",
    metadata,
    id_(),
    ref_("source_id", "source"),
    int_("started_us", required=True),
    int_("ended_us"),
    text_("settings", default="{}"),
    text_("stopped", default=""),
)
"""One reading of one source by one command; `stopped` says why it ended, empty while it runs or when it was killed."""

asked = Table(
    "asked",
    metadata,
    Column("run_id", Integer, ForeignKey("run.id"), primary_key=True),
    Column("log_id", Integer, ForeignKey("log.id"), primary_key=True),
    int_("from_position", required=True),
    int_("to_position"),
)
"""What a run was asked to read of a log; no `to_position`: follow."""

type_ = Table("type", metadata, id_(), text_("name", required=True), count_("events"), UniqueConstraint("name"))
category = Table("category", metadata, id_(), text_("name", required=True), count_("events"), UniqueConstraint("name"))

stream = Table(
    "stream",
    metadata,
    id_(),
    ref_("source_id", "source"),
    ref_("category_id", "category"),
    text_("name", required=True),
    count_("events"),
    int_("first_us"),
    int_("last_us"),
    UniqueConstraint("source_id", "category_id", "name"),
)

schema_ = Table(
    "schema",
    metadata,
    id_(),
    text_("registry", default=""),
    text_("subject", default=""),
    int_("version"),
    text_("kind", default=""),
    text_("text"),
    int_("source_id"),
    text_("wire"),
    text_("refs"),
    blob_("compiled"),
    text_("error"),
    text_("digest"),
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
    ref_("log_id", "log"),
    int_("position", required=True),
    int_("sub", required=True),
    int_("time_us"),
    int_("time_kind", required=True),
    int_("recorded_us"),
    int_("recorded_kind", required=True),
    int_("captured_us", required=True),
    int_("type_id"),
    int_("stream_id"),
    int_("version"),
    text_("event_id"),
    int_("schema_ref"),
    text_("schema_version"),
    text_("correlation_id"),
    text_("causation_id"),
    text_("actor"),
    text_("decoder"),
    text_("error"),
    int_("flags", required=True),
    int_("key_bytes"),
    int_("value_bytes"),
    blob_("data"),
    blob_("metadata"),
    blob_("extra"),
)
"""One event; `data`, `metadata` and `extra` are JSONB. `key_bytes` and `value_bytes` are null for null.

`stream_id` is the event's first stream; `event_stream` has all of them. `time_us` with `time_kind` is the event's own
time where a rule found one, else the record's. `recorded_us` with `recorded_kind` is always the record's own timestamp as
read; it is printed as `recorded_time` when it is the broker's or store's (`append`) or when `time` shows another
(`time_kind` event)."""
event_position = Index("event_position", event.c.log_id, event.c.position, event.c.sub, unique=True)

record = Table("record", metadata, Column("seq", Integer, primary_key=True), blob_("key"), text_("headers"), blob_("value"))
"""The bytes as read. `headers` is JSON text `[[name, value], …]`; a value that is not UTF-8 is `{"base64": "…"}`."""

block = Table(
    "block",
    metadata,
    Column("first_seq", Integer, primary_key=True, autoincrement=False),
    int_("last_seq", required=True),
    int_("min_us"),
    int_("max_us"),
    count_("untimed"),
)
"""The earliest and latest time in a run of sequence numbers (about one batch), so that a time is found without an index on
times, which would slow every append: events arrive nearly in time order, so few blocks hold any one moment."""

event_stream = Table(
    "event_stream",
    metadata,
    Column("stream_id", Integer, primary_key=True, autoincrement=False),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    int_("version"),
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
    count_("events"),
    count_("bytes"),
    sqlite_with_rowid=False,
)
"""Events and bytes in `[second, second + width_s)` of event time; `type_id` and `category_id` are 0 for none."""

path = Table(
    "path",
    metadata,
    Column("type_id", Integer, primary_key=True, autoincrement=False),
    Column("path", Text, primary_key=True),
    text_("kinds", default=""),
    count_("count"),
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
    count_("events"),
    int_("first_us"),
    int_("last_us"),
    sqlite_with_rowid=False,
)
"""By what the events of a block (`block.first_seq`) were decoded, 0 and an empty text standing for none: a sum over blocks says
how often each schema, version and decoder was met, and from when to when. Came with minor version 2."""

coverage = Table(
    "coverage",
    metadata,
    id_(),
    ref_("log_id", "log"),
    int_("from_position", required=True),
    int_("to_position", required=True),
    text_("state", required=True),
    text_("reason", default=""),
    text_("filter"),
    text_("isolation", default=""),
    int_("read_us", required=True),
    count_("records"),
    Index("coverage_log", "log_id", "from_position"),
)
"""State `read`, `scanned` (through `filter`: only matches are here) or `absent` (with its reason); `to_position` is exclusive."""

conflict = Table(
    "conflict",
    metadata,
    id_(),
    ref_("log_id", "log"),
    int_("position", required=True),
    int_("sub", required=True),
    int_("found_us", required=True),
    int_("time_us"),
    blob_("key"),
    text_("headers"),
    blob_("value"),
    Index("conflict_position", "log_id", "position"),
)
"""A position read again with other bytes: the first stays in `event`, the others are here."""

sample = Table(
    "sample",
    metadata,
    Column("metric", Text, primary_key=True),
    Column("label", Text, primary_key=True),
    Column("time_us", BigInteger, primary_key=True, autoincrement=False),
    Column("value", Float),
    sqlite_with_rowid=False,
)
bookmark = Table("bookmark", metadata, id_(), int_("seq", required=True), int_("made_us", required=True), text_("label", default=""))
note = Table("note", metadata, id_(), int_("seq"), int_("made_us", required=True), text_("text", required=True))
for _table in (bookmark, note):
    for _column in (text_("uid"), int_("changed_us"), text_("address")):
        _table.append_column(_column)
"""What somebody wrote about an event. `uid` is its name wherever it goes; `address` (a JSON list, see `notes.Place`) says which
event by its log and position, so that it is found again in another copy. Both came with minor version 1."""


ELSEWHERE = (finding, input_)
"""Tables that are declared in files of their own."""


def create_statements() -> list[str]:
    """The statements that make an empty capture, in order."""
    dialect = ApswDialect()
    statements = [f"PRAGMA application_id = {APPLICATION_ID}", f"PRAGMA user_version = {USER_VERSION}"]
    for table in metadata.sorted_tables:
        statements.append(str(CreateTable(table).compile(dialect=dialect)))
        statements.extend(str(CreateIndex(index).compile(dialect=dialect)) for index in sorted(table.indexes, key=str))
    return [*statements, EVENTS_VIEW, COVERAGE_VIEW]
