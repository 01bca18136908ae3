"""What a projection says: a row for each group and window, with its alarms; and what keeps the numbers from being the whole truth. Pure.

Read `state` for where they come from, `cli.project` for how they are printed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction
from heapq import nsmallest

from inspector import values
from inspector.event import format_time
from inspector.projections.cells import Kept, Key, value
from inspector.projections.spec import Projection, Threshold
from inspector.projections.state import MOST_CELLS, MOST_GROUPS, State

_DIGITS = Context(prec=20)


@dataclass(frozen=True, slots=True)
class Row:
    """The numbers of one group in one window, which begins at `window_us` (None without windows).

    `values` are exact: an int, Decimal, Fraction (means and rates), for `last` any JSON value, None where nothing was to be measured.
    """

    window_us: int | None
    labels: Mapping[str, object]
    values: Mapping[str, object]
    alarms: Sequence[Threshold] = ()

    def plain(self) -> dict[str, object]:
        """As it is printed: JSON values, means and rates to 20 digits."""
        told: dict[str, object] = {} if self.window_us is None else {"window": format_time(self.window_us)}
        return told | {
            "group": dict(self.labels),
            "values": {name: rounded(number) for name, number in self.values.items()},
            "alarm": [alarm.text for alarm in self.alarms],
        }


def rounded(number: object) -> object:
    """A Fraction as an int, or as a decimal of at most 20 digits; anything else as it is."""
    if not isinstance(number, Fraction):
        return number
    if number.denominator == 1:
        return number.numerator
    found = _DIGITS.divide(Decimal(number.numerator), Decimal(number.denominator)).normalize(_DIGITS)
    return int(found) if found == found.to_integral_value() else found


def rows(state: State) -> Iterator[Row]:
    """All rows, by window and then by labels."""
    projection = state.projection
    for key, kept in sorted(state.book.cells.items(), key=lambda cell: _order(cell[0])):
        yield row_of(projection, key, kept)


def first_rows(state: State, most: int) -> list[Row]:
    """The first `most` of `rows`, without putting all in order."""
    cells = nsmallest(most, state.book.cells.items(), key=lambda cell: _order(cell[0]))
    return [row_of(state.projection, key, kept) for key, kept in cells]


def row_of(projection: Projection, key: Key, kept: Sequence[Kept]) -> Row:
    """One cell as a row."""
    found = {one.name: value(one, part, projection.window_us) for one, part in zip(projection.measures, kept, strict=True)}
    alarms = [alarm for alarm in projection.alarms if alarm.holds(found[alarm.measure])]
    return Row(*_place(projection, key), found, alarms)


def gone(projection: Projection, key: Key) -> Row:
    """A cell of which nothing is left: all its events turned out to be aborted."""
    return Row(*_place(projection, key), dict.fromkeys((one.name for one in projection.measures), None))


def _place(projection: Projection, key: Key) -> tuple[int | None, dict[str, object]]:
    labels = {label.name: values.parse_exactly(text) for label, text in zip(projection.labels, key[1:], strict=True)}
    return None if projection.window_us is None else key[0] * projection.window_us, labels


def _order(key: Key) -> tuple[object, ...]:
    """Windows in time, numbers by size before texts, null last."""
    return (key[0] if key[0] is not None else 0, *map(_label_order, key[1:]))


def _label_order(text: str) -> tuple[int, Decimal, str]:
    if text == "null":
        return 2, Decimal(0), ""
    if text[0] in "-0123456789":
        return 0, Decimal(text), ""
    return 1, Decimal(0), text


def account(state: State) -> dict[str, object]:
    """What became of the events, as it is printed."""
    counts = state.book.counts
    without = {one.name: count for one, count in zip(state.projection.measures, counts.without, strict=True)}
    return {
        "asked": state.moment.text,
        "events": counts.looked,
        "counted": counts.matched - counts.untimed - counts.beyond,
        "aborted_left_out": counts.aborted,
        "not_applicable": counts.not_applicable,
        "without_time": counts.untimed,
        "beyond_the_most_groups": counts.beyond,
        "without_value": {name: count for name, count in without.items() if count},
        "undecided": state.undecided,
        **({"unreadable": counts.unreadable, "nothing_given": counts.silent} if state.projection.code else {}),
        **({"failed_at": {"seq": state.failed.seq, "reason": state.failed.reason}} if state.failed else {}),
    }


def notes(state: State) -> list[str]:
    """The same in sentences; none where the numbers are all there is."""
    counts, projection = state.book.counts, state.projection
    told = []
    if counts.aborted:
        told.append(f"{_events(counts.aborted)} of aborted transactions or control records left out")
    if counts.not_applicable:
        told.append(f"the filter is not applicable to {_events(counts.not_applicable)}")
    if counts.unreadable:
        told.append(f"{_events(counts.unreadable)} that could not be decoded not given to the function")
    if counts.silent:
        told.append(f"the function gave nothing for {_events(counts.silent)}")
    if counts.untimed:
        told.append(f"{_events(counts.untimed)} without a time, in no window")
    if counts.beyond:
        most = f"{MOST_GROUPS:,} groups and {MOST_CELLS:,} windows of groups"
        told.append(f"{_events(counts.beyond)} beyond {most} not counted: group by something with fewer values")
    for one, count in zip(projection.measures, counts.without, strict=True):
        if count:
            what = "nothing" if one.operation in {"count", "last"} else "no number"
            of = f"{count:,} given" if projection.code else _events(count)
            told.append(f"{one.name}: {of} with {what} at {' or '.join(one.places)}")
    if state.undecided:
        told.append(f"of up to {_events(state.undecided)} it is not known (yet) whether they were aborted")
    return told


def _events(count: int) -> str:
    return f"{count:,} event{'' if count == 1 else 's'}"
