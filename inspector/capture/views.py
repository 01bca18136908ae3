"""What a plain `sqlite3` shell shows of a capture: events and coverage as views with times as text. SQL texts only.

Nothing here asks these views: a stranger's file may hold others by the same name. Read `schema` for the tables.
"""

from __future__ import annotations


def _time_sql(column: str) -> str:
    micros = f"(({column} % 1000000 + 1000000) % 1000000)"
    return (
        f"CASE WHEN {column} IS NULL THEN NULL ELSE "
        f"strftime('%Y-%m-%dT%H:%M:%S', ({column} - {micros}) / 1000000, 'unixepoch') || printf('.%06dZ', {micros}) END"
    )


EVENTS_VIEW = f"""CREATE VIEW events AS SELECT e.seq, l.name AS log, l.partition, e.position, e.sub,
 {_time_sql("e.time_us")} AS time, CASE e.time_kind WHEN 1 THEN 'event' WHEN 2 THEN 'create' WHEN 3 THEN 'append' END AS time_kind,
 {_time_sql("e.recorded_us")} AS recorded_time, {_time_sql("e.captured_us")} AS captured_time,
 CAST(r.key AS TEXT) AS key, CAST(r.value AS TEXT) AS value, r.headers,
 s.name AS stream, c.name AS category,
 t.name AS type, e.version, e.event_id AS id, e.schema_version, e.correlation_id, e.causation_id, e.actor, e.decoder, e.error, e.flags,
 e.key_bytes, e.value_bytes, json(e.data) AS data, json(e.metadata) AS metadata, json(e.extra) AS extra
 FROM event e JOIN log l ON l.id = e.log_id LEFT JOIN record r ON r.seq = e.seq LEFT JOIN type t ON t.id = e.type_id
 LEFT JOIN stream s ON s.id = e.stream_id LEFT JOIN category c ON c.id = s.category_id"""

COVERAGE_VIEW = f"""CREATE VIEW coverage_report AS SELECT s.uri AS source, l.name AS log, l.partition, l.incarnation,
 c.from_position, c.to_position, c.state, c.reason, c.filter, c.isolation, c.records,
 CASE c.state WHEN 'read' THEN c.to_position - c.from_position - c.records END AS not_delivered, {_time_sql("c.read_us")} AS read_time
 FROM coverage c JOIN log l ON l.id = c.log_id JOIN source s ON s.id = l.source_id
 ORDER BY s.id, l.name, l.partition, l.id, c.from_position"""
