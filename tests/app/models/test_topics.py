"""The topic list: search, order, ticks; at ease with 2,000 topics; under Qt's own model tester."""

from __future__ import annotations

import time

from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester

from app.connections import Connection
from app.models.recent import RecentList
from app.models.topics import Topic, TopicTable, topic_of

_FATAL = QAbstractItemModelTester.FailureReportingMode.Fatal


def names(model: TopicTable) -> list[str]:
    return [str(model.data(model.index(row, 0))) for row in range(model.rowCount())]


def test_internal_topics_are_hidden_until_asked_for() -> None:
    model = TopicTable()
    tester = QAbstractItemModelTester(model, _FATAL)
    model.set_topics([Topic("orders", 3, 7), Topic("__consumer_offsets", 50, 9, internal=True)])
    assert (names(model), model.hidden_internal) == (["orders"], 1)
    model.show_internal(on=True)
    assert (names(model), model.hidden_internal) == (["__consumer_offsets", "orders"], 0)
    assert tester.model() is model


def test_a_tick_outlives_the_search_and_not_the_topic() -> None:
    model = TopicTable()
    tester = QAbstractItemModelTester(model, _FATAL)
    model.set_topics([Topic("orders", 3, 7), Topic("prices", 1, 5)])
    model.setData(model.index(1, 0), True, int(Qt.ItemDataRole.CheckStateRole))
    model.search("ORD")
    assert names(model) == ["orders"]
    assert [topic.name for topic in model.chosen()] == ["prices"]
    model.set_topics([Topic("orders", 3, 7)])
    assert model.chosen() == []
    assert tester.model() is model


def test_a_partition_without_a_leader_makes_the_sum_a_lower_bound() -> None:
    model = TopicTable()
    model.set_topics([Topic("orders", 3, 7000, without_leader=2)])
    assert model.data(model.index(0, 2)) == "at least 7,000"
    assert "2 of 3 partitions have no leader" in str(model.data(model.index(0, 2), int(Qt.ItemDataRole.ToolTipRole)))


def test_a_name_that_anyone_wrote_is_shown_not_obeyed() -> None:
    model = TopicTable()
    model.set_topics([Topic("a\u202eb\n<b>", 1, 1)])
    assert names(model) == ["a⟨U+202E⟩b⏎<b>"]


def test_only_lines_of_topics_are_topics() -> None:
    assert topic_of({"type": "note", "text": "x"}) is None
    assert topic_of({"log": "t", "partitions": 2, "records": None, "without_leader": 2}) == Topic("t", 2, 0, 2)


topics = st.lists(
    st.builds(Topic, st.text("abAB_-", min_size=1, max_size=4), st.integers(1, 9), st.integers(0, 2**40)), unique_by=lambda one: one.name
)


@settings(max_examples=40)
@given(topics, st.text("abAB", max_size=2), st.integers(0, 2), st.booleans())
def test_search_and_order_are_those_of_a_list(there: list[Topic], wanted: str, column: int, backwards: bool) -> None:
    model = TopicTable()
    tester = QAbstractItemModelTester(model, _FATAL)
    model.set_topics(there)
    model.search(wanted)
    model.sort(column, Qt.SortOrder.DescendingOrder if backwards else Qt.SortOrder.AscendingOrder)
    found = {topic.name for topic in there if wanted.casefold() in topic.name.casefold()}
    assert {topic.name for topic in model.shown} == found
    keys = [(topic.name.casefold(), topic.partitions, topic.records)[column] for topic in model.shown]
    assert keys == sorted(keys, reverse=backwards)
    assert tester.model() is model


def test_many_topics_are_arranged_in_no_time() -> None:
    model = TopicTable()
    began_s = time.perf_counter()
    model.set_topics([Topic(f"shop.orders-{number}", 12, number * 7919 % 100_003) for number in range(2_000)])
    model.sort(2)
    model.search("9")
    assert time.perf_counter() - began_s < 0.2


def test_recent_connections_say_which_are_production() -> None:
    model = RecentList()
    tester = QAbstractItemModelTester(model, _FATAL)
    model.show([Connection("prod\n", "kafka", "b:1", production=True), Connection("shop", "store", "sqlite:///shop.db")])
    assert [model.data(model.index(row)) for row in range(2)] == ["prod⏎ · production", "shop"]
    assert "<p" in str(model.data(model.index(1), int(Qt.ItemDataRole.ToolTipRole)))
    assert tester.model() is model
