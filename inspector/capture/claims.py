"""What sources say of themselves, as it is noted: a new row for each change, and checkpoints as samples for plots. SQL only.

Read `schema.claim` for the table, `sources.claims` for what is said.
"""

from __future__ import annotations

from collections.abc import Sequence

import apsw

from inspector.sources.claims import Claim, ClaimKind

CHECKPOINT = "checkpoint"
"""The metric of the samples; their label is the consumer."""
_LATEST = """
SELECT id, value, "row" FROM claim
WHERE source_id = ? AND kind = ? AND store_table = ? AND log = ? AND category = ? AND name = ? ORDER BY id DESC LIMIT 1
"""
_SEEN = "UPDATE claim SET last_us = ?, log_end = ?, run_id = ? WHERE id = ?"
_NEW = """
INSERT INTO claim (source_id, kind, store_table, log, category, name, run_id, log_end, value, time_us, first_us, last_us, "row")
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_SAMPLE = "INSERT OR REPLACE INTO sample (metric, label, time_us, value) VALUES (?, ?, ?, ?)"


def note(connection: apsw.Connection, source_id: int, run_id: int, said: Sequence[Claim], now_us: int) -> None:
    """Notes each claim at `now_us`, or that it is still the same."""
    for claim in said:
        place = (source_id, str(claim.kind), claim.table, claim.log, claim.category, claim.name)
        latest = connection.execute(_LATEST, place).fetchone()
        if latest is not None and latest[1:] == (claim.value, claim.row):
            connection.execute(_SEEN, (now_us, claim.log_end, run_id, latest[0]))
        else:
            connection.execute(_NEW, (*place, run_id, claim.log_end, claim.value, claim.time_us, now_us, now_us, claim.row))
        if claim.kind is ClaimKind.checkpoint and claim.value is not None:
            connection.execute(_SAMPLE, (CHECKPOINT, claim.name, now_us, claim.value))
