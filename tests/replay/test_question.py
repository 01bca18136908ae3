"""Moments are versions, times with their zone, or whole days."""

import pytest

from inspector.errors import UsageError
from inspector.event import parse_time
from inspector.replay.question import at_either, at_time, at_version


def test_a_time_is_taken_as_it_is() -> None:
    assert at_time("2026-11-23T08:00:00+01:00").time_us == parse_time("2026-11-23T07:00:00Z")


@pytest.mark.parametrize(
    ("text", "last", "said"),
    [
        ("2026-11-23", "2026-11-23T23:59:59.999999Z", "the end of 2026-11-23 in UTC"),
        ("2026-11-23Z", "2026-11-23T23:59:59.999999Z", "the end of 2026-11-23 in UTC"),
        ("2026-11-23+01:00", "2026-11-23T22:59:59.999999Z", "the end of 2026-11-23 in +01:00"),
        ("9999-12-31", "9999-12-31T23:59:59.999999Z", "the end of 9999-12-31 in UTC"),
    ],
)
def test_a_date_is_the_end_of_that_day_and_names_its_zone(text: str, last: str, said: str) -> None:
    moment = at_time(text)
    assert (moment.time_us, moment.text) == (parse_time(last), said)


@pytest.mark.parametrize("text", ["2026-11-23T08:00:00", "yesterday", "", "2026-13-01", "2026-02-30Z", "12"])
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="not a time with its zone"):
        at_time(text)


def test_digits_are_a_version() -> None:
    assert at_either("12") == at_version(12)
    assert at_either("2026-11-23").time_us is not None
    with pytest.raises(UsageError, match="below 0"):
        at_version(-1)
