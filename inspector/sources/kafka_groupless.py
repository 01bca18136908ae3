"""Reading with librdkafka's older consumer, which knows no groups: for clusters where nobody has used one yet.

The Python client's consumer always looks up the coordinator of a group name, and on a cluster without
`__consumer_offsets` that look-up brings the topic to life. The library in the client's wheel also has the consumer that
needs no group; it is called here directly. It is slower per record and used nowhere else. Read `kafka_client` for when.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import confluent_kafka
from confluent_kafka import (
    TIMESTAMP_CREATE_TIME,
    TIMESTAMP_LOG_APPEND_TIME,
    TIMESTAMP_NOT_AVAILABLE,
    KafkaError,
    KafkaException,
    TopicPartition,
)

_CONSUMER = 1
_TEXT_BYTES = 512
_STAMPS = {0: TIMESTAMP_NOT_AVAILABLE, 1: TIMESTAMP_CREATE_TIME, 2: TIMESTAMP_LOG_APPEND_TIME}
_PER_PARTITION = {"queued.max.messages.kbytes": "2048", "queued.min.messages": "5000"}
"""This consumer has a queue of its own for each partition, so that the bounds hold for each."""
_NOT_HERE = {"group.id", "enable.auto.offset.store", "enable.auto.commit", "error_cb", "logger", "partition.assignment.strategy"}


class _Message(ctypes.Structure):
    """`rd_kafka_message_t`, as declared in rdkafka.h."""

    _fields_ = (
        ("err", ctypes.c_int),
        ("topic", ctypes.c_void_p),
        ("partition", ctypes.c_int32),
        ("payload", ctypes.c_void_p),
        ("length", ctypes.c_size_t),
        ("key", ctypes.c_void_p),
        ("key_length", ctypes.c_size_t),
        ("offset", ctypes.c_int64),
        ("private", ctypes.c_void_p),
    )


_POINTER = ctypes.POINTER(_Message)
_ERROR_CALLBACK = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)

_SIGNATURES: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "rd_kafka_conf_new": (ctypes.c_void_p, ()),
    "rd_kafka_conf_set": (ctypes.c_int, (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_size_t)),
    "rd_kafka_conf_set_error_cb": (None, (ctypes.c_void_p, _ERROR_CALLBACK)),
    "rd_kafka_new": (ctypes.c_void_p, (ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t)),
    "rd_kafka_topic_new": (ctypes.c_void_p, (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)),
    "rd_kafka_topic_name": (ctypes.c_char_p, (ctypes.c_void_p,)),
    "rd_kafka_topic_destroy": (None, (ctypes.c_void_p,)),
    "rd_kafka_queue_new": (ctypes.c_void_p, (ctypes.c_void_p,)),
    "rd_kafka_queue_destroy": (None, (ctypes.c_void_p,)),
    "rd_kafka_consume_start_queue": (ctypes.c_int, (ctypes.c_void_p, ctypes.c_int32, ctypes.c_int64, ctypes.c_void_p)),
    "rd_kafka_consume_stop": (ctypes.c_int, (ctypes.c_void_p, ctypes.c_int32)),
    "rd_kafka_consume_batch_queue": (ctypes.c_ssize_t, (ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(_POINTER), ctypes.c_size_t)),
    "rd_kafka_message_destroy": (None, (_POINTER,)),
    "rd_kafka_message_timestamp": (ctypes.c_int64, (_POINTER, ctypes.POINTER(ctypes.c_int))),
    "rd_kafka_message_headers": (ctypes.c_int, (_POINTER, ctypes.POINTER(ctypes.c_void_p))),
    "rd_kafka_header_get_all": (
        ctypes.c_int,
        (
            ctypes.c_void_p,
            ctypes.c_size_t,
            ctypes.POINTER(ctypes.c_char_p),
            ctypes.POINTER(ctypes.c_void_p),
            ctypes.POINTER(ctypes.c_size_t),
        ),
    ),
    "rd_kafka_get_watermark_offsets": (
        ctypes.c_int,
        (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int32, ctypes.POINTER(ctypes.c_int64), ctypes.POINTER(ctypes.c_int64)),
    ),
    "rd_kafka_poll": (ctypes.c_int, (ctypes.c_void_p, ctypes.c_int)),
    "rd_kafka_destroy": (None, (ctypes.c_void_p,)),
}


@cache
def library() -> Any:
    """The librdkafka that the Python client itself uses, or None where the wheel keeps it elsewhere."""
    package = Path(confluent_kafka.__file__).parent
    beside = package.parent / "confluent_kafka.libs"
    patterns = {"darwin": (package / ".dylibs", "librdkafka*.dylib"), "win32": (beside, "librdkafka*.dll")}
    folder, pattern = patterns.get(sys.platform, (beside, "librdkafka*.so*"))
    for file in sorted(folder.glob(pattern)) if folder.is_dir() else []:
        loaded = ctypes.CDLL(str(file))
        for name, (result, arguments) in _SIGNATURES.items():
            function = getattr(loaded, name)
            function.restype, function.argtypes = result, arguments
        return loaded
    return None


class Record:
    """One message, with the methods of the Python client's own."""

    __slots__ = ("_error", "_headers", "_key", "_offset", "_partition", "_stamp", "_topic", "_value")

    def __init__(self, lib: Any, pointer: Any) -> None:
        message = pointer.contents
        name = lib.rd_kafka_topic_name(message.topic) if message.topic else None
        self._topic = name.decode() if name else None
        self._partition = message.partition
        self._offset = message.offset
        self._value = ctypes.string_at(message.payload, message.length) if message.payload else None
        self._key = ctypes.string_at(message.key, message.key_length) if message.key else None
        self._error = KafkaError(message.err, (self._value or b"").decode("utf-8", "replace")) if message.err else None
        kind = ctypes.c_int(0)
        milliseconds = lib.rd_kafka_message_timestamp(pointer, ctypes.byref(kind))
        self._stamp = (_STAMPS.get(kind.value, TIMESTAMP_NOT_AVAILABLE), milliseconds)
        self._headers = _headers(lib, pointer) if not message.err else None

    def topic(self) -> str | None:
        """The topic's name."""
        return self._topic

    def partition(self) -> int:
        """The partition's number."""
        return int(self._partition)

    def offset(self) -> int:
        """The offset."""
        return int(self._offset)

    def key(self) -> bytes | None:
        """The key's bytes; None for null."""
        return self._key

    def value(self) -> bytes | None:
        """The value's bytes; None for null."""
        return None if self._error else self._value

    def error(self) -> KafkaError | None:
        """What this message says instead of a record."""
        return self._error

    def timestamp(self) -> tuple[int, int]:
        """(kind, milliseconds)."""
        return self._stamp

    def headers(self) -> list[tuple[str, bytes | None]] | None:
        """Names and values in order. Raises UnicodeDecodeError for a name that is not UTF-8."""
        return None if self._headers is None else [(name.decode(), value) for name, value in self._headers]


