"""Flags counted a stretch at a time: exact, while the capture grows at its end and goes at its head."""

from __future__ import annotations

from pathlib import Path

import pytest

from inspector.capture import rollup
from inspector.capture.reader import CaptureReader
from inspector.capture.rollup import FlagTally, flag_counts
from inspector.event import Flag
from tests.app.captures import Growing


def tally(path: Path, known: FlagTally) -> FlagTally:
    """Brings a tally fully up to date with the capture."""
    known.complete = False
    with CaptureReader(path) as reader:
        while not known.complete:
            known.advance(reader, reader.watermark())
    return known


def test_counts_follow_growth_and_removal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rollup, "STRETCH", 64)
    known = FlagTally()
    with Growing(tmp_path / "a.evcap") as growing:
        growing.append(100)
        growing.append_values([b"x"] * 50, flags=Flag.undecodable)
        assert tally(growing.path, known).count(Flag.undecodable) == 50
        growing.append_values([b"x"] * 500, flags=Flag.aborted)
        assert tally(growing.path, known).count(Flag.aborted) == 500
        assert known.count(Flag.undecodable) == 50
        growing.remove_oldest(120)
        assert tally(growing.path, known).count(Flag.undecodable) == 30
        assert known.count(Flag.aborted) == 500


def test_a_tally_that_is_not_done_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rollup, "STRETCH", 10)
    known = FlagTally()
    with Growing(tmp_path / "a.evcap") as growing:
        growing.append_values([None] * 100)
    with CaptureReader(tmp_path / "a.evcap") as reader:
        known.advance(reader, reader.watermark(), stretches=2)
        assert not known.complete
        assert 0 < known.count(Flag.tombstone) < 100
        assert flag_counts(reader, 1, 100)[3] == 100
    assert tally(tmp_path / "a.evcap", known).count(Flag.tombstone) == 100


def test_an_empty_capture_has_nothing_to_count(tmp_path: Path) -> None:
    with Growing(tmp_path / "a.evcap"):
        pass
    assert tally(tmp_path / "a.evcap", FlagTally()).count(Flag.late) == 0
