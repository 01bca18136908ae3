"""Plain dumps of PostgreSQL: each table's rows as they stand, event stores as events, and what is not read is said."""

from __future__ import annotations

import io
import json
import re
import threading
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.event import Flag
from inspector.formats import DamagedInput, Input, Place, Sample, lines
from inspector.formats.pg_copy import PgCopy
from inspector.formats.pg_custom import PgCustom
from tests.contracts import FormatContract, read_file

TITLE = b"--\n-- PostgreSQL database dump\n--\n\nSET client_encoding = 'UTF8';\n\n"
ORDERS = b"""CREATE TABLE public.orders (
    id bigint DEFAULT nextval('public.s'::regclass) NOT NULL,
    "a ""b" text[] COLLATE "C",
    total numeric(10,2),
    ok boolean,
    doc jsonb DEFAULT '{}'::jsonb NOT NULL,
    CONSTRAINT positive CHECK ((id > 0))
);

COPY public.orders (id, "a ""b", total, ok, doc) FROM stdin;
"""
_COLUMNS = b"stream_id, stream_position, message_data, message_metadata, message_type, message_id, global_position, created"
EMMETT = (
    b"COPY public.emt_messages ("
    + _COLUMNS
    + b""") FROM stdin;
guest-1\t1\t{"n": 1}\t{"correlationId": "c"}\tCheckedIn\tm-1\t10\t2026-01-01 00:00:00
guest-1\t2\t{"n": 2.50}\t\\N\tCheckedOut\tm-2\t12\t2026-01-01 00:00:01.5
\\.
"""
)


def escaped(cell: str | None) -> str:
    """One value as COPY writes it."""
    if cell is None:
        return "\\N"
    signs = {"\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v"}
    return re.sub(r"[\\\b\f\n\r\t\v]", lambda match: signs[match[0]], cell)


def copied(table: str, columns: Sequence[str], rows: Sequence[Sequence[str | None]]) -> bytes:
    head = f"COPY {table} ({', '.join(columns)}) FROM stdin;\n"
    return (head + "".join("\t".join(map(escaped, row)) + "\n" for row in rows) + "\\.\n\n").encode()


class TestContract(FormatContract):
    form = PgCopy()
    examples = (
        TITLE + copied("public.t", ["a", "b"], [["1", None], ["x\ty\n", "\\"]]),
        TITLE + ORDERS + b'1\t{a,"b,c"}\t12.50\tt\t{"x": [1]}\n\\.\n' + EMMETT,
        copied("t", ["a"], [[str(number)] for number in range(30)]),
    )


_CELLS = (
    st.none()
    | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
    | st.sampled_from(["\\.", "\\N", "null"])
)


@given(rows=st.lists(st.tuples(_CELLS, _CELLS), max_size=6))
def test_values_of_any_text_come_back(rows: list[tuple[str | None, str | None]]) -> None:
    found = read_file(PgCopy(), TITLE + copied("public.t", ["a", "b"], rows)).rows
    assert [list(json.loads(row.value or b"").values()) for row in found] == [list(row) for row in rows]
    assert [(row.place, row.position) for row in found] == [(Place("public.t"), number) for number in range(1, len(rows) + 1)]


def test_types_that_the_dump_declares_say_what_is_a_number() -> None:
    found = read_file(PgCopy(), TITLE + ORDERS + b'9007199254740993\t{"a,b"}\t12.50\tt\t{"x": 1.0}\n1\t\\N\tNaN\tf\t"\\\\n"\n\\.\n')
    assert [row.value for row in found.rows] == [
        rb'{"id":9007199254740993,"a \"b":"{\"a,b\"}","total":12.50,"ok":true,"doc":{"x": 1.0}}',
        rb'{"id":1,"a \"b":null,"total":"NaN","ok":false,"doc":"\n"}',
    ]
    assert found.notes == ['public.orders: id bigint, a "b text[], total numeric(10,2), ok boolean, doc jsonb']


