"""One faithful sample of each format that a shipped descriptor is for, and what its first row must be."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import Any

from inspector.event import parse_time

T = "2026-11-23T08:00:00Z"
US = parse_time(T)
MS = US // 1000


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@dataclass(frozen=True)
class Sample:
    """A file, and fields of its first row: `log`, `partition`, `position`, `time_us`, `key`, `value`, `headers`; `rows` in all."""

    file: str
    text: str
    rows: int = 1
    first: dict[str, Any] = field(default_factory=dict)
    rules: tuple[str, ...] = ()
    """Fields that its rules find."""


ORDER = '{"total": 1.10, "total": 2}'
AKHQ = {
    "partition": 1,
    "offset": 7,
    "timestamp": MS / 1000,
    "keySchemaId": None,
    "valueSchemaId": 3,
    "headers": [{"key": "h", "value": "1"}],
}
CHANGE = {"before": None, "after": {"id": 1}, "source": {"db": "shop", "table": "orders", "ts_ms": MS}, "op": "c", "ts_ms": MS + 5}
MONGO = {"after": '{"_id": 1}', "updateDescription": None, "source": {"collection": "orders", "ts_ms": MS}, "op": "u", "ts_ms": MS}
LOG = json.dumps({"timeUnixNano": str(US * 1000), "severityText": "WARN", "body": {"stringValue": "x"}, "traceId": "5b8efff798038103"})
SPAN = json.dumps({"traceId": "5b8e", "spanId": "e1", "parentSpanId": "e0", "name": "checkout", "startTimeUnixNano": str(US * 1000)})
RESOURCE = '"resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]}'
TRAIL = {"eventVersion": "1.08", "userIdentity": {"arn": "arn:aws:iam::1:user/a"}, "eventTime": T, "eventSource": "s3.amazonaws.com"}
TRAIL |= {"eventName": "GetObject", "requestID": "r", "eventID": "e-1"}
BRIDGE = {
    "version": "0",
    "id": "b-1",
    "detail-type": "Order",
    "source": "shop",
    "account": "1",
    "time": T,
    "region": "eu",
    "resources": ["r"],
}
HUB = {"id": "1", "type": "PushEvent", "actor": {"login": "ada"}, "repo": {"name": "a/b"}, "payload": {}, "public": True, "created_at": T}
WIKI: dict[str, Any] = {
    "$schema": "/x/1.0.0",
    "meta": {"id": "w-1", "dt": T, "stream": "recentchange", "topic": "eqiad.recentchange", "partition": 0, "offset": 99},
}
WIKI |= {"type": "edit", "title": "Ada", "user": "bob"}
CLOUD = {"specversion": "1.0", "id": "c-1", "source": "/shop", "type": "Placed", "subject": "order-1", "time": T, "data": {"n": 1}}
MESSAGE = {"id": "0f0e9d6e-1111-4222-8333-000000000001", "stream_name": "account-1", "type": "Opened", "position": 0, "global_position": 12}
STORED = {"originator_id": "0f0e", "originator_version": 3, "topic": "shop:Order.Placed", "state": '{"n": 1}', "notification_id": 9}


def console(key: str, value: str) -> str:
    head = f'"partitionID": 2, "offset": 5, "timestamp": {MS}, "compression": "none", "isTransactional": false'
    header = '{"key": "h", "value": {"payload": "1", "encoding": "text"}}'
    return f'[{{{head}, "headers": [{header}], "key": {key}, "value": {value}}}]'


RPK = {"topic": "orders", "key": "k", "value": ORDER, "headers": [{"key": "h", "value": "1"}], "timestamp": MS, "partition": 1, "offset": 0}
YOZEFU = {"topic": "orders", "timestamp": MS, "partition": 0, "offset": 3, "headers": {"h": "1"}, "key_schema": None, "value_schema": None}
YOZEFU |= {"size": 3, "key": "k", "value": "v", "date_time": T, "absolute_delta_in_ms": 0, "relative_delta_in_ms": 0, "search_query": ""}
LAMBDA = {"topic": "orders", "partition": 0, "offset": 15, "timestamp": MS, "timestampType": "LOG_APPEND_TIME", "key": b64("k")}
LAMBDA |= {"value": b64(ORDER), "headers": [{"h": [104, -61, -87]}]}

SAMPLES = {
    "eventscope-json": Sample(
        "out.jsonl",
        json.dumps({"log": "orders", "partition": 2, "position": 5, "time": T, "time_kind": "append", "recorded_time": T, "key": "k"})[:-1]
        + f', "value": {json.dumps(ORDER)}, "headers": [["h", "1"]], "type": "Placed", "extra": null, "flags": []}}\n',
        first={"log": "orders", "partition": 2, "position": 5, "time_us": US, "time_kind": 3, "key": b"k", "value": ORDER.encode()},
    ),
    "eventscope-csv": Sample(
        "out.csv",
        f'log,partition,position,time,time_kind,recorded_time,key,value,headers\r\norders,2,5,{T},create,,base64:/w==,"a,""b""\nc",[]\r\n',
        first={"log": "orders", "partition": 2, "position": 5, "time_us": US, "time_kind": 2, "key": b"\xff", "value": b'a,"b"\nc'},
    ),
    "akhq": Sample(
        "orders.json",
        json.dumps([{**AKHQ, "key": "k", "value": ORDER}, {**AKHQ, "offset": 8, "timestamp": T, "key": "k", "value": "x"}]),
        2,
        {
            "log": "orders.json",
            "partition": 1,
            "position": 7,
            "time_us": US,
            "key": b"k",
            "value": ORDER.encode(),
            "headers": '[["h","1"]]',
        },
    ),
    "kafbat": Sample(
        "topic-message.json",
        json.dumps({"Value": ORDER, "Offset": 4, "Key": "k", "Partition": 0, "Headers": {"h": "1"}, "Timestamp": T}),
        first={"position": 4, "time_us": US, "key": b"k", "value": ORDER.encode(), "headers": '[["h","1"]]'},
    ),
    "redpanda-console": Sample(
        "messages.json",
        console('{"payload": "k", "encoding": "text", "isPayloadNull": false}', f'{{"payload": {ORDER}, "encoding": "json"}}'),
        first={"partition": 2, "position": 5, "time_us": US, "key": b"k", "value": ORDER.encode(), "headers": '[["h","1"]]'},
    ),
    "redpanda-console-raw": Sample(
        "messages.json",
        console(f'{{"payload": "k", "rawPayload": "{b64("k")}"}}', f'{{"payload": {{}}, "rawPayload": "{b64(ORDER)}"}}'),
        first={"partition": 2, "position": 5, "key": b"k", "value": ORDER.encode()},
    ),
    "redpanda-console-csv": Sample(
        "messages.csv",
        "timestamp,partitionID,offset,key,value,keySize,valueSize,compression,isTransactional\n"
        f'{T},0,3,k,{{"a": 1; "b": 2}},1,16,none,false\n{T},0,4,"k,{{"a": 1; "b": 2}},1,16,none,false\n',
        2,
        {"position": 3, "time_us": US, "key": b"k", "value": b'{"a": 1; "b": 2}'},
    ),
    "rpk": Sample(
        "out.json",
        json.dumps(RPK, indent=2) + "\n" + json.dumps({"topic": "orders", "value": "x", "timestamp": MS, "partition": 1, "offset": 1}),
        2,
        {"log": "orders", "partition": 1, "position": 0, "time_us": US, "key": b"k", "value": ORDER.encode(), "headers": '[["h","1"]]'},
    ),
    "yozefu": Sample(
        "export.json",
        json.dumps(
            [
                {
                    "topic": "orders",
                    "timestamp": MS,
                    "partition": 0,
                    "offset": 3,
                    "headers": {"h": "1"},
                    "key_schema": None,
                    "value_schema": None,
                }
                | {
                    "size": 3,
                    "key": "k",
                    "value": "v",
                    "date_time": T,
                    "absolute_delta_in_ms": 0,
                    "relative_delta_in_ms": 0,
                    "search_query": "",
                }
            ]
        ),
        first={"log": "orders", "position": 3, "time_us": US, "key": b"k", "value": b"v", "headers": '[["h","1"]]'},
    ),
    "msk-lambda": Sample(
        "event.json",
        json.dumps({"eventSource": "aws:kafka", "eventSourceArn": "arn:x", "records": {"orders-0": [LAMBDA], "orders-1": []}}),
        first={
            "log": "orders",
            "position": 15,
            "time_us": US,
            "time_kind": 3,
            "key": b"k",
            "value": ORDER.encode(),
            "headers": '[["h","hé"]]',
        },
    ),
    "rest-proxy": Sample(
        "records.json",
        json.dumps([{"topic": "orders", "key": "k", "value": {"n": 1}, "partition": 0, "offset": 2}]),
        first={"log": "orders", "position": 2, "key": b"k", "value": b'{"n": 1}'},
    ),
    "connect-sink": Sample(
        "topics/orders/partition=3/orders+3+0000000040.json",
        '{"n": 1}\n{"n": 2}\n',
        2,
        {"log": "orders", "partition": 3, "position": 40, "value": b'{"n": 1}'},
    ),
    "aiven-sink": Sample(
        "orders-3-40.jsonl",
        f'{{"key": "k", "value": {{"n": 1.0}}, "offset": 41, "timestamp": "{T}", "headers": [{{"key": "h", "value": "1"}}]}}\n' * 1
        + f'{{"key": "k", "value": {{"n": 2}}, "offset": 42, "timestamp": "{T}", "headers": []}}\n',
        2,
        {"log": "orders", "partition": 3, "position": 41, "time_us": US, "key": b"k", "value": b'{"n": 1.0}', "headers": '[["h","1"]]'},
    ),
    "aiven-sink-csv": Sample(
        "orders-3-40.csv",
        f"{b64('k')},{b64(ORDER)},40,{T}\n{b64('k')},{b64(ORDER)},41,{T}\n{b64('k')},{b64(ORDER)},42,{T}\n",
        3,
        {"log": "orders", "partition": 3, "position": 40, "time_us": US, "key": b"k", "value": ORDER.encode()},
    ),
    "connect-json": Sample(
        "dump.jsonl",
        f'{{"schema": {{"type": "struct"}}, "payload": {ORDER}}}\nnull\n{{"schema": null, "payload": {{"n": 2}}}}\n',
        3,
        {"position": 1, "value": ORDER.encode()},
    ),
    "cloudevents": Sample("batch.json", json.dumps([CLOUD, CLOUD]), 2, rules=("type", "id", "time", "stream")),
    "debezium": Sample("changes.jsonl", json.dumps(CHANGE) + "\nnull\n", 2, {"value": json.dumps(CHANGE).encode()}, ("type", "time")),
    "debezium-schema": Sample("changes.jsonl", (json.dumps({"schema": {}, "payload": CHANGE}) + "\n") * 2, 2, rules=("type", "time")),
    "debezium-mongodb": Sample("changes.jsonl", (json.dumps(MONGO) + "\n") * 2, 2, rules=("type", "time")),
    "debezium-mongodb-schema": Sample(
        "changes.jsonl", (json.dumps({"schema": {}, "payload": MONGO}) + "\n") * 2, 2, rules=("type", "time")
    ),
    "debezium-flat": Sample(
        "rows.jsonl", (json.dumps({"id": 1, "__op": "u", "__table": "orders", "__source_ts_ms": MS}) + "\n") * 2, 2, rules=("type", "time")
    ),
    "github-archive": Sample("2026-11-23-8.json", (json.dumps(HUB) + "\n") * 2, 2, rules=("type", "id", "time", "stream", "actor")),
    "wikimedia": Sample(
        "changes.jsonl",
        (json.dumps(WIKI) + "\n") * 2,
        2,
        {"log": "eqiad.recentchange", "partition": 0, "position": 99},
        ("type", "id", "time", "stream", "actor"),
    ),
    "cloudtrail": Sample(
        "trail.json", json.dumps({"Records": [TRAIL, TRAIL]}), 2, rules=("type", "id", "time", "stream", "actor", "correlation_id")
    ),
    "eventbridge": Sample("event.json", json.dumps({**BRIDGE, "detail": {}}), rules=("type", "id", "time", "stream")),
    "otlp-logs": Sample(
        "logs.json",
        f'{{"resourceLogs": [{{{RESOURCE}, "scopeLogs": [{{"scope": {{"name": "lib"}}, "logRecords": [{LOG}, {LOG}]}}]}}]}}',
        2,
        {"value": LOG.encode()},
        ("type", "time", "correlation_id", "metadata"),
    ),
    "otlp-spans": Sample(
        "trace.json",
        f'{{"resourceSpans": [{{{RESOURCE}, "scopeSpans": [{{"scope": {{}}, "spans": [{SPAN}]}}]}}]}}',
        1,
        {"value": SPAN.encode()},
        ("type", "id", "time", "causation_id", "correlation_id"),
    ),
    "message-db": Sample(
        "messages.csv",
        "id,stream_name,type,position,global_position,data,metadata,time\n"
        '0f0e9d6e-1111-4222-8333-000000000001,account-1,Opened,0,12,"{""n"": 1.10}",'
        '"{""correlationStreamName"": ""c-1""}",2026-11-23 08:00:00\n',
        first={"position": 12, "time_us": US, "time_kind": 3, "value": b'{"n": 1.10}'},
        rules=("type", "id", "stream", "category", "correlation_id", "metadata"),
    ),
    "eventsourcing": Sample("events.json", json.dumps([STORED]), first={"position": 9, "value": b'{"n": 1}'}, rules=("type", "stream")),
    "eventsourcing-bytea": Sample(
        "events.csv",
        "originator_id,originator_version,topic,state,notification_id\n0f0e,3,shop:Placed,\\x7b7d,9\n",
        first={"position": 9, "value": b"{}"},
        rules=("type", "stream"),
    ),
}
"""Descriptor → its sample; `eventscope-parquet` has a test of its own."""
