"""The demo's command: what its options mean, and what it starts."""

from __future__ import annotations

import argparse
import subprocess
import sys

import pytest

from inspector.cli import demo, main
from inspector.demo.serve import ServeOptions
from inspector.errors import ExitStatus, UsageError


def _parsed(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    demo.add(parser.add_subparsers())
    return parser.parse_args(["demo", *arguments])


def _started(monkeypatch: pytest.MonkeyPatch, ends_with: int) -> list[list[str]]:
    """The commands that the window's start would run."""
    started: list[list[str]] = []

    def run(command: list[str], *, check: bool) -> subprocess.CompletedProcess[bytes]:
        assert not check
        started.append(command)
        return subprocess.CompletedProcess(command, ends_with)

    monkeypatch.setattr(subprocess, "run", run)
    return started


@pytest.mark.parametrize(
    "options",
    [ServeOptions(), ServeOptions(seed=7, history=0, rate_per_s=0.1, live=False), ServeOptions(now_us=1_795_464_000_000_001)],
)
def test_options_survive_their_way_to_the_server(options: ServeOptions) -> None:
    parsed = _parsed("--serve", "folder", *options.arguments())
    assert demo._options(parsed) == options


def test_window_is_another_program(monkeypatch: pytest.MonkeyPatch) -> None:
    started = _started(monkeypatch, 0)
    assert demo.run(_parsed()) is ExitStatus.OK
    assert demo.run(_parsed("-o", "x.evcap", "--seed", "4")) is ExitStatus.OK
    assert started[0] == [sys.executable, "-m", "app", "demo"]
    assert started[1][4:8] == ["-o", "x.evcap", "--seed", "4"]


def test_window_that_crashes_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    _started(monkeypatch, -6)
    with pytest.raises(UsageError, match="--headless"):
        demo.run(_parsed())


@pytest.mark.parametrize(
    "wrong", [["--history", "-1"], ["--rate", "fast"], ["--rate", "inf"], ["--now", "yesterday"], ["--headless", "--serve", "x"]]
)
def test_wrong_options_are_usage_errors(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["demo", *wrong])
    assert ended.value.code == ExitStatus.USAGE
    assert "usage:" in capsys.readouterr().err
