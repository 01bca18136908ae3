"""Every file of the public data is read to its end: as events, or with the reason why not; never with a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import public_data
from tests.formats.reading import read

FOLDERS = ("avro", "aws-events", "cloudevents", "csv", "github", "json", "kafka-legacy", "msgpack", "otlp", "protobuf")


def files(folder: str) -> list[Path]:
    root = public_data.folder(folder)
    return sorted(path for path in root.rglob("*") if path.is_file()) if root else []


@pytest.mark.parametrize("name", [pytest.param(name, marks=public_data.needed(name)) for name in FOLDERS])
def test_every_file_is_read_or_refused_with_a_reason(name: str) -> None:
    assert files(name)
    for path in files(name):
        found = read(path)
        assert found.file is not None, path
        assert found.rows or found.file.gaps or path.stat().st_size < 3 or found.file.is_whole, path


@public_data.needed("aws-events")
def test_the_kafka_event_of_lambda_is_read_as_records() -> None:
    (path,) = [path for path in files("aws-events") if path.name == "kafka-event.json"]
    found = read(path)
    assert found.format == "msk-lambda"
    assert all(row.log and row.time_us and row.value for row in found.rows)


@public_data.needed("otlp")
def test_log_records_and_spans_are_events_with_what_stands_around_them() -> None:
    formats = {path.name: read(path) for path in files("otlp")}
    assert (formats["logs.json"].format, formats["trace.json"].format) == ("otlp-logs", "otlp-spans")
    assert "resource" in str(formats["logs.json"].rows[0].envelope["metadata"])
