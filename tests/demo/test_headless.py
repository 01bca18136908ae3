"""The whole demo without a display: everything it names exists, and nothing of it is left running."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import apsw
import pytest

from inspector.demo.headless import show
from inspector.demo.serve import ServeOptions
from inspector.errors import UsageError

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
    store = apsw.Connection(str(_shop(capture) / "shop.db"), flags=apsw.SQLITE_OPEN_READONLY)
    rows = store.execute("SELECT count(*) FROM stored_events").get
    store.close()
    counts = {str(kind): int(str(count)) for kind, count in events}
    assert len(counts) == 2
    assert min(counts.values()) > 3_000
    assert min(counts.values()) <= int(str(rows))


def test_capture_is_one_private_file(told: tuple[Path, str]) -> None:
    capture, _ = told
    assert sorted(path.name for path in capture.parent.glob("x.evcap*")) == ["x.evcap"]
    if os.name == "posix":
        assert capture.stat().st_mode & 0o777 == 0o600


def test_order_is_replayed_whole(told: tuple[Path, str]) -> None:
    _, said = told
    (replayed,) = [json.loads(line) for line in said.splitlines() if line.startswith('{"stream"')]
    assert replayed["history"] == "whole"
    assert replayed["state"]["status"] == "completed"
    assert replayed["applied"] == replayed["version"] == 3


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
