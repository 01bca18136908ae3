"""Filters, columns, identity rules and replays give the same answers over the same events in three encodings."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from inspector.capture.asking import EventQuery
from inspector.capture.reader import CaptureReader
from inspector.query import condition
from inspector.replay import NOW, Moment, Question, Replay, at_version
from inspector.values import to_json
from tests.encodings import ENCODINGS, capture, orders

DOCUMENTS = orders(400)
MAP = '[[log]]\nname = "orders"\ntype = "data.kind"\nstream = { from = "data.order", split = "-" }\ntime = "data.at"\n'
Test = Callable[[Mapping[str, Any]], bool]
FILTERS: dict[str, Test] = {
    "data.amount > 900.00": lambda d: d["amount"] > 900,
    "data.amount == 900.25": lambda d: d["amount"] == 900.25,
    "data.amount <= 12.5 || data.paid": lambda d: d["amount"] <= 12.5 or d["paid"],
    "data.n == 9223372036854775800": lambda d: d["n"] == 2**63 - 8,
    "data.n > 9223372036854775700": lambda d: d["n"] > 2**63 - 108,
    "data.n == 9007199254740993": lambda d: d["n"] == 2**53 + 1,
    'data.kind == "OrderPaid" && !data.paid': lambda d: d["kind"] == "OrderPaid" and not d["paid"],
    'data.note.contains("大")': lambda d: "大" in d["note"],
    'data.note == ""': lambda d: d["note"] == "",
    'data.address.city == "Köln" && data.address.zip != "75001"': lambda d: (
        d["address"]["city"] == "Köln" and d["address"]["zip"] != "75001"
    ),
    "size(data.lines) == 0": lambda d: not d["lines"],
    "data.lines[0].qty > 5": lambda d: bool(d["lines"]) and d["lines"][0]["qty"] > 5,
    'data.lines.exists(l, l.sku == "B")': lambda d: any(line["sku"] == "B" for line in d["lines"]),
    "has(data.tags.a)": lambda d: "a" in d["tags"],
    'data.tags.a == "x"': lambda d: d["tags"].get("a") == "x",
    'data.at >= "2026-11-26T09:00:00.000000Z"': lambda d: d["at"] >= "2026-11-26T09:00:00.000000Z",
    'time >= timestamp("2026-11-26T09:00:00Z")': lambda d: d["at"] >= "2026-11-26T09:00:00.000000Z",
    'type == "OrderShipped" && category == "order"': lambda d: d["kind"] == "OrderShipped",
    'stream == "order-7"': lambda d: d["order"] == "order-7",
}


@pytest.fixture(scope="module")
def readers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, CaptureReader]:
    folder = tmp_path_factory.mktemp("encodings")
    return {name: CaptureReader(capture(folder / f"{name}.evcap", DOCUMENTS, name, profile=MAP)) for name in ENCODINGS}


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("text", FILTERS)
def test_a_filter_matches_the_same_events(readers: dict[str, CaptureReader], encoding: str, text: str) -> None:
    wanted = [number for number, document in enumerate(DOCUMENTS, 1) if FILTERS[text](document)]
    assert list(readers[encoding].seqs(EventQuery(condition=condition(text)))) == wanted


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_what_an_event_is_and_holds_is_the_same(readers: dict[str, CaptureReader], encoding: str) -> None:
    for document, event, plain in zip(DOCUMENTS, readers[encoding].events(), readers["json"].events(), strict=True):
        assert event.decoder == encoding
        assert event.error is None
        assert (event.type, event.stream, event.category, event.time_us, event.version) == (
            plain.type,
            plain.stream,
            plain.category,
            plain.time_us,
            plain.version,
        )
        assert json.loads(event.data or "") == document
        assert event.schema_version == {"json": None, "avro": "3", "protobuf": "4"}[encoding]


def test_decimals_keep_the_digits_they_were_written_with(readers: dict[str, CaptureReader]) -> None:
    amounts = [f"{document['amount']:.2f}" for document in DOCUMENTS]
    shown = [(event.data or "").partition('"amount":')[2].partition(",")[0] for event in readers["avro"].events()]
    assert shown == amounts


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_replay_has_the_same_states(readers: dict[str, CaptureReader], encoding: str) -> None:
    for stream in ("order-3", "order-7"):
        for moment in (at_version(1), at_version(5), NOW):
            assert _state(readers[encoding], stream, moment) == _state(readers["json"], stream, moment)


def _state(reader: CaptureReader, stream: str, moment: Moment) -> tuple[object, int]:
    answer = Replay(reader, Question(stream, moment=moment)).answer()
    return json.loads(to_json(answer.folded.state)), answer.folded.applied


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_list_shows_documents_and_not_their_bytes(readers: dict[str, CaptureReader], encoding: str) -> None:
    rows = readers[encoding].rows(1, 400)
    shown = [row.document if encoding != "json" else (row.value_preview or b"").decode() for row in rows]
    assert [json.loads(text or "")["order"] for text in shown] == [document["order"] for document in DOCUMENTS]
    assert all(row.document is None for row in rows) == (encoding == "json")
