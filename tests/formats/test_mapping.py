"""Rows made records: whatever stands in a row, every field has a value of its kind, and the row can be stored."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.capture.stage import Stager
from inspector.errors import UsageError
from inspector.event import Flag, LogKey
from inspector.formats.descriptor import FIELDS, FORMS
from inspector.formats.mapping import RowMapping, rules_of
from inspector.formats.rows import JsonRows, TableRows, member
from inspector.identify import Identifier
from inspector.sources import LogInfo

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
awkward = st.sampled_from(
    ["base64:x", "tombstone aborted", "2026-11-23 08:00:00", "9999999999999999999", "-1", {"base64": "!"}, [["a", 1], ["b"]], [[1, 2]]]
)
values = st.recursive(
    scalars | awkward, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2), max_leaves=4
)
rows = st.lists(st.dictionaries(st.sampled_from(FIELDS), values, max_size=6) | values, max_size=5)
forms = st.fixed_dictionaries(
    {}, optional={name: st.sampled_from(list(known)).map(lambda form: {"as": form}) for name, known in FORMS.items()}
)


@given(rows, forms, st.sampled_from([None, "UTC", "Europe/Paris"]), st.booleans())
def test_any_row_is_a_record_that_can_be_stored(given_rows: list[Any], form: dict[str, Any], zone: str | None, as_table: bool) -> None:
    texts = [orjson.dumps(row) if not isinstance(row, int) or abs(row) < 1 << 63 else b"%d" % row for row in map(_small, given_rows)]
    mapping = RowMapping({"fields": {name: name for name in FIELDS}, "forms": form, "zone": zone}, "a.jsonl")
    columns = {name: [row.get(name) if isinstance(row, dict) else None for row in map(_small, given_rows)] for name in FIELDS}
    records = mapping.records(TableRows(columns, len(texts)) if as_table else JsonRows(texts), 1)
    assert len(records) == len(texts)
    assert {type(value) for value in (*records.key, *records.value)} <= {bytes, type(None)}
    logs = [LogInfo(LogKey(place.log or "a.jsonl", place.partition, str(place.is_claimed)), 0, -1) for place in mapping.places]
    events = Identifier(rules={info.key.name: rules_of({"fields": dict.fromkeys(FIELDS, "x")}) for info in logs}).events(records, logs)
    if len(records):
        stager = Stager()
        stager.stage(events)
        stager.close()


def _small(value: Any) -> Any:
    """What orjson writes: integers of 64 bits."""
    if isinstance(value, dict):
        return {name: _small(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_small(inner) for inner in value]
    return value % (1 << 62) if isinstance(value, int) and not isinstance(value, bool) else value


@given(st.dictionaries(st.text(max_size=4), values, max_size=4), st.booleans())
def test_a_member_is_its_own_bytes(document: dict[str, Any], spaced: bool) -> None:
    small = _small(document)
    text = orjson.dumps(small, option=orjson.OPT_INDENT_2 if spaced else 0)
    for name in small:
        found = member(text, (name,))
        assert found is not None
        assert found in text
        assert orjson.loads(found) == orjson.loads(orjson.dumps(small[name]))


def test_the_first_of_repeated_names_and_every_digit() -> None:
    text = b'{"a": {"x" : 1.10, "x": 2}, "b": [1, {"c": 1e400}], "\xc3\xa9": 3, "\\u20ac": 4}'
    assert member(text, ("a", "x")) == b"1.10"
    assert member(text, ("b", 1, "c")) == b"1e400"
    assert (member(text, ("é",)), member(text, ("€",)), member(text, ("z",)), member(text, ("b", 9))) == (b"3", b"4", None, None)


def test_what_is_not_written_as_it_was_said_keeps_its_text_and_the_reason() -> None:
    mapping = RowMapping({"fields": {"value": "v"}, "forms": {"value": {"as": "base64"}}}, "a")
    records = mapping.records(JsonRows([b'{"v": "!!"}', b'{"v": "AAE="}']), 1)
    assert records.value == [b"!!", b"\x00\x01"]
    assert records.flags == {0: int(Flag.damaged)}
    assert "no base64" in records.error[0]


@pytest.mark.parametrize("settings", [{"fields": "x"}, {"fields": {"kee": "x"}}, {"fields": {"key": "a..b"}}, {"zone": "Mars/North"}])
def test_settings_that_mean_nothing_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        RowMapping(settings, "a")
