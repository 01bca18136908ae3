"""The SQL that moves a staged batch into the capture: few statements, no Python per row. No files, no threads.

Read `stage` for what is moved and `writer` for the transaction around it.
"""

from __future__ import annotations

import time
from typing import Any

import apsw

from inspector.capture import schemas
from inspector.capture.schema import BUCKET_SECONDS
from inspector.event import Flag

OBSERVED = (
    "UPDATE log SET first_position = coalesce(?, first_position), end_position = coalesce(?, end_position), observed_us = ? WHERE id = ?"
)
"""What a log has in its source now."""


def second_of(column: str) -> str:
    """SQL for the whole second at or before a time in microseconds; SQLite's own division rounds towards zero."""
    return f"({column} - (({column} % 1000000) + 1000000) % 1000000) / 1000000"


PREPARE = (
    "INSERT INTO main.type (name) SELECT name FROM staged.type WHERE true ON CONFLICT DO NOTHING",
    "UPDATE staged.type SET real = (SELECT id FROM main.type m WHERE m.name = type.name)",
    "INSERT INTO main.category (name) SELECT name FROM staged.category WHERE true ON CONFLICT DO NOTHING",
    "UPDATE staged.category SET real = (SELECT id FROM main.category m WHERE m.name = category.name)",
)

COUNT_NAMES = (
    (
        "UPDATE main.type SET events = events + c.n FROM (SELECT t.real AS id, count(*) AS n FROM staged.row r "
        "JOIN staged.type t ON t.id = r.type GROUP BY 1) AS c WHERE type.id = c.id"
    ),
    (
        "UPDATE main.category SET events = events + c.n FROM (SELECT t.real AS id, count(*) AS n FROM staged.row r "
        "JOIN staged.stream s ON s.id = r.stream JOIN staged.category t ON t.id = s.category GROUP BY 1) AS c WHERE category.id = c.id"
    ),
)

SCHEMAS = schemas.STORE

STREAMS = (
    (
        "INSERT INTO main.stream (source_id, category_id, name, events, first_us, last_us) "
        "SELECT :source, c.real, s.name, g.n, g.low, g.high "
        "FROM (SELECT x.stream, count(*) AS n, min(r.time_us) AS low, max(r.time_us) AS high "
        "  FROM staged.row_stream x JOIN staged.row r ON r.n = x.n GROUP BY x.stream) AS g "
        "JOIN staged.stream s ON s.id = g.stream JOIN staged.category c ON c.id = s.category WHERE true "
        "ON CONFLICT (source_id, category_id, name) DO UPDATE SET events = events + excluded.events, "
        "first_us = min(coalesce(first_us, excluded.first_us), coalesce(excluded.first_us, first_us)), "
        "last_us = max(coalesce(last_us, excluded.last_us), coalesce(excluded.last_us, last_us))"
    ),
    (
        "UPDATE staged.stream SET real = (SELECT m.id FROM main.stream m WHERE m.source_id = :source AND m.name = stream.name "
        "AND m.category_id = (SELECT real FROM staged.category c WHERE c.id = stream.category))"
    ),
)
_MEMBERS = (
    "INSERT INTO main.event_stream (stream_id, seq, version) SELECT s.real, :base + x.n, x.version "
    "FROM staged.row_stream x JOIN staged.stream s ON s.id = x.stream WHERE true ORDER BY 1, 2 ON CONFLICT DO NOTHING"
)

_SIZE = f"CASE WHEN r.flags & {int(Flag.oversize)} THEN json_extract(r.extra, '$.oversize.bytes') ELSE length(r.value) END"

_EVENTS = (
    "INSERT INTO main.event (seq, log_id, position, sub, time_us, time_kind, recorded_us, recorded_kind, captured_us, type_id, "
    "stream_id, version, event_id, schema_ref, schema_version, correlation_id, causation_id, actor, decoder, error, flags, "
    "key_bytes, value_bytes, "
    "data, metadata, extra) "
    "SELECT :base + r.n, m.id, r.position, 0, r.time_us, r.time_kind, r.recorded_us, r.recorded_kind, :now, t.real, s.real, r.version, "
    "r.event_id, x.real, r.schema_version, r.correlation_id, r.causation_id, r.actor, r.decoder, r.error, r.flags, length(r.key), "
    f"{_SIZE}, {{data}}, {{metadata}}, {{extra}} "
    "FROM staged.row r CROSS JOIN temp.plan_log m ON m.plan = r.log LEFT JOIN staged.type t ON t.id = r.type "
    "LEFT JOIN staged.stream s ON s.id = r.stream LEFT JOIN staged.schema x ON x.id = r.schema ORDER BY r.n"
)
DOCUMENTS = {
    "data": "CASE typeof(r.data) WHEN 'text' THEN jsonb(r.data) WHEN 'integer' THEN jsonb(CAST(r.value AS TEXT)) "
    "WHEN 'blob' THEN r.data END",
    "metadata": "jsonb(r.metadata)",
    "extra": "jsonb(r.extra)",
}
_NO_VALUES = {"data": "NULL", "metadata": "NULL", "extra": f"CASE WHEN r.flags & {int(Flag.oversize)} THEN jsonb(r.extra) END"}

