"""YAML: what Ruby's stores write, with nothing constructed; bombs, depth and mistakes are rows with a reason."""

from __future__ import annotations

import json
import time

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from inspector.decoders import Context, Decoded, choose
from inspector.decoders.yaml_text import YamlText
from inspector.event import Flag


def decoded(*values: bytes | None) -> Decoded:
    return YamlText().decode(values, [None] * len(values), Context())


def document(value: bytes) -> object:
    found = decoded(value)
    assert found.error == [None]
    return json.loads(str(found.data[0]))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("---\n:order_id: 17\n:paid?: true\n", {"order_id": 17, "paid?": True}),
        ('---\n":quoted": 1\n', {":quoted": 1}),
        ("--- :symbol\n", ":symbol"),
        ("---\na: ~\nb:\nc: null\nd: ''\n", {"a": None, "b": None, "c": None, "d": ""}),
        ("---\na: yes\nb: 'yes'\nc: off\n", {"a": True, "b": "yes", "c": False}),
        ("---\n- 1_000\n- 0x1F\n- 017\n- 0b11\n- +4\n- -5\n- 1:30\n", [1000, 31, 15, 3, 4, -5, "1:30"]),
        ("---\n- 1.50\n- .inf\n- -.inf\n- .nan\n- 1e3\n- 1_0.5\n", [1.5, "Infinity", "-Infinity", "NaN", "1e3", 10.5]),
        ("---\nat: 2026-11-23 08:00:00.250000000 Z\nday: 2026-11-23\n", {"at": "2026-11-23 08:00:00.250000000 Z", "day": "2026-11-23"}),
        ("---\nid: !binary |\n  AAEC\n", {"id": "AAEC\n"}),
        ("--- !ruby/object:Money\ncents: 5\ncurrency: !ruby/object:Currency\n  name: EUR\n",
         {"!": "!ruby/object:Money", "cents": 5, "currency": {"!": "!ruby/object:Currency", "name": "EUR"}}),
        ("--- !ruby/symbol paid\n", "paid"),
        ("--- !!python/object/apply:os.system ['true']\n", ["true"]),
        ("---\nbase: &b {x: 1}\nuse: *b\nagain: [*b, *b]\n", {"base": {"x": 1}, "use": {"x": 1}, "again": [{"x": 1}, {"x": 1}]}),
        ("---\nk: &k name\nm: {*k : 1}\n", {"k": "name", "m": {"name": 1}}),
        ("---\na: |\n  two\n  lines\n", {"a": "two\nlines\n"}),
        ("--- {}\n", {}),
        ("---\n", None),
    ],
)  # fmt: skip
def test_yaml_is_a_document(text: str, wanted: object) -> None:
    assert document(text.encode()) == wanted


def test_numbers_keep_their_digits() -> None:
    assert decoded(b"---\na: 1.50\nb: 123456789012345678901234567890\n").data == ['{"a":1.50,"b":123456789012345678901234567890}']


def test_json_is_read_as_json() -> None:
    found = decoded(b'{"a": 1.0, "a": 2}', None)
    assert found.decoder == ["json", None]
    assert found.flags[0] & Flag.duplicate_keys


def test_repeated_keys_are_flagged() -> None:
    found = decoded(b"---\na: 1\na: 2\n")
    assert found.flags == [int(Flag.duplicate_keys)]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"---\na: [1\n", "not YAML"),
        (b"---\na: 1\n---\nb: 2\n", "a second document"),
        (b"---\n? [1, 2]\n: 3\n", "a key that is a list or a mapping"),
        (b"---\na: *nobody\n", "not YAML"),
        (b"---\na: &a [*a]\n", "not YAML: an alias of what is not there before it, or of what it is part of"),
        (b"---\n\xff\n", "not UTF-8 at byte 4"),
        (b"# nothing\n", "no document"),
        (b"---\n" + b"9" * 5_000 + b"\n", "an integer of 5,000 digits"),
        (b"--- " + b"[" * 2_000 + b"]" * 2_000, "not YAML"),
        (b"--- " + b"[" * 200_000, "not YAML"),
        (b"x" * 4_000_001, "more than 4 MB"),
    ],
)
def test_what_cannot_be_read_is_a_row_with_a_reason(text: bytes, reason: str) -> None:
    found = decoded(text)
    assert reason in str(found.error[0])
    assert found.flags[0] & Flag.undecodable


def test_alias_bomb_ends_soon_and_small() -> None:
    lines = ["---", "a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    begun = time.monotonic()
    found = decoded("\n".join(lines).encode())
    assert "aliases that stand for more than" in str(found.error[0])
    assert time.monotonic() - begun < 10


def test_only_a_documents_mark_makes_it_likely() -> None:
    decoder = YamlText()
    assert decoder.priority(b"---\na: 1\n", None, Context()) == 0.8
    assert [decoder.priority(value, None, Context()) for value in (b"a: 1", b"----", b"--", b"-", b"{}")] == [0.0] * 5
    assert choose(b"---\na: 1\n", None, Context())[0].name == "yaml-text"


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abcxyz_", min_size=1, max_size=5), inner, max_size=3),
    max_leaves=12,
)


@given(PLAIN)
def test_what_a_library_writes_is_read_back(value: object) -> None:
    text = yaml.safe_dump(value, explicit_start=True, allow_unicode=True, width=10_000)
    assert document(text.encode()) == value


@given(st.binary(max_size=200).map(lambda tail: b"--- " + tail))
def test_anything_is_a_document_or_a_reason(value: bytes) -> None:
    found = decoded(value)
    assert (found.data[0] is None) == (found.error[0] is not None)
    if found.data[0] is not None:
        json.loads(str(found.data[0]) if isinstance(found.data[0], str) else value)
