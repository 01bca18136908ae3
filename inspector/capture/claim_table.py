"""The table of what sources say of themselves: how far consumers are, at which version streams are, which number was given last.

No I/O. Read `schema` for the other tables, `claims` for who writes it, `sources.claims` for what a row says.
"""

from __future__ import annotations

from sqlalchemy import Index, Table

from inspector.capture.columns import id_, int_, metadata, ref_, text_

claim = Table(
    "claim",
    metadata,
    id_(),
    ref_("source_id", "source"),
    ref_("run_id", "run"),
    *(text_(name, required=True) for name in ("kind", "store_table", "name")),
    *(text_(name, default="") for name in ("category", "log")),
    *(int_(name) for name in ("log_end", "value", "time_us")),
    *(int_(name, required=True) for name in ("first_us", "last_us")),
    text_("row", default="{}"),
    Index("claim_name", "source_id", "kind", "store_table", "log", "category", "name"),
)
"""A row for each change, with an index to find the latest of one that claims; `first_us` and `last_us` are when we first and last saw
it so. `log_end` is where the log ended at `last_us`: only a capture that has the log up to there can be compared with the claim.
`row` (JSON) is the store's row as it was. Came with minor version 3."""
