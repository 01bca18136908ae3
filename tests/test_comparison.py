"""Two captures told apart: planted differences are found exactly, and nothing is said of what only one of them read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import apsw
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inspector.capture.writer import CaptureWriter
from inspector.cli import main
from inspector.masks import production
from tests.replay.captures import STORE, Log, Written, write


def told(capsys: pytest.CaptureFixture[str], a: Path, b: Path, *options: str) -> tuple[int, list[dict[str, Any]]]:
    status = main(["compare", str(a), str(b), "--format", "jsonl", *options])
    return status, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def events(positions: Sequence[int], **changed: str) -> list[Written]:
    return [Written(position, f'{{"n":{position}}}', time_us=position, event_id=f"e-{position}") for position in positions]


def test_equal_captures_are_equal_whatever_their_sources(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a = write(tmp_path / "a.evcap", [Log(events(range(10)))])
    b = write(tmp_path / "b.evcap", [Log(events(range(10)))], STORE)
    status, (one, said) = told(capsys, a, b)
    assert status == 0
    assert (one["same"], one["different"], one["missing_in_a"], one["missing_in_b"], one["examples"]) == (10, 0, 0, 0, [])
    assert "each with the same bytes" in said["conclusion"]
    assert "does not show" in said["conclusion"]


def test_every_kind_of_difference_is_found_at_its_position(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = events(range(10))
    second = [one for one in first if one.position != 3] + [Written(10, "{}")]
    second[5] = replace(second[5], data='{"n":1.0}')
    second[6] = replace(second[6], time_us=99, headers='[["a","b"]]')
    second[7] = replace(second[7], data=None)
    a = write(tmp_path / "a.evcap", [Log([one for one in first if one.position != 0], read=[(0, 20)])])
    b = write(tmp_path / "b.evcap", [Log(second, read=[(0, 20)])])
    status, (one, said) = told(capsys, a, b)
    assert status == 1
    assert [(example["kind"], example["a"], example["b"], example["fields"]) for example in one["examples"]] == [
        ("missing in A", None, 0, []),
        ("missing in B", 3, None, []),
        ("different", 6, 6, ["value"]),
        ("different", 7, 7, ["headers", "time"]),
        ("different", 8, 8, ["value"]),
        ("missing in A", None, 10, []),
    ]
    assert one["fields"] == {"value": 2, "headers": 1, "time": 1}
    assert "3 of them differ" in said["conclusion"]
    assert main(["compare", str(a), str(b), "--format", "table"]) == 1
    assert "position 7 (e-7) differs in headers, time" in capsys.readouterr().out


def test_nothing_is_concluded_of_what_one_side_did_not_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a = write(tmp_path / "a.evcap", [Log(events(range(20)), read=[(0, 20)])])
    b = write(tmp_path / "b.evcap", [Log(events(range(5, 12)), read=[(5, 12)])])
    status, (one, said) = told(capsys, a, b)
    assert status == 0
    assert (one["same"], one["only_read_by_a"], one["missing_in_b"]) == (7, 13, 0)
    assert "13 records only one capture read" in said["conclusion"]
    through = write(tmp_path / "c.evcap", [Log(events([5, 6]), read=[(0, 20)], filter="data.n > 4")])
    status, (one, _) = told(capsys, a, through)
    assert (status, one["same"], one["only_read_by_a"]) == (0, 2, 18)


def test_logs_are_matched_by_name_or_as_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a = write(tmp_path / "a.evcap", [Log(events(range(3)), name="orders"), Log(events(range(2)), name="other")])
    b = write(tmp_path / "b.evcap", [Log(events(range(3)), name="orders.copy")])
    status, (said,) = told(capsys, a, b)
    assert (status, len(said["alone"])) == (1, 3)
    assert "nothing was compared" in said["conclusion"]
    status, (one, said) = told(capsys, a, b, "--map-log", "orders=orders.copy", "--log", "orders")
    assert (status, one["same"], one["other"], said["alone"]) == (0, 3, "orders.copy", [])


def test_events_may_be_matched_by_their_ids(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    moved = [replace(one, position=19 - one.position) for one in events(range(10)) if one.position != 4]
    a = write(tmp_path / "a.evcap", [Log(events(range(10)))])
    b = write(tmp_path / "b.evcap", [Log(sorted(moved, key=lambda one: one.position), read=[(0, 20)])])
    status, (one, _) = told(capsys, a, b, "--by", "id")
    assert (status, one["same"], one["missing_in_b"], one["by"]) == (1, 9, 1, "id")
    assert one["examples"] == [{"kind": "missing in B", "a": 4, "b": None, "fields": [], "id": "e-4"}]
    plain = write(tmp_path / "c.evcap", [Log([Written(0, "{}")])])
    other = write(tmp_path / "d.evcap", [Log([Written(0, "{}")])])
    assert main(["compare", str(plain), str(other), "--by", "id"]) == 2
    assert "have no ids" in capsys.readouterr().err


def test_rows_of_files_are_compared_in_their_order(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [b'{"n":1}', b'{"n":2}', b'{"n":3}']
    (tmp_path / "in").mkdir()
    for name, content in (("a", b"\n".join(lines)), ("b", b"\n\n".join([*lines[:2], b'{"n":4}']))):
        (tmp_path / "in" / "x.jsonl").write_bytes(content)
        assert main(["import", str(tmp_path / "in" / "x.jsonl"), "-o", str(tmp_path / f"{name}.evcap"), "--print", "jsonl"]) == 0
    capsys.readouterr()
    status, (one, _) = told(capsys, tmp_path / "a.evcap", tmp_path / "b.evcap")
    assert (status, one["by"], one["same"], one["different"]) == (1, "order", 2, 1)
    assert (one["examples"][0]["a"], one["examples"][0]["b"]) == (3, 5)


def test_captures_without_values_are_compared_by_size(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a = write(tmp_path / "a.evcap", [Log(events(range(3)))])
    b = write(tmp_path / "b.evcap", [Log([*events(range(2)), Written(2, '{"n":12}', time_us=2)])], with_values=False)
    status, (one, _) = told(capsys, a, b)
    assert (status, one["same"], one["fields"]) == (1, 2, {"value": 1})
    assert "no values" in one["notes"][0]
    same = write(tmp_path / "c.evcap", [Log([*events(range(2)), Written(2, '{"m":2}', time_us=2, event_id="e-2")])])
    whole = write(tmp_path / "d.evcap", [Log(events(range(3)))], with_values=False)
    status, (one, said) = told(capsys, same, whole)
    assert "the same bytes" not in said["conclusion"]
    assert "values of the same size" in said["conclusion"]


def test_what_readers_of_committed_records_are_not_given_is_not_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a = write(tmp_path / "a.evcap", [Log(events(range(10)))])
    b = write(tmp_path / "b.evcap", [Log(events([0, 1, 2, 4, 5, 6, 7, 8, 9]), read=[(0, 10)])])
    connection = apsw.Connection(str(b))
    connection.execute("UPDATE coverage SET isolation = 'committed'")
    connection.close()
    status, (one, said) = told(capsys, a, b)
    assert (status, one["missing_in_b"], one["only_read_by_a"]) == (0, 0, 1)
    assert "isolation" in one["notes"][0]
    assert "each with the same bytes" in said["conclusion"]


def test_a_store_that_grew_is_the_same_store(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, life in (("a", "rows:aa"), ("b", "rows:aabb")):
        path = write(tmp_path / f"{name}.evcap", [Log(events(range(3)))], STORE)
        connection = apsw.Connection(str(path))
        connection.execute("UPDATE log SET incarnation = ?", (life,))
        connection.close()
    _, (one, _) = told(capsys, tmp_path / "a.evcap", tmp_path / "b.evcap")
    assert one["notes"] == []


def test_values_that_were_cut_are_told_apart_by_their_hash(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in "ab":
        path = write(tmp_path / f"{name}.evcap", [Log(events(range(1)))])
        connection = apsw.Connection(str(path))
        connection.execute("UPDATE event SET flags = 2048, extra = jsonb(?)", (json.dumps({"oversize": {"bytes": 9, "sha256": name}}),))
        connection.close()
    status, (one, _) = told(capsys, tmp_path / "a.evcap", tmp_path / "b.evcap")
    assert (status, one["fields"]) == (1, {"value": 1})


def test_ids_that_a_capture_wants_hidden_are_not_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a = write(tmp_path / "a.evcap", [Log(events(range(3)))])
    b = write(tmp_path / "b.evcap", [Log(events(range(2)), read=[(0, 3)])])
    with CaptureWriter(a, floor_bytes=0) as writer:
        writer.note_setting("masks", production().text)
    assert told(capsys, a, b)[1][0]["examples"][0]["id"] is None
    assert told(capsys, a, b, "--unmasked")[1][0]["examples"][0]["id"] == "e-2"


def test_wrong_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a = write(tmp_path / "a.evcap", [Log(events(range(3)))])
    b = write(tmp_path / "b.evcap", [Log(events(range(3)))])
    for arguments, words in (
        ([str(a), str(a)], "same file"),
        ([str(a), str(b), "--log", "x"], "neither capture"),
        ([str(a), "gone"], "gone"),
    ):
        assert main(["compare", *arguments]) in {2, 4}
        assert words in capsys.readouterr().err


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.data(),
    read_a=st.tuples(st.integers(0, 10), st.integers(11, 30)),
    read_b=st.tuples(st.integers(0, 10), st.integers(11, 30)),
)
def test_what_is_found_is_what_sets_say(
    tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str], data: st.DataObject, read_a: Any, read_b: Any
) -> None:
    folder = tmp_path_factory.mktemp("compared")
    source = {position: f'{{"n":{position}}}' for position in range(30)}
    sides = []
    for name, (start, end) in (("a", read_a), ("b", read_b)):
        held = data.draw(st.dictionaries(st.integers(start, end - 1), st.sampled_from(["as it is", "other"]), max_size=30))
        sides.append(held)
        written = [Written(position, source[position] if kind == "as it is" else "{}") for position, kind in sorted(held.items())]
        write(folder / f"{name}.evcap", [Log(written, read=[(start, end)])])
    _, (one, _) = told(capsys, folder / "a.evcap", folder / "b.evcap")
    a, b = sides
    assert one["same"] == sum(b.get(position) == kind for position, kind in a.items())
    assert one["different"] == sum(position in b and b[position] != kind for position, kind in a.items())
    assert one["missing_in_b"] == sum(position not in b and read_b[0] <= position < read_b[1] for position in a)
    assert one["missing_in_a"] == sum(position not in a and read_a[0] <= position < read_a[1] for position in b)
    assert one["only_read_by_a"] == sum(not read_b[0] <= position < read_b[1] for position in a)
    assert one["only_read_by_b"] == sum(not read_a[0] <= position < read_a[1] for position in b)
