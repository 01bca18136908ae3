"""Projections as TOML: what is written is read back, and a mistake says what, where and what to do."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.errors import UsageError
from inspector.projections.spec import CLOCKS, OPERATIONS, WITHOUT_PLACE, Label, Measure, Projection, Threshold, parse, threshold
from inspector.projections.writing import written
from inspector.times import span_text, span_us

NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_-]{0,8}", fullmatch=True)
PLACES = st.sampled_from(
    ["data.sku", 'data["odd \\" name"]', "data.items[0].price", "type", "key", "stream", 'headers["trace"]', "metadata.x"]
)
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)


@st.composite
def projections(draw: st.DrawFn) -> Projection:
    window_us = draw(st.none() | st.sampled_from([1_000, 60_000_000, 5_400_000_000, 86_400_000_000]))
    operations = OPERATIONS if window_us is not None else OPERATIONS[:-1]
    names = draw(st.lists(NAMES, min_size=1, max_size=4, unique=True))
    measures = []
    for name in names:
        operation = draw(st.sampled_from(operations))
        least = 0 if operation in WITHOUT_PLACE else 1
        measures.append(Measure(name, operation, tuple(draw(st.lists(PLACES, min_size=least, max_size=2)))))
    labels = draw(
        st.lists(st.tuples(TEXTS.filter(bool), st.lists(PLACES, min_size=1, max_size=2)), max_size=3, unique_by=lambda one: one[0])
    )
    numbers = st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-1_000, max_value=1_000)
    operators = st.sampled_from(["<", "<=", ">", ">=", "==", "!="])
    alarms = draw(st.lists(st.builds(Threshold, st.sampled_from(names), operators, numbers), max_size=2))
    return Projection(
        name=draw(NAMES),
        measures=tuple(measures),
        labels=tuple(Label(name, tuple(places)) for name, places in labels),
        title=draw(TEXTS),
        unit=draw(TEXTS),
        filter=draw(st.sampled_from(["", 'type == "Paid" && data.total > 9.5', "data.paid"])),
        window_us=window_us,
        clock=draw(st.sampled_from(CLOCKS)),
        alarms=tuple(alarms),
        include_aborted=draw(st.booleans()),
    )


@given(projections())
def test_what_is_written_is_read_back(projection: Projection) -> None:
    assert parse(written(projection)) == projection


@given(st.text(max_size=200))
def test_any_text_is_a_projection_or_a_mistake(text: str) -> None:
    with pytest.raises(UsageError):
        parse(text)


@given(
    st.dictionaries(
        st.sampled_from(["name", "group_by", "window", "clock", "alarm", "measures", "model", "filter"]),
        st.integers() | st.text(max_size=5),
    )
)
def test_values_of_other_kinds_are_mistakes(document: dict[str, object]) -> None:
    text = "\n".join(f"{key} = {value if isinstance(value, int) else repr(value)}" for key, value in document.items())
    with pytest.raises(UsageError):
        parse(text)


MINIMAL = 'name = "x"\n[measures]\nevents = "count"\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nam = 'x'", "line 1: nam: 'nam' is not known; did you mean name?"),
        ("name = 'x'", 'measures: at least one is wanted; write for instance [measures] and below it events = "count"'),
        ('name = "two words"\n[measures]\na = "count"', "name: 'two words' is none; write one word"),
        ('name = "x"\nwindow = "1y"\n[measures]\na = "count"', "line 2: window: '1y' is not a span such as 30s, 1m or 1h"),
        ('name = "x"\nfilter = "data.x >"\n[measures]\na = "count"', "line 2: filter: "),
        ('name = "x"\n\ngroup_by = ["data.x + 1"]\n[measures]\na = "count"', "line 3: group_by: data.x + 1: data.x + 1 is no place"),
        ('name = "x"\ngroup_by = ["tipe"]\n[measures]\na = "count"', "did you mean type?"),
        ('name = "x"\ngroup_by = ["time"]\n[measures]\na = "count"', "time cannot be grouped by or added up"),
        ('name = "x"\n[measures]\na = "total"', "line 3: [measures] a: 'total' is not known; one of count, sum"),
        ('name = "x"\n[measures]\na = "sum"', '[measures] a: of what? write { sum = "data.amount" }'),
        ('name = "x"\n[measures]\na = { sun = "data.x" }', "[measures] a: 'sun' is not known; did you mean sum?"),
        ('name = "x"\n[measures]\na = "rate"', 'a rate is by window; say for instance window = "1m"'),
        ('name = "x"\nclock = "tim"\n[measures]\na = "count"', "clock: 'tim' is not known; did you mean time?"),
        ('name = "x"\nalarm = "b < 0"\n[measures]\na = "count"', "line 2: alarm: of no measure: 'b' is not known; one of a"),
        ('name = "x"\nalarm = "a ~ 0"\n[measures]\na = "count"', "alarm: 'a ~ 0' is none; write a measure, one of < <="),
        ('name = "x"\nalarm = "a < none"\n[measures]\na = "count"', "alarm: 'none' is no number"),
        ('name = "x"\ninclude_aborted = "yes"\n[measures]\na = "count"', "include_aborted: true or false"),
    ],
)  # fmt: skip
def test_a_mistake_says_what_where_and_what_to_do(text: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(text, "x.toml")
    assert str(caught.value).startswith("x.toml")
    assert said in str(caught.value)


def test_what_is_only_shown_makes_no_other_projection() -> None:
    one, other = parse(MINIMAL), parse(f'title = "X"\nunit = "pieces"\n{MINIMAL}')
    assert one.digest == other.digest
    assert one.digest != parse(f"include_aborted = true\n{MINIMAL}").digest


def test_thresholds_compare_exactly() -> None:
    alarm = threshold("x >= 0.1", [Measure("x", "sum", ("data.x",))])
    assert alarm.holds(Decimal("0.1"))
    assert not alarm.holds(Decimal("0.09999999999999999999999999999"))
    assert alarm.holds(10**40)
    assert not alarm.holds(True)
    assert not alarm.holds("9")
    assert not alarm.holds(None)


@given(st.integers(1, 10**12))
def test_spans_are_written_as_they_are_read(milliseconds: int) -> None:
    try:
        written_ = span_text(milliseconds * 1_000)
        assert span_us(written_) == milliseconds * 1_000
    except ValueError:
        assert milliseconds >= 10**9
