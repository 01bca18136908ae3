"""One rule put into a profile or taken out of it: what it says is as wanted, and all that the user wrote stays."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from inspector import json_paths
from inspector.errors import StorageError, UsageError
from inspector.identify import editing, expressions
from inspector.identify.editing import Rule, changed, exactly, keep, scopes
from inspector.identify.profile import parse_profile
from inspector.identify.rules import TEXT_FIELDS
from inspector.identify.toml_lines import quoted

MINE = """\
# my rules

[[log]]   # all shops
name = "shop.*"
decoder = "json"     # always
type = [
  "data.kind",  # new
  "header.kind",
]
# about time
time = { from = "data.at", unit = "ms" }

[[log]]
name = 'billing'
actor = \"\"\"const:a # no comment ]\"\"\" # who
"""


def test_a_rule_goes_into_a_file_of_its_own_and_out_again() -> None:
    text = changed("", "orders", "type", Rule("data.kind"), pattern="orders")
    assert text == '\n[[log]]\nname = "orders"\ntype = "data.kind"\n'
    text = changed(text, "orders", "time", Rule("data.at", {"unit": "ms", "zone": "Europe/Paris"}), pattern="orders")
    assert text.endswith('time = { from = "data.at", unit = "ms", zone = "Europe/Paris" }\n')
    text = changed(text, "orders", "type", None, pattern="orders")
    text = changed(text, "orders", "time", None, pattern="orders")
    assert tomllib.loads(text) == {}


def test_what_the_user_wrote_stays() -> None:
    text = changed(MINE, "shop.orders", "type", Rule("data.t"), pattern="shop.*")
    gone = [line for line in MINE.split("\n") if line not in text.split("\n")]
    assert gone == ["type = [", '  "data.kind",  # new', '  "header.kind",', "]"]
    assert '# new\ntype = "data.t"\n# about time\n' in text
    text = changed(MINE, "billing", "actor", Rule("data.who"), pattern="billing")
    assert text.endswith('actor = "data.who"  # who\n')
    text = changed(MINE, "billing", "actor", None, pattern="billing")
    assert text == MINE.replace(
        """[[log]]
