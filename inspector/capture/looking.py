"""What one statement looks at for a list: a stretch of numbers or of a log's positions, through a filter and a time range. No Qt.

Answers are arrays of numbers, which a list of millions is made of; the texts of rows are for the `reader`. Read `listing` for
how a whole capture is walked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from inspector.capture.asking import Watermark
from inspector.capture.condition import Condition
from inspector.capture.reader import CaptureReader
from inspector.capture.rows import from_for
from inspector.errors import CaptureError

Numbers = NDArray[np.int64]
NONE: Numbers = np.empty(0, np.int64)
PAGE = 4_096
"""Events looked at in one statement: some milliseconds without a filter."""


@dataclass(frozen=True, slots=True)
class Ask:
    """Which events are listed, and how. Times are `[from_us, until_us)` of `time`; None for no bound."""

    order: str = "arrival"
    """`arrival`, `log` or `time`."""
    newest_first: bool = False
    condition: Condition | None = None
    from_us: int | None = None
    until_us: int | None = None

    @property
    def has_range(self) -> bool:
        """Whether times are bounded."""
        return self.from_us is not None or self.until_us is not None

    @property
    def is_narrowed(self) -> bool:
        """Whether some events may be left out."""
        return self.condition is not None or self.has_range

    @property
    def is_arithmetic(self) -> bool:
        """Whether a row's number can be computed: everything, as it arrived."""
        return self.order == "arrival" and not self.is_narrowed

    @property
    def sign(self) -> int:
        """−1 when the newest comes first."""
        return -1 if self.newest_first else 1


def ordered(keys: Numbers) -> Numbers:
    """Keys as `keyed` gives them, sorted."""
    return keys[:, np.lexsort(keys[-2::-1])]


def log_ranks(reader: CaptureReader) -> tuple[Numbers, Numbers]:
    """(ids ascending, the place of each by name and partition)."""
    ids = _numbers_of([row[0] for row in reader.select("SELECT id FROM log ORDER BY name, partition, id")])
    order = np.argsort(ids)
    return ids[order], order.astype(np.int64)


_KEY_COLUMNS = (
    "json_group_array(coalesce(time_us, 0)) FILTER (WHERE ok), json_group_array(log_id) FILTER (WHERE ok), "
    "json_group_array(position) FILTER (WHERE ok), json_group_array(sub) FILTER (WHERE ok), json_group_array(seq) FILTER (WHERE ok)"
)


def keyed(
    reader: CaptureReader, ask: Ask, first: int, last: int, ranks: tuple[Numbers, Numbers], where: str = ""
) -> tuple[Numbers, int, int]:
    """Matches among the numbers `first` to `last`, as `keyed_of` gives them."""
    return _keyed(reader, ask, ranks, f"event.seq BETWEEN :low AND :high{where}", low=first, high=last)


def keyed_of(reader: CaptureReader, ask: Ask, seqs: Numbers, ranks: tuple[Numbers, Numbers], where: str = "") -> tuple[Numbers, int, int]:
    """Matches among the numbers `seqs` as columns (time, log's rank, position, part, number), sorted for the list.

    The first four are negative where the newest comes first, so that they always ascend; no time is 0. With it: how
    many were looked at, and of how many the filter could not be asked. Raises CaptureError for a damaged file.
    """
    listed = orjson.dumps(seqs.tolist()).decode()
    return _keyed(reader, ask, ranks, f"event.seq IN (SELECT value FROM json_each(:seqs)){where}", seqs=listed)


def _keyed(reader: CaptureReader, ask: Ask, ranks: tuple[Numbers, Numbers], where: str, **given: Any) -> tuple[Numbers, int, int]:
    looked = _looked(ask, where)
    ((*texts, count, not_applicable),) = reader.select(
        f"{looked} SELECT {_KEY_COLUMNS}, count(*), coalesce(sum(ok IS NULL), 0) FROM looked", _bindings(reader, ask, **given)
    )
    time_us, log_id, position, sub, seq = (_numbers(reader, text) for text in texts)
    ids, places = ranks
    at = np.searchsorted(ids, log_id)
    if not np.array_equal(ids[np.minimum(at, len(ids) - 1)], log_id):
        raise CaptureError(f"{reader.path} is damaged: an event is of no log; use another copy")
    keys = np.stack([time_us, places[at], position, sub, seq])
    keys[:4] *= ask.sign
    return ordered(keys), int(count), int(not_applicable)


