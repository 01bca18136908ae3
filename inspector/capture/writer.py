"""The only writer of events into a capture: one transaction per batch, and an account that is true at every instant.

Knows nothing of where records come from. What a killed process leaves behind opens with every batch that `append`
returned for. Read `append` for the statements, `coverage` for the account, `ingest` for who calls this.
"""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import apsw

from inspector.capture import append, claims, coverage, inputs, rewrite, samples, schemas
from inspector.capture.coverage import Segment
from inspector.capture.creating import check_version, complete, create, other_files_said, remove, set_setting
from inspector.capture.disk import check_room, storage_errors
from inspector.capture.ledger import Ledger
from inspector.capture.lock import CaptureLock
from inspector.capture.opening import check_place, is_read_only
from inspector.capture.progress import Appended, Progress, Reading
from inspector.capture.sqlite import leave_wal, open_writer
from inspector.capture.stage import Staged
from inspector.errors import CaptureError, StorageError
from inspector.event import Flag, Schema, format_time, same_life
from inspector.sources import LogInfo, SourceInfo
from inspector.sources.input_file import InputFile

__all__ = ["DEFAULT_FLOOR_BYTES", "Appended", "CaptureWriter", "Progress", "Reading", "StagedCondition"]
log = logging.getLogger(__name__)

DEFAULT_FLOOR_BYTES = 1_000_000_000


StagedCondition = Callable[[apsw.Connection], tuple[str, dict[str, Any]]]
"""Prepares a connection and gives the SQL over `staged.row` that rows must meet, with what is bound (a capture filter)."""


