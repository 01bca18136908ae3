"""The states of many streams are what each stream's own replay gives, with everything that is said of them."""

import random
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from inspector.capture.categories import sources_of, stream_ids
from inspector.capture.reader import CaptureReader
from inspector.capture.streams import StreamInfo, streams
from inspector.errors import CaptureError, UsageError
from inspector.event import Flag
from inspector.reducers import ABSENT
from inspector.replay import NOW, Moment, Question, Replay, after_events, at_event, at_version, before_event, many, to_json
from inspector.replay.many import States, StreamState
from inspector.replay.proposal import seen_types
from inspector.replay.suggesting import suggest
from tests.replay.captures import KAFKA, STORE, Log, Written, write

KINDS = (
    "plain",
    "no versions",
    "two partitions",
    "out of order",
    "repeated",
    "aborted",
    "unreadable",
    "untimed order",
    "tombstones",
    "text",
)


def _document(chance: random.Random, number: int) -> str:
    texts = ["7", "0.1", "3.50", "12345678901234567890123", "null", '"a,b"', '{"in":{"x":1}}', '{"in":null}', "[1,2]", "1e400"]
    members = {f"k{chance.randrange(4)}": chance.choice(texts) for _ in range(chance.randrange(4))}
    return "{" + ",".join([f'"n":{number}', *(f'"{name}":{text}' for name, text in members.items())]) + "}"


def _events(chance: random.Random, kind: str, stream: str, place: list[int]) -> list[tuple[int, Written]]:
    """(partition, event) of one stream; positions go on from `place`, one number for each partition."""
    found = []
    count = chance.randrange(1, 7)
    order = list(range(count))
    if kind == "out of order":
        chance.shuffle(order)
    for turn, rank in enumerate(order):
        partition = chance.randrange(2) if kind == "two partitions" else 0
        version: int | None = rank + chance.choice([0, 1, 1, 1, 3])
        if kind in {"no versions", "two partitions", "tombstones", "text"} or (kind == "untimed order" and chance.random() < 0.3):
            version = None
        if kind == "repeated" and chance.random() < 0.5:
            version = 1
        flags = 0
        if kind == "aborted" and chance.random() < 0.4:
            flags = int(Flag.aborted)
        if kind == "unreadable" and chance.random() < 0.3:
            flags = int(Flag.undecodable)
        time = place[partition] * 3 + (chance.randrange(-40, 40) if kind == "untimed order" or chance.random() < 0.2 else 0)
        data = None if kind == "tombstones" and chance.random() < 0.4 else _document(chance, turn)
        event_id = f"e-{chance.randrange(5)}" if kind == "repeated" else None
        is_document = not (kind == "text" and chance.random() < 0.7)
        found.append(
            (
                partition,
                Written(
                    place[partition],
                    data,
                    stream,
                    version,
                    time,
                    flags=flags,
                    event_id=event_id,
                    is_document=is_document,
                    recorded_us=time + chance.choice([0, 0, 20]),
                    is_recorded=chance.random() < 0.9,
                ),
            )
        )
        place[partition] += chance.choice([1, 1, 1, 2]) if kind == "no versions" else 1
    return found


