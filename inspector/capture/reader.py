"""Answers from a capture, read-only: events by number, in any order, of a stream; never a write, never a long transaction.

One reader belongs to one thread; only `interrupt` may be called from another. Pages go by key, so that a page is as
quick at the end as at the start. Read `report` for the account of a capture, `streams` for replay order.
"""

from __future__ import annotations

import heapq
import json
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any, Self

import apsw

from inspector.capture.asking import EventQuery, Watermark
from inspector.capture.beside import Beside
from inspector.capture.condition import Condition
from inspector.capture.hiding import hidden, register
from inspector.capture.opening import open_capture
from inspector.capture.rows import ENDS, EVENT, EVENT_KINDS, EVENT_WITHIN, FROM, ROW, ROW_KINDS, Event, EventRow
from inspector.errors import CaptureError, UsageError
from inspector.masks import Masks

PAGE_ROWS = 500


class CaptureReader:
    """A capture opened for reading. Raises CaptureError for a file that is not one, is damaged, or is of a newer version."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.masks: Masks | None = None
        """What is hidden in all that this reader gives; filters still look at what is stored."""
        self.connection = open_capture(path)
        self._beside: Beside | None = None

    def hide(self, masks: Masks) -> None:
        """From now on hides what `masks` say."""
        self.masks = masks
        register(self.connection, masks)
        if self._beside is not None:
            self._beside.close()
            self._beside = None

    def interrupt(self) -> None:
        """Ends the query that runs in another thread; it raises `apsw.InterruptError` there."""
        self.connection.interrupt()
        if self._beside is not None:
            self._beside.interrupt()

    def beside(self) -> Beside:
        """A second connection with a thread of its own, closed with this one. Raises CaptureError when it cannot be opened."""
        self._beside = self._beside or Beside(self._another)
        return self._beside

    def _another(self) -> CaptureReader:
        reader = CaptureReader(self.path)
        if self.masks is not None:
            reader.hide(self.masks)
        return reader

    def close(self) -> None:
        """Lets go of the file; may be called twice."""
        beside, self._beside = self._beside, None
        if beside is not None:
            beside.close()
        self.connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_how: object) -> None:
        self.close()

    def select(self, sql: str, bindings: Sequence[Any] | dict[str, Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query. Raises CaptureError when the file is damaged, UsageError for a text that no capture can hold."""
        try:
            return self.connection.execute(sql, bindings or None).fetchall()
        except (apsw.Error, UnicodeError) as error:
            raise self._damage(error) from error

    def each(self, sql: str, bindings: Sequence[Any] | dict[str, Any] = ()) -> Generator[tuple[Any, ...], None, None]:
        """The rows of a query as they come. Raises as `select` does."""
        try:
            yield from self.connection.execute(sql, bindings or None)
        except (apsw.Error, UnicodeError) as error:
            raise self._damage(error) from error

    def chunks(self, sql: str, bindings: Sequence[Any], rows: int) -> Iterator[list[tuple[Any, ...]]]:
        """The same in lists of so many rows, which is twice as quick for small rows. Raises CaptureError when the file is damaged."""
        try:
            found = self.connection.execute(sql, bindings)
            while chunk := list(islice(found, rows)):
                yield chunk
        except (apsw.Error, UnicodeDecodeError) as error:
            raise self._damage(error) from error

    def _damage(self, error: Exception) -> Exception:
        if isinstance(error, apsw.InterruptError | apsw.BusyError):
            return error
        if isinstance(error, UnicodeEncodeError):  # asked for by a command line of bytes that are no UTF-8
            return UsageError(f"{error.object!r} is no whole text (half of a character stands in it): nothing in a capture is called so")
        # our own statements are right: what fails is a stranger's content
        return CaptureError(f"{self.path} is damaged ({error}); what can be read is read, the rest needs another copy")

    def shown(self, sql: str) -> str:
        """`sql` with the columns of its SELECT list hidden as the masks say; what is asked of them stays."""
        return sql if self.masks is None else hidden(sql)

    def prepare(self, condition: Condition) -> None:
        """Makes the connection ready for a filter's SQL."""
        if condition.prepare is not None:
            condition.prepare(self.connection)

    def watermark(self) -> Watermark:
        """The numbers of the first and last event; a live capture grows."""
        # two scalar look-ups: min and max in one SELECT would scan the table
        ((first, last),) = self.select("SELECT (SELECT min(seq) FROM event), (SELECT max(seq) FROM event)")
        return Watermark(first or 0, last or 0)

    def rows(self, first_seq: int, limit: int) -> list[EventRow]:
        """Up to `limit` events from number `first_seq` on, in arrival order, as a list shows them."""
        found = self.select(f"{self.shown(ROW)} WHERE event.seq >= ? ORDER BY event.seq LIMIT ?", (first_seq, limit))
        return [EventRow(*self._checked(row, ROW_KINDS)) for row in found]

    def _checked(self, row: tuple[Any, ...], kinds: Sequence[Any]) -> tuple[Any, ...]:
        """`row` when every value is of its column's kind: SQLite itself lets a stranger's file hold anything anywhere."""
        if all(map(isinstance, row, kinds)):
            return row
        raise CaptureError(f"{self.path} is damaged: event {row[0]} holds values of other kinds than it should; use another copy")

    def rows_by_seq(self, seqs: Sequence[int]) -> list[EventRow]:
        """The events with these numbers, in this order; those that are gone are left out."""
        found = {}
        for start in range(0, len(seqs), PAGE_ROWS):
            part = list(seqs[start : start + PAGE_ROWS])
            marks = ", ".join("?" * len(part))
            rows = self.select(f"{self.shown(ROW)} WHERE event.seq IN ({marks})", part)
            found.update({row[0]: EventRow(*self._checked(row, ROW_KINDS)) for row in rows})
        return [found[seq] for seq in seqs if seq in found]

    def event(self, seq: int, *, most_bytes: int = 1 << 40) -> Event | None:
        """The event with this number, or None; a value, data or metadata that is larger than `most_bytes` is left out."""
        found = self.select(f"{self.shown(EVENT_WITHIN)} WHERE event.seq = :seq", {"seq": seq, "most": most_bytes})
        return Event(*self._checked(found[0], EVENT_KINDS)) if found else None

    def events(self, query: EventQuery | None = None) -> Iterator[Event]:
        """Whole events in the query's order, read page by page; events appended meanwhile may come at the end."""
        query = query or EventQuery()
        seqs: list[int] = []
        for count, seq in enumerate(self.seqs(query), 1):
            seqs.append(seq)
            if len(seqs) >= PAGE_ROWS or count == query.limit:
                yield from self._whole(seqs)
                seqs = []
        yield from self._whole(seqs)

    def _whole(self, seqs: Sequence[int]) -> Iterator[Event]:
        if not seqs:
            return
        marks = ", ".join("?" * len(seqs))
        found = {row[0]: row for row in self.select(f"{self.shown(EVENT)} WHERE event.seq IN ({marks})", list(seqs))}
        for seq in seqs:
            if seq in found:
                yield Event(*self._checked(found[seq], EVENT_KINDS))

    def seqs(self, query: EventQuery) -> Iterator[int]:
        """The numbers of the matching events in the query's order, at most `query.limit`."""
        order = {"arrival": self._by_arrival, "log": self._by_log, "time": self._by_time}[query.order]
        if query.among is not None:
            order = self._of_those
        elif query.stream_id is not None and query.order == "arrival":
            order = self._of_stream
        for count, seq in enumerate(order(query)):
            if query.limit is not None and count >= query.limit:
                return
            yield seq

    # ---- orders

    def _where(self, query: EventQuery) -> tuple[str, dict[str, Any]]:
        """The query's conditions but for its order; names are those of `FROM`."""
        parts: list[str] = ["true"]
        bindings: dict[str, Any] = {}
        for column, operator, value in (
            ("log.name", "=", query.log),
            ("log.partition", "=", query.partition),
            ("event.time_us", ">=", query.from_us),
            ("event.time_us", "<", query.until_us),
            ("event.position", ">=", query.from_position),
            ("event.position", "<", query.until_position),
        ):
            if value is not None:
                name = f"q{len(bindings)}"
                parts.append(f"{column} {operator} :{name}")
                bindings[name] = value
        if query.stream_id is not None:
            parts.append("event.seq IN (SELECT x.seq FROM event_stream x WHERE x.stream_id = :stream_id)")
            bindings["stream_id"] = query.stream_id
        if query.condition is not None:
            self.prepare(query.condition)
            parts.append(f"({query.condition.sql})")
            bindings.update(query.condition.bindings)
        return " AND ".join(parts), bindings

    def _by_arrival(self, query: EventQuery) -> Iterator[int]:
        where, bindings = self._where(query)
        for first, last in self._spans(query):
            yield from self._keyed("event.seq", where, bindings, first, last, query)

    def _keyed(self, key: str, where: str, bindings: dict[str, Any], first: int, last: int, query: EventQuery) -> Iterator[int]:
        """Numbers in the order of one integer column, page after page by that column.

        Nothing in `where` may bound it too: SQLite would seek to the bound that it likes, and pass over all pages before.
        """
        direction, at, name = ("DESC", last, "k_last") if query.reverse else ("ASC", first, "k_first")
        between = f"{key} BETWEEN :k_first AND :k_last"
        sql = f"SELECT event.seq, {key} FROM {FROM} WHERE {where} AND {between} ORDER BY {key} {direction} LIMIT :page"
        page = PAGE_ROWS if query.limit is None else min(PAGE_ROWS, max(query.limit, 1))
        while True:
            rows = self.select(sql, {**bindings, "k_first": first, "k_last": last, name: at, "page": page})
            for seq, _ in rows:
                yield int(seq)
            if len(rows) < page:
                return
            at = rows[-1][1] + (-1 if query.reverse else 1)

    def _blocks(self, query: EventQuery) -> list[tuple[int, int, int | None, int | None, int]]:
        """(first, last, earliest, latest, events without a time) of the runs that may hold a match."""
        found = self.select(
            "SELECT first_seq, last_seq, min_us, max_us, untimed FROM block WHERE (?1 IS NULL OR max_us >= ?1) "
            "AND (?2 IS NULL OR min_us < ?2) ORDER BY first_seq",
            (query.from_us, query.until_us),
        )
        return [(int(first), int(last), low, high, int(untimed)) for first, last, low, high, untimed in found]

    def _spans(self, query: EventQuery) -> list[tuple[int, int]]:
        """The stretches of numbers to look through, in reading order: all of it, or the blocks that touch the time range."""
        if query.from_us is None and query.until_us is None:
            mark = self.watermark()
            return [(mark.first_seq, mark.last_seq)] if mark.last_seq else []
        spans = [(first, last) for first, last, *_ in self._blocks(query)]
        return spans[::-1] if query.reverse else spans

    def _of_stream(self, query: EventQuery) -> Iterator[int]:
        """A stream's events by number, through its own index."""
        where, bindings = self._where(query)
        mark = self.watermark()
        sql = (
            f"SELECT event.seq, event.seq FROM event_stream y CROSS JOIN {FROM.replace('event LEFT', 'event ON event.seq = y.seq LEFT', 1)}"
        )
        compare, direction, at = ("<=", "DESC", mark.last_seq) if query.reverse else (">=", "ASC", mark.first_seq)
        while True:
            rows = self.select(
                f"{sql} WHERE y.stream_id = :stream_id AND y.seq {compare} :at AND {where} ORDER BY y.seq {direction} LIMIT {PAGE_ROWS}",
                {**bindings, "at": at},
            )
            for seq, _ in rows:
                yield int(seq)
            if len(rows) < PAGE_ROWS:
                return
            at = rows[-1][0] + (-1 if query.reverse else 1)

    def _of_those(self, query: EventQuery) -> Iterator[int]:
        """The few that an index found, in any order."""
        where, bindings = self._where(query)
        rows = self.select(
            f"SELECT event.seq, event.time_us, log.name, log.partition, log.id, event.position FROM {FROM} "
            f"WHERE event.seq IN (SELECT value FROM json_each(:among)) AND {where}",
            {**bindings, "among": json.dumps(query.among)},
        )
        is_ranged = query.from_us is not None or query.until_us is not None
        keys: dict[str, Callable[[tuple[Any, ...]], Any]] = {
            "arrival": lambda row: row[0],
            "log": lambda row: row[2:],
            "time": lambda row: (row[1], *row[2:4], row[5], -row[0] if query.reverse else row[0]),
        }
        timed = [row for row in rows if row[1] is not None or query.order != "time"]
        untimed = [row for row in rows if row[1] is None and query.order == "time" and not is_ranged]
        for part, key in ((timed, keys[query.order]), (untimed, keys["arrival"])):
            for row in sorted(part, key=key, reverse=query.reverse):
                yield int(row[0])

    def _by_log(self, query: EventQuery) -> Iterator[int]:
        where, bindings = self._where(replace(query, from_position=None, until_position=None))
        logs = self.select(
            "SELECT id FROM log WHERE (?1 IS NULL OR name = ?1) AND (?2 IS NULL OR partition = ?2) ORDER BY name, partition, id",
            (query.log, query.partition),
        )
        for (log_id,) in logs[::-1] if query.reverse else logs:
            first = query.from_position if query.from_position is not None else -(2**62)
            last = query.until_position - 1 if query.until_position is not None else 2**62
            yield from self._keyed("event.position", f"event.log_id = {int(log_id)} AND {where}", bindings, first, last, query)

    def _by_time(self, query: EventQuery) -> Iterator[int]:
        """By (time, log, partition, position), without a time last: block after block, merging those that overlap in time."""
        where, bindings = self._where(query)
        names = {row[0]: (str(row[1]), row[2]) for row in self.select("SELECT id, name, CAST(partition AS INTEGER) FROM log")}
        sign = -1 if query.reverse else 1
        if query.limit is not None:
            bindings["q_most"] = query.limit  # none of a block's later ones can be among them
        blocks = [block for block in self._blocks(query) if block[2] is not None]
        blocks.sort(key=lambda block: -(block[3] or 0) if query.reverse else (block[2] or 0))
        waiting: list[tuple[Any, ...]] = []
        for place, (first, last, *_) in enumerate(blocks):
            rows = self.select(
                f"SELECT event.time_us, event.log_id, event.position, event.seq FROM {FROM} "
                f"WHERE event.seq BETWEEN {first} AND {last} AND event.time_us IS NOT NULL AND {where} "
                f"{ENDS[query.reverse] if query.limit is not None else ''}",
                bindings,
            )
            for row in rows:
                self._checked(row[::-1], ((int,),) * 4)
                if row[1] not in names:
                    raise CaptureError(f"{self.path} is damaged: event {row[3]} is of no log; use another copy")
            keyed = [(sign * time_us, _ordered(names[log_id], sign), sign * position, seq) for time_us, log_id, position, seq in rows]
            waiting = list(heapq.merge(waiting, sorted(keyed)))
            following = blocks[place + 1] if place + 1 < len(blocks) else None
            bound = None if following is None else -(following[3] or 0) if query.reverse else following[2] or 0
            ready = len(waiting) if bound is None else next((n for n, item in enumerate(waiting) if item[0] >= bound), len(waiting))
            for item in waiting[:ready]:
                yield int(item[3])
            waiting = waiting[ready:]
        if query.from_us is None and query.until_us is None:
            yield from self._untimed(where, bindings, query)

    def _untimed(self, where: str, bindings: dict[str, Any], query: EventQuery) -> Iterator[int]:
        blocks = self._blocks(EventQuery())
        for first, last, _, _, untimed in blocks[::-1] if query.reverse else blocks:
            if untimed:
                yield from self._keyed("event.seq", f"event.time_us IS NULL AND {where}", bindings, first, last, query)


def _ordered(name: tuple[str, int], sign: int) -> tuple[Any, ...]:
    """A log's place among others, turned round for the reverse order."""
    return name if sign > 0 else ((*(-ord(character) for character in name[0]), 1), -name[1])