class CaptureWriter:
    """A capture opened for writing; made when it does not exist, continued when it does.

    Raises CaptureError for a file that is not a capture or of a newer major version, CaptureInUseError when another
    process writes it, StorageError where it cannot be written or the disk is under `floor_bytes`.
    """

    def __init__(self, path: Path, *, with_values: bool = True, floor_bytes: int = DEFAULT_FLOOR_BYTES) -> None:
        self.path, self._floor_bytes = path, floor_bytes
        if not path.parent.is_dir():
            raise StorageError(f"there is no folder {path.parent} to write {path.name} into; make it first")
        check_place(path)
        if is_read_only(path):
            raise StorageError(f"{path} is read-only (evidence is): nothing is written to it; choose another file")
        self._lock = CaptureLock(path)
        was_there = path.exists()
        try:
            self._open(with_values)
        except BaseException:
            if not was_there:
                remove(path)
            self._lock.release()
            raise

    def _open(self, with_values: bool) -> None:
        is_new = not self.path.exists() or self.path.stat().st_size == 0
        if is_new:
            self._check_space(0)
        with storage_errors(self.path):
            if is_new:
                os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
            with other_files_said(self.path):
                self._connection = open_writer(self.path)
            try:
                self._begin(with_values, is_new=is_new)
            except BaseException:
                self._connection.close()
                raise

    def _begin(self, with_values: bool, *, is_new: bool) -> None:
        with other_files_said(self.path):
            if is_new:
                create(self._connection, {"values": with_values})
            check_version(self._connection, self.path)
            complete(self._connection)
        append.prepare(self._connection)
        row = self._connection.execute("SELECT id, settings FROM capture").fetchone()
        if row is None:
            raise CaptureError(f"{self.path} has no identity row: it is damaged; choose another file")
        self.capture_id: str = row[0]
        self.with_values: bool = json.loads(row[1]).get("values", True) and with_values
        if not self.with_values:
            set_setting(self._connection, "values", False)
        self._last_seq: int = self._connection.execute("SELECT coalesce(max(seq), 0) FROM event").get
        self._ledger = Ledger(self._connection)
        self._highest: dict[int, int] = {}
        self._envelopes: dict[int, tuple[str, ...]] = {}
        self._plan: list[int] = []
        self._with_open: set[int] = set()

    def note_setting(self, name: str, value: object) -> None:
        """Notes `masks` (the TOML of what is hidden wherever it is opened) or `decoded` (when events last got another meaning)."""
        with self._transaction():
            set_setting(self._connection, name, value)

    # ---- sources, logs, runs

    def add_source(self, info: SourceInfo) -> int:
        """The number of this source, noted when new. A cluster known under another address is the same source."""
        with self._transaction():
            if info.cluster_id:
                known = self._value("SELECT id FROM source WHERE kind = ? AND cluster_id = ?", (info.kind, info.cluster_id))
                if known is not None:
                    return int(known)
            self._connection.execute(
                "INSERT INTO source (kind, uri, cluster_id, opened_us, attributes) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                (info.kind, info.uri, info.cluster_id, _now_us(), json.dumps(dict(info.attributes))),
            )
            key = (info.kind, info.uri, info.cluster_id)
            return int(self._value("SELECT id FROM source WHERE kind = ? AND uri = ? AND cluster_id = ?", key))

    def add_log(self, source_id: int, info: LogInfo, *, decoder: str | None = None, rules: Mapping[str, object] | None = None) -> int:
        """The number of this partition in this life of it; notes what is available now and what its descriptor asks for.

        A growing incarnation (see `event.same_life`) is noted as it is now.
        """
        key = (source_id, info.key.name, info.key.partition, info.key.incarnation)
        with self._transaction():
            lives = [(old, log_id) for log_id, old in self._lives(*key[:3]) if same_life(old, info.key.incarnation)]
            if lives:
                longest = max(lives, key=lambda life: len(life[0]))
                self._connection.execute("UPDATE log SET incarnation = ? WHERE id = ?", (info.key.incarnation, longest[1]))
            else:
                self._connection.execute("INSERT INTO log (source_id, name, partition, incarnation) VALUES (?, ?, ?, ?)", key)
            log_id = int(self._value("SELECT id FROM log WHERE source_id = ? AND name = ? AND partition = ? AND incarnation = ?", key))
            self._connection.execute(
                "UPDATE log SET first_position = ?, end_position = max(?, coalesce(end_position, 0)), observed_us = ?, decoder = ?, "
                "rules = ? WHERE id = ?",
                (info.first, info.end, _now_us(), decoder, json.dumps(dict(rules)) if rules else None, log_id),
            )
        return log_id

    def _lives(self, source_id: int, name: str, partition: int) -> list[tuple[int, str]]:
        """(number, incarnation) of the lives this partition has had."""
        sql = "SELECT id, incarnation FROM log WHERE source_id = ? AND name = ? AND partition = ?"
        return [(int(log_id), str(old)) for log_id, old in self._connection.execute(sql, (source_id, name, partition))]

    def begin(
        self,
        source_id: int,
        asked: Mapping[int, tuple[int, int | None]],
        *,
        isolation: str,
        filter_text: str | None,
        settings: Mapping[str, Any],
    ) -> Reading:
        """Notes that a run starts and what it was asked to read (log → `[from, to)`, no end: follow)."""
        with self._transaction():
            self._connection.execute(
                "INSERT INTO run (source_id, started_us, settings) VALUES (?, ?, ?)", (source_id, _now_us(), json.dumps(dict(settings)))
            )
            run_id = self._connection.last_insert_rowid()
            self._ask(run_id, asked)
        return Reading(run_id, source_id, isolation, filter_text)

    def ask_more(self, reading: Reading, asked: Mapping[int, tuple[int, int | None]]) -> None:
        """Notes logs that came up while reading."""
        with self._transaction():
            self._ask(reading.run_id, asked)

    def _ask(self, run_id: int, asked: Mapping[int, tuple[int, int | None]]) -> None:
        self._with_open.update(log_id for log_id in asked if log_id not in self._with_open and self._has_open(log_id))
        rows = [(run_id, log_id, start, end) for log_id, (start, end) in asked.items()]
        self._connection.executemany("INSERT OR REPLACE INTO asked VALUES (?, ?, ?, ?)", rows)

    def _has_open(self, log_id: int) -> bool:
        """Whether an earlier run left rows of transactions that were still open; looks only where that can be."""
        looking = "SELECT 1 FROM event WHERE log_id = ? AND position >= ? AND position < ? AND flags & ? LIMIT 1"
        return any(
            self._value(looking, (log_id, segment.start, segment.end, int(Flag.open))) is not None
            for segment in self._ledger.segments(log_id)
            if segment.isolation == coverage.UNDECIDED
        )

    def end(self, reading: Reading, stopped: str) -> None:
        """Notes why a run ended."""
        with self._transaction():
            self._connection.execute("UPDATE run SET ended_us = ?, stopped = ? WHERE id = ?", (_now_us(), stopped, reading.run_id))

    def latest_us(self, log_id: int, below: int) -> int | None:
        """The newest time stored of a log below a position; None where there is none."""
        has_above = self._value("SELECT 1 FROM event WHERE log_id = ? AND position >= ? LIMIT 1", (log_id, below))
        if not has_above:
            newest = self._value("SELECT max_time_us FROM log WHERE id = ?", (log_id,))
        else:
            newest = self._value("SELECT max(time_us) FROM event WHERE log_id = ? AND position < ?", (log_id, below))
        return None if newest is None else int(newest)

    def mark_late_above(self, log_id: int, start: int, end: int) -> None:
        """After `[start, end)` was read below events that were here: marks as late what is older than something below it."""
        if not self._value("SELECT 1 FROM event WHERE log_id = ? AND position >= ? LIMIT 1", (log_id, end)):
            return
        newest = self._value("SELECT max(time_us) FROM event WHERE log_id = ? AND position >= ? AND position < ?", (log_id, start, end))
        if newest is not None:
            with self._transaction():
                self._connection.execute(rewrite.LATE_ABOVE, {"log": log_id, "end": end, "newest": newest, "late": int(Flag.late)})

    # ---- appending

    def append(
        self,
        reading: Reading,
        plan: Sequence[int],
        staged: Staged | None,
        progress: Progress,
        *,
        rows_left: int | None = None,
        bytes_left: int | None = None,
        condition: StagedCondition | None = None,
    ) -> Appended:
        """Stores one batch and what it says about its logs, in one transaction; `plan` maps the plan's logs to ours.

        `condition` prepares the connection and gives the SQL over `staged.row` that rows must meet (a capture filter). At
        most `rows_left` rows and `bytes_left` bytes are stored; coverage then ends where storing ended.
        Raises StorageError when the disk is full or under the floor; nothing of this batch is stored then.
        """
        self._check_space(len(staged.image) * 3 if staged else 0)
        if staged and staged.rows:
            self._connection.deserialize("staged", staged.image)
        with self._transaction():
            appended = Appended(0, 0, read=dict(progress.read))
            if staged and staged.rows:
                appended = self._append_rows(reading, plan, staged, progress, rows_left, bytes_left, condition)
            self._account(reading, plan, staged, progress, appended)
        self._last_seq += appended.stored
        return appended

    def _append_rows(
        self,
        reading: Reading,
        plan: Sequence[int],
        staged: Staged,
        progress: Progress,
        rows_left: int | None,
        bytes_left: int | None,
        condition: StagedCondition | None,
    ) -> Appended:
        connection = self._connection
        self._map_plan(plan)
        rows, same, other = staged.rows, 0, 0
        if any(lowest <= self._highest_position(plan[place]) for place, lowest in staged.lowest.items()) or staged.has_repeats:
            same, other = append.drop_known(connection)
            rows -= same + other
        if condition is not None:
            sql, bound = condition(connection)
            rows = append.keep_only(connection, f"({sql}) OR {append.UNREADABLE}", bound)
        read, full = dict(progress.read), False
        if (rows_left is not None and rows >= rows_left) or (bytes_left is not None and staged.bytes >= bytes_left):
            rows, full = self._cut(read, rows_left, bytes_left)
        size = staged.bytes if rows == staged.rows else self._staged_bytes()
        append.append(connection, source_id=reading.source_id, base=self._last_seq, with_values=self.with_values)
        self._note_envelope([plan[place] for place in staged.counts], staged.envelope)
        self._count_logs(plan)
        undecodable = staged.undecodable if rows == staged.rows else self._staged_undecodable()
        return Appended(rows, size, same, other, undecodable, full, read)

    def _note_envelope(self, log_ids: Sequence[int], known: tuple[str, ...]) -> None:
        for log_id in log_ids:
            if known and self._envelopes.get(log_id) != known:
                self._envelopes[log_id] = known
                self._connection.execute("UPDATE log SET envelope = ? WHERE id = ?", (json.dumps(known), log_id))

    def _cut(self, read: dict[int, tuple[int, int]], rows_left: int | None, bytes_left: int | None) -> tuple[int, bool]:
        """Takes the rows beyond the limits out of `staged` and shortens `read` to match: (rows left, a limit was reached)."""
        last = self._value(
            "SELECT max(n) FROM (SELECT n, row_number() OVER w AS rows, sum(coalesce(length(key), 0) + coalesce(length(value), 0)) OVER w "
            "AS bytes FROM staged.row WINDOW w AS (ORDER BY n)) WHERE rows <= ? AND (bytes <= ? OR rows = 1)",
            (2**62 if rows_left is None else rows_left, 2**62 if bytes_left is None else bytes_left),
        )
        last = int(last or 0)
        for place, position in self._connection.execute("SELECT log, min(position) FROM staged.row WHERE n > ? GROUP BY log", (last,)):
            if place in read:
                read[place] = (read[place][0], max(read[place][0], min(read[place][1], position)))
        before = self._connection.execute("SELECT count(*) FROM staged.row").get
        rows = append.keep_only(self._connection, "n <= :last", {"last": last})
        return rows, rows < before or rows == rows_left

    def _staged_undecodable(self) -> int:
        return int(self._value("SELECT count(*) FROM staged.row WHERE flags & ?", (int(Flag.undecodable),)))

    def _staged_bytes(self) -> int:
        return int(self._value("SELECT coalesce(sum(coalesce(length(key), 0) + coalesce(length(value), 0)), 0) FROM staged.row"))

    def _map_plan(self, plan: Sequence[int]) -> None:
        known = len(self._plan)
        if not known or list(plan[:known]) != self._plan:
            known = 0
            self._connection.execute("DELETE FROM temp.plan_log")
        if len(plan) > known:
            self._connection.executemany("INSERT INTO temp.plan_log VALUES (?, ?)", enumerate(plan[known:], known))
            self._plan = list(plan)

    def _highest_position(self, log_id: int) -> int:
        if log_id not in self._highest:
            self._highest[log_id] = int(self._value("SELECT coalesce(max(position), -1) FROM event WHERE log_id = ?", (log_id,)))
        return self._highest[log_id]

    def _count_logs(self, plan: Sequence[int]) -> None:
        rows = list(
            self._connection.execute(
                "SELECT log, count(*), sum(coalesce(length(key), 0) + coalesce(length(value), 0)), max(position) "
                "FROM staged.row GROUP BY log"
            )
        )
        for place, count, size, highest in rows:
            self._connection.execute("UPDATE log SET events = events + ?, bytes = bytes + ? WHERE id = ?", (count, size, plan[place]))
            self._highest[plan[place]] = max(self._highest_position(plan[place]), highest)

    def note_input(self, reading: Reading, file: InputFile) -> None:
        """Notes a file that is being read, or what is known of it now."""
        with self._transaction():
            inputs.note(self._connection, reading.source_id, reading.run_id, file, _now_us())

    # ---- another meaning for what is stored

    def rewrite(self, seqs: Sequence[int], log_ids: Sequence[int], source_id: int, staged: Staged) -> int:
        """Makes `staged` the meaning of the events `seqs`, in this order, in one transaction (see `rewrite`); how many changed.

        Raises StorageError when the disk is full or under the floor; nothing is changed then.
        """
        self._check_space(len(staged.image) * 3)
        self._connection.deserialize("staged", staged.image)
        self._plan = []
        with self._transaction():
            return rewrite.rewrite(self._connection, seqs, log_ids, source_id)

    def mark_late_again(self, page_rows: int = 20_000) -> None:
        """Marks what is late by the times as they are now, in the order of positions, and notes the newest time of each log."""
        for (log_id,) in self.select("SELECT id FROM log ORDER BY id").fetchall():
            newest: dict[int, int] = {}
            after = (-1, -1)
            while page := self.select(rewrite.BY_POSITION, {"log": log_id, "at": after[0], "sub": after[1], "limit": page_rows}).fetchall():
                rows = [(seq, log_id, time_us, flags) for seq, _, _, time_us, flags in page]
                with self._transaction():
                    self._connection.executemany("UPDATE event SET flags = ? WHERE seq = ?", rewrite.late_changes(rows, newest))
                after = page[-1][1:3]
            with self._transaction():
                self._connection.execute("UPDATE log SET max_time_us = ? WHERE id = ?", (newest.get(log_id), log_id))

    def outdate_searches(self) -> None:
        """What was searched by the rules that were is not searched by those that are: the same search goes there again."""
        said = f" // by the rules before {format_time(_now_us())}"
        with self._transaction():
            self._connection.execute("UPDATE coverage SET filter = filter || ? WHERE state = 'scanned'", (said,))
            self._ledger.forget()

    def schemas(self, source_id: int) -> dict[int, Schema]:
        """The schemas that the capture holds of a source, by their numbers in it."""
        return schemas.stored_schemas(lambda sql, bound: self.select(sql, bound).fetchall(), source_id)

    def forget_unused_schemas(self) -> None:
        """A schema that is missing and that no event names any more is not noted any longer."""
        with self._transaction():
            self._connection.execute(schemas.FORGET_UNUSED)

    def select(self, sql: str, bindings: Mapping[str, Any] | Sequence[object] | None = None) -> Any:
        """A cursor over the rows of one reading statement."""
        return self._connection.execute(sql, bindings)

    # ---- the account

    def _account(self, reading: Reading, plan: Sequence[int], staged: Staged | None, progress: Progress, appended: Appended) -> None:
        now = _now_us()
        for place, reason_start, reason_end, reason in progress.absent:
            self._ledger.put(plan[place], Segment(reason_start, reason_end, "absent", reason), now)
        state, isolation = "scanned" if reading.filter else "read", reading.isolation if progress.decided is None else coverage.UNDECIDED
        simple = staged is None or (appended.stored == staged.rows and not appended.full)
        for place, (start, end) in appended.read.items():
            if start >= end:
                continue
            if place in progress.runs:
                whole = Segment(start, end, state, filter=reading.filter, isolation=isolation, records=None)
                self._ledger.put_runs(plan[place], whole, progress.runs[place], now)
                continue
            counted = (staged.counts.get(place, 0) if staged else 0) if simple else self._ledger.stored_between(plan[place], start, end)
            if staged is None and self._highest_position(plan[place]) >= start:
                counted = self._ledger.stored_between(plan[place], start, end)
            segment = Segment(start, end, state, filter=reading.filter, isolation=isolation, records=counted)
            self._ledger.put(plan[place], segment, now)
        if staged and appended.stored:
            self._ledger.count_below(plan, staged.lowest, appended.read, now)
        for place in progress.first.keys() | progress.end.keys():
            self._connection.execute(append.OBSERVED, (progress.first.get(place), progress.end.get(place), now, plan[place]))
        for place, newest in staged.latest_us.items() if staged else ():
            self._connection.execute("UPDATE log SET max_time_us = max(?1, coalesce(max_time_us, ?1)) WHERE id = ?2", (newest, plan[place]))
        claims.note(self._connection, reading.source_id, reading.run_id, progress.claims, now, progress.samples)
        self._mark(reading, plan, progress, now)

    def _mark(self, reading: Reading, plan: Sequence[int], progress: Progress, now: int) -> None:
        """What is known only now of rows that are here: their flags, and that nothing of them is left to be decided."""
        for change in progress.changes:
            self._connection.executemany(
                "UPDATE event SET flags = (flags | ?) & ~? WHERE log_id = ? AND position = ?",
                [(change.set, change.clear, plan[change.log], position) for position in change.positions],
            )
            if change.set & Flag.open:
                self._with_open.add(plan[change.log])
        for place, start, end in progress.decided or ():
            self._ledger.decide(plan[place], start, end, reading.isolation, now)
            if plan[place] in self._with_open:
                self._connection.execute(
                    "UPDATE event SET flags = flags & ~?1 WHERE log_id = ?2 AND position >= ?3 AND position < ?4 AND flags & ?1",
                    (int(Flag.open), plan[place], start, end),
                )

    def segments(self, log_id: int) -> list[Segment]:
        """The account of one log, in order."""
        return self._ledger.segments(log_id)

    # ---- keeping it small

    def size_bytes(self) -> int:
        """Bytes of the file that hold something: pages freed by the keep limit are used again and do not count."""
        pages: int = self._connection.execute("SELECT page_count - freelist_count FROM pragma_page_count, pragma_freelist_count").get
        return pages * int(self._connection.execute("PRAGMA page_size").get)

    def events(self) -> int:
        """How many events the capture holds."""
        first = self._value("SELECT min(seq) FROM event")
        return 0 if first is None else self._last_seq - int(first) + 1

    def oldest_before(self, captured_us: int) -> int:
        """How many events at the head were captured before `captured_us`."""
        first = self._value("SELECT min(seq) FROM event")
        if first is None:
            return 0
        low, high = int(first), self._last_seq + 1
        while low < high:
            middle = (low + high) // 2
            if int(self._value("SELECT captured_us FROM event WHERE seq = ?", (middle,))) < captured_us:
                low = middle + 1
            else:
                high = middle
        return low - int(first)

    def remove_oldest(self, count: int, *, before_us: int | None = None) -> int:
        """Takes the `count` oldest events out (the keep limit; coverage says so), and older samples. Returns how many events went."""
        first = int(self._value("SELECT min(seq) FROM event") or self._last_seq + 1)
        last = min(first + max(count, 0) - 1, self._last_seq)
        with self._transaction():
            if last >= first:
                self._ledger.remove_through(last, _now_us())
                append.remove_through(self._connection, last)
            samples.remove_before(self._connection, before_us)
        return last - first + 1

    # ---- transactions, space, the end

    def _value(self, sql: str, bindings: Sequence[object] = ()) -> Any:
        row = self._connection.execute(sql, tuple(bindings)).fetchone()
        return None if row is None else row[0]

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with storage_errors(self.path):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                self._ledger.forget()
                self._highest.clear()
                self._envelopes.clear()
                raise

    def _check_space(self, needed_bytes: int) -> None:
        with storage_errors(self.path):
            check_room(self.path, needed_bytes, self._floor_bytes)

    def close(self) -> None:
        """Ends cleanly: one file remains that can be mailed. Waits up to 5 s for readers to let go; may be called twice."""
        if self._connection is None:
            return
        try:
            self._connection.execute("DETACH staged")
            leave_wal(self._connection)
        except apsw.BusyError:
            log.info("a reader still has %s open: its -wal stays until that reader is closed", self.path)
        except (apsw.FullError, apsw.IOError, apsw.ReadOnlyError, apsw.CantOpenError) as error:
            log.warning("could not fold the write-ahead log into %s (%s): keep its -wal file beside it", self.path, error)
        finally:
            self._connection.close()
            self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def _now_us() -> int:
    return time.time_ns() // 1000