name = 'billing'
actor = \"\"\"const:a # no comment ]\"\"\" # who
""",
        "# who\n",
    )


def test_a_log_that_shares_an_entry_gets_a_copy_of_it() -> None:
    assert [(one.pattern, one.is_one_log) for one in scopes(MINE, "shop.orders")] == [("shop.orders", True), ("shop.*", False)]
    text = changed(MINE, "shop.orders", "id", Rule("data.id"), pattern="shop.orders")
    profile = tomllib.loads(text)["log"]
    before = tomllib.loads(MINE)["log"]
    assert profile == [{**before[0], "name": "shop.orders", "id": "data.id"}, *before]
    assert [(one.pattern, one.is_one_log) for one in scopes(text, "shop.orders")] == [("shop.orders", True)]
    assert text.startswith('# my rules\n\n[[log]]   # all shops\nname = "shop.orders"\n')
    without = changed(MINE, "shop.orders", "type", None, pattern="shop.orders")
    assert "type" not in tomllib.loads(without)["log"][0]
    assert tomllib.loads(without)["log"][1:] == before


def test_names_with_signs_of_a_pattern_fit_only_themselves() -> None:
    assert exactly("a[1]*?") == "a[[]1][*][?]"
    text = changed("", "a[1]*", "type", Rule("key"), pattern=exactly("a[1]*"))
    assert parse_profile(text).of("a[1]*") is not None
    assert parse_profile(text).of("a1b") is None
    assert scopes(text, "a[1]*")[0].rules["type"] == "key"


@pytest.mark.parametrize(
    "text",
    [
        'log = [{ name = "orders" }]\n',
        '[[log]]\nname = "orders"\n[log.time]\nfrom = "data.at"\n',
        '[["log"]]\nname = "orders"\ntime.from = "key"\n',
    ],
)
def test_what_cannot_be_changed_by_a_line_is_left_alone(text: str) -> None:
    with pytest.raises(UsageError, match=r'write into the entry of orders yourself: time = \{ from = "data\.x", unit = "s" \}'):
        changed(text, "orders", "time", Rule("data.x", {"unit": "s"}), pattern="orders")


def test_mistakes_are_named_with_their_line() -> None:
    with pytest.raises(UsageError, match="mine, line 3"):
        changed('[[log]]\nname = "orders"\ntype = "nowhere"\n', "orders", "id", Rule("key"), pattern="orders", file="mine")
    with pytest.raises(UsageError, match="no zone 'Mars'"):
        changed("", "orders", "time", Rule("data.at", {"zone": "Mars"}), pattern="orders")


def test_the_file_is_replaced_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "real.toml"
    path.write_bytes(MINE.replace("\n", "\r\n").encode())
    path.chmod(0o640)
    link = tmp_path / "identity.toml"
    link.symlink_to(path)
    keep(link, "billing", "type", Rule("data.kind"), pattern="billing")
    assert link.is_symlink()
    assert path.stat().st_mode & 0o777 == 0o640
    assert path.read_bytes().startswith(b"# my rules\r\n\r\n")
    assert tomllib.loads(path.read_text())["log"][1]["type"] == "data.kind"
    before = path.read_bytes()

    def full(_self: object, _target: object) -> None:
        raise OSError(28, "no space left")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(StorageError, match="cannot be written: no space left"):
        keep(link, "billing", "id", Rule("data.id"), pattern="billing")
    assert path.read_bytes() == before
    assert sorted(one.name for one in tmp_path.iterdir()) == ["identity.toml", "real.toml"]


def test_nothing_is_written_to_take_away_what_is_not_there(tmp_path: Path) -> None:
    keep(tmp_path / "a.toml", "orders", "type", None, pattern="orders")
    assert not (tmp_path / "a.toml").exists()
    keep(tmp_path / "a.toml", "orders", "type", Rule("key"), pattern="orders")
    assert (tmp_path / "a.toml").read_text().startswith("# How the events of your captures")


def test_a_file_that_is_no_text_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_bytes(b"\xff")
    with pytest.raises(UsageError, match="cannot read the profile"):
        editing.read(tmp_path / "a.toml")


NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
STEPS = st.lists(NAMES | st.integers(0, 99), min_size=1, max_size=5).map(tuple)


@given(STEPS)
def test_a_place_is_read_as_it_was_meant(steps: tuple[str | int, ...]) -> None:
    text = expressions.written("data", steps)
    assert json_paths.steps(text, len("data")) == steps


@given(NAMES)
def test_a_header_is_read_as_it_was_meant(name: str) -> None:
    assert expressions.written("header", (name,)) == f"header.{name}"


@given(NAMES)
def test_a_text_is_read_as_it_was_meant(text: str) -> None:
    line = f"a = {quoted(text)}"
    assert tomllib.loads(line) == {"a": text}
    assert len(line.splitlines()) == 1


@pytest.mark.parametrize("steps", [("",), ("a", "\ud800"), ("a", "")])
def test_a_place_that_no_rule_can_write(steps: tuple[str, ...]) -> None:
    assert expressions.written("data", steps) == expressions.written("extra", ("a",)) == ""


LINES = st.lists(
    st.sampled_from(
        [
            "# a comment [[log]]",
            "",
            'decoder = "json" # why',
            "category = '''x # y\nz]'''",
            'type = ["key", # one\n  "data.a", # two\n]',
            'time = { from = "data.a]", unit = "s" }',
            '"actor" = "data.\\"[" ',
            'schema_version = """data.\\\n  a"""',
            "id = []",
        ]
    ),
    max_size=6,
    unique=True,
)


@given(st.lists(LINES, max_size=3), st.sampled_from(TEXT_FIELDS), st.none() | STEPS, st.integers(0, 3), st.booleans())
def test_whatever_stands_there_only_the_rule_changes(
    blocks: list[list[str]], name: str, steps: tuple[str | int, ...] | None, which: int, alone: bool
) -> None:
    names = ["a", "b*", "c"]
    text = "# mine\n" + "".join(
        f'[[log]]\nname = "{title}"\n' + "".join(f"{line}\n" for line in lines) for title, lines in zip(names, blocks, strict=False)
    )
    try:
        parse_profile(text)
    except UsageError:
        assume(False)
    log = ["a", "bb", "c", "d"][which]
    scope = scopes(text, log)[0 if alone else -1]
    rule = None if steps is None else Rule(expressions.written("data", steps))
    made = changed(text, log, name, rule, pattern=scope.pattern)
    profile, before = parse_profile(made), parse_profile(text)
    entry, old = profile.of(log), before.of(log)
    now = {} if entry is None else dict(entry.candidates)
    kept = {} if old is None else dict(old.candidates)
    if rule is not None:
        assert [one.source.text for one in now[name]] == [rule.place]
    assert {key: len(value) for key, value in now.items() if key != name} == {key: len(value) for key, value in kept.items() if key != name}
    assert (rule is not None) == (name in now)
    for other in {"a", "bx", "c", "d"} - {log}:
        if scope.is_one_log:
            assert (profile.of(other) is None) == (before.of(other) is None)
    assert all(comment in made for comment in ("# mine",))
    assert made.count("# two") >= text.count("# two")
