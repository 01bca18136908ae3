"""Marten's and Axon 5's tables as their sources describe them (never made by the packages themselves: the mappings are unverified)."""

from __future__ import annotations

import json
from contextlib import closing

import pytest

from inspector.errors import SourceError
from inspector.sources import Request
from tests.postgres.server import Database
from tests.postgres.test_postgres import opened
from tests.sources.stores import all_events

EVENTS = (
    "CREATE TABLE mt_events (seq_id bigint PRIMARY KEY, id uuid NOT NULL, stream_id uuid NOT NULL, version bigint NOT NULL, "
    "data jsonb NOT NULL, bdata bytea, type varchar(500) NOT NULL, timestamp timestamptz NOT NULL DEFAULT now(), "
    "tenant_id varchar DEFAULT '*DEFAULT*', "
    "mt_dotnet_type varchar, is_archived bool DEFAULT false, correlation_id varchar, causation_id varchar, headers jsonb, "
    "user_name varchar)"
)
ROW = "INSERT INTO mt_events (seq_id, id, stream_id, version, data, bdata, type, correlation_id, headers, user_name) VALUES "
STREAM, EVENT = "0f0e9d6e-1111-4222-8333-000000000001", "0f0e9d6e-1111-4222-8333-000000000002"


def test_marten_events_have_what_the_table_says_and_the_mapping_is_unverified(database: Database) -> None:
    database.run(
        EVENTS,
        f"{ROW} (1, '{EVENT}', '{STREAM}', 1, '{{\"n\": 1}}', NULL, 'order_placed', 'span-1', '{{\"h\": 2}}', 'ann')",
        f"{ROW} (2, '{STREAM}', '{STREAM}', 2, '{{}}', '\\x0102', 'order_paid', NULL, NULL, NULL)",
    )
    with closing(opened(database)) as source:
        assert source.info().attributes["mapping"] == "unverified mapping"
        assert any("unverified mapping (Marten" in note for note in source.pin(Request()).notes)
        (batch,) = all_events(source)
    assert batch.records.value == [b'{"n": 1}', b"\x01\x02"]
    assert [stream[0].name for stream in batch.streams] == [STREAM.replace("-", "")] * 2
    assert (batch.version, batch.type, batch.event_id) == ([1, 2], ["order_placed", "order_paid"], [EVENT, STREAM])
    assert (batch.correlation_id, batch.actor) == (["span-1", None], ["ann", None])
    assert json.loads(batch.metadata[0] or "") == {"h": 2}
    assert json.loads(batch.extra[0] or "")["tenant_id"] == "*DEFAULT*"


def test_marten_with_a_sequence_per_tenant_is_refused_because_positions_repeat(database: Database) -> None:
    database.run(
        EVENTS.replace("seq_id bigint PRIMARY KEY", "seq_id bigint").replace("user_name varchar)", "PRIMARY KEY (seq_id, tenant_id))")
    )
    with pytest.raises(SourceError, match="position seq_id is not unique"):
        opened(database)


def test_axon_5_says_causation_and_correlation_by_their_names(database: Database) -> None:
    database.run(
        "CREATE TABLE aggregate_event_entry (global_index bigint PRIMARY KEY, identifier varchar, aggregate_type varchar, "
        "aggregate_identifier varchar, aggregate_sequence_number bigint, type varchar, version varchar, timestamp varchar, payload bytea, "
        "metadata bytea)",
        "INSERT INTO aggregate_event_entry VALUES (1, 'e1', 'Order', 'order-1', 0, 'Placed', '0.0.1', '2026-11-23T08:00:00Z', "
        "'{\"n\": 1}', "
        '\'{"correlationId": "c", "causationId": "a"}\')',
    )
    with closing(opened(database)) as source:
        (batch,) = all_events(source)
    assert (batch.correlation_id, batch.causation_id, batch.schema_version) == (["c"], ["a"], ["0.0.1"])
    assert [stream[0] for stream in batch.streams] == [("Order", "order-1", 0)]
