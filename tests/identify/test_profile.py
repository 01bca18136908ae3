"""Profiles: what a user may write, and where a mistake stands."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

import pytest

from inspector.decoders import PRIMITIVE_TYPES, known
from inspector.errors import UsageError
from inspector.identify import Identifier, load_profile, parse_profile
from inspector.identify.profile import built_in_rules
from inspector.identify.rules import FIELDS, OPTIONS
from tests.identify.records import batch, event, log


def test_the_first_entry_whose_glob_fits_is_used() -> None:
    profile = parse_profile('[[log]]\nname = "orders-*"\n[[log]]\nname = "*"\n')
    entry = profile.of("orders-eu")
    assert entry is not None
    assert entry.name == "orders-*"
    assert parse_profile('[[log]]\nname = "a"\n').of("b") is None


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('typ = "data.kind"', "line 4: typ: no such field; one of type, id, stream"),
        ('type = "kind"', "line 4: type: 'kind' is no place in a record: one of key, log, header.NAME"),
        ('type = "data.a..b"', "line 4: type: 'data.a..b' is no path after 'data.a'"),
        ('type = { form = "key" }', "line 4: type: no option 'form' here; one of from, when, match"),
        ('type = { when = "key" }', "line 4: type: 'from' is missing"),
        ('type = { from = "key", split = "-" }', "line 4: type: no option 'split' here"),
        ('time = { from = "data.t", unit = "m" }', "line 4: time: no unit 'm': one of s, ms, us, ns or guess"),
        ('time = { from = "data.t", zone = "Mars/Base" }', "line 4: time: no zone 'Mars/Base'"),
        ('type = { from = "key", match = "(" }', "line 4: type: 'match' is no regular expression"),
        ('type = { from = "key", match = "a" }', "line 4: type: 'match' needs exactly one group"),
        ("type = 5", "line 4: type: 'from' is a text, not 5"),
        ('decoder = "jsn"', "line 4: decoder: no decoder named 'jsn'; known: avro, avro-container, binary-file, bson"),
        ('key_type = "word"', "line 4: key_type: no type named 'word'; one of long, int"),
        ("decoder = 5", "line 4: decoder: a text is wanted, not 5"),
        ('type = "unclosed', "line 4"),
    ],
)
def test_a_mistake_names_its_line_and_reason(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "shop.toml"
    path.write_text('[[log]]\nname = "a"\n[[log]]\nLINE\nname = "orders"\n'.replace("LINE", line))
    with pytest.raises(UsageError) as raised:
        load_profile(path)
    assert message in str(raised.value)
    assert "shop.toml" in str(raised.value)


def test_mistakes_of_the_whole_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot read the map"):
        load_profile(tmp_path / "missing.toml")
    with pytest.raises(UsageError, match="line 2: 'logs' is not known"):
        parse_profile('\n[[logs]]\nname = "a"\n')
    with pytest.raises(UsageError, match="line 1: name: missing"):
        parse_profile('[[log]]\ntype = "key"\n')
    with pytest.raises(UsageError, match="in double brackets"):
        parse_profile('[log]\nname = "a"\n')


def test_a_mistake_in_a_descriptor_names_the_log() -> None:
    with pytest.raises(UsageError, match="rules of orders: type: 'x' is no place"):
        Identifier(rules={"orders": {"type": "x"}}).events(batch({}), [log()])


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("key", "k"),
        ("log", "orders"),
        ("const:x y", "x y"),
        ("header.h", "v"),
        ("data.a.b", "1"),
        ('data."a.b"[1]', "z"),
        ('data."q\\"q"', "quoted"),
        ("data.items[0].id", "i"),
        ("data.missing", None),
        ("data.items[9].id", None),
    ],
)
def test_places(place: str, expected: str | None) -> None:
    value = {"a": {"b": 1}, "a.b": ["y", "z"], 'q"q': "quoted", "items": [{"id": "i"}]}
    profile = f"[[log]]\nname = \"*\"\ntype = '{place}'\n"
    assert event(value, key=b"k", head='[["h","v"]]', profile=profile).type == [expected]


def test_a_condition_and_a_pattern() -> None:
    profile = '[[log]]\nname = "*"\ntype = { from = "data.t", when = "data.on", match = "([^.]+)$" }\n'
    assert event({"t": "com.shop.Placed", "on": 1}, profile=profile).type == ["Placed"]
    assert event({"t": "com.shop.Placed"}, profile=profile).type == [None]


def test_the_built_in_rules_are_written_alike_and_name_every_field() -> None:
    assert all(built_in_rules().values())


GUIDE = (files("resources") / "guide" / "identity.md").read_text(encoding="utf-8")


def test_a_profile_may_name_the_reducer_of_a_log() -> None:
    entry = parse_profile('[[log]]\nname = "prices"\nreducer = "latest"\n').of("prices")
    assert entry is not None
    assert entry.reducer == "latest"
    with pytest.raises(UsageError, match=r"line 3: reducer: no reducer named 'mine\.py'; known: debezium, history, latest, merge, patch"):
        parse_profile('[[log]]\nname = "prices"\nreducer = "mine.py"\n')


def test_the_guides_profile_is_one() -> None:
    entry = parse_profile(GUIDE.split("```toml")[1].split("```")[0]).of("orders-eu")
    assert entry is not None
    assert entry.candidates.keys() == set(FIELDS) - {"schema_version", "causation_id"}


def test_the_guide_names_every_field_option_decoder_and_key_type() -> None:
    for name in (*FIELDS, *OPTIONS, *PRIMITIVE_TYPES, *(decoder.name for decoder in known())):
        assert re.search(rf"(?<![\w-]){name}(?![\w-])", GUIDE), name
