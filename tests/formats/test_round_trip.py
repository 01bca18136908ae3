"""What an export wrote is read back the same: bytes, envelope and places, whatever a stranger put into them."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import orjson
import pytest

from inspector.capture.asking import EventQuery
from inspector.capture.reader import CaptureReader
from inspector.capture.rows import Event
from inspector.cli import main
from inspector.event import LogKey, RecordBatch, TimeKind
from inspector.identify import Identifier
from inspector.ingest import run
from inspector.sources import LogInfo, Request
from inspector.sources.files import FileSource
from tests import public_data
from tests.capture.test_writer import Writing
from tests.formats.samples import US

KEPT = (
    "log",
    "partition",
    "position",
    "time_us",
    "time_kind",
    "key",
    "value",
    "type",
    "version",
    "event_id",
    "stream",
    "category",
    "actor",
)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENTSCOPE_HOME", str(tmp_path / "home"))


def naughty() -> list[bytes | None]:
    texts = ["", "\x00", "null", "base64:AAAA", "'=1", '"', "a\r\nb", "\ufeff", "\u2028\u2029", "=cmd|' /C calc'!A0", "😀", "\ud7ff\ue000"]
    texts += ["=1", "'=1", "''", "+1", "-1", "@x", "\tx", "\rx", "\nx", "＝1", "＋1", "－1", "＠x"]
    folder = public_data.folder("json")
    if folder is not None:
        texts += json.loads((folder / "blns.json").read_bytes())
    made = [text.encode() for text in texts] + [json.dumps({"text": text, "n": 1.10}).encode() for text in texts]
    return [*made, None, b"\xff\xfe", b"\x00\x01\x02", b'{"a": 1.10, "a": 2e400}', b"\xef\xbb\xbf{}"]


def captured(folder: Path) -> Path:
    """A capture of strings that break things, as values, keys and headers."""
    values = naughty()
    batch = RecordBatch()
    for number, value in enumerate(values):
        batch.log.append(0)
        batch.position.append(100 + number)
        batch.time_us.append(US + number if number % 5 else None)
        batch.time_kind.append(int(TimeKind.append if number % 2 else TimeKind.create) if number % 5 else 0)
        batch.key.append(values[-number - 1])
        batch.value.append(value)
        text = (value or b"").decode(errors="replace")
        header = {"base64": base64.b64encode(b"\xff" + (value or b"")).decode()}
        batch.headers.append(orjson.dumps([[text[:20], text], ["twice", None], ["twice", header]]).decode() if number % 3 else None)
    path = folder / "first.evcap"
    writing = Writing(path)
    events = Identifier().events(batch, [LogInfo(LogKey("t"), 0, 2_000)])
    writing.append(events, {0: (100, 100 + len(values))})
    writing.stager.close()
    writing.writer.close()
    return path


def events_of(path: Path) -> list[Event]:
    with CaptureReader(path) as reader:
        return list(reader.events(EventQuery()))


@pytest.mark.parametrize(("form", "options"), [(".jsonl", []), (".csv", ["--csv", "safe"]), (".csv", ["--csv", "exact"]), (".parquet", [])])
def test_naughty_strings_survive_export_and_import(tmp_path: Path, form: str, options: list[str]) -> None:
    first = captured(tmp_path)
    out = tmp_path / f"out{form}"
    assert main(["export", str(first), "-o", str(out), *options]) == 0
    second = tmp_path / "second.evcap"
    run([(FileSource([out]), Request())], second)
    before, after = events_of(first), events_of(second)
    assert len(before) == len(after)
    for one, two in zip(before, after, strict=True):
        for name in KEPT:
            said, read = getattr(one, name), getattr(two, name)
            assert said == read, (name, one.position)
        assert orjson.loads(one.headers or "[]") == orjson.loads(two.headers or "[]")