def _headers(lib: Any, pointer: Any) -> list[tuple[bytes, bytes | None]] | None:
    listed = ctypes.c_void_p()
    if lib.rd_kafka_message_headers(pointer, ctypes.byref(listed)):
        return None
    found: list[tuple[bytes, bytes | None]] = []
    name, value, size = ctypes.c_char_p(), ctypes.c_void_p(), ctypes.c_size_t()
    while lib.rd_kafka_header_get_all(listed, len(found), ctypes.byref(name), ctypes.byref(value), ctypes.byref(size)) == 0:
        content = ctypes.string_at(value.value, size.value) if value.value else None
        found.append((name.value or b"", content))
    return found


class GrouplessConsumer:
    """The calls of the Python client's consumer that reading needs, without a group.

    Raises KafkaException for a property that the library refuses.
    """

    def __init__(self, properties: Mapping[str, Any], heard: Callable[[KafkaError], None]) -> None:
        self._lib = library()
        self._topics: dict[str, int] = {}
        self._started: set[tuple[str, int]] = set()
        self._callback = _ERROR_CALLBACK(
            lambda _handle, code, reason, _opaque: heard(KafkaError(code, (reason or b"").decode("utf-8", "replace")))
        )
        self._handle: int | None = self._make(properties)
        self._queue = self._lib.rd_kafka_queue_new(self._handle)

    def _make(self, properties: Mapping[str, Any]) -> int:
        text = ctypes.create_string_buffer(_TEXT_BYTES)
        conf = self._lib.rd_kafka_conf_new()
        wanted = {name: str(value) for name, value in properties.items() if name not in _NOT_HERE}
        for name, value in {**wanted, **_PER_PARTITION, "log_level": "0", "auto.commit.enable": "false"}.items():
            if self._lib.rd_kafka_conf_set(conf, name.encode(), value.encode(), text, _TEXT_BYTES):
                raise KafkaException(KafkaError(KafkaError._INVALID_ARG, text.value.decode("utf-8", "replace")))
        self._lib.rd_kafka_conf_set_error_cb(conf, self._callback)
        handle = self._lib.rd_kafka_new(_CONSUMER, conf, text, _TEXT_BYTES)
        if not handle:
            raise KafkaException(KafkaError(KafkaError._INVALID_ARG, text.value.decode("utf-8", "replace")))
        return int(handle)

    def assign(self, partitions: Iterable[TopicPartition]) -> None:
        """Starts reading these partitions and no others."""
        for topic, number in list(self._started):
            self._stop(topic, number)
        self.incremental_assign(partitions)

    def incremental_assign(self, partitions: Iterable[TopicPartition]) -> None:
        """Starts reading these partitions at their offsets."""
        for place in partitions:
            topic = self._topic(place.topic)
            if self._lib.rd_kafka_consume_start_queue(topic, place.partition, place.offset, self._queue):
                raise KafkaException(KafkaError(KafkaError._STATE, f"cannot start reading {place.topic} partition {place.partition}"))
            self._started.add((place.topic, place.partition))

    def _topic(self, name: str) -> int:
        if name not in self._topics:
            self._topics[name] = self._lib.rd_kafka_topic_new(self._handle, name.encode(), None)
        return self._topics[name]

    def incremental_unassign(self, partitions: Iterable[TopicPartition]) -> None:
        """Stops reading these partitions."""
        for place in partitions:
            self._stop(place.topic, place.partition)

    def _stop(self, topic: str, number: int) -> None:
        if (topic, number) in self._started:
            self._started.discard((topic, number))
            self._lib.rd_kafka_consume_stop(self._topics[topic], number)

    def consume(self, num_messages: int = 1, timeout: float = 1.0) -> list[Any]:
        """At most so many messages, waiting at most so many seconds."""
        self._lib.rd_kafka_poll(self._handle, 0)
        pointers = (_POINTER * num_messages)()
        count = self._lib.rd_kafka_consume_batch_queue(self._queue, int(timeout * 1000), pointers, num_messages)
        taken = []
        for pointer in pointers[: max(0, count)]:
            taken.append(Record(self._lib, pointer))
            self._lib.rd_kafka_message_destroy(pointer)
        return taken

    def get_watermark_offsets(self, partition: TopicPartition, cached: bool = True) -> tuple[int, int]:
        """(first, end) as last heard of while reading; -1001 where nothing was heard yet."""
        low, high = ctypes.c_int64(-1001), ctypes.c_int64(-1001)
        place = (self._handle, partition.topic.encode(), partition.partition)
        if not cached or self._lib.rd_kafka_get_watermark_offsets(*place, ctypes.byref(low), ctypes.byref(high)):
            return -1001, -1001
        return low.value, high.value

    def close(self) -> None:
        """Stops and lets go; may be called twice."""
        if self._handle is None:
            return
        for topic, number in list(self._started):
            self._stop(topic, number)
        for topic_handle in self._topics.values():
            self._lib.rd_kafka_topic_destroy(topic_handle)
        self._lib.rd_kafka_queue_destroy(self._queue)
        self._lib.rd_kafka_destroy(self._handle)
        self._handle = None
