"""Finding in an event: fields and documents, both ways, round the end, each member once; never across two values."""

from __future__ import annotations

import json
import re
import time

from hypothesis import given
from hypothesis import strategies as st

from app.models.event_find import Spot, find, hits, route_to
from app.models.field import Field
from tests.app.models.test_jsonb import stored

FIELDS = [
    Field("type", "Placed"),
    Field("data", document=stored('{"a":"xyz xyz","b":[1,{"xyz":2},"q"],"c":"Xyz"}')),
    Field("note", "no XYZ"),
]


def walk(wanted: str, *, forward: bool, steps: int = 6) -> list[tuple[int, tuple[int, ...]]]:
    now, found = Spot(), []
    for _ in range(steps):
        spot = find(FIELDS, wanted, now, forward=forward)
        assert spot is not None
        found.append((spot.row, spot.route))
        now = spot
    return found


def test_next_goes_through_everything_and_round() -> None:
    once = [(1, (0,)), (1, (1, 1, 0)), (1, (2,)), (2, ())]
    assert walk("xyz", forward=True) == [*once, *once[:2]]


def test_previous_is_the_same_the_other_way_round() -> None:
    once = [(2, ()), (1, (2,)), (1, (1, 1, 0)), (1, (0,))]
    assert walk("xyz", forward=False) == [*once, *once[:2]]


def test_what_is_not_there_is_not_found() -> None:
    assert find(FIELDS, "nowhere", Spot()) is None
    assert find(FIELDS, "", Spot()) is None
    assert find([], "x", Spot()) is None


@given(
    st.dictionaries(st.text(max_size=3), st.lists(st.integers() | st.text(max_size=3), max_size=3), max_size=4),
    st.text(min_size=1, max_size=2),
)
def test_every_hit_lies_in_one_name_or_value(value: dict[str, object], wanted: str) -> None:
    blob = stored(json.dumps(value, ensure_ascii=False))
    pattern = re.compile(re.escape(wanted.encode(errors="replace")), re.IGNORECASE)
    for start, end in hits(blob, pattern):
        route = route_to(blob, start, end)
        if route:
            name = list(value)[route[0]]
            inside = [name, *([] if len(route) == 1 else [value[name][route[1]]])]  # type: ignore[index]
            assert wanted.lower().encode() in json.dumps(inside[-1], ensure_ascii=False).lower().encode()


def test_twenty_megabytes_are_searched_in_time() -> None:
    items = ",".join(f'{{"sku":"A-{number}","n":{number}}}' for number in range(500_000))
    fields = [Field("data", document=stored(f'{{"items":[{items}],"end":"needle"}}'))]
    began = time.monotonic()
    assert find(fields, "needle", Spot()) == Spot(0, *_last(fields), (1,))
    assert time.monotonic() - began < 5


def _last(fields: list[Field]) -> tuple[int, int]:
    blob = fields[0].document
    assert blob is not None
    return blob.rindex(b"needle"), blob.rindex(b"needle") + 6
