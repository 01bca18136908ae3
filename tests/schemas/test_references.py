"""What a schema refers to: each text before those that name it, within bounds."""

from __future__ import annotations

import pytest

from inspector.schemas import SchemaUnavailableError
from inspector.schemas.references import MOST, WHOLE_S, Named, Text, resolved


def named(number: int) -> Named:
    return Named(f"n{number}", f"s{number}", 1)


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_each_text_comes_once_and_before_those_that_name_it() -> None:
    texts = {named(1): Text("one", [named(2), named(3)]), named(2): Text("two", [named(3), named(1)]), named(3): Text("three", [])}
    assert [one.text for one in resolved([named(1), named(2)], texts.get)] == ["three", "two", "one"]


def test_what_is_not_there_is_named() -> None:
    with pytest.raises(SchemaUnavailableError, match=r"s1 version 1 \(as n1\), which is not there"):
        resolved([named(1)], lambda _one: None)


def test_others_are_bounded_in_number_depth_text_and_time() -> None:
    with pytest.raises(SchemaUnavailableError, match="more than 1000 others"):
        resolved([named(number) for number in range(MOST + 1)], lambda _one: Text("", []))
    with pytest.raises(SchemaUnavailableError, match="100 deep"):
        resolved([named(1)], lambda one: Text("", [named(int(one.name[1:]) + 1)]))
    asked: list[Named] = []

    def large(one: Named) -> Text:
        asked.append(one)
        return Text("x" * 5_000_000, [])

    with pytest.raises(SchemaUnavailableError, match="more than 16 MB"):
        resolved([named(number) for number in range(300)], large)
    assert len(asked) == 4
    clock = Clock()

    def slow(one: Named) -> Text:
        clock.now += WHOLE_S / 3
        return large(one)._replace(text="")

    asked.clear()
    with pytest.raises(SchemaUnavailableError, match="takes more than 30 s"):
        resolved([named(number) for number in range(300)], slow, clock=clock)
    assert len(asked) == 4
