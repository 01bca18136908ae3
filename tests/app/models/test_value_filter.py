"""A cell's value as a filter: it matches just its own event's value, whatever was written there; excluding leaves the rest."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from app.models.event_columns import NAMES
from app.models.value_filter import MOST_BYTES, value_filter
from inspector.capture.asking import EventQuery
from inspector.capture.reader import CaptureReader
from inspector.capture.rows import Event
from inspector.event import Flag
from inspector.query import compile_filter, condition
from inspector.query.names import CAPTURED
from tests.app.captures import Growing

_EVENT = Event(
    *(1, "orders", 0, 0, 0, None, 0, None, 0, 0, None, None, None, None, None, None, None, None, None, None, None, None, 0, None, None),
    *(None, None, None, None, None, None),
)


def events_with(tmp_path: Path, keys: list[bytes]) -> CaptureReader:
    """A capture of events with these keys."""
    with Growing(tmp_path / "a.evcap") as growing:
        for key in keys:
            growing.append_values([b"{}"], key=key)
        growing.append_values([None], flags=Flag.tombstone | Flag.late)
        growing.append_values([b""])
        growing.append_values([b"x" * (MOST_BYTES + 1)])
    return CaptureReader(tmp_path / "a.evcap")


def found(reader: CaptureReader, text: str) -> list[int]:
    """The numbers of what a filter matches."""
    return list(reader.seqs(EventQuery(condition=condition(text))))


def test_every_column_gives_a_filter_that_matches_its_own_event(tmp_path: Path) -> None:
    keys = [b'"\\', b"\xff\x00\x80", "a\u202eb\nc".encode(), b"' or 1 = 1", b"{{}}&&||", b"\\x41"]
    with events_with(tmp_path, keys) as reader:
        everything = found(reader, "seq > 0")
        for seq in everything:
            event = reader.event(seq)
            assert event is not None
            for column in NAMES:
                text = value_filter(event, column)
                if text:
                    matches = found(reader, text)
                    assert seq in matches, (column, text)
                    assert found(reader, value_filter(event, column, exclude=True)) == [each for each in everything if each not in matches]


def test_keys_that_look_alike_are_told_apart(tmp_path: Path) -> None:
    with events_with(tmp_path, [b"a", b"a ", b"A", b"\xff"]) as reader:
        for seq in range(1, 5):
            event = reader.event(seq)
            assert event is not None
            assert found(reader, value_filter(event, "key")) == [seq]


def test_what_makes_no_readable_filter_makes_none(tmp_path: Path) -> None:
    with events_with(tmp_path, [b"k"]) as reader:
        ordinary, large = reader.event(1), reader.event(4)
        assert ordinary is not None
        assert large is not None
        assert value_filter(ordinary, "state") == ""
        assert value_filter(large, "value") == ""


def test_the_state_is_the_one_whose_sign_is_shown(tmp_path: Path) -> None:
    with events_with(tmp_path, [b"k"]) as reader:
        event = reader.event(2)
        assert event is not None
        assert value_filter(event, "state") == '"late" in flags'


@settings(max_examples=60)
@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=30))
def test_any_text_is_quoted_so_that_it_stays_one_value(text: str) -> None:
    import dataclasses

    made = value_filter(dataclasses.replace(_EVENT, type=text), "type")
    assert text in dict(compile_filter(made, CAPTURED).bindings).values()
