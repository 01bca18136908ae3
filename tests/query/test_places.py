"""Places of an event as columns: one way to write each, found in filters, read with their digits, hidden where they should be."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.capture.asking import EventQuery
from inspector.capture.reader import CaptureReader
from inspector.errors import QueryError
from inspector.event import Flag
from inspector.masks import SIGN, parse
from inspector.query import condition
from inspector.query.fields import MOST_CHARACTERS, place_filter, read_fields
from inspector.query.json_path import path_step
from inspector.query.places import field_place, places_in
from tests.app.captures import Growing


@pytest.mark.parametrize(
    ("text", "written", "root", "path"),
    [
        (" data.total ", "data.total", "data", '$."total"'),
        ('data["a b"][0].c', 'data["a b"][0].c', "data", '$."a b"[0]."c"'),
        ('data["total"]', "data.total", "data", '$."total"'),
        ("metadata.by", "metadata.by", "metadata", '$."by"'),
        ('headers["trace"]', 'headers["trace"]', "headers", "trace"),
        ("headers.trace", 'headers["trace"]', "headers", "trace"),
    ],
)
def test_a_place_is_written_in_one_way(text: str, written: str, root: str, path: str) -> None:
    place = field_place(text)
    assert (place.text, place.root, place.path) == (written, root, path)
    assert field_place(place.text) == place


@pytest.mark.parametrize(
    "text", ["data", "type", "data.a + 1", "size(data.a)", "data[type]", "headers[0]", 'headers["a"]["b"]', "a text", ""]
)
def test_anything_else_is_no_place(text: str) -> None:
    with pytest.raises(QueryError):
        field_place(text)


@given(st.lists(st.text(max_size=5) | st.integers(0, 99), min_size=1, max_size=4))
def test_every_path_can_be_written_and_read(steps: list[str | int]) -> None:
    text = "data"
    for step in steps:
        text = path_step(text, str(step), is_element=isinstance(step, int))
    assert field_place(text).text == text


def test_the_places_of_a_filter_are_found_once_each() -> None:
    text = 'data.total > 1 && (data.total < 9 || headers["a"] == "b") && data.l.exists(i, i.n == metadata.m)'
    assert [place.text for place in places_in(text)] == ["data.total", 'headers["a"]', "data.l", "metadata.m"]
    assert places_in("a search") == []
    assert places_in("data.total >") == []


VALUES = [
    b'{"a":"text","n":12.50,"o":{"x":[1,2]},"t":true,"z":null}',
    b'{"a":"' + b"\\u00e4" * 2_000 + b'","n":12345678901234567890123456789012345678901}',
    b"\xff",
    b'{"a":"x@example.org \\" <b>"}',
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with Growing(tmp_path / "a.evcap") as growing:
        growing.append_values(VALUES[:2], headers='[["h","one"],["h",null],["g",{"base64":"/w=="}]]')
        growing.append_values(VALUES[2:3], flags=int(Flag.undecodable))
        growing.append_values(VALUES[3:])
    return tmp_path / "a.evcap"


PLACES = [field_place(text) for text in ("data.a", "data.n", "data.o", "data.t", "data.z", 'headers["h"]', 'headers["g"]')]


def test_what_stands_there_is_read_with_its_digits(path: Path) -> None:
    with CaptureReader(path) as reader:
        found = read_fields(reader, [1, 2, 3, 4, 99], PLACES)
    assert found[1] == ("text", "12.50", '{"x":[1,2]}', "true", "null", "one · null", '{"base64":"/w=="}')
    assert found[2][0] is not None
    assert set(found[2][0]) == {"ä", "…"}
    assert len(found[2][0]) <= MOST_CHARACTERS + 1
    assert found[2][1] == "12345678901234567890123456789012345678901"
    assert found[3] == (None,) * 7
    assert found[4][0] == 'x@example.org " <b>'
    assert 99 not in found


def test_what_is_masked_is_hidden_and_makes_no_filter(path: Path) -> None:
    with CaptureReader(path) as reader:
        reader.hide(parse('[masks]\npaths = ["data.n", "headers[\\"h\\"]"]\npatterns = ["email"]'))
        found = read_fields(reader, [1, 4], PLACES)
        assert found[1][1] == SIGN
        assert found[1][5] == f"{SIGN} · {SIGN}" or SIGN in str(found[1][5])
        assert "example.org" not in str(found)
        assert found[1][0] == "text"
        assert place_filter(reader, 1, PLACES[1]) == place_filter(reader, 4, PLACES[0]) == place_filter(reader, 1, PLACES[5]) == ""


def test_the_filter_of_a_cell_finds_its_event_and_the_other_one_all_others(path: Path) -> None:
    with CaptureReader(path) as reader:
        for place in PLACES:
            for seq in (1, 3, 4):
                same = place_filter(reader, seq, place)
                if not same:
                    continue
                other = place_filter(reader, seq, place, exclude=True)
                one, rest = (set(reader.seqs(EventQuery(condition=condition(text)))) for text in (same, other))
                assert seq in one, same
                assert one | rest == {1, 2, 3, 4}
                assert not one & rest
