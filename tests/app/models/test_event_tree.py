"""An event as a tree: digits and repeats kept, children made when opened, paths and filters that mean what is shown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester, QTest
from pytestqt.qtbot import QtBot

from app.event_tree_view import EventTreeView
from app.models.document import Members, Number, document, json_text, path_step
from app.models.event_fields import event_fields
from app.models.event_tree import EventTree, Field
from app.selection import Selection
from inspector.capture.origins import origins
from inspector.capture.reader import CaptureReader, EventQuery
from inspector.query import condition
from tests.replay.captures import Log, Written, write

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def texts(tree: EventTree, parent: QModelIndex | None = None) -> list[tuple[str, str]]:
    root = parent or QModelIndex()
    rows = [tree.index(row, 0, root) for row in range(tree.rowCount(root))]
    return [(str(tree.data(index)), str(tree.data(index.siblingAtColumn(1)))) for index in rows]


@given(_JSON)
def test_a_document_is_read_and_written_without_loss(value: object) -> None:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    assert json_text(document(text)) == text


def test_digits_order_and_repeated_names_stay() -> None:
    text = '{"b":1.50,"a":12345678901234567890123,"b":2,"deep":[[1e400]]}'
    found = document(text)
    assert json_text(found) == text
    assert isinstance(found, Members)
    assert found.pairs[0] == ("b", Number("1.50"))


def test_deep_and_long_documents_say_why_there_is_no_tree() -> None:
    assert json_text(document("[" * 300 + "]" * 300)) == "[" * 300 + "]" * 300
    with pytest.raises(ValueError, match="too many for a tree"):
        document('"' + "x" * 3_000_000 + '"')
    with pytest.raises(ValueError, match=r"nested too deeply|too deep"):
        document("[" * 100_000 + "]" * 100_000)


def test_paths_are_those_of_the_filter_language() -> None:
    assert path_step("data", "total", Members(())) == "data.total"
    assert path_step("data", "odd name", Members(())) == 'data["odd name"]'
    assert path_step("data.items", "0", []) == "data.items[0]"


def data_field(text: str) -> Field:
    return Field("data", path="data", value=document(text), is_document=True)


def shown(text: str) -> EventTree:
    tree = EventTree()
    QAbstractItemModelTester(tree, QAbstractItemModelTester.FailureReportingMode.Fatal, tree)
    tree.show_fields(
        [Field("type", "Placed", "header.ce_type", "type", '"Placed"'), Field("data", path="data", value=document(text), is_document=True)]
    )
    return tree


def test_children_are_made_when_a_row_is_opened(qtbot: QtBot) -> None:
    tree = shown(json.dumps({"many": list(range(450)), "name": "x"}))
    data = tree.index(1, 0)
    assert (tree.rowCount(data), tree.canFetchMore(data)) == (0, True)
    tree.fetchMore(data)
    assert texts(tree, data) == [("many", "450 items"), ("name", '"x"')]
    many = tree.index(0, 0, data)
    for loaded in (200, 400, 450):
        tree.fetchMore(many)
        assert tree.rowCount(many) == loaded
    assert not tree.canFetchMore(many)


def test_a_repeated_name_is_marked_in_words(qtbot: QtBot) -> None:
    tree = shown('{"a":1,"a":2}')
    tree.fetchMore(tree.index(1, 0))
    assert texts(tree, tree.index(1, 0)) == [("a", "1"), ("a (again)", "2")]


def test_hostile_text_is_only_text(qtbot: QtBot) -> None:
    tree = shown(json.dumps({"<img src=file:///canary>": "\u202e<b>x</b>"}))
    tree.fetchMore(tree.index(1, 0))
    ((name, value),) = texts(tree, tree.index(1, 0))
    assert (name, value) == ("<img src=file:///canary>", '"⟨U+202E⟩<b>x</b>"')


@pytest.fixture
def path(tmp_path: Path) -> Path:
    documents = ['{"total":1.50,"odd name":{"x":"a\\"b"},"list":[1,{"y":null}]}', '{"total":7}']
    return write(
        tmp_path / "a.evcap", [Log([Written(place, text, version=place + 1, actor="ann") for place, text in enumerate(documents)])]
    )


def test_filters_made_of_rows_find_the_event(qtbot: QtBot, path: Path) -> None:
    with CaptureReader(path) as reader:
        event = reader.event(1)
        assert event is not None
        tree = EventTree()
        tree.show_fields(event_fields(event, origins(reader, event)))
        waiting, found = [tree.index(row, 0) for row in range(tree.rowCount())], {}
        while waiting:
            index = waiting.pop()
            tree.fetchMore(index)
            waiting.extend(tree.index(row, 0, index) for row in range(tree.rowCount(index)))
            if text := tree.filter_text(index):
                found[tree.path(index)] = [item.seq for item in reader.events(EventQuery(condition=condition(text)))]
    assert {"data.total", 'data["odd name"].x', "data.list[0]", "data.list[1].y", "type", "version", "actor", "time"} - {
        "time"
    } <= found.keys()
    assert [path for path, seqs in found.items() if 1 not in seqs] == []


def test_the_view_keeps_what_is_open_and_copies(qtbot: QtBot) -> None:
    selection = Selection()
    view = EventTreeView(selection)
    qtbot.addWidget(view)
    view.show()
    for total in ("1.50", "2.75"):
        view.show_fields([data_field(f'{{"total":{total},"card":{{"network":"visa"}}}}')])
    data = view.tree.index(0, 0)
    assert view.view.isExpanded(data)
    view.view.setCurrentIndex(view.tree.index(0, 0, data))
    view.filter_by()
    assert selection.filter == "data.total == 2.75"
    view.filter_by(exclude=True)
    assert selection.filter == "data.total == 2.75 && !(data.total == 2.75)"
    view.open_find()
    QTest.keyClicks(view.find_box, "card")
    QTest.keyClick(view.find_box, Qt.Key.Key_Return)
    assert view.tree.path(view.view.currentIndex()) == "data.card"
