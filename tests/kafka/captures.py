"""Running the command line against a broker, and looking at what it captured."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from inspector.capture.asking import EventQuery
from inspector.capture.reader import CaptureReader
from inspector.capture.report import info
from inspector.capture.rows import Event

COMMAND = [sys.executable, "-m", "inspector.cli"]


def run(*arguments: str | Path, status: int = 0, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Runs `eventscope` to its end and checks its exit status."""
    done = subprocess.run([*COMMAND, *map(str, arguments)], capture_output=True, text=True, input=stdin, timeout=120, check=False)
    assert done.returncode == status, f"exit {done.returncode}, expected {status}: {done.stdout[-2000:]}{done.stderr[-4000:]}"
    return done


def events(path: Path) -> list[Event]:
    """Everything captured, by log, partition and position."""
    with CaptureReader(path) as reader:
        return list(reader.events(EventQuery(order="log")))


def report(path: Path) -> dict[str, Any]:
    """The capture's `info`."""
    with CaptureReader(path) as reader:
        return info(reader)


def coverage(path: Path) -> list[tuple[str, int, list[tuple[int, int, str, str | None, int]]]]:
    """Per log: (name, partition, [(from, to, state, reason, records)])."""
    return [
        (log["log"], log["partition"], [(s["from"], s["to"], s["state"], s["reason"], s["records"]) for s in log["coverage"]])
        for log in report(path)["logs"]
    ]


def document(event: Event) -> object:
    """What is kept of a decoded value, with every digit."""
    text = event.data if event.data is not None else "null"
    return json.loads(text, parse_float=Decimal)


def listed(path: Path) -> list[dict[str, Any]]:
    """What `eventscope schemas` says."""
    return [json.loads(line) for line in run("schemas", path, "--format", "jsonl").stdout.splitlines()]


def meant(events: Sequence[Event]) -> list[tuple[object, ...]]:
    """What events mean, wherever they are kept."""
    return [
        (one.log, one.position, one.decoder, one.data, one.error, one.flags, one.type, one.stream, one.version, one.schema_version)
        for one in events
    ]


_OFFLINE = """
import os, sys
sys.addaudithook(lambda event, words: event in {"socket.connect", "socket.getaddrinfo"} and os._exit(99))
from inspector.cli import main
status = main(sys.argv[1:])
os._exit(98) if "confluent_kafka" in sys.modules else sys.exit(status)
"""


def decoded_offline(path: Path, *options: str | Path) -> Mapping[str, Any]:
    """`eventscope decode` in a process that ends when it looks for anybody."""
    words = [sys.executable, "-c", _OFFLINE, "decode", str(path), *map(str, options), "--format", "jsonl"]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, (done.returncode, done.stdout, done.stderr[-2000:])
    said: Mapping[str, Any] = json.loads(done.stdout)
    return said


class Following:
    """A capture that runs until told to stop, reporting its progress."""

    def __init__(self, *arguments: str | Path, to_the_end: bool = False) -> None:
        follow = [] if to_the_end else ["--follow"]
        command = [*COMMAND, "capture", *map(str, arguments), *follow, "--progress", "json", "--stop-with-stdin"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.lines: list[dict[str, Any]] = []
        self.stored = 0

    def wait_for(self, stored: int) -> None:
        """Reads progress until so many events are stored."""
        while self.stored < stored:
            line = self._line()
            self.stored = max(self.stored, line.get("stored", 0))

    def wait_for_text(self, *parts: str) -> None:
        """Reads progress until a note or state holds one of `parts`."""
        while not any(part in str(line.get("text", "")) for line in self.lines for part in parts):
            self._line()

    def _line(self) -> dict[str, Any]:
        assert self.process.stderr is not None
        text = self.process.stderr.readline()
        assert text, f"the capture ended: {self.lines[-5:]}"
        line: dict[str, Any] = json.loads(text)
        self.lines.append(line)
        return line

    def wait_for_positions(self, covered: int) -> None:
        """Reads progress until so many positions are accounted for."""
        while max((line.get("covered", 0) for line in self.lines), default=0) < covered:
            self._line()

    def finish(self) -> int:
        """Waits until it ends by itself; its exit status."""
        assert self.process.stderr is not None
        for text in self.process.stderr:
            self.lines.append(json.loads(text))
        status = self.process.wait(30)
        self.kill()
        return status

    def stop(self) -> int:
        """Ends it by closing its standard input; its exit status."""
        assert self.process.stdin is not None
        assert self.process.stderr is not None
        self.process.stdin.close()
        for text in self.process.stderr:
            self.lines.append(json.loads(text))
        self.process.stderr.close()
        return self.process.wait(30)

    def kill(self) -> None:
        """Ends it at once, when a test has failed."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)
        for stream in (self.process.stdin, self.process.stderr):
            if stream is not None and not stream.closed:
                stream.close()


def texts(following: Following, kind: str) -> Sequence[str]:
    """The texts of one kind of line."""
    return [str(line["text"]) for line in following.lines if line["type"] == kind]
