"""Lines of `kafka-dump-log`: which file, which batch, which record, each with what the tool says of it. Pure.

The tool prints keys and values raw, with no sign at their end: their sizes tell where they end, as long as they are UTF-8. The
words are those of `DumpLogSegments` from 0.10 to 4.1. Read `dump_log` for who asks.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from inspector.formats.kafka_rows import APPEND, CREATE, MOST_PARTITION, MOST_POSITION, NONE

HEAD = re.compile(
    rb"\| offset: \d+ |baseOffset: \d+ lastOffset: |offset: \d+ position: \d+ |Dumping \S|Log starting offset: \d|Starting offset: \d"
)
"""How a line begins that the tool prints; others go on with the value before them."""
_FOLDER = re.compile(rb"Dumping .*?([^/\\]+)-(\d+)[/\\][^/\\]+\Z", re.DOTALL)
_WORD = re.compile(rb"(\w+): (OptionalLong\[\d+\]|\S+)(?: |\Z)")
_RECORD = re.compile(
    rb"\| offset: (?P<offset>\d{1,19}) (?:(?P<kind>isValid|CreateTime|LogAppendTime|NoTimestampType): (?P<time>-?\d{1,19}) )?"
    rb"key ?[sS]ize: (?P<key_size>-?\d{1,10}) value ?[sS]ize: (?P<size>-?\d{1,10})"
    rb"(?: (?:baseOffset|lastOffset|baseSequence|lastSequence|producerEpoch|partitionLeaderEpoch|batchSize|magic|compressType"
    rb"|position|isvalid|crc): \S+)*"
    rb"(?: sequence: (?P<sequence>-?\d{1,10}))?(?: headerKeys: \[(?P<headers>[^\n]*?)\](?= key: | payload: | endTxnMarker: | \w+: |\s*\Z))?"
    rb"(?: isValid: \w+ crc: (?:null|\d+)\}?)?(?P<rest>.*)\Z",
    re.DOTALL,
)
_MARKER = re.compile(rb" endTxnMarker: (\w+) coordinatorEpoch: (-?\d{1,10})")
_KRAFT = re.compile(rb" (LeaderChange|SnapshotHeader|SnapshotFooter|KRaftVersion|KRaftVoters|controlType: \w+(?:\(\d+\))?)")
_KINDS = {b"CreateTime": CREATE, b"LogAppendTime": APPEND}


@dataclass(frozen=True, slots=True)
class Batch:
    """What the tool says of a batch; -1 for what it does not say."""

    words: dict[str, str]
    base: int
    last: int
    is_valid: bool

    def holds(self, offset: int) -> bool:
        """Whether a record may be of it."""
        return offset <= self.last and (self.base < 0 or offset >= self.base)

    @property
    def producer_id(self) -> int:
        """-1 for none."""
        return self._number("producerId")

    @property
    def is_transactional(self) -> bool:
        """Whether its records, or its marker, are of a transaction."""
        return self.words.get("isTransactional") == "true"

    @property
    def is_control(self) -> bool:
        """Whether it holds a marker."""
        return self.words.get("isControl") == "true"

    def extra(self) -> dict[str, object]:
        """What its records are shown with."""
        found: dict[str, object] = {"batch": [self.base if self.base >= 0 else None, self.last]}
        if self._number("magic") in {0, 1}:
            found["magic"] = self._number("magic")
        if self._number("partitionLeaderEpoch") >= 0:
            found["leader_epoch"] = self._number("partitionLeaderEpoch")
        codec = self.words.get("compresscodec", "none").lower()
        if codec not in {"none", "nocompressioncodec"}:
            found["codec"] = codec.removesuffix("compressioncodec")
        if self.producer_id >= 0:
            found["producer_id"], found["producer_epoch"] = self.producer_id, self._number("producerEpoch")
        if self.is_transactional:
            found["transactional"] = True
        horizon = re.fullmatch(r"OptionalLong\[(\d+)\]", self.words.get("deleteHorizonMs", ""))
        if horizon:
            found["delete_horizon_ms"] = int(horizon[1])
        return found

    def _number(self, name: str) -> int:
        text = self.words.get(name, "-1")
        return int(text) if re.fullmatch(r"-?\d{1,19}", text) else -1


@dataclass(slots=True)
class Record:
    """One record as the tool prints it. `error` says what it does not tell."""

    offset: int
    time_ms: int | None
    time_kind: int
    sequence: int | None
    key: bytes | None = None
    value: bytes | None = None
    header_names: list[str] = field(default_factory=list)
    control: str | None = None
    coordinator_epoch: int | None = None
    error: str = ""


def place_of(line: bytes) -> tuple[str, int] | None:
    """Topic and partition of a `Dumping …` line; None where the folder is not named so."""
    match = _FOLDER.match(line)
    if match is None or int(match[2]) > MOST_PARTITION:
        return None
    return match[1].decode("utf-8", "replace"), int(match[2])


def folder_of(line: bytes) -> str:
    """The segment's folder as a `Dumping …` line names it; empty for none."""
    folder, slash, _ = line.removeprefix(b"Dumping ").replace(b"\\", b"/").rpartition(b"/")
    return folder.decode("utf-8", "replace") if slash else ""


