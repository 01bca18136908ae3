"""The table of the files that were read into a capture. No I/O.

Read `schema` for the other tables, `sources.InputFile` for what a row says.
"""

from __future__ import annotations

from sqlalchemy import Table, UniqueConstraint

from inspector.capture.columns import count_, id_, int_, metadata, ref_, text_

input_ = Table(
    "input",
    metadata,
    id_(),
    ref_("source_id", "source"),
    ref_("run_id", "run"),
    text_("name", required=True),
    text_("path", required=True),
    int_("size_bytes", required=True),
    int_("modified_us", required=True),
    text_("sha256", required=True),
    int_("read_us", required=True),
    text_("format", default=""),
    text_("settings", default="{}"),
    text_("loses", default=""),
    text_("proves", default=""),
    count_("rows"),
    text_("gaps", default="[]"),
    text_("notes", default="[]"),
    int_("is_whole", required=True),
    UniqueConstraint("source_id", "name", "sha256"),
)
"""A file that was read into this capture (see `sources.InputFile`): which bytes they were and how they were taken. `settings`,
`gaps` (a list of `[start, end, reason]`, in bytes) and `notes` are JSON. Came with minor version 3."""
