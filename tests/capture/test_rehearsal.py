"""A rule tried on stored events says what decoding then does, event by event, and why it finds nothing; masks hold."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from inspector import redecode
from inspector.capture.masked import open_masked
from inspector.capture.reader import CaptureReader
from inspector.capture.rehearsal import Case, Rehearsal, place_of, rehearse
from inspector.capture.stage import Stager
from inspector.capture.writer import CaptureWriter, Progress
from inspector.errors import UsageError
from inspector.event import Flag, LogKey, RecordBatch, TimeKind
from inspector.identify import Identifier, parse_profile
from inspector.masks import SIGN
from inspector.sources import LogInfo, SourceInfo

START_US = 1_700_000_000_000_000


def capture(
    path: Path,
    values: Sequence[object],
    *,
    partitions: int = 1,
    headers: Sequence[str | None] = (),
    keys: Sequence[bytes | None] = (),
    masks: str = "",
    metadata: Sequence[str | None] = (),
) -> Path:
    """One event a value, round the partitions of the log `orders`: bytes as they are, None as null, else its JSON."""
    infos = [LogInfo(LogKey("orders", number), 0, len(values)) for number in range(partitions)]
    count = len(values)
    batch = RecordBatch(
        log=[row % partitions for row in range(count)],
        position=[row // partitions for row in range(count)],
        time_us=[START_US + row for row in range(count)],
        time_kind=[int(TimeKind.create)] * count,
        key=list(keys or [None] * count),
        value=[value if value is None or isinstance(value, bytes) else json.dumps(value).encode() for value in values],
        headers=list(headers or [None] * count),
    )
    if metadata:
        batch.envelope = {"metadata": list(metadata)}
    with CaptureWriter(path, floor_bytes=0) as writer:
        if masks:
            writer.note_setting("masks", masks)
        source = writer.add_source(SourceInfo("kafka", "kafka://shop", "c-1"))
        log_ids = [writer.add_log(source, info) for info in infos]
        reading = writer.begin(source, {}, isolation="", filter_text=None, settings={})
        stager = Stager()
        if count:
            writer.append(reading, log_ids, stager.stage(Identifier().events(batch, infos)), Progress())
        stager.close()
    return path


def tried(reader: CaptureReader, field: str, place: str, rule: str = "", *, seq: int = 1) -> Rehearsal:
    text = f'[[log]]\nname = "orders"\n{field} = {rule or json.dumps(place)}\n' if place else ""
    return rehearse(reader, seq, field, place, parse_profile(text))


def by_seq(found: Rehearsal) -> dict[int, Case]:
    return {case.seq: case for case in found.cases}


@pytest.mark.parametrize("count", [1, 7, 20, 21, 500])
@pytest.mark.parametrize("partitions", [1, 3, 40])
def test_it_is_tried_on_events_from_all_over_the_log(tmp_path: Path, count: int, partitions: int) -> None:
    path = capture(tmp_path / "a.evcap", [{"kind": "K", "n": n} for n in range(count)], partitions=partitions)
    with CaptureReader(path) as reader:
        found = tried(reader, "type", "data.kind", seq=count)
    seqs = [case.seq for case in found.cases]
    assert len(seqs) == len(set(seqs)) == min(count, 20)
    assert count in seqs
    assert 1 in seqs
    assert found.found == len(seqs)


@pytest.mark.parametrize(
    ("field", "place", "rule"),
    [
        ("type", "data.kind", ""),
        ("stream", "data.order", '{ from = "data.order", split = "-" }'),
        ("stream", "key", ""),
        ("version", "data.n", ""),
        ("id", "header.x-id", ""),
        ("time", "data.at", '{ from = "data.at", unit = "ms", zone = "+02:00" }'),
        ("time", "data.at", ""),
        ("actor", "data.who.name", ""),
        ("correlation_id", "data.list[1]", ""),
        ("schema_version", "data.n", ""),
        ("type", "", ""),
    ],
)
def test_what_it_says_is_what_decoding_does(tmp_path: Path, field: str, place: str, rule: str) -> None:
    values: list[object] = [
        {"kind": "K", "order": "order-1", "n": 1, "at": 1_700_000_000_000, "who": {"name": "a"}, "list": [1, "two"], "type": "T"},
        {"kind": 5, "order": "order-2", "n": "7", "at": "2026-01-02T03:04:05", "who": "x", "list": []},
        {"kind": {"a": 1}, "order": "", "n": 1.5, "at": "2026-01-02T03:04:05Z", "who": {"name": [1]}, "list": "no"},
        {"kind": "x" * 2000, "order": "none", "n": True, "at": "yesterday"},
        None,
        b'{"broken":',
        b"[1, 2]",
        {},
    ]
    keys = [b"k", None, b"\xff", b"k-2", b"", b"a", b"b", b"c" * 300]
    heads = ['[["X_Id","h-1"]]', None, '[["x-id",null]]', "[]", None, None, None, None]
    path = capture(tmp_path / "a.evcap", values, headers=heads, keys=keys)
    text = f'[[log]]\nname = "orders"\n{field} = {rule or json.dumps(place)}\n' if place else ""
    with CaptureReader(path) as reader:
        found = by_seq(tried(reader, field, place, rule))
    assert sorted(found) == list(range(1, 9))
    redecode.run(path, profile=parse_profile(text))
    with CaptureReader(path) as reader:
        after = by_seq(tried(reader, field, place, rule))
        for seq, case in found.items():
            assert case.then == after[seq].now, seq
            assert after[seq].then == after[seq].now
            if place and field != "time":
                assert bool(case.why_not) == (case.then is None)


def test_why_not_is_said(tmp_path: Path) -> None:
    values: list[object] = [
        {"at": "2026-01-02T03:04:05"},
        {"at": 17},
        {"at": "soon"},
        {"at": True},
        {"at": {"s": 1}},
        {"at": []},
        {},
        None,
        b"\xff\xfe",
    ]
    path = capture(tmp_path / "a.evcap", values)
    with CaptureReader(path) as reader:
        times = tried(reader, "time", "data.at", '{ from = "data.at", unit = "guess" }')
        zoned = tried(reader, "time", "data.at", '{ from = "data.at", zone = "Europe/Paris" }')
        numbers = tried(reader, "version", "data.at")
        keys = tried(reader, "stream", "key")
    assert [case.why_not for case in times.cases] == [
        "it names no zone: say which",
        "no time in this unit",
        "no time of ISO 8601",
        "no time",
        "an object, no single value",
        "a list, no single value",
        "nothing there",
        "no document: null",
        "no document: not decoded",
    ]
    assert (zoned.cases[0].why_not, zoned.cases[0].then) == ("", 1_767_319_445_000_000)
    assert numbers.cases[0].why_not == "no whole number of 64 bits"
    assert {case.why_not for case in keys.cases} == {"no key"}


def test_numbers_keep_their_digits(tmp_path: Path) -> None:
    path = capture(tmp_path / "a.evcap", [b'{"n":10.50}', b'{"n":1234567890123456789012.10}', b'{"n":12}'])
    with CaptureReader(path) as reader:
        cases = tried(reader, "id", "data.n").cases
    assert [(case.there, case.then) for case in cases] == [(text, text) for text in ("10.50", "1234567890123456789012.10", "12")]


def test_large_and_cut_values_are_left_out_and_said(tmp_path: Path) -> None:
    path = capture(tmp_path / "a.evcap", [{"kind": "K", "more": "x" * 2_100_000}, {"kind": "y" * 1_000_000}, {"kind": "K"}])
    with CaptureWriter(path, floor_bytes=0) as writer:
        writer.select("UPDATE event SET flags = flags | :big WHERE seq = 3", {"big": int(Flag.oversize)}).fetchall()
    with CaptureReader(path) as reader:
        found = by_seq(tried(reader, "type", "data.kind"))
    assert found[1].why_not == "the value is too large to be tried here"
    assert found[2].why_not == "longer than 1,024 characters"
    assert len(found[2].there or "") == 300
    assert found[3].why_not == "the value was cut: decoding leaves it as it is"


MASKS = '[masks]\npaths = ["data.secret", "data.deep.card", "headers[\\"auth\\"]", "data.many[*]"]\npatterns = ["email"]\n'
CANARY = "canary-77"


@pytest.mark.parametrize(
    ("place", "is_hidden"),
    [
        ("data.secret", True),
        ("data.secret.inner", True),
        ("data.deep", False),
        ("data.deep.card", True),
        ("header.auth", True),
        ("data.many[0]", True),
        ("data.mail", False),
        ('data."a.b".mail', False),
        ("key", False),
    ],
)
@pytest.mark.parametrize("field", ["type", "stream", "actor", "id"])
def test_what_is_hidden_stays_hidden(tmp_path: Path, place: str, is_hidden: bool, field: str) -> None:
    value = {
        "secret": {"inner": CANARY} if "inner" in place else CANARY,
        "deep": {"card": CANARY},
        "many": [CANARY],
        "mail": f"{CANARY}@example.com",
        "a.b": {"mail": f"x {CANARY}@example.com"},
    }
    key = f'{{"mail":"{CANARY}@example.com"}}'.encode()
    path = capture(tmp_path / "a.evcap", [value], headers=[f'[["auth","{CANARY}"]]'], keys=[key], masks=MASKS)
    with open_masked(path) as reader:
        found = tried(reader, field, place)
    assert CANARY not in str(found)
    assert SIGN in str(found) or place == "data.deep"
    assert found.is_hidden == is_hidden
    with open_masked(path, unmasked=True) as reader:
        assert not tried(reader, field, place).is_hidden


def test_metadata_that_a_rule_took_is_found_where_it_was(tmp_path: Path) -> None:
    values = [{"metadata": {"by": "a"}}]
    cloud = '[["ce_specversion","1.0"],["ce_type","T"],["ce_by","a"]]'
    with CaptureReader(capture(tmp_path / "a.evcap", values)) as reader:
        assert place_of(reader, 1, "metadata.by", parse_profile("")) == "data.metadata.by"
        assert place_of(reader, 1, "data.x", parse_profile("")) == "data.x"
    with CaptureReader(capture(tmp_path / "b.evcap", [{}], headers=[cloud])) as reader:
        assert place_of(reader, 1, "metadata.by", parse_profile("")) == "header.ce_by"
        with pytest.raises(UsageError, match="point at the header itself"):
            place_of(reader, 1, "metadata.other", parse_profile(""))
    with CaptureReader(capture(tmp_path / "c.evcap", values, metadata=['{"by":"store"}'])) as reader:
        assert place_of(reader, 1, "metadata.by", parse_profile("")) == "metadata.by"
        assert tried(reader, "actor", "metadata.by").cases[0].then == "store"


def test_an_event_that_is_gone_has_no_cases(tmp_path: Path) -> None:
    with CaptureReader(capture(tmp_path / "a.evcap", [{}])) as reader:
        assert tried(reader, "type", "data.kind", seq=99).cases == ()
