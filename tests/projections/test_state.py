"""Every measure is the number that DuckDB finds in the exported events, live and rebuilt, whatever becomes aborted meanwhile."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inspector.capture.reader import CaptureReader
from inspector.errors import UsageError
from inspector.projections import NOW, Moment, Projection, State, parse, rows
from inspector.projections import state as state_module
from inspector.projections.answer import account, notes
from tests.projections.grown import Grown, exported, in_duckdb
from tests.replay.captures import Written

SECOND_US = 1_000_000
NUMBERS = st.one_of(
    st.integers(-50, 50).map(str),
    st.integers(-(10**17), 10**17).map(str),
    st.decimals(-1_000, 1_000, places=2).map(str),
    st.decimals(-1, 1, places=6).map(lambda number: format(number, "f")),
    st.sampled_from(["null", '"7"', "true", "[1]", '{"a": 1}', "0", "-0.0", "1e3", "12.500"]),
)
GROUPS = st.sampled_from(['"a"', '"b"', '"ü \\" ,"', "1", "2", "null", '"null"', ""])


@st.composite
def documents(draw: st.DrawFn) -> str:
    members = {
        "g": draw(GROUPS),
        "n": draw(NUMBERS),
        "m": draw(st.sampled_from(["1", "2.25", "", "-3"])),
        "h": f'{{"k": {draw(st.integers(0, 2))}}}',
    }
    return "{" + ", ".join(f'"{name}": {text}' for name, text in members.items() if text) + "}"


FILTERS = {"": "true", 'type == "A"': "type = 'A'", "data.n > 5": "is_number(data, '$.n') AND number_at(data, '$.n') > 5"}
LABELS = {
    "data.g": "CASE WHEN json_type(data, '$.g') <> 'NULL' THEN json_extract(data, '$.g')::VARCHAR END",
    "type": "to_json(type)::VARCHAR",
    "data.h.k": "json_extract(data, '$.h.k')::VARCHAR",
    "key": "to_json(key)::VARCHAR",
    "partition": "partition::VARCHAR",
}
_NUMBER = "json_type(data, '$.{0}') IN ('BIGINT', 'UBIGINT', 'DOUBLE')"
_TAKEN = "CASE WHEN " + _NUMBER + " THEN CAST(data ->> '$.{0}' AS DECIMAL(38, 6)) END"
_THERE = "CASE WHEN json_type(data, '$.{0}') <> 'NULL' THEN json_extract(data, '$.{0}')::VARCHAR END"


@st.composite
def projections(draw: st.DrawFn) -> Projection:
    window = draw(st.sampled_from(["", "1s", "7s", "1m"]))
    lines = ['name = "random"', f"filter = {json.dumps(draw(st.sampled_from(list(FILTERS))))}"]
    lines.append(f"group_by = {json.dumps(draw(st.lists(st.sampled_from(list(LABELS)), max_size=3, unique=True)))}")
    lines += [f'window = "{window}"', "[measures]", 'events = "count"']
    for place in ("n", "m"):
        for operation in draw(st.lists(st.sampled_from(["count", "sum", "avg", "min", "max", "last", "rate"]), unique=True)):
            if window or operation != "rate":
                lines.append(f'{operation}_{place} = {{ {operation} = "data.{place}" }}')
    if window:
        lines.append('pace = "rate"')
    return parse("\n".join(lines))


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[int, list[Written], set[int]]]:
    """Batches: (partition, events, the positions that turn out to be aborted)."""
    at = [0, 0]
    batches = []
    for _ in range(draw(st.integers(1, 6))):
        partition = draw(st.integers(0, 1))
        events = []
        for document in draw(st.lists(documents(), min_size=1, max_size=6)):
            at[partition] += draw(st.integers(1, 2))
            time_us = draw(st.integers(-5, 20)) * SECOND_US + draw(st.integers(0, 3))
            kind = draw(st.sampled_from("AB"))
            events.append(Written(at[partition], document, f"order-{draw(st.integers(0, 1))}", time_us=time_us, type=kind))
        aborted = draw(st.sets(st.sampled_from([event.position for event in events]), max_size=3)) if draw(st.booleans()) else set()
        batches.append((partition, events, aborted))
    return batches


def told(state: State) -> dict[tuple[Any, ...], dict[str, object]]:
    return {
        (row.window_us, *(json.dumps(label, ensure_ascii=False) for label in row.labels.values())): dict(row.values) for row in rows(state)
    }


def by_duckdb(projection: Projection, lines: Path, moment: Moment = NOW) -> dict[tuple[Any, ...], dict[str, object]]:
    database = in_duckdb(lines)
    database.execute("CREATE MACRO is_number(d, p) AS json_type(d, p) IN ('BIGINT', 'UBIGINT', 'DOUBLE')")
    database.execute("CREATE MACRO number_at(d, p) AS CAST(d ->> p AS DECIMAL(38, 6))")
    width_us = projection.window_us
    # its integer division rounds towards zero
    window = f"(epoch_us(time) - (epoch_us(time) % {width_us} + {width_us}) % {width_us}) // {width_us}" if width_us else "NULL::BIGINT"
    labels = [f"coalesce({LABELS[label.name]}, 'null')" for label in projection.labels]
    keys = ", ".join(f"{sql} AS k{number}" for number, sql in enumerate([window, *labels]))
    names = ", ".join(f"k{number}" for number in range(len(labels) + 1))
    until = f"AND epoch_us(time) <= {moment.time_us}" if moment.time_us is not None else ""
    until += f" AND position <= {moment.position}" if moment.position is not None else ""
    where = f"NOT list_contains(flags, 'aborted') AND {FILTERS[projection.filter]} {until}"
    database.execute(f"CREATE TABLE matching AS SELECT *, {keys} FROM events WHERE {where}")
    found: dict[tuple[Any, ...], dict[str, object]] = {}

    def put(name: str, sql: str, of: Any = lambda value: value) -> None:
        for *key, number in database.execute(f"SELECT {names}, {sql} FROM matching GROUP BY {names}").fetchall():
            start_us = None if key[0] is None else key[0] * (projection.window_us or 0)
            found.setdefault((start_us, *key[1:]), {})[name] = of(number)

    def per_second(number: Any) -> Fraction:
        assert projection.window_us is not None
        return Fraction(number or 0) * SECOND_US / projection.window_us

    for measure in projection.measures:
        place = measure.places[0].removeprefix("data.") if measure.places else ""
        taken = _TAKEN.format(place)
        if not place:
            put(measure.name, "count(*)", per_second if measure.operation == "rate" else lambda value: value)
        elif measure.operation == "count":
            put(measure.name, f"count({_THERE.format(place)})")
        elif measure.operation == "avg":
            put(measure.name, f"(sum({taken}), count({taken}))", lambda two: Fraction(two[0]) / two[1] if two[1] else None)
        elif measure.operation == "rate":
            put(measure.name, f"sum({taken})", per_second)
        elif measure.operation == "last":
            _put_last(database, projection, names, measure.name, _THERE.format(place), found)
        else:
            put(measure.name, f"{measure.operation}({taken})")
    return found


def _put_last(database: Any, projection: Projection, names: str, name: str, sql: str, found: dict[Any, dict[str, object]]) -> None:
    last = (
        f"SELECT {names}, partition, arg_max({sql}, position) AS v, arg_max(time, position) FILTER ({sql} IS NOT NULL) AS t "
        f"FROM matching GROUP BY {names}, partition"
    )
    for *key, text in database.execute(f"SELECT {names}, arg_max(v, (t, partition)) FROM ({last}) GROUP BY {names}").fetchall():
        start_us = None if key[0] is None else key[0] * (projection.window_us or 0)
        found.setdefault((start_us, *key[1:]), {})[name] = None if text is None else json.loads(text, parse_float=Decimal)


def same(ours: dict[tuple[Any, ...], dict[str, object]], theirs: dict[tuple[Any, ...], dict[str, object]]) -> None:
    assert ours.keys() == theirs.keys()
    for key, values in ours.items():
        assert values == theirs[key], key


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(projections(), histories(), st.integers(0, 2**32), st.sampled_from([None, 3 * SECOND_US]))
def test_measures_are_those_of_duckdb_live_and_rebuilt(
    tmp_path_factory: pytest.TempPathFactory,
    projection: Projection,
    history: Sequence[tuple[int, list[Written], set[int]]],
    seed: int,
    until_us: int | None,
) -> None:
    chance, folder = random.Random(seed), tmp_path_factory.mktemp("projection")
    moment = Moment(time_us=until_us)
    live, waiting = State(projection, moment), []
    with Grown(folder / "x.evcap") as grown:
        with CaptureReader(grown.path) as reader:
            for partition, events, aborted in history:
                start = grown.ends[partition]
                grown.append(events, partition)
                waiting.append((partition, start, grown.ends[partition], aborted))
                if chance.random() < 0.3 and aborted:
                    grown.mark_open(partition, sorted(aborted))
                if chance.random() < 0.7:
                    live.advance(reader, chance.choice([None, chance.randrange(1, 40)]))
                if chance.random() < 0.3:
                    live = State.from_json(live.to_json(), projection, moment)
                while waiting and chance.random() < 0.4:
                    partition_, start, end, decided = waiting.pop(chance.randrange(len(waiting)))
                    grown.decide(partition_, start, end, sorted(decided))
            for partition_, start, end, decided in waiting:
                live.advance(reader)
                grown.decide(partition_, start, end, sorted(decided))
            live.advance(reader)
            assert live.undecided == 0
            rebuilt = State(projection, moment)
            rebuilt.advance(reader)
        expected = by_duckdb(projection, exported(grown.path, folder / "x.jsonl"), moment)
    same(told(live), expected)
    same(told(rebuilt), expected)
    assert account(live) == account(rebuilt)


STOCK = parse("""
name = "stock"
group_by = { sku = "data.sku" }
alarm = "sum < 0"
[measures]
sum = { sum = "data.n" }
last = { last = "data.n" }
least = { min = "data.n" }
""")


def written(*documents: str, start: int = 0) -> list[Written]:
    return [Written(start + number, document) for number, document in enumerate(documents)]


def advanced(path: Path, projection: Projection = STOCK, moment: Moment = NOW) -> State:
    state = State(projection, moment)
    with CaptureReader(path) as reader:
        state.advance(reader)
    return state


def test_sums_are_exact_whatever_their_digits(tmp_path: Path) -> None:
    texts = [
        "0.1",
        "0.2",
        "12345678901234567890.000000000000001",
        "-9007199254740993",
        "1e-20",
        "123456789012345678901234567890",
        "1e30",
        "0.3",
    ]
    with Grown(tmp_path / "x.evcap") as grown:
        grown.append(written(*(f'{{"sku": "a", "n": {text}}}' for text in texts)))
    (row,) = rows(advanced(tmp_path / "x.evcap"))
    exact = sum(Fraction(text) for text in texts)
    assert isinstance(row.values["sum"], Decimal)
    assert Fraction(row.values["sum"]) == exact
    assert row.values["least"] == -9007199254740993
    assert row.values["last"] == Decimal("0.3")


def test_large_sums_of_many_are_exact(tmp_path: Path) -> None:
    with Grown(tmp_path / "x.evcap") as grown:
        grown.append(written(*(f'{{"sku": "a", "n": {99_999_999_999_900 + n}.5}}' for n in range(5_000))))
    (row,) = rows(advanced(tmp_path / "x.evcap"))
    assert row.values["sum"] == sum(99_999_999_999_900 + n for n in range(5_000)) + 2_500


def test_what_is_no_number_is_said_and_never_zero(tmp_path: Path) -> None:
    with Grown(tmp_path / "x.evcap") as grown:
        grown.append(written('{"sku": "a", "n": "7"}', '{"sku": "a"}', '{"n": 1e99999}', "[]"))
    state = advanced(tmp_path / "x.evcap")
    assert {row.labels["sku"]: row.values["sum"] for row in rows(state)} == {"a": None, None: None}
    assert account(state)["without_value"] == {"sum": 4, "last": 2, "least": 4}
    assert "sum: 4 events with no number at data.n" in notes(state)


def test_a_group_of_nothing_is_null_and_not_empty_and_equal_numbers_are_one(tmp_path: Path) -> None:
    documents = [
        '{"n": 1}',
        '{"sku": null, "n": 1}',
        '{"sku": "", "n": 1}',
        '{"sku": 1, "n": 1}',
        '{"sku": 1.0, "n": 1}',
        '{"sku": "1", "n": 1}',
    ]
    with Grown(tmp_path / "x.evcap") as grown:
        grown.append(written(*documents, '{"sku": true, "n": 1}', '{"sku": [1], "n": 1}'))
    found = [(row.labels["sku"], row.values["sum"]) for row in rows(advanced(tmp_path / "x.evcap"))]
    assert found == [(1, 2), ("", 1), ("1", 1), ([1], 1), (True, 1), (None, 2)]


def test_alarms_are_rows_where_the_threshold_holds(tmp_path: Path) -> None:
    with Grown(tmp_path / "x.evcap") as grown:
        grown.append(written('{"sku": "a", "n": 1}', '{"sku": "b", "n": -1}'))
    assert [(row.labels["sku"], [alarm.text for alarm in row.alarms]) for row in rows(advanced(tmp_path / "x.evcap"))] == [
        ("a", []),
        ("b", ["sum < 0"]),
    ]


def test_groups_are_bounded_and_the_rest_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state_module, "MOST_GROUPS", 2)
    with Grown(tmp_path / "x.evcap", isolation="committed") as grown:
        grown.append(written(*(f'{{"sku": "s{n % 5}", "n": 1}}' for n in range(20))))
    state = advanced(tmp_path / "x.evcap")
    assert {row.labels["sku"]: row.values["sum"] for row in rows(state)} == {"s0": 4, "s1": 4}
    assert account(state)["beyond_the_most_groups"] == 12
    assert account(state)["counted"] == 8


def test_aborted_events_count_only_where_they_are_asked_for(tmp_path: Path) -> None:
    with Grown(tmp_path / "x.evcap") as grown:
        grown.append(written('{"n": 1}', '{"n": 2}'))
        grown.decide(0, 0, 2, [1])
    state = advanced(tmp_path / "x.evcap")
    assert [row.values["sum"] for row in rows(state)] == [1]
    assert account(state)["aborted_left_out"] == 1
    all_of_them = parse('name = "x"\ninclude_aborted = true\n[measures]\nsum = { sum = "data.n" }')
    assert [row.values["sum"] for row in rows(advanced(tmp_path / "x.evcap", all_of_them))] == [3]


def test_what_was_counted_and_becomes_aborted_is_taken_back_after_a_resume(tmp_path: Path) -> None:
    with Grown(tmp_path / "x.evcap") as grown:
        grown.append(written('{"n": 5}', '{"n": -7}'))
        state = advanced(tmp_path / "x.evcap")
        assert [(row.values["sum"], row.values["least"], row.values["last"]) for row in rows(state)] == [(-2, -7, -7)]
        assert state.undecided == 2
        kept = state.to_json()
        grown.decide(0, 0, 2, [1])
    resumed = State.from_json(kept, STOCK)
    with CaptureReader(tmp_path / "x.evcap") as reader:
        resumed.advance(reader)
    assert [(row.values["sum"], row.values["least"], row.values["last"]) for row in rows(resumed)] == [(5, 5, 5)]
    assert resumed.undecided == 0


def test_undecided_stretches_are_joined_and_stay_right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state_module, "_MOST_WAITING", 3)
    state = State(STOCK)
    with Grown(tmp_path / "x.evcap") as grown, CaptureReader(tmp_path / "x.evcap") as reader:
        for n in range(12):
            grown.append(written('{"n": 1}', start=n))
            state.advance(reader)
        assert [row.values["sum"] for row in rows(state)] == [12]
        grown.decide(0, 4, 6, [5])
        state.advance(reader)
        assert [row.values["sum"] for row in rows(state)] == [11]
        grown.decide(0, 0, 12, [0])
        state.advance(reader)
        assert [row.values["sum"] for row in rows(state)] == [10]
        assert state.undecided == 0


def test_what_the_keep_limit_removes_stays_counted(tmp_path: Path) -> None:
    state = State(STOCK)
    with Grown(tmp_path / "x.evcap") as grown, CaptureReader(tmp_path / "x.evcap") as reader:
        grown.append(written('{"n": 1}', '{"n": 1}', '{"n": 1}'))
        state.advance(reader)
        grown.remove(2)
        grown.append(written('{"n": 1}', start=3))
        state.advance(reader)
    assert [row.values["sum"] for row in rows(state)] == [4]
    assert state.first_seq == 1


def test_positions_bound_the_log_they_are_of(tmp_path: Path) -> None:
    with Grown(tmp_path / "x.evcap") as grown:
        grown.append(written('{"n": 1}', '{"n": 10}'))
        grown.append(written('{"n": 100}', '{"n": 1000}'), 1)
    sums = {
        moment: [row.values["sum"] for row in rows(advanced(tmp_path / "x.evcap", moment=moment))]
        for moment in (Moment(position=0), Moment(position=0, log="orders", partition=1), Moment(position=0, log="others"))
    }
    assert list(sums.values()) == [[101], [111], [1111]]


def test_a_state_of_something_else_is_refused(tmp_path: Path) -> None:
    kept = State(STOCK).to_json()
    other = parse('name = "x"\n[measures]\nevents = "count"')
    for text, projection, moment, said in (
        (kept, other, NOW, "of another projection"),
        (kept, STOCK, Moment(position=1), "of another moment"),
        ("{}", STOCK, NOW, "begin anew"),
        ("nonsense", STOCK, NOW, "begin anew"),
        (kept.replace('"format":1', '"format":2'), STOCK, NOW, "its format is 2"),
    ):
        with pytest.raises(UsageError, match=said):
            State.from_json(text, projection, moment)


def test_another_capture_begins_anew(tmp_path: Path) -> None:
    for name in ("a", "b"):
        with Grown(tmp_path / f"{name}.evcap") as grown:
            grown.append(written('{"n": 1}'))
    state = advanced(tmp_path / "a.evcap")
    with CaptureReader(tmp_path / "b.evcap") as reader:
        state.advance(reader)
    assert state.begun_anew == 1
    assert [row.values["sum"] for row in rows(state)] == [1]


def test_the_first_place_that_is_there_is_taken(tmp_path: Path) -> None:
    projection = parse('name = "x"\n[measures]\nsum = { sum = ["data.total.amount", "data.total"] }')
    with Grown(tmp_path / "x.evcap") as grown:
        grown.append(written('{"total": 1.5}', '{"total": {"amount": 2}}', '{"other": 1}'))
    assert [row.values["sum"] for row in rows(advanced(tmp_path / "x.evcap", projection))] == [Decimal("3.5")]
