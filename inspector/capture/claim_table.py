"""The table of what sources say of themselves: how far consumers are, at which version streams are, which number was given last.

No I/O. Read `schema` for the other tables, `claims` for who writes it, `sources.claims` for what a row says.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, MetaData, Table, Text


def claim_table(metadata: MetaData) -> Table:
    """The table `claim`, with an index to find the latest row of one that claims. Came with minor version 3.

    There is a row for each change; `first_us` and `last_us` are when we first and last saw it so. `log_end` is where the log ended
    at `last_us`: only a capture that has the log up to there can be compared with the claim. `row` (JSON) is the store's row as it was.
    """
    return Table(
        "claim",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("source_id", Integer, ForeignKey("source.id"), nullable=False),
        Column("run_id", Integer, ForeignKey("run.id"), nullable=False),
        *(Column(name, Text, nullable=False) for name in ("kind", "store_table", "name")),
        *(Column(name, Text, nullable=False, server_default="") for name in ("category", "log")),
        *(Column(name, BigInteger) for name in ("log_end", "value", "time_us")),
        *(Column(name, BigInteger, nullable=False) for name in ("first_us", "last_us")),
        Column("row", Text, nullable=False, server_default="{}"),
        Index("claim_name", "source_id", "kind", "store_table", "log", "category", "name"),
    )
