"""CloudEvents, by the specification's own conformance scenarios for Kafka and by ours."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from inspector.event import FROM_VALUE, StreamRef, TimeKind, parse_time
from tests.identify.records import event, headers
from tests.public_data import folder, needed

FEATURES = folder("cloudevents/conformance/features")
_TABLE_ROW = re.compile(r"\s*\|(.*)\|(.*)\|\s*\Z")


@dataclass
class Scenario:
    """One example of the feature file: the message, and what it must be read as."""

    name: str
    payload: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    attributes: dict[str, str] = field(default_factory=dict)


def _scenarios(path: Path) -> Iterator[Scenario]:
    """The scenarios of a feature file; each row of an outline's examples is one."""
    for text in re.split(r"\n\s*Scenario(?: Outline)?: ", path.read_text())[1:]:
        body, _, examples = text.partition("Examples:")
        rows = [row.strip().strip("|").strip() for row in examples.splitlines() if row.strip()]
        for example in rows[1:] or [""]:
            yield _scenario(body.replace("<contentType>", example))


def _scenario(text: str) -> Scenario:
    scenario = Scenario(text.splitlines()[0])
    table: dict[str, str] = {}
    for line in text.splitlines():
        if "headers:" in line:
            table = scenario.headers
        elif "attributes are:" in line:
            table = scenario.attributes
        elif (row := _TABLE_ROW.match(line)) and row[1].strip() != "key":
            table[row[1].strip()] = row[2].strip()
    scenario.payload = re.findall(r'"""(.*?)"""', text, re.DOTALL)[0].strip()
    return scenario


@needed("cloudevents/conformance/features")
@pytest.mark.parametrize(
    "scenario", list(_scenarios(FEATURES / "kafka-protocol-binding.feature")) if FEATURES else [], ids=lambda scenario: scenario.name
)
def test_conformance_of_the_kafka_binding(scenario: Scenario) -> None:
    found = event(scenario.payload.encode(), head=headers(**scenario.headers))
    wanted = scenario.attributes
    assert (found.event_id, found.type) == ([wanted["id"]], [wanted["type"]])
    assert found.time_us == [parse_time(wanted["time"])]
    assert found.time_kind == [TimeKind.event]
    assert json.loads(found.metadata[0] or "") == wanted
    assert found.data == [FROM_VALUE]


STRUCTURED = {
    "specversion": "1.0",
    "id": "e-1",
    "source": "/shop",
    "type": "shop.order.placed",
    "subject": "order-7",
    "sequence": "12",
    "dataschema": "https://example.org/schemas/order/v3",
    "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "causationid": "e-0",
    "data": {"id": "not this", "type": "nor this"},
}


def test_one_document() -> None:
    found = event(STRUCTURED, key=b"partition-key")
    assert (found.event_id, found.type, found.version, found.schema_version) == (["e-1"], ["shop.order.placed"], [12], ["3"])
    assert found.streams == [(StreamRef("orders", "order-7", 12),)]
    assert (found.correlation_id, found.causation_id) == (["4bf92f3577b34da6a3ce929d0e0e4736"], ["e-0"])
    assert "data" not in json.loads(found.metadata[0] or "")


def test_headers_win_over_a_document_that_has_the_same_names() -> None:
    head = headers(ce_specversion="1.0", ce_id="h-1", ce_type="from.headers", ce_source="/x", ce_subject="order-9")
    found = event({"id": "d-1", "type": "from data"}, key=b"k", head=head)
    assert (found.event_id, found.type) == (["h-1"], ["from.headers"])
    assert found.streams == [(StreamRef("orders", "order-9"),)]
    assert json.loads(found.metadata[0] or "")["source"] == "/x"


def test_without_a_subject_the_key_is_the_stream() -> None:
    found = event({}, key=b"k", head=headers(ce_specversion="1.0", ce_id="1", ce_type="t", ce_source="/x"))
    assert found.streams == [(StreamRef("orders", "k"),)]


def test_a_null_value_with_attributes_is_an_identified_tombstone() -> None:
    found = event(None, key=b"k", head=headers(ce_specversion="1.0", ce_id="1", ce_type="deleted", ce_source="/x"))
    assert found.type == ["deleted"]
    assert found.data == [None]


def test_a_document_that_only_resembles_one_is_no_cloudevent() -> None:
    found = event({"specversion": "1.0", "type": "t", "subject": "s"}, key=b"k")
    assert found.streams == [(StreamRef("orders", "k"),)]
    assert found.metadata == [None]
