"""Columns of the capture's tables as they are declared: one short word each. No I/O.

Read `schema` for the tables.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, LargeBinary, MetaData, Text
from sqlalchemy.types import TypeEngine

metadata = MetaData()


def id_() -> Column[int]:
    """The number of a row."""
    return Column("id", Integer, primary_key=True)


def count_(name: str) -> Column[int]:
    """A running count, from 0."""
    return Column(name, BigInteger, nullable=False, server_default="0")


def int_(name: str, *, required: bool = False) -> Column[int]:
    """A number of up to 64 bits."""
    return Column(name, BigInteger, nullable=not required)


def text_(name: str, *, required: bool = False, default: str | None = None) -> Column[str]:
    """A text; one with a default is never null."""
    return Column(name, Text, nullable=not required and default is None, server_default=default)


def blob_(name: str) -> Column[bytes]:
    """Bytes."""
    kind: TypeEngine[bytes] = LargeBinary()
    return Column(name, kind)


def ref_(name: str, table: str) -> Column[int]:
    """The number of a row in another table."""
    return Column(name, Integer, ForeignKey(f"{table}.id"), nullable=False)
