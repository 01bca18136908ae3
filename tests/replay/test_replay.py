"""Replaying a stream of a real capture: which source, which order, which moment, and how sure the answer is."""

import json
from pathlib import Path
from typing import Any

import pytest

from inspector.capture.reader import CaptureReader
from inspector.errors import ExitStatus, UsageError
from inspector.event import Flag
from inspector.reducers import ABSENT
from inspector.replay import NOW, Answer, Question, Replay, at_time, at_version
from inspector.replay.many import States
from inspector.replay.story import Story
from tests.replay.captures import KAFKA, STORE, Log, Written, write


def _ask(path: Path, stream: str = "order-1", **asked: Any) -> Answer:
    with CaptureReader(path) as reader:
        return Replay(reader, Question(stream, **asked)).answer()


def _numbered(versions: list[int | None], **facts: Any) -> list[Written]:
    return [Written(n, json.dumps({f"k{n}": n}), version=version, **facts) for n, version in enumerate(versions)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "c.evcap"


def test_events_are_folded_in_version_order_whatever_their_position(path: Path) -> None:
    events = [Written(n, json.dumps({"v": version}), version=version) for n, version in enumerate([2, 1, 4, 3])]
    answer = _ask(write(path, [Log(events)]))
    assert answer.folded.state == {"v": 4}
    assert (answer.version, answer.verdict.history) == (4, "whole")
    assert _ask(path, moment=at_version(3)).folded.state == {"v": 3}


def test_without_versions_several_partitions_are_merged_by_time(path: Path) -> None:
    one = Log([Written(0, '{"last":"a"}', time_us=10), Written(1, '{"last":"c"}', time_us=30)], partition=0)
    two = Log([Written(0, '{"last":"b"}', time_us=20), Written(1, '{"last":"d"}', time_us=40)], partition=1)
    write(path, [one, two])
    states = [_ask(path, moment=at_version(n)).folded.state for n in range(1, 5)]
    assert states == [{"last": letter} for letter in "abcd"]
    answer = _ask(path, moment=at_version(3))
    assert (answer.version, answer.folded.applied) == (3, 3)


def test_a_replay_folds_one_source(path: Path) -> None:
    write(path, [Log([Written(0, '{"from":"kafka"}', version=1)])], KAFKA)
    write(path, [Log([Written(1, '{"from":"store"}', version=1)])], STORE)
    with pytest.raises(UsageError, match="2 streams"):
        _ask(path)
    assert _ask(path, source=STORE.uri).folded.state == {"from": "store"}
    assert _ask(path, source=KAFKA.uri).folded.state == {"from": "kafka"}


def test_a_time_takes_events_up_to_and_with_it(path: Path) -> None:
    write(path, [Log(_numbered([1, 2, 3]))])
    answer = _ask(path, moment=at_time("1970-01-01T00:00:01Z"))
    assert answer.folded.state == {"k0": 0, "k1": 1}
    assert answer.to_dict()["as_of"] == "1970-01-01T00:00:01.000000Z"
    before = _ask(path, moment=at_time("1969-12-31"))
    assert before.folded.state is ABSENT
    assert before.to_dict()["state"] is None


def test_aborted_events_are_left_out_and_counted(path: Path) -> None:
    events = _numbered([1, 2, 3])
    aborted = Written(3, '{"k9":9}', version=4, flags=int(Flag.aborted))
    answer = _ask(write(path, [Log([*events, aborted])]))
    assert (answer.folded.applied, answer.folded.skipped_aborted, answer.verdict.history) == (3, 1, "whole")


def test_versions_of_aborted_events_are_not_missing(path: Path) -> None:
    told = [(1, 0), (2, int(Flag.aborted)), (3, 0), (6, 0), (5, int(Flag.aborted)), (7, int(Flag.aborted))]
    events = [Written(n, json.dumps({"v": version}), version=version, flags=flags) for n, (version, flags) in enumerate(told)]
    answer = _ask(write(path, [Log(events)]))
    assert (answer.to_dict()["missing"], answer.verdict.history) == ([4], "holes")
    assert answer.absent == ["version 4 is not in the capture"]
    second = _ask(path, moment=at_version(2))
    assert (second.version, second.verdict.history, second.is_complete) == (1, "whole", True)
    assert second.stopped == "reached version 2, which is that of an aborted event: it is left out"
    assert _ask(path, moment=at_version(3)).is_complete
    with CaptureReader(path) as reader:
        story = Story(reader, 1, None)
        for moment in (NOW, *map(at_version, range(9))):
            assert story.judged(story.find(moment)).to_dict() == _ask(path, moment=moment).to_dict()
        states = States(reader, at_version(3)).of([1])
        assert [(found.history, found.is_complete) for found in states] == [("whole", True)]


def test_a_version_gap_is_listed(path: Path) -> None:
    answer = _ask(write(path, [Log(_numbered([1, 2, 4, 7]))])).to_dict()
    assert answer["missing"] == [3, 5, 6]
    assert answer["history"] == "holes"
    assert answer["scope"] == {
        "asked": "all events",
        "read": 4,
        "absent": ["3 versions are not in the capture: 3, 5, 6"],
        "complete": False,
        "stopped": "reached the end of the stream (4 events in the capture)",
    }


def test_an_unversioned_stream_read_from_the_start_is_whole(path: Path) -> None:
    answer = _ask(write(path, [Log(_numbered([None, None, None]))]))
    assert (answer.verdict.history, answer.is_complete, answer.version) == ("whole", True, 3)


def test_retention_makes_it_start_late(path: Path) -> None:
    events = [Written(n, "{}") for n in (100, 101)]
    answer = _ask(write(path, [Log(events, read=[(100, 102)], first=100, absent=[(0, 100, "retention")])]))
    assert answer.verdict.history == "starts_late"
    assert answer.absent == ["orders/0: positions 0–99 are absent: retention"]


def test_a_filter_makes_it_filtered(path: Path) -> None:
    answer = _ask(write(path, [Log(_numbered([None, None]), filter='type == "Changed"')]))
    assert answer.verdict.history == "filtered"


def test_compaction_makes_it_unknown_unless_the_positions_come_later(path: Path) -> None:
    events = [Written(0, "{}"), Written(1, "{}"), Written(7, "{}")]
    write(path, [Log(events)])
    assert _ask(path).verdict.history == "unknown"
    assert _ask(path, moment=at_version(2)).verdict.history == "whole"


def test_a_partition_without_the_key_does_not_spoil_the_history(path: Path) -> None:
    late = Log([Written(50, "{}", stream="other")], partition=1, read=[(50, 51)], first=50)
    answer = _ask(write(path, [Log(_numbered([None])), late]))
    assert answer.verdict.history == "whole"


def test_a_stream_named_by_a_rule_may_be_in_any_partition(path: Path) -> None:
    own = Log(_numbered([None], category="order"))
    late = Log([Written(50, "{}", stream="other", category="order")], partition=1, read=[(50, 51)], first=50)
    assert _ask(write(path, [own, late])).verdict.history == "starts_late"


def test_an_unread_end_makes_the_answer_incomplete_but_not_the_history(path: Path) -> None:
    write(path, [Log(_numbered([1, 2]), end=90)])
    answer = _ask(path)
    assert (answer.verdict.history, answer.is_complete) == ("whole", False)
    assert answer.absent == ["orders/0: positions 2–89 at the end were not read"]
    assert _ask(path, moment=at_version(2)).is_complete
    assert _ask(path, moment=at_version(3)).absent[0] == "version 3 is not in the capture"


def test_streams_of_a_category_that_begin_with_nought_tell_the_base(path: Path) -> None:
    other = [Written(10, "{}", stream="order-0", version=0)]
    assert _ask(write(path, [Log([*_numbered([1, 2]), *other])])).verdict.history == "starts_late"


def test_an_undecodable_event_stops_the_fold_and_is_a_finding(path: Path) -> None:
    bad = Written(1, '"?"', version=2, flags=int(Flag.undecodable))
    answer = _ask(write(path, [Log([*_numbered([1]), bad, Written(2, "{}", version=3)])]))
    assert (answer.folded.state, answer.exit_status, answer.is_complete) == ({"k0": 0}, ExitStatus.FINDINGS, False)
    failed = answer.to_dict()["failed_at"]
    assert isinstance(failed, dict)
    assert (failed["version"], failed["reason"]) == (2, "its value could not be decoded")


def test_what_if_an_event_had_not_happened(path: Path) -> None:
    events = [Written(0, '{"a":1}', version=1), Written(1, '{"a":2}', version=2, event_id="abc")]
    write(path, [Log(events)])
    for token in ("2", "abc"):
        answer = _ask(path, without=(token,))
        assert answer.folded.state == {"a": 1}
        counterfactual = answer.to_dict()["counterfactual"]
        assert isinstance(counterfactual, dict)
        assert [left["seq"] for left in counterfactual["without"]] == [2]
        assert answer.verdict.history == "whole"
    with pytest.raises(UsageError, match="--without zzz"):
        _ask(path, without=("zzz",))


def test_a_diff_goes_from_the_earlier_moment_to_the_later(path: Path) -> None:
    write(path, [Log(_numbered([1, 2, 3]))])
    expected = [{"op": "add", "path": "/k2", "from": None, "to": 2}]
    assert _ask(path, moment=at_version(3), diff=at_version(2)).to_dict()["diff"] == expected
    assert _ask(path, moment=at_version(2), diff=at_version(3)).to_dict()["diff"] == expected


def test_a_diff_says_how_sure_either_moment_is(path: Path) -> None:
    answer = _ask(write(path, [Log(_numbered([1, 2, 4, 5]))]), moment=at_version(2), diff=at_version(9))
    printed: dict[str, Any] = answer.to_dict()
    assert (printed["history"], answer.is_complete, answer.is_all_complete) == ("whole", True, False)
    assert (printed["diff_from"]["asked"], printed["diff_from"]["applied"], printed["diff_from"]["complete"]) == ("version 2", 2, True)
    assert (printed["diff_to"]["asked"], printed["diff_to"]["history"], printed["diff_to"]["missing"]) == ("version 9", "holes", [3])
    assert "version 9 is not in the capture" in printed["diff_to"]["absent"]


def test_a_diff_up_to_an_event_that_fails_is_a_finding(path: Path) -> None:
    answer = _ask(write(path, [Log([*_numbered([1, 2]), Written(2, "?", version=3, flags=int(Flag.undecodable))])]), diff=at_version(1))
    assert answer.exit_status is ExitStatus.FINDINGS
    answer = _ask(path, moment=at_version(1), diff=at_version(3))
    assert (answer.folded.failure, answer.exit_status) == (None, ExitStatus.FINDINGS)
    assert answer.other is not None
    assert answer.other.folded.failure is not None
    assert answer.other.folded.failure.event.seq == 3


def test_blame_names_event_and_actor(path: Path) -> None:
    events = [Written(0, '{"a":1,"b":1}', version=1, actor="ann"), Written(1, '{"a":2}', version=2, actor="bob", type="Renamed")]
    blame = _ask(write(path, [Log(events)]), blame=True).to_dict()["blame"]
    assert isinstance(blame, dict)
    assert {place: (who["actor"], who["type"], who["version"]) for place, who in blame.items()} == {
        "/a": ("bob", "Renamed", 2),
        "/b": ("ann", "Changed", 1),
    }


def test_the_default_reducer_fits_the_log(path: Path) -> None:
    change = json.dumps({"before": None, "after": {"id": 1}, "source": {"db": "shop"}, "op": "c"})
    logs = [
        Log([Written(0, '{"a":1}')], name="plain"),
        Log([Written(0, change), Written(1, change)], name="cdc"),
        Log([Written(0, '{"a":1}')], name="ruled", rules={"reducer": "latest"}),
        Log([Written(0, '{"a":1}')], name="evil", rules={"reducer": "/tmp/evil.py"}),
        Log([Written(0, '{"a":1}')], name="elsewhere", rules={"reducer": "only-installed-there"}),
    ]
    write(path, logs)
    chosen = {name: _ask(path, f"{name}/order-1").reducer for name in ("plain", "cdc", "ruled", "evil", "elsewhere")}
    assert chosen == {"plain": "merge", "cdc": "debezium", "ruled": "latest", "evil": "merge", "elsewhere": "merge"}
    assert _ask(path, "ruled/order-1", reducer="merge").reducer == "merge"


def test_a_capture_without_values_has_nothing_to_merge(path: Path, tmp_path: Path) -> None:
    write(path, [Log(_numbered([1, 2]))], with_values=False)
    with pytest.raises(UsageError, match="no values"):
        _ask(path)
    counting = tmp_path / "count.py"
    counting.write_text("def reduce(s, e): return (s or 0) + 1\n")
    assert _ask(path, reducer=str(counting)).folded.state == 2


def test_values_that_are_no_documents_are_said_to_have_changed_nothing(path: Path) -> None:
    events = [Written(0, '{"a":1}', version=1), Written(1, "hello", version=2, is_document=False)]
    answer = _ask(write(path, [Log(events)]))
    assert (answer.folded.state, answer.folded.applied, answer.is_complete) == ({"a": 1}, 2, False)
    assert answer.absent == ["1 of its events have a value that is no document (text or bytes): they change nothing"]


def test_numbers_and_repeated_keys_survive_the_capture(path: Path) -> None:
    digits = "1234567890123456789012345678901234567890"
    first = f'{{"max":9223372036854775807,"big":{digits},"tenth":0.1,"fine":0.{digits}}}'
    events = [Written(0, first, version=1), Written(1, '{"k":1,"k":2}', version=2, flags=int(Flag.duplicate_keys))]
    from inspector.values import to_json

    assert to_json(_ask(write(path, [Log(events)])).folded.state) == first[:-1] + ',"k":1}'


def test_a_document_as_deep_as_a_capture_allows_is_replayed(path: Path) -> None:
    deep = '{"a":' * 999 + "[]" + "}" * 999
    from inspector.values import to_json

    answer = _ask(write(path, [Log([Written(0, deep, version=1), Written(1, deep, version=2)])]), blame=True, diff=at_version(1))
    assert to_json(answer.folded.state) == deep
    assert answer.diff == []
    assert len(answer.blame or {}) == 1
