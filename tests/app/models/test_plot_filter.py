"""What a name in a plot stands for: the filter finds the events that are counted under it, and its counterpart all others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.models.bar_counts import NAMELESS, OTHERS, stacked
from app.models.plot_filter import series_filter
from app.models.plotted import plotted
from inspector.capture.asking import EventQuery
from inspector.capture.histogram import histogram
from inspector.capture.reader import CaptureReader
from inspector.capture.rollup import throughput
from inspector.metrics import Question, metric
from inspector.query import condition
from tests.replay.captures import SECOND_US, Log, Written, write

_HOSTILE = 'or"der\\ / 3 & <b>'


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CaptureReader]:
    """Two logs of two partitions, ten types and categories, some with hostile names, and events without a type."""
    logs = []
    for name in ("orders", _HOSTILE):
        for partition in range(2):
            events = [
                Written(
                    n, "{}", f"s-{n}", type="" if n % 11 == 10 else f"T{n % 10}" if n % 10 else _HOSTILE, category=f"c{n % 9}{_HOSTILE}"
                )
                for n in range(60 + partition)
            ]
            logs.append(Log(events, name, partition))
    path = write(tmp_path_factory.mktemp("plots") / "a.evcap", logs)
    with CaptureReader(path) as opened:
        yield opened


def found(reader: CaptureReader, text: str) -> int:
    return len(list(reader.seqs(EventQuery(condition=condition(text)))))


@pytest.mark.parametrize("by", ["type", "log", "category", "partition"])
def test_the_filter_of_a_name_finds_what_is_counted_under_it(reader: CaptureReader, by: str) -> None:
    bars = histogram(reader, by, None, 50) if by != "partition" else None
    plotted = throughput(reader, by)
    assert plotted is not None
    counts = stacked(bars.counts if bars is not None else plotted.events)
    total = sum(int(values.sum()) for values in counts.values())
    assert total == 242
    for name, values in counts.items():
        same, other = series_filter(by, name, list(counts))
        assert found(reader, same) == int(values.sum()), (name, same)
        assert found(reader, other) == total - int(values.sum()), (name, other)


def test_labels_that_are_called_as_what_has_none_or_the_rest(tmp_path: Path) -> None:
    labels = ["", "none", '"none"', '""none', "others", "a", "b", "c", "d"]
    path = write(tmp_path / "a.evcap", [Log([Written(n, "{}", type=labels[min(n // 3, 8)]) for n in range(3 * len(labels))])])
    with CaptureReader(path) as reader:
        answer = metric("events").answer(reader, Question(by="type", step_us=SECOND_US))
        assert answer is not None
        names = list(plotted(answer, Question()).lines)
        assert len(names) == len(labels)
        assert [found(reader, series_filter("type", name, names)[0]) for name in names] == [3] * len(names)
        bars = histogram(reader, "type", None, 50)
        assert bars is not None
        counts = stacked(bars.counts)
        assert sum(int(values.sum()) for values in counts.values()) == 27
        assert [found(reader, series_filter("type", name, list(counts))[0]) for name in counts] == [3] * 7 + [6]


def test_what_has_no_type_is_named_and_found(reader: CaptureReader) -> None:
    assert series_filter("type", NAMELESS, [NAMELESS]) == ('(type == null || type == "")', '!(type == null || type == "")')
    assert series_filter("type", OTHERS, ["A", NAMELESS, OTHERS]) == ('!(type in ["A", ""])', '(type == null || type in ["A", ""])')


@pytest.mark.parametrize(("by", "name"), [("match", "matches"), ("category", "c-••••")])
def test_what_is_no_value_or_hidden_makes_no_filter(by: str, name: str) -> None:
    assert series_filter(by, name, [name, OTHERS]) == ("", "")
    assert series_filter(by, OTHERS, [name, OTHERS]) == ("", "")
