"""Manifests that others wrote: nothing outside their folder is opened, nothing is waited for, nothing of them is printed raw."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path

import pytest

from inspector import manifest
from inspector.cli import main

posix = pytest.mark.skipif(sys.platform == "win32", reason="links and pipes of POSIX")


def written(folder: Path, **said: object) -> str:
    content = b"1\n"
    (folder / "x.jsonl").write_bytes(content)
    place = folder / "x.jsonl.manifest.json"
    told = {"file": "x.jsonl", "size_bytes": len(content), "sha256": hashlib.sha256(content).hexdigest(), **said}
    place.write_text(json.dumps(told), encoding="utf-8")
    return str(place)


@pytest.mark.parametrize("name", ["gone\x1b[2J\x1b]0;x\x07", "a\nas it was exported", "\u202egone", "\udcff", "\udc80x"])
def test_a_name_is_shown_with_escapes(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    assert main(["verify", written(tmp_path, file=name)]) == 1
    said = capsys.readouterr().out
    assert "is not there" in said
    assert said.count("\n") == 1
    assert not any(sign in said for sign in "\x1b\x07\u202e")
    said.encode()


@pytest.mark.parametrize("name", ["../secret.jsonl", "/etc/passwd", "sub/x.jsonl", "..", ".", "./x.jsonl", "x.jsonl\0"])
def test_a_file_outside_the_folder_is_never_opened(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "secret.jsonl").write_bytes(b"1\n")
    place = written(tmp_path / "in", file=name)
    monkeypatch.setattr(manifest, "open_plain", lambda path: pytest.fail(f"opened {path}"))
    assert main(["verify", place]) == 2
    assert "not in its own folder" in capsys.readouterr().err


@posix
def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "secret.jsonl").write_bytes(b"1\n")
    place = written(tmp_path / "in")
    (tmp_path / "in" / "x.jsonl").unlink()
    (tmp_path / "in" / "x.jsonl").symlink_to(tmp_path / "secret.jsonl")
    assert main(["verify", place]) == 2
    assert "leads out of its folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    "said",
    [
        {"size_bytes": -1},
        {"size_bytes": True},
        {"size_bytes": 2**64},
        {"size_bytes": 1.0},
        {"size_bytes": "2"},
        {"sha256": "\x1b[2J"},
        {"sha256": None},
        {"file": ["x"]},
        {"file": "x" * 5_000},
    ],
)
def test_forged_facts_are_no_manifest(tmp_path: Path, capsys: pytest.CaptureFixture[str], said: dict[str, object]) -> None:
    assert main(["verify", written(tmp_path, **said)]) == 2
    assert "is no manifest" in capsys.readouterr().err


def test_a_manifest_that_is_too_large_is_not_read_whole(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(manifest, "LARGEST_BYTES", 1_000)
    assert main(["verify", written(tmp_path, more="x" * 1_000)]) == 2
    assert "larger than 1,000 bytes" in capsys.readouterr().err
    monkeypatch.setattr(manifest, "LARGEST_BYTES", 1_200)
    assert main(["verify", written(tmp_path, more="x" * 1_000)]) == 0


@posix
def test_pipes_and_devices_are_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = written(tmp_path)
    (tmp_path / "x.jsonl").unlink()
    os.mkfifo(tmp_path / "x.jsonl")
    assert main(["verify", place]) == 1
    assert "no plain file" in capsys.readouterr().out
    os.mkfifo(tmp_path / "pipe.manifest.json")
    for other in (tmp_path / "pipe.manifest.json", Path("/dev/zero"), tmp_path):
        assert main(["verify", str(other)]) == 2
        assert "cannot read the manifest" in capsys.readouterr().err


def test_deep_and_broken_json_is_no_manifest(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = tmp_path / "x.manifest.json"
    for content in (b"[" * 100_000, b'{"file": ' * 100_000, b"\xff\xfe", b"", b'{"size_bytes": ' + b"9" * 5_000 + b"}"):
        place.write_bytes(content)
        assert main(["verify", str(place)]) == 2
        assert "is no manifest" in capsys.readouterr().err