def look(reader: CaptureReader, ask: Ask, low: int, high: int, where: str) -> tuple[Numbers, int, int]:
    """Matches among the numbers `low` to `high`, ascending; how many were looked at; of how many the filter cannot be asked."""
    where = f"event.seq BETWEEN :low AND :high{where}"
    timed = f" AND {_IN_RANGE}" if ask.has_range else ""
    # what does not match, most of it, is not even noted: a filter that finds little takes a third less
    looked = _looked(ask, f"{where} AND ({ask.condition.sql}) IS NOT 0" if ask.condition is not None else where)
    ((text, count, not_applicable),) = reader.select(
        f"{looked} SELECT json_group_array(seq) FILTER (WHERE ok), (SELECT count(*) FROM event WHERE {where}{timed}), "
        "coalesce(sum(ok IS NULL), 0) FROM looked",
        _bindings(reader, ask, low=low, high=high),
    )
    return np.sort(_numbers(reader, text)), int(count), int(not_applicable)


def look_at_log(
    reader: CaptureReader, ask: Ask, mark: Watermark, log_id: int, at: tuple[int, int] | None
) -> tuple[Numbers, int, int, int, tuple[int, int] | None]:
    """As `_look`, of the next page of a log's positions in the list's order; with how many events it has and where it ends."""
    compare, direction, edge = ("<", "DESC", 2**63 - 1) if ask.newest_first else (">", "ASC", -(2**63))
    rows = reader.select(
        "SELECT seq, position, sub FROM event INDEXED BY event_position WHERE log_id = :log_id AND seq BETWEEN :low AND :high "
        f"AND (position, sub) {compare} (:position, :sub) ORDER BY position {direction}, sub {direction} LIMIT :page",
        {
            "log_id": log_id,
            "position": at[0] if at else edge,
            "sub": at[1] if at else edge,
            "low": mark.first_seq,
            "high": mark.last_seq,
            "page": PAGE,
        },
    )
    if not rows:
        return NONE, 0, 0, 0, at
    seqs = _numbers_of([row[0] for row in rows])
    looked, not_applicable = len(rows), 0
    if ask.is_narrowed:
        matching, looked, not_applicable = _matching(reader, ask, seqs)
        seqs = seqs[np.isin(seqs, matching)]
    return seqs, looked, not_applicable, len(rows), (rows[-1][1], rows[-1][2])


def _matching(reader: CaptureReader, ask: Ask, seqs: Numbers) -> tuple[Numbers, int, int]:
    looked = _looked(ask, "event.seq IN (SELECT value FROM json_each(:seqs))")
    ((text, count, not_applicable),) = reader.select(
        f"{looked} SELECT json_group_array(seq) FILTER (WHERE ok), count(*), coalesce(sum(ok IS NULL), 0) FROM looked",
        _bindings(reader, ask, seqs=orjson.dumps(seqs.tolist()).decode()),
    )
    return _numbers(reader, text), int(count), int(not_applicable)


_IN_RANGE = "(:from_us IS NULL OR event.time_us >= :from_us) AND (:until_us IS NULL OR event.time_us < :until_us)"


def _looked(ask: Ask, where: str) -> str:
    """A common table of the events looked at: their columns, and as `ok` whether they match."""
    condition = ask.condition.sql if ask.condition is not None else "1"
    columns = "event.seq AS seq, event.time_us AS time_us, event.log_id AS log_id, event.position AS position, event.sub AS sub"
    timed = f" AND {_IN_RANGE}" if ask.has_range else ""
    return f"WITH looked AS MATERIALIZED (SELECT {columns}, ({condition}) AS ok FROM {from_for(condition, where)} WHERE {where}{timed})"


def _bindings(reader: CaptureReader, ask: Ask, **given: Any) -> dict[str, Any]:
    if ask.condition is not None:
        reader.prepare(ask.condition)
        given.update(ask.condition.bindings)
    if ask.has_range:
        given.update(from_us=ask.from_us, until_us=ask.until_us)
    return given


def _numbers(reader: CaptureReader, text: str) -> Numbers:
    """The numbers of a JSON list. Raises CaptureError when they are something else: then the file is damaged."""
    try:
        return _numbers_of(orjson.loads(text))
    except (ValueError, TypeError, OverflowError) as error:
        raise CaptureError(f"{reader.path} is damaged: an event's position or time is no number; use another copy") from error


def _numbers_of(values: list[Any]) -> Numbers:
    return np.array(values, dtype=np.int64)
