"""Filters: every operator with its three outcomes, in a capture and on a staged batch alike; mistakes with their column."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.capture import report
from inspector.capture.asking import EventQuery
from inspector.capture.reader import CaptureReader
from inspector.capture.writer import Progress
from inspector.errors import QueryError
from inspector.query import compile_filter, condition
from inspector.query.names import CAPTURED
from inspector.query.staged import staged_condition
from tests.capture.batches import events, records
from tests.capture.test_writer import Writing

DOCUMENTS: list[tuple[bytes | None, Any, str | None]] = [
    (
        b"order-1",
        {"total": 950, "tags": ["visa"], "who": {"name": "Ann"}, "ok": True, "none": None, "at": "2026-11-25T12:00:30Z"},
        '[["trace","abc"],["trace","def"]]',
    ),
    (b"order-2", {"total": 900.5, "tags": [], "who": {}, "ok": False, "at": "2026-11-25T14:00:30.000000001+02:00"}, '[["trace","xyz"]]'),
    (b"\xff\xfe", {"total": "950", 'quo"ted [0].x': 1, "at": "2026-11-25T12:00:30"}, None),
    (None, {"big": 123456789012345678901234567890, "empty": ""}, '[["bin",{"base64":"/w=="}]]'),
]


def batch() -> Any:
    made = events(records(range(len(DOCUMENTS))))
    for row, (key, document, headers) in enumerate(DOCUMENTS):
        made.records.key[row] = key
        made.records.value[row] = json.dumps(document).encode()
        made.records.headers[row] = headers
        made.streams[row] = made.streams[row] if key and key.isascii() else []
    made.flags[1] |= 2
    return made


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("filters") / "a.evcap"
    writing = Writing(file)
    writing.append(batch(), {0: (0, len(DOCUMENTS))})
    writing.stager.close()
    writing.writer.close()
    return file


@pytest.fixture(scope="module")
def reader(path: Path) -> Iterator[CaptureReader]:
    with CaptureReader(path) as opened:
        yield opened


def outcome(reader: CaptureReader, text: str) -> tuple[list[int], int]:
    """(positions that match, how many it is not applicable to)."""
    query = EventQuery(condition=condition(text))
    return [event.position for event in reader.events(query)], report.count(reader, query)[1]


CASES = [
    ("data.total > 900", [0, 1], 2),
    ("data.total >= 950", [0], 2),
    ('data.total == "950"', [2], 3),
    ("data.total != 950", [1], 2),
    ("900.5 == data.total", [1], 2),
    ("data.missing == 1", [], 4),
    ("has(data.ok)", [0, 1], 0),
    ("!has(data.ok)", [2, 3], 0),
    ("data.ok", [0], 2),
    ("data.ok == false", [1], 2),
    ("data.none == null", [0], 3),
    ("data.total == null", [], 1),
    ('"visa" in data.tags', [0], 2),
    ('"name" in data.who', [0], 2),
    ("size(data.tags) == 0", [1], 2),
    ('data.who.name.startsWith("A")', [0], 3),
    ('data.who.name.endsWith("nn") && data.total > 1', [0], 3),
    ('data["quo\\"ted [0].x"] == 1', [2], 3),
    ('data.tags[0] == "visa"', [0], 3),
    ("data.big == 123456789012345678901234567890", [3], 3),
    ("data.big == 123456789012345678901234567891", [], 3),
    ('key == "order-1"', [0], 2),
    ('key != "order-1"', [1], 2),
    ('key.contains("der")', [0, 1], 2),
    ('headers["trace"] == "abc"', [0], 2),
    ('headers["trace"] == "def"', [0], 2),
    ('headers["trace"].matches("^x.z$")', [1], 2),
    ('"trace" in headers', [0, 1], 0),
    ('type == "OrderPlaced"', [0, 1, 2, 3], 0),
    ('stream.startsWith("order-")', [0, 1], 2),
    ("stream == null", [2, 3], 0),
    ("position in [1, 3]", [1, 3], 0),
    ("position % 2 == 1 && position + 1 > 2", [3], 0),
    ("position > 1 ? true : data.ok", [0, 2, 3], 0),
    ('"aborted" in flags', [1], 0),
    ('time >= timestamp("2023-11-14T22:13:20.002Z")', [2, 3], 0),
    ('time - timestamp("2023-11-14T22:13:20Z") < duration("2ms")', [0, 1], 0),
    ("data.total > 900 || key == null", [0, 1, 3], 1),
    ("int(data.total) > 940", [0, 2], 1),
    (f"data.big < 1{'0' * 400}", [3], 3),
    (f"data.total > -1{'0' * 400} && data.total != 1{'0' * 400}", [0, 1], 2),
    (f"data.total in [1{'0' * 400}]", [], 2),
    ('string(position) + "x" == "2x"', [2], 0),
    ('timestamp(data.at) >= timestamp("2026-11-25T12:00:30Z")', [0, 1], 2),
    ('timestamp(data.at) > timestamp("2026-11-25T12:00:30Z")', [1], 2),
    ('timestamp("2026-11-25T12:00:30.000000002Z") > timestamp(data.at)', [0, 1], 2),
    ('timestamp(data.at) == timestamp("2026-11-25T12:00:30.000000001Z")', [1], 2),
    ('timestamp(data.at) in [timestamp("2026-11-25T13:00:30+01:00")]', [0], 2),
    ("timestamp(data.at) > time", [0, 1], 2),
    ('timestamp(data.at) - timestamp("2026-11-25T12:00:00Z") == duration("30s")', [0, 1], 2),
    ("timestamp(time) == time", [0, 1, 2, 3], 0),
    ('(data.ok ? timestamp(data.at) : time) < timestamp("2026-11-25T12:00:30.000000001Z")', [0, 1], 2),
    ("timestamp(data.at) != null", [0, 1], 0),
    ('data.empty.endsWith("")', [3], 3),
    ('data.empty.startsWith("")', [3], 3),
    ('data.empty.endsWith("x")', [], 3),
    ("visa", [0], 0),
    ("text: order-2", [1], 0),
]


@pytest.mark.parametrize(("text", "matching", "not_applicable"), CASES)
def test_outcomes(reader: CaptureReader, text: str, matching: list[int], not_applicable: int) -> None:
    assert outcome(reader, text) == (matching, not_applicable)


@pytest.mark.parametrize("text", [case[0] for case in CASES])
def test_staged_batch_and_capture_agree(reader: CaptureReader, tmp_path: Path, text: str) -> None:
    writing = Writing(tmp_path / "b.evcap")
    staged = writing.stager.stage(batch())
    progress = Progress(read={0: (0, len(DOCUMENTS))})
    writing.writer.append(writing.reading, writing.plan, staged, progress, condition=staged_condition(text))
    writing.stager.close()
    writing.writer.close()
    with CaptureReader(tmp_path / "b.evcap") as filtered:
        assert [event.position for event in filtered.events()] == outcome(reader, text)[0]
        assert [event.data for event in filtered.events()] == [event.data for event in reader.events(EventQuery(condition=condition(text)))]


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("type ==", 7),
        ("nope == 3", 0),
        ("type == nope", 8),
        ('data.total > 900 && "x"', 20),
        ("type == 3", 8),
        ('timestamp("yesterday") < time', 0),
        ('timestamp("0001-01-01T00:00:00+01:00") < time', 0),
        ("timestamp(position) < time", 0),
        ("frobnicate(type)", 0),
        ('"shiny" in flags', 0),
        ('data.x.matches("(")', 15),
        ("type.foo == 1", 0),
    ],
)
def test_mistakes_name_their_column(text: str, column: int) -> None:
    with pytest.raises(QueryError) as raised:
        compile_filter(text, CAPTURED)
    assert raised.value.column == column
    assert raised.value.expected


def test_every_filter_can_say_itself() -> None:
    words = compile_filter('type == "OrderPlaced" && !(data.total > 900) || time < timestamp("2026-01-01T00:00:00Z")', CAPTURED).words
    assert words == '(type is "OrderPlaced" and not (data.total is more than 900) or time is before 2026-01-01T00:00:00.000000Z)'


def test_a_time_that_is_text_says_how_it_is_asked() -> None:
    with pytest.raises(QueryError) as raised:
        compile_filter('data.items[0]["at"] > timestamp("2026-11-23T08:00:00Z")', CAPTURED)
    assert raised.value.expected == 'timestamp(data.items[0]["at"])'
    asked = compile_filter('timestamp(data.at) > timestamp("2026-11-23T08:00:00.123456789Z")', CAPTURED)
    assert asked.words == "timestamp(data.at) is after 2026-11-23T08:00:00.123456789Z"


def test_pattern_that_would_hang_others_does_not(reader: CaptureReader) -> None:
    assert outcome(reader, 'value.matches("(a+)+(a+)+(a+)+$b")')[0] == []


@given(st.text(max_size=40))
def test_any_text_is_a_filter_or_a_mistake(text: str) -> None:
    with contextlib.suppress(QueryError):
        compile_filter(text, CAPTURED)


@given(name=st.text(min_size=1, max_size=12), value=st.text(max_size=12))
def test_names_and_values_of_users_are_never_in_the_sql(name: str, value: str) -> None:
    quoted = json.dumps(name, ensure_ascii=False), json.dumps(value, ensure_ascii=False)
    found = compile_filter(f"data[{quoted[0]}] == {quoted[1]}", CAPTURED)
    assert sorted(map(str, found.bindings.values())) == sorted([value, '$."' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'])


@pytest.mark.parametrize(
    "text",
    [
        "data" + ".a" * 1_900 + " == 1",
        "-" * 1_900 + "data.a == 1",
        " && ".join(["data.a == 1"] * 1_500),
        "true ? false : " * 1_000 + "true",
        "!" * 190 + "data.a",
        "x" * 100_000,
        'duration("' + "9" * 3_000 + 'h") > duration("1s")',
        'captured_time - time > duration("9999999999h")',
        "data.a == 0x" + "f" * 3_900,
        "data.a == " + "9" * 5_000,
        "data.a == 1e999999999999",
        'stream == "\udcff"',
        "text:\ud800",
    ],
)
def test_what_is_too_deep_too_long_or_no_text_is_refused_in_a_sentence_or_asked(reader: CaptureReader, text: str) -> None:
    with contextlib.suppress(QueryError):
        report.count(reader, EventQuery(condition=condition(text)))
