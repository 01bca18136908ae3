"""Rows of a store's table as records, whatever database they come from: what is bound once, then read page by page.

Cells are bytes (text as UTF-8) or numbers, and are decoded here one by one; one that cannot be is a row with a reason.
Read `sql_expressions` for what is bound, `sql_table` and `postgres_table` for the two that select.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from inspector.event import Flag, RecordBatch, TimeKind
from inspector.sources.sql_expressions import Cell, Evaluated, Problems

MAX_ROWS = 20_000
MAX_BYTES = 16_000_000
MAX_S = 0.2


@dataclass(slots=True)
class Page:
    """Rows of one reading: result columns, and where the table stood in the same instant."""

    cells: list[Sequence[Cell]]
    rows: int
    last: int
    """Position of the last row; the one before `start` when there is none."""
    is_end: bool
    """Nothing more was there below the end asked for."""
    newest: int
    """The position after the last row of the table; the start of its numbering when it is empty."""
    first: int = 0
    """Where the numbering starts."""
    incarnation: str | None = None
    """Told when it was asked for."""
    unreadable: Mapping[int, Sequence[str]] = field(default_factory=dict)
    """Row → why cells of it could not be had."""


@dataclass(frozen=True, slots=True)
class Extra:
    """A column that is kept as it is: `read` gives what JSON can say of it; unless `is_always`, only for rows without a time."""

    name: str
    read: Callable[[Sequence[Sequence[Cell]], Problems], Sequence[object]]
    is_always: bool


@dataclass(frozen=True, slots=True)
class RowReader:
    """What a descriptor's fields are on one table: numbers of result columns, of which the first is the position."""

    value: Sequence[int]
    """The columns a payload may be in: the first that is not null is it."""
    metadata: Sequence[int]
    envelope: Mapping[str, Evaluated]
    times: Mapping[str, Evaluated]
    extra: Sequence[Extra]

    def records(self, page: Page, log: int) -> RecordBatch:
        """The rows of a page as records of the plan's log number `log`."""
        if not page.rows:
            return RecordBatch()
        problems, cells, count = Problems({row: list(reasons) for row, reasons in page.unreadable.items()}), page.cells, page.rows
        batch = RecordBatch(
            log=[log] * count,
            position=cast("list[int]", list(cells[0])),
            time_us=[None] * count,
            time_kind=[int(TimeKind.none)] * count,
            key=[None] * count,
            value=_payload(cells, self.value),
            headers=[None] * count,
            envelope={name: list(evaluated(cells, problems)) for name, evaluated in self.envelope.items()},
        )
        if self.metadata:
            batch.envelope["metadata"] = list(_payload(cells, self.metadata))
        self._put_times(batch, page, problems)
        self._put_extra(batch, page, problems)
        for row, reasons in problems.by_row.items():
            batch.error[row] = "; ".join(reasons)
            batch.flags[row] = int(Flag.damaged)
        return batch

    def times_of(self, page: Page) -> list[int | None] | None:
        """The timestamp that a column gives of each row, microseconds; None when no column gives one."""
        for evaluated in self.times.values():
            return cast("list[int | None]", evaluated(page.cells, Problems())) if page.rows else []
        return None

    def values_of(self, page: Page) -> list[bytes | None]:
        """The payloads of a page."""
        return _payload(page.cells, self.value) if page.rows else []

    def identity(self, page: Page) -> list[object]:
        """What tells the first row of a page from another one at its position; its value does not count."""
        named = ("stream", "version", "type", "id")
        return [page.last, *(self.envelope[field](page.cells, Problems())[0] for field in named if field in self.envelope)]

    def _put_times(self, batch: RecordBatch, page: Page, problems: Problems) -> None:
        for name, evaluated in self.times.items():
            kind = TimeKind.create if name == "time" else TimeKind.append
            batch.time_us = cast("list[int | None]", evaluated(page.cells, problems))
            batch.time_kind = [int(kind) if time_us is not None else 0 for time_us in batch.time_us]

    def _put_extra(self, batch: RecordBatch, page: Page, problems: Problems) -> None:
        """Unmapped columns as they are, and the column of a time that cannot be read."""
        for one in self.extra:
            for row, said in enumerate(one.read(page.cells, problems)):
                if one.is_always or (batch.time_us[row] is None and said is not None):
                    batch.extra.setdefault(row, {})[one.name] = said


def _payload(cells: Sequence[Sequence[Cell]], numbers: Sequence[int]) -> list[bytes | None]:
    found = list(cells[numbers[0]])
    for number in numbers[1:]:
        if None in found:
            found = [new if old is None else old for old, new in zip(found, cells[number], strict=True)]
    if set(map(type, found)) <= {bytes, type(None)}:
        return cast("list[bytes | None]", found)
    return [cell.encode() if isinstance(cell, str) else cast("bytes | None", cell) for cell in found]


def verbatim(cell: Cell, row: int, name: str, problems: Problems, *, is_text: bool) -> object:
    """A cell as JSON can say it: bytes that are no text in base64."""
    if not isinstance(cell, bytes):
        return cell
    if is_text:
        try:
            return cell.decode()
        except UnicodeDecodeError as error:
            problems.add(row, f"{name}: not UTF-8 at byte {error.start}")
    return {"base64": base64.b64encode(cell).decode()}
