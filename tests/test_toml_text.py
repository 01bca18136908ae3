"""TOML from strangers is read as the library reads it, or refused in no time."""

from __future__ import annotations

import time
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector import toml_text
from inspector.errors import UsageError
from inspector.identify import parse_profile
from inspector.masks import parse

_CHAIN = ".".join(["a"] * 100_000)
HOSTILE = {
    "a dotted key": f"{_CHAIN} = 1",
    "a table": f"[{_CHAIN}]",
    "a quoted key": ".".join(['"="'] * 50_000) + " = 1",
    "a spaced key": " . ".join(["a"] * 50_000) + " = 1",
    "after an odd text": f'x = {{y = """a"b""", {_CHAIN} = 1, z = "q"}}',
    "after more quotes": f'x = {{y = """"a""""", {_CHAIN} = 1}}',
    "after a comment": f"# it's\n{_CHAIN} = '1'",
    "deep lists": "x = " + "[" * 5_000 + "]" * 5_000,
    "deep tables": "x = " + "{a = " * 5_000 + "1" + "}" * 5_000,
    "a huge number": "x = " + "1" * 900_000,
    "much": "#" * 1_000_001,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_what_would_take_for_ever_is_refused(text: str) -> None:
    started_s = time.monotonic()
    with pytest.raises(ValueError, match=r"steps|nests|larger|digits"):
        toml_text.loads(text)
    for read in (parse, parse_profile):
        with pytest.raises(UsageError):
            read(text)
    assert time.monotonic() - started_s < 10


@given(st.text(st.sampled_from("a.\"'#\n =\\1[]{}"), max_size=30))
def test_what_is_short_is_read_as_the_library_reads_it(text: str) -> None:
    try:
        wanted = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    assert toml_text.loads(text) == wanted


def test_texts_may_hold_any_number_of_dots() -> None:
    path = "data" + ".a" * 90
    assert parse(f'[masks]\npaths = ["{path}"]').rules == 1