_RECORDS = "INSERT INTO main.record (seq, key, headers, value) SELECT :base + n, key, headers, {value} FROM staged.row ORDER BY n"

SECONDS = (
    f"DELETE FROM temp.second; INSERT INTO temp.second SELECT {second_of('r.time_us')}, m.id, "
    "coalesce(t.real, 0), coalesce(c.real, 0), count(*), sum(coalesce(length(r.key), 0) + coalesce(length(r.value), 0)) "
    "FROM staged.row r CROSS JOIN temp.plan_log m ON m.plan = r.log LEFT JOIN staged.type t ON t.id = r.type "
    "LEFT JOIN staged.stream s ON s.id = r.stream LEFT JOIN staged.category c ON c.id = s.category WHERE r.time_us IS NOT "
    "NULL GROUP BY 1, 2, 3, 4"
)
BUCKETS = (
    "INSERT INTO main.bucket (width_s, second, log_id, type_id, category_id, events, bytes) "
    "SELECT :width, second - ((second % :width) + :width) % :width AS start, log_id, type_id, category_id, sum(events), sum(bytes) "
    "FROM temp.second GROUP BY start, log_id, type_id, category_id "
    "ON CONFLICT DO UPDATE SET events = events + excluded.events, bytes = bytes + excluded.bytes"
)


_GONE = "INSERT INTO temp.gone SELECT DISTINCT stream_id FROM event WHERE seq <= :last AND stream_id IS NOT NULL"
_GONE_OF_SEVERAL = "INSERT INTO temp.gone SELECT DISTINCT stream_id FROM event_stream WHERE seq <= :last"
_IS_SEVERAL = "SELECT (SELECT count(*) FROM staged.row_stream) > (SELECT count(stream) FROM staged.row)"
_BY_SEQ = "CREATE INDEX IF NOT EXISTS main.event_stream_seq ON event_stream (seq)"


def has_several(connection: apsw.Connection) -> bool:
    """Whether events of the capture may be in several streams; only then is there an index that finds them by event."""
    return bool(connection.execute("SELECT 1 FROM main.sqlite_schema WHERE name = 'event_stream_seq'").get)


_REMOVE = (
    "DELETE FROM temp.second",
    (
        f"INSERT INTO temp.second SELECT {second_of('e.time_us')}, e.log_id, coalesce(e.type_id, 0), "
        "coalesce(s.category_id, 0), count(*), sum(coalesce(e.key_bytes, 0) + coalesce(e.value_bytes, 0)) "
        "FROM event e LEFT JOIN stream s ON s.id = e.stream_id WHERE e.seq <= :last AND e.time_us IS NOT NULL GROUP BY 1, 2, 3, 4"
    ),
    (
        "UPDATE type SET events = events - c.n FROM (SELECT type_id AS id, count(*) AS n FROM event WHERE seq <= :last GROUP BY 1) AS c "
        "WHERE type.id = c.id"
    ),
    (
        "UPDATE category SET events = events - c.n FROM (SELECT s.category_id AS id, count(*) AS n FROM event e JOIN stream s "
        "ON s.id = e.stream_id WHERE e.seq <= :last GROUP BY 1) AS c WHERE category.id = c.id"
    ),
    (
        "UPDATE log SET events = events - c.n, bytes = bytes - c.b FROM (SELECT log_id AS id, count(*) AS n, "
        "sum(coalesce(key_bytes, 0) + coalesce(value_bytes, 0)) AS b FROM event WHERE seq <= :last GROUP BY 1) AS c WHERE log.id = c.id"
    ),
    "DELETE FROM temp.gone",
    _GONE,
    "DELETE FROM event_stream WHERE stream_id IN (SELECT id FROM temp.gone) AND seq <= :last",
    (
        "UPDATE stream SET events = (SELECT count(*) FROM event_stream x WHERE x.stream_id = stream.id), first_us = (SELECT min(e.time_us) "
        "FROM event_stream x JOIN event e ON e.seq = x.seq WHERE x.stream_id = stream.id) WHERE id IN (SELECT id FROM temp.gone)"
    ),
    "DELETE FROM stream WHERE events = 0 AND id IN (SELECT id FROM temp.gone)",
    schemas.DROP_BLOCKS.replace(":low", "0").replace(":high", ":last"),
    "DELETE FROM block WHERE last_seq <= :last",
    "DELETE FROM record WHERE seq <= :last",
    "DELETE FROM event WHERE seq <= :last",
    schemas.COUNT_BLOCKS.replace(":low", "0").replace(":high", ":last"),
)
LESS_BUCKETS = (
    "UPDATE bucket SET events = events - c.n, bytes = bytes - c.b FROM (SELECT second - ((second % :width) + :width) % :width AS start, "
    "log_id, type_id, category_id, sum(events) AS n, sum(bytes) AS b FROM temp.second GROUP BY 1, 2, 3, 4) AS c "
    "WHERE width_s = :width AND bucket.second = c.start AND bucket.log_id = c.log_id AND bucket.type_id = c.type_id "
    "AND bucket.category_id = c.category_id"
)