def batch_of(line: bytes) -> Batch | None:
    """What a line says of a batch; None for another line."""
    if not line.startswith((b"baseOffset: ", b"offset: ")):
        return None
    words = {name.decode(): value.decode("ascii", "replace") for name, value in _WORD.findall(line[:2000])}
    last, base = words.get("lastOffset", words.get("offset", "")), words.get("baseOffset", "-1")
    if not re.fullmatch(r"\d{1,19}", last) or not re.fullmatch(r"-?\d{1,19}", base) or "position" not in words:
        return None
    return Batch(words, int(base), int(last), words.get("isvalid", "true") == "true")


def marker_of(line: bytes) -> tuple[str, int] | None:
    """Name and offset of a marker of a transaction's end; None for another line."""
    match = _RECORD.match(line)
    marker = _MARKER.match(match["rest"]) if match is not None else None
    return (marker[1].decode(), int(match["offset"])) if match is not None and marker is not None else None


def record_of(text: bytes) -> Record | None:
    """What a `| offset: …` line says, with the lines that its value goes on with; None for another line."""
    match = _RECORD.match(text)
    if match is None or int(match["offset"]) > MOST_POSITION:
        return None
    kind = _KINDS.get(match["kind"], NONE)
    found = Record(
        int(match["offset"]),
        int(match["time"]) if kind != NONE else None,
        kind,
        None if match["sequence"] is None else int(match["sequence"]),
        header_names=_names(match["headers"]),
    )
    rest = match["rest"]
    if marker := _MARKER.match(rest):
        found.control, found.coordinator_epoch = marker[1].decode(), int(marker[2])
    elif kraft := _KRAFT.match(rest):
        found.control = kraft[1].decode()
    else:
        _take_data(found, rest, int(match["key_size"]), int(match["size"]))
    return found


def _names(text: bytes | None) -> list[str]:
    return [name.decode("utf-8", "replace") for name in text.split(b",")] if text else []


def _take_data(found: Record, rest: bytes, key_size: int, size: int) -> None:
    """Key and value out of ` key: … payload: …`, each of them absent when it is null."""
    if not rest.strip() and (key_size >= 0 or size >= 0):
        told = [f"{name} ({count:,} bytes)" for name, count in (("key", key_size), ("value", size)) if count >= 0]
        found.error = f"its {' and '.join(told)} {'is' if len(told) == 1 else 'are'} not in the dump: dump with --print-data-log"
        return
    key, value = _split(rest, key_size, size)
    found.key, found.value = key, value
    wrong = [
        name for name, data, count in (("key", key, key_size), ("value", value, size)) if (len(data) if data is not None else -1) != count
    ]
    if wrong:
        found.error = f"its {' and '.join(wrong)} cannot be told exactly: what is not UTF-8 is replaced in a dump"


def _split(rest: bytes, key_size: int, size: int) -> tuple[bytes | None, bytes | None]:
    key: bytes | None = None
    if key_size >= 0 and rest.startswith(b" key: "):
        rest = rest[len(b" key: ") :]
        end = key_size if size < 0 or rest.startswith(b" payload: ", key_size) else rest.find(b" payload: ")
        end = len(rest) if end < 0 else end
        key, rest = rest[:end], rest[end:]
    value = rest[len(b" payload: ") :] if size >= 0 and rest.startswith(b" payload: ") else None
    return key, value
