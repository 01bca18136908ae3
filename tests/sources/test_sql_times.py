"""A time as a bound: the first position with that time or a later one, whatever the clock did in between."""

from __future__ import annotations

from pathlib import Path

import pytest
from eventsourcing.cipher import AESCipher

from inspector.errors import UsageError
from inspector.event import parse_time
from inspector.sources import Bound, Request
from tests.sources.stores import AES, EVENTSOURCING, ZLIB, application, opened, orders, written
from tests.sources.test_sql_descriptor import MESSAGES, ROWS, TABLE

INSERT = "INSERT INTO stored_events VALUES (?, ?, ?, ?)"


def at(clock: str) -> int:
    return parse_time(f"2026-11-23T{clock}Z")


def state(clock: str) -> bytes:
    return b'{"timestamp": {"_type_": "datetime_iso", "_data_": "2026-11-23T%s+00:00"}}' % clock.encode()


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Positions 1–5 at 08:00, 09:00, 08:30 (the clock jumped back), unreadable, 10:00."""
    states = [state("08:00:00"), state("09:00:00"), state("08:30:00"), b"\xff\xfe", state("10:00:00")]
    rows = [(f"s{place}", 1, "shop:Order.Placed", content) for place, content in enumerate(states)]
    return written(tmp_path / "shop.db", [(EVENTSOURCING, []), (INSERT, rows)])


def asked(
    path: Path, start: Bound | None = None, end: Bound | None = None, *, follow: bool = False, **config: str
) -> tuple[int, int | None]:
    request = Request(start=start or Bound(edge="earliest"), end=end or Bound(), follow=follow)
    return opened(path, **config).pin(request).asked[0]


def test_start_is_the_first_position_that_late(shop: Path) -> None:
    assert asked(shop, Bound(time_us=at("08:00:00"))) == (1, 6)
    assert asked(shop, Bound(time_us=at("08:15:00"))) == (2, 6)
    assert asked(shop, Bound(time_us=at("09:30:00"))) == (5, 6)
    assert asked(shop, Bound(time_us=at("09:30:00")), follow=True) == (5, None)


def test_end_is_the_first_position_that_late_or_the_end(shop: Path) -> None:
    assert asked(shop, end=Bound(time_us=at("08:15:00"))) == (1, 2)
    assert asked(shop, end=Bound(time_us=at("11:00:00"))) == (1, 6)


def test_nothing_that_late_is_said_with_the_latest_time(shop: Path) -> None:
    plan = opened(shop).pin(Request(start=Bound(time_us=at("11:00:00"))))
    assert (plan.asked, plan.spans) == ([(6, 6)], [])
    (note,) = plan.notes
    assert note == "stored_events: nothing at or after 2026-11-23T11:00:00.000000Z, its latest time is 2026-11-23T10:00:00.000000Z"


def test_compressed_states_have_their_times(tmp_path: Path) -> None:
    with application(tmp_path / "shop.db", {"COMPRESSOR_TOPIC": ZLIB}) as app:
        app.do("place 3")
    assert asked(tmp_path / "shop.db", Bound(time_us=at("00:00:00") - 86_400_000_000_000)) == (1, 7)


def test_encrypted_states_have_none_and_the_time_is_refused(tmp_path: Path) -> None:
    with application(tmp_path / "shop.db", {"CIPHER_TOPIC": AES, "CIPHER_KEY": AESCipher.create_key(32)}) as app:
        app.do("place 3")
    with pytest.raises(UsageError, match="no time can be read from the rows of stored_events"):
        asked(tmp_path / "shop.db", Bound(time_us=at("00:00:00")))


def test_empty_store_has_nothing_at_that_time(tmp_path: Path) -> None:
    plan = opened(orders(tmp_path / "shop.db", 0)).pin(Request(start=Bound(time_us=5), follow=True))
    assert plan.asked == [(1, None)]
    assert "it is empty" in plan.notes[0]


def test_time_of_a_column_is_used_where_there_is_one(tmp_path: Path) -> None:
    rows = [(5, *ROWS[0][1:2], "2026-11-23 07:00:00", *ROWS[0][3:]), *ROWS]
    store = written(tmp_path / "billing.db", [(TABLE, []), (f"INSERT INTO billing_messages VALUES ({', '.join('?' * 10)})", rows)])
    descriptor = tmp_path / "billing.toml"
    descriptor.write_text(MESSAGES)
    assert asked(store, Bound(time_us=at("07:30:00")), descriptor=str(descriptor)) == (7, 10)


def test_descriptor_without_times_refuses_one(tmp_path: Path) -> None:
    store = written(tmp_path / "billing.db", [(TABLE, [])])
    descriptor = tmp_path / "billing.toml"
    descriptor.write_text(MESSAGES.replace('recorded = "utc(time)"', ""))
    with pytest.raises(UsageError, match="no time can be read"):
        asked(store, Bound(time_us=5), descriptor=str(descriptor))