def remove_through(connection: apsw.Connection, last: int) -> None:
    """Takes every event up to sequence number `last` out, and out of every count. Inside a transaction."""
    gone = _GONE_OF_SEVERAL if has_several(connection) else _GONE
    for statement in (gone if statement is _GONE else statement for statement in _REMOVE):
        connection.execute(statement, {"last": last} if ":last" in statement else None)
    for width in BUCKET_SECONDS:
        connection.execute(LESS_BUCKETS, {"width": width})
    connection.execute("DELETE FROM bucket WHERE events <= 0")


_BLOCK_ROWS = 20_000
_BLOCK = (
    "INSERT INTO main.block (first_seq, last_seq, min_us, max_us, untimed) "
    "SELECT coalesce((SELECT first_seq FROM main.block WHERE last_seq = :base AND last_seq - first_seq + :rows < :most), :base + 1), "
    ":base + :rows, min(time_us), max(time_us), count(*) - count(time_us) FROM staged.row WHERE true "
    "ON CONFLICT DO UPDATE SET last_seq = excluded.last_seq, untimed = untimed + excluded.untimed, "
    "min_us = min(coalesce(min_us, excluded.min_us), coalesce(excluded.min_us, min_us)), "
    "max_us = max(coalesce(max_us, excluded.max_us), coalesce(excluded.max_us, max_us))"
)


_MOST_PATHS = 300
_PATHS = (
    "INSERT INTO main.path (type_id, path, kinds, count) "
    "SELECT type_id, place, kind, count(*) FROM (SELECT coalesce(e.type_id, 0) AS type_id, replace(j.fullkey, '[0]', '[*]') AS place, "
    "j.type AS kind FROM main.event e JOIN json_tree(e.data) j WHERE e.seq IN (SELECT :base + min(n) FROM staged.row GROUP BY type) "
    "AND e.data IS NOT NULL AND length(e.data) < 65536 AND j.id <> 0 AND j.fullkey NOT GLOB '*[[][1-9]*' LIMIT :most) WHERE true "
    "GROUP BY 1, 2, 3 ON CONFLICT DO UPDATE SET count = count + excluded.count, kinds = CASE WHEN instr(',' || kinds || ',', "
    "',' || excluded.kinds || ',') THEN kinds ELSE kinds || ',' || excluded.kinds END"
)
"""One document of each type in each batch is looked into: enough to complete names, and it costs nothing."""


def prepare(connection: apsw.Connection) -> None:
    """Makes what the statements need on a fresh connection: the attached `staged` database and two temporary tables."""
    connection.execute(
        "ATTACH ':memory:' AS staged; CREATE TEMP TABLE plan_log (plan INTEGER PRIMARY KEY, id INTEGER); "
        "CREATE TEMP TABLE second (second, log_id, type_id, category_id, events, bytes); "
        "CREATE TEMP TABLE gone (id INTEGER PRIMARY KEY)"
    )


