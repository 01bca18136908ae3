"""Settings that are misspelt, or of no use to what is read, are told; so is a file that gives no row."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from inspector.capture.reader import CaptureReader
from inspector.cli import main
from inspector.event import format_time
from inspector.formats import known_settings
from inspector.formats.recognise import formats

_ROWS = b"id;name\n1;a\n2;b\n3;c\n"


def run(capsys: pytest.CaptureFixture[str], *arguments: object, status: int) -> str:
    assert main([str(one) for one in arguments]) == status
    return "".join(capsys.readouterr())


@pytest.fixture
def table(tmp_path: Path) -> Path:
    (tmp_path / "a.csv").write_bytes(_ROWS)
    return tmp_path / "a.csv"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--set", "delimeter=;"], "there is no setting 'delimeter'; known are delimiter"),
        (["--format", "csv", "--set", "separator=;"], "there is no setting 'separator' of csv; known are"),
        (["--set", "csv:pattern=;"], "there is no setting 'pattern' of csv"),
        (["--set", "cvs:delimiter=;"], "there is no format 'cvs', which a wish names; known are csv"),
        (["--set", "fields.tiem=at"], "there is no field 'tiem' to set with fields.tiem; known are time"),
        (["--set", "forms.time.unti=s"], "there is no option 'unti' to set with forms.time.unti; known are unit"),
        (["--set", "separator=;"], "the setting 'separator' is of no use to what is read here (csv: "),
    ],
)
def test_a_setting_that_is_none_is_an_error(
    table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], words: str
) -> None:
    assert words in run(capsys, "import", table, "-o", tmp_path / "a.evcap", *options, status=2)


def test_a_preview_says_that_a_setting_is_of_no_use(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "the setting 'separator' is of no use" in run(capsys, "import", table, "--preview", "--set", "separator=;", status=0)


def test_a_setting_for_one_kind_among_several_is_taken(table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "b.jsonl").write_bytes(b'{"n":1}\n{"n":2}\n')
    paths = [table, tmp_path / "b.jsonl"]
    assert "of no use" not in run(capsys, "import", *paths, "-o", tmp_path / "a.evcap", "--set", "delimiter=;", status=0)
    said = run(capsys, "import", *paths, "-o", tmp_path / "b.evcap", "--set", "separator=;", status=0)
    assert "the setting 'separator' is of no use to what is read here" in said


def test_every_format_says_what_it_takes() -> None:
    assert all(known_settings.of_format(one) is not None for one in formats())


def test_a_path_to_records_that_names_nothing_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "a.json"
    file.write_text(json.dumps({"items": [{"n": 1}]}))
    said = run(capsys, "import", file, "-o", tmp_path / "a.evcap", "--set", "records=itmes", status=1)
    assert "a.json: no row was found in it: nothing stands at itmes" in said


@pytest.mark.parametrize(("name", "content"), [("a.csv", b""), ("a.jsonl", b""), ("a.bin", b""), ("a.csv", b"id,name\n")])
def test_a_file_without_a_row_is_said(name: str, content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / name).write_bytes(content)
    said = run(capsys, "import", tmp_path / name, "-o", tmp_path / "a.evcap", status=1)
    assert "no row was found in it" in said
    assert ("it is empty" in said) is (not content)


def test_what_was_said_of_columns_is_remembered_when_that_is_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVENTSCOPE_HOME", str(tmp_path / "home"))
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("nr,at,who\n1,2026-11-23 08:00:00,ada\n2,2026-11-23 08:00:01,bob\n", encoding="utf-8")
    said = ["--zone", "Asia/Tokyo", "--set", "fields.time=at", "--set", "fields.key=who"]
    run(capsys, "import", tmp_path / "a.csv", "-o", tmp_path / "a.evcap", *said, status=0)
    assert not (tmp_path / "home").exists() or list((tmp_path / "home").rglob("remembered-*")) == []
    (tmp_path / "a.evcap").unlink()
    run(capsys, "import", tmp_path / "a.csv", "-o", tmp_path / "a.evcap", *said, "--remember", status=0)
    assert len(list((tmp_path / "home").rglob("remembered-*.toml"))) == 1
    run(capsys, "import", tmp_path / "b.csv", "-o", tmp_path / "b.evcap", status=0)
    with CaptureReader(tmp_path / "b.evcap") as reader:
        found = [(event.key, format_time(event.time_us)) for event in reader.events()]
    assert found == [(b"ada", "2026-11-22T23:00:00.000000Z"), (b"bob", "2026-11-22T23:00:01.000000Z")]
