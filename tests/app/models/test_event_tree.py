"""An event as a tree: children made when opened, digits and repeats kept, paths and filters that mean what is shown; any depth and size."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QModelIndex, QPersistentModelIndex
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from app.models.event_fields import event_fields
from app.models.event_find import Spot
from app.models.event_tree import EventTree
from app.models.field import Field
from inspector.capture.asking import EventQuery
from inspector.capture.origins import origins
from inspector.capture.reader import CaptureReader
from inspector.query import condition
from inspector.query.json_path import path_step
from tests.app.models.test_jsonb import stored
from tests.replay.captures import Log, Written, write


def texts(tree: EventTree, parent: QModelIndex | None = None) -> list[tuple[str, str]]:
    root = parent or QModelIndex()
    rows = [tree.index(row, 0, root) for row in range(tree.rowCount(root))]
    return [(str(tree.data(index)), str(tree.data(index.siblingAtColumn(1)))) for index in rows]


def shown(text: str) -> EventTree:
    tree = EventTree()
    QAbstractItemModelTester(tree, QAbstractItemModelTester.FailureReportingMode.Fatal, tree)
    tree.show_fields([Field("type", "Placed", path="type"), Field("data", path="data", document=stored(text))])
    return tree


def opened(tree: EventTree, *rows: int) -> QModelIndex:
    """The row at the end of a way, everything above it opened."""
    index = QModelIndex()
    for row in rows:
        index = tree.index(row, 0, index)
        tree.fetchMore(index)
    return index


def test_paths_are_those_of_the_filter_language() -> None:
    assert path_step("data", "total", is_element=False) == "data.total"
    assert path_step("data", "odd name", is_element=False) == 'data["odd name"]'
    assert path_step("data", "null", is_element=False) == 'data["null"]'
    assert path_step("data.items", "0", is_element=True) == "data.items[0]"


def test_children_are_made_when_a_row_is_opened_and_the_rest_is_counted(qtbot: QtBot) -> None:
    tree = shown(json.dumps({"many": list(range(2_450)), "name": "x"}))
    data = tree.index(1, 0)
    assert (tree.rowCount(data), tree.canFetchMore(data)) == (0, True)
    tree.fetchMore(data)
    assert texts(tree, data) == [("many", "at least 1,000 items"), ("name", '"x"')]
    many = opened(tree, 1, 0)
    kept = QPersistentModelIndex(tree.index(7, 0, many))
    assert tree.rowCount(many) == 201
    assert texts(tree, many)[-1] == ("…", "2,250 more: Enter shows 1,000")
    assert texts(tree, data)[0] == ("many", "2,450 items")
    for rows in (1_201, 2_201, 2_450):
        tree.make_more(tree.index(tree.rowCount(many) - 1, 0, many))
        assert tree.rowCount(many) == rows
    assert texts(tree, many)[-1] == ("2449", "2449")
    assert not tree.canFetchMore(many)
    assert tree.data(kept) == "7"
    tree.make_more(tree.index(0, 0, many))
    assert tree.rowCount(many) == 2_450


@pytest.mark.alone
def test_a_million_items_are_at_least_so_many_and_quick_to_open(qtbot: QtBot) -> None:
    tree = EventTree()
    document = stored("[" + ",".join(map(str, range(1_000_000))) + "]")
    began = time.monotonic()
    tree.show_fields([Field("data", path="data", document=document)])
    data = opened(tree, 0)
    assert time.monotonic() - began < 0.1
    assert texts(tree)[0] == ("data", "at least 10,200 items")
    assert texts(tree, data)[-1][1] == "at least 10,000 more: Enter shows 1,000"
    index, is_there = tree.reveal(Spot(0, route=(900_000,)))
    assert (tree.path(index), is_there) == ("data", False)
    index, is_there = tree.reveal(Spot(0, route=(9_000,)))
    assert (tree.path(index), is_there) == ("data[9000]", True)


def test_a_thousand_levels_are_opened_one_by_one(qtbot: QtBot) -> None:
    tree = shown('{"a":' * 999 + "[1.50]" + "}" * 999)
    index, is_there = tree.reveal(Spot(1, route=(0,) * 1_000))
    assert is_there
    assert tree.path(index) == "data" + ".a" * 999 + "[0]"
    assert tree.data(index.siblingAtColumn(1)) == "1.50"


def test_a_repeated_name_is_marked_by_sign_and_word(qtbot: QtBot) -> None:
    tree = shown('{"a":1,"\\u0061":2}')
    data = opened(tree, 1)
    assert texts(tree, data) == [("a", "1"), ("≠ a (again)", "2")]
    assert tree.filter_text(tree.index(0, 0, data)) == "data.a == 1"
    assert tree.filter_text(tree.index(1, 0, data)) == ""


def test_hostile_text_is_only_text(qtbot: QtBot) -> None:
    tree = shown(json.dumps({"<img src=file:///canary>": "\u202e<b>x</b>"}, ensure_ascii=False))
    assert texts(tree, opened(tree, 1)) == [("<img src=file:///canary>", '"⟨U+202E⟩<b>x</b>"')]


@pytest.mark.parametrize(
    "damage", [b"", b"\xcc\xff", stored('{"a":[1,2,3],"b":1}')[:-2], stored('{"a":[1,2,3]}').replace(b"\x131", b"\xf31"), b"\x0f"]
)
def test_a_damaged_document_says_so(qtbot: QtBot, damage: bytes) -> None:
    tree = EventTree()
    tree.show_fields([Field("data", path="data", document=damage)])
    waiting, said = [tree.index(0, 0)], []
    while waiting:
        index = waiting.pop()
        tree.fetchMore(index)
        said.append(str(tree.data(index.siblingAtColumn(1))))
        waiting.extend(tree.index(row, 0, index) for row in range(tree.rowCount(index)))
    assert any("damaged" in text for text in said)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    documents = [
        '{"total":1.50,"odd name":{"x":"a\\"b"},"list":[1,{"y":null}],"true":false,"in":"\\u0061","huge":12345678901234567890123}',
        '{"total":7,"list":[2]}',
        "{}",
    ]
    events = [Written(place, text, version=place + 1, actor="ann", event_id=f"id-{place}") for place, text in enumerate(documents)]
    return write(tmp_path / "a.evcap", [Log(events)])


def test_filters_made_of_rows_find_the_event_and_their_exclusion_the_others(qtbot: QtBot, path: Path) -> None:
    with CaptureReader(path) as reader:
        event = reader.event(1)
        assert event is not None
        assert event.data is not None
        tree = EventTree()
        tree.show_fields(event_fields(event, origins(reader, event), {"data": stored(event.data)}))
        found: dict[str, tuple[list[int], list[int]]] = {}
        for index in rows_of(tree):
            pair = [tree.filter_text(index, exclude=exclude) for exclude in (False, True)]
            if pair[0]:
                same, other = ([item.seq for item in reader.events(EventQuery(condition=condition(text)))] for text in pair)
                found[tree.path(index)] = same, other
    assert {"data.total", 'data["odd name"].x', "data.list[0]", "data.list[1].y", 'data["true"]', 'data["in"]', "data.huge"} <= found.keys()
    assert {"type", "version", "actor", "id", "time", "log", "position", "seq", "key", "value_bytes"} <= found.keys()
    for path_text, (same, other) in found.items():
        assert 1 in same, path_text
        assert sorted([*same, *other]) == [1, 2, 3], path_text


def rows_of(tree: EventTree) -> Iterator[QModelIndex]:
    """Every row, opened."""
    waiting = [tree.index(row, 0) for row in range(tree.rowCount())]
    while waiting:
        index = waiting.pop()
        tree.fetchMore(index)
        waiting.extend(tree.index(row, 0, index) for row in range(tree.rowCount(index)))
        yield index
