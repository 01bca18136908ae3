"""A projection as a metric: a line for each group, steps without events, last values that stay, a capture that grows."""

from __future__ import annotations

from pathlib import Path

import pytest

from inspector.capture.reader import CaptureReader
from inspector.errors import UsageError
from inspector.metrics import Question, gathered, metric, names
from inspector.metrics.projection import ProjectionMetric
from inspector.projections import parse
from tests.projections.grown import Grown
from tests.replay.captures import SECOND_US, Written

SPEC = """
name = "stock"
unit = "pieces"
group_by = { sku = "data.sku" }
[measures]
moved = { sum = "data.moved" }
left = { last = "data.left" }
least = { min = "data.left" }
"""


def moves(*rows: tuple[int, str, str, str], start: int = 0) -> list[Written]:
    return [
        Written(start + number, f'{{"sku": "{sku}", "moved": {moved}, "left": {left}}}', time_us=second * SECOND_US)
        for number, (second, sku, moved, left) in enumerate(rows)
    ]


def test_groups_are_lines_that_go_on_while_the_capture_grows(tmp_path: Path) -> None:
    stock = ProjectionMetric(parse(SPEC))
    with Grown(tmp_path / "x.evcap") as grown, CaptureReader(tmp_path / "x.evcap") as reader:
        assert stock.answer(reader, Question()) is None
        grown.append(moves((0, "tea", "1.5", "7"), (2, "tea", "2", "9"), (2, "mug", "-1", "3")))
        found = stock.answer(reader, Question(step_us=SECOND_US))
        assert found is not None
        assert (found.unit, found.clock, found.first_us, found.step_us) == ("pieces", "event time", 0, SECOND_US)
        assert {line.label: list(line.values) for line in found.series} == {"tea": [1.5, 0, 2], "mug": [0, 0, -1]}
        assert any("3 events it is not known (yet)" in note for note in found.notes)
        grown.append(moves((3, "mug", "4", "7"), start=3))
        grown.decide(0, 0, 4, [1])
        found = stock.answer(reader, Question(by="left", step_us=SECOND_US))
        assert found is not None
        assert {line.label: list(line.values) for line in found.series} == {"tea": [7, 7, 7, 7], "mug": [None, None, 3, 7]}
        found = stock.answer(
            reader, Question(by="least", step_us=SECOND_US, span_us=(2 * SECOND_US, 4 * SECOND_US), filter='data.sku == "mug"')
        )
        assert found is not None
        assert {line.label: list(line.values) for line in found.series} == {"mug": [3, 7]}


def test_last_values_are_known_from_before_the_span(tmp_path: Path) -> None:
    with Grown(tmp_path / "x.evcap") as grown, CaptureReader(tmp_path / "x.evcap") as reader:
        grown.append(moves((0, "tea", "1", "7"), (9, "tea", "1", "8")))
        found = ProjectionMetric(parse(SPEC)).answer(reader, Question(by="left", step_us=SECOND_US, span_us=(4 * SECOND_US, 6 * SECOND_US)))
    assert found is not None
    assert [list(line.values) for line in found.series] == [[7, 7]]


def test_they_are_asked_for_by_name_or_file(tmp_path: Path) -> None:
    assert "projection:revenue" in names()
    assert metric("projection:revenue").title == "Revenue per minute"
    (tmp_path / "stock.toml").write_text(SPEC, encoding="utf-8")
    assert metric(f"projection:{tmp_path / 'stock.toml'}").labels == ("moved", "left", "least")
    with pytest.raises(UsageError, match="or one of fraud, funnel"):
        metric("projection:nothing")
    with pytest.raises(UsageError, match=r"no metric named 'nonsense'; known: .*projection:stock"):
        metric("nonsense")


def test_groups_that_look_alike_are_lines_of_their_own(tmp_path: Path) -> None:
    with Grown(tmp_path / "x.evcap") as grown, CaptureReader(tmp_path / "x.evcap") as reader:
        skus = ("1", '"1"', "true", '"true"', "null", '"(none)"', '"\\"1\\""', '"tea"')
        grown.append([Written(n, f'{{"sku": {sku}, "moved": {n}}}', time_us=0) for n, sku in enumerate(skus)])
        found = ProjectionMetric(parse(SPEC)).answer(reader, Question(step_us=SECOND_US))
    assert found is not None
    assert {line.label: list(line.values) for line in found.series} == {
        "1": [0], '"1"': [1], "true": [2], '"true"': [3], "null": [4], '"(none)"': [5], '"\\"1\\""': [6], "tea": [7]
    }  # fmt: skip


def test_a_number_that_no_double_holds_is_not_known_and_said(tmp_path: Path) -> None:
    with Grown(tmp_path / "x.evcap") as grown, CaptureReader(tmp_path / "x.evcap") as reader:
        grown.append(moves((0, "tea", "1e400", "1"), (1, "tea", "2", "1"), (0, "mug", "1e308", "1")))
        found = ProjectionMetric(parse(SPEC)).answer(reader, Question(step_us=SECOND_US))
    assert found is not None
    assert {line.label: list(line.values) for line in found.series} == {"tea": [None, 2], "mug": [1e308, 0]}
    assert "moved: 1 value is too large to be drawn" in found.notes


def test_lines_too_many_and_too_large_to_be_added_up_are_not_known() -> None:
    assert [list(line.values) for line in gathered({str(n): [1e308] for n in range(4)}, most=1)][1] == [None]


@pytest.mark.parametrize("clock", ["recorded_time", "captured_time"])
def test_steps_are_of_the_clock_that_the_projection_names(tmp_path: Path, clock: str) -> None:
    with Grown(tmp_path / "x.evcap") as grown, CaptureReader(tmp_path / "x.evcap") as reader:
        grown.append([Written(n, '{"sku": "tea", "moved": 2}', time_us=0, recorded_us=90_000 * SECOND_US) for n in range(3)])
        made = ProjectionMetric(parse(SPEC.replace("[measures]", f'clock = "{clock}"\n[measures]')))
        found = made.answer(reader, Question())
        assert found is not None
        assert sum(value or 0 for value in found.series[0].values) == 6
        last = made.answer(reader, Question(by="left", last_us=SECOND_US, step_us=SECOND_US))
        assert last is not None
        assert last.first_us > 80_000 * SECOND_US
