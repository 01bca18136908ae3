"""SQLAlchemy over apsw asks a capture with the tables of the schema."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import func, select

from inspector.capture import schema
from inspector.capture.dialect import engine
from tests.capture.test_writer import Writing


def test_core_queries_run_on_a_capture(tmp_path: Path) -> None:
    writing = Writing(tmp_path / "a.evcap")
    writing.positions(0, 10)
    writing.stager.close()
    writing.writer.close()
    event, type_ = schema.event, schema.type_
    with engine(tmp_path / "a.evcap").connect() as connection:
        query = (
            select(type_.c.name, func.count())
            .join(event, event.c.type_id == type_.c.id)
            .where(event.c.position >= 4)
            .group_by(type_.c.name)
        )
        assert [tuple(row) for row in connection.execute(query)] == [("OrderPlaced", 6)]
        assert connection.execute(select(event.c.seq).where(event.c.seq == 0)).all() == []
