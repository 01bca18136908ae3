"""History is honest: whole only where that is known."""

import pytest

from inspector.capture.coverage import NOT_FETCHED, RETENTION, Segment
from inspector.replay.history import LogAccount, Verdict, judge
from inspector.replay.tally import Tally
from tests.replay.stories import event


def _tally(*versions: int | None) -> Tally:
    tally = Tally()
    tally.add([event(place + 1, version=version) for place, version in enumerate(versions)])
    return tally


def _read(start: int, end: int, records: int | None = None) -> Segment:
    return Segment(start, end, "read", isolation="uncommitted", records=end - start if records is None else records)


def _judged(tally: Tally, *segments: Segment, first: int = 0, end: int = 100, compacted: bool = False) -> Verdict:
    return judge(tally, [LogAccount("orders/0", segments, first=first, end=end, compacted=compacted)])


@pytest.mark.parametrize("versions", [(0, 1, 2), (1, 2, 3), (1,), (1, 1, 2, 3)])
def test_versions_without_a_gap_are_whole_however_the_log_was_read(versions: tuple[int, ...]) -> None:
    assert _judged(_tally(*versions), Segment(50, 60, "scanned", filter="x")).history == "whole"


def test_a_first_version_above_the_base_starts_late() -> None:
    verdict = _judged(_tally(4, 5), _read(0, 100))
    assert verdict == Verdict("starts_late", ["versions before 4 are not in the capture"])


def test_version_one_starts_late_where_streams_begin_with_nought() -> None:
    accounts = [LogAccount("orders/0", [_read(0, 100)], end=100)]
    assert judge(_tally(1, 2), accounts, base_version=0).history == "starts_late"


def test_a_gap_in_versions_is_a_hole() -> None:
    verdict = _judged(_tally(1, 2, 5), _read(0, 100))
    assert verdict == Verdict("holes", ["2 versions are not in the capture: 3, 4"])


@pytest.mark.parametrize(
    ("versions", "aborted", "verdict"),
    [
        ((1, 2, 5), (3, 4), Verdict("whole")),
        ((1, 2, 5), (4,), Verdict("holes", ["version 3 is not in the capture"])),
        ((1, 2, 3), (2, 3, 4), Verdict("whole")),
        ((3, 4), (1, 2), Verdict("whole")),
        ((4,), (3,), Verdict("starts_late", ["versions before 3 are not in the capture"])),
    ],
)
def test_versions_of_aborted_events_are_no_holes(versions: tuple[int, ...], aborted: tuple[int, ...], verdict: Verdict) -> None:
    tally = Tally()
    tally.add([event(place + 1, version=version) for place, version in enumerate(versions)], [event(9, version=one) for one in aborted])
    assert _judged(tally, _read(0, 100)) == verdict


def test_aborted_events_fill_no_gap_twice() -> None:
    tally = Tally()
    for version, aborted in ((1, 2), (3, 4), (6, 4), (7, 8)):
        tally.add([event(version, version=version)], [event(9, version=aborted)])
    assert (tally.missing, tally.missing_count, tally.repeated_versions) == ([5], 1, 0)


def test_a_gap_in_what_a_filter_read_is_filtered() -> None:
    verdict = _judged(_tally(1, 3), Segment(0, 100, "scanned", filter="type == 'A'", records=2))
    assert verdict.history == "filtered"
    assert verdict.absent == ["version 2 is not in the capture", "orders/0: positions 0–99 were read through type == 'A'"]


def test_without_versions_a_log_read_from_its_first_position_is_whole() -> None:
    assert _judged(_tally(None, None), _read(0, 40), _read(40, 100)).history == "whole"


def test_without_versions_retention_starts_late() -> None:
    verdict = _judged(_tally(None), _read(30, 100), first=30)
    assert verdict == Verdict("starts_late", ["orders/0: positions 0–29 are absent: the log starts later (retention)"])
    assert _judged(_tally(None), Segment(0, 30, "absent", RETENTION), _read(30, 100)).history == "starts_late"


def test_without_versions_a_part_not_fetched_is_named() -> None:
    assert _judged(_tally(None), _read(30, 100)).absent == [f"orders/0: positions 0–29 are absent: {NOT_FETCHED}"]
    verdict = _judged(_tally(None), _read(0, 30), _read(60, 100))
    assert verdict == Verdict("holes", [f"orders/0: positions 30–59 are absent: {NOT_FETCHED}"])


def test_without_versions_positions_without_records_leave_it_unknown() -> None:
    assert _judged(_tally(None), _read(0, 100, records=90)).history == "unknown"
    assert _judged(_tally(None), _read(0, 100, records=90), compacted=True).history == "holes"


def test_without_versions_a_filter_makes_it_filtered() -> None:
    assert _judged(_tally(None), Segment(0, 100, "scanned", filter="x", records=3)).history == "filtered"


def test_what_follows_the_last_event_folded_does_not_matter() -> None:
    account = LogAccount("orders/0", [_read(0, 50)], end=100, upto=50)
    assert judge(_tally(None), [account]).history == "whole"
    assert judge(_tally(None), [LogAccount("orders/0", [_read(0, 50)], end=100)]).history == "holes"


def test_no_account_or_a_doubt_is_unknown() -> None:
    assert judge(_tally(None), []).history == "unknown"
    account = LogAccount("orders/1", [_read(0, 10)], end=10)
    verdict = judge(_tally(None), [account], doubts=["orders/0 was not read"])
    assert verdict == Verdict("unknown", ["orders/0 was not read"])


def test_many_missing_versions_are_counted_and_some_listed() -> None:
    tally = _tally(1, 10_000_000)
    assert (tally.missing_count, len(tally.missing)) == (9_999_998, 1000)