def test_the_table_of_an_event_store_gives_events() -> None:
    found = read_file(PgCopy(), TITLE + EMMETT)
    assert [(row.place, row.position, row.value) for row in found.rows] == [
        (Place("public.emt_messages", 0, True), 10, b'{"n": 1}'),
        (Place("public.emt_messages", 0, True), 12, b'{"n": 2.50}'),
    ]
    assert found.rows[1].time_us == 1_767_225_601_500_000
    assert "events of Emmett" in found.notes[1]
    (chunk,) = [
        chunk for chunk in PgCopy().read(Input("file", io.BytesIO(TITLE + EMMETT), None, threading.Event()), {}) if len(chunk.records)
    ]
    assert chunk.records.envelope["stream"] == ["guest-1", "guest-1"]
    assert chunk.records.envelope["version"] == [1, 2]
    assert chunk.records.envelope["category"] == ["guest", "guest"]
    assert chunk.records.envelope["metadata"] == ['{"correlationId": "c"}', None]
    plain = read_file(PgCopy(), TITLE + EMMETT, {"stores": "no"})
    assert [row.position for row in plain.rows] == [1, 2]


def test_damaged_rows_are_kept_as_they_stand() -> None:
    data = TITLE + copied("t", ["a", "b"], [["1", "2"]]).replace(b"\\.\n\n", b"only one\nx\xff\ty\n3\t4\n\\.\n")
    rows = read_file(PgCopy(), data).rows
    assert [row.value for row in rows] == [b'{"a":"1","b":"2"}', b"only one", b"x\xff\ty", b'{"a":"3","b":"4"}']
    assert [row.flags for row in rows] == [0, Flag.damaged, Flag.damaged, 0]
    assert rows[1].error == f"line 9 (byte {data.index(b'only'):,}): it has 1 columns, not 2"
    assert rows[2].error.endswith("it is not utf-8 at its byte 1")


def test_a_dump_that_was_cut_off_says_so() -> None:
    data = TITLE + copied("t", ["a"], [["1"], ["2"], ["345"]])
    found = read_file(PgCopy(), data[: data.index(b"345") + 2])
    assert [(row.value, row.flags) for row in found.rows][2] == (b"34", Flag.damaged)
    assert found.damage[0].reason == "the dump ends within the rows of t: it was cut off"


def test_inserts_are_said_not_to_be_read() -> None:
    found = read_file(PgCopy(), TITLE + b"INSERT INTO t VALUES (1);\nINSERT INTO t VALUES (2);\n\n")
    assert [(one.start, one.end) for one in found.damage] == [(len(TITLE), len(TITLE) + 52)]
    assert "--inserts" in found.damage[0].reason


def test_bodies_of_functions_are_no_rows() -> None:
    body = b"CREATE FUNCTION f() AS $_$\nCOPY t (a) FROM stdin;\nEND $_$;\n"
    assert [row.value for row in read_file(PgCopy(), TITLE + body + copied("t", ["a"], [["1"]])).rows] == [b'{"a":"1"}']


def test_other_encodings_and_line_ends_of_windows_are_read() -> None:
    data = TITLE.replace(b"UTF8", b"LATIN1") + copied("t", ["a"], [["?"]]).replace(b"?", b"\xe9")
    assert [row.value for row in read_file(PgCopy(), data.replace(b"\n", b"\r\n")).rows] == ['{"a":"é"}'.encode()]
    found = read_file(PgCopy(), TITLE.replace(b"UTF8", b"MULE_INTERNAL") + copied("t", ["a"], [["x"]]))
    assert "MULE_INTERNAL" in found.notes[0]


def test_a_row_over_the_bound_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "MOST_LINE_BYTES", 100_000)
    monkeypatch.setattr(lines, "_READ_BYTES", 10_000)
    monkeypatch.setattr(lines, "KEPT_BYTES", 1000)
    rows = read_file(PgCopy(), TITLE + copied("t", ["a"], [["1"], ["x" * 300_000], ["2"]])).rows
    assert [len(row.value or b"") for row in rows] == [9, 1000, 9]
    assert rows[1].flags == Flag.damaged | Flag.oversize


def test_a_custom_dump_is_refused_with_the_command_to_type() -> None:
    (guess,) = PgCustom().guesses(Sample("a b.dump", b"PGDMP\x01\x0e", is_whole=False))
    assert guess.score > 0.9
    with pytest.raises(DamagedInput, match=r"pg_restore --data-only -f out\.sql 'a b\.dump'"):
        read_file(PgCustom(), b"PGDMP\x01\x0e", name="a b.dump")
    with pytest.raises(DamagedInput, match=r"pg_restore --data-only -f out\.sql shop "):
        read_file(PgCustom(), b"PGDMP\x01\x0e", name="shop/toc.dat")
