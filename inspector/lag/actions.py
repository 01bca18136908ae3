"""What can be done about a record that a consumer stands on: the command that moves past it, and where a dead letter came from. Pure.

Nothing is run here: a command is text to be copied, quoted for a shell whatever names hold. Read `verdict` for who stands.
"""

from __future__ import annotations

import shlex
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from inspector.sources.groups import Place

Header = tuple[str, bytes | None]

_SPRING = ("kafka_dlt-original-", "kafka_original-")
"""Since 2.7 and before."""
_CONNECT = "__connect.errors."


def skip_command(servers: str, group: str, place: Place, position: int) -> str:
    """The command of Kafka's own tools that sets a group behind the record at `position`; it works while the group has no member."""
    topic, partition = place
    return shlex.join(
        [
            "kafka-consumer-groups", "--bootstrap-server", servers, "--group", group, "--topic", f"{topic}:{partition}",
            "--reset-offsets", "--to-offset", str(position + 1), "--execute",
        ]
    )  # fmt: skip


def open_command(url: str, place: Place, position: int, out: str) -> str:
    """The command that captures this record."""
    return shlex.join(["eventscope", "capture", url, "--range", f"{place[0]}/{place[1]}:{position}-{position + 1}", "-o", out])


@dataclass(frozen=True, slots=True)
class Original:
    """Where a dead letter was read that could not be dealt with, and why. None and empty where its headers do not say."""

    topic: str
    partition: int | None = None
    position: int | None = None
    time_ms: int | None = None
    group: str = ""
    exception: str = ""
    message: str = ""
    stage: str = ""
    more: Mapping[str, str] = field(default_factory=dict)
    """What else they say, such as the connector."""

    @property
    def place(self) -> str:
        """Where it was read, in words."""
        partition = "" if self.partition is None else f"/{self.partition}"
        return f"{self.topic}{partition}" + ("" if self.position is None else f" at {self.position:,}")


def original_record(headers: Iterable[Header]) -> Original | None:
    """The record that a dead letter is about, by the headers of Spring or of Kafka Connect; None where there are none.

    A header that is repeated counts as it was written first: a dead letter that failed again says so with later ones.
    """
    first: dict[str, bytes] = {}
    for name, value in headers:
        if value is not None:
            first.setdefault(name, value)
    return _of_spring(first) or _of_connect(first)


def _of_spring(headers: Mapping[str, bytes]) -> Original | None:
    """Numbers are big-endian bytes there."""
    prefix = next((prefix for prefix in _SPRING if f"{prefix}topic" in headers), None)
    if prefix is None:
        return None
    exceptions = prefix.replace("original-", "exception-")
    return Original(
        topic=_text(headers, f"{prefix}topic"),
        partition=_big_endian(headers.get(f"{prefix}partition"), ">i"),
        position=_big_endian(headers.get(f"{prefix}offset"), ">q"),
        time_ms=_big_endian(headers.get(f"{prefix}timestamp"), ">q"),
        group=_text(headers, f"{prefix}consumer-group"),
        exception=_text(headers, f"{exceptions}cause-fqcn") or _text(headers, f"{exceptions}fqcn"),
        message=_text(headers, f"{exceptions}message"),
    )


def _of_connect(headers: Mapping[str, bytes]) -> Original | None:
    """All is text there."""
    if f"{_CONNECT}topic" not in headers:
        return None
    return Original(
        topic=_text(headers, f"{_CONNECT}topic"),
        partition=_decimal(_text(headers, f"{_CONNECT}partition")),
        position=_decimal(_text(headers, f"{_CONNECT}offset")),
        exception=_text(headers, f"{_CONNECT}exception.class.name"),
        message=_text(headers, f"{_CONNECT}exception.message"),
        stage=_text(headers, f"{_CONNECT}stage"),
        more={name: text for name in ("connector.name", "task.id", "class.name") if (text := _text(headers, f"{_CONNECT}{name}"))},
    )


def _text(headers: Mapping[str, bytes], name: str) -> str:
    return headers.get(name, b"").decode("utf-8", "replace")


def _big_endian(value: bytes | None, layout: str) -> int | None:
    if value is None or len(value) != struct.calcsize(layout):
        return None
    (number,) = struct.unpack(layout, value)
    return int(number)


def _decimal(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 20 else None