def random_capture(path: Path, seed: int, count: int = 40) -> Path:
    chance = random.Random(seed)
    place = [0, 0]
    logs: list[list[Written]] = [[], []]
    waiting = [_events(chance, chance.choice(KINDS), f"s-{number}", place) for number in range(count)]
    for partition, event in [found for each in waiting for found in each]:
        logs[partition].append(event)
    read: list[Sequence[tuple[int, int]]] = [(), ()]
    if seed % 3 == 1:
        read[0] = ((place[0] // 4, place[0] // 2), (place[0] // 2 + 2, place[0] + 1))
    rules: dict[str, object] = {"reducer": "latest"} if seed % 4 == 3 else {}
    return write(
        path,
        [
            Log(logs[0], name="orders" if seed % 2 else "other", read=read[0], end=place[0] + (5 if seed % 5 == 0 else 1), rules=rules),
            Log(logs[1], name="orders" if seed % 2 else "other", partition=1, filter="x" if seed % 7 == 0 else None),
        ],
        STORE if seed % 6 == 5 else KAFKA,
    )


def _same(found: StreamState, reader: CaptureReader, moment: Moment, reducer: str | None) -> None:
    answer = Replay(reader, Question(found.stream.name, moment=moment, reducer=reducer), stream=found.stream).answer()
    printed, folded = answer.to_dict(), answer.folded
    assert found.applied == folded.applied
    assert found.has_begun == (folded.applied > 0 or folded.failure is not None)
    if not found.has_begun:
        return
    assert (found.state is ABSENT) == (folded.state is ABSENT)
    assert to_json(None if found.state is ABSENT else found.state) == to_json(printed["state"])
    assert (found.version, found.history, found.is_complete) == (answer.version, printed["history"], answer.is_complete)
    assert (found.reducer, found.skipped_aborted) == (answer.reducer, folded.skipped_aborted)
    assert (found.last and found.last.seq) == (folded.last and folded.last.seq)
    if found.last is not None and folded.last is not None:
        for name in ("position", "time_us", "version", "type", "event_id", "actor", "flags"):
            assert getattr(found.last, name) == getattr(folded.last, name)
    assert (found.failure and (found.failure.event.seq, found.failure.reason)) == (
        folded.failure and (folded.failure.event.seq, folded.failure.reason)
    )


@pytest.mark.parametrize("seed", range(12))
def test_every_state_is_that_of_the_streams_own_replay(tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(many, "QUICK_EVENTS", 5)
    alone: list[int] = []
    slow = States._alone

    def noted(self: States, stream: StreamInfo, going: Callable[[int], None]) -> StreamState:
        alone.append(stream.id)
        return slow(self, stream, going)

    monkeypatch.setattr(States, "_alone", noted)
    with CaptureReader(random_capture(tmp_path / "c.evcap", seed)) as reader:
        name = next(iter(streams(reader))).category
        ids = stream_ids(reader, sources_of(reader, name))
        moments = [NOW, *(at_version(version) for version in (0, 1, 3)), *(Moment(time_us=us, text="then") for us in (0, 60, 150, 10**9))]
        moments += [Moment(known_us=60, text="known then"), Moment(time_us=90, known_us=100, text="both")]
        for moment in moments:
            for reducer in (None, "merge", "history"):
                found = list(States(reader, moment, reducer).of(ids))
                assert [one.stream.id for one in found] == list(ids)
                for one in found:
                    _same(one, reader, moment, reducer)
                assert 0 < len(alone) < len(ids), "both ways are taken"
                alone.clear()


def test_a_deleted_stream_is_told_from_one_that_says_nothing(tmp_path: Path) -> None:
    events = [
        Written(0, '{"n":1}', "kept"),
        Written(1, '{"n":1}', "gone"),
        Written(2, None, "gone"),
        Written(3, "plain", "text", is_document=False),
        Written(4, '{"n":1}', "back"),
        Written(5, None, "back"),
        Written(6, '{"n":2}', "back"),
    ]
    with CaptureReader(write(tmp_path / "c.evcap", [Log(events)])) as reader:
        ids = stream_ids(reader, sources_of(reader, "orders"))
        found = {one.stream.name: (one.state is ABSENT, one.is_deleted) for one in States(reader).of(ids)}
    assert found == {"kept": (False, False), "gone": (True, True), "text": (True, False), "back": (False, False)}


def test_a_failing_stream_has_the_state_before_and_the_others_go_on(tmp_path: Path) -> None:
    events = [
        Written(0, '{"n":1}', "a", 1),
        Written(1, "?", "a", 2, flags=int(Flag.undecodable)),
        Written(2, '{"n":3}', "b", 1),
    ]
    with CaptureReader(write(tmp_path / "c.evcap", [Log(events)])) as reader:
        first, second = States(reader).of(stream_ids(reader, sources_of(reader, "orders")))
    assert (first.state, first.applied, first.failure and first.failure.event.seq) == ({"n": 1}, 1, 2)
    assert (second.state, second.failure) == ({"n": 3}, None)


def test_a_number_that_nothing_can_keep_ends_one_stream_and_no_other(tmp_path: Path) -> None:
    beyond = '{"n":1e9999999999999999999}'
    events = [Written(0, '{"n":1}', "a", 1), Written(1, beyond, "a", 2), Written(2, beyond, "b", 1), Written(3, '{"n":3}', "c", 1)]
    with CaptureReader(write(tmp_path / "c.evcap", [Log(events)])) as reader:
        found = list(States(reader).of(stream_ids(reader, sources_of(reader, "orders"))))
        for one in found:
            _same(one, reader, NOW, None)
        assert [one.reducer for one in suggest(reader, "orders")]
        assert seen_types(reader, found[1].stream)["Changed"].events == 4
    assert [(one.state, one.failure and one.failure.event.seq) for one in found] == [({"n": 1}, 2), (ABSENT, 3), ({"n": 3}, None)]
    assert found[0].failure is not None
    assert found[0].failure.reason.startswith("its document cannot be read: the number 1e9999999999999999999 is larger")


def test_progress_may_end_the_work(tmp_path: Path) -> None:
    told: list[int] = []

    def stop(done: int) -> None:
        told.append(done)
        if done == 2:
            raise InterruptedError

    with CaptureReader(random_capture(tmp_path / "c.evcap", 0)) as reader, pytest.raises(InterruptedError):
        list(States(reader).of(stream_ids(reader, sources_of(reader, "other")), stop))
    assert told[-1] == 2


def test_only_moments_that_all_streams_have_can_be_asked(tmp_path: Path) -> None:
    with CaptureReader(random_capture(tmp_path / "c.evcap", 0)) as reader:
        for moment in (after_events(3), at_event(3), before_event("e-1")):
            with pytest.raises(UsageError, match=f"cannot be asked for {moment.text}"):
                States(reader, moment)


def test_what_a_stranger_wrote_is_damage(tmp_path: Path) -> None:
    path = random_capture(tmp_path / "c.evcap", 1)
    with closing(apsw.Connection(str(path))) as file:
        file.execute("UPDATE stream SET events = 'many' WHERE id = 1")
    with CaptureReader(path) as reader, pytest.raises(CaptureError, match="is damaged"):
        list(States(reader).of(stream_ids(reader, sources_of(reader, "orders"))))


def test_a_category_that_is_not_there_is_named_with_those_that_are(tmp_path: Path) -> None:
    with CaptureReader(random_capture(tmp_path / "c.evcap", 1)) as reader:
        with pytest.raises(UsageError, match=r"there is no category 'order'.*; there is orders"):
            sources_of(reader, "order")
        with pytest.raises(UsageError, match=r"no source that has 'orders' is called 'pg'; there is kafka://"):
            sources_of(reader, "orders", "pg")
