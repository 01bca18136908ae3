"""State values are exact, whichever path reads and writes them."""

import json
from decimal import Decimal

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from inspector import values

numbers = st.from_regex(r"-?(0|[1-9][0-9]{0,24})(\.[0-9]{1,24})?([eE][+-]?[0-9]{1,3})?", fullmatch=True)
texts = st.recursive(
    numbers | st.sampled_from(["null", "true", "false"]) | st.text(st.characters(exclude_categories=["Cs"]), max_size=4).map(json.dumps),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda parts: f"[{','.join(parts)}]")
        | st.dictionaries(st.text("ab/~", max_size=2).map(json.dumps), inner, max_size=3).map(
            lambda pairs: "{" + ",".join(f"{name}:{value}" for name, value in pairs.items()) + "}"
        )
    ),
    max_leaves=10,
)


@given(numbers)
@example("9223372036854775807")
@example("-9223372036854775808")
@example("1234567890123456789012345678901234567890")
@example("0.1")
@example("0.1000000000000000055511151231257827021181583404541015625")
@example("1e400")
@example("4.9e-324")
@example("1.23456e-320")
@example("123456789012345678.5")
def test_a_number_keeps_its_value(digits: str) -> None:
    value = values.parse(digits)
    assert isinstance(value, int | float | Decimal)
    assert Decimal(values.to_json(value)) == Decimal(digits)


@given(texts)
def test_writing_what_was_read_reads_the_same(text: str) -> None:
    value = values.parse(text)
    assert values.parse(values.to_json(value)) == value
    assert json.loads(values.to_json(value)) is not values
    assert values.copied(value) == value


@given(st.lists(texts, max_size=4))
def test_a_batch_is_read_like_its_texts(batch: list[str]) -> None:
    assert values.parse_all(batch) == [values.parse(text) for text in batch] == [values.parse_exactly(text) for text in batch]


@given(texts)
def test_the_deep_path_reads_like_the_others(text: str) -> None:
    deep = "[" * 1200 + text + "]" * 1200
    value = values.parse_exactly(deep)
    for _ in range(1200):
        assert isinstance(value, list)
        value = value[0]
    assert value == values.parse(text)


@pytest.mark.parametrize("number", ["1", "1e400"])
def test_a_thousand_levels_survive(number: str) -> None:
    text = '{"a":[' * 500 + number + "]}" * 500
    value = values.parse(text)
    assert values.parse(values.to_json(value)) is not None
    assert values.to_json(values.copied(value)) == text.replace("1e400", "1E+400")


def test_the_first_of_repeated_keys_wins_at_any_depth() -> None:
    text = '{"a":1,"b":{"c":1,"c":2},"a":3}'
    assert values.parse_exactly(text) == {"a": 1, "b": {"c": 1}}
    deep = '{"a":' * 1100 + text + "}" * 1100
    assert values.to_json(values.parse_exactly(deep)).count('"c":1') == 1


def test_a_lone_surrogate_is_kept_as_its_escape() -> None:
    assert values.to_json(values.parse('"\\ud800x"')) == '"\\ud800x"'


def test_thousands_of_digits_are_kept() -> None:
    assert values.to_json(values.parse("9" * 6000)) == "9" * 6000


@pytest.mark.parametrize("text", ["{", "NaN", "[1,]", "", "Infinity"])
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"JSON|Expecting|Illegal"):
        values.parse(text)


def test_what_cannot_be_written_is_named() -> None:
    with pytest.raises(ValueError, match="/a/0 is no JSON value: set"):
        values.to_json({"a": [{1}]})
    with pytest.raises(ValueError, match="key that is no text: 1"):
        values.to_json({1: 2})
    endless: list[object] = []
    endless.append(endless)
    with pytest.raises(ValueError, match="holds itself"):
        values.to_json(endless)


def test_what_is_only_deep_or_stands_twice_is_written() -> None:
    twice = [Decimal("1E+400")]
    value: object = [twice, {"a": twice}]
    for _ in range(5_000):
        value = {"a": value}
    text = values.to_json(value)
    assert text == '{"a":' * 5_000 + '[[1E+400],{"a":[1E+400]}]' + "}" * 5_000
    assert values.to_json(values.parse(text)) == text


def test_a_copy_shares_no_container() -> None:
    value = {"a": [{"b": 1}]}
    copy = values.copied(value)
    assert copy == value
    assert isinstance(copy, dict)
    assert copy["a"][0] is not value["a"][0]


def test_orjson_and_we_agree_on_plain_documents() -> None:
    plain = {"a": [1, 2.5, "x"], "b": {"c": None, "d": True}}
    assert values.to_json(plain) == orjson.dumps(plain).decode()


@pytest.mark.parametrize("number", ["1e9999999999999999999", "-1.5E-9999999999999999999"])
def test_a_number_that_nothing_can_keep_is_refused(number: str) -> None:
    for text in (number, f'{{"a":{number}}}', "[" * 1200 + number + "]" * 1200):
        with pytest.raises(ValueError, match="than any that can be kept"):
            values.parse(text)
