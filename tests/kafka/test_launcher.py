"""The brokers of these tests: fetched once, and never left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.kafka import launcher
from tests.kafka.helpers import wait_until

_STARTS_ONE = """
import sys, time
from pathlib import Path
from tests.kafka.launcher import Broker
broker = Broker(Path(sys.argv[1])).start()
print(broker.pid, flush=True)
sys.stdin.read()
"""


def test_broker_ends_with_a_killed_test_run(tmp_path: Path) -> None:
    run = subprocess.Popen(
        [sys.executable, "-c", _STARTS_ONE, str(tmp_path / "broker")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=launcher.ROOT,
    )
    assert run.stdin is not None
    assert run.stdout is not None
    with run.stdin, run.stdout:
        pid = int(run.stdout.readline())
        assert _is_there(pid)
        run.send_signal(signal.SIGKILL)
        run.wait(10)
        wait_until(lambda: not _is_there(pid), "the broker has ended")


def _is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "Z" not in subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout


def test_two_that_fetch_at_the_same_time_both_have_the_jars(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = tmp_path / "bin" / "mvn"
    tool.parent.mkdir()
    tool.write_text('#!/bin/sh\nfor word; do case $word in -DoutputDirectory=*) echo jar >"${word#*=}/a.jar";; esac; done\n')
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tool.parent), prepend=os.pathsep)
    monkeypatch.setattr(launcher, "JARS", tmp_path / "cache" / "kafka")
    found: list[Path] = []
    threads = [threading.Thread(target=lambda: found.append(launcher.assemble())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert found == [tmp_path / "cache" / "kafka"] * 4
    assert sorted(path.name for path in (tmp_path / "cache").rglob("*")) == [".complete", "a.jar", "kafka"]
