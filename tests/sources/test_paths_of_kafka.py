"""Kafka's own files among others: `import` gives them to the source that reads them, and keeps what is known of each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from inspector.cli import main
from inspector.sources import paths
from inspector.sources.segment_files import SegmentFiles
from tests.segments.encoder import Batch, Rec, batch


def segment(folder: Path, values: list[bytes]) -> None:
    folder.mkdir(parents=True)
    (folder / f"{0:020}.log").write_bytes(batch(Batch(0, [Rec(value=value) for value in values])))


def test_a_folder_of_everything_is_divided(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = tmp_path / "in"
    segment(root / "orders-0", [b'{"n":1}', b'{"n":2}'])
    segment(root / "orders-1", [b'{"n":3}'])
    (root / "notes.jsonl").write_bytes(b'{"a":1}\n')
    (root / "texts").mkdir()
    (root / "texts" / f"{0:020}.log").write_text("Dumping something\n")
    divided = paths.divide([root])
    assert [(one.path.name, one.words) for one in divided.claimed] == [
        ("orders-0", "Kafka partition folder"),
        ("orders-1", "Kafka partition folder"),
    ]
    assert divided.files is not None
    assert len(divided.files.files) == 2
    assert main(["import", str(root / "orders-0"), str(root / "notes.jsonl"), "-o", str(tmp_path / "a.evcap"), "--print", "jsonl"]) == 0
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert told["stored"] == 3
    assert {one["name"]: (one["rows"], one["is_whole"]) for one in told["inputs"]} == {"notes.jsonl": (1, True), f"{0:020}.log": (2, True)}


def test_a_data_folder_is_one_source(tmp_path: Path) -> None:
    segment(tmp_path / "orders-0", [b"1"])
    segment(tmp_path / "orders-1", [b"2"])
    assert SegmentFiles.claims(tmp_path) == "Kafka data folder with 2 partitions"
    (tmp_path / "other.txt").write_text("x")
    assert SegmentFiles.claims(tmp_path) == ""
    (tmp_path / "meta.properties").write_text("cluster.id=abc\n")
    assert SegmentFiles.claims(tmp_path) == "Kafka data folder with 2 partitions"
    assert SegmentFiles.claims(tmp_path / "orders-0" / f"{0:020}.log") == "Kafka segment"
    assert SegmentFiles.claims(tmp_path / "nowhere") == ""
