"""The whole demo without a display: everything it names exists, and nothing of it is left running."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import apsw
import pytest

from inspector.capture.sqlite import open_reader
from inspector.demo.headless import show
from inspector.demo.serve import ServeOptions
from inspector.errors import UsageError
from inspector.event import Flag

LIMIT_S = 120


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The capture that a run made, and what it said."""
    folder = tmp_path_factory.mktemp("headless")
    options = ["--seed", "5", "--history", "4000", "--rate", "60", "--seconds", "3"]
    done = subprocess.run(
        [sys.executable, "-m", "inspector.cli", "demo", "--headless", "-o", str(folder / "x.evcap"), *options],
        capture_output=True, check=False, timeout=LIMIT_S, env={**os.environ, "TMPDIR": str(folder)}, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()
    return folder / "x.evcap", done.stdout.decode()


def _shop(capture: Path) -> Path:
    (folder,) = capture.parent.glob("eventscope-demo-*/shop")
    return folder


def test_capture_holds_the_history_of_both_sources_and_more(told: tuple[Path, str]) -> None:
    capture, _ = told
    connection = apsw.Connection(str(capture), flags=apsw.SQLITE_OPEN_READONLY)
    events = connection.execute("SELECT source.kind, count(*) FROM event JOIN log ON log.id = log_id "
                                "JOIN source ON source.id = log.source_id GROUP BY source.kind").fetchall()  # fmt: skip
    connection.close()
    store = open_reader(_shop(capture) / "shop.db", immutable=True)
    rows = store.execute("SELECT count(*) FROM stored_events").get
    store.close()
    counts = {str(kind): int(str(count)) for kind, count in events}
    assert len(counts) == 2
    assert min(counts.values()) > 3_000
    assert min(counts.values()) <= int(str(rows))


def test_capture_flags_exactly_what_the_account_declares(told: tuple[Path, str]) -> None:
    capture, _ = told
    noted = json.loads((_shop(capture) / "faults.json").read_text(encoding="utf-8"))
    places = [place for fault in noted["faults"] for place in fault["places"]]
    assert _flagged(capture, Flag.late) == {_address(place) for place in places if place["late"]}
    assert _flagged(capture, Flag.undecodable) == {
        _address(place) for place in places if place["role"] == "garbled" and place["source"] == "kafka"
    }


def test_capture_has_each_marked_event_at_its_place(told: tuple[Path, str]) -> None:
    capture, _ = told
    noted = json.loads((_shop(capture) / "faults.json").read_text(encoding="utf-8"))
    declared = {_address(place): place for fault in noted["faults"] for place in fault["places"]}
    found = {event[:3]: event[3] for event in _events(capture)}
    lacking = {address for address in declared if address not in found}
    assert {declared[address]["role"] for address in lacking} == {"removed"}
    assert all(found[address] == place["event_id"] for address, place in declared.items() if address not in lacking)


def _address(place: dict[str, Any]) -> tuple[object, ...]:
    return place["log"], place["partition"], place["position"]


def _events(capture: Path, flag: int = 0) -> list[tuple[object, ...]]:
    """Log, partition, position and id of each event that has the flag."""
    connection = apsw.Connection(str(capture), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        return connection.execute(
            "SELECT log.name, log.partition, position, event_id FROM event JOIN log ON log.id = log_id WHERE flags & ?1 = ?1", (flag,)
        ).fetchall()
    finally:
        connection.close()


def _flagged(capture: Path, flag: Flag) -> set[tuple[object, ...]]:
    return {event[:3] for event in _events(capture, int(flag))}


def test_capture_is_one_private_file(told: tuple[Path, str]) -> None:
    capture, _ = told
    assert sorted(path.name for path in capture.parent.glob("x.evcap*")) == ["x.evcap"]
    if os.name == "posix":
        assert capture.stat().st_mode & 0o777 == 0o600


def test_order_is_replayed_whole(told: tuple[Path, str]) -> None:
    _, said = told
    (replayed,) = [json.loads(line) for line in said.splitlines() if line.startswith('{"stream"')]
    assert replayed["history"] == "whole"
    # which order it is, and how it ended, depends on the time at which the shop opens
    assert replayed["state"]["status"] in {"completed", "cancelled"}
    assert replayed["applied"] == replayed["version"]
    assert replayed["version"] in {2, 3}


def test_plot_is_there_or_its_absence_is_said(told: tuple[Path, str]) -> None:
    capture, said = told
    plot = capture.with_suffix(".png")
    assert plot.read_bytes().startswith(b"\x89PNG") if f"plot     {plot}" in said else "No plot" in said


def test_shop_has_ended_and_left_its_account(told: tuple[Path, str]) -> None:
    capture, said = told
    assert sorted(path.name for path in _shop(capture).iterdir()) == ["faults.json", "shop.db"]
    assert str(_shop(capture) / "faults.json") in said
    assert "eventscope open" in said


def test_existing_capture_is_not_overwritten(tmp_path: Path) -> None:
    capture = tmp_path / "mine.evcap"
    capture.write_text("mine")
    with pytest.raises(UsageError, match="exists"):
        show(ServeOptions(), capture, follow_s=1, out=sys.stdout)
    assert capture.read_text() == "mine"