def append(connection: apsw.Connection, *, source_id: int, base: int, with_values: bool) -> None:
    """Moves everything in `staged` to the capture with sequence numbers from `base + 1`. Inside a transaction.

    Raises apsw.ConstraintError when a position is already there.
    """
    bindings = {"source": source_id, "base": base, "now": time.time_ns() // 1000}
    for statement in PREPARE:
        connection.execute(statement)
    if connection.execute(_IS_SEVERAL).get:
        connection.execute(_BY_SEQ)
    for statement in (*SCHEMAS, *STREAMS, _MEMBERS, *COUNT_NAMES):
        connection.execute(statement, {name: bindings[name] for name in bindings if f":{name}" in statement})
    events = _EVENTS.format(**(DOCUMENTS if with_values else _NO_VALUES))
    connection.execute(events, {"base": base, "now": bindings["now"]})
    connection.execute(_RECORDS.format(value="value" if with_values else "NULL"), {"base": base})
    rows = connection.execute("SELECT count(*) FROM staged.row").get
    if rows:
        connection.execute(_PATHS, {"base": base, "most": _MOST_PATHS})
        connection.execute(_BLOCK, {"base": base, "rows": rows, "most": _BLOCK_ROWS})
        connection.execute(schemas.COUNT_STAGED)
    connection.execute(SECONDS)
    for width in BUCKET_SECONDS:
        connection.execute(BUCKETS, {"width": width})


def drop_known(connection: apsw.Connection) -> tuple[int, int]:
    """Takes rows out of `staged` whose position is already captured: (the same bytes, other bytes).

    The first reading stays; one with other bytes goes to `conflict`, unless exactly that one is there already.
    """
    connection.execute(
        "CREATE TEMP TABLE IF NOT EXISTS known (n INTEGER PRIMARY KEY, differs); DELETE FROM temp.known; "
        "INSERT INTO temp.known SELECT r.n, NOT (r.key IS o.key AND r.headers IS o.headers AND r.recorded_us IS e.recorded_us "
        f"AND (r.value IS o.value OR ({_SIZE} IS e.value_bytes AND o.value IS NULL))) "
        "FROM staged.row r CROSS JOIN temp.plan_log m ON m.plan = r.log "
        "CROSS JOIN main.event e ON e.log_id = m.id AND e.position = r.position AND e.sub = 0 CROSS JOIN main.record o ON o.seq = e.seq; "
        # a position given twice in one batch: the first counts as captured
        "INSERT OR IGNORE INTO temp.known SELECT r.n, NOT (r.key IS f.key AND r.headers IS f.headers AND r.value IS f.value) "
        "FROM staged.row r JOIN (SELECT min(n) AS n, log, position FROM staged.row GROUP BY log, position HAVING count(*) > 1) AS g "
        "ON g.log = r.log AND g.position = r.position AND g.n < r.n JOIN staged.row f ON f.n = g.n"
    )
    connection.execute(
        "INSERT INTO main.conflict (log_id, position, sub, found_us, time_us, key, headers, value) "
        "SELECT m.id, r.position, 0, ?, r.recorded_us, r.key, r.headers, r.value FROM temp.known k JOIN staged.row r ON r.n = k.n "
        "JOIN temp.plan_log m ON m.plan = r.log WHERE k.differs AND NOT EXISTS (SELECT 1 FROM main.conflict c WHERE c.log_id = m.id "
        "AND c.position = r.position AND c.key IS r.key AND c.headers IS r.headers AND c.value IS r.value AND c.time_us IS r.recorded_us)",
        (time.time_ns() // 1000,),
    )
    same, other = connection.execute("SELECT count(*) FILTER (WHERE NOT differs), count(*) FILTER (WHERE differs) FROM temp.known").get
    keep_only(connection, "n NOT IN (SELECT n FROM temp.known)")
    return same, other


UNREADABLE = "(row.decoder = 'confluent' AND row.schema IN (SELECT id FROM staged.schema WHERE text IS NULL))"
"""Rows that a capture's filter cannot judge, because the schema they name is missing: none of them is left out."""


def keep_only(connection: apsw.Connection, condition: str, bindings: dict[str, Any] | None = None) -> int:
    """Takes the rows out of `staged` that do not meet `condition` (our own SQL over `row`) and numbers the rest from 1 again.

    Returns how many rows are left.
    """
    connection.execute(
        "CREATE TEMP TABLE IF NOT EXISTS kept (new INTEGER PRIMARY KEY, n INTEGER UNIQUE); DELETE FROM temp.kept; "
        f"INSERT INTO temp.kept (n) SELECT n FROM staged.row WHERE {condition} ORDER BY n",
        bindings,
    )
    connection.execute(
        "DELETE FROM staged.row WHERE n NOT IN (SELECT n FROM temp.kept); "
        "DELETE FROM staged.row_stream WHERE n NOT IN (SELECT n FROM temp.kept)"
    )
    connection.execute("UPDATE staged.row_stream SET n = (SELECT new FROM temp.kept k WHERE k.n = row_stream.n)")
    # by way of negative numbers, so that no new number meets one that is still to change
    connection.execute("UPDATE staged.row SET n = -(SELECT new FROM temp.kept k WHERE k.n = row.n)")
    connection.execute("UPDATE staged.row SET n = -n")
    left: int = connection.execute("SELECT count(*) FROM staged.row").get
    return left
