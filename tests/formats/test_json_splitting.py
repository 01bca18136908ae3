"""JSON cut into rows: each keeps its own bytes, damage is a row with its byte, and every file comes to an end."""

from __future__ import annotations

import io
import json
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from inspector.formats import json_following, json_window
from inspector.formats.json_splitting import Splitter
from inspector.formats.json_window import Hole, Piece
from tests import public_data
from tests.formats.reading import read, read_text

scalars = st.none() | st.booleans() | st.integers() | st.text(max_size=6) | st.floats(allow_nan=False, allow_infinity=False)
documents = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3), max_leaves=8
)
blanks = st.sampled_from(["", " ", "\n", "\n  ", "\t"])
short = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(params=[1 << 20, 7], ids=["whole", "in bits"])
def blocks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reads the file in one block, or in blocks that cut through everything."""
    monkeypatch.setattr(json_window, "READ_BYTES", request.param)


def split(data: bytes, path: tuple[str, ...] = ()) -> list[Piece | Hole]:
    return list(Splitter(io.BytesIO(data), path).pieces())


def texts(data: bytes, path: tuple[str, ...] = ()) -> list[bytes]:
    found = split(data, path)
    assert all(isinstance(one, Piece) and not one.why for one in found), found
    return [one.text for one in found if isinstance(one, Piece)]


@pytest.mark.usefixtures("blocks")
@short
@given(st.lists(documents, max_size=6), blanks, st.booleans())
def test_elements_keep_their_own_bytes(elements: list[Any], blank: str, ascii_only: bool) -> None:
    written = [
        json.dumps(one, ensure_ascii=ascii_only, separators=(f",{blank}", f"{blank}:")).encode("utf-8", "surrogatepass") for one in elements
    ]
    data = f"{blank}[{blank}".encode() + f"{blank},{blank}".encode().join(written) + f"{blank}]{blank}".encode()
    assert [piece.text for piece in split(data) if isinstance(piece, Piece)] == written


@pytest.mark.usefixtures("blocks")
@short
@given(st.lists(st.dictionaries(st.text("abc", max_size=2), documents, max_size=3), min_size=1, max_size=5), blanks)
def test_documents_one_behind_the_other_are_rows(objects: list[Any], blank: str) -> None:
    written = [json.dumps(one).encode() for one in objects]
    assert texts(blank.encode().join(written)) == written


@pytest.mark.usefixtures("blocks")
@short
@given(st.lists(documents, max_size=4), st.dictionaries(st.sampled_from(["a", "b"]), documents, max_size=2))
def test_rows_are_found_below_a_path(elements: list[Any], others: dict[str, Any]) -> None:
    document = json.dumps({**others, "rows": [{"list": elements}, {"list": elements}], "z": others}).encode()
    assert texts(document, ("rows", "*", "list")) == [json.dumps(one).encode() for one in elements] * 2


@pytest.mark.usefixtures("blocks")
@short
@given(st.binary(max_size=60) | st.text('[]{},:"\\ \n1atrue-.e', max_size=60).map(str.encode), st.sampled_from([(), ("a",), ("*",)]))
@example(b'[{"a":"x}, \n{"z":1}]', ())
@example(b"[1}", ())
@example(b'{"a":}', ("a",))
@example(b'["\\', ())
def test_any_bytes_come_to_an_end_and_pieces_stand_where_they_say(data: bytes, path: tuple[str, ...]) -> None:
    found = split(data, path)
    pieces = [one for one in found if isinstance(one, Piece)]
    for piece in pieces:
        assert piece.why or data[piece.start : piece.start + len(piece.text)] == piece.text
    assert all(first.start + len(first.text) <= second.start or second.why for first, second in pairwise(pieces))


def test_numbers_order_and_repeated_names_survive() -> None:
    rows = [b'{"b": 1.10, "a": 1e400, "b": 2}', b"123456789012345678901234567890", b'"\\u00e9\xc3\xa9"']
    assert texts(b"[" + b",\n".join(rows) + b"]") == rows


@pytest.mark.usefixtures("blocks")
def test_damage_within_an_array_costs_its_own_row_only() -> None:
    good = b'{"n": 1}'
    data = b"[\n" + good + b',\n{"n": "open},\n' + good + b",\n{bad: 1},\n" + good + b"\n]"
    pieces = [one for one in split(data) if isinstance(one, Piece)]
    assert [piece.text for piece in pieces if not piece.why] == [good] * 3
    assert [data.find(piece.text) for piece in pieces if piece.why] == [piece.start for piece in pieces if piece.why]
    assert len(pieces) == 5


def test_what_is_missing_is_a_hole_with_its_byte() -> None:
    assert [(one.start, one.why) for one in split(b"[1,,2,]") if isinstance(one, Hole)] == [
        (3, "an element is missing"),
        (6, "an element is missing"),
    ]
    assert [one.why for one in split(b"[1") if isinstance(one, Hole)] == ["the array does not end"]


@pytest.mark.parametrize(
    "data", [b"[" * 100_000, b'{"a":' * 100_000, b"[" * 100_000 + b"]" * 100_000, b'["' + b"\\" * 200_001, b'[{"": ' * 50_000]
)
def test_nothing_hangs(data: bytes) -> None:
    begun = time.monotonic()
    assert split(data)
    assert time.monotonic() - begun < 10


class Endless(io.RawIOBase):
    """A document whose one string goes on and on."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.left = size
        self.is_begun = False

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        if not self.is_begun:
            self.is_begun = True
            return b'[{"a": 1}, {"b": "'
        part = min(size, self.left)
        self.left -= part
        return b"x" * part if part else b""


def test_a_string_without_end_is_cut_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_following, "MOST_LINE_BYTES", 4 << 20)
    first, second, *rest = Splitter(Endless(40 << 20)).pieces()  # type: ignore[arg-type]
    assert isinstance(first, Piece)
    assert first.text == b'{"a": 1}'
    assert isinstance(second, Piece)
    assert second.cut is not None
    assert second.cut.size_bytes == (40 << 20) + 7
    assert len(second.text) <= 1 << 20
    assert second.why
    assert [type(one) for one in rest] == [Hole]


SUITE = public_data.folder("json")
CASES = sorted((SUITE / "JSONTestSuite").glob("*.json")) if SUITE else []
SEVERAL = {"n_structure_double_array.json", "n_structure_object_with_trailing_garbage.json"}
"""One text of these is none, but two documents one behind the other are."""


@public_data.needed("json")
@pytest.mark.parametrize("path", CASES, ids=[path.name for path in CASES])
def test_the_suite_is_taken_or_refused_with_a_position(path: Path) -> None:
    found = read(path, wanted="json")
    assert found.file is not None
    trouble = [row for row in found.rows if row.is_damaged] or found.file.gaps
    if path.name.startswith("y_"):
        assert not trouble
    elif path.name.startswith("n_") and path.name not in SEVERAL:
        assert trouble
        assert all("byte" in (row.error or "") or row.position for row in found.rows if row.is_damaged)


def test_an_array_that_is_cut_keeps_what_stands_before(tmp_path: Path) -> None:
    found = read_text(tmp_path, "cut.json", b'[{"a": 1}, {"a": 2}, {"a": ')
    assert found.values == [b'{"a": 1}', b'{"a": 2}', b'{"a":']
    assert [row.is_damaged for row in found.rows] == [False, False, True]
    assert found.file is not None
    assert found.file.damaged == 1
