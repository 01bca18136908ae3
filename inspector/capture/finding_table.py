"""The table of what checks found in a capture. No I/O.

Read `schema` for the other tables, `findings` for who fills it.
"""

from __future__ import annotations

from sqlalchemy import Table

from inspector.capture.columns import id_, int_, metadata, text_

finding = Table(
    "finding",
    metadata,
    id_(),
    text_("rule", required=True),
    text_("severity", required=True),
    text_("text", required=True),
    text_("events", default="[]"),
)
"""One thing that was found; `events` (JSON) are the numbers of the first events it is about."""
ADDED = (
    *(int_("count"), text_("log"), int_("partition"), int_("first"), int_("last")),
    *(text_("assumption"), text_("legal_because"), int_("made_us")),
)
"""Came with minor version 3: how many events it is about, where, on what it rests, when it could be legal, when it was found."""
for _column in ADDED:
    finding.append_column(_column)
