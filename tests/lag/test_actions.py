"""Commands are text that a shell takes as it is meant; dead letters say where they came from."""

from __future__ import annotations

import shlex
import struct

from hypothesis import given
from hypothesis import strategies as st

from inspector.lag.actions import Original, open_command, original_record, skip_command

NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=30)


def test_command_that_moves_past_a_record() -> None:
    command = skip_command("b1:9092,b2:9092", "billing", ("orders", 7), 41_822)
    wanted = "kafka-consumer-groups --bootstrap-server b1:9092,b2:9092 --group billing --topic orders:7"
    assert command == f"{wanted} --reset-offsets --to-offset 41823 --execute"
    wanted = "eventscope capture kafka://b1:9092 --range orders/7:41822-41823 -o stuck.evcap"
    assert open_command("kafka://b1:9092", ("orders", 7), 41_822, "stuck.evcap") == wanted


@given(NAMES, NAMES)
def test_names_stay_one_word_for_a_shell(group: str, topic: str) -> None:
    words = shlex.split(skip_command("b:1", group, (topic, 0), 1))
    assert words[words.index("--group") + 1] == group
    assert f"{topic}:0" in words


def test_dead_letter_of_spring() -> None:
    headers = [
        ("kafka_dlt-original-topic", b"orders"),
        ("kafka_dlt-original-partition", struct.pack(">i", 7)),
        ("kafka_dlt-original-offset", struct.pack(">q", 1 << 40)),
        ("kafka_dlt-original-timestamp", struct.pack(">q", 1_700_000_000_000)),
        ("kafka_dlt-original-consumer-group", b"billing"),
        ("kafka_dlt-exception-fqcn", b"org.springframework.kafka.listener.ListenerExecutionFailedException"),
        ("kafka_dlt-exception-cause-fqcn", b"java.lang.IllegalStateException"),
        ("kafka_dlt-exception-message", b"no such order"),
        ("kafka_dlt-original-topic", b"orders-dlt"),
    ]
    assert original_record(headers) == Original(
        "orders", 7, 1 << 40, 1_700_000_000_000, "billing", "java.lang.IllegalStateException", "no such order"
    )


def test_dead_letter_of_connect() -> None:
    headers = [
        ("__connect.errors.topic", b"orders"),
        ("__connect.errors.partition", b"3"),
        ("__connect.errors.offset", b"99"),
        ("__connect.errors.connector.name", b"sink"),
        ("__connect.errors.task.id", b"0"),
        ("__connect.errors.stage", b"VALUE_CONVERTER"),
        ("__connect.errors.class.name", b"org.apache.kafka.connect.json.JsonConverter"),
        ("__connect.errors.exception.class.name", b"org.apache.kafka.connect.errors.DataException"),
        ("__connect.errors.exception.message", b"Converting byte[] failed"),
        ("__connect.errors.exception.stacktrace", b"at org.apache"),
    ]
    found = original_record(headers)
    assert found is not None
    assert (found.topic, found.partition, found.position, found.stage) == ("orders", 3, 99, "VALUE_CONVERTER")
    assert (found.exception, found.message) == ("org.apache.kafka.connect.errors.DataException", "Converting byte[] failed")
    assert found.more == {"connector.name": "sink", "task.id": "0", "class.name": "org.apache.kafka.connect.json.JsonConverter"}


@given(st.lists(st.tuples(st.sampled_from(["kafka_dlt-original-", "__connect.errors.", ""]), NAMES, st.none() | st.binary(max_size=12))))
def test_any_headers_are_read_or_not(parts: list[tuple[str, str, bytes | None]]) -> None:
    headers = [(prefix + name, value) for prefix, name, value in parts]
    if not any(name in {"kafka_dlt-original-topic", "__connect.errors.topic"} for name, _ in headers):
        assert original_record(headers) is None
    damaged = [("__connect.errors.topic", b"\xff"), ("__connect.errors.offset", b"-1"), ("__connect.errors.partition", None)]
    assert original_record([*damaged, *headers]) == original_record(damaged + headers) is not None
    assert original_record(damaged) == Original("\ufffd")
