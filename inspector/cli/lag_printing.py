"""How the lag of consumers is printed: JSON lines for programs, a table and a clause for each consumer for people.

Read `lag` for the command, `inspector.lag.report` for what is printed.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from inspector.cli.output import chosen_format, print_rows
from inspector.errors import ExitStatus
from inspector.event import format_time
from inspector.text import visible

if TYPE_CHECKING:
    from inspector.lag.motion import Motion
    from inspector.lag.report import Account, Row

_GROUP = ("consumer", "state", "members", "positions", "events", "time behind", "holes", "committed/s", "produced/s", "zero in")
_PARTITION = (
    *("consumer", "log", "partition", "committed", "end", "positions", "events", "time behind", "holes", "committed/s", "produced/s"),
    *("zero in", "client", "host"),
)


class Printer:
    """Prints one look after the other."""

    def __init__(self, by: str, format_: str | None) -> None:
        self._by = by
        self._as_lines = chosen_format(format_) == "jsonl"
        self._said: set[str] = set()
        self._count = 0

    def show(self, accounts: Sequence[Account], notes: Sequence[str]) -> None:
        """Prints the consumers as they are now, and notes that were not said yet."""
        if self._as_lines:
            for account in accounts:
                for line in [group_object(account)] if self._by == "group" else partition_objects(account):
                    sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
        elif accounts:
            self._table(accounts)
        sys.stdout.flush()
        for note in notes:
            if note not in self._said:
                self._said.add(note)
                print(visible(note), file=sys.stderr)

    def _table(self, accounts: Sequence[Account]) -> None:
        if self._count:
            print()
        self._count += 1
        print(f"as of {format_time(max(account.as_of_us for account in accounts))}")
        if self._by == "group":
            print_rows(map(_group_cells, accounts), _GROUP, format_="table")
        else:
            print_rows((cells for account in accounts for cells in _partition_cells(account)), _PARTITION, format_="table")
        for account in accounts:
            print(visible(f"{account.name}: {words(account)}"))

    @staticmethod
    def status(accounts: Sequence[Account], *, require_complete: bool) -> ExitStatus:
        """3 where one could not be looked at, 1 where somebody has to do something, 5 where too little is known."""
        from inspector.lag.verdict import Kind

        if any(account.verdict.kind is Kind.unreadable for account in accounts):
            return ExitStatus.SOURCE
        if any(account.verdict.is_bad or account.holes or account.beyond for account in accounts):
            return ExitStatus.FINDINGS
        is_known = all(account.behind_us is not None and (found := account.events) is not None and found.is_exact for account in accounts)
        return ExitStatus.OK if is_known or not require_complete else ExitStatus.INCOMPLETE


def words(account: Account) -> str:
    """The verdict, with what lag does not show: skipped events and commits that went back."""
    parts = [account.verdict.text]
    if account.holes:
        skipped = [one for row in account.rows for one in row.holes or ()]
        named = ", ".join(f"#{one.seq} at {one.position:,}" for one in skipped[:3]) + (", …" if len(skipped) > 3 else "")
        parts.append(f"{len(skipped):,} event{'' if len(skipped) == 1 else 's'} skipped below its checkpoint ({named})")
    back = [(row, reset) for row in account.rows for reset in row.resets]
    if back:
        row, reset = max(back, key=lambda one: one[1].time_us)
        place = f"{row.standing.place[0]}/{row.standing.place[1]}"
        parts.append(f"{place} was set back from {reset.before:,} to {reset.after:,} at {format_time(reset.time_us)}")
    if gone := account.beyond:
        one = gone[0]
        more = f" and {len(gone) - 1:,} more" if len(gone) > 1 else ""
        words_ = f"{one.place[0]}/{one.place[1]}{more} is committed up to {one.committed or 0:,} and ends at {one.end or 0:,}"
        parts.append(f"{words_}: the topic was made anew, or records were lost, and what is written now may never be read")
    held = sum(max(0, row.standing.end - row.standing.stable_end) for row in account.rows if row.standing.end and row.standing.stable_end)
    if held:
        parts.append(f"{held:,} position{'' if held == 1 else 's'} held back by open transactions")
    if account.uncommitted:
        parts.append(f"{account.uncommitted:,} positions are in partitions in which it has committed nothing")
    lost = sum(row.standing.lost for row in account.rows)
    if lost:
        parts.append(f"{lost:,} positions were removed before they were read")
    return "; ".join(parts)


# ---- for programs


def group_object(account: Account) -> dict[str, object]:
    """One consumer."""
    counted = account.events
    return {
        "consumer": account.name,
        "kind": account.group.kind if account.group else None,
        "state": account.group.state if account.group else None,
        "members": account.members,
        "partitions": len(account.rows),
        "positions": account.positions,
        "uncommitted": account.uncommitted,
        "lost": sum(row.standing.lost for row in account.rows),
        "beyond": sum(one.beyond for one in account.beyond),
        "events": counted.events if counted else None,
        "events_exact": counted.is_exact if counted else False,
        "time_behind_s": _seconds(account.behind_us),
        "holes": account.holes,
        **_motion(account.motion),
        "resets": sum(len(row.resets) for row in account.rows),
        "verdict": str(account.verdict.kind),
        "text": account.verdict.text,
        "since": format_time(account.verdict.since_us),
        "as_of": format_time(account.as_of_us),
        "error": account.group.error or None if account.group else None,
    }


def partition_objects(account: Account) -> Iterator[dict[str, object]]:
    """One for each partition of a consumer."""
    for row in account.rows:
        one = row.standing
        yield {
            "consumer": account.name,
            "log": one.place[0],
            "partition": one.place[1],
            "committed": one.committed,
            "end": one.end,
            "stable_end": one.stable_end,
            "positions": one.positions,
            "lost": one.lost,
            "beyond": one.beyond if one in account.beyond else 0,
            "events": row.events.events if row.events else None,
            "events_exact": row.events.is_exact if row.events else False,
            "time_behind_s": _seconds(row.behind_us),
            "next_position": one.next_position,
            "next_time": format_time(one.next_time_us),
            "next_seq": row.next_seq,
            "holes": None if row.holes is None else [{"seq": hole.seq, "position": hole.position} for hole in row.holes],
            **_motion(row.motion),
            "resets": [{"time": format_time(reset.time_us), "from": reset.before, "to": reset.after} for reset in row.resets],
            "member": row.member.id if row.member else None,
            "client_id": row.member.client_id if row.member else None,
            "host": row.member.host if row.member else None,
            "as_of": format_time(account.as_of_us),
            "error": one.error or None,
        }


def _motion(moves: Motion) -> dict[str, object]:
    return {
        "committed_per_s": _rounded(moves.committed_per_s),
        "produced_per_s": _rounded(moves.produced_per_s),
        "to_zero_s": _rounded(moves.to_zero_s),
        "trend": moves.trend or None,
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def _seconds(behind_us: int | None) -> float | None:
    return None if behind_us is None else round(behind_us / 1e6, 3)


# ---- for people


def _group_cells(account: Account) -> dict[str, object]:
    return {
        "consumer": account.name,
        "state": account.group.state if account.group else "",
        "members": account.members,
        "positions": account.positions,
        **_cells(account),
        "holes": account.holes,
    }


def _partition_cells(account: Account) -> Iterator[dict[str, object]]:
    for row in account.rows:
        one = row.standing
        yield {
            "consumer": account.name,
            "log": one.place[0],
            "partition": one.place[1],
            "committed": one.committed,
            "end": one.end,
            "positions": one.positions,
            **_cells(row),
            "holes": None if row.holes is None else len(row.holes),
            "client": row.member.client_id if row.member else "",
            "host": row.member.host if row.member else "",
        }


def _cells(of: Account | Row) -> dict[str, object]:
    """Numbers as people read them: a time in its two largest units, a count that is not whole as "at least"."""
    from inspector.lag.verdict import duration

    moves, counted = of.motion, of.events
    return {
        "events": "unknown" if counted is None else f"{'' if counted.is_exact else '≥ '}{counted.events:,}",
        "time behind": "unknown" if of.behind_us is None else duration(of.behind_us / 1e6),
        "committed/s": None if moves.committed_per_s is None else round(moves.committed_per_s, 1),
        "produced/s": None if moves.produced_per_s is None else round(moves.produced_per_s, 1),
        "zero in": "" if moves.to_zero_s is None else duration(moves.to_zero_s),
    }
