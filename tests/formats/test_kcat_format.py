"""kcat -f: a pattern reads back what it printed, exactly with sizes, and without them it says what cannot be told."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.errors import UsageError
from inspector.event import Flag
from inspector.formats import Place, Sample, lines
from inspector.formats.kcat_format import KcatFormat
from inspector.formats.kcat_pattern import Field, understood
from tests.contracts import FileRead, FormatContract, read_file

SIZED = "%t %p %o %T %K %S %k|%s\\n"
PLAIN = "%t\\t%p\\t%o\\t%T\\t%k\\t%s\\n"


def printed(
    pattern: str,
    key: bytes | None,
    value: bytes | None,
    *,
    offset: int = 0,
    headers: bytes = b"",
    topic: str = "orders",
    partition: int = 0,
    null: bytes = b"",
) -> bytes:
    """What kcat prints; `null` is NULL with -Z."""
    told = {
        "t": topic.encode(),
        "p": b"%d" % partition,
        "o": b"%d" % offset,
        "T": b"1700000000000",
        "k": key or null,
        "s": value or null,
        "h": headers,
        "K": b"%d" % (-1 if key is None else len(key)),
        "S": b"%d" % (-1 if value is None else len(value)),
        "R": (-1 if value is None else len(value)).to_bytes(4, "big", signed=True),
    }
    return b"".join(told[token.letter] if isinstance(token, Field) else token for token in understood(pattern).tokens)


def read(data: bytes, pattern: str, **rest: object) -> FileRead:
    return read_file(KcatFormat(), data, {"pattern": pattern, **rest})


class TestSized(FormatContract):
    form = KcatFormat()
    examples = (
        b"".join(printed("%t %p %o %T %K %S %k %s\\n", b"k\n", b"v %d\n" % number, offset=number) for number in range(5)),
        b"".join(printed("%t,%p,%o,%K,%S,%k,%s\\n", None, None, offset=number) for number in range(5)),
    )


class TestPlain(FormatContract):
    form = KcatFormat()
    examples = (b"".join(printed(PLAIN, b"k", b"v%d" % number, offset=number, topic=f"t{number}") for number in range(5)),)


_BYTES = st.none() | st.binary(max_size=20) | st.sampled_from([b"NULL", b"-1", b"\n", b"orders 0 1 1700000000000 1 1 k|v\n", b"|"])


@given(records=st.lists(st.tuples(_BYTES, _BYTES), max_size=6), has_z=st.booleans())
@pytest.mark.parametrize("pattern", [SIZED, "%K:%k%S:%s", "%p %o %K %k%R%s", "%S,%K,%s%k\\n\\n", "%% %o %K %S %h|%k%s\\x1e"])
def test_with_sizes_anything_comes_back_exactly(pattern: str, records: list[tuple[bytes | None, bytes | None]], has_z: bool) -> None:
    null = b"NULL" if has_z and pattern == SIZED else b""
    found = read(b"".join(printed(pattern, *record, offset=number, null=null) for number, record in enumerate(records)), pattern)
    assert not found.damage
    assert found.told == records


@given(records=st.lists(st.tuples(st.binary(max_size=9), st.binary(max_size=20)), max_size=6))
def test_without_sizes_what_has_no_separators_comes_back(records: list[tuple[bytes, bytes]]) -> None:
    records = [(re.sub(rb"[\t\n]", b".", key), value) for key, value in records]
    found = read(b"".join(printed(PLAIN, *record, offset=number) for number, record in enumerate(records)), PLAIN)
    assert found.told == records
    assert [row.position for row in found.rows] == list(range(len(records)))


def test_a_value_of_several_lines_is_put_together_and_said() -> None:
    found = read(printed(PLAIN, b"k", b"a\nb\n\tc") + printed(PLAIN, b"k", b"d", offset=1), PLAIN)
    assert found.told == [(b"k", b"a\nb\n\tc"), (b"k", b"d")]
    assert found.rows[0].extra == {"joined_lines": 3}
    assert found.notes == ["values that go over several lines were put together"]


def test_sizes_behind_or_of_one_only_tell_null_and_what_cannot_be_right() -> None:
    pattern = "%o %K %k %s\\n"
    rows = read(b"0 -1  v\n1 0  v\n2 3 a b v\n", pattern, partition="0", topic="t").rows
    assert [row.key for row in rows] == [None, b"", b"a"]
    assert rows[2].error == "its key has 1 bytes, not 3: a separator occurs in it"
    assert rows[2].flags == Flag.damaged


def test_headers_are_pairs_and_a_comma_may_be_part_of_a_value() -> None:
    pattern = "%p %o %h|%s\\n"
    (row,) = read(printed(pattern, None, b"v", headers=b"a=1,2,b=NULL,c="), pattern, topic="t").rows
    assert json.loads(row.headers or "") == [["a", "1,2"], ["b", None], ["c", ""]]


def test_damage_between_records_is_a_range_and_what_is_around_it_is_read() -> None:
    good = [printed(SIZED, b"k", b"v%d" % number, offset=number) for number in range(4)]
    found = read(good[0] + b"### noise\n" + good[1] + good[2].replace(b" 2 k", b" 7 k") + good[3], SIZED)
    assert [row.position for row in found.rows] == [0, 1, 3]
    assert [(one.start, one.end) for one in found.damage] == [
        (len(good[0]), len(good[0]) + 10),
        (len(good[0] + good[1]) + 10, len(good[0] + good[1] + good[2]) + 10),
    ]


def test_a_record_that_is_cut_off_is_a_damaged_row() -> None:
    data = printed(SIZED, b"key", b"0123456789")
    (row,) = read(data[:-5], SIZED).rows
    assert (row.value, row.flags) == (b"012345", Flag.damaged)
    assert row.error == "byte 0: the file ends 4 bytes before the value does"


def test_a_value_over_the_bound_is_cut_and_what_follows_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "MOST_LINE_BYTES", 100_000)
    monkeypatch.setattr(lines, "KEPT_BYTES", 1000)
    rows = read(printed(SIZED, b"k", b"x" * 3_000_000) + printed(SIZED, b"k", b"v", offset=1), SIZED).rows
    assert [len(row.value or b"") for row in rows] == [1000, 1]
    assert rows[0].flags == Flag.oversize
    assert rows[0].extra["oversize"]["bytes"] == 3_000_000  # type: ignore[index]


def test_without_offsets_or_partition_rows_are_numbered() -> None:
    rows = read(b"k:1\nk:2\n", "%k:%s\\n").rows
    assert [(row.place, row.position) for row in rows] == [(Place(), 1), (Place(), 2)]
    rows = read(b"7 a\n9 b\n", "%o %s\\n").rows
    assert [(row.place, row.position, row.extra) for row in rows] == [(Place(), 1, {"offset": 7}), (Place(), 2, {"offset": 9})]
    rows = read(b"7 a\n9 b\n", "%o %s\\n", topic="orders", partition="2").rows
    assert [(row.place, row.position) for row in rows] == [(Place("orders", 2, True), 7), (Place("orders", 2, True), 9)]


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("", "say which pattern"),
        ("%q %s\\n", "the pattern has %q"),
        ("%o\\n", "neither %k nor %s"),
        ("%k%s\\n", "nothing between them"),
        ("%S%s", "nothing between them"),
        ("%s", "does not end with"),
        ("%s %s\\n", "twice"),
        ("%s %", "the pattern has %"),
    ],
)
def test_patterns_that_cannot_be_read_back_are_refused(pattern: str, reason: str) -> None:
    with pytest.raises(UsageError, match=re.escape(reason)):
        read(b"x", pattern)


def test_escapes_are_those_of_kcat() -> None:
    assert understood("\\t\\n\\r\\x1f\\x0A\\10\\011\\\\%%%s\\n").tokens[0] == b"\t\n\r\x1f\n\x0a\x09\\%"


def test_common_patterns_are_guessed_and_others_asked_for() -> None:
    form = KcatFormat()
    (first, *_) = form.guesses(Sample("", printed(PLAIN, b"k", b"v") + printed(PLAIN, b"k", b"a\nb"), is_whole=True))
    assert (first.settings, first.score, first.questions) == ({"pattern": PLAIN}, 0.6, ())
    (asked,) = form.guesses(Sample("", b"orders [0] 17 = a\norders [0] 18 = b\norders [0] 19 = c\n", is_whole=True))
    assert (asked.score, asked.questions) == (0.2, ("pattern",))
    assert not form.guesses(Sample("", b"just some text\n" * 5, is_whole=True))
