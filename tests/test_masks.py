"""Masks: what is hidden is gone, what is not stays as it was, and mistakes in rules are said."""

from __future__ import annotations

import contextlib
import itertools
import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.errors import UsageError
from inspector.mask_paths import matches
from inspector.masks import PATTERNS, SIGN, Masks, parse, parse_path, production

_SECRET = "hidden-canary"


def masks(*paths: str, patterns: tuple[str, ...] = (), regexes: tuple[str, ...] = ()) -> Masks:
    listed = [f"{name} = {json.dumps(list(items))}" for name, items in (("paths", paths), ("patterns", patterns), ("regexes", regexes))]
    return parse("\n".join(["[masks]", *listed]))


@pytest.mark.parametrize(
    ("path", "text", "shown"),
    [
        ("data.a", '{"a":"x","b":"x"}', '{"a":"••••","b":"x"}'),
        ("data.A", '{"a":1.50,"b":1.50}', '{"a":"••••","b":1.50}'),
        ("data.a.b", '{"a":{"b":{"c":[1,2]},"d":1e400}}', '{"a":{"b":"••••","d":1e400}}'),
        ("data.list[*].x", '{"list":[{"x":1},{"y":2},{"x":[]}]}', '{"list":[{"x":"••••"},{"y":2},{"x":"••••"}]}'),
        ("data.list[1]", '{"list":["a","b","c"]}', '{"list":["a","••••","c"]}'),
        ("**.pin", '{"a":{"pin":1,"PIN":2,"pins":3}}', '{"a":{"pin":"••••","PIN":"••••","pins":3}}'),
        ('data["odd.name"]', '{"odd.name":"x","odd":{"name":"y"}}', '{"odd.name":"••••","odd":{"name":"y"}}'),
        ("data.*.x", '{"a":{"x":1},"b":{"c":{"x":1}}}', '{"a":{"x":"••••"},"b":{"c":{"x":1}}}'),
        ("data", '{"a":1}', '"••••"'),
        ("data.a", '{"a":1,"a":2,"b":[],"c":{}}', '{"a":"••••","a":"••••","b":[],"c":{}}'),
        ("data.a", '{"a":null}', '{"a":null}'),
        ("data.a", "[1,2]", "[1,2]"),
        ("data[*]", "[1,[2]]", '["••••","••••"]'),
        ("data.é", '{"\\u00e9":1}', '{"\\u00e9":"••••"}'),
    ],
)
def test_places_are_hidden_and_the_rest_stays_to_the_letter(path: str, text: str, shown: str) -> None:
    assert masks(path).document("data", text) == shown


@pytest.mark.parametrize(
    ("pattern", "text", "shown"),
    [
        ("email", "mail jane.doe+x@example.co.uk now", f"mail {SIGN} now"),
        ("card", "4111 1111 1111 1111", SIGN),
        ("card", "4111 1111 1111 1112", "4111 1111 1111 1112"),
        ("iban", "to DE89 3704 0044 0532 0130 00.", f"to {SIGN}."),
        ("iban", "DE88370400440532013000", "DE88370400440532013000"),
        ("token", "Authorization: Bearer abcdefgh.ijkl", f"Authorization: {SIGN}"),
        ("phone", "+49 (30) 1234-5678", SIGN),
        ("ipv4", "from 10.0.0.7 to", f"from {SIGN} to"),
    ],
)
def test_shapes_are_hidden_wherever_they_stand(pattern: str, text: str, shown: str) -> None:
    rules = masks(patterns=(pattern,))
    assert rules.of_text(text) == shown
    assert json.loads(str(rules.document("data", json.dumps({"a": [text]}))))["a"] == [shown]
    assert rules.key(text.encode()) == shown.encode()
    assert rules.shown("stream", text) == shown


def test_a_card_number_written_as_a_number_is_hidden() -> None:
    assert (
        masks(patterns=("card",)).document("data", '{"n":4111111111111111,"m":4111111111111112}')
        == f'{{"n":"{SIGN}","m":4111111111111112}}'
    )


def test_headers_keys_and_values() -> None:
    rules = masks('headers["Authorization"]', "data.a", "key")
    headers = '[["authorization","x"],["Trace","y"],["z",null],["b",{"base64":"eHg="}],["doc","{\\"a\\":1}"]]'
    assert json.loads(str(rules.headers(headers))) == [
        ["authorization", SIGN],
        ["Trace", "y"],
        ["z", None],
        ["b", SIGN],
        ["doc", '{"a":1}'],
    ]
    assert rules.key(b"k") == SIGN.encode()
    assert rules.key(None) is None
    assert rules.key(b"") == b""
    assert rules.value(b'{"a": 1}', '{"a":1}', f'{{"a":"{SIGN}"}}') == f'{{"a":"{SIGN}"}}'.encode()
    assert rules.value(b'{ "b":1}', '{"b":1}', '{"b":1}') == b'{ "b":1}'
    assert rules.value(b"\xffsecret", None, None) == SIGN.encode()
    assert masks(patterns=("email",)).value(b"to a@b.example", None, None) == f"to {SIGN}".encode()


