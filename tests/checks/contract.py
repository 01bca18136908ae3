"""What every check must do: subclass with the check's name and captures that are clean, faulty, or only look faulty."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import apsw
import pytest

from inspector import checks
from inspector.capture.reader import CaptureReader
from inspector.checks import Finding, Look, Severity
from inspector.errors import CaptureError
from tests.replay.captures import Log, Written, write

SPOILINGS = (
    "UPDATE log SET name = x'ff'",
    "UPDATE source SET attributes = '[1'",
    "DELETE FROM log",
    "UPDATE event SET time_us = 'x'",
    "UPDATE event SET flags = 'x', version = 'x', position = -5 WHERE seq = 3",
    "UPDATE bucket SET events = 'x'",
)


def found(path: Path, name: str) -> list[Finding]:
    with CaptureReader(path) as reader:
        return list(checks.findings(checks.named(name), Look(reader)))


class CheckContract:
    """Subclass with `name` set; `clean`, `planted` and `legal` make captures."""

    name: ClassVar[str]
    severity: ClassVar[Severity] = Severity.warning

    def clean(self, path: Path) -> None:
        """Nothing is wrong."""
        write(path, [Log([Written(n, f'{{"n":{n}}}', version=n, time_us=n * 1_000_000, event_id=f"e-{n}") for n in range(50)])])

    def planted(self, path: Path) -> Sequence[int]:
        """Something is wrong; gives the positions that a finding must span, or be beside."""
        raise NotImplementedError

    def legal(self, path: Path) -> None:
        """It looks like the fault and is none: at most information."""
        raise NotImplementedError

    def test_a_clean_log_gives_nothing(self, tmp_path: Path) -> None:
        self.clean(tmp_path / "a.evcap")
        assert found(tmp_path / "a.evcap", self.name) == []

    def test_a_planted_fault_is_found_where_it_is(self, tmp_path: Path) -> None:
        positions = self.planted(tmp_path / "a.evcap")
        findings = [one for one in found(tmp_path / "a.evcap", self.name) if one.severity is self.severity]
        assert len(findings) == 1, findings
        (one,) = findings
        assert one.rule == self.name
        assert one.assumption
        assert one.legal_because
        assert one.text.strip() == one.text
        if one.first is not None and one.last is not None:
            assert (one.first, one.last) == (min(positions), max(positions))
        with CaptureReader(tmp_path / "a.evcap") as reader:
            for seq in one.events:
                assert reader.select("SELECT 1 FROM event WHERE seq = ?", (seq,))

    def test_a_legal_look_alike_is_no_more_than_information(self, tmp_path: Path) -> None:
        self.legal(tmp_path / "a.evcap")
        assert [one for one in found(tmp_path / "a.evcap", self.name) if one.severity is not Severity.info] == []

    def test_it_stops_when_asked(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.planted(tmp_path / "a.evcap")
        with CaptureReader(tmp_path / "a.evcap") as reader:
            look = Look(reader, lambda: True)
            look._steps = 4095
            try:
                list(checks.findings(checks.named(self.name), look))
            except checks.Stopped:
                return

    @pytest.mark.parametrize("spoiling", SPOILINGS)
    def test_a_strangers_capture_is_damage_or_nothing(self, tmp_path: Path, spoiling: str) -> None:
        path = tmp_path / "a.evcap"
        self.planted(path)
        connection = apsw.Connection(str(path))
        connection.execute(spoiling)
        connection.close()
        with contextlib.suppress(CaptureError):
            found(path, self.name)
