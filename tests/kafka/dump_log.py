"""Kafka's own DumpLogSegments over segment files, and its text as values: an oracle for reading them."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.kafka.launcher import assemble

_BATCH = re.compile(
    r"baseOffset: (?P<base>\d+) lastOffset: (?P<last>\d+) count: (?P<count>\d+) .*producerId: (?P<producer>-?\d+) "
    r"producerEpoch: (?P<epoch>-?\d+) partitionLeaderEpoch: (?P<leader>-?\d+) isTransactional: (?P<transactional>\w+) "
    r"isControl: (?P<control>\w+) deleteHorizonMs: (?P<horizon>\S+) position: (?P<at>\d+) .*compresscodec: (?P<codec>\w+) "
    r"crc: \d+ isvalid: (?P<valid>\w+)"
)
_RECORD = re.compile(
    r"\| offset: (?P<offset>\d+) (?P<kind>CreateTime|LogAppendTime): (?P<time>-?\d+) keySize: (?P<key_size>-?\d+) "
    r"valueSize: (?P<value_size>-?\d+) sequence: (?P<sequence>-?\d+) headerKeys: \[(?P<headers>.*?)\]"
    r"(?: endTxnMarker: (?P<marker>\w+) coordinatorEpoch: (?P<coordinator>-?\d+))?(?: key: (?P<key>.*?))?(?: payload: (?P<value>.*))?$"
)


@dataclass(frozen=True)
class Dumped:
    """One record with what its batch says of it; `key` and `value` are None for null, and for markers."""

    position: int
    time_ms: int
    kind: str
    key: str | None
    value: str | None
    header_names: tuple[str, ...]
    extra: dict[str, object]


def command(files: Sequence[Path]) -> list[str]:
    """The command line that dumps every record of `files`."""
    words = ["kafka.tools.DumpLogSegments", "--deep-iteration", "--print-data-log", "--files", ",".join(map(str, files))]
    return ["java", "-Xmx512m", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", f"{assemble()}/*", *words]


def dumped(files: Sequence[Path]) -> Iterator[Dumped]:
    """The records of `files` as Kafka's tool prints them; none may hold a line break."""
    done = subprocess.run(command(files), capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL)
    common: dict[str, object] = {}
    for line in done.stdout.splitlines():
        if match := _BATCH.match(line):
            common = _common(match)
        elif match := _RECORD.match(line):
            yield _record(match, common)
        else:
            assert not line.startswith("|"), line


def _common(match: re.Match[str]) -> dict[str, object]:
    assert match["valid"] == "true"
    found: dict[str, object] = {"batch": [int(match["base"]), int(match["last"])], "leader_epoch": int(match["leader"])}
    if match["codec"] != "none":
        found["codec"] = match["codec"]
    if match["producer"] != "-1":
        found |= {"producer_id": int(match["producer"]), "producer_epoch": int(match["epoch"])}
    if match["transactional"] == "true":
        found["transactional"] = True
    if match["horizon"] != "OptionalLong.empty":
        found["delete_horizon_ms"] = int(re.sub(r"\D", "", match["horizon"]))
    return found


def _record(match: re.Match[str], common: dict[str, object]) -> Dumped:
    extra = dict(common)
    if match["marker"]:
        extra |= {"control": match["marker"], "coordinator_epoch": int(match["coordinator"])}
    elif match["sequence"] != "-1" and "producer_id" in common:
        extra["sequence"] = int(match["sequence"])
    names = tuple(match["headers"].split(",")) if match["headers"] else ()
    key = None if match["key_size"] == "-1" or match["marker"] else match["key"] or ""
    value = None if match["value_size"] == "-1" or match["marker"] else match["value"] or ""
    return Dumped(int(match["offset"]), int(match["time"]), match["kind"], key, value, names, extra)