def test_production_hides_what_its_names_say() -> None:
    shown = str(production().document("data", '{"user":{"email":"x","card":{"last4":"4242","network":"visa"}},"total":9.50}'))
    assert json.loads(shown) == {"user": {"email": SIGN, "card": {"last4": SIGN, "network": "visa"}}, "total": 9.5}
    assert "9.50" in shown


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[masks", "no TOML"),
        ("", "a table"),
        ('[masks]\npatterns = ["emial"]', "there are email"),
        ('[masks]\nregexes = ["("]', "no RE2"),
        ('[masks]\npaths = ["data..x"]', "column 5"),
        ('[masks]\npaths = ["total"]', "must begin with"),
        ('[masks]\npaths = [""]', "must begin with"),
        ("[masks]\npaths = [1]", "list of texts"),
        ("[masks]\npathes = []", "a table"),
    ],
)
def test_mistakes_in_rules_say_which_and_what_was_expected(text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        parse(text)


def test_every_pattern_compiles() -> None:
    assert masks(patterns=tuple(PATTERNS)).rules == len(PATTERNS)


_NAMES = st.sampled_from(["a", "b", "Ä", "x.y", "", '"', "[0]"])
_DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_NAMES, inner, max_size=4),
    max_leaves=20,
)


@given(_DOCUMENTS, st.lists(_NAMES, min_size=1, max_size=2))
def test_a_hidden_place_is_gone_and_everything_else_is_equal(document: Any, names: list[str]) -> None:
    rule = ["data", *names]
    path = "data" + "".join(f"[{json.dumps(name)}]" for name in names)
    text = json.dumps(document, ensure_ascii=False)
    assert parse_path(path) == tuple(step.lower() for step in rule)
    assert json.loads(str(masks(path).document("data", text))) == expected(document, [name.lower() for name in names])


def expected(document: Any, names: list[str]) -> Any:
    if not names:
        return document if document is None else SIGN
    if isinstance(document, list):
        return [expected(item, names[1:]) if names[0] == f"[{place}]" else item for place, item in enumerate(document)]
    if not isinstance(document, dict):
        return document
    return {name: expected(value, names[1:]) if name.lower() == names[0] else value for name, value in document.items()}


@given(_DOCUMENTS)
def test_rules_about_other_places_change_not_a_letter(document: Any) -> None:
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    assert masks("metadata.a", "data.nowhere", patterns=("iban",)).document("data", text) == text


@given(st.text(max_size=12))
def test_any_path_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(UsageError):
        assert parse_path(text)


def test_half_a_character_hides_nothing_and_breaks_nothing() -> None:
    rules = masks(patterns=("email",))
    assert rules.document("data", '{"a":"\\ud800","b\\ud800":"jane@example.com"}') == '{"a":"\\ud800","b\\ud800":"••••"}'
    shown = rules.headers('[["\\ud800","\\ud800 jane@example.com"]]')
    assert shown is not None
    assert "jane" not in shown.encode().decode()


def test_a_document_within_a_text_is_looked_into_and_the_place_goes_on() -> None:
    text = json.dumps({"payload": json.dumps({"pin": "1", "a": {"PIN": [2], "c": "3"}}), "other": "{pin"})
    for rules in (masks("**.pin"), masks("data.payload.pin", "data.payload.a.pin")):
        shown = json.loads(rules.document("data", text) or "")
        assert json.loads(shown["payload"]) == {"pin": SIGN, "a": {"PIN": SIGN, "c": "3"}}
        assert shown["other"] == "{pin"
    assert json.loads(masks("**.x").document("data", text) or "") == json.loads(text)


@pytest.mark.parametrize("more", ["1" * 5_000, "[" * 3_000 + "]" * 3_000])
def test_a_document_in_a_header_is_looked_into_whatever_else_it_holds(more: str) -> None:
    assert "hunter2" not in (masks("**.password").headers(json.dumps([["h", f'{{"password":"hunter2","n":{more}}}']])) or "")


def test_rules_of_many_steps_take_no_time() -> None:
    rules, deep = masks(".".join(["**", "a"] * 50), ".".join(["**"] * 90) + ".x"), '{"a":' * 200 + "1" + "}" * 200
    started_s = time.monotonic()
    rules.document("data", deep)
    assert time.monotonic() - started_s < 5
    with pytest.raises(UsageError, match="at most 100 steps"):
        masks(".".join(["**"] * 101))


def test_rules_match_as_an_evaluation_step_by_step_says() -> None:
    def plain(rule: tuple[str, ...], path: tuple[str, ...]) -> bool:
        if not rule:
            return not path
        if rule[0] == "**":
            return any(plain(rule[1:], path[start:]) for start in range(len(path) + 1))
        is_same = bool(path) and (rule[0] in {path[0], "*"} or (rule[0] == "[*]" and path[0].startswith("[")))
        return is_same and plain(rule[1:], path[1:])

    for rule in itertools.product(("a", "*", "**", "[*]", "[0]"), repeat=4):
        for path in itertools.product(("a", "b", "[0]"), repeat=4):
            for length in range(5):
                assert matches(rule, path[:length]) == plain(rule, path[:length]), (rule, path[:length])


def test_a_stranger_cannot_ask_for_any_number_of_rules_nor_for_memory_without_end() -> None:
    with pytest.raises(UsageError, match="at most 500"):
        masks(regexes=tuple(map(str, range(501))))
    with pytest.raises(UsageError, match="no RE2 pattern"):
        masks(regexes=(r"[\pL\pN]{1,1000}",))
    for name in PATTERNS:
        assert masks(patterns=(name,)).of_text("none") == "none"


def test_a_field_is_hidden_where_the_place_it_is_taken_from_is() -> None:
    assert masks("key").shown("stream", "jane") == SIGN
    assert masks("data.actor").shown("actor", "jane") == SIGN
    assert masks('headers["type"]').shown("type", "jane") == SIGN
    assert masks("key", "data.actor").shown("id", "7") == "7"
