"""A projection as the texts of a form: what a form says is what its file says, and what is wrong is told with its field."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.errors import UsageError
from inspector.projections import library, load, parse, written
from inspector.projections.form import Form, FormError, LabelRow, MeasureRow, form_of, label_name, measure_name, projection_of
from inspector.projections.spec import CLOCKS

_PLACES = st.sampled_from(["data.amount", "data.a or data.b", 'headers["a or b"]', 'data["odd name"]', "type", "key", 'headers["x, y"]'])
_WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
_FORMS = st.builds(
    Form,
    name=st.from_regex(r"[A-Za-z_][A-Za-z0-9_-]{0,9}", fullmatch=True).filter(
        lambda name: name.lower() not in {"con", "prn", "aux", "nul"}
    ),
    title=_WORDS,
    unit=_WORDS,
    filter=st.sampled_from(["", 'type == "a\\"b"', "data.x > 1.5 && key.startsWith('q')"]),
    labels=st.lists(st.builds(LabelRow, _PLACES, _WORDS), max_size=3, unique_by=lambda row: row.label.strip() or label_name(row)),
    measures=st.lists(st.builds(MeasureRow, st.sampled_from(["sum", "avg", "last", "rate"]), _PLACES), min_size=1, max_size=4),
    window=st.sampled_from(["1s", "90s", "1d"]),
    clock=st.sampled_from(CLOCKS),
    include_aborted=st.booleans(),
    model=st.sampled_from([{}, {"table": "t", "columns": {"a b": ["x", 1, 2.5, True]}}]),
)


@given(_FORMS)
def test_what_a_form_says_is_what_its_file_says(form: Form) -> None:
    form = replace(form, measures=[replace(row, name=f"m{number}") for number, row in enumerate(form.measures)], alarm="m0 < 0 or m0 > 1.5")
    found = projection_of(form)
    read = parse(written(found))
    assert read == found
    assert read.model == form.model
    assert projection_of(form_of(found)) == found
    assert (found.title, found.unit) == (form.title.strip(), form.unit.strip())


@pytest.mark.parametrize("name", library.names())
def test_those_that_ship_can_be_changed_in_the_form(name: str) -> None:
    assert projection_of(form_of(library.find(name))) == library.find(name)


GOOD = Form("sums", labels=[LabelRow("data.sku")], measures=[MeasureRow("sum", "data.amount", "total")], window="1m")


@pytest.mark.parametrize(
    ("form", "part", "row", "said"),
    [
        (replace(GOOD, name=" "), "name", 0, "how is it called"),
        (replace(GOOD, name="../../x"), "name", 0, "one word"),
        (replace(GOOD, name="NUL"), "name", 0, "none of a device"),
        (replace(GOOD, name="a" * 81), "name", 0, "at most 80"),
        (replace(GOOD, title="\ud800"), "", 0, "half a character"),
        (replace(GOOD, filter="data.x >"), "filter", 0, "column 9"),
        (replace(GOOD, labels=[LabelRow("type"), LabelRow("", "who")]), "labels", 1, "who: by what"),
        (replace(GOOD, labels=[LabelRow("type", "a"), LabelRow("key", "a")]), "labels", 1, "a stands there twice"),
        (replace(GOOD, labels=[LabelRow("typ")]), "labels", 0, "did you mean type"),
        (replace(GOOD, measures=[]), "measures", 0, "at least one number"),
        (replace(GOOD, measures=[MeasureRow(), MeasureRow("max")]), "measures", 1, "max of what"),
        (replace(GOOD, measures=[MeasureRow(), MeasureRow()]), "measures", 1, "two are called events"),
        (replace(GOOD, measures=[MeasureRow("sum", "data.a + 1")]), "measures", 0, "^data.a . 1 is no place"),
        (replace(GOOD, measures=[MeasureRow(), MeasureRow("rate")], window=""), "measures", 1, "a rate is by window"),
        (replace(GOOD, window="soon"), "window", 0, "'soon' is not a span"),
        (replace(GOOD, alarm="totl < 0"), "alarm", 0, "did you mean total"),
    ],
)
def test_what_is_wrong_is_told_with_its_field(form: Form, part: str, row: int, said: str) -> None:
    with pytest.raises(FormError, match=said) as told:
        projection_of(form)
    assert (told.value.part, told.value.row) == (part, row)


def test_numbers_without_a_name_have_a_plain_one() -> None:
    rows = [MeasureRow(), MeasureRow("rate"), MeasureRow("sum", "data.amount or data.b"), MeasureRow("last", 'headers["x y"]')]
    assert [measure_name(row) for row in rows] == ["events", "rate", "sum_amount", "last_headers_x_y"]
    assert [label_name(LabelRow(place)) for place in ("data.sku or data.x", "type", 'data["a b"]', "")] == ["sku", "type", "data_a_b", ""]


def test_what_no_form_can_write_is_said() -> None:
    odd = parse('name = "a"\nmodel = { since = 2026-01-01 }\n[measures]\nn = "count"')
    with pytest.raises(UsageError, match="2026-01-01 cannot be written anew"):
        written(odd)


def test_ones_own_are_found_by_name_before_those_that_ship(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENTSCOPE_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert library.own() == ()
    folder = tmp_path / "config" / "projections"
    folder.mkdir(parents=True)
    (folder / "sums.toml").write_text(written(projection_of(GOOD)))
    (folder / "stock.toml").write_text("nonsense")
    (folder / "no name.toml").write_text("nonsense")
    assert library.own() == ("stock", "sums")
    assert library.find("sums") == load(folder / "sums.toml")
    assert library.readable() == ("fraud", "funnel", "prices", "revenue", "sums")
    with pytest.raises(UsageError, match=r"stock.toml: "):
        library.find("stock")
    with pytest.raises(UsageError, match="one of fraud, funnel, prices, revenue, stock, sums"):
        library.find("sum")
    with pytest.raises(UsageError, match="is no name"):
        library.own_path("../sums")
