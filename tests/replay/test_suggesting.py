"""What the data suggests to fold with, and why; and what the user chose."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from inspector.capture.reader import CaptureReader
from inspector.capture.streams import find_stream
from inspector.errors import UsageError
from inspector.replay import Question, Replay
from inspector.replay.choices import DEFAULT, Choice, choose, chosen
from inspector.replay.many import States
from inspector.replay.suggesting import suggest
from inspector.sources import SourceInfo
from tests.replay.captures import KAFKA, Log, Written, write

CHANGE = {"op": "u", "source": {"table": "orders"}, "before": {"id": 1}, "after": {"id": 1}}
COMPACTED = SourceInfo("kafka", "kafka://localhost:9092", "cluster-1", attributes={"compacted": ["orders"]})


def _suggested(path: Path, documents: list[object], types: list[str] | None = None, source: SourceInfo = KAFKA) -> list[str]:
    events = [
        Written(place, json.dumps(document), version=place + 1, type=(types or ["Changed"])[place % len(types or "1")])
        for place, document in enumerate(documents)
    ]
    with CaptureReader(write(path / "c.evcap", [Log(events)], source)) as reader:
        found = suggest(reader, find_stream(reader, "order-1"))
        assert found == suggest(reader, "orders")
        assert all(one.why.endswith(".") and len(one.why) > 30 for one in found)
        return [one.reducer for one in found]


@pytest.mark.parametrize(
    ("documents", "types", "first"),
    [
        ([CHANGE, {"schema": {}, "payload": CHANGE}], None, "debezium"),
        ([{"a": 1}, [{"op": "add", "path": "/b", "value": 1}], [{"op": "remove", "path": "/b"}]], None, "patch"),
        ([{"a": 1}, [{"op": "dance", "path": "/b"}]], None, "merge"),
        ([{"a": 1}, [{"op": [], "path": "/b"}]], None, "merge"),
        ([{"a": 1, "b": 2}, {"a": 2, "b": 2}, {"a": 2, "b": 2, "c": 3}], None, "latest"),
        ([{"a": 1, "b": 2}, {"a": 2}], None, "merge"),
        ([{"total": 1}, {"amount": 2}], ["Placed", "Paid"], "FILE.toml"),
        ([{"timestamp": 1}, {"timestamp": 2}], ["shop.orders:Order.Placed", "shop.orders:Order.Paid"], "FILE.py:Order"),
        ([], None, "merge"),
    ],
)
def test_the_first_suggestion_fits_the_data(tmp_path: Path, documents: list[object], types: list[str] | None, first: str) -> None:
    if not documents:
        with CaptureReader(write(tmp_path / "c.evcap", [Log([Written(0, None)])])) as reader:
            assert [one.reducer for one in suggest(reader, "orders")] == ["merge"]
        return
    found = _suggested(tmp_path, documents, types)
    assert found[0] == first
    assert found[-1] == "merge"


def test_a_compacted_log_suggests_the_latest(tmp_path: Path) -> None:
    assert _suggested(tmp_path, [{"a": 1}, {"b": 2}], source=COMPACTED)[0] == "latest"


def test_a_choice_is_kept_by_names_and_forgotten(tmp_path: Path, home: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text("")
    choose("kafka://a", "orders", Choice(f"{path}:Order", (str(tmp_path),)))
    choose("kafka://a", "others", Choice("latest"))
    assert chosen("kafka://a", "orders") == Choice(f"{path}:Order", (str(tmp_path),))
    assert chosen("kafka://b", "orders") is None
    choose("kafka://a", "orders", Choice(DEFAULT))
    assert chosen("kafka://a", "orders") is None
    assert chosen("kafka://a", "others") == Choice("latest")


@pytest.mark.parametrize("reducer", ["dance", "none.py", "none.py:Order", "none.toml"])
def test_a_choice_that_is_not_there_is_refused(reducer: str) -> None:
    with pytest.raises(UsageError, match="there is no reducer"):
        choose("kafka://a", "orders", Choice(reducer))


def test_a_remembered_file_that_is_gone_says_how_to_go_on(tmp_path: Path, home: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text('[[on]]\ntype = "*"\nset = { a = 1 }\n')
    choose(KAFKA.uri, "orders", Choice(str(path)))
    with CaptureReader(write(tmp_path / "c.evcap", [Log([Written(0, "{}")])])) as reader:
        assert Replay(reader, Question("order-1")).answer().folded.state == {"a": 1}
        path.unlink()
        with pytest.raises(UsageError, match=r"No such file.*remembered for category orders; the reducer `default` leaves it out"):
            Replay(reader, Question("order-1"))
        with pytest.raises(UsageError, match="leaves it out"):
            list(States(reader).of([1]))
        assert Replay(reader, Question("order-1", reducer="default")).answer().folded.state == {}


def test_a_damaged_file_of_choices_says_so_and_counts_for_nothing(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    (home / "config").mkdir()
    (home / "config" / "reducers.json").write_text('{"reducers": 3}')
    assert chosen("kafka://a", "orders") is None
    assert "none counts" in caplog.text
