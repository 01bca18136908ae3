"""The files that were read into a capture, told again: by readers, by `info`, and of captures that know of none."""

from __future__ import annotations

import json
from pathlib import Path

import apsw
import pytest

from inspector.capture import inputs
from inspector.capture.reader import CaptureReader
from inspector.cli import main
from inspector.errors import CaptureError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A capture of three files, one of no known format."""
    folder = tmp_path / "logs"
    folder.mkdir()
    (folder / "a.jsonl").write_bytes(b'{"type":"A"}\n{"type":"B"}\n')
    (folder / "b.jsonl").write_bytes(b'{"type":"C"}\n')
    (folder / "c.bin").write_bytes(bytes(range(256)))
    out = tmp_path / "x.evcap"
    main(["import", str(folder), "-o", str(out), "--print", "table", "--progress", "none"])
    return out


def test_files_are_told_in_their_order(path: Path) -> None:
    with CaptureReader(path) as reader:
        found = inputs.inputs(reader)
        assert inputs.count(reader) == 3
    assert [(one.file.name, one.file.rows, one.file.is_whole) for one in found] == [
        ("a.jsonl", 2, True),
        ("b.jsonl", 1, True),
        ("c.bin", 0, False),
    ]
    assert [one.is_damaged for one in found] == [False, False, True]
    assert found[0].file.settings["format"] == "json-lines"
    assert len(found[0].file.sha256) == 64
    assert found[2].file.gaps[0].end == 256
    assert found[0].source == (path.parent / "logs").as_uri()


def test_info_tells_of_them(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["info", str(path), "--format", "jsonl"]) == 0
    told = json.loads(capsys.readouterr().out)["inputs"]
    assert [one["name"] for one in told] == ["a.jsonl", "b.jsonl", "c.bin"]
    assert told[0]["format"] == "JSON lines"
    assert main(["info", str(path), "--format", "table"]) == 0
    assert "1 stretches not read" in capsys.readouterr().out


def test_a_capture_of_an_older_version_knows_of_none(path: Path) -> None:
    connection = apsw.Connection(str(path))
    connection.execute("DROP TABLE input")
    connection.close()
    with CaptureReader(path) as reader:
        assert inputs.inputs(reader) == []
        assert inputs.count(reader) == 0


def test_a_strangers_account_is_damage_of_the_file(path: Path) -> None:
    connection = apsw.Connection(str(path))
    connection.execute("UPDATE input SET settings = '['")
    connection.close()
    with CaptureReader(path) as reader, pytest.raises(CaptureError, match="damaged"):
        inputs.inputs(reader)
