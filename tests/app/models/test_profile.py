"""Profiles as files: what is written is read back the same, and what a stranger wrote is refused with what is wrong and where."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import resources
from app.models.color_rules import COLORS, ColorRule
from app.models.event_columns import NAMES
from app.models.plot_spec import LINEAR, SCALES, STACKED, PlotSpec, Threshold, standard
from app.models.profile import DEFAULT, MOST_FILTERS, SPANS, STEPS, TOLD, ColumnChoices, MaskRules, Profile, file_text, name_problem, read
from app.panes import metrics, timeline
from inspector.capture.rollup import GROUPINGS
from inspector.errors import UsageError
from inspector.masks import PATTERNS

_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
_FILTERS = st.one_of(_TEXTS.map(lambda text: f"text: {text.strip() or 'x'}"), st.sampled_from(['type == "A"', "data.total > 1.50"]))
_PLACES = ("data.total", 'headers["trace"]', 'metadata["a.b"]')
_COLUMNS = st.sampled_from((*NAMES, *_PLACES))
_PROFILES = st.builds(
    Profile,
    st.sampled_from(("Payments", "Zahlungen für Ängstliche", 'quote " and \\', DEFAULT)),
    st.builds(
        ColumnChoices,
        st.dictionaries(_COLUMNS, st.booleans()),
        st.dictionaries(_COLUMNS, st.integers(24, 4_000)),
        st.lists(_COLUMNS, unique=True).map(tuple),
        st.just(_PLACES),
    ),
    st.lists(st.builds(ColorRule, _FILTERS, st.integers(1, COLORS), st.booleans()), max_size=5).map(tuple),
    st.lists(_FILTERS, unique=True, max_size=5).map(tuple),
    st.lists(
        st.builds(
            PlotSpec,
            st.sampled_from(("events", "late", "no such metric")),
            st.sampled_from((*GROUPINGS, "", "header:x-ö")),
            _FILTERS | st.just(""),
            st.sampled_from(SCALES),
            st.booleans(),
            st.none() | st.builds(Threshold, st.floats(allow_nan=False, allow_infinity=False), st.booleans()),
        ),
        max_size=3,
    ).map(tuple),
    st.tuples(st.sampled_from(SPANS), st.sampled_from(STEPS)),
    st.sampled_from(TOLD),
    st.builds(
        MaskRules,
        st.lists(st.sampled_from(("data.a", "**.password", 'headers["x-y"]', "data.l[*].b")), unique=True).map(tuple),
        st.lists(st.sampled_from(sorted(PATTERNS)), unique=True).map(tuple),
        st.lists(_TEXTS.map(re.escape), unique=True, max_size=3).map(tuple),
    ),
)


def _refusal(text: str) -> str:
    try:
        read(text, "x.toml")
    except UsageError as error:
        return str(error)
    return ""


def _is_readable(profile: Profile) -> bool:
    """Whether RE2 and the filter language take its random texts."""
    said = _refusal(file_text(profile))
    return "RE2" not in said and "filter is wrong" not in said


@given(_PROFILES.filter(_is_readable))
def test_what_is_written_is_read_back_the_same(profile: Profile) -> None:
    text = file_text(profile)
    found = read(text, "x.toml")
    assert found == profile
    assert list(found.columns.order) == list(profile.columns.order)
    assert all(character.isprintable() or character == "\n" for character in text)


@given(st.text(max_size=200))
def test_any_text_is_a_profile_or_is_refused_in_one_sentence(text: str) -> None:
    for written in (text, f"profile = 1\n{text}", f"profile = 1\nfilters = [{text}]", f"profile = 1\n[masks]\n{text}"):
        said = _refusal(written)
        assert said == "" or said.startswith("x.toml")
        assert len(said) < 2_000


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "profile = 1"),
        ("profile = 2", "profile = 1"),
        ("profile = true", "profile = 1"),
        ("profile = 1\nrun = 'rm'", "'run' is not known here"),
        ("profile = 1\nname = ' '", "name: a profile needs a name"),
        ('profile = 1\nname = "a\\u202eb"', "nothing in it that cannot be seen"),
        ("profile = 1\nname = 5", "name: a text is wanted, not 5"),
        ("profile = 1\nfilters = ['seq > 1', 'seq >']", "filters[2]: the filter is wrong at column 6"),
        ("profile = 1\nfilters = 'seq > 1'", "filters is a list"),
        ("profile = 1\nfilters = [1]", "filters[1]: a text is wanted, not 1"),
        (f"profile = 1\nfilters = {['a'] * (MOST_FILTERS + 1)}", f"at most {MOST_FILTERS}"),
        (f"profile = 1\nfilters = ['{'a' * 5_000}']", "filters[1]: it is longer than 4,000 characters"),
        ("profile = 1\ncolumns = 1", "columns is a table"),
        ("profile = 1\n[columns]\nshown = ['nope']", "columns.shown[1]: no column is named 'nope'"),
        ("profile = 1\n[columns]\nadded = ['type']", "columns.added[1]: "),
        ("profile = 1\n[columns]\nshown = ['key']\nhidden = ['key']", "'key' is both shown and hidden"),
        ("profile = 1\n[columns.widths]\nkey = 9000000", "columns.widths: the width of 'key' is a number of pixels"),
        ("profile = 1\n[columns.widths]\nnope = 90", "columns.widths: no column is named 'nope'"),
        ("profile = 1\ncolors = {}", "write [[colors]]"),
        ("profile = 1\n[[colors]]\nfilter = 'seq > 1'\ncolor = 1\n[[colors]]\nfilter = 'seq >'\ncolor = 1", "colors[2].filter: the filter"),
        ("profile = 1\n[[colors]]\nfilter = 'seq > 1'\ncolor = 99", "colors[1].color: a number from 1 to 9, not 99"),
        ("profile = 1\n[[colors]]\nfilter = 'seq > 1'\ncolor = 1\non = 'yes'", "colors[1].on: true or false"),
        ("profile = 1\n[throughput]\nby = 'moon'", "throughput.by: one of"),
        ("profile = 1\n[throughput]\nsteps = '2 s'", "throughput.steps: one of"),
        ("profile = 1\nplots = 3", "write [[plots]]"),
        ("profile = 1\n[[plots]]\nby = 'log'", "plots[1].metric: a text is wanted"),
        ('profile = 1\n[[plots]]\nmetric = "a\\nb"', "plots[1].metric: a name has at most"),
        ("profile = 1\n[[plots]]\nmetric = 'a'\nfilter = 'seq >'", "plots[1].filter: the filter is wrong"),
        ("profile = 1\n[[plots]]\nmetric = 'a'\nscale = 'round'", "plots[1].scale: one of linear, log, stacked"),
        ("profile = 1\n[[plots]]\nmetric = 'a'\ntable = 1", "plots[1].table: true or false"),
        ("profile = 1\n[[plots]]\nmetric = 'a'\nabove = 1\nbelow = 2", "plots[1].below: a plot has one threshold"),
        ("profile = 1\n[[plots]]\nmetric = 'a'\nabove = nan", "plots[1].above: a number is wanted"),
        (f"profile = 1\n[[plots]]\nmetric = 'a'\nabove = 1{'0' * 400}", "plots[1].above: a number is wanted"),
        ("profile = 1\n" + "[[plots]]\nmetric = 'a'\n" * 25, "plots: at most 24"),
        ("profile = 1\n[timeline]\nby = 'moon'", "timeline.by: one of"),
        ("profile = 1\n[masks]\npaths = ['nowhere']", "masks.paths[1]: the mask 'nowhere' must begin with"),
        ("profile = 1\n[masks]\npatterns = ['shoe size']", "masks.patterns[1]: no pattern is named"),
        ("profile = 1\n[masks]\nregexes = ['(']", "masks.regexes[1]: masks: '(' is no RE2 pattern"),
        ("profile = 1\n[masks]\nscript = 'x'", "masks.'script' is not known here"),
        ("a = " + "[" * 5_000, "is no profile"),
        ("x" * 1_000_001, "larger than 1 MB"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        read(text, "mail.toml")
    assert str(caught.value).startswith("mail.toml")
    assert said in str(caught.value)


def test_what_is_not_said_is_as_usual() -> None:
    assert read("profile = 1", "x.toml") == Profile()


@pytest.mark.parametrize("name", ["", "  ", " a", "a\n", "a\u202eb", "x" * 61])
def test_names_that_nobody_could_read_are_none(name: str) -> None:
    assert name_problem(name)


def test_choices_are_those_that_panes_have() -> None:
    assert tuple(timeline.TOLD) == TOLD
    assert {*metrics._LAST_US, "all", "selected range"} == set(SPANS)
    assert list(metrics._STEPS_US) == list(STEPS[1:])


def test_the_masks_of_a_profile_are_a_rule_set_of_their_own() -> None:
    rules = MaskRules(("data.a",), ("email",), ("KD-[0-9]{6}",))
    assert tomllib.loads(rules.text()) == {"masks": {"paths": ["data.a"], "patterns": ["email"], "regexes": ["KD-[0-9]{6}"]}}
    assert MaskRules().text() == ""


def test_the_profile_in_the_guide_is_one() -> None:
    page = (Path(resources.__file__).parent / "guide" / "profiles.md").read_text(encoding="utf-8")
    found = read(page.split("```toml\n")[1].split("```")[0], "profiles.md")
    assert (found.name, found.times, found.masks.patterns) == ("Payments", ("last hour", "1 min"), ("email",))
    assert found.plots == (PlotSpec("events", "type", "", STACKED, True), PlotSpec("late", "log", "", LINEAR, False, Threshold(5.0)))
    assert read(file_text(found), "again") == found


def test_an_older_file_says_how_the_standard_plots_are_told() -> None:
    assert read("profile = 1\n[throughput]\nby = 'type'", "x.toml").plots == standard("type")
    assert read("profile = 1\nplots = []", "x.toml").plots == ()
