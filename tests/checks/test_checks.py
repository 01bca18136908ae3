"""Each check: a clean log gives nothing, a planted fault is found at its position, what only looks like it is not flagged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import apsw

from inspector.checks import Severity
from inspector.event import Flag
from inspector.sources import SourceInfo
from tests.checks.contract import CheckContract, found
from tests.replay.captures import KAFKA, SECOND_US, Log, Written, write

SQLITE = SourceInfo("sqlite", "sqlite:///a.db")


def events(count: int, first: int = 0) -> list[Written]:
    return [
        Written(n, f'{{"n":{n}}}', version=n, time_us=n * SECOND_US, event_id=f"e-{n}", correlation_id=f"c-{n // 3}")
        for n in range(first, first + count)
    ]


def without(found_events: list[Written], *positions: int) -> list[Written]:
    return [one for one in found_events if one.position not in positions]


def changed(path: Path, sql: str, bindings: Sequence[object] = ()) -> None:
    connection = apsw.Connection(str(path))
    connection.execute(sql, tuple(bindings))
    connection.close()


class TestOffsetGaps(CheckContract):
    name = "offset-gaps"

    def planted(self, path: Path) -> Sequence[int]:
        write(path, [Log(without(events(50), 20, 21, 22), read=[(0, 50)])])
        return [20, 22]

    def legal(self, path: Path) -> None:
        compacted = replace(KAFKA, attributes={"compacted": ["orders"]})
        write(path, [Log(without(events(50), 20, 21), read=[(0, 50)], absent=[(50, 60, "retention")], end=60)], compacted)
        write(path, [Log(without(events(50), 7), name="tx", read=[(0, 50)])], SourceInfo("postgresql", "postgresql://db"))

    def test_rows_that_went_from_an_sqlite_store_are_told_one_by_one(self, tmp_path: Path) -> None:
        write(tmp_path / "a.evcap", [Log(without(events(50), 0, 20, 49), read=[(0, 50)])], SQLITE)
        assert [(one.first, one.last) for one in found(tmp_path / "a.evcap", self.name)] == [(0, 0), (20, 20), (49, 49)]

    def test_what_was_not_fetched_is_information(self, tmp_path: Path) -> None:
        write(tmp_path / "a.evcap", [Log(events(10), end=100)])
        (one,) = found(tmp_path / "a.evcap", self.name)
        assert (one.severity, one.first, one.last, one.count) == (Severity.info, 10, 99, 90)


class TestVersionGaps(CheckContract):
    name = "version-gaps"

    def planted(self, path: Path) -> Sequence[int]:
        others = [Written(100 + n, "{}", stream=f"other-{n}", version=0) for n in range(5)]
        write(path, [Log([*without(events(50), 20), *others], read=[(0, 200)])])
        return [21]

    def legal(self, path: Path) -> None:
        write(path, [Log([*events(10, 30), *[Written(100 + n, "{}", stream=f"other-{n}", version=0) for n in range(5)]])])

    def test_a_version_twice_is_an_error_unless_it_is_the_same_event(self, tmp_path: Path) -> None:
        again = Written(50, "{}", version=10, event_id="another")
        same = Written(51, '{"n":11}', version=11, event_id="e-11")
        write(tmp_path / "a.evcap", [Log([*events(50), again, same])])
        (one,) = found(tmp_path / "a.evcap", self.name)
        assert (one.severity, one.first) == (Severity.error, 50)
        assert "version 10 is there twice" in one.text


class TestDuplicateIds(CheckContract):
    name = "duplicate-ids"
    severity = Severity.error

    def planted(self, path: Path) -> Sequence[int]:
        write(path, [Log([*events(50), Written(50, '{"other":1}', event_id="e-7")])])
        return [7, 50]

    def legal(self, path: Path) -> None:
        again = Written(50, '{"n":7}', version=7, time_us=50 * SECOND_US, event_id="e-7")
        aborted = Written(51, '{"x":7}', event_id="e-8", flags=int(Flag.aborted))
        write(path, [Log([*events(50), again, aborted]), Log([Written(0, "{}", event_id="e-1")], name="elsewhere")])


class TestTimeOrder(CheckContract):
    name = "time-order"

    def planted(self, path: Path) -> Sequence[int]:
        back = [replace(one, time_us=(one.time_us or 0) - 3600 * SECOND_US) if 5000 <= one.position < 5004 else one for one in events(5100)]
        write(path, [Log(back)])
        return [5000, 5003]

    def legal(self, path: Path) -> None:
        write(path, [Log([replace(one, time_us=(one.time_us or 0) - (one.position % 3) * SECOND_US) for one in events(50)])])


class TestUndecodable(CheckContract):
    name = "undecodable"

    def planted(self, path: Path) -> Sequence[int]:
        bad = [replace(one, flags=int(Flag.undecodable)) if one.position in {3, 9} else one for one in events(50)]
        write(path, [Log(bad)])
        return [3, 9]

    def legal(self, path: Path) -> None:
        write(
            path,
            [Log([Written(0, None), Written(1, "text", is_document=False), Written(2, "x", flags=int(Flag.undecodable | Flag.control))])],
        )


class TestConflicts(CheckContract):
    name = "conflicts"
    severity = Severity.error

    def planted(self, path: Path) -> Sequence[int]:
        write(path, [Log(events(50))])
        write(path, [Log([Written(7, '{"other":1}', time_us=7 * SECOND_US)], read=[(7, 8)])])
        return [7]

    def legal(self, path: Path) -> None:
        write(path, [Log(events(50))])
        write(path, [Log(events(50))])


class TestTail(CheckContract):
    name = "tail"

    def planted(self, path: Path) -> Sequence[int]:
        write(path, [Log(events(50))], replace(SQLITE, attributes={"tables": {"orders": {"head": 60}}}))
        return [50, 60]

    def legal(self, path: Path) -> None:
        write(path, [Log(events(50), end=80)], replace(SQLITE, attributes={"tables": {"orders": {"head": 49}}}))


class TestTransactions(CheckContract):
    name = "transactions"

    def planted(self, path: Path) -> Sequence[int]:
        held = [replace(one, flags=int(Flag.open)) if one.position in {5, 6} else one for one in events(3000)]
        write(path, [Log(held)])
        return [5, 6]

    def legal(self, path: Path) -> None:
        write(path, [Log([replace(one, flags=int(Flag.open)) if one.position > 47 else one for one in events(50)])])


def processes(count: int, lacking: dict[int, str], steps: Sequence[str] = ("Placed", "Paid", "Shipped")) -> list[Written]:
    told = [
        Written(0, "{}", type=step, time_us=(number * 10 + at) * SECOND_US, correlation_id=f"p-{number}")
        for number in range(count)
        for at, step in enumerate(steps)
        if lacking.get(number) != step
    ]
    return [replace(one, position=position) for position, one in enumerate(told)]


class TestProcesses(CheckContract):
    name = "processes"

    def planted(self, path: Path) -> Sequence[int]:
        write(path, [Log(processes(60, {30: "Paid"}))])
        return [0]

    def legal(self, path: Path) -> None:
        # one is still going on; and half of all take the short way
        write(path, [Log(processes(60, {59: "Shipped"}))])
        write(path, [Log(processes(60, dict.fromkeys(range(0, 60, 2), "Paid")), name="two")])

    def test_it_says_what_is_missing(self, tmp_path: Path) -> None:
        self.planted(tmp_path / "a.evcap")
        (one,) = found(tmp_path / "a.evcap", self.name)
        assert one.text.startswith("process p-30 lacks Paid")
        assert len(one.events) == 2


class TestBursts(CheckContract):
    name = "bursts"
    severity = Severity.info

    @staticmethod
    def minutes(counts: Sequence[int]) -> list[Written]:
        times = [minute * 60 + second for minute, count in enumerate(counts) for second in range(count)]
        return [Written(position, "{}", time_us=time * SECOND_US) for position, time in enumerate(times)]

    def planted(self, path: Path) -> Sequence[int]:
        write(path, [Log(self.minutes([2] * 40 + [50] + [2] * 20))])
        return [0]

    def legal(self, path: Path) -> None:
        write(path, [Log(self.minutes([50] + [40, 45] * 30))])
