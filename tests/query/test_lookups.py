"""What an index may answer of a filter: only what every match has to fulfil."""

from __future__ import annotations

from decimal import Decimal

import pytest

from inspector.capture.condition import Lookup
from inspector.query import condition


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('stream == "a"', [Lookup("stream", "=", ("a",))]),
        ('"a" == stream && data.n > 1', [Lookup("stream", "=", ("a",)), Lookup('data$."n"', ">", (1,))]),
        ('stream in ["a", "b"]', [Lookup("stream", "=", ("a", "b"))]),
        ("5 < data.a.b[0]", [Lookup('data$."a"."b"[0]', ">", (5,))]),
        ('data["x.y"] == -1.50', [Lookup('data$."x.y"', "=", (Decimal("-1.50"),))]),
        ("metadata.n <= 3 && (data.a == 1 && data.b != 2)", [Lookup('metadata$."n"', "<=", (3,)), Lookup('data$."a"', "=", (1,))]),
        ("data.n in [1, 2]", [Lookup('data$."n"', "=", (1, 2))]),
        ('data.n in [1, "2"]', []),
        ("data.n in []", []),
        ('id == "x" && actor in ["a"]', [Lookup("id", "=", ("x",)), Lookup("actor", "=", ("a",))]),
        ('actor > "a"', []),
        ('correlation_id.startsWith("a")', []),
        ('data.s.startsWith("ab")', [Lookup('data$."s"', ">=", ("ab",)), Lookup('data$."s"', "<", ("ac",))]),
        ('data.s.startsWith("a\ud7ff")', [Lookup('data$."s"', ">=", ("a\ud7ff",)), Lookup('data$."s"', "<", ("a\ue000",))]),
        ('data.s.startsWith("a\U0010ffff")', [Lookup('data$."s"', ">=", ("a\U0010ffff",)), Lookup('data$."s"', "<", ("b",))]),
        ('data.s.startsWith("\U0010ffff")', [Lookup('data$."s"', ">=", ("\U0010ffff",))]),
        ('data.s.startsWith("")', []),
        ("data.s.startsWith(data.t)", []),
        ('data.s.endsWith("a")', []),
        ('!data.s.startsWith("ab")', []),
        ('stream == "a" || data.n > 1', []),
        ('!(stream == "a")', []),
        ('stream != "a"', []),
        ('stream > "a"', []),
        ("data.n == data.m", []),
        ("data.n == true", []),
        ("data.n + 1 == 2", []),
        ("data.l.exists(i, i.n == 1)", []),
        ('headers["a"] == "b"', []),
        ("a text", []),
        ('(stream == "a") ? true : false', []),
    ],
)
def test_lookups_are_what_every_match_has(text: str, found: list[Lookup]) -> None:
    assert list(condition(text).lookups) == found
